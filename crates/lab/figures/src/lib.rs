//! What reports of many phones are made of, live ones and those of virtual time.
//!
//! [`Spans`] counts how long things took; its [`Distribution`]s add up. A [`Threshold`] says whether a report is good enough, in words that
//! all kinds of reports share ([`Measured`]). A [`Page`] is one file for a browser, with [`Plot`]s, which asks for no other.
//!
//! Deliberately unknown here: phones, servers, what a kind of report counts, files.
//!
//! Requirement families: none.

mod distribution;
mod page;
mod plot;
mod threshold;

pub use distribution::{Distribution, Spans};
pub use page::{Bar, Page};
pub use plot::{Colour, Curve, Plot, Points, percentiles, thinned};
pub use threshold::{Found, Measured, Threshold, ThresholdError, What, span};
