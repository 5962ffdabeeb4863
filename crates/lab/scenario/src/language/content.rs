//! Files that a server has, and how they are packed.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use onhook_crypto::{Digest, encrypt, keying_material, seal};

use super::problem::Problem;
use super::table::{Item, Table};

/// Keys of a file.
pub(super) const KEYS: [&str; 11] = [
    "set", "text", "gzip", "key", "digest", "ikm", "load", "name", "family", "counter", "stranger",
];
/// Those of a load for the slots.
const LOAD_KEYS: [&str; 4] = ["name", "family", "counter", "stranger"];

/// Bytes of one record of RFC 8188.
const RECORD: u32 = 4096;

/// How a file is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Coding {
    /// Not at all.
    Plain,
    /// As `openssl enc -aes-256-cbc` does.
    Cbc {
        /// The pass phrase.
        key: String,
        /// How the key is derived from it.
        digest: Digest,
    },
    /// As RFC 8188 says.
    Records {
        /// The keying material.
        ikm: String,
    },
}

/// What the manifest of a load says beside what it holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoadSpec {
    /// Its name; `None` for that of its file.
    pub name: Option<String>,
    /// The family that it is for; `None` for the one that its name begins with.
    pub family: Option<String>,
    /// Its security counter.
    pub counter: u32,
    /// Whether somebody has signed it whom the phone does not trust.
    pub stranger: bool,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Content {
    /// The text, before it is packed; of a load, what it holds.
    pub text: String,
    /// What the manifest says, if it is a load.
    pub load: Option<LoadSpec>,
    /// Whether it is compressed.
    pub gzip: bool,
    /// How it is encrypted.
    pub coding: Coding,
}

impl Content {
    /// The bytes that a server sends; the salt is fixed, so that they are the same each time.
    #[must_use]
    pub fn bytes(&self, text: &str) -> Vec<u8> {
        let plain = match self.gzip {
            true => gzip(text.as_bytes()),
            false => text.as_bytes().to_vec(),
        };
        match &self.coding {
            Coding::Plain => plain,
            Coding::Cbc { key, digest } => encrypt(&plain, key.as_bytes(), *digest, *b"scenario"),
            Coding::Records { ikm } => {
                let keying = keying_material(ikm.as_bytes());
                // A record size that is allowed cannot fail.
                seal(&plain, &keying, b"scenario of rows", RECORD).unwrap_or_default()
            }
        }
    }

    /// Whether the server sends `Content-Encoding: aes128gcm`.
    #[must_use]
    pub const fn is_records(&self) -> bool {
        matches!(self.coding, Coding::Records { .. })
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

/// A file as a text, or as a table of which others may be told too.
pub(super) fn item(item: Item<'_>) -> Result<Content, Problem> {
    if item.is_text() {
        return Ok(Content {
            text: item.text()?.to_owned(),
            load: None,
            gzip: false,
            coding: Coding::Plain,
        });
    }
    of(item.table()?.only(&KEYS)?)
}

/// A file as a table.
pub(super) fn of(table: Table<'_>) -> Result<Content, Problem> {
    if let Some(held) = table.get("load") {
        return load(table, held);
    }
    if let Some(item) = LOAD_KEYS.into_iter().find_map(|key| table.get(key)) {
        let key = item.key();
        return Err(item.strange(format!(
            "`{key}` belongs to `load`: write what it holds too"
        )));
    }
    let text = match (table.get("set"), table.get("text")) {
        (Some(set), None) => checked(set)?,
        (None, Some(text)) => text.text()?.to_owned(),
        (Some(_), Some(text)) => return Err(text.strange("write `set` or `text`, not both")),
        (None, None) => {
            return Err(table.wrong(
                "write `set` with parameters, `text` with the content, or `load` with what a load holds",
            ));
        }
    };
    let digest = match table.get("digest") {
        Some(item) => item.word(&[("md5", Digest::Md5), ("sha256", Digest::Sha256)])?,
        None => Digest::Sha256,
    };
    let coding = match (table.get("key"), table.get("ikm")) {
        (Some(_), Some(ikm)) => return Err(ikm.strange("write `key` or `ikm`, not both")),
        (Some(key), None) => Coding::Cbc {
            key: key.text()?.to_owned(),
            digest,
        },
        (None, Some(ikm)) => Coding::Records {
            ikm: ikm.text()?.to_owned(),
        },
        (None, None) => Coding::Plain,
    };
    if let (Some(digest), Coding::Plain | Coding::Records { .. }) = (table.get("digest"), &coding) {
        return Err(digest.strange("`digest` belongs to `key`: write a key too"));
    }
    Ok(Content {
        text,
        load: None,
        gzip: table.get("gzip").map_or(Ok(false), Item::flag)?,
        coding,
    })
}

/// A load for the slots.
fn load(table: Table<'_>, held: Item<'_>) -> Result<Content, Problem> {
    let others = KEYS.into_iter().filter(|key| !LOAD_KEYS.contains(key));
    if let Some(other) = others
        .filter(|key| *key != "load")
        .find_map(|key| table.get(key))
    {
        let key = other.key();
        return Err(other.strange(format!("write `load` or `{key}`, not both")));
    }
    let text = |key| table.get(key).map(Item::text).transpose();
    let counter = table
        .get("counter")
        .map(|item| item.whole("0 to 4294967295"));
    Ok(Content {
        text: held.text()?.to_owned(),
        load: Some(LoadSpec {
            name: text("name")?.map(str::to_owned),
            family: text("family")?.map(str::to_owned),
            counter: counter.transpose()?.unwrap_or(0),
            stranger: table.get("stranger").map_or(Ok(false), Item::flag)?,
        }),
        gzip: false,
        coding: Coding::Plain,
    })
}

/// The profile that sets these parameters; names are not looked up, for a file may be wrong.
fn checked(set: Item<'_>) -> Result<String, Problem> {
    let pairs = set.pairs()?;
    for (item, _) in &pairs {
        let name = item.key();
        let good = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || !name.chars().all(good) {
            return Err(item.strange(format!("`{name}` is no name of an element")));
        }
    }
    let pairs = pairs
        .iter()
        .map(|(item, value)| (item.key(), value.as_str()));
    Ok(profile(pairs))
}

/// The profile of some names and values.
pub(crate) fn profile<'s>(pairs: impl Iterator<Item = (&'s str, &'s str)>) -> String {
    let mut text = "<flat-profile>\n".to_owned();
    for (name, value) in pairs {
        let value = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  <{name}>{value}</{name}>");
    }
    text.push_str("</flat-profile>\n");
    text
}
