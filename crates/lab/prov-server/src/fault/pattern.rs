//! Which paths, User-Agents and phones are meant.

use std::net::IpAddr;

/// A pattern: `*` for any characters, slashes too, `?` for one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Glob(Vec<char>);

impl Glob {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// A pattern of paths below the root; a slash at its beginning makes no difference.
    pub(crate) fn of_path(text: &str) -> Self {
        Self::new(text.trim_start_matches('/'))
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut rest) = (0, 0);
        // The last star, and where what it stands for ends.
        let mut star = None;
        loop {
            match (self.0.get(at), text.get(rest)) {
                (None, None) => return true,
                (Some('*'), _) => {
                    star = Some((at, rest));
                    at += 1;
                }
                (Some(wanted), Some(c)) if *wanted == '?' || wanted == c => {
                    at += 1;
                    rest += 1;
                }
                _ => match &mut star {
                    Some((place, end)) if *end < text.len() => {
                        *end += 1;
                        (at, rest) = (*place + 1, *end);
                    }
                    Some(_) | None => return false,
                },
            }
        }
    }
}

/// How a phone is named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Phone {
    /// The address that it asks from.
    Address(IpAddr),
    /// Twelve lower-case hexadecimal digits.
    Mac(String),
}

impl Phone {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let digits: String = text.chars().filter(|c| !":-.".contains(*c)).collect();
        let is_mac = digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit());
        is_mac.then(|| Self::Mac(digits.to_ascii_lowercase()))
    }
}

/// Digits of a MAC.
const DIGITS: usize = 12;
/// A run of more digits is something else than a MAC behind a prefix such as `spa`, whose last letter is a digit too.
const LONGEST_RUN: usize = DIGITS + 4;

/// The MACs that a text holds, in lower case without separators, in the order of the text.
pub(crate) fn macs(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = digits_from(bytes, at);
        if digits == 0 {
            at += 1;
            continue;
        }
        if (DIGITS..=LONGEST_RUN).contains(&digits) {
            found.extend(
                text.get(at + digits - DIGITS..at + digits)
                    .map(str::to_ascii_lowercase),
            );
        } else if digits == 2
            && let Some(mac) = pairs(text, at)
        {
            at += mac.len() / 2 * 3 - 1;
            found.push(mac);
            continue;
        }
        at += digits;
    }
    found
}

fn digits_from(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count()
}

/// Six pairs of digits with the same separator between them.
fn pairs(text: &str, at: usize) -> Option<String> {
    let written = text.get(at..at + 17)?;
    let separator = written
        .as_bytes()
        .get(2)
        .filter(|byte| b":-".contains(byte))?;
    let parts: Vec<&str> = written.split(char::from(*separator)).collect();
    let two_digits = |part: &&str| part.len() == 2 && part.chars().all(|c| c.is_ascii_hexdigit());
    (parts.len() == 6 && parts.iter().all(two_digits)).then(|| parts.concat().to_ascii_lowercase())
}
