//! What comes back from tasks.

use onhook_fetch::Endpoint;
use onhook_params::Secrecy;
#[cfg(not(feature = "fleet"))]
use onhook_phone::DecodedId;
use onhook_phone::{Committed, Input, OpId, Told};
#[cfg(not(feature = "fleet"))]
use onhook_profile::Decoded;
use tokio::sync::{mpsc, oneshot};

#[cfg(any(feature = "firmware", feature = "reports"))]
use crate::fetch::Failed;
use crate::fetch::Finished;
use crate::ports::Fetched;
use crate::reactor::{Brings, Reactor};
#[cfg(feature = "search")]
use crate::search;
use crate::trust::CaFetched;

/// One thing that a task tells.
pub(crate) enum Arrived {
    Started {
        phone: u32,
        op: OpId,
        endpoint: Endpoint,
        logged: oneshot::Sender<()>,
    },
    Fetched(Box<Finished>),
    #[cfg(feature = "search")]
    Searched {
        phone: u32,
        op: OpId,
        outcome: search::Outcome,
    },
    CaFetched(Box<CaFetched>),
    #[cfg(feature = "reports")]
    Reported {
        phone: u32,
        op: OpId,
        result: Result<(), Failed>,
    },
    #[cfg(feature = "firmware")]
    Upgraded {
        phone: u32,
        op: OpId,
        /// The record of the slots, if it could be read.
        record: Option<onhook_upgrade::BootRecord>,
        result: Result<(), Failed>,
    },
    #[cfg(feature = "firmware")]
    Activated {
        phone: u32,
        op: OpId,
        result: Result<(), String>,
    },
    #[cfg(feature = "sharing")]
    Shared {
        phone: u32,
        line: onhook_upgrade::sharing::Line,
    },
    #[cfg(feature = "firmware")]
    Confirmed {
        phone: u32,
        result: Result<onhook_upgrade::BootRecord, String>,
    },
    CaStored {
        phone: u32,
        op: OpId,
        result: Result<bool, String>,
    },
    CaForgotten {
        phone: u32,
        result: Result<bool, String>,
    },
    Committed {
        phone: u32,
        op: OpId,
        result: Result<bool, String>,
    },
    StateSaved {
        phone: u32,
        op: OpId,
        result: Result<bool, String>,
    },
    #[cfg(feature = "fleet")]
    Asked {
        phone: u32,
        asked: onhook_phone::Asked,
        /// When it was due.
        due: onhook_device::MonoTime,
    },
    Erased {
        phone: u32,
        op: OpId,
        result: Result<(), String>,
    },
}

/// The one completion of a task: what it sends, or its fallback if it ends without.
///
/// So a phone never waits for a task that panicked.
pub(crate) struct Completion {
    inbox: mpsc::UnboundedSender<Arrived>,
    fallback: Option<Arrived>,
}

/// What the fallback of a task says.
pub(crate) const PANICKED: &str = "the program failed in the middle of it: please report this";

/// What a failed transfer says whose URL holds a password.
pub(crate) const HIDDEN: &str = "the reason is not shown, because the URL holds the password of extension mobility ($MPWD): \
                      move it into --pwd to see more";

impl Completion {
    pub(crate) const fn new(inbox: mpsc::UnboundedSender<Arrived>, fallback: Arrived) -> Self {
        Self {
            inbox,
            fallback: Some(fallback),
        }
    }

    pub(crate) fn send(mut self, arrived: Arrived) {
        self.fallback = Some(arrived);
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(arrived) = self.fallback.take() {
            // Nobody waits any more if the reactor is gone.
            let _ = self.inbox.send(arrived);
        }
    }
}

impl Reactor {
    pub(crate) fn take(&mut self, arrived: Arrived) {
        match arrived {
            Arrived::Started {
                phone,
                op,
                endpoint,
                logged,
            } => {
                self.acknowledge.push(logged);
                let seat = self.phones.seats.get_mut(phone as usize);
                if let Some(seat) = seat
                    && let Some(running) = seat.transfers.get(&op)
                    && running.brings == Brings::Profile
                {
                    seat.reporter.started(endpoint.ip);
                }
                self.queue(phone, Input::FetchStarted(op, endpoint));
            }
            Arrived::Fetched(finished) => self.fetched(*finished),
            #[cfg(feature = "search")]
            Arrived::Searched { phone, op, outcome } => self.searched(phone, op, outcome),
            Arrived::CaFetched(fetched) => self.ca_fetched(*fetched),
            #[cfg(feature = "reports")]
            Arrived::Reported { phone, op, result } => self.reported(phone, op, result),
            #[cfg(feature = "firmware")]
            Arrived::Upgraded {
                phone,
                op,
                record,
                result,
            } => self.upgraded(phone, op, record, result),
            #[cfg(feature = "firmware")]
            Arrived::Activated { phone, op, result } => self.activated(phone, op, result),
            #[cfg(feature = "sharing")]
            Arrived::Shared { phone, line } => self.shared(phone, &line),
            #[cfg(feature = "firmware")]
            Arrived::Confirmed { phone, result } => self.confirmed(phone, result),
            Arrived::CaStored { phone, op, result } => self.ca_stored(phone, op, result),
            Arrived::CaForgotten { phone, result } => self.ca_forgotten(phone, result),
            Arrived::Committed { phone, op, result } => {
                let committed = self.committed(phone, op, result);
                self.queue(phone, Input::CommitDone(op, committed));
            }
            Arrived::StateSaved { phone, op, result } => {
                let committed = self.state_saved(phone, op, result);
                self.queue(phone, Input::StateSaved(op, committed));
                let now = self.clock.now();
                self.close_reports(phone, now);
            }
            #[cfg(feature = "fleet")]
            Arrived::Asked { phone, asked, due } => self.ask_one(phone, asked, due),
            Arrived::Erased { phone, op, result } => {
                let committed = self.erased(phone, result);
                self.queue(phone, Input::Erased(op, committed));
            }
        }
    }

    fn fetched(&mut self, finished: Finished) {
        let Finished {
            phone,
            op,
            bytes,
            ms,
            mut result,
        } = finished;
        let now = self.clock.now();
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        // Ended by `cancel` just before: its completion is on the way.
        let Some(running) = seat.transfers.remove(&op) else {
            return;
        };
        //= R-MACRO-20
        // Transports name the path in what they say.
        if let (Err(failed), Secrecy::Secret) = (&mut result, running.url) {
            HIDDEN.clone_into(&mut failed.message);
            failed.said = None;
        }
        if let Some(model) = seat.phone.model(&self.phones.shared) {
            seat.reporter.fetched(bytes, ms, &result, &model.scope);
        }
        if let Err(failed) = &result {
            tracing::warn!(phone, outcome = failed.outcome.code(), "{}", failed.message);
        }
        let fetched = result.as_ref().ok().map(|decoded| Fetched {
            bytes,
            container: decoded.container.as_str(),
            gzip: decoded.gzip,
        });
        self.observer.fetched(phone, now, fetched.as_ref());
        let result = match result {
            Ok(decoded) => Ok(self.put_decoded(&decoded)),
            Err(failed) => Err(Told {
                outcome: failed.outcome,
                said: failed
                    .said
                    .and_then(|said| self.phones.shared.values.intern(&said, Secrecy::Plain)),
            }),
        };
        self.queue(phone, Input::FetchDone(op, result));
    }

    #[cfg(not(feature = "fleet"))]
    fn put_decoded(&mut self, decoded: &Decoded) -> DecodedId {
        self.phones.shared.put_decoded(&decoded.delta)
    }

    /// Notes the end of a commit; a failure is told with its reason.
    fn committed(&mut self, phone: u32, op: OpId, result: Result<bool, String>) -> Committed {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return Committed::Failed;
        };
        seat.writes = seat.writes.saturating_sub(1);
        match result {
            Ok(written) => {
                seat.reporter.committed(op, written);
                Committed::Durable
            }
            Err(message) => {
                tracing::error!(phone, "{message}");
                if seat.edit == Some(op) {
                    seat.waiting.edit_failed(message);
                } else {
                    seat.reporter.commit_failed(op, message);
                }
                Committed::Failed
            }
        }
    }

    /// Notes the end of a write of the state record; a failure is told with its reason.
    fn state_saved(&mut self, phone: u32, op: OpId, result: Result<bool, String>) -> Committed {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return Committed::Failed;
        };
        seat.writes = seat.writes.saturating_sub(1);
        match result {
            Ok(written) => {
                seat.reporter.state_saved(op, written);
                Committed::Durable
            }
            Err(message) => {
                tracing::error!(phone, "{message}");
                seat.reporter.state_not_saved(op, message);
                Committed::Failed
            }
        }
    }
}
