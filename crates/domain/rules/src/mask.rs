//! Which parts of a rule may not be shown.

use std::ops::Range;

use crate::cursor::{Cursor, is_space};

/// The byte ranges of a text that may hold a key or a password, in order.
///
/// Works on any text, expanded or not, valid or not: what follows `--key` or `--pwd` up to the next
/// option or the end of the list is taken for sensitive, so that a forgotten quote or bracket shows
/// nothing. So is the password of a URL, `://user:password@host`: rules refuse it, other parameters may hold it.
pub fn sensitive_spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    let urls = logins(text).filter_map(|login| {
        let named = text.get(login.clone())?;
        let colon = named.find(':')?;
        Some(login.start + colon + 1..login.end)
    });
    joined(options(text, find_option), urls)
}

/// The same with the argument of every option that is not known to hold nothing of the kind, user names included: for
/// what leaves the host.
pub fn credential_spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    joined(options(text, find_credential), logins(text))
}

/// What stands before the `@` of the server in each URL.
fn logins(text: &str) -> impl Iterator<Item = Range<usize>> {
    let ends = |byte: &u8| matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'|');
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.as_bytes().get(at..)?;
            let mark = rest.windows(3).position(|three| three == b"://");
            #[cfg(test)]
            crate::effort::looked(mark.unwrap_or(rest.len()));
            let start = at + mark? + 3;
            let behind = text.as_bytes().get(start..).unwrap_or_default();
            let length = behind
                .iter()
                .position(|byte| ends(byte) || byte.is_ascii_whitespace())
                .unwrap_or(behind.len());
            #[cfg(test)]
            crate::effort::looked(2 * length);
            let server = behind.get(..length).unwrap_or_default();
            at = start + length;
            if let Some(end) = server.iter().rposition(|byte| *byte == b'@')
                && end > 0
            {
                return Some(start..start + end);
            }
        }
    })
}

/// Both in order, each byte once.
fn joined(
    one: impl Iterator<Item = Range<usize>>,
    other: impl Iterator<Item = Range<usize>>,
) -> impl Iterator<Item = Range<usize>> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    let mut end = 0;
    std::iter::from_fn(move || {
        loop {
            let first = match (one.peek(), other.peek()) {
                (Some(a), Some(b)) if b.start < a.start => other.next(),
                (Some(_), _) => one.next(),
                (None, _) => other.next(),
            }?;
            let span = first.start.max(end)..first.end;
            if !span.is_empty() {
                end = span.end;
                return Some(span);
            }
        }
    })
}

fn options(
    text: &str,
    find: impl Fn(&str) -> Option<Range<usize>>,
) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    let mut path = Path::default();
    std::iter::from_fn(move || {
        loop {
            let option = find(text.get(at..)?)?;
            let start = at + option.start;
            at += option.end;
            if path.holds(text, start) {
                continue;
            }
            let span = argument(text, at);
            at = span.end.max(at);
            if !span.is_empty() {
                return Some(span);
            }
        }
    })
}

/// The length of `--key` and of `--pwd`.
const OPTION_LENGTH: usize = 5;

/// Finds the next `--key` or `--pwd`, in any letter case: a misspelt option has a key too.
fn find_option(text: &str) -> Option<Range<usize>> {
    let at = text.as_bytes().windows(OPTION_LENGTH).position(|word| {
        word.eq_ignore_ascii_case(b"--key") || word.eq_ignore_ascii_case(b"--pwd")
    })?;
    Some(at..at + OPTION_LENGTH)
}

/// Options that hold neither keys nor names.
const PUBLIC: [&str; 5] = ["--post", "--alias", "--srv", "--delta", "--status"];

/// Finds the next `--key`, `--pwd` or `--uid`, or another word that stands where an option does and is none of those
/// that hold nothing secret.
fn find_credential(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|at| {
        let word = bytes.get(at..)?.strip_prefix(b"--")?;
        let known = word.get(..3).is_some_and(|name| {
            [b"key", b"pwd", b"uid"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(*known))
        });
        if known {
            return Some(at..at + OPTION_LENGTH);
        }
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let stands_alone = before.is_none_or(|byte| *byte == b'[' || is_space(*byte));
        let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let end = at + 2 + letters;
        let public = PUBLIC
            .iter()
            .any(|name| text.get(at..end).is_some_and(|word| word == *name));
        (stands_alone && letters > 0 && !public).then_some(at..end)
    })
}

/// Whether a place lies in a URL: a slash stands before it and nothing that could begin an option.
#[derive(Default)]
struct Path {
    /// Bytes that were looked at.
    looked: usize,
    inside: bool,
}

impl Path {
    /// Looks on to a place, which lies behind the one before.
    fn holds(&mut self, text: &str, at: usize) -> bool {
        let passed = text.as_bytes().get(self.looked..at).unwrap_or_default();
        for byte in passed {
            match byte {
                b'[' | b'"' => self.inside = false,
                b'/' => self.inside = true,
                other if other.is_ascii_whitespace() => self.inside = false,
                _ => {}
            }
        }
        #[cfg(test)]
        crate::effort::looked(passed.len());
        self.looked = at;
        self.inside
    }
}

/// The range that an option may take its argument from, quotes included; `at` is behind its name.
fn argument(text: &str, at: usize) -> Range<usize> {
    let rest = text.get(at..).unwrap_or("");
    let mut cursor = Cursor::new(rest);
    cursor.skip_space();
    let start = cursor.at();
    skip_word(&mut cursor);
    let mut end = cursor.at();
    loop {
        cursor.skip_space();
        let next = rest.get(cursor.at()..).unwrap_or("");
        if next.is_empty() || next.starts_with(']') || next.starts_with("--") {
            return at + start..at + end;
        }
        skip_word(&mut cursor);
        end = cursor.at();
    }
}

/// Passes over everything up to white space or `]` outside quotes.
fn skip_word(cursor: &mut Cursor<'_>) {
    loop {
        cursor.take_while(|b| !is_space(b) && b != b']' && b != b'"');
        if cursor.peek() != Some(b'"') {
            return;
        }
        if cursor.string().is_err() {
            // Without a closing quote the string ran to the end.
            return;
        }
    }
}

/// A copy of a rule, expanded or not, without its keys and passwords (R-SEC-3).
#[must_use]
pub fn masked(text: &str) -> String {
    //= R-SEC-3
    let mut copy = String::with_capacity(text.len());
    let mut shown = 0;
    for span in sensitive_spans(text) {
        copy.push_str(text.get(shown..span.start).unwrap_or(""));
        copy.push_str("***");
        shown = span.end;
    }
    copy.push_str(text.get(shown..).unwrap_or(""));
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(masked(text), expected);
    }

    //= R-SEC-3 type=test
    #[test]
    fn arguments_of_key_and_pwd_are_hidden() {
        check("[--key k]http://h/x", "[--key ***]http://h/x");
        check(
            "[ --uid u --pwd \"p ]\" --key k ] /a",
            "[ --uid u --pwd *** --key *** ] /a",
        );
        check(
            "[--key a --key b] /a | [--pwd $SA --srv] /b",
            "[--key *** --key ***] /a | [--pwd *** --srv] /b",
        );
        check("[--key --uid] /a", "[--key ***] /a");
        check("[--uid u] /a", "[--uid u] /a");
        check("http://h/a?--key x", "http://h/a?--key x");
        // White space, a bracket or a quote ends what a slash began.
        check("/a|[--key k] /b", "/a|[--key ***] /b");
        check("/a --key k", "/a --key ***");
        check("/a\"--key k", "/a\"--key ***");
    }

    //= R-SEC-3 type=test
    #[test]
    fn passwords_of_urls_are_hidden() {
        check("http://u:p@h/a", "http://u:***@h/a");
        check(
            "see <https://u:p%40:q@h:1/a?b@c>",
            "see <https://u:***@h:1/a?b@c>",
        );
        check("http://:p@h", "http://:***@h");
        check("x://u:p@w@h/a ://v:q@[::1]", "x://u:***@h/a ://v:***@[::1]");
        check("http://u:é@h|ftp://v:w@h", "http://u:***@h|ftp://v:***@h");
        for plain in [
            "http://u@h/a",
            "http://h/a@b:c@d",
            "http://h:80/a?u:p@h",
            "sip:u:p@h",
            "a@b:c",
            "http://@h",
            "://",
            "//u:p@h",
            "http://[::1]:80/@",
        ] {
            check(plain, plain);
        }
        check("http://u:@h", "http://u:@h");
        // Both at once, and one in the other.
        check(
            "[--key k] http://u:p@h/a | [--pwd q]/b",
            "[--key ***] http://u:***@h/a | [--pwd ***]/b",
        );
        check("[--key http://u:p@h]/a", "[--key ***]/a");
        check("http://u:p --key k@h", "http://u:p --key ***");
        check("http://u:[--key@h x]", "http://u:******]");
        let found: Vec<&str> = credential_spans("[--uid a]http://token@h http://u:p@h")
            .map(|span| &"[--uid a]http://token@h http://u:p@h"[span])
            .collect();
        assert_eq!(found, ["a", "token", "u:p"]);
    }

    //= R-SEC-3 type=test
    #[test]
    fn credentials_are_names_and_whatever_an_unknown_option_holds() {
        for (text, expected) in [
            ("[--uid u --key k --post a]/x", &["u", "k"][..]),
            ("[--kee k --srv --alias d]/x --Post p", &["k", "p"]),
            ("[--keyk --PWD p] http://h/a--b", &["k", "p"]),
            ("$PN -- Requesting %s, Main--Lobby", &[]),
            ("é--key é", &["é"]),
        ] {
            let found: Vec<&str> = credential_spans(text).map(|span| &text[span]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_malformed_list_shows_no_more() {
        check("[--key my secret phrase --srv] /a", "[--key *** --srv] /a");
        check("[--key \"never closed] /a", "[--key ***");
        check("[--key never closed http://h/a", "[--key ***");
        check("[--keyglued] /a", "[--key***] /a");
        check("[--KEY k --pwd=p] /a", "[--KEY *** --pwd***] /a");
        check("[--key \"a\"b c\" d] /a", "[--key ***");
        check("[--key it\"s mine\" x] /a", "[--key ***] /a");
        check("[--uid \"x\"--key y] /a", "[--uid \"x\"--key ***] /a");
        check("[--key] /a", "[--key] /a");
        check("[--key", "[--key");
        check("--key k", "--key ***");
    }
}
