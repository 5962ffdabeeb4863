//! Arguments of `--key`, `--uid` and `--pwd`, with their references to secret registers.

use std::fmt;
use std::ops::Range;

use onhook_macros::{SecretSlot, Substring};

/// A part of an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text of the rule.
    Text(&'t str),
    /// A part of a secret register.
    Secret {
        /// The register: SA..SD as 0..=3.
        register: u8,
        /// The part of its value.
        substring: Substring,
    },
}

impl fmt::Debug for Piece<'_> {
    /// Names the register, never the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("***"),
            Self::Secret {
                register,
                substring,
            } => f
                .debug_struct("Secret")
                .field("register", register)
                .field("substring", substring)
                .finish(),
        }
    }
}

/// The argument of an option that takes text. It is never empty as written, but a part that a
/// secret register supplies may be empty when it is bound.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Argument<'t> {
    text: &'t str,
    offset: usize,
    slots: &'t [SecretSlot],
}

impl<'t> Argument<'t> {
    /// `slots` may be those of the whole rule; the ones inside the argument are kept.
    pub(crate) fn new(text: &'t str, offset: usize, slots: &'t [SecretSlot]) -> Self {
        let end = offset + text.len();
        let first = slots.partition_point(|slot| slot.range.start < offset);
        let last = slots.partition_point(|slot| slot.range.end <= end);
        Self {
            text,
            offset,
            slots: slots.get(first..last).unwrap_or(&[]),
        }
    }

    /// Byte range in the rule, without quotes.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.text.len()
    }

    /// Whether no part comes from a secret register.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.slots.is_empty()
    }

    /// The argument of an option that names no secret register; `None` if a part does.
    #[must_use]
    pub const fn plain(&self) -> Option<&'t str> {
        if self.is_plain() {
            Some(self.text)
        } else {
            None
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The parts, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'t>> + use<'t> {
        let Self {
            text,
            offset,
            slots,
        } = *self;
        let starts = std::iter::once(0).chain(slots.iter().map(move |s| s.range.end - offset));
        let ends = slots
            .iter()
            .map(move |s| s.range.start - offset)
            .chain(std::iter::once(text.len()));
        let secrets = slots
            .iter()
            .map(|slot| {
                Some(Piece::Secret {
                    register: slot.register,
                    substring: slot.substring,
                })
            })
            .chain(std::iter::once(None));
        starts
            .zip(ends)
            .zip(secrets)
            .flat_map(move |((start, end), secret)| {
                let literal = text
                    .get(start..end)
                    .filter(|literal| !literal.is_empty())
                    .map(Piece::Text);
                literal.into_iter().chain(secret)
            })
    }

    /// Appends the argument, asking `register` (SA..SD as 0..=3) for the values of secret registers.
    ///
    /// An argument that turns out empty counts as not given (R-OPT-6).
    pub fn bind<'s>(&self, mut register: impl FnMut(u8) -> &'s str, out: &mut String) {
        //= R-MACRO-19
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Secret {
                    register: r,
                    substring,
                } => out.push_str(substring.apply(register(r))),
            }
        }
    }
}

impl fmt::Debug for Argument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pieces()).finish()
    }
}
