//! One request and its answer on one connection.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use onhook_fetch::{BodySink, ErrorKind, FetchError, Head};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::challenge::Offer;
use crate::errand::{Doing, Errand, Told};
use crate::failure;
use crate::limits::Limits;
#[cfg(feature = "parts")]
use crate::parts;
use crate::sent::{Pieces, Unsent};
use crate::target::Target;
use crate::watch::{Allowance, Watched};

/// The smallest buffer that hyper accepts.
const SMALLEST_BUFFER: usize = 8192;
/// How many full headers may come before the answer has begun, those of interim answers included.
const HEADS: usize = 4;

/// A connection to the server, plain or over TLS.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// How the target of a request is written (RFC 9112, 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// Path and query, for the server.
    Origin,
    /// The whole URL, for a proxy.
    Absolute,
}

/// What is asked.
pub(crate) struct Question<'q> {
    pub(crate) target: &'q Target,
    pub(crate) form: Form,
    pub(crate) errand: &'q Errand<'q>,
    pub(crate) authorization: Option<&'q HeaderValue>,
    pub(crate) proxy_authorization: Option<&'q HeaderValue>,
    /// One more.
    pub(crate) header: Option<&'q (HeaderName, HeaderValue)>,
    pub(crate) limits: &'q Limits,
}

/// What the server says.
pub(crate) enum Answer {
    /// The body went to the sink, or the server has that which it was given.
    Done,
    /// Ask elsewhere; the value of Location, if there is a readable one.
    Moved(Option<String>),
    /// Ask with credentials.
    Challenge(Offer),
    /// Ask with credentials for the proxy.
    ProxyChallenge(Offer),
}

/// Asks and reads the answer; the body of a 200 to a fetch goes to the sink.
pub(crate) async fn exchange(
    stream: Box<dyn Duplex>,
    question: &Question<'_>,
    told: &mut Told<'_>,
) -> Result<Answer, FetchError> {
    let (target, doing) = (question.target, question.errand.doing);
    let request = request(question);
    let (mut sender, mut line) = Line::new(stream, request.body(), question.limits)
        .await
        .map_err(|error| failure::in_head(doing, target, error))?;
    let response = line
        .drive(sender.send_request(request))
        .await
        .map_err(|error| failure::in_head(doing, target, line.cause(error)))?;
    line.allowance.lift();
    check_head(&response, question)?;
    let status = response.status();
    tracing::debug!(server = %target.endpoint(), status = status.as_u16(), "answer");
    match status {
        //= R-HTTP-12
        //= R-RPT-7
        _ if status.is_success() && doing == Doing::Uploading => {
            let sent = line.sent().await;
            sent.map_err(|error| failure::in_tail(target, error))?;
        }
        StatusCode::OK => {
            if let Told::Sink(sink) = told {
                receive(response, 0, &mut line, question, *sink).await?;
            }
        }
        #[cfg(feature = "parts")]
        StatusCode::PARTIAL_CONTENT if question.errand.part.is_some() => {
            let from = parts::from(&response, question)?;
            if let Told::Sink(sink) = told {
                receive(response, from, &mut line, question, *sink).await?;
            }
        }
        //= R-HTTP-4
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => {
            return Ok(Answer::Moved(location(&response)));
        }
        StatusCode::UNAUTHORIZED => {
            return Ok(Answer::Challenge(offer(
                &response,
                header::WWW_AUTHENTICATE,
            )));
        }
        //= R-PROXY-2
        StatusCode::PROXY_AUTHENTICATION_REQUIRED if question.form == Form::Absolute => {
            let offer = offer(&response, header::PROXY_AUTHENTICATE);
            return Ok(Answer::ProxyChallenge(offer));
        }
        //= R-HTTP-11
        StatusCode::NOT_FOUND => {
            let remedy = match doing {
                Doing::Fetching => "put the file there or correct the rule",
                Doing::Uploading => "correct the rule",
            };
            return Err(FetchError::new(
                ErrorKind::NotFound,
                format!("{target} does not exist (status 404); {remedy}"),
            ));
        }
        //= R-HTTP-22
        //= R-HTTP-23
        other => {
            return Err(FetchError::new(
                ErrorKind::HttpStatus(other.as_u16()),
                format!(
                    "{target} was answered with status {other}; look into the log of the server"
                ),
            ));
        }
    }
    Ok(Answer::Done)
}

/// The request with its headers in the documented order.
fn request(question: &Question<'_>) -> http::Request<Pieces> {
    let errand = question.errand;
    let body = errand.given.as_ref().map(|given| given.body.clone());
    let mut request = http::Request::new(Pieces::of(body.unwrap_or_default()));
    *request.method_mut() = errand.method.clone();
    *request.uri_mut() = match question.form {
        Form::Origin => question.target.path.clone().into(),
        Form::Absolute => question.target.absolute(),
    };
    let headers = request.headers_mut();
    //= R-HTTP-2
    headers.extend(header_text(&question.target.authority()).map(|v| (header::HOST, v)));
    headers.extend(header_text(errand.user_agent).map(|v| (header::USER_AGENT, v)));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.extend(
        question
            .authorization
            .map(|v| (header::AUTHORIZATION, v.clone())),
    );
    headers.extend(
        question
            .proxy_authorization
            .map(|v| (header::PROXY_AUTHORIZATION, v.clone())),
    );
    headers.extend(question.header.cloned());
    #[cfg(feature = "parts")]
    if let Some(part) = errand.part {
        parts::ask(part, headers);
    }
    if let Some(given) = &errand.given {
        let content_type = given.content_type.clone();
        headers.extend(content_type.map(|v| (header::CONTENT_TYPE, v)));
        let coding = given.aes128gcm.then_some("aes128gcm");
        let coding = coding.map(HeaderValue::from_static);
        headers.extend(coding.map(|v| (header::CONTENT_ENCODING, v)));
        let length = HeaderValue::from(given.body.len());
        headers.insert(header::CONTENT_LENGTH, length);
    }
    request
}

/// What the headers of a challenge offer.
pub(crate) fn offer(response: &Response<Incoming>, name: HeaderName) -> Offer {
    let values = response.headers().get_all(name);
    Offer::read(values.iter().map(HeaderValue::as_bytes))
}

/// A header value without control characters; `None` for an empty one.
pub(crate) fn header_text(text: &str) -> Option<HeaderValue> {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let clean = clean.trim();
    (!clean.is_empty())
        .then(|| HeaderValue::from_bytes(clean.as_bytes()).ok())
        .flatten()
}

/// Refuses answers whose extent could be read in two ways, and overlong header lines.
fn check_head(response: &Response<Incoming>, question: &Question<'_>) -> Result<(), FetchError> {
    let headers = response.headers();
    let refused = |kind, what: &str| {
        FetchError::new(
            kind,
            format!(
                "{} {}: {what}; check the server and what stands between",
                question.errand.doing.verb(),
                question.target
            ),
        )
    };
    //= R-HTTP-24
    if let Some(coding) = headers.get(header::TRANSFER_ENCODING) {
        if headers.contains_key(header::CONTENT_LENGTH) {
            return Err(refused(
                ErrorKind::Protocol,
                "the answer has both Transfer-Encoding and Content-Length",
            ));
        }
        let codings = headers.get_all(header::TRANSFER_ENCODING).iter().count();
        if codings != 1
            || !coding
                .as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"chunked")
        {
            return Err(refused(
                ErrorKind::Protocol,
                "the answer has a transfer coding other than chunked",
            ));
        }
    }
    //= R-HTTP-16
    let line = |name: &HeaderName, value: &HeaderValue| name.as_str().len() + value.len() + 4;
    let longest = headers.iter().map(|(name, value)| line(name, value)).max();
    let reason = response
        .extensions()
        .get::<hyper::ext::ReasonPhrase>()
        .map_or(0, |reason| reason.as_bytes().len());
    if longest.unwrap_or(0).max(reason) > question.limits.header_line {
        return Err(refused(
            ErrorKind::TooLarge,
            "a line of the header is longer than allowed",
        ));
    }
    Ok(())
}

fn location(response: &Response<Incoming>) -> Option<String> {
    let value = response.headers().get(header::LOCATION)?;
    String::from_utf8(value.as_bytes().to_vec()).ok()
}

/// Whether the outermost content coding is RFC 8188.
fn is_aes128gcm(response: &Response<Incoming>) -> bool {
    //= R-HTTP-15
    response
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .next_back()
        .and_then(|value| value.as_bytes().rsplit(|b| *b == b',').next())
        .is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"aes128gcm"))
}

/// Passes the body on, piece by piece, up to the limit.
async fn receive(
    response: Response<Incoming>,
    from: u64,
    line: &mut Line,
    question: &Question<'_>,
    sink: &mut dyn BodySink,
) -> Result<(), FetchError> {
    let target = question.target;
    let too_large = || {
        FetchError::new(
            ErrorKind::TooLarge,
            format!(
                "the body of {target} is larger than {} bytes; make the file smaller",
                question.errand.limit
            ),
        )
    };
    //= R-HTTP-14
    let head = Head {
        length: response.body().size_hint().exact(),
        from,
        #[cfg(feature = "parts")]
        validator: parts::validator(&response),
        #[cfg(not(feature = "parts"))]
        validator: None,
        aes128gcm: is_aes128gcm(&response),
    };
    //= R-HTTP-16
    if head
        .length
        .is_some_and(|length| from.saturating_add(length) > question.errand.limit)
    {
        return Err(too_large());
    }
    sink.head(&head);
    let mut body = response.into_body();
    let mut received = from;
    while let Some(frame) = line.drive(body.frame()).await {
        let frame = frame.map_err(|error| failure::in_body(target, line.cause(error)))?;
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        received = received.saturating_add(bytes.len() as u64);
        if received > question.errand.limit {
            return Err(too_large());
        }
        let mut taken = sink.chunk(&bytes);
        if taken.is_ok() && sink.is_full() {
            taken = sink.drain().await;
        }
        taken.map_err(|_refused| {
            FetchError::new(
                ErrorKind::Cancelled,
                format!("reading {target}: the receiver wants no more bytes"),
            )
        })?;
    }
    Ok(())
}

/// The connection, which only moves while one of its futures is awaited.
pub(crate) struct Line {
    pub(crate) connection: http1::Connection<TokioIo<Watched<Box<dyn Duplex>>>, Pieces>,
    allowance: Allowance,
    unsent: Arc<Unsent>,
    ended: bool,
    failure: Option<hyper::Error>,
}

impl Line {
    /// Begins to speak HTTP, for a request with this body.
    pub(crate) async fn new(
        stream: Box<dyn Duplex>,
        body: &Pieces,
        limits: &Limits,
    ) -> Result<(http1::SendRequest<Pieces>, Self), hyper::Error> {
        let buffer = limits.header_block.max(SMALLEST_BUFFER);
        let allowance = Allowance::of(buffer.saturating_mul(HEADS));
        let unsent = body.unsent();
        let watched = Watched::new(stream, limits.idle, allowance.clone(), Arc::clone(&unsent));
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_header_size(limits.header_block)
            .max_buf_size(buffer)
            .handshake(TokioIo::new(watched))
            .await?;
        let line = Self {
            connection,
            allowance,
            unsent,
            ended: false,
            failure: None,
        };
        Ok((sender, line))
    }

    /// Awaits a future that needs the connection to move.
    pub(crate) async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if !self.ended
                && let Poll::Ready(end) = self.connection.poll_without_shutdown(cx)
            {
                self.ended = true;
                self.failure = end.err();
            }
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Returns once the body of the request has left: the answer may come before.
    ///
    /// # Errors
    /// It never will. hyper may not say why.
    async fn sent(&mut self) -> Result<(), Option<hyper::Error>> {
        poll_fn(|cx| {
            if !self.ended
                && !self.unsent.is_nothing()
                && let Poll::Ready(end) = self.connection.poll_without_shutdown(cx)
            {
                self.ended = true;
                self.failure = end.err();
            }
            // What moved the connection may have sent the rest, though nothing more came.
            match (self.unsent.is_nothing(), self.ended) {
                (true, _) => Poll::Ready(Ok(())),
                (false, true) => Poll::Ready(Err(self.failure.take())),
                (false, false) => Poll::Pending,
            }
        })
        .await
    }

    /// Why a future failed; hyper tells it to the future or to the connection.
    pub(crate) fn cause(&mut self, error: hyper::Error) -> hyper::Error {
        self.failure.take().unwrap_or(error)
    }
}
