//! Sources of options: each keeps the contract, and clients keep to their protocols whatever servers do.
#![cfg(test)]

#[path = "dhcp/client.rs"]
mod client;
#[path = "dhcp/client6.rs"]
mod client6;
#[path = "dhcp/contract.rs"]
mod contract;
#[path = "dhcp/hook.rs"]
mod hook;
#[path = "dhcp/lease_file.rs"]
mod lease_file;
#[path = "dhcp/packet.rs"]
mod packet;
#[path = "dhcp/renewal.rs"]
mod renewal;
#[path = "dhcp/server.rs"]
mod server;
#[path = "dhcp/sim.rs"]
mod sim;
#[path = "dhcp/source.rs"]
mod source;
