//! Events as lines of text or JSON.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use onhook_prov_server::{Access, FaultMark, Injected, Running, ServerEvent, SyslogMessage};
use serde::Serialize;

/// How events are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A line of JSON.
#[derive(Serialize)]
struct Document<'e> {
    schema: &'static str,
    /// When it happened, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<String>,
    #[serde(flatten)]
    event: Event<'e>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event<'e> {
    Listening {
        root: String,
        http: Option<String>,
        https: Option<String>,
        tftp: Option<String>,
        syslog: Option<String>,
    },
    Request {
        client: String,
        method: Option<&'e str>,
        target: Option<&'e str>,
        version: Option<&'static str>,
        status: Option<u16>,
        bytes: u64,
        ms: u64,
        user_agent: Option<&'e str>,
        tls: Option<Tls<'e>>,
        note: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        fault: Option<Mark<'e>>,
    },
    HandshakeFailed {
        client: String,
        reason: &'e str,
        #[serde(skip_serializing_if = "Option::is_none")]
        fault: Option<Mark<'e>>,
    },
    Fault {
        client: String,
        protocol: &'static str,
        target: Option<&'e str>,
        name: &'e str,
        effect: &'e str,
    },
    Syslog {
        source: String,
        facility: Option<&'static str>,
        severity: Option<&'static str>,
        text: &'e str,
    },
    Missed {
        count: u64,
    },
}

#[derive(Serialize)]
struct Tls<'e> {
    version: &'static str,
    client: Option<&'e str>,
}

/// The fault that a request has met.
#[derive(Serialize)]
struct Mark<'e> {
    name: &'e str,
    effect: &'e str,
}

impl<'e> Mark<'e> {
    fn of(mark: &'e FaultMark) -> Self {
        Self {
            name: &mark.name,
            effect: &mark.effect,
        }
    }
}

impl Format {
    /// Says where the server listens, with a line end.
    pub(super) fn listening(self, running: &Running, root: &Path) -> anyhow::Result<String> {
        let text = |address: Option<SocketAddr>| address.map(|address| address.to_string());
        match self {
            Self::Text => Ok(greeting(running, root)),
            Self::Json => {
                let event = Event::Listening {
                    root: root.display().to_string(),
                    http: text(running.http_addr()),
                    https: text(running.https_addr()),
                    tftp: text(running.tftp_addr()),
                    syslog: text(running.syslog_addr()),
                };
                Ok(json(None, event)? + "\n")
            }
        }
    }

    /// One event as one line without its end.
    pub(super) fn event(self, event: &ServerEvent) -> anyhow::Result<String> {
        match self {
            Self::Text => Ok(event.to_string()),
            Self::Json => json(
                event.time(),
                match event {
                    ServerEvent::Request(access) => request(access),
                    ServerEvent::Handshake(failed) => Event::HandshakeFailed {
                        client: failed.client.to_string(),
                        reason: &failed.reason,
                        fault: failed.fault.as_ref().map(Mark::of),
                    },
                    ServerEvent::Fault(injected) => fault(injected),
                    ServerEvent::Syslog(message) => syslog(message),
                    ServerEvent::Missed(count) => Event::Missed { count: *count },
                },
            ),
        }
    }
}

/// Says where what is to be had, and what to try first.
fn greeting(running: &Running, root: &Path) -> String {
    let mut text = String::new();
    let mut hint = None;
    let root = root.display();
    let urls = [
        ("http", running.http_addr()),
        ("https", running.https_addr()),
        ("tftp", running.tftp_addr()),
    ];
    // Writing to a String cannot fail.
    for (scheme, address) in urls {
        let Some(address) = address else { continue };
        let _ = writeln!(text, "serving {root} at {scheme}://{address}/");
        hint.get_or_insert_with(|| {
            if address.ip().is_unspecified() {
                let port = address.port();
                format!(
                    "try: onhook-agent resync '{scheme}://HOST:{port}/FILE' with an address of this host"
                )
            } else {
                format!("try: onhook-agent resync '{scheme}://{address}/FILE'")
            }
        });
    }
    if let Some(syslog) = running.syslog_addr() {
        let _ = writeln!(text, "syslog at {syslog} (UDP)");
        hint.get_or_insert_with(|| {
            format!("try: set the parameter Syslog_Server of a phone to {syslog}")
        });
    }
    let hint = hint.unwrap_or_default();
    let _ = writeln!(text, "{hint}   (Ctrl-C ends)");
    text
}

fn request(access: &Access) -> Event<'_> {
    Event::Request {
        client: access.client.to_string(),
        method: access.method.as_deref(),
        target: access.target.as_deref(),
        version: access.version,
        status: access.status,
        bytes: access.bytes,
        ms: u64::try_from(access.elapsed.as_millis()).unwrap_or(u64::MAX),
        user_agent: access.user_agent.as_deref(),
        tls: access.tls.as_ref().map(|tls| Tls {
            version: tls.version,
            client: tls.client.as_deref(),
        }),
        note: access.note.map(|note| note.as_str()),
        fault: access.fault.as_ref().map(Mark::of),
    }
}

fn fault(injected: &Injected) -> Event<'_> {
    Event::Fault {
        client: injected.client.to_string(),
        protocol: injected.protocol.as_str(),
        target: injected.target.as_deref(),
        name: &injected.fault.name,
        effect: &injected.fault.effect,
    }
}

fn syslog(message: &SyslogMessage) -> Event<'_> {
    Event::Syslog {
        source: message.source.to_string(),
        facility: message.priority.map(|priority| priority.facility()),
        severity: message.priority.map(|priority| priority.severity()),
        text: &message.text,
    }
}

fn json(wall: Option<String>, event: Event<'_>) -> anyhow::Result<String> {
    serde_json::to_string(&Document {
        schema: "onhook.serve-event/1",
        wall,
        event,
    })
    .context("cannot write an event")
}
