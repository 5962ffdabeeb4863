//! Reading requests of SIP (RFC 3261, 7).

use std::net::SocketAddr;
use std::str::FromStr as _;

use bytes::Bytes;
use ezk_sip_types::Name;
use ezk_sip_types::header::HeaderParse as _;
use ezk_sip_types::header::typed::Via;
use ezk_sip_types::msg::{Line, PullParser};
use ezk_sip_types::uri::{SipUri, SipUriUserPart};

/// Longest message in bytes.
pub const MESSAGE_LIMIT: usize = 64 * 1024;
/// Most header fields of a message.
const MOST_FIELDS: usize = 128;
/// Where answers go whose sender names no port (RFC 3261, 18.2.2).
const PORT: u16 = 5060;

/// What came.
#[derive(Debug)]
pub(crate) enum Came {
    /// A request that can be looked at.
    Request(Box<Request>),
    /// A request that is wrong, with what an answer needs and its status.
    Wrong(Box<Echo>, Status),
    /// Something that nobody can be answered about: no SIP, an answer, or a request without return address.
    Nothing,
}

/// The status of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Status(pub(crate) u16, pub(crate) &'static str);

impl Status {
    pub(crate) const OK: Self = Self(200, "OK");
    pub(crate) const BAD_REQUEST: Self = Self(400, "Bad Request");
    pub(crate) const UNAUTHORIZED: Self = Self(401, "Unauthorized");
    pub(crate) const FORBIDDEN: Self = Self(403, "Forbidden");
    pub(crate) const NOT_FOUND: Self = Self(404, "Not Found");
    pub(crate) const NOT_ALLOWED: Self = Self(405, "Method Not Allowed");
    pub(crate) const BAD_SCHEME: Self = Self(416, "Unsupported URI Scheme");
    pub(crate) const BAD_EXTENSION: Self = Self(420, "Bad Extension");
    pub(crate) const NO_CALL: Self = Self(481, "Call/Transaction Does Not Exist");
    pub(crate) const NOT_ACCEPTABLE: Self = Self(488, "Not Acceptable Here");
    pub(crate) const BAD_EVENT: Self = Self(489, "Bad Event");
    pub(crate) const NOT_IMPLEMENTED: Self = Self(501, "Not Implemented");
    pub(crate) const UNAVAILABLE: Self = Self(503, "Service Unavailable");
    pub(crate) const BAD_VERSION: Self = Self(505, "Version Not Supported");
    pub(crate) const TOO_LARGE: Self = Self(513, "Message Too Large");
}

/// What an answer repeats of its request, and where it goes.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    /// All of Via, topmost first, as they came.
    pub(crate) vias: Vec<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: String,
    /// The branch and the sender of the topmost Via.
    pub(crate) branch: String,
    pub(crate) sent_by: String,
    /// Whether the answer goes to the port from which the request came (RFC 3581).
    rport: bool,
    port: Option<u16>,
}

impl Echo {
    /// Where an answer to a request from here goes.
    pub(crate) fn back_to(&self, from: SocketAddr) -> SocketAddr {
        match self.rport {
            true => from,
            false => SocketAddr::new(from.ip(), self.port.unwrap_or(PORT)),
        }
    }

    /// Whether To has a tag already.
    pub(crate) fn has_to_tag(&self) -> bool {
        let address_ends = self.to.rfind('>').map_or(0, |at| at + 1);
        let parameters = self.to.get(address_ends..).unwrap_or_default();
        parameters.split(';').skip(1).any(|parameter| {
            let name = parameter.split('=').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case("tag")
        })
    }

    /// The topmost Via with where it really came from (RFC 3581).
    pub(crate) fn received(&self, from: SocketAddr) -> String {
        let Some(top) = self.vias.first() else {
            return String::new();
        };
        let address = format!(";received={}", from.ip());
        if !self.rport {
            return format!("{top}{address}");
        }
        let port = format!(";rport={}", from.port());
        let lower = top.to_ascii_lowercase();
        let filled = lower.find(";rport").map(|at| {
            let (before, after) = top.split_at(at);
            let after = after.get(";rport".len()..).unwrap_or_default();
            // One that has a value already is left behind it, as an unknown parameter would be.
            let after = after.strip_prefix('=').map_or(after, |after| {
                after
                    .find(';')
                    .map_or("", |at| after.get(at..).unwrap_or_default())
            });
            format!("{before}{port}{after}")
        });
        format!("{}{address}", filled.unwrap_or_else(|| top.clone()))
    }
}

/// A request whose frame is right.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) echo: Echo,
    pub(crate) method: String,
    /// The user part of the address that was asked.
    pub(crate) user: String,
    pub(crate) event: Option<String>,
    /// Authorization, as they came.
    pub(crate) logins: Vec<String>,
    /// What the asker requires the phone to know.
    pub(crate) require: Option<String>,
    pub(crate) body: Bytes,
}

/// Reads a message that came whole.
pub(crate) fn read(bytes: &Bytes) -> Came {
    let mut parser = PullParser::new(bytes, 0);
    let Some(Ok(first)) = parser.next() else {
        return Came::Nothing;
    };
    let first = String::from_utf8_lossy(first).into_owned();
    if first.starts_with("SIP/") {
        return Came::Nothing;
    }
    let mut fields = Fields::default();
    let mut count = 0;
    loop {
        match parser.next() {
            None => break,
            Some(Ok(line)) => {
                count += 1;
                if count > MOST_FIELDS {
                    fields.fault(Status::TOO_LARGE);
                    break;
                }
                fields.take(bytes, line);
            }
            // The empty line is missing.
            Some(Err(_)) => {
                fields.fault(Status::BAD_REQUEST);
                break;
            }
        }
    }
    let head = parser.head_end().min(bytes.len());
    fields.request(&first, bytes.slice(head..))
}

/// How many bytes a message on a stream has, from its head with the empty line; `None` if what it says has no sense.
pub(crate) fn length(head: &[u8]) -> Option<usize> {
    let mut found = None;
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            let value = std::str::from_utf8(value.get(1..)?).ok()?;
            let length = digits(value)?;
            if found.is_some_and(|found| found != length) {
                return None;
            }
            found = Some(length);
        }
    }
    head.len().checked_add(found.unwrap_or(0))
}

fn digits(text: &str) -> Option<usize> {
    let text = text.trim();
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all)
}

/// Header fields as they are collected.
#[derive(Default)]
struct Fields {
    echo: Echo,
    /// The method that CSeq names.
    method: String,
    event: Option<String>,
    logins: Vec<String>,
    require: Option<String>,
    length: Option<usize>,
    fault: Option<Status>,
}

impl Fields {
    /// The first fault counts.
    fn fault(&mut self, status: Status) {
        self.fault.get_or_insert(status);
    }

    /// Takes a text that may be there once.
    fn once(&mut self, place: fn(&mut Self) -> &mut String, value: &str) {
        let place = place(self);
        if place.is_empty() {
            value.clone_into(place);
        } else {
            self.fault(Status::BAD_REQUEST);
        }
    }

    fn take(&mut self, bytes: &Bytes, line: &[u8]) {
        // Nothing that counts has other bytes.
        let Ok(text) = std::str::from_utf8(line) else {
            return;
        };
        let Ok((_, Line { name, value })) = Line::parse(bytes, text) else {
            return self.fault(Status::BAD_REQUEST);
        };
        let value = unfolded(&value);
        if name == Name::VIA {
            self.take_via(value);
        } else if name == Name::FROM {
            self.once(|fields| &mut fields.echo.from, &value);
        } else if name == Name::TO {
            self.once(|fields| &mut fields.echo.to, &value);
        } else if name == Name::CALL_ID {
            self.once(|fields| &mut fields.echo.call_id, &value);
        } else if name == Name::CSEQ {
            self.once(|fields| &mut fields.echo.cseq, &value);
            let (number, method) = value.split_once([' ', '\t']).unwrap_or((&value, ""));
            match digits(number) {
                Some(number) if number < 1 << 31 => method.trim().clone_into(&mut self.method),
                _ => self.fault(Status::BAD_REQUEST),
            }
        } else if name == Name::EVENT {
            if self.event.replace(value).is_some() {
                self.fault(Status::BAD_REQUEST);
            }
        } else if name == Name::AUTHORIZATION {
            self.logins.push(value);
        } else if name == Name::REQUIRE {
            self.require = Some(match self.require.take() {
                Some(more) => format!("{more}, {value}"),
                None => value,
            });
        } else if name == Name::CONTENT_LENGTH {
            match (digits(&value), self.length) {
                (Some(length), None) => self.length = Some(length),
                (Some(length), Some(before)) if length == before => {}
                _ => self.fault(Status::BAD_REQUEST),
            }
        }
    }

    fn take_via(&mut self, value: String) {
        if self.echo.vias.is_empty() {
            let source = Bytes::copy_from_slice(value.as_bytes());
            let text = std::str::from_utf8(&source).unwrap_or_default();
            match Via::parse(&source, text).ok().map(|(_, via)| via) {
                None => self.fault(Status::BAD_REQUEST),
                Some(via) => {
                    let branch = via.params.get_val("branch");
                    self.echo.branch = branch.map(ToString::to_string).unwrap_or_default();
                    self.echo.sent_by = via.sent_by.host.to_string();
                    self.echo.port = via.sent_by.port;
                    self.echo.rport = via.params.get("rport").is_some();
                }
            }
        }
        self.echo.vias.push(value);
    }

    fn request(mut self, first: &str, body: Bytes) -> Came {
        let echo = &self.echo;
        let needed = [
            &echo.from,
            &echo.to,
            &echo.call_id,
            &echo.cseq,
            &echo.sent_by,
        ];
        if needed.iter().any(|text| text.is_empty()) {
            return Came::Nothing;
        }
        let line = RequestLine::read(first);
        let length = self.length.unwrap_or(body.len());
        let fault = match &line {
            Err(status) => Some(*status),
            Ok(line) if line.method != self.method => Some(Status::BAD_REQUEST),
            Ok(_) if length > body.len() => Some(Status::BAD_REQUEST),
            Ok(_) => None,
        };
        match (self.fault.or(fault), line) {
            (None, Ok(RequestLine { method, user })) => {
                let whole = body.len().min(length);
                Came::Request(Box::new(Request {
                    echo: std::mem::take(&mut self.echo),
                    method,
                    user,
                    event: self.event,
                    logins: self.logins,
                    require: self.require,
                    body: body.slice(..whole),
                }))
            }
            (fault, _) => Came::Wrong(Box::new(self.echo), fault.unwrap_or(Status::BAD_REQUEST)),
        }
    }
}

struct RequestLine {
    method: String,
    user: String,
}

impl RequestLine {
    fn read(line: &str) -> Result<Self, Status> {
        let mut words = line.split(' ');
        let (Some(method), Some(uri), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Status::BAD_REQUEST);
        };
        if method.is_empty() {
            return Err(Status::BAD_REQUEST);
        }
        if !version.eq_ignore_ascii_case("SIP/2.0") {
            return Err(match version.get(..4) {
                Some(start) if start.eq_ignore_ascii_case("SIP/") => Status::BAD_VERSION,
                _ => Status::BAD_REQUEST,
            });
        }
        let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
        let known = |scheme: &str| {
            ["sip", "sips"]
                .iter()
                .any(|s| s.eq_ignore_ascii_case(scheme))
        };
        match scheme {
            None => return Err(Status::BAD_REQUEST),
            Some(scheme) if !known(scheme) => return Err(Status::BAD_SCHEME),
            Some(_) => {}
        }
        let uri = SipUri::from_str(uri).map_err(|_| Status::BAD_REQUEST)?;
        Ok(Self {
            method: method.to_owned(),
            user: match uri.user_part {
                SipUriUserPart::Empty => String::new(),
                SipUriUserPart::User(user) => user.to_string(),
                SipUriUserPart::UserPw(both) => both.user.to_string(),
            },
        })
    }
}

/// A value on one line, without what could end a line in an answer.
fn unfolded(value: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    value.trim().chars().map(blank).collect()
}
