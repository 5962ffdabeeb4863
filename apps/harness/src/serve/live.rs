//! The live view: what happened so far, drawn in place.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use onhook_prov_server::{Access, Events, Protocol, ServerEvent};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::output;

/// Rows of a terminal that does not say how many it has.
const ROWS: usize = 24;
/// Rows that the view takes beside phones and lines, with all protocols, and the one in which the cursor ends.
const FIXED: usize = 12;
/// Phones that are remembered; the one that was silent longest makes room.
const PHONES: usize = 1_000;
/// Lines of syslog and of faults that are remembered.
const LINES: usize = 100;
/// Between two drawings.
const PAUSE: Duration = Duration::from_millis(100);

/// Another screen, without a cursor, that cuts long lines; then the one from before.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/// To the first place; to the end of the line; to the end of the screen.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K\r\n";
const REST_OF_SCREEN: &str = "\x1b[J";

/// The terminal while the view has it.
pub(super) struct Screen {
    rows: usize,
    /// Told when the terminal got another size.
    resized: Signal,
}

impl Screen {
    /// Takes the terminal; dropping it gives it back.
    pub(super) fn enter() -> anyhow::Result<Self> {
        let resized = signal(SignalKind::window_change()).context("cannot catch signals")?;
        output::print(ENTER)?;
        Ok(Self {
            rows: rows(),
            resized,
        })
    }
}

/// How many rows the terminal has, as `stty` knows.
fn rows() -> usize {
    let size = Command::new("stty")
        .arg("size")
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .output();
    let size = size
        .ok()
        .and_then(|size| String::from_utf8(size.stdout).ok());
    let rows = size.and_then(|size| size.split(' ').next()?.parse().ok());
    rows.filter(|rows| *rows > 0).unwrap_or(ROWS)
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = output::print(LEAVE);
    }
}

/// Draws events until there are no more, or the terminal is gone.
pub(super) async fn show(mut events: Events, mut view: View, mut screen: Screen) {
    loop {
        let frame = on_screen(&view.frame(screen.rows));
        // Writing may block for as long as the terminal likes; the server goes on meanwhile.
        let drawn = spawn_blocking(move || output::print(&frame)).await;
        if !matches!(drawn, Ok(Ok(()))) {
            return;
        }
        let event = tokio::select! {
            event = events.next() => event,
            _ = screen.resized.recv() => {
                screen.rows = spawn_blocking(rows).await.unwrap_or(screen.rows);
                continue;
            }
        };
        let Some(event) = event else {
            return;
        };
        view.take(&event);
        // What comes in short order is one drawing.
        let more = async {
            while let Some(event) = events.next().await {
                view.take(&event);
            }
        };
        if timeout(PAUSE, more).await.is_ok() {
            return;
        }
    }
}

/// A frame with what makes it appear in place.
fn on_screen(frame: &str) -> String {
    format!(
        "{HOME}{}{REST_OF_SCREEN}",
        frame.replace('\n', REST_OF_LINE)
    )
}

/// What happened so far.
pub(super) struct View {
    root: String,
    places: Vec<(&'static str, String)>,
    counts: BTreeMap<&'static str, Counts>,
    handshakes: u64,
    syslog: u64,
    missed: u64,
    phones: BTreeMap<String, Phone>,
    /// Requests so far, which tell who was heard last.
    now: u64,
    lines: VecDeque<String>,
}

#[derive(Default)]
struct Counts {
    requests: u64,
    failed: u64,
    bytes: u64,
    faults: u64,
}

struct Phone {
    address: String,
    agent: Option<String>,
    requests: u64,
    /// Status and target of its last request.
    last: String,
    heard: u64,
}

impl View {
    /// Nothing so far; `places` says what listens where.
    pub(super) fn new(root: &Path, places: &[(&'static str, String)]) -> Self {
        Self {
            root: root.display().to_string(),
            places: places.to_vec(),
            counts: BTreeMap::new(),
            handshakes: 0,
            syslog: 0,
            missed: 0,
            phones: BTreeMap::new(),
            now: 0,
            lines: VecDeque::new(),
        }
    }

    /// Takes an event.
    pub(super) fn take(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Request(access) => self.request(access),
            ServerEvent::Handshake(failed) => {
                self.handshakes += 1;
                self.line(failed.to_string());
            }
            ServerEvent::Fault(injected) => {
                let protocol = injected.protocol.as_str();
                self.counts.entry(protocol).or_default().faults += 1;
                self.line(injected.to_string());
            }
            ServerEvent::Syslog(message) => {
                self.syslog += 1;
                self.line(message.to_string());
            }
            ServerEvent::Missed(count) => self.missed += count,
        }
    }

    fn request(&mut self, access: &Access) {
        let counts = self.counts.entry(protocol(access)).or_default();
        counts.requests += 1;
        counts.bytes += access.bytes;
        let refused = access.status.is_some_and(|status| status >= 400);
        counts.failed += u64::from(refused || access.note.is_some());
        self.now += 1;
        let address = access.client.ip().to_string();
        // Who says no MAC is told from others by the address.
        let key = access.mac().unwrap_or_else(|| address.clone());
        if self.phones.len() >= PHONES && !self.phones.contains_key(&key) {
            let quietest = self.phones.iter().min_by_key(|(_, phone)| phone.heard);
            if let Some(quietest) = quietest.map(|(key, _)| key.clone()) {
                self.phones.remove(&quietest);
            }
        }
        let status = access
            .status
            .map_or("-".to_owned(), |status| status.to_string());
        let target = access.target.as_deref().unwrap_or("-");
        let seen = self.phones.get(&key);
        let agent = access.user_agent.clone();
        let phone = Phone {
            address,
            agent: agent.or_else(|| seen.and_then(|phone| phone.agent.clone())),
            requests: seen.map_or(0, |phone| phone.requests) + 1,
            last: format!("{status} {target}"),
            heard: self.now,
        };
        self.phones.insert(key, phone);
    }

    fn line(&mut self, line: String) {
        if self.lines.len() >= LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The whole picture in at most so many rows, each with its line end; control characters are escaped before.
    pub(super) fn frame(&self, rows: usize) -> String {
        let mut text = format!("serving {}   (Ctrl-C ends)\n", self.root);
        // Writing to a String cannot fail.
        for (name, address) in &self.places {
            if *name == "syslog" {
                let _ = writeln!(text, "{name:<7}{address:<22}{} messages", self.syslog);
                continue;
            }
            let none = Counts::default();
            let Counts {
                requests,
                failed,
                bytes,
                faults,
            } = self.counts.get(name).unwrap_or(&none);
            let _ = writeln!(
                text,
                "{name:<7}{address:<22}{requests} requests, {failed} failed, {bytes} bytes, {faults} faults"
            );
        }
        if self.handshakes > 0 {
            let _ = writeln!(text, "{} TLS handshakes failed", self.handshakes);
        }
        if self.missed > 0 {
            let _ = writeln!(text, "{} events came too fast to be shown", self.missed);
        }
        let room = rows.saturating_sub(FIXED).max(2);
        let mut phones: Vec<_> = self.phones.iter().collect();
        phones.sort_by_key(|(_, phone)| std::cmp::Reverse(phone.heard));
        let (shown, all) = (phones.len().min(room / 2), phones.len());
        let _ = writeln!(text, "\nphones: {all}, the last {shown}");
        for (key, phone) in phones.into_iter().take(shown) {
            let Phone {
                address,
                agent,
                requests,
                last,
                ..
            } = phone;
            let agent = agent.as_deref().unwrap_or("-");
            let _ = writeln!(
                text,
                "{key:<15} {address:<15} {requests:>5}  {last}  {agent}"
            );
        }
        let shown = self.lines.len().min(room - shown);
        let _ = writeln!(
            text,
            "\nsyslog, faults and failed handshakes: the last {shown}"
        );
        for line in self.lines.iter().skip(self.lines.len() - shown) {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

fn protocol(access: &Access) -> &'static str {
    match (access.version, &access.tls) {
        (Some("TFTP"), _) => Protocol::Tftp.as_str(),
        (_, Some(_)) => Protocol::Https.as_str(),
        (_, None) => Protocol::Http.as_str(),
    }
}

#[cfg(test)]
#[path = "live/tests.rs"]
mod tests;
