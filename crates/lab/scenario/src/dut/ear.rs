//! What a phone that runs in real time shows of itself: what its server hears, and what it prints.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use onhook_prov_server::{Access, Priority, ServerEvent, SyslogMessage};

use super::site::Site;
use super::{Halt, Observation, Seen};
use crate::language::Severity;

/// How long one look at what has come may take; then it is seen whether the run is to end.
pub(super) const LOOK: Duration = Duration::from_millis(100);

/// What is heard while a row runs.
pub(super) enum Came {
    /// By the server.
    Server(Box<ServerEvent>),
    /// A line on the standard output of the phone.
    Line(String),
    /// The standard output of the phone has ended, in its nth life.
    Ended(u32),
}

/// What has been seen since a row began, and what comes.
pub(super) struct Ear {
    came: Receiver<Came>,
    start: Instant,
    start_wall: SystemTime,
    seen: VecDeque<Observation>,
}

impl Ear {
    /// The row begins now.
    pub(super) fn new(came: Receiver<Came>) -> Self {
        Self {
            came,
            start: Instant::now(),
            start_wall: SystemTime::now(),
            seen: VecDeque::new(),
        }
    }

    /// The row begins now, and not before.
    pub(super) fn begin_anew(&mut self) {
        self.start = Instant::now();
        self.start_wall = SystemTime::now();
        self.forget();
    }

    /// What has been seen and not taken counts no more.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
    }

    /// Since the row began.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// A moment of the row.
    pub(super) fn moment(&self, at: Duration) -> Instant {
        self.start + at
    }

    /// Notes what is seen now.
    pub(super) fn see(&mut self, seen: Seen) {
        let at = self.elapsed();
        self.seen.push_back(Observation { at, seen });
    }

    /// What was seen first and has not been taken.
    pub(super) fn next(&mut self) -> Option<Observation> {
        self.seen.pop_front()
    }

    /// Waits for what comes, but not longer than until `end`.
    pub(super) fn wait(&self, end: Instant) -> Result<Option<Came>, Halt> {
        let wait = end.saturating_duration_since(Instant::now());
        match self.came.recv_timeout(wait) {
            Ok(came) => Ok(Some(came)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Halt::Broken("the server is gone".to_owned()))
            }
        }
    }

    /// Notes a message.
    pub(super) fn syslog(&mut self, said: &SyslogMessage) {
        let at = self.at(said.at);
        let seen = message(&said.text, said.priority);
        self.seen.push_back(Observation { at, seen });
    }

    /// Notes a request and its answer.
    pub(super) fn request(&mut self, site: &Site, access: &Access, prvst: Option<i8>) {
        let (Some(method), Some(path)) = (access.method.clone(), path(access)) else {
            return;
        };
        let base = match (access.version, &access.tls) {
            (Some("TFTP"), _) => "{tftp}",
            (_, Some(_)) => "{https}",
            (_, None) => "{http}",
        };
        let url = site.fill(&format!("{base}{path}"));
        let how = match (access.status, &access.note) {
            (Some(200), None) | (None, None) => "a profile".to_owned(),
            (Some(status), None) => format!("status {status}"),
            (_, Some(note)) => note.to_string(),
        };
        let at = self.at(access.at);
        let seen = Seen::Request {
            url: url.clone(),
            path,
            method,
            prvst,
            head: Some(access.head.clone()),
        };
        self.seen.push_back(Observation { at, seen });
        let at = at + access.elapsed;
        let seen = Seen::Answer { url, how };
        self.seen.push_back(Observation { at, seen });
    }

    fn at(&self, at: SystemTime) -> Duration {
        at.duration_since(self.start_wall).unwrap_or_default()
    }
}

/// A phone that is heard through an [`Ear`].
pub(super) trait Hears {
    fn ear(&mut self) -> &mut Ear;

    /// Whether the run is to end.
    fn is_stopped(&self) -> bool;

    /// Takes what comes first, but does not wait longer than until `end`; `false`: nothing came.
    fn hear(&mut self, end: Instant) -> Result<bool, Halt>;

    /// What is seen next, but not later than `until`.
    fn observe(&mut self, until: Duration) -> Result<Option<Observation>, Halt> {
        let end = self.ear().moment(until);
        loop {
            if let Some(seen) = self.ear().next() {
                return Ok(Some(seen));
            }
            if self.is_stopped() {
                return Err(Halt::Interrupted);
            }
            let now = Instant::now();
            if !self.hear(end.min(now + LOOK))? && now >= end {
                return Ok(None);
            }
        }
    }
}

/// Path and query of a request, with a leading `/`; `None` for what is none.
pub(super) fn path(access: &Access) -> Option<String> {
    let target = access.target.as_ref()?;
    Some(match target.starts_with('/') {
        true => target.clone(),
        false => format!("/{target}"),
    })
}

/// A message as the phone said it, without its time stamp.
fn message(text: &str, priority: Option<Priority>) -> Seen {
    const STAMP: usize = "Nov 23 00:00:00 ".len();
    let stamped = text
        .get(..STAMP)
        .is_some_and(|stamp| stamp.ends_with(' ') && stamp.matches(':').count() == 2);
    let said = match stamped {
        true => text.get(STAMP..).unwrap_or(text),
        false => text,
    };
    Seen::Syslog {
        severity: priority.and_then(|priority| match priority.severity() {
            "info" => Some(Severity::Info),
            "warning" => Some(Severity::Warning),
            "err" => Some(Severity::Error),
            _ => None,
        }),
        text: said.to_owned(),
    }
}
