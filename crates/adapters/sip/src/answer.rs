//! Writing answers (RFC 3261, 8.2.6).

use std::net::SocketAddr;

use crate::message::{Echo, Status};

/// What a phone can be asked.
pub(crate) const METHODS: &str = "OPTIONS, NOTIFY";

/// An answer as it is put together.
pub(crate) struct Answer {
    status: Status,
    fields: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) const fn new(status: Status) -> Self {
        Self {
            status,
            fields: Vec::new(),
        }
    }

    /// The same with one more header field.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The message, for a request from there; `tag` is put to To if that has none.
    pub(crate) fn write(&self, echo: &Echo, from: SocketAddr, tag: &str) -> Vec<u8> {
        let Status(code, reason) = self.status;
        let mut text = format!("SIP/2.0 {code} {reason}\r\n");
        let mut push = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        };
        push("Via", &echo.received(from));
        for via in echo.vias.iter().skip(1) {
            push("Via", via);
        }
        push("From", &echo.from);
        match echo.has_to_tag() {
            true => push("To", &echo.to),
            false => push("To", &format!("{};tag={tag}", echo.to)),
        }
        push("Call-ID", &echo.call_id);
        push("CSeq", &echo.cseq);
        for (name, value) in &self.fields {
            push(name, value);
        }
        push("Content-Length", "0");
        text.push_str("\r\n");
        text.into_bytes()
    }
}
