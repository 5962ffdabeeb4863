//! Power: a life begins with what is stored, and ends with everything else gone.

use onhook_journal::Writer;
use onhook_params::{Entry, ParamSet, Secrecy, secrecy};
use onhook_phone::{Boot, Fact, Input, Model, Phone, PhoneSetup, Shared, StateRecord};

use super::VirtualPhone;
use crate::dut::{Power, Seen};

/// What journals say who wrote them.
const PROGRAM: &str = concat!("onhook-harness ", env!("CARGO_PKG_VERSION"));

impl VirtualPhone {
    /// Builds the phone anew from what is stored, and boots it.
    pub(super) fn boot(&mut self) {
        self.queue.clear();
        self.asking = None;
        self.boot_ms = self.now_ms;
        let seed = self.seed.wrapping_add(self.lives);
        self.lives += 1;
        self.boot_loader();
        let mut shared = Shared::with_seed(seed);
        self.carry_record_over(&mut shared);
        let identity = &self.given.identity;
        let model = shared.add_model(Model {
            idle_settle_s: self.given.idle_settle_s,
            pin_server: self.given.pin_server,
            ..Model::of(identity, self.given.scope)
        });
        let values = &mut shared.values;
        let ip = self.known.address.map(|ip| ip.to_string());
        let setup = PhoneSetup {
            serial: values.intern(&identity.serial, Secrecy::Plain),
            ip: ip.and_then(|ip| values.intern(&ip, Secrecy::Plain)),
            client_certificate: self.known.certificate,
            ..PhoneSetup::new(0, model, identity.mac, seed)
        };
        let entries: Vec<Entry> = self
            .stored
            .iter()
            .map(|(id, stored)| Entry {
                id: *id,
                access: stored.access,
                mark: stored.mark,
                value: stored
                    .text
                    .as_ref()
                    .and_then(|text| values.intern(text, secrecy(*id))),
            })
            .collect();
        let phone = Phone::new(&setup, ParamSet::of(&entries, values));
        let begun = Writer::begin(PROGRAM, &setup, &phone, &shared, self.hasher.clone());
        if let Some((writer, line)) = begun {
            self.journal.push_str(&line);
            self.journal.push('\n');
            self.writer = Some(writer);
        }
        self.shared = shared;
        self.phone = Some(phone);
        self.see(Seen::Power(Power::On));
        let discovered = self.discovered();
        self.tell(Input::OptionsLearned(discovered));
        self.tell(Input::Fact(Fact::ExternalAddress(self.known.external)));
        self.tell_means();
        self.tell_slots();
        self.tell(Input::Boot(Boot::Normal, self.record));
    }

    /// What the record names goes on into the values of the next life.
    fn carry_record_over(&mut self, shared: &mut Shared) {
        for place in [&mut self.record.server, &mut self.record.network] {
            *place = place.and_then(|host| {
                let host = self.shared.values.text(host);
                shared.values.intern(host, Secrecy::Plain)
            });
        }
    }

    /// Everything that is not stored is gone.
    pub(super) fn power_off(&mut self) {
        self.queue.clear();
        self.asking = None;
        self.phone = None;
        self.writer = None;
        self.see(Seen::Power(Power::Off));
    }

    /// Everything that is stored is gone too.
    pub(super) fn erase(&mut self) {
        self.stored.clear();
        self.record = StateRecord::default();
    }
}
