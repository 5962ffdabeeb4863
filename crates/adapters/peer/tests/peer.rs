//! Peers over loopback: the port keeps its contract, and peers that break the protocol harm nobody.
#![cfg(test)]

#[path = "peer/bad.rs"]
mod bad;
#[path = "peer/contract.rs"]
mod contract;
#[path = "peer/fuzz.rs"]
mod fuzz;
#[path = "peer/place.rs"]
mod place;
#[path = "peer/sockets.rs"]
mod sockets;
