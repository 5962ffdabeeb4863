//! The async loop that runs phones: inputs in batches, effects through ports.
//!
//! A [`Reactor`] owns the phones of one thread with their [`onhook_phone::Shared`], a timer [`Wheel`], and
//! an inbox. It takes every input due at one instant as a batch, in the order time, class, phone, sequence,
//! then carries out all effects. Transfers, decoding and storage run as tasks beside it and come back as
//! completions. [`restore`] makes the parameters of a phone from what a store holds. [`Ports`] are trait objects handed in by the program.
//!
//! Deliberately unknown here: which transports and stores exist, configuration, output formats, real time
//! (a [`onhook_schedule::port::Clock`] is handed in).
//!
//! Requirement families: R-HTTP-20 (order of request message and first packet), R-OUT-5, R-SM-26, R-TLS-8, R-FW-7..9, R-PFS.

mod arrivals;
mod by_sip;
mod execute;
mod exported;
mod facts;
mod fault;
mod fetch;
#[cfg(feature = "firmware")]
mod firmware;
#[cfg(feature = "fleet")]
mod fleet;
#[cfg(feature = "firmware")]
mod load;
#[cfg(not(feature = "reports"))]
mod no_report;
#[cfg_attr(
    all(test, feature = "proxy"),
    expect(dead_code, reason = "only its refusal is tested there")
)]
#[cfg(any(test, not(feature = "proxy")))]
mod no_route;
#[cfg(feature = "pages")]
mod pages;
#[cfg(feature = "sharing")]
mod peers;
mod ports;
#[cfg(feature = "reports")]
mod problem;
mod reactor;
#[cfg(feature = "reports")]
mod report;
mod reporter;
mod requests;
mod restore;
#[cfg(feature = "proxy")]
mod route;
#[cfg(not(feature = "proxy"))]
use no_route as route;
#[cfg(feature = "search")]
mod search;
mod storage;
mod trust;
mod vault;
mod waiting;
mod wheel;

pub use exported::exported;
#[cfg(feature = "fleet")]
pub use fleet::{Asker, BySource, Decoder, File, Read};
#[cfg(feature = "sharing")]
pub use peers::PeerPorts;
#[cfg(feature = "firmware")]
pub use ports::FirmwarePorts;
pub use ports::{Fetched, Fetchers, Observer, Places, Ports, Recorder, TrustPorts, Uploaders};
pub use reactor::{Exit, Phones, Reactor, Seat};
pub use restore::{entry, restore};
pub use vault::TaskVault;
pub use wheel::Wheel;
