//! The registry of parameters, and sets and deltas of their values.
//!
//! Every parameter of the family has a dense [`ParamId`]; looking one up by its
//! element name allocates nothing. A [`Delta`] is what a profile or an
//! assignment sets; a [`ParamSet`] holds only what differs from the factory
//! state, as ids of interned [`Values`].
//!
//! [`types`] says what the texts of values mean.
//!
//! Deliberately unknown here: XML, rules, storage formats, who changes a value.
//!
//! Requirement families: R-XML-3, R-TYP, R-APP-2, R-APP-6, R-APP-7, R-UA.

mod assigned;
mod delta;
mod generated;
mod kind;
pub mod port;
mod registry;
mod set;
pub mod types;
mod values;

pub use assigned::assigned_secrets;
pub use delta::{Delta, DeltaBuilder, Setting};
pub use kind::Kind;
pub use registry::{BadValue, Choices, ParamId, Pattern, Scope, UserAccess, known};
pub use set::{BaseId, Bases, Entry, Mark, ParamSet, Value, View, entered, intern, secrecy};
pub use values::{Secrecy, ValueId, Values};
