//! What becomes of a report in a program that sends none.

use onhook_device::Outcome;
use onhook_phone::{Input, OpId, Told};

use crate::reactor::Reactor;

impl Reactor {
    /// Fails a report that is due, and tells whoever asked for it why.
    pub(crate) fn no_report(&mut self, phone: u32, op: OpId) {
        let why = "this program sends no reports: empty Report_Rule and PRT_Upload_Rule, or use a program that was built with the feature `reports`";
        tracing::warn!(phone, outcome = Outcome::BadUrl.code(), "{why}");
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            seat.readers().failed(why.to_owned());
        }
        self.queue(phone, Input::Reported(op, Err(Told::from(Outcome::BadUrl))));
    }
}
