//! `load build`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use onhook_upgrade::Draft;

use super::{digests, sign, signing_key};
use crate::cli::load::BuildArgs;
use crate::failure::{Done, Failure};

/// Writes the manifest of a load.
pub(super) fn build(args: &BuildArgs) -> Done {
    let (family, version) = match args.name.split_once('.') {
        Some((family, version)) => (Some(family), Some(version)),
        None => (None, None),
    };
    let told = |given: &Option<String>, from_name: Option<&str>, flag: &str| {
        given
            .clone()
            .or_else(|| from_name.map(str::to_owned))
            .with_context(|| format!("the name does not tell it: give --{flag}"))
    };
    let folder = folder(&args.components)?;
    let draft = Draft {
        name: args.name.clone(),
        family: told(&args.family, family, "family")?,
        version: told(&args.version, version, "version")?,
        counter: args.counter,
        block_size: args.block,
        components: args
            .components
            .iter()
            .map(|path| digests(path, name(path)?, args.block))
            .collect::<anyhow::Result<_>>()?,
    };
    let key = args.key.as_deref().map(signing_key).transpose()?;
    let message = draft
        .text()
        .context("no phone would take this load")
        .map_err(Failure::Asked)?;
    let usual = || folder.join(format!("{}.loads", args.name));
    let to = args.output.clone().unwrap_or_else(usual);
    sign::put(&message, key.as_ref(), &to, args.json)
}

/// The name of a component: that of its file.
fn name(path: &Path) -> anyhow::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned)
        .with_context(|| format!("{} names no file", path.display()))
}

/// The one folder of all components.
fn folder(components: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let mut folders = components
        .iter()
        .map(|path| path.parent().unwrap_or(Path::new("")));
    let first = folders.next().unwrap_or(Path::new(""));
    if folders.any(|folder| folder != first) {
        bail!("phones fetch all components from the folder of the manifest: put them into one");
    }
    Ok(first.to_owned())
}
