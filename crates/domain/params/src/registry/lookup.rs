//! From an element name to a parameter.

use super::{ParamId, Scope, hash};
use crate::generated::table::{ALIASES, NAMED, SHIFTS};

impl ParamId {
    /// Finds the parameter that an element name stands for; allocates nothing.
    ///
    /// Upper and lower case differ. `None` for a name that the family and release of the scope do not have;
    /// an index out of range, or one with leading zeros, makes another name.
    #[must_use]
    pub fn lookup(name: &str, scope: &Scope) -> Option<Self> {
        let id = Self::named(name)?;
        let known = id.pattern().is_known_in(scope);
        known.then(|| id.meant().unwrap_or(id))
    }

    /// The parameter that this one is another name of.
    pub(super) fn meant(self) -> Option<Self> {
        let mut aliases = ALIASES.iter();
        aliases
            .find(|(alias, _)| *alias == self)
            .map(|(_, meant)| *meant)
    }

    /// Finds a name of any family and release: the one name that may be this one, by its hash, is compared.
    fn named(name: &str) -> Option<Self> {
        //= R-XML-3
        //= R-XML-4
        let hash = hash::hash(name);
        let shift = *SHIFTS.get(hash::bucket(hash, SHIFTS.len()))?;
        let id = Self::from_raw(*NAMED.get(hash::slot(hash, shift, NAMED.len()))?)?;
        id.is_named(name).then_some(id)
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
