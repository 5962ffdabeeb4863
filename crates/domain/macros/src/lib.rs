//! Macro expansion of rules, triggers, messages and request bodies.
//!
//! A [`Template`] is compiled once from an unexpanded text and expanded any
//! number of times into an [`Expanded`] that the caller keeps. Values come from
//! a [`MacroSource`]. Expansion is one pass: inserted text is never scanned.
//!
//! Secret registers are special. `$SA`..`$SD` stay in the text as written and
//! are listed as [`SecretSlot`]s; whoever parses the text binds those that lie
//! where a secret may stand. No secret value passes through this crate.
//!
//! Deliberately unknown here: which parameters are expanded (R-MACRO-1), rules,
//! conditions, where values come from, clocks.
//!
//! Requirement families: R-MACRO.

#[cfg(test)]
mod effort;
mod expanded;
mod name;
mod scan;
mod source;
mod substring;
mod template;

pub use expanded::{Expanded, Insertion, SecretSlot};
pub use name::MacroName;
pub use source::MacroSource;
pub use substring::Substring;
pub use template::{Template, expand_to_string};
