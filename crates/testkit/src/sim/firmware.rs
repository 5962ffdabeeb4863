//! The slots for firmware of the simulated phone.

use std::net::{IpAddr, Ipv4Addr};

use onhook_fetch::Endpoint;
use onhook_params::Secrecy;
use onhook_phone::{
    Command, Committed, Fact, Input, Model, OpId, Origin, Request, Slots, Told, render,
};

use super::{Served, Sim};

/// What is in the slots, and how they fare.
#[derive(Debug)]
pub struct Firmware {
    /// The load in the slot that does not run.
    pub inactive: Option<String>,
    /// Whether a new load comes up.
    pub boots: bool,
    /// How the boot loader takes what it is told.
    pub activations_end: Committed,
    /// Seconds that it takes for that.
    pub activation_s: u64,
    /// What the boot loader brings up next.
    next: Option<String>,
    fell_back: bool,
}

impl Default for Firmware {
    fn default() -> Self {
        Self {
            inactive: None,
            boots: true,
            activations_end: Committed::Durable,
            activation_s: 0,
            next: None,
            fell_back: false,
        }
    }
}

impl Sim {
    /// Gives the phone slots; the other one is empty.
    #[must_use]
    pub fn with_slots(mut self) -> Self {
        self.firmware = Some(Firmware::default());
        self
    }

    /// The version that runs.
    #[must_use]
    pub fn running(&self) -> String {
        let model = self.phone.model(&self.shared);
        model.map_or_else(String::new, |model| model.software_version.clone())
    }

    /// Asks for an upgrade, to what this rule names or to what Upgrade_Rule names, and runs what is due at once.
    pub fn upgrade(&mut self, rule: Option<&str>) {
        let rule = rule.and_then(|rule| self.shared.values.intern(rule, Secrecy::Secret));
        self.input(Input::Command(Origin::Control, Command::Upgrade(rule)));
        self.run_for(0);
    }

    /// Brings up the load that the boot loader was told of, or gives it up; before the phone boots.
    pub(super) fn boot_loader(&mut self) {
        let model = self.phone.model(&self.shared).cloned();
        let Some((firmware, model)) = self.firmware.as_mut().zip(model) else {
            return;
        };
        let Some(load) = firmware.next.take() else {
            return;
        };
        if !firmware.boots {
            firmware.fell_back = true;
            return;
        }
        firmware.inactive = Some(model.software_version.clone());
        self.model = self.shared.add_model(Model {
            software_version: load,
            ..model
        });
    }

    pub(super) fn tell_slots(&mut self) {
        let Some(firmware) = &mut self.firmware else {
            return;
        };
        let inactive = firmware.inactive.as_ref();
        let slots = Slots {
            inactive: inactive.and_then(|load| self.shared.values.intern(load, Secrecy::Plain)),
            fell_back: std::mem::take(&mut firmware.fell_back),
        };
        self.handle(Input::Fact(Fact::Slots(Some(slots))));
    }

    pub(super) fn transfer_load(&mut self, op: OpId, request: &Request) {
        let url = render::url(request, &self.shared.values);
        let second = self.second();
        self.upgrades.push((second, url.clone()));
        let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        self.push(self.now_ms, Input::FetchStarted(op, Endpoint { ip }));
        let result = match (self.script)(&url, second) {
            Served::Profile(_) => {
                let name = url.rsplit('/').next().unwrap_or_default();
                let name = name.strip_suffix(".loads").unwrap_or(name);
                if let Some(firmware) = &mut self.firmware {
                    firmware.inactive = Some(name.to_owned());
                }
                Ok(())
            }
            Served::Fails(outcome) => Err(outcome.into()),
            Served::Says(outcome, said) => Err(Told {
                outcome,
                said: self.shared.values.intern(said, Secrecy::Plain),
            }),
        };
        let at = self.now_ms + self.fetch_s * 1000;
        self.push(at, Input::Upgraded(op, result));
    }

    pub(super) fn activate(&mut self, op: OpId) {
        let Some(firmware) = &mut self.firmware else {
            return;
        };
        let (end, takes_s) = (firmware.activations_end, firmware.activation_s);
        if end == Committed::Durable {
            firmware.next.clone_from(&firmware.inactive);
        }
        let at = self.now_ms + takes_s * 1000;
        self.push(at, Input::Activated(op, end));
    }
}
