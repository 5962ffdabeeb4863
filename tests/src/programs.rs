//! The programs under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};

/// Held while a program is looked for, so that it is built once.
static TURN: Mutex<()> = Mutex::new(());

/// The path of a program of this workspace, built if it is not there yet.
///
/// It is looked for beside the running test or program, so it comes from the same target folder and profile.
///
/// # Errors
/// The place of the test is unusual, or the program cannot be built.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let test = std::env::current_exe().context("where this test runs from")?;
    let folder = test
        .ancestors()
        .find(|folder| folder.ends_with("deps"))
        .unwrap_or(&test)
        .parent()
        .with_context(|| format!("{} is in no target folder", test.display()))?;
    let path = folder.join(name);
    if !path.is_file() {
        build(name, folder)?;
    }
    ensure!(
        path.is_file(),
        "{} is missing: run `cargo build --workspace --bins`",
        path.display()
    );
    Ok(path)
}

fn build(name: &str, folder: &Path) -> anyhow::Result<()> {
    let target = folder.parent().context("the folder has no parent")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--package", name, "--profile", profile])
        .arg("--target-dir")
        .arg(target)
        .output()
        .context("cargo cannot be started")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{name} cannot be built: {said}");
    Ok(())
}
