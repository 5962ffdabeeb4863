//! [`FlashStore`]: the ports `ConfigStore`, `StateStore` and `TrustStore` on a directory, safe against power cuts.
//!
//! A change writes a whole new file beside the old one, flushes it, renames it
//! over the old one and flushes the directory; so a reader finds one or the
//! other, and what was acknowledged stays. Parameters are stored by element
//! name; names that the registry does not know are kept as they are. One
//! process writes at a time; others may read.
//!
//! Deliberately unknown here: what parameters and states mean, when they
//! change, what their factory values are.
//!
//! Requirement families: R-FLS-1, R-FLS-2, R-APP-7 (nothing written when nothing changed).

mod codec;
mod disk;
mod fault;
mod folder;
#[doc(hidden)]
pub mod fuzz;
mod hook;
mod medium;
mod store;

pub use hook::{CommitHook, CommitStep, StoredFile};
pub use store::FlashStore;
