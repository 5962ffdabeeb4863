//! `cargo xtask power-cuts`: the search of the flash store through what a power cut can leave, with more states than a test.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::say;

/// The test that searches.
const SEARCH: &str = "every_state_that_a_power_cut_can_leave_holds_the_old_or_the_new_set";

/// Builds the search optimised, runs it on one core, and says how fast it was.
pub(crate) fn run(root: &Path, states: u64) -> Result<ExitCode> {
    let cargo = |extra: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([
                "test",
                "--quiet",
                "--release",
                "-p",
                "onhook-flash-store",
                "--lib",
            ])
            .args(extra)
            .current_dir(root);
        cargo
    };
    let built = cargo(&["--no-run"]).status().context("cannot run cargo")?;
    if !built.success() {
        return Ok(ExitCode::FAILURE);
    }
    let began = Instant::now();
    let searched = cargo(&[SEARCH, "--", "--nocapture"])
        .env("ONHOOK_POWER_CUT_STATES", states.to_string())
        .status()
        .context("cannot run cargo")?;
    if !searched.success() {
        return Ok(ExitCode::FAILURE);
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = states as f64 / seconds.max(0.001);
    say::line(&format!(
        "power-cuts: {states} states hold the old or the new set; {rate:.0} a second on one core"
    ));
    Ok(ExitCode::SUCCESS)
}
