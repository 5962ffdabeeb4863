//! As many phones as a site has, in one process, against a server that somebody runs.
//!
//! [`Fleet::run`] plays phones with the reactor, the engine and the transports of the agent; they keep nothing. What it brings to
//! light is a [`Report`]: sums, so that reports of shards add up ([`merge`]). [`Threshold`]s say whether it is good enough.
//!
//! Latency is honest: it counts from when a resync was due, not from when somebody got round to it.
//!
//! Deliberately unknown here: command lines, files, which transports exist, listeners.
//!
//! Requirement families: none of its own; the phones keep theirs.

mod capacity;
mod fleet;
mod gate;
mod lane;
mod live;
mod log;
mod metrics;
mod notified;
mod page;
mod plan;
mod reader;
mod report;
mod tally;
mod text;
mod threshold;

pub use capacity::{Capacity, TooMany};
pub use fleet::{Cast, Fleet, FleetError, Make, Sip, Transports};
pub use live::Live;
pub use metrics::metrics;
pub use onhook_figures::{Distribution, Threshold};
pub use page::page;
pub use plan::{Member, Plan, PlanError, Shard, Sources};
pub use report::{Fault, MergeError, Report, Run, Seconds, Shards, Totals, merge};
