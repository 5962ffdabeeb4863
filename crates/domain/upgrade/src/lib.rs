//! When a phone upgrades its firmware (transports.md section 10, rules.md 4.7): what a load's name says, which targets are
//! not tried again, retries.
//!
//! It knows neither parameters nor rules, requests nor slots: whoever drives it evaluates the rule, names the target and
//! carries out what the machine decides.

mod load;
mod machine;
mod memory;

pub use load::{Refusal, load_name, refusal};
pub use machine::{Armed, Decision, Stage, Upgrade};
pub use memory::{Lasting, Memory, Target, Tried, digest};
