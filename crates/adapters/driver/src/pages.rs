//! What the pages of a phone ask for.

use std::sync::Arc;

use onhook_params::Delta;
use onhook_phone::{Answer, Command, Input, Look, Origin, Reply};

use crate::reactor::Reactor;
use crate::requests::NO_PHONE;

impl Reactor {
    /// Stores what a page submits.
    pub(crate) fn ask_submit(
        &mut self,
        phone: u32,
        origin: Origin,
        page: &Delta,
        reply: Box<dyn Reply>,
    ) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        if seat.waiting.edit.is_some() {
            let why = "another change is being stored: try again";
            reply.answer(Answer::Refused(why.to_owned()));
            return;
        }
        seat.waiting.edit = Some(reply);
        let page = self.phones.shared.put_decoded(page);
        self.queue(phone, Input::Command(origin, Command::Submit(page)));
    }

    /// Shows what pages show.
    pub(crate) fn show(&self, phone: u32, reply: Box<dyn Reply>) {
        let seat = self.phones.seats.get(phone as usize);
        let look = seat.zip(self.status(phone)).and_then(|(seat, status)| {
            Look::of(&seat.phone, &self.phones.shared, self.clock.now(), status)
        });
        reply.answer(match look {
            Some(look) => Answer::Look(Arc::new(look)),
            None => Answer::Refused(NO_PHONE.to_owned()),
        });
    }
}
