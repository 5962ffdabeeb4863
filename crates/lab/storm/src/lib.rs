//! Storms: as many phones as there are in a country, one modelled server, and days of virtual time.
//!
//! Every phone is a real [`onhook_phone::Phone`]; only the server is a model: a capacity, a latency, failures and
//! outages. Phones are grouped by their number into cells of fixed size, each with its share of the server, so that
//! cells run by themselves, in any order, thread or process, and a report is their sum ([`merge`]).
//!
//! Deliberately unknown here: sockets, files, real time. Reports hold no wall time, host, thread or path.
//!
//! Requirement families: none of their own; the phones keep theirs.

mod cell;
mod report;
mod scenario;
mod server;
mod storm;

pub use report::{Cells, MergeError, Minutes, Report, Totals, merge};
pub use scenario::{Failure, Outage, Scenario, ScenarioError};
pub use storm::{Shard, Storm, StormError};
