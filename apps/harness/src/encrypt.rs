//! `encrypt`: a file for a rule with `--key`, or for `Content-Encoding: aes128gcm`.

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use onhook_crypto::{Digest, Look, first_look, keying_material, seal};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::crypt::{DigestName, EncryptArgs};
use crate::failure::{Done, Failure, note};
use crate::key::Key;
use crate::output::Readers;
use crate::{gzip, input, output};

/// The largest body that a phone takes.
const PROFILE: usize = 5 << 20;

/// The document of `--json`.
#[derive(Serialize)]
struct Report<'r> {
    schema: &'static str,
    container: &'static str,
    digest: Option<&'static str>,
    record_size: Option<u32>,
    gzip: bool,
    input_bytes: usize,
    output_bytes: usize,
    output: &'r str,
}

impl From<DigestName> for Digest {
    fn from(name: DigestName) -> Self {
        match name {
            DigestName::Md5 => Self::Md5,
            DigestName::Sha256 => Self::Sha256,
        }
    }
}

/// The word for a container in documents and messages.
pub(crate) const fn container(digest: Digest) -> &'static str {
    match digest {
        Digest::Md5 => "salted-md5",
        Digest::Sha256 => "salted-sha256",
    }
}

/// Encrypts a file and writes it as a whole.
pub(crate) fn encrypt(args: &EncryptArgs) -> Done {
    if args.json && args.output == "-" {
        return Err(
            anyhow::anyhow!("--json prints to standard output, so give a file with -o").into(),
        );
    }
    let key = args.key.read()?;
    let content = input::bytes(&args.input)?;
    let look = first_look(content.iter().copied());
    if !matches!(look, Look::Xml | Look::Gzip) {
        note(
            "note: the file begins neither as XML nor as gzip, so a phone will refuse it as a profile",
        );
    }
    let packed = if args.gzip {
        Some(Zeroizing::new(
            gzip::compress(&content).context("cannot compress")?,
        ))
    } else {
        None
    };
    if args.gzip && look == Look::Gzip {
        note("note: the file is compressed already, and a phone inflates one layer only");
    }
    let plain = packed.as_ref().unwrap_or(&content);
    let made = make(plain, &key, args)?;
    let file = made.file;
    if file.len() > PROFILE {
        note(&format!(
            "note: the result has {} bytes; a phone takes {PROFILE} at most",
            file.len()
        ));
    }
    output::write(&args.output, &file, Readers::Everybody).map_err(Failure::asked)?;
    if args.json {
        output::document(&Report {
            schema: "onhook.encrypt/1",
            container: made.container,
            digest: made.digest.map(Digest::name),
            record_size: made.record_size,
            gzip: args.gzip,
            input_bytes: content.len(),
            output_bytes: file.len(),
            output: &args.output.to_string_lossy(),
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An encrypted file, and how it was made.
struct Made {
    file: Vec<u8>,
    container: &'static str,
    digest: Option<Digest>,
    record_size: Option<u32>,
}

fn make(plain: &[u8], key: &Key, args: &EncryptArgs) -> anyhow::Result<Made> {
    match key {
        //= R-CBC-1
        Key::Passphrase(key) => {
            let digest = Digest::from(args.digest);
            Ok(Made {
                file: onhook_crypto::encrypt(plain, key.expose(), digest, salt()?),
                container: container(digest),
                digest: Some(digest),
                record_size: None,
            })
        }
        //= R-GCM-3
        Key::Ikm(ikm) => {
            let keying = keying_material(ikm.expose());
            Ok(Made {
                file: seal(plain, &keying, &salt()?, args.record_size)?,
                container: RECORDS,
                digest: None,
                record_size: Some(args.record_size),
            })
        }
    }
}

/// The word for a body of RFC 8188.
pub(crate) const RECORDS: &str = "rfc8188";

fn salt<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut salt = [0; N];
    let source = "/dev/urandom";
    File::open(source)
        .and_then(|mut random| random.read_exact(&mut salt))
        .with_context(|| format!("cannot draw a salt from {source}"))?;
    if salt == [0; N] {
        bail!("{source} gives nothing but zeros");
    }
    Ok(salt)
}
