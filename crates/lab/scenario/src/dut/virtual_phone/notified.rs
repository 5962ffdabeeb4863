//! NOTIFY to the engine, by way of the machine that takes it in the program.

use std::net::SocketAddr;

use bytes::Bytes;
use onhook_device::{MonoTime, Secret};
use onhook_params::Secrecy;
use onhook_phone::Command;
use onhook_sip::{Act, Names, Next, Notice, Transport, Wish};

use super::VirtualPhone;
use crate::dut::{Dut as _, Halt, judged};
use crate::language::{By, Notification};

/// What is answered.
const NOTIFY: &str = "the NOTIFY";

/// Who notifies.
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 10], 5060);

impl VirtualPhone {
    /// Sends one, and again with a login if it is challenged.
    pub(super) fn notify(&mut self, sent: &Notification) -> Result<(), Halt> {
        // What was done at this moment counts already.
        while self.step(self.now_ms) {}
        let from = SocketAddr::from(SERVER);
        let user = match sent.user.as_str() {
            "" => String::new(),
            user => format!("{user}@"),
        };
        let login = sent.login.as_ref();
        let wish = Wish {
            uri: format!("sip:{user}192.0.2.50:5060"),
            event: self.place(&sent.event),
            body: self.place(&sent.body),
            login: login.map(|(user, password)| (user.clone(), Secret::from(password.as_str()))),
        };
        self.notified += 1;
        let mut notice = Notice::new(wish, Transport::Udp, from, self.notified);
        let mut message = notice.first();
        loop {
            let Some(phone) = &self.phone else {
                return judged(NOTIFY, None, sent.answer);
            };
            let access = phone.sip_access(&self.shared);
            let now = MonoTime::from_millis(self.now_ms);
            let bytes = Bytes::from(message);
            let step = self
                .sip
                .receive(&bytes, from, now, (&access, &Names::new()));
            for act in step.acts {
                self.act(act);
            }
            let Some((_, answer)) = step.answer else {
                return judged(NOTIFY, None, sent.answer);
            };
            match notice.take(&Bytes::from(answer)) {
                Next::Send(next) => message = next,
                Next::Done(heard) => return judged(NOTIFY, Some(heard.status), sent.answer),
                Next::Wait => return judged(NOTIFY, None, sent.answer),
            }
        }
    }

    /// Asks the phone for what was accepted.
    pub(super) fn act(&mut self, act: Act) {
        let command = match act {
            Act::Resync => Command::Resync,
            Act::ResyncWith(rule) => {
                let rule = String::from_utf8_lossy(rule.expose()).into_owned();
                match self.rule(&rule, Secrecy::Secret) {
                    Ok(rule) => Command::ResyncWith(rule),
                    // As in the program: it has been answered, and is not done.
                    Err(_) => return,
                }
            }
            Act::Restart => Command::Restart,
            Act::RestartWarm => Command::RestartWarm,
            Act::Report => Command::Report,
            Act::ReportProblem => Command::ReportProblem,
        };
        self.command(By::Sip, command);
    }
}
