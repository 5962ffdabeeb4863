//! The journal of the phone: what it was told and what it answered.

use std::hash::RandomState;
use std::path::Path;

use onhook_device::Now;
use onhook_driver::Recorder;
use onhook_journal::Writer;
use onhook_phone::{Effect, Input, Phone, Shared};

use crate::boot::{Life, PHONE};
use crate::lines::{Lines, Sender};

/// Who wrote it.
const PROGRAM: &str = concat!("onhook-agent ", env!("CARGO_PKG_VERSION"));

/// The journal, if there is one.
pub(crate) struct Journal {
    lines: Lines,
    /// Makes the stand-ins of secrets, the same in every life of the phone.
    hasher: RandomState,
}

impl Journal {
    /// Opens the file, which is appended to.
    ///
    /// # Errors
    /// It cannot be opened, or the system has no thread to give.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self {
            lines: Lines::open(path, "journal")?,
            hasher: RandomState::new(),
        })
    }

    /// Records a life of the phone, which has not booted, if there is a journal.
    pub(crate) fn begin(&self, life: &mut Life) {
        let mut sender = self.lines.sender();
        let phones = &mut life.reactor.phones;
        let Some(phone) = phones.phone(PHONE).filter(|_| sender.is_open()) else {
            return;
        };
        let hasher = self.hasher.clone();
        let begun = Writer::begin(PROGRAM, &life.setup, phone, &phones.shared, hasher);
        if let Some((writer, first)) = begun {
            sender.send(first, Writer::missed);
            phones.record(PHONE, Box::new(Recording { writer, sender }));
        }
    }

    /// Ends the journal; the lives are over.
    pub(crate) fn close(&mut self) {
        self.lines.close();
    }
}

struct Recording {
    writer: Writer,
    sender: Sender,
}

impl Recorder for Recording {
    fn input(&mut self, now: Now, input: &Input, shared: &Shared) {
        self.writer.input(now, input, shared);
    }

    fn effects(&mut self, effects: &[Effect], phone: &Phone, shared: &Shared) {
        if let Some(line) = self.writer.effects(effects, phone, shared) {
            self.sender.send(line, Writer::missed);
        }
    }
}
