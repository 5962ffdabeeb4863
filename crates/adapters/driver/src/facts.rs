//! What a phone is told of itself from outside.

use onhook_device::{Secret, SipError};
use onhook_params::Secrecy;
use onhook_phone::{Answer, Fact, Input, Mobility, Reply};

use crate::reactor::Reactor;
use crate::requests::{NO_MEMORY, text};

/// The last line that a phone can have.
const LAST_LINE: u8 = 16;

/// What is answered if a phone cannot have the line.
fn no_line(line: u8) -> Option<Answer> {
    let refused = || Answer::Refused(format!("there is no line {line}: use 1 to {LAST_LINE}"));
    (!(1..=LAST_LINE).contains(&line)).then(refused)
}

impl Reactor {
    pub(crate) fn ask_line(&mut self, phone: u32, line: u8, input: Input, reply: Box<dyn Reply>) {
        reply.answer(match no_line(line) {
            None => {
                self.queue(phone, input);
                Answer::Done
            }
            Some(refused) => refused,
        });
    }

    /// Remembers how a request of SIP failed, and tells it on; the phone itself decides nothing by it.
    pub(crate) fn ask_sip_error(
        &mut self,
        phone: u32,
        line: u8,
        code: SipError,
        reply: Box<dyn Reply>,
    ) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        if let Some(refused) = no_line(line) {
            return reply.answer(refused);
        }
        match seat
            .sip_errors
            .binary_search_by_key(&line, |(line, _)| *line)
        {
            Ok(at) => {
                if let Some(known) = seat.sip_errors.get_mut(at) {
                    known.1 = code;
                }
            }
            Err(at) => seat.sip_errors.insert(at, (line, code)),
        }
        tracing::info!(phone, line, "SIP failed: {code} ({})", code.meaning());
        self.observer.sip_error(phone, self.clock.now(), line, code);
        reply.answer(Answer::Done);
    }

    /// Tells a phone a fact, with its answer.
    pub(crate) fn learn(&mut self, phone: u32, fact: Fact, reply: Box<dyn Reply>) {
        self.queue(phone, Input::Fact(fact));
        reply.answer(Answer::Done);
    }

    pub(crate) fn ask_log_in(
        &mut self,
        phone: u32,
        user: &str,
        password: &Secret,
        reply: Box<dyn Reply>,
    ) {
        match self.mobility(Mobility::LOGGED_IN, user, password) {
            Ok(mobility) => self.learn(phone, Fact::Mobility(mobility), reply),
            Err(why) => reply.answer(Answer::Refused(why)),
        }
    }

    /// Interns the texts of extension mobility; an empty text is none.
    ///
    /// # Errors
    /// The password is no text, or there is no room for another text.
    pub fn mobility(
        &mut self,
        status: &str,
        user: &str,
        password: &Secret,
    ) -> Result<Mobility, String> {
        let password = text(password, "the password")?;
        let mut intern = |text: &str, secrecy| match text {
            "" => Ok(None),
            text => {
                let id = self.phones.shared.values.intern(text, secrecy);
                id.map(Some).ok_or_else(|| NO_MEMORY.to_owned())
            }
        };
        Ok(Mobility {
            status: intern(status, Secrecy::Plain)?,
            user: intern(user, Secrecy::Plain)?,
            password: intern(password, Secrecy::Secret)?,
        })
    }
}
