//! The result of an expansion, kept and reused by the caller.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::{MacroName, MacroSource, Substring};

/// A reference to a secret register, which stays in the expanded text as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretSlot {
    /// Byte range of the reference in the expanded text.
    pub range: Range<usize>,
    /// The register: SA..SD as 0..=3.
    pub register: u8,
    /// The part of the value that is meant.
    pub substring: Substring,
}

/// One macro that was replaced by its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Insertion {
    /// The macro.
    pub name: MacroName,
    /// The part of its value that was inserted.
    pub part: Substring,
    /// Byte range of the reference in the unexpanded text.
    pub source: Range<usize>,
    /// Byte range of the inserted value in the expanded text; may be empty.
    pub output: Range<usize>,
}

/// An expanded text with its secret slots and its source map.
///
/// Reuse one: after a few expansions the buffers fit and nothing is allocated. The text may hold a
/// key, so it is wiped on drop and `Debug` does not print it.
#[derive(Default)]
pub struct Expanded {
    text: Zeroizing<String>,
    slots: Vec<SecretSlot>,
    insertions: Vec<Insertion>,
}

impl Expanded {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The expanded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The references to secret registers, in order.
    #[must_use]
    pub fn slots(&self) -> &[SecretSlot] {
        &self.slots
    }

    /// The source map: the replaced macros, in order.
    #[must_use]
    pub fn insertions(&self) -> &[Insertion] {
        &self.insertions
    }

    /// Where a slice of [`Expanded::text`] lies in it; `None` for any other text.
    #[must_use]
    pub fn range_of(&self, part: &str) -> Option<Range<usize>> {
        let start = part
            .as_ptr()
            .addr()
            .checked_sub(self.text.as_ptr().addr())?;
        let range = start..start.checked_add(part.len())?;
        (range.end <= self.text.len()).then_some(range)
    }

    /// Whether any byte of a range was inserted by a macro.
    #[must_use]
    pub fn comes_from(&self, name: MacroName, range: &Range<usize>) -> bool {
        self.insertions.iter().any(|insertion| {
            insertion.name == name
                && insertion.output.start.max(range.start) < insertion.output.end.min(range.end)
        })
    }

    /// Empties the buffers and keeps their memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.slots.clear();
        self.insertions.clear();
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(crate) fn push_slot(&mut self, reference: &str, register: u8, substring: Substring) {
        let start = self.text.len();
        self.text.push_str(reference);
        self.slots.push(SecretSlot {
            range: start..self.text.len(),
            register,
            substring,
        });
    }

    /// Lets the source append the value, then cuts it to the part that is asked for.
    pub(crate) fn push_value(
        &mut self,
        name: MacroName,
        part: Substring,
        span: Range<usize>,
        source: &dyn MacroSource,
    ) {
        let start = self.text.len();
        //= R-MACRO-11
        source.push_value(name, &mut self.text);
        if part != Substring::WHOLE {
            self.keep_part(start, part);
        }
        self.note(name, part, span, start);
    }

    /// Inserts a fixed text in place of a value.
    pub(crate) fn push_mask(&mut self, name: MacroName, span: Range<usize>, mask: &str) {
        let start = self.text.len();
        self.text.push_str(mask);
        self.note(name, Substring::WHOLE, span, start);
    }

    fn keep_part(&mut self, start: usize, part: Substring) {
        let value = self.text.get(start..).unwrap_or("");
        let kept = part.apply(value).len();
        let head = Substring {
            start: 0,
            length: Some(part.start),
        };
        let skipped = head.apply(value).len();
        // Both come from character boundaries of the value, so neither call can panic.
        self.text.truncate(start + skipped + kept);
        self.text.drain(start..start + skipped);
    }

    fn note(&mut self, name: MacroName, part: Substring, source: Range<usize>, start: usize) {
        self.insertions.push(Insertion {
            name,
            part,
            source,
            output: start..self.text.len(),
        });
    }
}

impl fmt::Debug for Expanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expanded")
            .field("bytes", &self.text.len())
            .field("slots", &self.slots)
            .field("insertions", &self.insertions)
            .finish_non_exhaustive()
    }
}
