//! The recipe for images, and what it copies.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::dist::staging::Staging;

/// The recipe, from the root of the workspace.
pub(crate) const RECIPE: &str = "dist/Containerfile";

/// Puts the recipe and the folders of an image beside the static programs.
///
/// # Errors
/// Something cannot be written.
pub(crate) fn put(root: &Path, out: &mut Staging) -> Result<()> {
    let recipe = fs::read(root.join(RECIPE)).with_context(|| format!("reading {RECIPE}"))?;
    out.put("Containerfile", 0o644, &recipe)?;
    for name in ["image/state", "image/srv", "image/tmp"] {
        out.put_folder(name, 0o755)?;
    }
    let config = fs::read(root.join("docs/agent.toml")).context("reading docs/agent.toml")?;
    out.put("image/agent.toml", 0o644, &config)
}

/// The paths that a recipe copies from its context.
pub(crate) fn copied(recipe: &str) -> Vec<&str> {
    let copies = recipe.lines().filter_map(|line| line.strip_prefix("COPY "));
    copies
        .flat_map(|line| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.retain(|word| !word.starts_with("--"));
            // The last one is where they go.
            words.pop();
            words
        })
        .collect()
}
