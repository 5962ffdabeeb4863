//! The files that every server gives, and the cases that they are good for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::ensure;
use onhook_tests::{Content, Digest, encrypt, gzip, profile};

use crate::case::{Case, applied, killed, refused};

/// The password of the encrypted files.
pub(crate) const KEY: &str = "correct horse";
/// Blocks of 512 bytes, which every TFTP server knows, and of 1428, which the phone asks for, fill it without rest.
const EXACT: usize = 512 * 357;
/// Some packets, for a network that loses them.
const PACKETS: usize = 20_000;
/// The largest file that a phone takes (R-HTTP-16).
const FULL: usize = 5 << 20;

/// What a file sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sets {
    /// One parameter.
    Small,
    /// Three of 3,000 bytes.
    Large,
}

impl Sets {
    /// The parameters with their values.
    pub(crate) fn content(self) -> Content {
        let pairs: Vec<(&str, String)> = match self {
            Self::Small => vec![("GPP_A", "from a real server".to_owned())],
            Self::Large => ["GPP_B", "GPP_C", "GPP_D"]
                .map(|name| (name, name.repeat(600)))
                .into(),
        };
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// The cases of every file server, for its first address.
pub(crate) const CASES: &[Case] = &[
    applied("small file", "{base}/small.xml", Sets::Small),
    applied("whole blocks", "{base}/exact.xml", Sets::Large),
    refused(
        "empty file",
        "{base}/empty.xml",
        "B.corrupt",
        &["empty file"],
    ),
    applied("5 MiB", "{base}/full.xml", Sets::Large),
    refused(
        "5 MiB and a byte",
        "{base}/over.xml",
        "C.policy",
        &["file too large"],
    ),
    refused(
        "missing file",
        "{base}/missing.xml",
        "B.fnf",
        &["file not found"],
    ),
    applied(
        "AES, MD5, gzip",
        "[--key \"correct horse\"] {base}/md5.cfg",
        Sets::Large,
    ),
    applied(
        "AES, SHA-256, gzip",
        "[--key \"correct horse\"] {base}/sha256.cfg",
        Sets::Large,
    ),
    // One padding in 256 is right by chance.
    refused(
        "wrong key",
        "[--key \"battery staple\"] {base}/md5.cfg",
        "B.corrupt",
        &["decrypt failed", "parse failed"],
    ),
];

/// The server dies while it sends, over HTTP.
pub(crate) const KILLED: &[Case] = &[killed(
    "server killed",
    "{base}/full.xml",
    "C.truncated",
    &["transfer incomplete"],
)];

/// The same, over TLS.
pub(crate) const KILLED_TLS: &[Case] = &[killed(
    "server killed, TLS",
    "{tls}/full.xml",
    "C.truncated",
    &["transfer incomplete"],
)];

/// Makes a folder that servers which gave up their rights can look into, and fills it.
///
/// # Errors
/// A file cannot be written, or a tool refuses.
pub(crate) fn fill(folder: &Path, openssl: &Path, compressor: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    let large = profile(Sets::Large.content());
    let zipped = gzip(compressor, large.as_bytes())?;
    let mut files = vec![
        ("small.xml", profile(Sets::Small.content()).into_bytes()),
        ("large.xml", large.clone().into_bytes()),
        ("exact.xml", padded(&large, EXACT)?),
        ("empty.xml", Vec::new()),
        ("packets.xml", padded(&large, PACKETS)?),
        ("full.xml", padded(&large, FULL)?),
        ("over.xml", padded(&large, FULL + 1)?),
    ];
    for (name, digest) in [("md5.cfg", Digest::Md5), ("sha256.cfg", Digest::Sha256)] {
        files.push((name, encrypt(openssl, KEY, digest, &zipped)?));
    }
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes)?;
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

/// A profile with comments behind it, so many bytes in all.
fn padded(profile: &str, length: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = profile.as_bytes().to_vec();
    let mut number = 0;
    while bytes.len() + 80 < length {
        bytes.extend(format!("<!-- {number} -->\n").into_bytes());
        number += 1;
    }
    ensure!(bytes.len() <= length, "the profile is too long");
    bytes.resize(length, b'\n');
    Ok(bytes)
}
