//! Texts of the registry as places in one long text, so that the tables hold no pointers.
//!
//! A table of pointers must be relocated when a program starts: that costs 24 bytes of the program for each
//! pointer, and every process gets a copy of the whole table.

use std::fmt;
use std::iter::FusedIterator;
use std::str::Split;

use crate::generated::table::TEXTS;

/// Bits of the length in a [`Text`].
const LENGTH_BITS: u32 = 12;

/// A text of the registry, or none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text(u32);

impl Text {
    /// No text, not even an empty one.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// A piece of [`TEXTS`]: where it begins, and its length, both in bytes.
    pub(crate) const fn at(start: u32, length: u32) -> Self {
        Self(start << LENGTH_BITS | length)
    }

    pub(crate) fn get(self) -> Option<&'static str> {
        if self == Self::NONE {
            return None;
        }
        let start = usize::try_from(self.0 >> LENGTH_BITS).ok()?;
        let length = usize::try_from(self.0 & ((1 << LENGTH_BITS) - 1)).ok()?;
        TEXTS.get(start..start + length)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

/// The published choices of a parameter, in their published spelling and order.
#[derive(Clone)]
pub struct Choices(Option<Split<'static, char>>);

/// What stands between two choices; no choice contains it.
const SEPARATOR: char = '\n';

impl Choices {
    pub(crate) fn of(joined: Text) -> Self {
        Self(joined.get().map(|text| text.split(SEPARATOR)))
    }

    /// Whether no choices were published.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Iterator for Choices {
    type Item = &'static str;

    fn next(&mut self) -> Option<&'static str> {
        self.0.as_mut()?.next()
    }
}

impl FusedIterator for Choices {}

impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
