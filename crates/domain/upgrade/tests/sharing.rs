//! Sharing a load: its packets, and the machine of one phone.
#![cfg(test)]

#[path = "sharing/machine.rs"]
mod machine;
#[path = "sharing/packets.rs"]
mod packets;
#[path = "sharing/stage.rs"]
mod stage;
