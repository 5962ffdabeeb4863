//! Files as an operator makes them, with foreign tools.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

/// The digest that turns a password into a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Digest {
    /// The default before openssl 1.1.
    Md5,
    /// The default since.
    Sha256,
}

impl Digest {
    /// The name that openssl knows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        }
    }
}

/// A key that no file of [`encrypt`] opens with.
pub const WRONG_KEY: &str = "battery staple";

/// Encrypts bytes with `openssl enc -aes-256-cbc -k KEY -md DIGEST`.
///
/// # Errors
/// openssl refuses.
pub fn encrypt(openssl: &Path, key: &str, digest: Digest, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
    // The salt is random, and one file in 30,000 begins as a profile does with a wrong key too (R-CBC-6).
    for _ in 0..3 {
        let file = enc(openssl, "-e", key, digest, plain)?;
        let chance = [Digest::Md5, Digest::Sha256].iter().any(|digest| {
            let opened = enc(openssl, "-d", WRONG_KEY, *digest, &file);
            opened.is_ok_and(|plain| matches!(plain.first(), Some(b'<' | 0x1f)))
        });
        if !chance {
            return Ok(file);
        }
    }
    bail!("three files in a row open with a wrong key")
}

fn enc(
    openssl: &Path,
    direction: &str,
    key: &str,
    digest: Digest,
    input: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new(openssl);
    command.args(["enc", "-aes-256-cbc", direction]);
    command.args(["-k", key, "-md", digest.name()]);
    filter(&mut command, input)
}

/// Compresses bytes with `gzip -c`.
///
/// # Errors
/// gzip refuses.
pub fn gzip(gzip: &Path, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
    filter(Command::new(gzip).arg("-c"), plain)
}

/// Runs a tool from a file to its standard output.
fn filter(command: &mut Command, input: &[u8]) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("input");
    fs::write(&file, input)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command
        .stdin(Stdio::from(fs::File::open(&file)?))
        .output()
        .with_context(|| format!("{name} cannot be started"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{name}: {said}");
    Ok(done.stdout)
}
