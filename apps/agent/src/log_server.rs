//! Where the phone's messages go.

use std::sync::{Arc, PoisonError, RwLock};

use onhook_phone::port::{EventLog, Message};
use onhook_syslog::Syslog;

use crate::config::Config;

/// Where the configuration sends all messages; empty if each goes to its own server.
#[derive(Clone)]
pub(crate) struct LogServer(Arc<RwLock<String>>);

impl LogServer {
    pub(crate) fn of(config: &Config) -> Self {
        Self(Arc::new(RwLock::new(config.syslog_server.clone())))
    }

    pub(crate) fn set(&self, server: &str) {
        server.clone_into(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The server of a message that has one of its own.
    pub(crate) fn instead_of(&self, own: &str) -> String {
        let server = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if server.is_empty() {
            own.to_owned()
        } else {
            server.clone()
        }
    }
}

/// Sends every message to one server, whatever the parameters say.
pub(crate) struct Redirected {
    pub(crate) inner: Arc<Syslog>,
    pub(crate) server: LogServer,
}

impl EventLog for Redirected {
    fn log(&self, mut message: Message) {
        message.server = self.server.instead_of(&message.server);
        self.inner.log(message);
    }

    fn dropped(&self) -> u64 {
        self.inner.dropped()
    }
}
