//! What `cargo xtask dist` left in its folder: all of it, whole, and fit for images.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::holds;
use crate::dist::image::{RECIPE, copied};
use crate::dist::release::said;
use crate::dist::{PROGRAMS, staging};
use crate::say;

/// The packages of all programs.
pub(super) fn packages(out: &Path) -> Result<Vec<PathBuf>> {
    let names = if out.is_dir() {
        staging::files(out)?
    } else {
        Vec::new()
    };
    PROGRAMS
        .iter()
        .map(|program| {
            let found = names
                .iter()
                .find(|name| name.starts_with(&format!("{program}_")) && name.ends_with(".deb"));
            found.map(|name| out.join(name)).with_context(|| {
                format!(
                    "{} has no package of {program}; run `cargo xtask dist` first",
                    out.display()
                )
            })
        })
        .collect()
}

/// Compares all files with their sums.
pub(super) fn sums(out: &Path) -> Result<()> {
    said(out, "sha256sum", &["--check", "--quiet", "SHA256SUMS"])?;
    holds("every file has the sum that stands in SHA256SUMS");
    Ok(())
}

/// Everything that the recipe for images copies has to be there; no engine is needed for that.
pub(super) fn recipe(out: &Path) -> Result<()> {
    let Ok(text) = fs::read_to_string(out.join("Containerfile")) else {
        say::line("not tried: images, for there are no static programs in the folder");
        return Ok(());
    };
    for path in copied(&text) {
        ensure!(
            out.join(path).exists(),
            "{RECIPE} copies {path}, which is not in {}",
            out.display()
        );
    }
    for program in PROGRAMS {
        let place = out.join("static").join(program).display().to_string();
        let shown = said(out, &place, &["--version"])?;
        ensure!(shown.starts_with(program), "{place} says {shown}");
        let bytes = fs::read(&place)?;
        ensure!(
            !contains(&bytes, b"/ld-linux") && !contains(&bytes, b"/ld-musl"),
            "{place} asks for a loader, so that it is not static"
        );
    }
    holds("the recipe for images copies what there is, and its programs need no library");
    Ok(())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
