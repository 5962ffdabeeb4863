//! `cargo xtask sim`: many seeds of the simulated world, one seed again, or bugs that were planted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::say;

/// The test that plays seeds.
const SEEDS: &str = "no_seed_leads_to_what_must_not_be";
/// Seeds within which a planted bug has to be found.
const PLANTED_SEEDS: u64 = 10_000;

/// Plays seeds with an optimised build, on every core, and says how many phone-hours a second that is.
pub(crate) fn run(root: &Path, from: u64, seeds: u64) -> Result<ExitCode> {
    let program = build(root, root)?;
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let began = Instant::now();
    let shares: Vec<_> = (0..cores)
        .map(|core| {
            let first = from + seeds * core / cores;
            let end = from + seeds * (core + 1) / cores;
            play(&program, first, end - first)
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .context("cannot start the simulation")
        })
        .collect::<Result<_>>()?;
    let (mut hours, mut verdict) = (0_u64, ExitCode::SUCCESS);
    for share in shares {
        let output = share.wait_with_output()?;
        match (output.status.success(), phone_hours(&output)) {
            (true, Some(more)) => hours += more,
            _ => {
                say::line(
                    &violation(&output)
                        .unwrap_or_else(|| "sim: it ended without a result".to_owned()),
                );
                verdict = ExitCode::FAILURE;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64().max(0.001);
    say::line(&format!(
        "sim: {seeds} seeds from {from}, {hours} phone-hours in {seconds:.1} s: {:.0} phone-hours and {:.0} seeds a second on {cores} cores",
        hours as f64 / seconds,
        seeds as f64 / seconds
    ));
    Ok(verdict)
}

/// Plays one seed and prints everything that happens in it.
pub(crate) fn replay(root: &Path, seed: u64) -> Result<ExitCode> {
    let program = build(root, root)?;
    let status = play(&program, seed, 1)
        .env("ONHOOK_SIM_TRACE", "1")
        .status()?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Applies each patch of `tests/planted` to a copy of the tree; the simulation has to find what it breaks.
pub(crate) fn planted(root: &Path) -> Result<ExitCode> {
    let mut patches: Vec<PathBuf> = fs::read_dir(root.join("tests").join("planted"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    patches.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "patch")
    });
    patches.sort();
    let copy = root.join("target").join("planted");
    let _ = git(root, &["worktree", "remove", "--force", "target/planted"]);
    git(
        root,
        &["worktree", "add", "--detach", "target/planted", "HEAD"],
    )?;
    let mut missed = 0;
    for patch in &patches {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy();
        git(&copy, &["checkout", "--quiet", "--", "."])?;
        let path = patch.display().to_string();
        git(&copy, &["apply", &path]).with_context(|| format!("{path} does not apply"))?;
        let program = build(root, &copy)?;
        let output = play(&program, 0, PLANTED_SEEDS).output()?;
        match violation(&output) {
            Some(found) => say::line(&format!("planted: {name}: found: {found}")),
            None => {
                missed += 1;
                say::line(&format!(
                    "planted: {name}: NOT found in {PLANTED_SEEDS} seeds"
                ));
            }
        }
    }
    git(root, &["worktree", "remove", "--force", "target/planted"])?;
    say::line(&format!(
        "planted: {} of {} found",
        patches.len() - missed,
        patches.len()
    ));
    Ok(match missed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Builds the test program of a tree and gives its path.
fn build(root: &Path, tree: &Path) -> Result<PathBuf> {
    // Cargo names what it builds by the place in the tree, not by the tree: two trees must not share it.
    let results = if tree == root { "sim" } else { "sim-planted" };
    let output = Command::new(env!("CARGO"))
        .args([
            "test",
            "--release",
            "--no-run",
            "--message-format=json",
            "-p",
            "onhook-testkit",
            "--test",
            "world",
        ])
        .env("CARGO_TARGET_DIR", root.join("target").join(results))
        .current_dir(tree)
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let program = text
        .lines()
        .filter(|line| line.contains("\"name\":\"world\""))
        .filter_map(|line| line.split("\"executable\":\"").nth(1)?.split('"').next())
        .next_back();
    program
        .map(PathBuf::from)
        .context("cargo did not tell which program it built")
}

fn play(program: &Path, from: u64, seeds: u64) -> Command {
    let mut command = Command::new(program);
    command
        .args([SEEDS, "--exact", "--nocapture"])
        .env("ONHOOK_SIM_FROM", from.to_string())
        .env("ONHOOK_SIM_SEEDS", seeds.to_string());
    command
}

/// What the program says it found.
fn violation(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find(|line| line.starts_with("seed "))
        .map(str::to_owned)
}

fn phone_hours(output: &Output) -> Option<u64> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.contains(" phone-hours"))?;
    line.split(" phone-hours")
        .next()?
        .rsplit(' ')
        .next()?
        .parse()
        .ok()
}

fn git(folder: &Path, args: &[&str]) -> Result<()> {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .output()
        .context("cannot run git")?;
    ensure!(
        output.status.success(),
        "git {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
