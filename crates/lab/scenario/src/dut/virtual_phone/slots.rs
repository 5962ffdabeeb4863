//! The slots for firmware: loads that come from the server, and a boot loader that brings them up or not.

use onhook_device::Outcome;
use onhook_params::Secrecy;
use onhook_phone::{Committed, Fact, Input, OpId, Request, Slots};
use onhook_upgrade::load_name;

use super::{VirtualPhone, millis};
use crate::language::Given;

/// What the slots hold besides the load that runs, and how the boot loader fares.
pub(super) struct Firmware {
    other: Option<String>,
    /// What is being written into the other slot.
    written: Option<String>,
    /// What comes up with the next boot.
    next: Option<String>,
    fell_back: bool,
}

impl Firmware {
    pub(super) fn of(given: &Given) -> Self {
        Self {
            other: given.slots.as_ref().and_then(|slots| slots.other.clone()),
            written: None,
            next: None,
            fell_back: false,
        }
    }

    /// A transfer has ended: what was written is whole, if anything was.
    pub(super) fn loaded(&mut self) {
        if let Some(load) = self.written.take() {
            self.other = Some(load);
        }
    }
}

impl VirtualPhone {
    /// Brings up the load that the boot loader was told of, or gives it up; before the phone boots.
    pub(super) fn boot_loader(&mut self) {
        self.firmware.written = None;
        let Some((load, slots)) = self.firmware.next.take().zip(self.given.slots.as_ref()) else {
            return;
        };
        self.firmware.fell_back = !slots.boots;
        if slots.boots {
            let runs = &mut self.given.identity.software_version;
            self.firmware.other = Some(std::mem::replace(runs, load));
        }
    }

    /// Tells the phone of its slots, if it has any; before it boots.
    pub(super) fn tell_slots(&mut self) {
        if self.given.slots.is_none() {
            return;
        }
        let other = self.firmware.other.as_ref();
        let slots = Slots {
            inactive: other.and_then(|load| self.shared.values.intern(load, Secrecy::Plain)),
            fell_back: std::mem::take(&mut self.firmware.fell_back),
        };
        self.tell(Input::Fact(Fact::Slots(Some(slots))));
    }

    /// Fetches a load into the other slot; one that is not what its maker signed is refused.
    pub(super) fn fetch_load(&mut self, op: OpId, request: &Request) {
        let (_, answer) = self.ask(op, request, super::effects::fetched_by(request), None);
        let result = match answer.body {
            Ok(body) if body.is_spoilt => Err(Outcome::Signature.into()),
            Ok(_) => {
                let path = self.shared.values.expose(request.path);
                self.firmware.written = Some(load_name(path).to_owned());
                Ok(())
            }
            Err(outcome) => Err(outcome.into()),
        };
        let at_ms = self.now_ms.saturating_add(millis(answer.after));
        self.push(at_ms, Input::Upgraded(op, result));
    }

    /// Tells the boot loader of the load in the other slot.
    pub(super) fn activate(&mut self, op: OpId) {
        self.firmware.next.clone_from(&self.firmware.other);
        let told = match self.firmware.next {
            Some(_) => Committed::Durable,
            None => Committed::Failed,
        };
        self.tell(Input::Activated(op, told));
    }
}
