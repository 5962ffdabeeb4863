//! The answer to a request that has met a fault.

use std::path::PathBuf;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;

use super::{Answering, Cut, Refused, Served};
use crate::body::{AnswerBody, Bend, End};
use crate::fault::{
    Change, DropAt, Effect, FileFault, Hit, Location, OtherBody, ToldLength, WebFault,
};
use crate::stand_in;

/// Whether a fault changes files as a whole, so that no part of one is given.
pub(super) const fn is_of_the_whole(hit: &Hit) -> bool {
    matches!(
        hit.effect,
        Effect::File(FileFault::WrongKey | FileFault::Body(_)) | Effect::Web(WebFault::Length(_))
    )
}

/// Answers as a fault wants.
///
/// # Errors
/// It wants no answer.
pub(super) fn answer(
    answering: Answering<'_>,
    hit: &Hit,
    request: Request<Incoming>,
    found: Result<(PathBuf, Served), Refused>,
) -> Result<Response<AnswerBody>, Cut> {
    let method = request.method();
    let mut told_length = None;
    let mut bend = Bend::default();
    match &hit.effect {
        Effect::Web(WebFault::Drop(DropAt::Start)) => return Err(answering.cut(Cut::Close)),
        Effect::Web(WebFault::Reset) => return Err(answering.cut(Cut::Reset)),
        Effect::Web(WebFault::Status { code, retry_after }) => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let response = answering.text(status, told(status), method);
            let after = retry_after.map(HeaderValue::from);
            return Ok(with(response, RETRY_AFTER, after));
        }
        Effect::Web(WebFault::Redirect(to)) => {
            let response = answering.text(StatusCode::FOUND, told(StatusCode::FOUND), method);
            return Ok(with(response, LOCATION, place(to, request.uri())));
        }
        Effect::File(FileFault::Body(body)) => {
            let bytes = Bytes::from_static(stand_in::bytes(*body));
            let response = answering.text(StatusCode::OK, bytes, method);
            let html = (*body == OtherBody::Html).then(|| HeaderValue::from_static("text/html"));
            return Ok(with(response, CONTENT_TYPE, html));
        }
        Effect::Web(WebFault::Drop(DropAt::Head)) => bend.end = Some((0, End::Cut)),
        Effect::Web(WebFault::Slow { bytes, every }) => bend.pace = Some((*bytes, *every)),
        Effect::Web(WebFault::Length(told)) => told_length = Some(*told),
        Effect::File(FileFault::Truncate(bytes)) => bend.end = Some((*bytes, End::Cut)),
        Effect::File(FileFault::Stall(bytes)) => bend.end = Some((*bytes, End::Stall)),
        // These depend on the file.
        Effect::File(FileFault::Corrupt(_) | FileFault::WrongKey) => {}
        // The delay is over, and nothing else is wrong with an answer of HTTP.
        Effect::Late | Effect::Tls(_) | Effect::Tftp(_) => {}
    }
    let (below, served) = match found {
        Ok(found) => found,
        Err(refused) => return Ok(answering.refused(&refused, method)),
    };
    if method == Method::HEAD {
        return Ok(answering.file(&below, served, None));
    }
    let len = served.len;
    bend.change = change(hit, &served);
    if told_length.is_some() {
        bend.lies = true;
        // After all that there is; a client that was told of more waits for it.
        bend.end = Some((len, End::Cut));
    }
    // A file that is shorter than where something would happen to it ends as it should.
    bend.end = bend.end.filter(|(after, _)| *after < len || bend.lies);
    let response = answering.file(&below, served, Some(bend));
    let length = told_length.map(|told| HeaderValue::from(told.of(len)));
    Ok(with(response, CONTENT_LENGTH, length))
}

/// What happens to the bytes of a file.
fn change(hit: &Hit, served: &Served) -> Option<Change> {
    match hit.effect {
        Effect::File(FileFault::Corrupt(offset)) => {
            let (from, whole) = served.part.unwrap_or((0, served.len));
            Change::one_behind(from, offset, whole, hit.seed)
        }
        Effect::File(FileFault::WrongKey) => Some(Change::all(&served.first, hit.seed)),
        Effect::File(FileFault::Truncate(_) | FileFault::Stall(_) | FileFault::Body(_))
        | Effect::Late
        | Effect::Web(_)
        | Effect::Tls(_)
        | Effect::Tftp(_) => None,
    }
}

/// The value of `Location`; `None` for one that a header cannot hold.
fn place(to: &Location, here: &Uri) -> Option<HeaderValue> {
    let text = match to {
        Location::Loop => here.path_and_query()?.as_str(),
        Location::Url(url) => url,
    };
    HeaderValue::from_str(text).ok()
}

impl ToldLength {
    const fn of(self, len: u64) -> u64 {
        match self {
            Self::Exactly(told) => told,
            Self::More(more) => len.saturating_add(more),
            Self::Less(less) => len.saturating_sub(less),
        }
    }
}

fn told(status: StatusCode) -> Bytes {
    Bytes::from(format!("{status}\n"))
}

/// Puts a field into the header, if it has a value.
fn with(
    mut response: Response<AnswerBody>,
    name: HeaderName,
    value: Option<HeaderValue>,
) -> Response<AnswerBody> {
    if let Some(value) = value {
        response.headers_mut().insert(name, value);
    }
    response
}
