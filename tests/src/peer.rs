//! Child processes with bounded waits.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long anything is waited for before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often a condition is looked at that nobody reports.
const LOOK: Duration = Duration::from_millis(5);

/// A running program; it is killed by its id when this is dropped.
pub struct Peer {
    child: Child,
    name: String,
    heard: Receiver<Heard>,
    /// Streams that have not ended.
    open: u8,
    out: String,
    err: String,
}

enum Heard {
    Out(String),
    Err(String),
    End,
}

/// What a program did until it ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Everything from standard output.
    pub out: String,
    /// Everything from standard error.
    pub err: String,
}

impl Peer {
    /// Starts a program and listens to what it says.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let (tell, heard) = channel();
        if let Some(out) = child.stdout.take() {
            listen(out, tell.clone(), Heard::Out);
        }
        if let Some(err) = child.stderr.take() {
            listen(err, tell, Heard::Err);
        }
        Ok(Self {
            child,
            name,
            heard,
            open: 2,
            out: String::new(),
            err: String::new(),
        })
    }

    /// The id of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has ended.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Everything that came from standard output so far.
    #[must_use]
    pub fn out(&self) -> &str {
        &self.out
    }

    /// Writes to the standard input, which the command must have as a pipe, and closes it.
    ///
    /// # Errors
    /// There is no pipe, or the program has closed it.
    pub fn give(&mut self, text: &str) -> anyhow::Result<()> {
        let mut input = self
            .child
            .stdin
            .take()
            .context("standard input is no pipe")?;
        input.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Waits for a line on standard output; lines are looked at once, in order.
    ///
    /// # Errors
    /// The program ends first, or the deadline passes.
    pub fn line(&mut self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        self.line_within(DEADLINE, wanted)
    }

    /// The same with a deadline of its own.
    ///
    /// # Errors
    /// The program ends first, or it passes.
    pub fn line_within(
        &mut self,
        longest: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        let end = Instant::now() + longest;
        while self.open > 0 {
            let Ok(heard) = self.heard.recv_timeout(left(end)) else {
                bail!(
                    "{} did not say in time what was waited for{}",
                    self.name,
                    self.said()
                );
            };
            if let Some(line) = self.note(heard)
                && wanted(&line)
            {
                return Ok(line);
            }
        }
        bail!(
            "{} ended and had not said what was waited for{}",
            self.name,
            self.said()
        )
    }

    /// Waits for the end of the program.
    ///
    /// # Errors
    /// The deadline passes.
    pub fn end(self) -> anyhow::Result<Ended> {
        self.end_within(DEADLINE)
    }

    /// Waits so long for the end of the program.
    ///
    /// # Errors
    /// It does not end in this time.
    pub fn end_within(mut self, longest: Duration) -> anyhow::Result<Ended> {
        let end = Instant::now() + longest;
        while self.open > 0 {
            let Ok(heard) = self.heard.recv_timeout(left(end)) else {
                bail!("{} did not end in time{}", self.name, self.said());
            };
            self.note(heard);
        }
        let status = until(&format!("the end of {}", self.name), || {
            self.child.try_wait().ok().flatten()
        })?;
        Ok(self.ended(status))
    }

    /// Kills the program and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<Ended> {
        self.child.kill()?;
        self.end()
    }

    fn ended(&mut self, status: ExitStatus) -> Ended {
        Ended {
            code: status.code(),
            signal: status.signal(),
            out: std::mem::take(&mut self.out),
            err: std::mem::take(&mut self.err),
        }
    }

    /// Keeps what was heard; gives back a line of standard output.
    fn note(&mut self, heard: Heard) -> Option<String> {
        match heard {
            Heard::Out(line) => {
                self.out.push_str(&line);
                return Some(line.trim_end().to_owned());
            }
            Heard::Err(line) => self.err.push_str(&line),
            Heard::End => self.open = self.open.saturating_sub(1),
        }
        None
    }

    fn said(&self) -> String {
        format!(
            "\n-- standard output:\n{}\n-- standard error:\n{}",
            self.out, self.err
        )
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A process that has ended cannot be killed, and that is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stream: impl Read + Send + 'static, tell: Sender<Heard>, kind: fn(String) -> Heard) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            // The test may have gone.
            let _ = tell.send(kind(String::from_utf8_lossy(&line).into_owned()));
            line.clear();
        }
        let _ = tell.send(Heard::End);
    });
}

fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

/// Sends a signal, such as `TERM`, to a process.
///
/// # Errors
/// There is no such process or signal.
pub fn signal(name: &str, id: u32) -> anyhow::Result<()> {
    let done = Command::new("sh")
        .args(["-c", "kill -s \"$0\" \"$1\"", name, &id.to_string()])
        .output()?;
    if !done.status.success() {
        bail!(
            "{name} could not be sent: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    Ok(())
}

/// Looks at a condition until it holds; what it gives is handed on.
///
/// # Errors
/// The deadline passes.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    until_within(what, DEADLINE, look)
}

/// The same with a deadline of its own.
///
/// # Errors
/// It passes.
pub fn until_within<T>(
    what: &str,
    longest: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let end = Instant::now() + longest;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if Instant::now() >= end {
            bail!("{what}: not within {} s", longest.as_secs());
        }
        thread::park_timeout(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Peer {
        Peer::start(Command::new("sh").args(["-c", script]).stdin(Stdio::null())).unwrap()
    }

    #[test]
    fn a_program_is_listened_to_until_its_end() {
        let mut peer = shell("echo one; echo two; echo no >&2; exit 3");
        assert_eq!(peer.line(|line| line.starts_with('t')).unwrap(), "two");
        let ended = peer.end().unwrap();
        assert_eq!((ended.code, ended.signal), (Some(3), None));
        assert_eq!(
            (ended.out.as_str(), ended.err.as_str()),
            ("one\ntwo\n", "no\n")
        );
    }

    #[test]
    fn waiting_for_a_line_that_never_comes_ends_with_the_program() {
        let error = shell("echo one").line(|line| line == "two").unwrap_err();
        assert!(error.to_string().contains("one"), "{error}");
    }

    #[test]
    fn a_dropped_program_is_dead() {
        let mut peer = shell("echo $$; exec sleep 600");
        peer.line(|_| true).unwrap();
        let id = peer.id();
        signal("0", id).unwrap();
        drop(peer);
        assert!(signal("0", id).is_err());
    }
}
