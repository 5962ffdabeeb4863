//! What the phone is told of itself, and what it is asked for.

use onhook_params::Secrecy;
use onhook_resync::{Event, State};

use crate::phone::{Cx, NO_ACCOUNT_WANTED};
use crate::{Command, Fact, Origin, Phone, RebootReason};

impl Phone {
    pub(crate) fn learn(&mut self, fact: Fact, cx: &mut Cx<'_>) {
        match fact {
            Fact::ExternalAddress(address) => {
                let values = &mut cx.shared.values;
                let new = address.and_then(|ip| values.intern(&ip.to_string(), Secrecy::Plain));
                self.learn_external_ip(new, values);
            }
            Fact::Slots(slots) => self.learn_slots(slots, &mut cx.shared.values),
            Fact::Means(means) => self.learn_means(means, &mut cx.shared.values),
            Fact::Address(address) => self.address(address, cx),
            Fact::Account(true) => self.warned |= NO_ACCOUNT_WANTED,
            Fact::Account(false) => {}
            Fact::ClientCertificate(installed) => self.client_certificate = installed,
            Fact::Mobility(mobility) => self.learn_mobility(mobility, &mut cx.shared.values),
        }
    }

    /// The phone has an address; another one than before wants a restart.
    fn address(&mut self, address: Option<std::net::IpAddr>, cx: &mut Cx<'_>) {
        let values = &mut cx.shared.values;
        let new = address.and_then(|ip| values.intern(&ip.to_string(), Secrecy::Plain));
        let Some(new) = new else {
            return;
        };
        if let Some(old) = self.ip.replace(new) {
            values.release(old);
            if old != new && self.resync.state() != State::Off {
                self.want_restart_now(RebootReason::IpChanged);
                self.restart_if_idle(cx);
            }
        }
    }

    pub(crate) fn command(&mut self, origin: Origin, command: Command, cx: &mut Cx<'_>) {
        match command {
            Command::Resync => self.step(Event::Explicit(onhook_resync::Request::Configured), cx),
            Command::ResyncWith(rule) => {
                if let Some(old) = self.given.replace(rule) {
                    cx.shared.values.release(old);
                }
                self.step(Event::Explicit(onhook_resync::Request::Given), cx);
            }
            Command::UpdateCa(rule) => self.update_ca(rule, cx),
            Command::Set(id, value) => self.edit(origin, id, value, cx),
            Command::RestartWarm => {
                self.warm_restart = true;
                self.restart_if_idle(cx);
            }
            Command::FactoryReset => self.factory_reset(cx),
            Command::Upgrade(rule) => self.ask_upgrade(rule, cx),
            Command::Restart => {
                self.want_restart_now(match origin {
                    Origin::Control => RebootReason::UserTriggered,
                    // Who submits a page wants its values to hold.
                    Origin::Page => RebootReason::Provisioning,
                });
                self.restart_if_idle(cx);
            }
        }
    }
}
