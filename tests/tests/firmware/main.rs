//! Firmware upgrades with real processes: the agent, its boot loader, and servers.
#![cfg(test)]

mod asked;
mod cycle;
mod device;
mod devices;
mod killed;
mod peers;
mod refused;
mod resume;
mod servers;
