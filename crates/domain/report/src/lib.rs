//! When a phone reports its configuration (transports.md section 11, rules.md 7), and what has changed since it last did.
//!
//! [`Reports`] turns restarts, local changes, periods and requests into one wish at a time; [`DeltaBase`] keeps the former
//! values of what has changed. With the feature `archive`, [`pack_gzip`] and [`form`] make the body of a report of a problem.
//!
//! It knows neither rules nor requests: whoever drives it evaluates Report_Rule, sends what is wanted and says how that ended.

#[cfg(feature = "archive")]
mod archive;
mod base;
#[cfg(feature = "archive")]
mod multipart;
mod schedule;

#[cfg(feature = "archive")]
pub use archive::{pack, pack_gzip};
pub use base::DeltaBase;
#[cfg(feature = "archive")]
pub use multipart::{Form, form};
pub use schedule::{Reports, Schedule, Why};
