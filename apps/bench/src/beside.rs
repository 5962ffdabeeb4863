//! Our other programs, which some benchmarks run as a user would.

use std::path::PathBuf;

use anyhow::Context as _;

/// A program in the folder of this one; why not, if it is not there.
pub(crate) fn beside(program: &str) -> anyhow::Result<Result<PathBuf, String>> {
    let own = std::env::current_exe().context("finding the own program")?;
    let other = own.with_file_name(program);
    let missing = || format!("{} is missing: build it first", other.display());
    Ok(match other.is_file() {
        true => Ok(other),
        false => Err(missing()),
    })
}
