//! From a text to a manifest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onhook_crypto::sha256;

use super::{
    BLOCK_SIZES, BadManifest, Component, Digest, LARGEST_COMPONENT, LARGEST_LOAD, LONGEST_NAME,
    MANIFEST_LIMIT, MOST_COMPONENTS, Manifest, Signature, Signed,
};

/// The first line of every manifest.
pub(super) const FIRST: &str = "onhook-load 1";
/// What is said of a name that cannot be used.
const NAME: &str = "a name has 1 to 96 letters, digits, `.`, `_`, `+` and `-`, begins with a letter or a digit, and has no `..`";

/// The lines of a text.
struct Lines<'t> {
    text: &'t str,
    /// Where the next line begins, in bytes.
    at: usize,
    /// The number of the line that came last, from 1.
    number: usize,
}

impl<'t> Lines<'t> {
    const fn bad(&self, what: &'static str) -> BadManifest {
        BadManifest {
            line: self.number,
            what,
            is_too_large: false,
        }
    }

    const fn too_large(&self, what: &'static str) -> BadManifest {
        BadManifest {
            is_too_large: true,
            ..self.bad(what)
        }
    }

    /// The next line without its end; `None` at the end of the text.
    fn next(&mut self) -> Result<Option<&'t str>, BadManifest> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let (line, _) = rest
            .split_once('\n')
            .ok_or_else(|| self.bad("the line has no end: the manifest is cut off"))?;
        self.at += line.len() + 1;
        Ok(Some(line))
    }

    /// The value of the next line, which begins with this word.
    fn value(&mut self, word: &str, missing: &'static str) -> Result<&'t str, BadManifest> {
        let line = self.next()?;
        line.and_then(|line| line.strip_prefix(word)?.strip_prefix(' '))
            .ok_or_else(|| self.bad(missing))
    }

    fn name(&mut self, word: &str, missing: &'static str) -> Result<String, BadManifest> {
        let value = self.value(word, missing)?;
        match is_plain(value) {
            true => Ok(value.to_owned()),
            false => Err(self.bad(NAME)),
        }
    }

    fn digest(&self, text: &str) -> Result<Digest, BadManifest> {
        Digest::read(text).ok_or_else(|| self.bad("a SHA-256 has 64 hex digits in lower case"))
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<(Manifest, Option<Signed<'_>>), BadManifest> {
    let whole = |what| BadManifest {
        line: 1,
        what,
        is_too_large: false,
    };
    if bytes.len() as u64 > MANIFEST_LIMIT {
        return Err(whole("the manifest is larger than 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).ok().filter(|t| t.is_ascii());
    let mut lines = Lines {
        text: text.ok_or_else(|| whole("a manifest is a text in ASCII"))?,
        at: 0,
        number: 0,
    };
    if lines.next()? != Some(FIRST) {
        return Err(whole("the first line of a manifest is `onhook-load 1`"));
    }
    let mut manifest = head(&mut lines, bytes)?;
    let mut total = 0;
    loop {
        let at = lines.at;
        let Some(line) = lines.next()? else {
            break;
        };
        if let Some(value) = line.strip_prefix("signature ") {
            let signature = read_signature(value).ok_or_else(|| {
                lines.bad("a signature has the name of a key and 64 octets in base64")
            })?;
            if lines.next()?.is_some() {
                return Err(lines.bad("nothing stands behind the signature"));
            }
            some_component(&manifest, &lines)?;
            let (message, _) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            return Ok((manifest, Some(Signed { message, signature })));
        }
        component(line, &mut lines, &mut manifest, &mut total)?;
    }
    some_component(&manifest, &lines)?;
    Ok((manifest, None))
}

fn some_component(manifest: &Manifest, lines: &Lines<'_>) -> Result<(), BadManifest> {
    match manifest.components.is_empty() {
        true => Err(lines.bad("there is no component")),
        false => Ok(()),
    }
}

/// Everything before the components.
fn head(lines: &mut Lines<'_>, bytes: &[u8]) -> Result<Manifest, BadManifest> {
    let name = lines.name("name", "`name` and the name of the load are missing")?;
    let family = lines.name("family", "`family` and the family of phones are missing")?;
    let version = lines.name("version", "`version` and the version are missing")?;
    let counter = lines.value("counter", "`counter` and the security counter are missing")?;
    let counter = number(counter)
        .and_then(|counter| u32::try_from(counter).ok())
        .ok_or_else(|| lines.bad("a security counter is a number up to 4294967295"))?;
    let block = lines.value("block", "`block` and the size of a block are missing")?;
    let (smallest, largest) = BLOCK_SIZES;
    let block_size = number(block)
        .and_then(|size| u32::try_from(size).ok())
        .filter(|size| size.is_power_of_two() && (smallest..=largest).contains(size))
        .ok_or_else(|| lines.bad("a block has 4096 to 1048576 bytes, a power of two"))?;
    Ok(Manifest {
        name,
        family,
        version,
        counter,
        block_size,
        identity: Digest(sha256(bytes)),
        components: Vec::new(),
        digests: Vec::new(),
    })
}

/// One component with the digests of its blocks.
fn component(
    line: &str,
    lines: &mut Lines<'_>,
    manifest: &mut Manifest,
    total: &mut u64,
) -> Result<(), BadManifest> {
    let mut words = line.split(' ');
    let found = match (
        words.next(),
        words.next(),
        words.next(),
        words.next(),
        words.next(),
    ) {
        (Some("component"), Some(name), Some(size), Some(sha256), None) => {
            Some((name, size, sha256))
        }
        _ => None,
    };
    let Some((name, size, sha256)) = found else {
        return Err(lines.bad("a component has a name, a size and a SHA-256"));
    };
    if !is_plain(name) {
        return Err(lines.bad(NAME));
    }
    // File systems that do not tell the cases of letters apart would.
    if manifest
        .components
        .iter()
        .any(|other| other.name.eq_ignore_ascii_case(name))
    {
        return Err(lines.bad("two components have the same name"));
    }
    if manifest.components.len() == MOST_COMPONENTS {
        return Err(lines.bad("there are more than 64 components"));
    }
    let size = number(size)
        .filter(|size| *size > 0)
        .ok_or_else(|| lines.bad("the size of a component is a number from 1"))?;
    //= R-HTTP-16
    if size > LARGEST_COMPONENT {
        return Err(lines.too_large("a component has more than 256 MiB: divide it"));
    }
    *total = total
        .checked_add(size)
        .filter(|total| *total <= LARGEST_LOAD)
        .ok_or_else(|| lines.too_large("the components have more than 4 GiB together"))?;
    let sha256 = lines.digest(sha256)?;
    let first_block = manifest.block_count();
    for _ in 0..size.div_ceil(u64::from(manifest.block_size)) {
        let line = lines
            .next()?
            .ok_or_else(|| lines.bad("the digest of a block is missing"))?;
        manifest.digests.push(lines.digest(line)?);
    }
    manifest.components.push(Component {
        name: name.to_owned(),
        size,
        sha256,
        first_block,
    });
    Ok(())
}

/// Whether a text can be a name: of a file beside others, in a URL and in a message.
pub(super) fn is_plain(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains("..")
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-'))
}

/// A number without sign and leading zeros.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

fn read_signature(value: &str) -> Option<Signature> {
    let (key, bytes) = value.split_once(' ')?;
    Some(Signature {
        key: key.parse().ok()?,
        bytes: STANDARD.decode(bytes).ok()?.try_into().ok()?,
    })
}
