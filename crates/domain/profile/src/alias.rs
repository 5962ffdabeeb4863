//! Alias maps: which parameters the elements of a foreign document set (rules.md 8).

use std::fmt;

use thiserror::Error;

use crate::scanner::classes::{is_name_byte, is_name_start};

/// Most entries that count, bad ones included (R-ALI-5).
const MOST: usize = 30;
/// The document of the right side.
const DOCUMENT: &str = "flat-profile";

/// The map of `--alias`: the text of a register, not expanded (R-ALI-1).
///
/// Bad entries are left out; [`AliasMap::errors`] tells them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AliasMap<'t> {
    entries: Vec<Alias<'t>>,
    errors: Vec<AliasError>,
}

/// One entry: `/path/element = /flat-profile/Parameter`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alias<'t> {
    /// Names of elements, outermost first, joined by `/` and without the leading one.
    pub path: &'t str,
    /// The element name of the parameter; it may not exist.
    pub parameter: &'t str,
    /// Byte offset of [`Alias::path`] in the map.
    pub path_offset: usize,
    /// Byte offset of [`Alias::parameter`] in the map.
    pub parameter_offset: usize,
}

/// What is wrong with an entry; the names never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum AliasErrorCode {
    /// A side does not begin with `/`, or a name is missing or is none.
    BadPath,
    /// `=` is missing between the sides.
    MissingEquals,
    /// The right side is not `/flat-profile/` and one name.
    NotFlatProfile,
    /// Something follows the right side.
    TrailingText,
    /// There are more entries than count; told once, for the first of them.
    TooMany,
}

impl AliasErrorCode {
    /// The stable name for JSON output and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadPath => "alias-bad-path",
            Self::MissingEquals => "alias-missing-equals",
            Self::NotFlatProfile => "alias-not-flat-profile",
            Self::TrailingText => "alias-trailing-text",
            Self::TooMany => "alias-too-many",
        }
    }

    /// The problem in words, for people.
    #[must_use]
    pub const fn problem(self) -> &'static str {
        match self {
            Self::BadPath => "a path of elements cannot be read",
            Self::MissingEquals => "an entry has no right side",
            Self::NotFlatProfile => "the right side names no parameter",
            Self::TrailingText => "an entry does not end here",
            Self::TooMany => "the map has more than 30 entries",
        }
    }
}

impl fmt::Display for AliasErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An entry that is left out: what, where, and what belongs there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("alias map, byte {offset}: {}; expected {expected}", .code.problem())]
pub struct AliasError {
    code: AliasErrorCode,
    offset: usize,
    expected: &'static str,
}

impl AliasError {
    const fn new(code: AliasErrorCode, offset: usize, expected: &'static str) -> Self {
        Self {
            code,
            offset,
            expected,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn code(&self) -> AliasErrorCode {
        self.code
    }

    /// Where it is, in bytes from the start of the map, at most its length.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What should stand there, for people.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}

impl<'t> AliasMap<'t> {
    /// Reads a map. Every text is one: bad entries are told and left out (R-ALIAS-5).
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let mut map = Self {
            entries: Vec::new(),
            errors: Vec::new(),
        };
        let mut offset = 0;
        //= R-ALI-1
        for entry in text.split(';') {
            let start = offset;
            offset += entry.len() + 1;
            if entry.bytes().all(is_space) {
                continue;
            }
            //= R-ALIAS-3
            //= R-ALI-5
            if map.entries.len() + map.errors.len() == MOST {
                let error = AliasError::new(AliasErrorCode::TooMany, start, "at most 30 entries");
                map.errors.push(error);
                break;
            }
            //= R-ALIAS-5
            match read_entry(entry, start) {
                Ok(alias) => map.entries.push(alias),
                Err(error) => map.errors.push(error),
            }
        }
        map
    }

    /// The good entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Alias<'t>] {
        &self.entries
    }

    /// The bad entries, in order.
    #[must_use]
    pub fn errors(&self) -> &[AliasError] {
        &self.errors
    }

    /// The entry of an element, given by the names of its ancestors, outermost first, and its own.
    ///
    /// The first entry wins whose path is the end of that list (R-ALIAS-2, R-ALIAS-3); `counts` says whether the
    /// parameter of an entry exists.
    pub fn find(
        &self,
        ancestry: &[&str],
        mut counts: impl FnMut(&Alias<'t>) -> bool,
    ) -> Option<&Alias<'t>> {
        //= R-ALIAS-2
        //= R-ALIAS-3
        //= R-ALI-3
        self.entries
            .iter()
            .find(|alias| alias.matches(ancestry) && counts(alias))
    }
}

impl Alias<'_> {
    /// Whether its path is the end of an ancestry, outermost name first.
    pub(crate) fn matches(&self, ancestry: &[&str]) -> bool {
        //= R-ALIAS-2
        let mut outwards = ancestry.iter().rev();
        self.path
            .rsplit('/')
            .all(|name| outwards.next() == Some(&name))
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Reads `path = /flat-profile/Name` with white space around; `base` is its byte offset in the map.
fn read_entry(entry: &str, base: usize) -> Result<Alias<'_>, AliasError> {
    let mut rest = Rest { text: entry, at: 0 };
    let (path, path_at) = rest.path().map_err(|e| e.behind(base))?;
    rest.skip_space();
    if rest.peek() != Some(b'=') {
        return Err(AliasError::new(
            AliasErrorCode::MissingEquals,
            base + rest.at,
            "`=` and `/flat-profile/` with the name of a parameter",
        ));
    }
    rest.at += 1;
    let (target, target_at) = rest.path().map_err(|e| e.behind(base))?;
    rest.skip_space();
    if rest.peek().is_some() {
        return Err(AliasError::new(
            AliasErrorCode::TrailingText,
            base + rest.at,
            "`;`",
        ));
    }
    //= R-ALIAS-1
    match target.split_once('/') {
        Some((DOCUMENT, parameter)) if !parameter.contains('/') => Ok(Alias {
            path,
            parameter,
            path_offset: base + path_at,
            parameter_offset: base + target_at + target.len() - parameter.len(),
        }),
        Some(_) | None => Err(AliasError::new(
            AliasErrorCode::NotFlatProfile,
            base + target_at - 1,
            "`/flat-profile/` and the name of a parameter",
        )),
    }
}

/// What is not read yet of an entry.
struct Rest<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Rest<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Reads a path, white space before it; gives it without its first `/`, and where it begins then.
    fn path(&mut self) -> Result<(&'t str, usize), AliasError> {
        self.skip_space();
        let start = self.at + 1;
        while self.peek() == Some(b'/') {
            self.at += 1;
            if !self.peek().is_some_and(is_name_start) {
                return Err(self.bad_path("the name of an element behind `/`"));
            }
            while self.peek().is_some_and(is_name_byte) {
                self.at += 1;
            }
        }
        match self.text.get(start..self.at) {
            Some(path) if !path.is_empty() => Ok((path, start)),
            Some(_) | None => Err(self.bad_path("`/` and the name of an element")),
        }
    }

    const fn bad_path(&self, expected: &'static str) -> AliasError {
        AliasError::new(AliasErrorCode::BadPath, self.at, expected)
    }
}

impl AliasError {
    /// The same error in a text that begins `bytes` earlier.
    const fn behind(mut self, bytes: usize) -> Self {
        self.offset += bytes;
        self
    }
}
