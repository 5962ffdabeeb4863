//! NOTIFY to the program.

use std::net::SocketAddr;
use std::time::Duration;

use onhook_device::Secret;
use onhook_sip::{NotifyError, Transport, Wish, notify};
use serde_json::Value;
use tokio::runtime::Builder;

use super::AgentPhone;
use crate::dut::{Halt, judged};
use crate::language::Notification;

/// How long an answer may take, and how long silence lasts.
const ANSWER: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_millis(1500);

impl AgentPhone {
    /// Sends one and waits for its answer.
    pub(super) fn notify(&mut self, sent: &Notification) -> Result<(), Halt> {
        let broken = |what: &str| Halt::Broken(format!("the phone cannot be notified: {what}"));
        let status = self.status()?;
        let at = status.pointer("/listen/sip").and_then(Value::as_str);
        let at: SocketAddr = at
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| broken("it listens nowhere"))?;
        let user = match sent.user.as_str() {
            "" => String::new(),
            user => format!("{user}@"),
        };
        let login = sent.login.as_ref();
        let wish = Wish {
            uri: format!("sip:{user}{at}"),
            event: self.site.fill(&sent.event),
            body: self.site.fill(&sent.body),
            login: login.map(|(user, password)| (user.clone(), Secret::from(password.as_str()))),
        };
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| broken(&error.to_string()))?;
        let within = if sent.answer.is_some() {
            ANSWER
        } else {
            SILENCE
        };
        self.notified += 1;
        let sending = notify(wish, Transport::Udp, at, within, self.notified);
        let heard = match runtime.block_on(sending) {
            Ok(heard) => Some(heard.status),
            Err(NotifyError::Silence { .. }) => None,
            Err(error @ NotifyError::Network { .. }) => return Err(broken(&error.to_string())),
        };
        judged("the NOTIFY", heard, sent.answer)
    }
}
