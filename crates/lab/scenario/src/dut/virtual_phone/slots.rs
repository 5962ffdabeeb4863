//! The slots for firmware: loads that come from the server, and a boot loader that brings them up or not.

use onhook_device::Outcome;
use onhook_params::Secrecy;
use onhook_phone::{Committed, Fact, Input, OpId, Request, Slots, Told};
use onhook_upgrade::load_name;

use super::{VirtualPhone, millis};
use crate::dut::scripted::Body;
use crate::language::{Given, LoadSpec};

/// What the slots hold besides the load that runs, and how the boot loader fares.
pub(super) struct Firmware {
    other: Option<String>,
    /// What is being written into the other slot, with its counter.
    written: Option<(String, u32)>,
    /// What comes up with the next boot.
    next: Option<String>,
    fell_back: bool,
    /// The counter of what is in the other slot.
    counter: u32,
    /// The counter of what runs.
    running: u32,
    /// The least counter of a load that is taken.
    floor: u32,
}

impl Firmware {
    pub(super) fn of(given: &Given) -> Self {
        Self {
            other: given.slots.as_ref().and_then(|slots| slots.other.clone()),
            written: None,
            next: None,
            fell_back: false,
            counter: 0,
            running: 0,
            floor: 0,
        }
    }

    /// A transfer has ended: what was written is whole, if anything was.
    pub(super) fn loaded(&mut self) {
        if let Some((load, counter)) = self.written.take() {
            self.other = Some(load);
            self.counter = counter;
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
            let Firmware {
                other,
                counter,
                running,
                floor,
                ..
            } = &mut self.firmware;
            *other = Some(std::mem::replace(runs, load));
            std::mem::swap(counter, running);
            //= R-FW-10
            // Nothing here fails between coming up and being confirmed.
            *floor = (*floor).max(*running);
        }
    }

    /// Tells the phone of its slots, if it has any; before it boots.
    pub(super) fn tell_slots(&mut self) {
        if self.given.slots.is_none() {
            return;
        }
        let Firmware {
            other,
            counter,
            floor,
            ..
        } = &self.firmware;
        let other = other.as_ref().filter(|_| counter >= floor);
        let slots = Slots {
            inactive: other.and_then(|load| self.shared.values.intern(load, Secrecy::Plain)),
            fell_back: std::mem::take(&mut self.firmware.fell_back),
        };
        self.tell(Input::Fact(Fact::Slots(Some(slots))));
    }

    /// Fetches a load into the other slot; one that is not what its maker signed, or does not fit, is refused.
    pub(super) fn fetch_load(&mut self, op: OpId, request: &Request) {
        let (_, answer) = self.ask(op, request, super::effects::fetched_by(request), None);
        let path = self.shared.values.expose(request.path);
        let name = load_name(path).to_owned();
        let result = answer.body.and_then(|body| self.check(&name, &body));
        let result = result.map_err(Told::from);
        if let Ok(counter) = result {
            self.firmware.written = Some((name, counter));
        }
        let result = result.map(drop);
        let at_ms = self.now_ms.saturating_add(millis(answer.after));
        self.push(at_ms, Input::Upgraded(op, result));
    }

    /// Whether a load is to be taken, as its manifest says; its counter.
    fn check(&self, name: &str, body: &Body) -> Result<u32, Outcome> {
        let LoadSpec {
            name: own,
            family,
            counter,
            stranger,
        } = &body.load;
        let is_another = own.as_ref().is_some_and(|own| own != name);
        if body.is_spoilt || *stranger || is_another {
            return Err(Outcome::Signature);
        }
        let runs = self.given.identity.software_version.split_once('.');
        if let (Some(family), Some((runs, _))) = (family, runs)
            && family != runs
        {
            return Err(Outcome::WrongModel);
        }
        match *counter < self.firmware.floor {
            true => Err(Outcome::BelowLimit),
            false => Ok(*counter),
        }
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
