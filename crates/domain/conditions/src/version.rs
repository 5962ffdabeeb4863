//! Software and hardware versions in the two formats that devices use.

use std::cmp::Ordering;

use thiserror::Error;

use crate::pieces::{compare_parts, parts};

/// A version number; borrows the text that it was read from.
///
/// Versions have no total order: two formats do not compare, and an MPP version
/// without build equals every build of it. So [`Version::compare`] is no `Ord`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version<'t> {
    /// `2.0.3(G)`.
    Dotted(Dotted<'t>),
    /// `sip88xx.11-3-2MPP0001-609`.
    Mpp(Mpp<'t>),
}

/// A version of one to three numbers joined by dots, perhaps with a suffix (R-VER-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dotted<'t> {
    /// The numbers; those not given are 0.
    parts: [u64; 3],
    /// The characters between the parentheses, never empty.
    suffix: Option<&'t str>,
}

/// A version of parts joined by hyphens (R-VER-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mpp<'t> {
    /// The parts that are compared first, still joined by hyphens.
    parts: &'t str,
    /// The leading number of the build.
    build: Option<u64>,
}

/// A text that is no version, or two versions that do not compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum VersionError {
    /// The text does not follow either format.
    #[error("cannot read the version at byte {offset}: expected {expected}")]
    Malformed {
        /// Where, in bytes from the start of the version.
        offset: usize,
        /// What should stand there, for people.
        expected: &'static str,
    },
    /// A run of digits does not fit in 64 bits.
    #[error("cannot read the version at byte {offset}: the number does not fit in 64 bits")]
    TooLarge {
        /// Where the digits start, in bytes from the start of the version.
        offset: usize,
    },
    /// The two versions have different formats (R-VER-9).
    #[error("cannot compare a dotted version with an MPP version: write both in one format")]
    FormatsDiffer,
}

impl VersionError {
    /// Where the text is wrong, in bytes from the start of the version; 0 for two formats.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::Malformed { offset, .. } | Self::TooLarge { offset } => *offset,
            Self::FormatsDiffer => 0,
        }
    }
}

impl<'t> Version<'t> {
    /// Reads a version of either format; a lone integer is a dotted version of one part.
    ///
    /// A text with a hyphen, or one that starts with `sip`, is read as an MPP version.
    ///
    /// # Errors
    /// The text follows neither format, or digits do not fit in 64 bits.
    pub fn parse(text: &'t str) -> Result<Self, VersionError> {
        if text.bytes().any(|b| b == b'-') || text.starts_with("sip") {
            Mpp::parse(text).map(Self::Mpp)
        } else {
            Dotted::parse(text).map(Self::Dotted)
        }
    }

    /// Orders two versions of the same format (R-VER-2, R-VER-7, R-VER-8).
    ///
    /// # Errors
    /// [`VersionError::FormatsDiffer`].
    pub fn compare(&self, other: &Version<'_>) -> Result<Ordering, VersionError> {
        match (self, other) {
            (Self::Dotted(left), Version::Dotted(right)) => Ok(left.compare(right)),
            (Self::Mpp(left), Version::Mpp(right)) => Ok(left.compare(right)),
            //= R-VER-9
            (Self::Dotted(_), Version::Mpp(_)) | (Self::Mpp(_), Version::Dotted(_)) => {
                Err(VersionError::FormatsDiffer)
            }
        }
    }

    /// A dotted version of one part.
    pub(crate) const fn one_part(number: u64) -> Self {
        Self::Dotted(Dotted {
            parts: [number, 0, 0],
            suffix: None,
        })
    }
}

impl<'t> Dotted<'t> {
    /// The numbers, leftmost first; those not given are 0.
    #[must_use]
    pub const fn parts(&self) -> [u64; 3] {
        self.parts
    }

    /// The characters between the parentheses, never empty.
    #[must_use]
    pub const fn suffix(&self) -> Option<&'t str> {
        self.suffix
    }

    fn parse(text: &'t str) -> Result<Self, VersionError> {
        const EXPECTED: &str = "an integer or a version such as 2.0.3(G) or 11-3-2MPP0001-609";
        let malformed = |offset| VersionError::Malformed {
            offset,
            expected: EXPECTED,
        };
        let (numbers, suffix) = match text.split_once('(') {
            None => (text, None),
            Some((numbers, rest)) => {
                let suffix = rest.strip_suffix(')').unwrap_or("");
                let alphanumeric = suffix.bytes().all(|b| b.is_ascii_alphanumeric());
                //= R-VER-1
                if suffix.is_empty() || !alphanumeric || !numbers.contains('.') {
                    return Err(malformed(numbers.len()));
                }
                (numbers, Some(suffix))
            }
        };
        //= R-VER-1
        // Parts that are not given are 0.
        let mut parts = [0; 3];
        let mut slots = parts.iter_mut();
        let mut offset = 0;
        for digits in numbers.split('.') {
            let Some(slot) = slots.next() else {
                return Err(malformed(offset));
            };
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(malformed(offset));
            }
            *slot = digits
                .parse()
                .map_err(|_| VersionError::TooLarge { offset })?;
            offset += digits.len() + 1;
        }
        Ok(Self { parts, suffix })
    }

    fn compare(&self, other: &Dotted<'_>) -> Ordering {
        //= R-VER-2
        // `None` sorts before every suffix, and suffixes sort by their bytes.
        self.parts
            .cmp(&other.parts)
            .then_with(|| self.suffix.cmp(&other.suffix))
    }
}

impl<'t> Mpp<'t> {
    /// The parts that are compared, joined by hyphens: no model, no build, no `.loads`.
    #[must_use]
    pub const fn parts(&self) -> &'t str {
        self.parts
    }

    /// The leading number of the build, if the version has a build.
    #[must_use]
    pub const fn build(&self) -> Option<u64> {
        self.build
    }

    fn parse(text: &'t str) -> Result<Self, VersionError> {
        //= R-VER-5
        let body = text.strip_suffix(".loads").unwrap_or(text);
        let (start, body) = without_prefix(body)?;
        let mut parts_end = None;
        let mut build = None;
        let mut count = 0_usize;
        let mut offset = start;
        for part in parts(body) {
            check_part(part, offset)?;
            count += 1;
            //= R-VER-6
            // The first part behind the version is the build; later ones are ignored.
            if parts_end.is_some() {
                build = build.or_else(|| leading_number(part));
            } else if holds_mark(part) || (count == 3 && !holds_mark(body)) {
                parts_end = Some(offset - start + part.len());
            }
            offset += part.len() + 1;
        }
        //= R-VER-4
        let (Some(parts), 3..) = (parts_end.and_then(|end| body.get(..end)), count) else {
            return Err(VersionError::Malformed {
                offset: start + body.len(),
                expected: "at least three parts joined by `-`",
            });
        };
        Ok(Self { parts, build })
    }

    fn compare(&self, other: &Mpp<'_>) -> Ordering {
        //= R-VER-8
        let builds = || match (self.build, other.build) {
            (Some(left), Some(right)) => left.cmp(&right),
            (None, _) | (_, None) => Ordering::Equal,
        };
        compare_parts(self.parts, other.parts).then_with(builds)
    }
}

/// Whether the marker of multiplatform firmware stands somewhere in a text.
fn holds_mark(text: &str) -> bool {
    text.as_bytes().windows(3).any(|three| three == b"MPP")
}

/// Cuts the model off; returns what follows and where it starts.
fn without_prefix(body: &str) -> Result<(usize, &str), VersionError> {
    if !body.starts_with("sip") {
        return Ok((0, body));
    }
    match body.split_once('.') {
        Some((prefix, rest))
            if prefix
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_') =>
        {
            Ok((prefix.len() + 1, rest))
        }
        Some(_) | None => Err(VersionError::Malformed {
            offset: 0,
            expected: "a model such as `sip88xx.` in front of the version",
        }),
    }
}

/// Checks `digit { alnum }` and that every run of digits fits in 64 bits.
fn check_part(part: &str, offset: usize) -> Result<(), VersionError> {
    //= R-VER-6
    let starts_with_digit = part.as_bytes().first().is_some_and(u8::is_ascii_digit);
    if !starts_with_digit || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(VersionError::Malformed {
            offset,
            expected: "a part of letters and digits that starts with a digit",
        });
    }
    // A short part holds no long run.
    if part.len() <= 19 {
        return Ok(());
    }
    let mut at = offset;
    for run in part.split(|c: char| c.is_ascii_alphabetic()) {
        if run.len() > 19 && run.parse::<u64>().is_err() {
            return Err(VersionError::TooLarge { offset: at });
        }
        at += run.len() + 1;
    }
    Ok(())
}

fn leading_number(part: &str) -> Option<u64> {
    let end = part
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(part.len());
    part.get(..end)?.parse().ok()
}
