//! `cargo xtask power-cuts`: the searches through what a power cut can leave, of the flash store and of the slots for firmware, with more
//! states than a test; and phones that are killed.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::say;

/// A search, which is a test.
struct Search {
    package: &'static str,
    /// What the names of its tests have in common.
    tests: &'static str,
    /// How it is told how far to go.
    variable: &'static str,
    count: u64,
}

/// How far to search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// States of the flash store.
    pub(crate) states: u64,
    /// Chances that each operation of an upgrade gets: what was not flushed is kept, lost or torn.
    pub(crate) chances: u64,
    /// How often a phone is killed while it upgrades itself.
    pub(crate) kills: u64,
}

/// Builds the searches optimised, runs each on its own, and says how fast they were.
pub(crate) fn run(root: &Path, extent: Extent) -> Result<ExitCode> {
    let Extent {
        states,
        chances,
        kills,
    } = extent;
    let store = Search {
        package: "onhook-flash-store",
        tests: "every_state_that_a_power_cut_can_leave_holds_the_old_or_the_new_set",
        variable: "ONHOOK_POWER_CUT_STATES",
        count: states,
    };
    let slots = Search {
        package: "onhook-slots",
        tests: "leaves_a_slot_that_comes_up",
        variable: "ONHOOK_SLOT_CHANCES",
        count: chances,
    };
    let Some(seconds) = store.run(root)? else {
        return Ok(ExitCode::FAILURE);
    };
    let rate = states as f64 / seconds.max(0.001);
    say::line(&format!(
        "power-cuts: {states} states hold the old or the new set; {rate:.0} a second on one core"
    ));
    let Some(seconds) = slots.run(root)? else {
        return Ok(ExitCode::FAILURE);
    };
    say::line(&format!(
        "power-cuts: after each of them the boot loader starts what was good, or all of what is new; {seconds:.0} s"
    ));
    match kills {
        0 => Ok(ExitCode::SUCCESS),
        _ => killed(root, kills),
    }
}

impl Search {
    /// Runs it; how many seconds it took, or `None` if something is wrong.
    fn run(&self, root: &Path) -> Result<Option<f64>> {
        let cargo = |extra: &[&str]| {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["test", "--quiet", "--release", "-p", self.package, "--lib"])
                .args(extra)
                .current_dir(root);
            cargo
        };
        let built = cargo(&["--no-run"]).status().context("cannot run cargo")?;
        if !built.success() {
            return Ok(None);
        }
        is_there(cargo(&[self.tests, "--", "--list"]))?;
        let began = Instant::now();
        let searched = cargo(&[self.tests, "--", "--nocapture"])
            .env(self.variable, self.count.to_string())
            .status()
            .context("cannot run cargo")?;
        Ok(searched.success().then(|| began.elapsed().as_secs_f64()))
    }
}

/// A search whose tests are called otherwise would find nothing, and say that all is well.
fn is_there(mut listing: Command) -> Result<()> {
    let listed = listing.output().context("cannot run cargo")?;
    let names = String::from_utf8_lossy(&listed.stdout);
    ensure!(
        names.lines().any(|line| line.ends_with(": test")),
        "no test has such a name: {listing:?}"
    );
    Ok(())
}

/// Kills phones, which are real processes, while they upgrade themselves.
fn killed(root: &Path, kills: u64) -> Result<ExitCode> {
    let cargo = |words: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(words).current_dir(root);
        cargo
    };
    let built = cargo(&["build", "--quiet", "--bins"]).status();
    if !built.context("cannot run cargo")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let test = [
        "test",
        "--quiet",
        "-p",
        "onhook-tests",
        "--test",
        "firmware",
        "a_phone_that_is_killed_at_any_moment_comes_up",
        "--",
    ];
    is_there(cargo(&[&test[..], &["--list"]].concat()))?;
    let began = Instant::now();
    let ended = cargo(&[&test[..], &["--nocapture"]].concat())
        .env("ONHOOK_KILLS", kills.to_string())
        .status()
        .context("cannot run cargo")?;
    if !ended.success() {
        return Ok(ExitCode::FAILURE);
    }
    let seconds = began.elapsed().as_secs_f64();
    say::line(&format!(
        "power-cuts: a phone that was killed {kills} times came up each time; {seconds:.0} s"
    ));
    Ok(ExitCode::SUCCESS)
}
