//! Lists with a published limit, kept without allocation.

use std::fmt;
use std::ops::Deref;

/// At most `N` items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Few<T, const N: usize> {
    items: [T; N],
    len: usize,
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self {
            items: [T::default(); N],
            len: 0,
        }
    }
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    /// Reads the parts of a text between separators; `None` if a part is wrong or there are too many.
    pub(super) fn parse(
        text: &str,
        separator: char,
        part: impl Fn(&str) -> Option<T>,
    ) -> Option<Self> {
        let mut few = Self::default();
        for piece in text.split(separator) {
            *few.items.get_mut(few.len)? = part(piece)?;
            few.len += 1;
        }
        Some(few)
    }
}

impl<T: fmt::Display, const N: usize> Few<T, N> {
    /// Prints the items with something between them.
    pub(super) fn join(&self, f: &mut fmt::Formatter<'_>, between: &str) -> fmt::Result {
        for (n, item) in self.iter().enumerate() {
            write!(f, "{}{item}", if n == 0 { "" } else { between })?;
        }
        Ok(())
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.items.get(..self.len).unwrap_or_default()
    }
}
