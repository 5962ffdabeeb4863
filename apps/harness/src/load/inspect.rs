//! `load inspect`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use onhook_crypto::PublicKey;
use onhook_crypto::port::{NotSigned, SignatureCheck};
use onhook_ed25519::TrustedKeys;
use onhook_upgrade::{Component, Manifest, Signature, Signed};

use super::shown::{Shown, Standing, State};
use super::{KEY_LIMIT, digests, manifest, read};
use crate::cli::load::InspectArgs;
use crate::failure::{Done, FAILED, Failure};
use crate::output;

/// Says what a load is, and whether it is right.
pub(super) fn inspect(args: &InspectArgs) -> Done {
    let bytes = manifest(&args.manifest)?;
    let (manifest, signed) = Manifest::parse(&bytes)
        .with_context(|| args.manifest.display().to_string())
        .map_err(Failure::Asked)?;
    let standing = standing(signed, args.public.as_deref())?;
    let folder = args.manifest.parent().unwrap_or(Path::new(""));
    let states: Vec<_> = match args.manifest_only {
        true => Vec::new(),
        false => manifest
            .components()
            .iter()
            .map(|component| state(&manifest, component, folder))
            .collect::<anyhow::Result<_>>()
            .map_err(Failure::Asked)?,
    };
    let shown = Shown::of(&manifest, standing, &states);
    if args.json {
        output::document(&shown)?;
    } else {
        output::print(&shown.text())?;
    }
    Ok(match shown.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    })
}

fn standing(signed: Option<Signed<'_>>, public: Option<&Path>) -> anyhow::Result<Standing> {
    let Some(Signed { message, signature }) = signed else {
        return Ok(Standing::None);
    };
    let Signature { key, bytes } = signature;
    let Some(path) = public else {
        return Ok(Standing::Unchecked(key));
    };
    let text = String::from_utf8(read(path, KEY_LIMIT)?).context("public keys are text")?;
    let keys = PublicKey::read_all(&text).with_context(|| path.display().to_string())?;
    Ok(match TrustedKeys::new(keys).check(key, message, &bytes) {
        Ok(()) => Standing::Good(key),
        Err(NotSigned::UnknownKey(key)) => Standing::UnknownKey(key),
        Err(NotSigned::Mismatch(key)) => Standing::Bad(key),
    })
}

/// Whether a component is what was signed.
fn state(manifest: &Manifest, component: &Component, folder: &Path) -> anyhow::Result<State> {
    let path = folder.join(&component.name);
    if !path.is_file() {
        return Ok(State::Missing);
    }
    let found = digests(&path, component.name.clone(), manifest.block_size)?;
    if found.size != component.size {
        return Ok(State::OtherSize);
    }
    let wrong = (0_u32..).zip(&found.blocks).find(|(number, digest)| {
        let block = manifest.block(component.first_block + number);
        block.is_none_or(|block| block.sha256 != **digest)
    });
    Ok(match wrong {
        Some((number, _)) => State::OtherContent(Some(number)),
        None if found.sha256 != component.sha256 => State::OtherContent(None),
        None => State::Good,
    })
}
