//! What the phone is told of itself, and what it is asked for.

use onhook_params::{ParamId, Secrecy, known};
use onhook_resync::{Event, Gate, Request, State};

use crate::phone::{Cx, NO_ACCOUNT_WANTED};
use crate::{Command, Effect, Fact, Notice, Origin, Phone, RebootReason, Shared};

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
            Command::Resync | Command::ResyncWith(_) => match self.gate(origin, cx.shared) {
                None => self.ask_resync(origin, command, cx),
                Some(gate) => {
                    if let Command::ResyncWith(rule) = command {
                        cx.shared.values.release(rule);
                    }
                    cx.out.push(Effect::Notice(Notice::Refused(gate)));
                }
            },
            Command::UpdateCa(rule) => self.update_ca(rule, cx),
            Command::Set(id, value) => self.edit(origin, id, value, cx),
            Command::Submit(page) => self.submit(origin, page, cx),
            Command::RestartWarm => {
                self.warm_restart = true;
                self.restart_if_idle(cx);
            }
            Command::FactoryReset => self.factory_reset(cx),
            Command::Upgrade(rule) => self.ask_upgrade(rule, cx),
            Command::Report => self.ask_report(cx),
            Command::ReportProblem => self.ask_problem_report(cx),
            Command::Restart => {
                self.want_restart_now(match origin {
                    Origin::Control | Origin::Screen => RebootReason::UserTriggered,
                    Origin::Sip => RebootReason::SipTriggered,
                    // Who submits a page wants its values to hold.
                    Origin::Page => RebootReason::Provisioning,
                });
                self.restart_if_idle(cx);
            }
        }
    }

    /// What keeps a resync from being asked for by this way, and by no other.
    #[must_use]
    pub fn gate(&self, origin: Origin, shared: &Shared) -> Option<Gate> {
        let disabled = |enable: ParamId| {
            let view = self.view(shared);
            !view.is_some_and(|view| self.params.is_yes(enable, view))
        };
        match origin {
            Origin::Control | Origin::Page => None,
            //= R-SIP-2
            Origin::Sip => disabled(known::RESYNC_FROM_SIP).then_some(Gate::SipDisabled),
            //= R-UA-9
            //= R-WEB-9
            Origin::Screen if disabled(known::USER_CONFIGURABLE_RESYNC) => {
                Some(Gate::ScreenDisabled)
            }
            // A rule that is refused must not be stored before.
            Origin::Screen if self.resync.state() == State::Off => Some(Gate::NotBooted),
            Origin::Screen => disabled(known::PROVISION_ENABLE).then_some(Gate::ProvisionDisabled),
        }
    }

    fn ask_resync(&mut self, origin: Origin, command: Command, cx: &mut Cx<'_>) {
        match (origin, command) {
            //= R-WEB-10
            (Origin::Screen, Command::ResyncWith(rule)) => {
                self.edit(origin, known::PROFILE_RULE, rule, cx);
            }
            (_, Command::ResyncWith(rule)) => {
                if let Some(old) = self.given.replace(rule) {
                    cx.shared.values.release(old);
                }
                self.step(Event::Explicit(Request::Given), cx);
            }
            _ => self.step(Event::Explicit(Request::Configured), cx),
        }
    }
}
