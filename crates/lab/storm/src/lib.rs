//! Storms: as many phones as there are in a country, one modelled server, and days of virtual time.
//!
//! Every phone is a real [`onhook_phone::Phone`]; only the server is a model: a capacity, a latency, failures and
//! outages. Phones are grouped by their number into cells of fixed size, each with its share of the server, so that
//! cells run by themselves, in any order, thread or process, and a report is their sum ([`merge`]). A [`Comparison`] plays
//! the same phones with several settings, a [`Capacity`] is the least that a server needs.
//!
//! Deliberately unknown here: sockets, files, real time. Reports hold no wall time, host, thread or path.
//!
//! Requirement families: none of their own; the phones keep theirs.

mod capacity;
mod cell;
mod compare;
mod page;
mod report;
mod scenario;
mod series;
mod server;
mod storm;
mod tally;
mod text;

pub use capacity::{Capacity, Tried};
pub use compare::{CompareError, Compared, Comparison, Variant};
pub use page::{capacity_page, comparison_page, page};
pub use report::{Cells, MergeError, Report, Totals, merge};
pub use scenario::{Failure, Outage, Scenario, ScenarioError};
pub use series::Series;
pub use storm::{CELL, Progress, Shard, Storm, StormError};
