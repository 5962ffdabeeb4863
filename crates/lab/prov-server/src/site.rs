//! From a request to its answer.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout_at};

use crate::body::{AnswerBody, Record};
use crate::config::Limits;
use crate::event::{Access, TlsSession};
use crate::files::{PIECE, find, next_piece};
use crate::log::Log;
use crate::refusal::Note;
use crate::target::below_root;
use crate::text::visible;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<TlsSession>,
}

/// A directory that is served.
pub(crate) struct Site {
    /// Canonical.
    pub(crate) root: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) log: Arc<Log>,
}

/// What a file answers with; nothing but its length for HEAD.
struct Served {
    first: Bytes,
    rest: Option<std::fs::File>,
    len: u64,
}

impl Site {
    /// Answers a request and leaves its entry in the log to the body.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: &Client,
    ) -> Response<AnswerBody> {
        let began = Instant::now();
        let mut access = accessed(&request, client);
        let found = self.found(&mut request).await;
        let (below, served) = match found {
            Ok(found) => found,
            Err(note) => return self.refused(note, request.method(), access, began),
        };
        access.status = Some(StatusCode::OK.as_u16());
        let record = Record::new(Arc::clone(&self.log), began, access);
        let length = HeaderValue::from(served.len);
        let body = match served.rest {
            None => AnswerBody::whole(served.first, record),
            Some(rest) => AnswerBody::file(served.first, rest, served.len, record),
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_LENGTH, length);
        let kind = HeaderValue::from_static(content_type(&below));
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
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
            tls: client.tls.clone(),
            note: Some(note),
        });
    }

    /// What a request names, once its body is here.
    async fn found(&self, request: &mut Request<Incoming>) -> Result<(PathBuf, Served), Note> {
        let below = self.accepted(request)?;
        if request.method() == Method::POST {
            self.take_body(request.body_mut()).await?;
        }
        let served = self.served(below.clone(), request.method()).await?;
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
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
            return Err(Note::Method);
        }
        if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
            return Err(Note::NoHost);
        }
        below_root(request.uri().path())
    }

    /// Opens a file and reads its first piece.
    async fn served(&self, below: PathBuf, method: &Method) -> Result<Served, Note> {
        let root = self.root.clone();
        let head_only = method == Method::HEAD;
        let opened = spawn_blocking(move || {
            let found = find(&root, &below)?;
            if head_only {
                return Ok(Served {
                    first: Bytes::new(),
                    rest: None,
                    len: found.len,
                });
            }
            let first = next_piece(&found.file, found.len).map_err(|_| Note::Unreadable)?;
            let rest = (found.len > PIECE as u64).then_some(found.file);
            Ok(Served {
                first,
                rest,
                len: found.len,
            })
        });
        opened.await.unwrap_or(Err(Note::Unreadable))
    }

    fn refused(
        &self,
        note: Note,
        method: &Method,
        mut access: Access,
        began: Instant,
    ) -> Response<AnswerBody> {
        let status = note.status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        access.status = Some(status.as_u16());
        access.note = Some(note);
        let record = Record::new(Arc::clone(&self.log), began, access);
        let text = format!("{status}: {note}\n");
        let length = HeaderValue::from(text.len());
        let body = if method == Method::HEAD {
            Bytes::new()
        } else {
            Bytes::from(text)
        };
        let body = AnswerBody::whole(body, record);
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        if note == Note::Method {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }
}

/// The entry of a request without its answer; Authorization and user-info are not looked at.
fn accessed<B>(request: &Request<B>, client: &Client) -> Access {
    let target = request
        .uri()
        .path_and_query()
        .map_or("*", |target| target.as_str());
    Access {
        at: SystemTime::now(),
        client: client.address,
        method: Some(visible(request.method().as_str().as_bytes())),
        target: Some(visible(target.as_bytes())),
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
        tls: client.tls.clone(),
        note: None,
    }
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
