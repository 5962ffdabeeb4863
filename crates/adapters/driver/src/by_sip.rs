//! What is asked by SIP.

use std::sync::Arc;

use onhook_params::ValueId;
use onhook_phone::{Answer, Command, Input, Origin, Reply};

use crate::reactor::Reactor;
use crate::requests::NO_PHONE;
use crate::waiting::{Explicit, Nobody, What};

impl Reactor {
    /// Who may ask a phone for what.
    pub(crate) fn sip_access(&self, phone: u32) -> Answer {
        match self.phones.seats.get(phone as usize) {
            Some(seat) => Answer::SipAccess(Arc::new(seat.phone.sip_access(&self.phones.shared))),
            None => Answer::Refused(NO_PHONE.to_owned()),
        }
    }

    /// Hands a request of SIP to the phone at once, for its asker waits for no end: the phone has a slot for all rules and one
    /// for a given one.
    pub(crate) fn notified(&mut self, phone: u32, rule: Option<ValueId>, reply: Box<dyn Reply>) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let waiting = &mut seat.waiting;
        let given = |asked: &Explicit| asked.what == What::Given;
        //= R-SIP-5
        match rule {
            None => self.queue(phone, Input::Command(Origin::Sip, Command::Resync)),
            // Else whoever asked for another rule would get the report of this one.
            Some(rule) if waiting.asked.as_ref().is_some_and(given) => {
                waiting.given.retain(|(origin, ..)| *origin != Origin::Sip);
                waiting
                    .given
                    .push_back((Origin::Sip, rule, Box::new(Nobody)));
            }
            Some(rule) => {
                let command = Command::ResyncWith(rule);
                self.queue(phone, Input::Command(Origin::Sip, command));
            }
        }
        reply.answer(Answer::Done);
    }
}
