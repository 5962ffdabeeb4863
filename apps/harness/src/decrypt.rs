//! `decrypt`: what is in an encrypted file, and how it was made.

use std::process::ExitCode;

use onhook_crypto::{
    DecryptError, Digest, Look, RecordsError, first_look, keying_material, unseal,
};
use onhook_device::Secret;
use serde::Serialize;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cli::crypt::DecryptArgs;
use crate::encrypt::{RECORDS, container};
use crate::failure::{Done, FAILED, Failure, note};
use crate::gzip::GzipError;
use crate::key::Key;
use crate::output::Readers;
use crate::{gzip, input, output};

/// Why a file was not decrypted.
#[derive(Debug, Error)]
enum Problem {
    #[error(
        "the file is not encrypted: it does not begin with `Salted__`, as files of `openssl enc -aes-256-cbc` do"
    )]
    NotEncrypted,
    #[error(
        "the file is the text form of `openssl enc -a`, which phones do not read: decode it with `openssl base64 -d`"
    )]
    Base64,
    #[error(
        "the file is cut or was changed on the way: {blocks_len} bytes follow its header, not a positive multiple of 16"
    )]
    Cut { blocks_len: usize },
    #[error(
        "the key does not fit, or the file was made in another way. Check the key byte by byte: blanks and line ends \
         count, and hexadecimal digits are taken as text. Check that the file was made by \
         `openssl enc -aes-256-cbc -md md5` or `-md sha256`, without -pbkdf2, -nosalt, -K. To compare: \
         `openssl enc -d -aes-256-cbc -md sha256 -pass file:KEYFILE -in FILE | head -c 40`, then with -md md5. \
         If the content is neither text nor gzip, name the digest with --digest"
    )]
    WrongKey,
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error(
        "the file is a container of `openssl enc` (it begins with `Salted__`) and no body of RFC 8188: give --key"
    )]
    Salted,
    #[error(transparent)]
    Gzip(#[from] GzipError),
}

impl Problem {
    /// The word that a phone's events use for the same problem.
    const fn code(&self) -> &'static str {
        match self {
            Self::NotEncrypted
            | Self::Base64
            | Self::Cut { .. }
            | Self::WrongKey
            | Self::Salted
            | Self::Records(RecordsError::Tag { .. }) => "decrypt-failed",
            Self::Records(RecordsError::Truncated { .. }) => "truncated",
            Self::Records(RecordsError::RecordSize { .. }) => "bad-record-size",
            Self::Records(RecordsError::Delimiter { .. }) => "bad-delimiter",
            Self::Gzip(GzipError::Damaged(_)) => "corrupt-gzip",
            Self::Gzip(GzipError::TooLarge) => "too-large",
        }
    }
}

/// What a file holds.
struct Found {
    opened: Opened,
    gzip: bool,
    content: Zeroizing<Vec<u8>>,
}

/// How a file was encrypted.
#[derive(Clone, Copy)]
enum Opened {
    Salted(Digest),
    Records { size: u32, count: u64 },
}

/// The document of `--json`.
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    container: Option<&'static str>,
    digest: Option<&'static str>,
    record_size: Option<u32>,
    gzip: Option<bool>,
    content: Option<&'static str>,
    input_bytes: usize,
    output_bytes: Option<usize>,
    output: Option<String>,
    error: Option<ReportError>,
}

#[derive(Serialize)]
struct ReportError {
    code: &'static str,
    message: String,
}

/// Decrypts a file and writes its content as a whole; says on stderr or in a document what it was.
pub(crate) fn decrypt(args: &DecryptArgs) -> Done {
    let to = match &args.output {
        Some(output) if args.json && output == "-" => {
            return Err(anyhow::anyhow!(
                "--json prints to standard output, so give a file with -o, or no -o"
            )
            .into());
        }
        Some(output) => Some(output.as_os_str()),
        None if args.json => None,
        None => Some("-".as_ref()),
    };
    let key = args.key.read()?;
    let file = input::bytes(&args.input)?;
    let input_bytes = file.len();
    let found = match open(file, &key, args) {
        Ok(found) => found,
        Err(problem) if args.json => {
            output::document(&failed(&problem, input_bytes))?;
            return Ok(ExitCode::from(FAILED));
        }
        Err(problem) => return Err(Failure::asked(problem)),
    };
    if let Some(to) = to {
        output::write(to, &found.content, Readers::Owner).map_err(Failure::asked)?;
    }
    let kind = kind(&found.content);
    if args.json {
        output::document(&Report {
            schema: SCHEMA,
            container: Some(found.opened.container()),
            digest: found.opened.digest().map(Digest::name),
            record_size: found.opened.record_size(),
            gzip: Some(found.gzip),
            content: Some(kind),
            input_bytes,
            output_bytes: Some(found.content.len()),
            output: to.map(|to| to.to_string_lossy().into_owned()),
            error: None,
        })?;
    } else {
        let gzip = if found.gzip { ", gzip" } else { "" };
        let records = match found.opened {
            Opened::Salted(_) => String::new(),
            Opened::Records { size, count } => format!(", record size {size}, {count} records"),
        };
        note(&format!(
            "{}{records}{gzip}: {input_bytes} bytes hold {} bytes ({kind})",
            found.opened.container(),
            found.content.len()
        ));
    }
    if !matches!(kind, "xml" | "gzip") {
        note("note: the content is neither XML nor gzip, so a phone refuses it as a profile");
    }
    Ok(ExitCode::SUCCESS)
}

const SCHEMA: &str = "onhook.decrypt/1";

fn failed(problem: &Problem, input_bytes: usize) -> Report {
    Report {
        schema: SCHEMA,
        container: None,
        digest: None,
        record_size: None,
        gzip: None,
        content: None,
        input_bytes,
        output_bytes: None,
        output: None,
        error: Some(ReportError {
            code: problem.code(),
            message: problem.to_string(),
        }),
    }
}

impl Opened {
    const fn container(self) -> &'static str {
        match self {
            Self::Salted(digest) => container(digest),
            Self::Records { .. } => RECORDS,
        }
    }

    const fn digest(self) -> Option<Digest> {
        match self {
            Self::Salted(digest) => Some(digest),
            Self::Records { .. } => None,
        }
    }

    const fn record_size(self) -> Option<u32> {
        match self {
            Self::Salted(_) => None,
            Self::Records { size, .. } => Some(size),
        }
    }
}

fn open(mut file: Zeroizing<Vec<u8>>, key: &Key, args: &DecryptArgs) -> Result<Found, Problem> {
    let (opened, content) = match (key, args.digest) {
        (Key::Passphrase(key), Some(name)) => {
            let digest = Digest::from(name);
            (Opened::Salted(digest), with_digest(&file, key, digest)?)
        }
        (Key::Passphrase(key), None) => {
            let (digest, content) = search(file, key)?;
            (Opened::Salted(digest), content)
        }
        (Key::Ikm(_), _) if onhook_crypto::is_salted(&file) => return Err(Problem::Salted),
        (Key::Ikm(ikm), _) => {
            let keying = keying_material(ikm.expose());
            let found = unseal(std::mem::take(&mut *file), &keying)?;
            let opened = Opened::Records {
                size: found.record_size,
                count: found.records,
            };
            (opened, Zeroizing::new(found.plaintext))
        }
    };
    let gzip = first_look(content.iter().copied()) == Look::Gzip;
    let content = if gzip && !args.keep_gzip {
        gzip::inflate(&content)?
    } else {
        content
    };
    Ok(Found {
        opened,
        gzip,
        content,
    })
}

/// Finds the digest by trying both.
fn search(
    mut file: Zeroizing<Vec<u8>>,
    key: &Secret,
) -> Result<(Digest, Zeroizing<Vec<u8>>), Problem> {
    let copy = file.clone();
    let opened = onhook_crypto::open(std::mem::take(&mut *file), key.expose());
    let opened = opened.map_err(|error| problem(error, &copy))?;
    let (digest, content) = (opened.digest, Zeroizing::new(opened.plaintext));
    if matches!(kind(&content), "xml" | "gzip") {
        return Ok((digest, content));
    }
    // It is no profile. Right padding proves little, so the text must speak for itself.
    //= R-CBC-6
    for digest in [Digest::Md5, Digest::Sha256] {
        if let Ok(content) = with_digest(&copy, key, digest)
            && kind(&content) != BINARY
        {
            return Ok((digest, content));
        }
    }
    Err(Problem::WrongKey)
}

fn with_digest(
    file: &Zeroizing<Vec<u8>>,
    key: &Secret,
    digest: Digest,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    onhook_crypto::decrypt(file.to_vec(), key.expose(), digest)
        .map(Zeroizing::new)
        .map_err(|error| problem(error, file))
}

fn problem(error: DecryptError, file: &[u8]) -> Problem {
    match error {
        DecryptError::NotSalted if file.starts_with(b"U2FsdGVkX1") => Problem::Base64,
        DecryptError::NotSalted => Problem::NotEncrypted,
        DecryptError::Length { blocks_len } => Problem::Cut { blocks_len },
        DecryptError::Padding => Problem::WrongKey,
    }
}

const BINARY: &str = "binary";

/// The kind of some content in one word.
fn kind(content: &[u8]) -> &'static str {
    match first_look(content.iter().copied()) {
        Look::Xml => "xml",
        Look::Gzip => "gzip",
        Look::Blank => "empty",
        Look::Utf16 => "utf-16",
        Look::Other => match std::str::from_utf8(content) {
            Ok(text)
                if text
                    .chars()
                    .all(|c| !c.is_control() || c.is_ascii_whitespace()) =>
            {
                "text"
            }
            Ok(_) | Err(_) => BINARY,
        },
    }
}
