//! Parameters by number: what exists, what it is called, what the factory sets.

mod canonical;
mod default;
pub(crate) mod hash;
pub mod known;
mod lookup;
mod nearest;
pub(crate) mod pattern;
pub(crate) mod shared;
pub(crate) mod text;

use std::fmt;

use onhook_device::{Family, Readings, Release};

pub use canonical::BadValue;
pub use pattern::Pattern;
pub use text::Choices;

use crate::generated::table::{COUNT, OWNERS, PATTERNS};

/// A parameter: a dense number over all families, releases and indices.
///
/// Its order is that of the registry. Numbers change when the registry does: store names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(u16);

/// The right of the User account (R-UA-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum UserAccess {
    /// No access.
    Na,
    /// Read-only.
    Ro,
    /// Read and write.
    Rw,
}

impl UserAccess {
    /// The word of the attribute `ua`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Na => "na",
            Self::Ro => "ro",
            Self::Rw => "rw",
        }
    }
}

/// Which parameters exist and which defaults apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Scope {
    /// Product family.
    pub family: Family,
    /// Release preset.
    pub release: Release,
    /// Readings that decide defaults.
    pub readings: Readings,
}

impl Scope {
    /// A scope with the readings of the release preset.
    #[must_use]
    pub const fn new(family: Family, release: Release) -> Self {
        Self {
            family,
            release,
            readings: Readings::preset(family, release),
        }
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new(Family::default(), Release::default())
    }
}

impl ParamId {
    /// The number of parameters; every raw number is below it.
    pub const COUNT: usize = COUNT as usize;

    /// For the generated table alone: `raw` is below `COUNT`.
    pub(crate) const fn from_table(raw: u16) -> Self {
        Self(raw)
    }

    /// The dense number, below [`ParamId::COUNT`].
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// The parameter with a dense number, if there is one.
    #[must_use]
    pub const fn from_raw(raw: u16) -> Option<Self> {
        if raw < COUNT { Some(Self(raw)) } else { None }
    }

    /// What the registry says about the parameter and its siblings of other indices.
    #[must_use]
    pub fn pattern(self) -> &'static Pattern {
        self.owner().1
    }

    fn owner(self) -> (u16, &'static Pattern) {
        #[expect(
            clippy::indexing_slicing,
            reason = "ids stay below COUNT, and the generated tables cover each of them"
        )]
        {
            let owner = OWNERS[usize::from(self.0)];
            (owner, &PATTERNS[usize::from(owner)])
        }
    }

    /// The index of a parameter of a row, from 1; that of the key, where there are units too.
    #[must_use]
    pub fn index(self) -> Option<u16> {
        self.pattern().index_text(self).parse().ok()
    }

    /// All parameters that a scope knows, each under one name, in order of id.
    pub fn all(scope: &Scope) -> impl Iterator<Item = Self> + use<> {
        let scope = *scope;
        (0..COUNT)
            .map(Self)
            .filter(move |id| id.pattern().is_known_in(&scope) && id.meant().is_none())
    }

    /// The element name, without allocating.
    #[must_use]
    pub fn name(self) -> impl fmt::Display + Copy {
        Name(self)
    }

    /// Appends the element name.
    pub fn push_name(self, out: &mut String) {
        for piece in self.pattern().pieces(self) {
            out.push_str(piece);
        }
    }
}

impl fmt::Debug for ParamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Name(*self), f)
    }
}

/// Prints the element name of a parameter.
#[derive(Clone, Copy)]
struct Name(ParamId);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .pattern()
            .pieces(self.0)
            .into_iter()
            .try_for_each(|piece| f.write_str(piece))
    }
}
