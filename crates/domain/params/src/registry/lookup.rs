//! From an element name to a parameter.

use super::{ParamId, Scope, hash};
use crate::generated::table::{PATTERNS, SLOTS};

impl ParamId {
    /// Finds the parameter that an element name stands for; allocates nothing.
    ///
    /// Upper and lower case differ. `None` for a name that the family and release of the scope do not have;
    /// an index out of range, or one with leading zeros, makes another name.
    #[must_use]
    pub fn lookup(name: &str, scope: &Scope) -> Option<Self> {
        let id = Self::named(name)?;
        let pattern = id.pattern();
        if !pattern.is_known_in(scope) {
            return None;
        }
        match pattern.same_as {
            Some(target) => PATTERNS
                .get(usize::from(target))
                .map(|pattern| Self(pattern.base)),
            None => Some(id),
        }
    }

    /// Finds a name of any family and release.
    fn named(name: &str) -> Option<Self> {
        //= R-XML-3
        //= R-XML-4
        let hash = hash::hash(name);
        let tag = hash::tag(hash);
        let mut at = hash::first_slot(hash, SLOTS.len());
        loop {
            // Free slots are plenty, so the search ends after a few steps.
            let slot = *SLOTS.get(at)?;
            let raw = (slot as u16).checked_sub(1)?;
            if (slot >> 16) as u16 == tag && Self(raw).is_named(name) {
                return Some(Self(raw));
            }
            at = (at + 1) % SLOTS.len();
        }
    }

    fn is_named(self, name: &str) -> bool {
        let pattern = self.pattern();
        if !pattern.is_indexed() {
            return pattern.element() == name;
        }
        let [head, first, middle, second, tail] = pattern.pieces(self);
        let rest = name
            .strip_prefix(head)
            .and_then(|rest| behind_number(rest, first));
        if second.is_empty() {
            return rest == Some(middle);
        }
        rest.and_then(|rest| behind_number(rest.strip_prefix(middle)?, second)) == Some(tail)
    }
}

/// What follows a number of one or two digits; shorter than a general comparison.
fn behind_number<'n>(text: &'n str, number: &str) -> Option<&'n str> {
    let (digits, rest) = text.split_at_checked(number.len())?;
    digits.bytes().eq(number.bytes()).then_some(rest)
}
