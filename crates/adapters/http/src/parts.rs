//! Parts of files (RFC 9110, 14): the rest of one that came in part, if it is still the same.

use http::{HeaderMap, HeaderValue, Response, header};
use hyper::body::Incoming;
use onhook_fetch::{ErrorKind, FetchError, Part};

use crate::exchange::{Question, header_text};

/// Longest name of a file that is remembered, in bytes.
const LONGEST: usize = 256;

/// Asks for a part, or for the whole if the file is another one now.
pub(crate) fn ask(part: &Part, headers: &mut HeaderMap) {
    let range = header_text(&format!("bytes={}-", part.from));
    headers.extend(range.map(|value| (header::RANGE, value)));
    let same = part.same.as_deref().and_then(header_text);
    headers.extend(same.map(|value| (header::IF_RANGE, value)));
}

/// What a server calls a file: a strong entity tag, or else the time of its last change.
pub(crate) fn validator(response: &Response<Incoming>) -> Option<String> {
    let text = |name| {
        let value: &HeaderValue = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let tag = text(header::ETAG).filter(|tag| tag.starts_with('"'));
    tag.or_else(|| text(header::LAST_MODIFIED))
        .filter(|name| name.len() <= LONGEST)
}

/// Where the part begins that a server gives; it has to be the one that was asked for.
pub(crate) fn from(
    response: &Response<Incoming>,
    question: &Question<'_>,
) -> Result<u64, FetchError> {
    let range = response.headers().get(header::CONTENT_RANGE);
    let found = range.and_then(|range| begin(range.to_str().ok()?));
    let asked = question.errand.part.map(|part| part.from);
    found.filter(|from| Some(*from) == asked).ok_or_else(|| {
        FetchError::new(
            ErrorKind::Protocol,
            format!(
                "reading {}: the server gives another part of the file than was asked for; check the server and what stands between",
                question.target
            ),
        )
    })
}

/// The first byte of `bytes FIRST-LAST/LENGTH`.
fn begin(range: &str) -> Option<u64> {
    let (unit, rest) = range.split_once(' ')?;
    let (span, _) = rest.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (unit.eq_ignore_ascii_case("bytes") && first <= last).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_range_of_bytes_has_a_beginning() {
        for (range, first) in [
            ("bytes 5-9/10", Some(5)),
            ("Bytes 5-5/*", Some(5)),
            ("bytes 9-5/10", None),
            ("bytes */10", None),
            ("bytes 5-9", None),
            ("lines 5-9/10", None),
            ("", None),
        ] {
            assert_eq!(begin(range), first, "{range}");
        }
    }
}
