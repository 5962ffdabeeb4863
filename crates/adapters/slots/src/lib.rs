//! [`Slots`]: the port [`onhook_upgrade::port::FirmwareSlots`] on two files or block devices, and the other end of it, [`BootLoader`].
//!
//! A folder holds the boot record and the manifest of each slot; each is replaced whole: written beside the old one, flushed, renamed,
//! and the folder flushed. Block n of a load lies at n times the block size of its slot. A slot is said to hold nothing whole
//! before its first byte changes, and to be whole after everything was flushed and read back; so whatever the power does, a boot loader
//! finds a slot that comes up. What is there already of a load is found by the digests of its blocks, and not by notes.
//!
//! A boot loader that keeps a count of its own is told by a [`Hook`], and says which slot it started.
//!
//! Deliberately unknown here: where loads come from, who signed them, when a phone upgrades.
//!
//! Requirement families: R-FW-7..10.

mod core;
mod fault;
mod hook;
mod loader;
mod medium;
mod slots;

pub use hook::Hook;
pub use loader::{BootLoader, Start};
pub use medium::Places;
pub use slots::Slots;
