//! The program of the lab, which some benchmarks run as a user would.

use std::path::PathBuf;

use anyhow::Context as _;

/// The harness beside this program; why not, if it is not there.
pub(crate) fn harness() -> anyhow::Result<Result<PathBuf, String>> {
    let own = std::env::current_exe().context("finding the own program")?;
    let harness = own.with_file_name("onhook-harness");
    let missing = || format!("{} is missing: build it first", harness.display());
    Ok(match harness.is_file() {
        true => Ok(harness),
        false => Err(missing()),
    })
}
