//! Where events go: to subscribers and to the access log.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::event::{Access, Events, FailedHandshake, ServerEvent};

/// Events that a slow reader may fall behind.
const BACKLOG: usize = 4_096;

/// Takes what happens.
pub(crate) struct Log {
    subscribers: broadcast::Sender<ServerEvent>,
    file: Option<Mutex<LogFile>>,
}

struct LogFile {
    file: File,
    broken: bool,
}

impl Log {
    pub(crate) fn new(file: Option<File>) -> (Self, Events) {
        let (subscribers, events) = broadcast::channel(BACKLOG);
        let file = file.map(|file| {
            Mutex::new(LogFile {
                file,
                broken: false,
            })
        });
        (Self { subscribers, file }, Events(events))
    }

    pub(crate) fn subscribe(&self) -> Events {
        Events(self.subscribers.subscribe())
    }

    pub(crate) fn event(&self, event: ServerEvent) {
        // Nobody may be listening.
        let _ = self.subscribers.send(event);
    }

    /// Writes a line of the access log before it tells the subscribers.
    pub(crate) fn access(&self, access: Access) {
        self.write(&access);
        self.event(ServerEvent::Request(access));
    }

    /// The same for a client that did not get as far as a request.
    pub(crate) fn handshake(&self, failed: FailedHandshake) {
        self.write(&failed);
        self.event(ServerEvent::Handshake(failed));
    }

    fn write(&self, line: &dyn fmt::Display) {
        if let Some(file) = &self.file {
            let line = format!("{line}\n");
            let mut log = file.lock().unwrap_or_else(PoisonError::into_inner);
            match log.file.write_all(line.as_bytes()) {
                Ok(()) => log.broken = false,
                // Phones are served without a log too; one word about it is enough.
                Err(error) if !log.broken => {
                    log.broken = true;
                    tracing::error!(%error, "the access log cannot be written; lines are lost");
                }
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::event::SyslogMessage;

    fn event(number: usize) -> ServerEvent {
        ServerEvent::Syslog(SyslogMessage {
            at: SystemTime::UNIX_EPOCH,
            source: ([127, 0, 0, 1], 1).into(),
            priority: None,
            text: number.to_string(),
        })
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_how_many_events_it_missed() {
        let (log, mut events) = Log::new(None);
        for number in 0..BACKLOG + 3 {
            log.event(event(number));
        }
        assert_eq!(events.next().await, Some(ServerEvent::Missed(3)));
        assert_eq!(events.next().await, Some(event(3)));
        drop(log);
        for number in 4..BACKLOG + 3 {
            assert_eq!(events.next().await, Some(event(number)));
        }
        assert_eq!(events.next().await, None);
    }
}
