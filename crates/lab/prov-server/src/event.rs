//! What happened at a server.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::fault::{Hit, Protocol, macs};
use crate::refusal::Note;
use crate::syslog::Priority;
use crate::text::{quoted, visible};

/// A request and its answer; texts are escaped, so that they are safe in any output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// When the request was read.
    pub at: SystemTime,
    /// Who asked.
    pub client: SocketAddr,
    /// Method, or the name of a TFTP request; `None` if no request could be read.
    pub method: Option<String>,
    /// Path and query, or the file name, as sent; `None` if no request could be read. User-info is left out.
    pub target: Option<String>,
    /// Version, for example `HTTP/1.1`, or `TFTP`; `None` if no request could be read.
    pub version: Option<&'static str>,
    /// Status of the answer; `None` if there was none, and over TFTP.
    pub status: Option<u16>,
    /// Bytes of the body that were sent.
    pub bytes: u64,
    /// From the request to the end of the answer.
    pub elapsed: Duration,
    /// User-Agent.
    pub user_agent: Option<String>,
    /// The head as sent, line by line, names of header fields in lower case: `GET /a.xml HTTP/1.1`, `host: 192.0.2.1`. Over TFTP the
    /// request with its mode, then each option: `RRQ a.xml octet`, `tsize 0`. Of credentials only the scheme is told.
    /// Empty unless [`Config::heads`](crate::Config::heads).
    pub head: Vec<String>,
    /// What is known from TLS; `None` for plain HTTP.
    pub tls: Option<TlsSession>,
    /// What else is worth saying.
    pub note: Option<Note>,
    /// The fault that it met.
    pub fault: Option<FaultMark>,
}

impl Access {
    /// The MAC of the phone, as far as User-Agent, client certificate and path tell: twelve digits in lower case.
    #[must_use]
    pub fn mac(&self) -> Option<String> {
        let subject = self.tls.as_ref().and_then(|tls| tls.client.as_deref());
        let told = [self.user_agent.as_deref(), subject, self.target.as_deref()];
        told.into_iter()
            .flatten()
            .find_map(|text| macs(text).into_iter().next())
    }
}

/// A fault in an entry of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultMark {
    /// Its name, escaped.
    pub name: String,
    /// What it does, as in a specification, escaped.
    pub effect: String,
}

impl FaultMark {
    pub(crate) fn of(hit: &Hit) -> Self {
        Self {
            name: visible(hit.name.as_bytes()),
            effect: visible(hit.effect.to_string().as_bytes()),
        }
    }
}

impl fmt::Display for FaultMark {
    /// Writes `fault NAME: EFFECT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}: {}", self.name, self.effect)
    }
}

/// A fault that a client has met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Injected {
    /// When.
    pub at: SystemTime,
    /// Who.
    pub client: SocketAddr,
    /// Over what.
    pub protocol: Protocol,
    /// What was asked for, as in [`Access::target`]; `None` in a handshake.
    pub target: Option<String>,
    /// Which.
    pub fault: FaultMark,
}

impl fmt::Display for Injected {
    /// Writes one line: `TIME CLIENT fault NAME: EFFECT, PROTOCOL [TARGET]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, client, protocol) = (time(self.at), self.client, self.protocol.as_str());
        write!(f, "{at} {client} {}, {protocol}", self.fault)?;
        match &self.target {
            Some(target) => write!(f, " {target}"),
            None => Ok(()),
        }
    }
}

/// The TLS below a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsSession {
    /// Version, for example `TLSv1.3`.
    pub version: &'static str,
    /// Subject of the client certificate, escaped; `None` without one.
    pub client: Option<String>,
}

impl fmt::Display for TlsSession {
    /// Writes `TLSv1.3` or `TLSv1.3 "SUBJECT"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version)?;
        match &self.client {
            Some(subject) => write!(f, " {}", quoted(Some(subject))),
            None => Ok(()),
        }
    }
}

/// A TLS handshake that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedHandshake {
    /// When it failed.
    pub at: SystemTime,
    /// Who tried.
    pub client: SocketAddr,
    /// Why, escaped.
    pub reason: String,
    /// The fault that it met.
    pub fault: Option<FaultMark>,
}

impl fmt::Display for FailedHandshake {
    /// Writes one line: `TIME CLIENT TLS handshake failed: REASON [[FAULT]]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, client, reason) = (time(self.at), self.client, &self.reason);
        write!(f, "{at} {client} TLS handshake failed: {reason}")?;
        write_mark(f, self.fault.as_ref())
    }
}

impl fmt::Display for Access {
    /// Writes the line of the access log:
    /// `TIME CLIENT "METHOD TARGET VERSION" STATUS BYTES MS "USER-AGENT" [TLS] [(NOTE)] [[FAULT]]`, `-` for what is missing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", time(self.at), self.client)?;
        match (&self.method, &self.target, self.version) {
            (Some(method), Some(target), Some(version)) => {
                f.write_str(&quoted(Some(&format!("{method} {target} {version}"))))?;
            }
            _ => f.write_str("-")?,
        }
        match self.status {
            Some(status) => write!(f, " {status}")?,
            None => f.write_str(" -")?,
        }
        let agent = quoted(self.user_agent.as_deref());
        write!(f, " {} {}ms {agent}", self.bytes, self.elapsed.as_millis())?;
        if let Some(tls) = &self.tls {
            write!(f, " {tls}")?;
        }
        if let Some(note) = self.note {
            write!(f, " ({note})")?;
        }
        write_mark(f, self.fault.as_ref())
    }
}

/// A syslog datagram; its text is escaped, so that it is safe in any output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyslogMessage {
    /// When it arrived.
    pub at: SystemTime,
    /// Who sent it.
    pub source: SocketAddr,
    /// Facility and severity; `None` if the datagram has none.
    pub priority: Option<Priority>,
    /// What follows the priority, without line ends and NULs at the end.
    pub text: String,
}

impl fmt::Display for SyslogMessage {
    /// Writes one line: `TIME SOURCE syslog FACILITY.SEVERITY TEXT`, `-` for a missing priority.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} syslog ", time(self.at), self.source)?;
        match self.priority {
            Some(priority) => write!(f, "{priority}")?,
            None => f.write_str("-")?,
        }
        write!(f, " {}", self.text)
    }
}

/// Something that happened at a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServerEvent {
    /// A request was answered, or could not be.
    Request(Access),
    /// A client did not get as far as a request.
    Handshake(FailedHandshake),
    /// A fault was injected; the request or handshake is an event of its own, later.
    Fault(Injected),
    /// A syslog datagram arrived.
    Syslog(SyslogMessage),
    /// The reader of the events was too slow and missed this many.
    Missed(u64),
}

impl ServerEvent {
    /// When it happened, as RFC 3339 in UTC with milliseconds; `None` for missed events.
    #[must_use]
    pub fn time(&self) -> Option<String> {
        match self {
            Self::Request(access) => Some(time(access.at)),
            Self::Handshake(failed) => Some(time(failed.at)),
            Self::Fault(injected) => Some(time(injected.at)),
            Self::Syslog(message) => Some(time(message.at)),
            Self::Missed(_) => None,
        }
    }
}

impl fmt::Display for ServerEvent {
    /// Writes one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(access) => access.fmt(f),
            Self::Handshake(failed) => failed.fmt(f),
            Self::Fault(injected) => injected.fmt(f),
            Self::Syslog(message) => message.fmt(f),
            Self::Missed(count) => {
                write!(f, "({count} events were not shown: the output is too slow)")
            }
        }
    }
}

/// The events of a server, in order.
#[derive(Debug)]
pub struct Events(pub(crate) broadcast::Receiver<ServerEvent>);

impl Events {
    /// Waits for the next event; `None` when the server has stopped and all were read.
    ///
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(count)) => Some(ServerEvent::Missed(count)),
            Err(RecvError::Closed) => None,
        }
    }
}

fn write_mark(f: &mut fmt::Formatter<'_>, fault: Option<&FaultMark>) -> fmt::Result {
    match fault {
        Some(fault) => write!(f, " [{fault}]"),
        None => Ok(()),
    }
}

fn time(at: SystemTime) -> String {
    // A clock outside the years that can be written shows as the epoch.
    let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_007),
            client: SocketAddr::from(([192, 0, 2, 1], 4_000)),
            method: Some("GET".to_owned()),
            target: Some("/a.xml?x=\"y\"".to_owned()),
            version: Some("HTTP/1.1"),
            status: Some(200),
            bytes: 12,
            elapsed: Duration::from_millis(3),
            user_agent: Some("Cisco-CP-8841-3PCC/11.0 (00562b043615)".to_owned()),
            head: Vec::new(),
            tls: None,
            note: None,
            fault: None,
        }
    }

    #[test]
    fn an_access_is_one_readable_line() {
        assert_eq!(
            access().to_string(),
            "2023-11-14T22:13:20.007Z 192.0.2.1:4000 \"GET /a.xml?x=\\\"y\\\" HTTP/1.1\" 200 12 3ms \
             \"Cisco-CP-8841-3PCC/11.0 (00562b043615)\""
        );
    }

    #[test]
    fn what_an_access_lacks_is_a_dash_and_the_note_comes_last() {
        let access = Access {
            method: None,
            status: None,
            user_agent: None,
            note: Some(Note::SlowHead),
            ..access()
        };
        assert_eq!(
            access.to_string(),
            "2023-11-14T22:13:20.007Z 192.0.2.1:4000 - - 12 3ms - (request head not complete in time)"
        );
    }

    #[test]
    fn version_and_client_of_tls_stand_behind_the_user_agent() {
        let mut access = Access {
            user_agent: None,
            tls: Some(TlsSession {
                version: "TLSv1.2",
                client: None,
            }),
            ..access()
        };
        let line = access.to_string();
        assert!(line.ends_with(" 200 12 3ms - TLSv1.2"), "{line}");
        access.note = Some(Note::NotTaken);
        access.tls.as_mut().unwrap().client = Some("O=\\\"x\\\", CN=phone".to_owned());
        let line = access.to_string();
        assert!(line.contains(" - TLSv1.2 \"O="), "{line}");
        assert!(line.contains("CN=phone\" ("), "{line}");
    }

    #[test]
    fn a_failed_handshake_is_one_readable_line() {
        let failed = FailedHandshake {
            at: SystemTime::UNIX_EPOCH,
            client: SocketAddr::from(([192, 0, 2, 1], 4_000)),
            reason: "the client left".to_owned(),
            fault: None,
        };
        assert_eq!(
            failed.to_string(),
            "1970-01-01T00:00:00.000Z 192.0.2.1:4000 TLS handshake failed: the client left"
        );
    }

    #[test]
    fn a_syslog_message_is_one_readable_line() {
        let mut message = SyslogMessage {
            at: SystemTime::UNIX_EPOCH,
            source: SocketAddr::from(([192, 0, 2, 1], 514)),
            priority: Priority::new(134),
            text: "hello".to_owned(),
        };
        assert_eq!(
            message.to_string(),
            "1970-01-01T00:00:00.000Z 192.0.2.1:514 syslog local0.info hello"
        );
        message.priority = None;
        assert_eq!(
            message.to_string(),
            "1970-01-01T00:00:00.000Z 192.0.2.1:514 syslog - hello"
        );
    }
}
