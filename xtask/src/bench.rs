//! `cargo xtask bench`: the benchmarks and the programs that they start, built with optimization, and then run.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

/// What `onhook-bench` starts.
const PROGRAMS: [&str; 3] = ["onhook-bench", "onhook-harness", "onhook-agent"];

/// Builds and runs.
pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let packages = PROGRAMS.iter().flat_map(|name| ["-p", name]);
    let built = Command::new("cargo")
        .args(["build", "--release", "--locked"])
        .args(packages)
        .current_dir(root)
        .status()
        .context("starting cargo")?;
    ensure!(built.success(), "the programs cannot be built");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let program = root.join(target).join("release").join("onhook-bench");
    let ended = Command::new(&program)
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("starting {}", program.display()))?;
    Ok(if ended.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
