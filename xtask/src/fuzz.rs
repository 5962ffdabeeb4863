//! `cargo xtask fuzz`: feeds the targets of `fuzz/` with made-up inputs. Needs a nightly compiler and cargo-fuzz.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};

use crate::say;

/// Fuzzes the named targets, or all of them, each for some seconds; new inputs stay in `target/fuzz`.
pub(crate) fn run(root: &Path, names: &[String], seconds: u32) -> Result<ExitCode> {
    let known = targets(root)?;
    for name in names {
        ensure!(
            known.contains(name),
            "no target is called `{name}`: there are {}",
            known.join(", ")
        );
    }
    let wanted = if names.is_empty() { &known } else { names };
    let mut verdict = ExitCode::SUCCESS;
    for name in wanted {
        say::line(&format!("fuzz: {name}, {seconds} s"));
        if !fuzz(root, name, seconds)? {
            say::line(&format!(
                "fuzz: {name} failed; the input is under fuzz/artifacts/{name}"
            ));
            verdict = ExitCode::FAILURE;
        }
    }
    Ok(verdict)
}

/// The names of the targets, in order.
fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz").join("fuzz_targets");
    let mut names = Vec::new();
    for entry in
        std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Whether nothing failed.
fn fuzz(root: &Path, name: &str, seconds: u32) -> Result<bool> {
    let found = root.join("target").join("fuzz").join(name);
    std::fs::create_dir_all(&found)?;
    let status = Command::new("cargo")
        .args(["+nightly", "fuzz", "run", name])
        // The first folder takes what is new, the second one is only read.
        .arg(&found)
        .arg(root.join("fuzz").join("corpus").join(name))
        .args(["--", "-max_len=4096"])
        .arg(format!("-max_total_time={seconds}"))
        .current_dir(root.join("fuzz"))
        // This program runs under the compiler of the workspace.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .status()
        .context("starting cargo")?;
    match status.code() {
        Some(0) => Ok(true),
        Some(101) => bail!(
            "`cargo +nightly fuzz` does not run: `rustup toolchain install nightly` and `cargo install cargo-fuzz`"
        ),
        _ => Ok(false),
    }
}
