//! Reports: for people and for machines.

mod conformance;
mod html;
mod json;
mod junit;
mod text;
mod timeline;
mod xml;

pub use conformance::conformance;
pub use html::html;
pub use json::{Document, document};
pub use junit::junit;
pub use text::{ending, row};
