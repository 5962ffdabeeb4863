//! Requests for the custom CA.

use onhook_device::Secret;
use onhook_params::{Secrecy, ValueId, known};
use onhook_phone::{Answer, CaSource, Command, Delay, Input, Origin, Reply, State};

use super::NO_TRUST;
use crate::reactor::Reactor;
use crate::requests::{NO_MEMORY, text};
use crate::waiting::EMPTY_CA_RULE;

impl Reactor {
    /// Asks for the custom CA, by a rule or by Custom_CA_Rule.
    pub(crate) fn ask_update_ca(
        &mut self,
        phone: u32,
        origin: Origin,
        rule: Option<&Secret>,
        reply: Box<dyn Reply>,
    ) {
        match self.check_update_ca(phone, rule) {
            Ok(command) => {
                let source = match command {
                    Some(_) => CaSource::Request,
                    None => CaSource::Rule,
                };
                if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
                    match seat.phone.state() {
                        State::Running(_) => reply.answer(Answer::Delayed(Delay::RunningResync)),
                        State::Off
                        | State::Dormant
                        | State::BootDelay
                        | State::Waiting
                        | State::ErrorWait
                        | State::Due(_) => seat.waiting.ca = Some((source, reply)),
                    }
                }
                self.queue(phone, Input::Command(origin, Command::UpdateCa(command)));
            }
            Err(why) => reply.answer(Answer::Refused(why)),
        }
    }

    fn check_update_ca(
        &mut self,
        phone: u32,
        rule: Option<&Secret>,
    ) -> Result<Option<ValueId>, String> {
        let seat = self.phones.seats.get(phone as usize);
        if seat.is_none_or(|seat| seat.trust.is_none()) {
            return Err(NO_TRUST.to_owned());
        }
        if seat.is_some_and(|seat| seat.waiting.ca.is_some()) {
            return Err("another custom CA is being fetched: try again".to_owned());
        }
        let shared = &mut self.phones.shared;
        let Some(rule) = rule else {
            let own = seat.and_then(|seat| {
                let view = seat.phone.view(shared)?;
                Some(seat.phone.params().text(known::CUSTOM_CA_RULE, view))
            });
            return match own.unwrap_or_default().trim() {
                "" => Err(EMPTY_CA_RULE.to_owned()),
                _ => Ok(None),
            };
        };
        let rule = text(rule, "the URL")?;
        let id = shared.values.intern(rule, Secrecy::Secret);
        id.map(Some).ok_or_else(|| NO_MEMORY.to_owned())
    }
}
