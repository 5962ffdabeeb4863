//! Errors with what was being done and what to do.

use std::io;

use onhook_upgrade::port::{SlotError, SlotErrorKind};
use onhook_upgrade::{BadStep, Slot};

/// The medium refused something.
pub(crate) fn medium(doing: &str, slot: Option<Slot>, error: io::Error) -> SlotError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the kinds of the standard library grow"
    )]
    let (kind, remedy) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            (
                SlotErrorKind::NoRoom,
                "there is no space left: make the slots larger, or the load smaller",
            )
        }
        io::ErrorKind::PermissionDenied => (
            SlotErrorKind::Medium,
            "the right is missing: run as the owner of the slots, or change their mode",
        ),
        io::ErrorKind::ResourceBusy => (
            SlotErrorKind::Medium,
            "something is mounted from it, or uses it: name the device that does not run",
        ),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => (
            SlotErrorKind::Medium,
            "correct firmware.slot_a, firmware.slot_b and firmware.dir",
        ),
        _ => (SlotErrorKind::Medium, "check the medium"),
    };
    let what = match slot {
        Some(slot) => format!("{doing} slot {slot}: {remedy}"),
        None => format!("{doing}: {remedy}"),
    };
    SlotError::new(kind, what).with_source(error)
}

/// It may not be done now.
pub(crate) fn rejected(step: BadStep) -> SlotError {
    SlotError::new(SlotErrorKind::Rejected, step.to_string())
}

/// A caller does something out of order.
pub(crate) fn out_of_order(what: &str) -> SlotError {
    SlotError::new(SlotErrorKind::Rejected, what)
}
