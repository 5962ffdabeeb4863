//! From a request to its answer.

mod fault;
mod part;

use std::fmt;
use std::io::{Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HOST, RANGE,
    USER_AGENT,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout_at};

use part::Part;

use crate::body::{AnswerBody, Bend, Record};
use crate::config::{Limits, TftpUploads};
use crate::event::{Access, FaultMark, Injected, ServerEvent, TlsSession};
use crate::fault::{Asked, FaultSwitch, Hit, Protocol, Stage};
use crate::files::{Found, PIECE, find, next_piece};
use crate::head;
use crate::log::Log;
use crate::refusal::Note;
use crate::target::below_root;
use crate::text::visible;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<TlsSession>,
    /// The fault of its handshake, which marks its requests too.
    pub(crate) fault: Option<FaultMark>,
}

impl Client {
    pub(crate) const fn protocol(&self) -> Protocol {
        match self.tls {
            None => Protocol::Http,
            Some(_) => Protocol::Https,
        }
    }
}

/// A fault wants no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault wants no answer")
    }
}

impl std::error::Error for Cut {}

/// A directory that is served.
pub(crate) struct Site {
    /// Canonical.
    pub(crate) root: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) tftp_uploads: Option<TftpUploads>,
    /// Whether heads are told.
    pub(crate) heads: bool,
    pub(crate) log: Arc<Log>,
    pub(crate) faults: FaultSwitch,
}

/// What a file answers with; nothing but its length for HEAD.
pub(crate) struct Served {
    pub(crate) first: Bytes,
    pub(crate) rest: Option<std::fs::File>,
    /// How many bytes are given.
    pub(crate) len: u64,
    /// Where they begin, and how many the file has; `None` if all are given.
    pub(crate) part: Option<(u64, u64)>,
    /// What tells this version of the file from others.
    pub(crate) tag: String,
}

/// Why there is no file to give.
pub(crate) enum Refused {
    /// It is not given.
    Because(Note),
    /// It is shorter than where the part begins; its length.
    Range(u64),
}

impl From<Note> for Refused {
    fn from(note: Note) -> Self {
        Self::Because(note)
    }
}

/// An answer that has not been made yet.
pub(crate) struct Answering<'s> {
    pub(crate) site: &'s Site,
    pub(crate) began: Instant,
    pub(crate) access: Access,
}

impl Site {
    /// Answers a request and leaves its entry in the log to the body.
    ///
    /// # Errors
    /// A fault wants that there is no answer; that is in the log.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: &Client,
    ) -> Result<Response<AnswerBody>, Cut> {
        let mut answering = Answering {
            site: self,
            began: Instant::now(),
            access: accessed(&request, client),
        };
        if self.heads {
            answering.access.head = head::of_http(&request);
        }
        let hit = self.met(&request, client);
        if let Some(hit) = &hit {
            answering.access.fault = Some(FaultMark::of(hit));
            sleep(hit.delay).await;
        }
        // A server need not know parts: one that changes files as a whole does not.
        if hit.as_ref().is_some_and(fault::is_of_the_whole) {
            request.headers_mut().remove(RANGE);
        }
        let found = self.found(&mut request).await;
        match (hit, found) {
            (Some(hit), found) => fault::answer(answering, &hit, request, found),
            (None, Ok((below, served))) => Ok(answering.file(&below, served, None)),
            (None, Err(refused)) => Ok(answering.refused(&refused, request.method())),
        }
    }

    /// The fault that a request meets, which is told at once.
    fn met<B>(&self, request: &Request<B>, client: &Client) -> Option<Hit> {
        // A path that cannot be decoded is matched as it is.
        let path = request.uri().path();
        let below = below_root(path).ok();
        let below = below.as_ref().map(|below| below.to_string_lossy());
        let agent = request.headers().get(USER_AGENT);
        let agent = agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        let subject = client.tls.as_ref().and_then(|tls| tls.client.as_deref());
        let hit = self.faults.judge(&Asked {
            stage: Stage::Request,
            protocol: client.protocol(),
            client: client.address,
            path: below.as_deref().unwrap_or(path),
            agent: agent.as_deref(),
            subject,
        })?;
        self.injected(
            client.address,
            client.protocol(),
            Some(target(request)),
            &hit,
        );
        Some(hit)
    }

    /// Tells of a fault.
    pub(crate) fn injected(
        &self,
        client: SocketAddr,
        protocol: Protocol,
        target: Option<String>,
        hit: &Hit,
    ) {
        self.log.event(ServerEvent::Fault(Injected {
            at: SystemTime::now(),
            client,
            protocol,
            target,
            fault: FaultMark::of(hit),
        }));
    }

    /// Logs a connection that ended without a request; `status` says whether the client was told.
    pub(crate) fn unanswered(&self, client: &Client, note: Note) {
        self.log.access(Access {
            at: SystemTime::now(),
            client: client.address,
            method: None,
            target: None,
            version: None,
            status: note.status().map(|status| status.as_u16()),
            bytes: 0,
            elapsed: Duration::ZERO,
            user_agent: None,
            head: Vec::new(),
            tls: client.tls.clone(),
            note: Some(note),
            fault: client.fault.clone(),
        });
    }

    /// What a request names, once its body is here.
    async fn found(&self, request: &mut Request<Incoming>) -> Result<(PathBuf, Served), Refused> {
        let below = self.accepted(request)?;
        if matches!(*request.method(), Method::POST | Method::PUT) {
            self.take_body(request.body_mut()).await?;
        }
        let served = self.served(below.clone(), request).await?;
        Ok((below, served))
    }

    /// Takes a body from the wire; what it says makes no difference.
    async fn take_body(&self, body: &mut Incoming) -> Result<(), Note> {
        let mut left = self.limits.body_bytes;
        let deadline = sleep(self.limits.head_time).deadline();
        loop {
            let frame = match timeout_at(deadline, body.frame()).await {
                Ok(None) => return Ok(()),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_))) | Err(_) => return Err(Note::CutBody),
            };
            let taken = frame.data_ref().map_or(0, Bytes::len);
            left = left.checked_sub(taken).ok_or(Note::LongBody)?;
        }
    }

    /// The path below the root that a request names.
    fn accepted<B>(&self, request: &Request<B>) -> Result<PathBuf, Note> {
        let target = request
            .uri()
            .path_and_query()
            .map_or(0, |target| target.as_str().len());
        if target > self.limits.target_bytes {
            return Err(Note::LongTarget);
        }
        let fields: usize = request
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
            .sum();
        let line = request.method().as_str().len() + target + "  HTTP/1.1\r\n\r\n".len();
        if line + fields > self.limits.head_bytes {
            return Err(Note::LongHead);
        }
        if !matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::POST | Method::PUT
        ) {
            return Err(Note::Method);
        }
        if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
            return Err(Note::NoHost);
        }
        below_root(request.uri().path())
    }

    /// Opens a file and reads the first piece of what is wanted of it.
    async fn served<B>(&self, below: PathBuf, request: &Request<B>) -> Result<Served, Refused> {
        let root = self.root.clone();
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let opened = spawn_blocking(move || {
            let Found { mut file, len } = find(&root, &below)?;
            let unreadable = |_| Note::Unreadable;
            let tag = part::tag(&file.metadata().map_err(unreadable)?);
            let wanted = Part::wanted(&method, &headers, &tag, len);
            let (len, part) = match wanted {
                Part::Nowhere => return Err(Refused::Range(len)),
                Part::Whole => (len, None),
                Part::Bytes { from, len: given } => {
                    file.seek(SeekFrom::Start(from)).map_err(unreadable)?;
                    (given, Some((from, len)))
                }
            };
            let (first, rest) = match method == Method::HEAD {
                true => (Bytes::new(), None),
                false => {
                    let first = next_piece(&file, len).map_err(unreadable)?;
                    (first, (len > PIECE as u64).then_some(file))
                }
            };
            Ok(Served {
                first,
                rest,
                len,
                part,
                tag,
            })
        });
        opened.await.unwrap_or(Err(Note::Unreadable.into()))
    }
}

impl Answering<'_> {
    /// The log entry, to be written when the answer has ended.
    fn record(mut self, status: StatusCode) -> Record {
        self.access.status = Some(status.as_u16());
        Record::new(Arc::clone(&self.site.log), self.began, self.access)
    }

    /// A file, as a fault bends it.
    pub(crate) fn file(
        self,
        below: &Path,
        served: Served,
        bend: Option<Bend>,
    ) -> Response<AnswerBody> {
        let status = match served.part {
            Some(_) => StatusCode::PARTIAL_CONTENT,
            None => StatusCode::OK,
        };
        let record = self.record(status);
        let body = match served.rest {
            None => AnswerBody::whole(served.first, record),
            Some(rest) => AnswerBody::file(served.first, rest, served.len, record),
        };
        let body = match bend {
            None => body,
            Some(bend) => body.bent(bend),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(served.len));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(below)));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let range = served.part.map(|(from, whole)| {
            let last = from + served.len.saturating_sub(1);
            format!("bytes {from}-{last}/{whole}")
        });
        for (name, text) in [(ETAG, Some(served.tag)), (CONTENT_RANGE, range)] {
            let value = text.and_then(|text| HeaderValue::try_from(text).ok());
            headers.extend(value.map(|value| (name, value)));
        }
        response
    }

    /// A text with a status; `method` says whether its body is wanted.
    pub(crate) fn text(
        self,
        status: StatusCode,
        text: Bytes,
        method: &Method,
    ) -> Response<AnswerBody> {
        let record = self.record(status);
        let length = HeaderValue::from(text.len());
        let body = if method == Method::HEAD {
            Bytes::new()
        } else {
            text
        };
        let mut response = Response::new(AnswerBody::whole(body, record));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response
    }

    /// Why there is no file, or no such part of it.
    pub(crate) fn refused(self, refused: &Refused, method: &Method) -> Response<AnswerBody> {
        match refused {
            Refused::Because(note) => self.refusal(*note, method),
            Refused::Range(len) => {
                let status = StatusCode::RANGE_NOT_SATISFIABLE;
                let text = Bytes::from(format!("{status}: the file has {len} bytes\n"));
                let mut response = self.text(status, text, method);
                let value = HeaderValue::try_from(format!("bytes */{len}")).ok();
                let headers = response.headers_mut();
                headers.extend(value.map(|value| (CONTENT_RANGE, value)));
                response
            }
        }
    }

    fn refusal(mut self, note: Note, method: &Method) -> Response<AnswerBody> {
        let status = note.status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.access.note = Some(note);
        let text = Bytes::from(format!("{status}: {note}\n"));
        let mut response = self.text(status, text, method);
        if note == Note::Method {
            let allowed = HeaderValue::from_static("GET, HEAD, POST, PUT");
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }

    /// No answer.
    pub(crate) fn cut(mut self, cut: Cut) -> Cut {
        self.access.elapsed = self.began.elapsed();
        self.site.log.access(self.access);
        cut
    }
}

/// The entry of a request without its answer; Authorization and user-info are not looked at.
fn accessed<B>(request: &Request<B>, client: &Client) -> Access {
    Access {
        at: SystemTime::now(),
        client: client.address,
        method: Some(visible(request.method().as_str().as_bytes())),
        target: Some(target(request)),
        version: Some(if request.version() == Version::HTTP_10 {
            "HTTP/1.0"
        } else {
            "HTTP/1.1"
        }),
        status: None,
        bytes: 0,
        elapsed: Duration::ZERO,
        user_agent: request
            .headers()
            .get(USER_AGENT)
            .map(|agent| visible(agent.as_bytes())),
        head: Vec::new(),
        tls: client.tls.clone(),
        note: None,
        fault: client.fault.clone(),
    }
}

/// Path and query as the log shows them.
fn target<B>(request: &Request<B>) -> String {
    let target = request.uri().path_and_query();
    visible(target.map_or("*", |target| target.as_str()).as_bytes())
}

fn content_type(path: &Path) -> &'static str {
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("xml"))
    {
        "text/xml"
    } else {
        "application/octet-stream"
    }
}
