//! Where macro values come from.

use crate::MacroName;

/// Gives macros their values.
pub trait MacroSource {
    /// Appends the value of a macro; appends nothing for an empty one (R-MACRO-11).
    ///
    /// What `out` holds already stays untouched. Never called with [`MacroName::Secret`].
    fn push_value(&self, name: MacroName, out: &mut String);
}
