//! What the service manager is told (sd_notify).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the service manager how things are; says nothing if there is none.
#[derive(Clone)]
pub(crate) struct Supervisor {
    wanted: bool,
    /// The last status, so that it is told once.
    status: Arc<Mutex<String>>,
}

impl Supervisor {
    pub(crate) fn from_environment() -> Self {
        Self {
            wanted: std::env::var_os("NOTIFY_SOCKET").is_some(),
            status: Arc::default(),
        }
    }

    /// There is no service manager.
    pub(crate) fn none() -> Self {
        Self {
            wanted: false,
            status: Arc::default(),
        }
    }

    /// The phone has booted, or has read its configuration again.
    pub(crate) fn ready(&self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// The configuration is being read again.
    pub(crate) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(_) => self.tell(&[NotifyState::Reloading]),
        }
    }

    /// The agent ends.
    pub(crate) fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(&self, text: &str) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if *status != text {
            text.clone_into(&mut status);
            self.tell(&[NotifyState::Status(text)]);
        }
    }

    /// Tells from now on that the program moves: the reactor and this share one thread, so a reactor that hangs is noticed.
    pub(crate) fn watch(&self) {
        let Some(limit) = sd_notify::watchdog_enabled() else {
            return;
        };
        let supervisor = self.clone();
        tokio::spawn(async move {
            let mut beat = tokio::time::interval((limit / 2).max(Duration::from_millis(1)));
            loop {
                beat.tick().await;
                supervisor.tell(&[NotifyState::Watchdog]);
            }
        });
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        if self.wanted
            && let Err(error) = sd_notify::notify(states)
        {
            tracing::debug!(%error, "the service manager cannot be told");
        }
    }
}
