//! Phones in a reactor, from boot to restart, in virtual time.
#![cfg(test)]

#[path = "reactor/account.rs"]
mod account;
#[path = "reactor/boot.rs"]
mod boot;
#[path = "reactor/brief.rs"]
#[cfg(feature = "fleet")]
mod brief;
#[path = "reactor/commands.rs"]
mod commands;
#[path = "reactor/diary.rs"]
mod diary;
#[path = "reactor/failures.rs"]
mod failures;
#[path = "reactor/firmware.rs"]
#[cfg(feature = "firmware")]
mod firmware;
#[path = "reactor/fleet.rs"]
mod fleet;
#[path = "reactor/pages.rs"]
#[cfg(feature = "pages")]
mod pages;
#[path = "reactor/peers.rs"]
#[cfg(feature = "sharing")]
mod peers;
#[path = "reactor/problems.rs"]
#[cfg(feature = "reports")]
mod problems;
#[path = "reactor/proxy.rs"]
#[cfg(feature = "proxy")]
mod proxy;
#[path = "reactor/reports.rs"]
mod reports;
#[path = "reactor/restart.rs"]
mod restart;
#[path = "reactor/search.rs"]
#[cfg(feature = "search")]
mod search;
#[path = "reactor/secrets.rs"]
mod secrets;
#[path = "reactor/transports.rs"]
mod transports;
#[path = "reactor/trust.rs"]
mod trust;
#[path = "reactor/uploads.rs"]
#[cfg(feature = "reports")]
mod uploads;
#[path = "reactor/waiting.rs"]
mod waiting;
#[cfg(not(all(feature = "pages", feature = "proxy", feature = "reports")))]
#[path = "reactor/without.rs"]
mod without;
#[path = "reactor/world.rs"]
mod world;
