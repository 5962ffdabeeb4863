//! Lines that a thread of their own writes, so that a slow reader or a slow disk holds up nobody.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use anyhow::Context;

/// Lines that may wait for a slow reader; those beyond are counted.
const BACKLOG: usize = 1024;

/// How long the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_millis(300);

/// A file, or stdout, that takes lines.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Option<SyncSender<String>>,
    done: Option<Receiver<()>>,
}

impl Lines {
    /// Opens a file of `what`, such as `events`; `-` is stdout, a file is appended to, and without a path there is none.
    ///
    /// # Errors
    /// The file cannot be opened, or the system has no thread to give.
    pub(crate) fn open(path: Option<&Path>, what: &'static str) -> anyhow::Result<Self> {
        let out: Box<dyn Write + Send> = match path {
            None => return Ok(Self::default()),
            Some(path) if path == Path::new("-") => Box::new(std::io::stdout()),
            Some(path) => Box::new(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .mode(0o600)
                    .open(path)
                    .with_context(|| format!("{what} cannot be written to {}", path.display()))?,
            ),
        };
        let (lines, taken) = mpsc::sync_channel(BACKLOG);
        let (ended, done) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name(what.to_owned())
            .stack_size(64 << 10)
            .spawn(move || {
                write_all(out, &taken, what);
                // Nobody may wait for it.
                let _ = ended.send(());
            })
            .with_context(|| format!("no thread for {what}"))?;
        Ok(Self {
            lines: Some(lines),
            done: Some(done),
        })
    }

    /// Somebody who hands lines over.
    pub(crate) fn sender(&self) -> Sender {
        Sender {
            lines: self.lines.clone(),
            missed: 0,
        }
    }

    /// Ends the stream; the senders are gone. Lines that nobody takes in time are given up.
    pub(crate) fn close(&mut self) {
        self.lines = None;
        if let Some(done) = self.done.take() {
            let _ = done.recv_timeout(LAST_LINES);
        }
    }
}

fn write_all(mut out: Box<dyn Write + Send>, lines: &Receiver<String>, what: &str) {
    for line in lines {
        // A full disk or a closed pipe must not stop the phone; the stream ends.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            tracing::error!("no more {what}: writing it failed, and the phone goes on without");
            return;
        }
    }
}

/// Hands lines over.
pub(crate) struct Sender {
    lines: Option<SyncSender<String>>,
    /// Lines that found no place since the last that did.
    missed: u64,
}

impl Sender {
    /// Whether anybody takes lines.
    pub(crate) const fn is_open(&self) -> bool {
        self.lines.is_some()
    }

    /// Hands a line over; `gap` makes the one that stands for lines that found no place before it.
    pub(crate) fn send(&mut self, line: String, gap: impl FnOnce(u64) -> String) {
        if self.missed > 0 && self.offer(gap(self.missed)) {
            self.missed = 0;
        }
        if !self.offer(line) {
            self.missed += 1;
        }
    }

    fn offer(&mut self, line: String) -> bool {
        let Some(lines) = &self.lines else {
            return false;
        };
        match lines.try_send(line) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Disconnected(_)) => {
                self.lines = None;
                false
            }
        }
    }
}
