//! When a phone upgrades its firmware, and what a load is (transports.md section 10, rules.md 4.7): what a load's name says, which
//! targets are not tried again, retries; the manifest of a load, its blocks as they arrive, and what boot loader and phone keep
//! between them (docs/loads.md).
//!
//! It knows neither parameters nor rules nor requests, neither files nor devices: whoever drives it evaluates the rule, names the
//! target and carries out what the machine decides; the slots are behind [`port::FirmwareSlots`], other phones behind
//! [`port::PeerSharing`].
//!
//! Main types: [`Upgrade`], the machine; [`Load`], a load whose signature counts, with its [`Block`]s; [`Receiver`]; [`BootRecord`].
//!
//! Requirement families: R-UPG, R-FW, R-PFS.

mod boot;
mod load;
mod machine;
mod manifest;
mod memory;
pub mod port;
mod receive;
pub mod sharing;

pub use boot::{
    BOOT_RECORD_LIMIT, BadRecord, BadStep, BootRecord, Held, HeldLoad, MOST_BOOTS, Slot,
};
pub use load::{Refusal, load_name, refusal};
pub use machine::{Armed, Decision, Stage, Upgrade};
pub use manifest::{
    BLOCK_SIZES, BadManifest, Block, Component, Digest, Draft, DraftComponent, Hasher,
    LARGEST_COMPONENT, LARGEST_LOAD, LONGEST_NAME, Load, LoadFault, MANIFEST_LIMIT,
    MOST_COMPONENTS, Manifest, Signature, Signed, Wanted, signed,
};
pub use memory::{Lasting, Memory, Target, Tried, digest};
pub use receive::{BadBytes, Receiver, Verified};
