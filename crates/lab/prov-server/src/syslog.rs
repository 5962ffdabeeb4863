//! The syslog sink.

pub(crate) mod stream;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::connection::stopped;
use crate::event::{ServerEvent, SyslogMessage};
use crate::log::Log;
use crate::text::visible;

/// Larger than any UDP payload.
const DATAGRAM: usize = 64 << 10;
/// Pause after an error of the socket, so that one that stays does not keep a core busy.
const PAUSE: Duration = Duration::from_millis(50);
/// Datagrams read after the end, so that a busy sender cannot keep the sink alive.
const LAST_DATAGRAMS: usize = 1_024;

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];
const SEVERITIES: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

/// The priority of a syslog message: facility and severity (RFC 3164, section 4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Priority(u8);

impl Priority {
    /// Takes the number between the angle brackets, 0..=191.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 191 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The name of the facility, for example `local0`.
    #[must_use]
    pub fn facility(self) -> &'static str {
        FACILITIES
            .get(usize::from(self.0 >> 3))
            .copied()
            .unwrap_or("-")
    }

    /// The name of the severity, for example `info`.
    #[must_use]
    pub fn severity(self) -> &'static str {
        SEVERITIES
            .get(usize::from(self.0 & 7))
            .copied()
            .unwrap_or("-")
    }
}

impl fmt::Display for Priority {
    /// Writes `facility.severity`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.facility(), self.severity())
    }
}

/// Reads datagrams until told to stop, and then those that have arrived already.
pub(crate) async fn receive(socket: UdpSocket, log: Arc<Log>, mut stop: watch::Receiver<bool>) {
    let mut datagram = vec![0; DATAGRAM];
    let take = |bytes: &[u8], source| {
        log.event(ServerEvent::Syslog(message(
            bytes,
            source,
            SystemTime::now(),
        )));
    };
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            received = socket.recv_from(&mut datagram) => match received {
                Ok((len, source)) => take(datagram.get(..len).unwrap_or_default(), source),
                Err(error) => {
                    tracing::warn!(%error, "the syslog socket failed; trying again");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    // The plain socket is asked, since the runtime may not have heard of what arrived.
    let Ok(socket) = socket.into_std() else {
        return;
    };
    for _ in 0..LAST_DATAGRAMS {
        let Ok((len, source)) = socket.recv_from(&mut datagram) else {
            return;
        };
        take(datagram.get(..len).unwrap_or_default(), source);
    }
}

fn message(datagram: &[u8], source: SocketAddr, at: SystemTime) -> SyslogMessage {
    let (priority, text) = split(datagram);
    let end = text
        .iter()
        .rposition(|byte| !matches!(byte, b'\r' | b'\n' | 0))
        .map_or(0, |last| last + 1);
    SyslogMessage {
        at,
        source,
        priority,
        text: shown(text.get(..end).unwrap_or_default()),
    }
}

/// The text to show: of a message of RFC 5424 the time, the host if there is one, and what it says.
fn shown(text: &[u8]) -> String {
    let Some((time, host, said)) = structured(text) else {
        return visible(text);
    };
    let parts = [time, host, said].into_iter();
    let told: Vec<_> = parts.filter(|part| *part != b"-").map(visible).collect();
    told.join(" ")
}

/// Time, host and text of what stands behind the priority of a message of RFC 5424, section 6.
fn structured(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let rest = text.strip_prefix(b"1 ")?;
    let (time, rest) = word(rest)?;
    let (host, rest) = word(rest)?;
    let (_application, rest) = word(rest)?;
    let (_process, rest) = word(rest)?;
    let (_kind, rest) = word(rest)?;
    let rest = match rest.strip_prefix(b"-") {
        Some(rest) => rest,
        None => elements(rest)?,
    };
    let said = match rest.strip_prefix(b" ") {
        Some(said) => said.strip_prefix("\u{feff}".as_bytes()).unwrap_or(said),
        None if rest.is_empty() => b"",
        None => return None,
    };
    Some((time, host, said))
}

/// Splits a word and its blank off.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b' ')?;
    let (word, rest) = text.split_at_checked(end)?;
    (!word.is_empty()).then_some((word, rest.get(1..)?))
}

/// What stands behind structured data: `[id name="value"]`, once or more, with `\"`, `\\` and `\]` in values.
fn elements(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    while let Some(inside) = rest.strip_prefix(b"[") {
        let (mut quoted, mut escaped) = (false, false);
        let end = inside.iter().position(|byte| {
            let ends = *byte == b']' && !quoted;
            quoted ^= *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && quoted && !escaped;
            ends
        })?;
        rest = inside.get(end + 1..)?;
    }
    (rest.len() < text.len()).then_some(rest)
}

/// Takes the priority off; a datagram without a valid one is text as a whole.
fn split(datagram: &[u8]) -> (Option<Priority>, &[u8]) {
    let none = (None, datagram);
    let Some(rest) = datagram.strip_prefix(b"<") else {
        return none;
    };
    let digits = rest
        .iter()
        .take(3)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let Some((number, text)) = rest.split_at_checked(digits) else {
        return none;
    };
    let Some(text) = text.strip_prefix(b">") else {
        return none;
    };
    //= R-LOG-2
    let number = std::str::from_utf8(number)
        .ok()
        .and_then(|number| number.parse().ok());
    match number.and_then(Priority::new) {
        Some(priority) => (Some(priority), text),
        None => none,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 1))
    }

    #[track_caller]
    fn check(datagram: &[u8], priority: &str, text: &str) {
        let message = message(datagram, source(), SystemTime::UNIX_EPOCH);
        let shown = message
            .priority
            .map_or_else(|| "-".to_owned(), |priority| priority.to_string());
        assert_eq!((shown.as_str(), message.text.as_str()), (priority, text));
    }

    //= R-LOG-2 type=test
    #[test]
    fn the_priority_is_read_and_taken_off() {
        check(
            b"<134>Nov  3 10:00:00 hello",
            "local0.info",
            "Nov  3 10:00:00 hello",
        );
        check(b"<131>x", "local0.err", "x");
        check(b"<132>x", "local0.warning", "x");
        check(b"<0>x", "kern.emerg", "x");
        check(b"<013>x", "user.notice", "x");
        check(b"<191>", "local7.debug", "");
    }

    #[test]
    fn a_datagram_without_a_valid_priority_is_text() {
        for text in [
            "", "hello", "<192>x", "<999>x", "<>x", "<13", "<1", "<", "<-1>x", "<0013>x", "< 13>x",
            "<13x>",
        ] {
            check(text.as_bytes(), "-", text);
        }
    }

    #[test]
    fn line_ends_go_and_control_characters_are_escaped() {
        check(
            b"<134>one\ntwo\x1b[0m\r\n\0",
            "local0.info",
            "one\\ntwo\\u{1b}[0m",
        );
        check(b"<134>\xff", "local0.info", "\\xff");
        check(b"\n\n", "-", "");
    }

    #[test]
    fn a_message_of_rfc_5424_shows_its_time_its_host_and_what_it_says() {
        for (message, text) in [
            (
                "<131>1 2026-11-23T00:00:00+01:00 000E08AABBCC onhook - - - Resync failed: timeout",
                "2026-11-23T00:00:00+01:00 000E08AABBCC Resync failed: timeout",
            ),
            ("<131>1 - - onhook - - - \u{feff}é", "é"),
            ("<131>1 - h a p m [x@1 k=\"a]\\\"b\"][y] said", "h said"),
            ("<131>1 - h a p m -", "h "),
            ("<131>1 - h a p m [x", "1 - h a p m [x"),
            ("<131>1 - h a p m x", "1 - h a p m x"),
            ("<131>1 - h", "1 - h"),
            ("<131>2 - h a p m - x", "2 - h a p m - x"),
        ] {
            check(message.as_bytes(), "local0.err", text);
        }
    }

    proptest! {
        #[test]
        fn any_datagram_gives_one_line(datagram: Vec<u8>) {
            let message = message(&datagram, source(), SystemTime::UNIX_EPOCH);
            prop_assert!(!message.to_string().contains(char::is_control));
        }
    }
}
