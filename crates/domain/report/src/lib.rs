//! When a phone reports its configuration (transports.md section 11, rules.md 7), and what has changed since it last did.
//!
//! [`Reports`] turns restarts, local changes, periods and requests into one wish at a time; [`DeltaBase`] keeps the former
//! values of what has changed.
//!
//! It knows neither rules nor requests: whoever drives it evaluates Report_Rule, sends what is wanted and says how that ended.

mod base;
mod schedule;

pub use base::DeltaBase;
pub use schedule::{Reports, Schedule, Why};
