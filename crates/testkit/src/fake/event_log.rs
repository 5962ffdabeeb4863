//! Messages in memory.

use std::sync::Mutex;

use onhook_phone::port::{EventLog, Message};

use super::lock;

/// Largest message, in octets.
const DATAGRAM: usize = 1024;

/// An [`EventLog`] that keeps messages in a bounded queue until a test takes them.
///
/// What would be one datagram is `identifier text`, cut at 1,024 octets; the form of the wire is left to the
/// adapters. Servers whose name ends in `.invalid` cannot be reached.
#[derive(Debug)]
pub struct FakeEventLog {
    kept: Mutex<Kept>,
    capacity: usize,
}

#[derive(Default, Debug)]
struct Kept {
    messages: Vec<Message>,
    dropped: u64,
}

impl FakeEventLog {
    /// A log that keeps at most so many messages.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            kept: Mutex::default(),
            capacity,
        }
    }

    /// A log that keeps at most 10,000 messages.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(10_000)
    }

    /// The kept messages, oldest first; they stay.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.kept).messages.clone()
    }

    /// The texts of the kept messages, oldest first; they stay.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        lock(&self.kept)
            .messages
            .iter()
            .map(|m| m.text.clone())
            .collect()
    }

    /// Takes the kept messages out, oldest first.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut lock(&self.kept).messages)
    }
}

impl Default for FakeEventLog {
    fn default() -> Self {
        Self::new()
    }
}

impl EventLog for FakeEventLog {
    fn log(&self, mut message: Message) {
        let mut kept = lock(&self.kept);
        if kept.messages.len() >= self.capacity || message.server.ends_with(".invalid") {
            kept.dropped += 1;
            return;
        }
        if !message.identifier.is_empty() {
            message.text = format!("{} {}", message.identifier, message.text);
        }
        message
            .text
            .truncate(message.text.floor_char_boundary(DATAGRAM));
        kept.messages.push(message);
    }

    fn dropped(&self) -> u64 {
        lock(&self.kept).dropped
    }
}
