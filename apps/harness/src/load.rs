//! `load`: firmware loads of our own format (docs/loads.md).

mod build;
mod inspect;
mod keygen;
mod shown;
mod sign;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use onhook_device::Secret;
use onhook_ed25519::SigningKey;
use onhook_upgrade::{DraftComponent, Hasher, MANIFEST_LIMIT};

use crate::cli::load::{LoadArgs, LoadCommand};
use crate::failure::Done;

/// Largest file with keys, in bytes.
const KEY_LIMIT: u64 = 64 * 1024;

/// Runs the command.
pub(crate) fn load(args: &LoadArgs) -> Done {
    match &args.what {
        LoadCommand::Keygen(args) => keygen::keygen(args),
        LoadCommand::Build(args) => build::build(args),
        LoadCommand::Inspect(args) => inspect::inspect(args),
        LoadCommand::Sign(args) => sign::sign(args),
    }
}

/// A file up to a limit.
fn read(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(failed)?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    if bytes.len() as u64 > limit {
        bail!("{} is larger than {limit} bytes", path.display());
    }
    Ok(bytes)
}

/// A manifest.
fn manifest(path: &Path) -> anyhow::Result<Vec<u8>> {
    read(path, MANIFEST_LIMIT)
}

/// A private key.
fn signing_key(path: &Path) -> anyhow::Result<SigningKey> {
    let text = Secret::new(read(path, KEY_LIMIT)?);
    SigningKey::read(&text).with_context(|| format!("the key file {}", path.display()))
}

/// The digests of a file; it may be of any size.
fn digests(path: &Path, name: String, block_size: u32) -> anyhow::Result<DraftComponent> {
    let failed = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(failed)?;
    let mut hasher = Hasher::new(block_size);
    let mut piece = vec![0; 128 * 1024];
    loop {
        let count = file.read(&mut piece).with_context(failed)?;
        let (now, _) = piece.split_at(count);
        if now.is_empty() {
            return Ok(hasher.finish(name));
        }
        hasher.update(now);
    }
}
