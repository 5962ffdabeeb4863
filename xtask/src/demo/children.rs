//! The programs of the demonstration and what they print.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, Result};

/// Which program printed a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Server,
    Phone,
}

impl Source {
    /// The word before its lines.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Server => "server ",
            Self::Phone => "phone  ",
        }
    }
}

/// Running programs; they end with this value.
pub(crate) struct Children {
    running: Vec<Child>,
    sender: mpsc::Sender<(Source, Option<String>)>,
    lines: mpsc::Receiver<(Source, Option<String>)>,
}

impl Default for Children {
    fn default() -> Self {
        let (sender, lines) = mpsc::channel();
        Self {
            running: Vec::new(),
            sender,
            lines,
        }
    }
}

impl Children {
    /// Starts a program and reads its output line by line.
    pub(crate) fn start(&mut self, source: Source, program: &Path, args: &[&OsStr]) -> Result<()> {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let output = child.stdout.take().context("the program has no output")?;
        let sender = self.sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send((source, Some(line))).is_err() {
                    return;
                }
            }
            // The end of the output; nobody may be listening any more.
            sender.send((source, None)).ok();
        });
        self.running.push(child);
        Ok(())
    }

    /// The next line of any program; `None` as soon as one of them has ended.
    pub(crate) fn next(&self) -> Option<(Source, String)> {
        let (source, line) = self.lines.recv().ok()?;
        Some((source, line?))
    }

    /// Asks all programs to end, and waits for them.
    pub(crate) fn end(&mut self) {
        for mut child in self.running.drain(..).rev() {
            let asked = Command::new("kill").arg(child.id().to_string()).status();
            if !asked.is_ok_and(|status| status.success()) {
                child.kill().ok();
            }
            child.wait().ok();
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.end();
    }
}
