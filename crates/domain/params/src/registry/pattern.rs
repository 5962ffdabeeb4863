//! One entry of the registry: an element, or a row of elements that differ in their index.

use std::fmt;

use onhook_device::{Family, Release};

use super::shared::{Factory, Field, Limits};
use super::text::{Choices, Text};
use super::{ParamId, Scope, UserAccess};
use crate::generated::table::{FACTORIES, FIELDS, LIMITS};
use crate::kind::{Allowed, Kind};

/// Bits of [`Pattern::known_in`]: families, then releases.
pub(crate) mod known_in {
    pub(crate) const MPP: u8 = 1;
    pub(crate) const SPA: u8 = 2;
    pub(crate) const ATA: u8 = 4;
    pub(crate) const R11_3: u8 = 8;
    pub(crate) const R10_4: u8 = 16;
}

/// The decimal texts of all indices from 1: nine of one digit, then those of two.
static NUMBERS: &str = "12345678910111213141516171819202122232425262728293031323334353637383940";

/// What the registry says about one element or one row of indexed elements.
///
/// There is one for each of more than a thousand elements, so it is kept small: what many have in common it
/// names by number.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pattern {
    pub(crate) element: Text,
    /// Id of the first parameter of the row.
    pub(crate) base: u16,
    /// Number among the limits; of these three numbers, 0 stands for none.
    pub(crate) limits: u16,
    /// Number among the factory values.
    pub(crate) factory: u16,
    /// Number among the fields of the administration page.
    pub(crate) field: u16,
    /// The value type.
    pub kind: Kind,
    /// Whether the value type was published; only then a value is refused.
    pub enforced: bool,
    /// The factory right of the User account, where exports show it.
    pub user_access: Option<UserAccess>,
    /// Whether values are never shown, logged or reported (R-SEC-1).
    pub secret: bool,
    /// Whether a value may contain a key or password, so that messages must not quote it (R-SEC-3).
    pub may_hold_secret: bool,
    /// Whether reports contain the element.
    pub in_report: bool,
    /// Whether the administration page shows the field.
    pub web_visible: bool,
    /// Whether a changed value needs a restart (R-RBT-2).
    pub reboot: bool,
    /// Whether macros in the value are expanded when it is used.
    pub macro_expanded: bool,
    /// Families and releases.
    pub(crate) known_in: u8,
    /// Units of a row with two indices, counted from 1.
    pub(crate) units: u8,
    /// First index; 0 for an element without index.
    pub(crate) first: u8,
    pub(crate) last: u8,
    /// Bytes of the element before its first placeholder.
    pub(crate) head: u8,
    /// Bytes between its two placeholders, if it has two.
    pub(crate) middle: u8,
}

impl Pattern {
    /// What the generated table leaves out.
    pub(crate) const BLANK: Self = Self {
        element: Text::NONE,
        base: 0,
        limits: 0,
        factory: 0,
        field: 0,
        kind: Kind::Str,
        enforced: false,
        user_access: None,
        secret: false,
        may_hold_secret: false,
        in_report: true,
        web_visible: true,
        reboot: false,
        macro_expanded: false,
        known_in: 0,
        units: 1,
        first: 0,
        last: 0,
        head: 0,
        middle: 0,
    };

    fn limits(&self) -> &'static Limits {
        LIMITS
            .get(usize::from(self.limits))
            .unwrap_or(&Limits::NONE)
    }

    pub(crate) fn factory(&self) -> &'static Factory {
        FACTORIES
            .get(usize::from(self.factory))
            .unwrap_or(&Factory::NONE)
    }

    fn field(&self) -> &'static Field {
        FIELDS.get(usize::from(self.field)).unwrap_or(&Field::NONE)
    }

    /// The element name; `{n}`, or `{u}` and `{k}`, stand for an index.
    #[must_use]
    pub fn element(&self) -> &'static str {
        self.element.get().unwrap_or_default()
    }

    /// The field name on the administration page, where a guide prints it.
    #[must_use]
    pub fn label(&self) -> Option<&'static str> {
        self.field().label.get()
    }

    /// The tab of the administration page.
    #[must_use]
    pub fn tab(&self) -> Option<&'static str> {
        self.field().tab.get()
    }

    /// The section of that tab.
    #[must_use]
    pub fn section(&self) -> Option<&'static str> {
        self.field().section.get()
    }

    /// The published choices.
    #[must_use]
    pub fn values(&self) -> Choices {
        Choices::of(self.limits().values)
    }

    /// The smallest number allowed, in the unit of the value.
    #[must_use]
    pub fn min(&self) -> Option<u32> {
        self.limits().min
    }

    /// The largest number allowed, in the unit of the value.
    #[must_use]
    pub fn max(&self) -> Option<u32> {
        self.limits().max
    }

    /// The shortest text allowed besides none at all, in characters.
    #[must_use]
    pub fn min_len(&self) -> Option<u16> {
        self.limits().min_len
    }

    /// The longest text allowed, in characters.
    #[must_use]
    pub fn max_len(&self) -> Option<u16> {
        self.limits().max_len
    }

    /// What a value may be, as the object of "write": `a number from 0 to 255, decimal or 0x hexadecimal`.
    #[must_use]
    pub fn allowed(&'static self) -> impl fmt::Display {
        Allowed(self)
    }

    /// The unit of a number: `s`, `ms` or `min`.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        self.limits().unit.get()
    }

    /// Whether the family and the release of a scope have the element.
    #[must_use]
    pub const fn is_known_in(&self, scope: &Scope) -> bool {
        let families = match scope.family {
            Family::Mpp => known_in::MPP,
            Family::Spa => known_in::SPA | known_in::ATA,
        };
        let releases = match scope.release {
            Release::R11_3 => known_in::R11_3,
            Release::R10_4 => known_in::R10_4,
        };
        self.known_in & families != 0 && self.known_in & releases != 0
    }

    /// The families that have the element, in the words of the registry: `mpp`, `spa`, `ata`.
    pub fn families(&self) -> impl Iterator<Item = &'static str> + use<> {
        let bits = self.known_in;
        [
            (known_in::MPP, "mpp"),
            (known_in::SPA, "spa"),
            (known_in::ATA, "ata"),
        ]
        .into_iter()
        .filter_map(move |(bit, name)| (bits & bit != 0).then_some(name))
    }

    /// The field name on the administration page of a release, where a guide prints it.
    #[must_use]
    pub fn label_in(&self, release: Release) -> Option<&'static str> {
        match (release, self.field().label_10_4.get()) {
            (Release::R10_4, Some(label)) => Some(label),
            (Release::R10_4 | Release::R11_3, _) => self.label(),
        }
    }

    /// The unit of a number, where a reading decides about it (R-SCHED-10).
    #[must_use]
    pub fn unit_in(&self, scope: &Scope) -> Option<&'static str> {
        match self.limits().unit_10_4.get() {
            Some(unit) if scope.readings.random_delay_unit_s == 20 => Some(unit),
            Some(_) | None => self.unit(),
        }
    }

    /// Whether an index belongs to the name, and so the element comes in a row.
    #[must_use]
    pub const fn is_indexed(&self) -> bool {
        self.first != 0
    }

    /// The indices of a parameter of this row: unit (1 unless there are two) and index.
    const fn position(&self, id: ParamId) -> (u16, u16) {
        let offset = id.0 - self.base;
        if self.units == 1 {
            return (1, self.first as u16 + offset);
        }
        let span = self.last as u16 - self.first as u16 + 1;
        (1 + offset / span, self.first as u16 + offset % span)
    }

    /// The index of a parameter of this row as text; empty without index.
    pub(crate) fn index_text(&self, id: ParamId) -> &'static str {
        if self.is_indexed() {
            number(self.position(id).1)
        } else {
            ""
        }
    }

    /// The name of a parameter of this row in five pieces, some of them empty.
    pub(crate) fn pieces(&self, id: ParamId) -> [&'static str; 5] {
        if !self.is_indexed() {
            return [self.element(), "", "", "", ""];
        }
        let (unit, index) = self.position(id);
        let (head, rest) = cut(self.element(), self.head);
        if self.units == 1 {
            return [head, number(index), rest, "", ""];
        }
        let (middle, tail) = cut(rest, self.middle);
        [head, number(unit), middle, number(index), tail]
    }
}

fn number(n: u16) -> &'static str {
    let n = usize::from(n);
    let place = match n {
        0 => return "",
        1..10 => n - 1..n,
        10.. => 2 * n - 11..2 * n - 9,
    };
    NUMBERS.get(place).unwrap_or_default()
}

/// Splits around the placeholder that starts after `at` bytes; it has three bytes.
fn cut(element: &'static str, at: u8) -> (&'static str, &'static str) {
    let at = usize::from(at);
    let head = element.get(..at).unwrap_or_default();
    let tail = element.get(at + 3..).unwrap_or_default();
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stays_small() {
        assert!(size_of::<Pattern>() <= 28);
    }

    #[test]
    fn every_index_has_its_decimal_text() {
        for n in 1..=40 {
            assert_eq!(number(n), n.to_string());
        }
        assert_eq!((number(0), number(41)), ("", ""));
    }
}
