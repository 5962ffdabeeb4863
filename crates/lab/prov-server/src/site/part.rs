//! Parts of files, and what tells one version of a file from another (RFC 9110, 8.8, 13 and 14).

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use http::header::{IF_RANGE, RANGE};
use http::{HeaderMap, Method};

/// What of a file is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// The bytes from one place on, at least one.
    Bytes {
        /// Where it begins.
        from: u64,
        /// How many.
        len: u64,
    },
    /// Bytes that it does not have.
    Nowhere,
}

impl Part {
    /// What a request wants of a file of `len` bytes with this tag. A server may always give the whole (RFC 9110, 14.2), and does for several parts.
    pub(crate) fn wanted(method: &Method, headers: &HeaderMap, tag: &str, len: u64) -> Self {
        if method != Method::GET {
            return Self::Whole;
        }
        let mut ranges = headers.get_all(RANGE).iter();
        let (Some(range), None) = (ranges.next(), ranges.next()) else {
            return Self::Whole;
        };
        // A time is never equal: no answer names one.
        if headers.get(IF_RANGE).is_some_and(|same| same != tag) {
            return Self::Whole;
        }
        let range = range.to_str().ok().and_then(Range::read);
        range.map_or(Self::Whole, |range| range.of(len))
    }
}

/// One range of bytes, as it is asked for.
enum Range {
    /// From a byte on, up to another one or the end.
    From(u64, Option<u64>),
    /// The last bytes.
    Last(u64),
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let (unit, range) = text.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first, last) {
            ("", last) => number(last).map(Self::Last),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    fn of(self, len: u64) -> Part {
        let end = len.saturating_sub(1);
        let (from, last) = match self {
            Self::From(from, last) => (from, last.map_or(end, |last| last.min(end))),
            Self::Last(0) => return Part::Nowhere,
            // No part can say that there is nothing (RFC 9110, 14.1.2).
            Self::Last(_) if len == 0 => return Part::Whole,
            Self::Last(count) => (len.saturating_sub(count), end),
        };
        match from < len {
            true => Part::Bytes {
                from,
                len: last - from + 1,
            },
            false => Part::Nowhere,
        }
    }
}

/// Digits alone; one that is too large is larger than any file.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The entity tag of a file: another one once it was written or replaced.
pub(crate) fn tag(file: &Metadata) -> String {
    let (seconds, nanos) = (file.mtime(), file.mtime_nsec());
    format!(
        "\"{:x}-{seconds:x}.{nanos:x}-{:x}\"",
        file.ino(),
        file.len()
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(range: &str, expected: Part) {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(range).unwrap());
        let wanted = Part::wanted(&Method::GET, &headers, "\"1\"", 10);
        assert_eq!(wanted, expected, "{range}");
        let wanted = Part::wanted(&Method::HEAD, &headers, "\"1\"", 10);
        assert_eq!(wanted, Part::Whole, "{range}");
    }

    #[test]
    fn one_range_of_bytes_is_a_part() {
        for (range, from, len) in [
            ("bytes=0-", 0, 10),
            ("bytes=0-0", 0, 1),
            ("bytes=4-", 4, 6),
            ("Bytes=4-6", 4, 3),
            ("bytes=9-99", 9, 1),
            ("bytes=4-99999999999999999999999", 4, 6),
            ("bytes=-3", 7, 3),
            ("bytes=-99", 0, 10),
        ] {
            check(range, Part::Bytes { from, len });
        }
    }

    #[test]
    fn bytes_behind_the_end_are_nowhere() {
        for range in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            check(range, Part::Nowhere);
        }
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for range in [
            "bytes=0-1,4-5",
            "bytes=5-4",
            "bytes=",
            "bytes=-",
            "bytes=a-",
            "bytes=+1-",
            "bytes=1--2",
            "bytes 1-2",
            "lines=1-2",
            "",
        ] {
            check(range, Part::Whole);
        }
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        let mut headers = HeaderMap::new();
        for (range, expected) in [
            ("bytes=-1", Part::Whole),
            ("bytes=-0", Part::Nowhere),
            ("bytes=0-", Part::Nowhere),
        ] {
            headers.insert(RANGE, HeaderValue::from_static(range));
            let wanted = Part::wanted(&Method::GET, &headers, "\"1\"", 0);
            assert_eq!(wanted, expected, "{range}");
        }
    }

    #[test]
    fn another_file_is_given_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static("bytes=4-"));
        for (same, expected) in [
            ("\"1\"", Part::Bytes { from: 4, len: 6 }),
            ("\"2\"", Part::Whole),
            ("W/\"1\"", Part::Whole),
            ("Sun, 29 Nov 2026 12:00:00 GMT", Part::Whole),
        ] {
            headers.insert(IF_RANGE, HeaderValue::from_static(same));
            let wanted = Part::wanted(&Method::GET, &headers, "\"1\"", 10);
            assert_eq!(wanted, expected, "{same}");
        }
    }
}
