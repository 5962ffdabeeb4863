//! The handle that messages are given to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use onhook_fetch::port::Resolver;
use onhook_phone::port::{EventLog, Message};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::form::{Format, Transport};
use crate::sender::Sender;

/// How many messages wait at most.
const QUEUE: usize = 64;

/// How long [`Syslog::flush`] waits at most.
const FLUSH: Duration = Duration::from_secs(2);

/// Sends messages from a task of its own.
///
/// Dropping it lets the task send what waits and end.
pub struct Syslog {
    queue: UnboundedSender<Job>,
    /// Room in the queue; every waiting message holds one permit.
    room: Arc<Semaphore>,
    tally: Arc<Tally>,
}

/// What the handle and the task both know.
#[derive(Default)]
pub(crate) struct Tally {
    dropped: AtomicU64,
    /// Told whenever a message left the queue.
    progress: Notify,
}

/// One waiting message.
pub(crate) struct Job {
    pub(crate) message: Message,
    room: OwnedSemaphorePermit,
}

impl Tally {
    /// Ends the wait of a message that was sent.
    pub(crate) fn sent(&self, job: Job) {
        drop(job.room);
        self.progress.notify_waiters();
    }

    /// Ends the wait of a message that cannot be sent.
    pub(crate) fn lost(&self, job: Job) {
        self.count();
        self.sent(job);
    }

    fn count(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Syslog {
    /// Starts the task on the tokio runtime of the caller, for datagrams of RFC 3164.
    #[must_use]
    pub fn start(resolver: Arc<dyn Resolver>) -> Self {
        Self::with(resolver, Transport::default(), Format::default())
    }

    /// Starts the task with another transport and form.
    #[must_use]
    pub fn with(resolver: Arc<dyn Resolver>, transport: Transport, format: Format) -> Self {
        let (queue, jobs) = unbounded_channel();
        let tally = Arc::new(Tally::default());
        tokio::spawn(Sender::new(resolver, tally.clone(), transport, format).run(jobs));
        Self {
            queue,
            room: Arc::new(Semaphore::new(QUEUE)),
            tally,
        }
    }

    /// Waits until every message handed over so far has been sent or dropped, for at most 2 s.
    ///
    /// What waits longer stays in the queue.
    pub async fn flush(&self) {
        let empty = async {
            loop {
                let progress = self.tally.progress.notified();
                if self.room.available_permits() == QUEUE {
                    return;
                }
                progress.await;
            }
        };
        let _ = tokio::time::timeout(FLUSH, empty).await;
    }
}

impl EventLog for Syslog {
    /// A message without server is meant for nobody: it is neither sent nor counted.
    fn log(&self, message: Message) {
        if message.server.trim().is_empty() {
            return;
        }
        //= R-LOG-8
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            return self.tally.count();
        };
        if let Err(unsent) = self.queue.send(Job { message, room }) {
            self.tally.lost(unsent.0);
        }
    }

    fn dropped(&self) -> u64 {
        self.tally.dropped.load(Ordering::Relaxed)
    }
}
