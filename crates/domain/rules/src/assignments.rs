//! The assignments of an alternative: `( Name = "value" ; … )!`.

use std::fmt;

use crate::cursor::Cursor;
use crate::{RuleError, RuleErrorCode};

/// What an assignment sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Target<'t> {
    /// A general-purpose parameter: GPP_A..GPP_P as 0..=15.
    Gpp(u8),
    /// A parameter by its element name; it may not exist (R-ASSIGN-4).
    Name(&'t str),
}

impl fmt::Display for Target<'_> {
    /// Writes the element name of the parameter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gpp(index) => write!(f, "GPP_{}", char::from(b'A'.saturating_add(*index))),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One assignment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Assignment<'t> {
    /// What is set.
    pub target: Target<'t>,
    /// The new value; may be empty, may be secret.
    pub value: &'t str,
    /// Byte offset of the target in the rule.
    pub offset: usize,
    /// Byte offset of the value in the rule, behind its quote.
    pub value_offset: usize,
}

impl fmt::Debug for Assignment<'_> {
    /// Names the target, never the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment")
            .field("target", &self.target)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// The assignments of one alternative in textual order, which is the order of execution (R-ASSIGN-5).
#[derive(Clone, Copy)]
pub struct Assignments<'t> {
    text: &'t str,
    base: usize,
}

impl<'t> Assignments<'t> {
    pub(crate) const fn none() -> Self {
        Self { text: "", base: 0 }
    }

    /// Checks a whole list; `base` is the byte offset of `text` in the rule.
    pub(crate) fn parse(text: &'t str, base: usize) -> Result<Self, RuleError> {
        let list = Self { text, base };
        let mut all = list.iter();
        while all.advance()?.is_some() {}
        Ok(list)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The assignments, one by one.
    #[must_use]
    pub const fn iter(&self) -> AssignmentIter<'t> {
        AssignmentIter {
            rest: Cursor::new(self.text),
            base: self.base,
        }
    }
}

impl<'t> IntoIterator for Assignments<'t> {
    type Item = Assignment<'t>;
    type IntoIter = AssignmentIter<'t>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'t> IntoIterator for &Assignments<'t> {
    type Item = Assignment<'t>;
    type IntoIter = AssignmentIter<'t>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Assignments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Reads assignments one by one.
#[derive(Clone)]
pub struct AssignmentIter<'t> {
    rest: Cursor<'t>,
    base: usize,
}

impl<'t> AssignmentIter<'t> {
    fn advance(&mut self) -> Result<Option<Assignment<'t>>, RuleError> {
        let base = self.base;
        let error = |at: usize, expected| {
            Err(RuleError::new(
                RuleErrorCode::BadAssignment,
                base + at,
                expected,
            ))
        };
        let cursor = &mut self.rest;
        cursor.skip_space();
        if cursor.peek().is_none() {
            return Ok(None);
        }
        let offset = cursor.at();
        //= R-ASSIGN-1
        let name = cursor.take_while(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let Some(target) = target(name) else {
            return error(offset, "a parameter name, or a letter a to p");
        };
        cursor.skip_space();
        if cursor.peek() != Some(b'=') {
            return error(cursor.at(), "`=`");
        }
        cursor.bump();
        cursor.skip_space();
        if cursor.peek() != Some(b'"') {
            return error(cursor.at(), "a value in double quotes");
        }
        let value_offset = cursor.at() + 1;
        let value = cursor.string().map_err(|e| e.behind(base))?;
        cursor.skip_space();
        match cursor.peek() {
            Some(b';') => cursor.bump(),
            None => {}
            Some(_) => return error(cursor.at(), "`;`"),
        }
        Ok(Some(Assignment {
            target,
            value,
            offset: base + offset,
            value_offset: base + value_offset,
        }))
    }
}

/// Reads a target from letters, digits, `_`, `-` and `.`.
fn target(name: &str) -> Option<Target<'_>> {
    if let [letter @ b'a'..=b'p'] = name.as_bytes() {
        return Some(Target::Gpp(letter - b'a'));
    }
    let first = name.bytes().next()?;
    (first.is_ascii_alphabetic() || first == b'_').then_some(Target::Name(name))
}

impl<'t> Iterator for AssignmentIter<'t> {
    type Item = Assignment<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        //= R-ASSIGN-5
        // The list was checked when the rule was parsed.
        self.advance().ok().flatten()
    }
}

impl fmt::Debug for AssignmentIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
