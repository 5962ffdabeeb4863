//! A server for the URLs of a rule that name none.

use crate::cursor::Cursor;
use crate::url::ends_url;

/// A copy of a rule, not expanded yet, in which a server stands in every URL that has none: `/a.xml` and `tftp:///a.xml`
/// become `tftp://HOST/a.xml`, in every alternative, behind whatever condition, assignments and options.
///
/// `host` is a name or an address, an IPv6 address in brackets. What is no rule stays as it is, and so does a URL that a
/// macro stands for as a whole.
#[must_use]
pub fn with_server(rule: &str, host: &str) -> String {
    //= R-WEB-4
    let mut copy = String::with_capacity(rule.len() + host.len() + 8);
    let mut shown = 0;
    let mut cursor = Cursor::new(rule);
    while let Some(url) = next_url(&mut cursor) {
        let start = cursor.at() - url.len();
        let (place, scheme) = match url.split_once(":///") {
            Some((scheme, _)) if !scheme.contains('/') => (start + scheme.len() + 3, ""),
            _ if url.starts_with('/') => (start, "tftp://"),
            Some(_) | None => (start, ""),
        };
        if place > start || !scheme.is_empty() {
            copy.push_str(rule.get(shown..place).unwrap_or_default());
            copy.push_str(scheme);
            copy.push_str(host);
            shown = place;
        }
        cursor.skip_space();
        if cursor.peek() != Some(b'|') {
            break;
        }
        cursor.bump();
    }
    copy.push_str(rule.get(shown..).unwrap_or_default());
    copy
}

/// The URL of the alternative at the cursor, which stays behind it; empty without one. `None` if it is none.
fn next_url<'t>(cursor: &mut Cursor<'t>) -> Option<&'t str> {
    cursor.skip_space();
    while cursor.peek() == Some(b'(') {
        cursor.group().ok()?;
        cursor.skip_space();
        if !matches!(cursor.peek(), Some(b'?' | b'!')) {
            return None;
        }
        cursor.bump();
        cursor.skip_space();
    }
    if cursor.peek() == Some(b'[') {
        loop {
            cursor.take_while(|byte| !matches!(byte, b'"' | b']'));
            match cursor.peek() {
                Some(b'"') => drop(cursor.string().ok()?),
                Some(_) => break,
                None => return None,
            }
        }
        cursor.bump();
        cursor.skip_space();
    }
    Some(cursor.take_while(|byte| !ends_url(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-WEB-4 type=test
    #[test]
    fn whoever_asks_stands_in_where_a_url_has_no_server() {
        for (rule, expected) in [
            ("/a.xml", "tftp://h/a.xml"),
            (" /$MA.xml # x", " tftp://h/$MA.xml # x"),
            ("http:///a.xml", "http://h/a.xml"),
            ("$SCHEME:///a.xml", "$SCHEME://h/a.xml"),
            ("http://x/a.xml", "http://x/a.xml"),
            ("x/a.xml", "x/a.xml"),
            ("http://x/a:///b", "http://x/a:///b"),
            ("/a:///b", "tftp://h/a:///b"),
            ("[--key \"a ] b\"] /a", "[--key \"a ] b\"] tftp://h/a"),
            (
                "(\"$MA\" eq \"|(#/\")? /a | http:///b | http://x/c | /d",
                "(\"$MA\" eq \"|(#/\")? tftp://h/a | http://h/b | http://x/c | tftp://h/d",
            ),
            (
                "(1 eq 2)?(A = \"/x\";)! [--uid u]/a|(B=\"\";)!",
                "(1 eq 2)?(A = \"/x\";)! [--uid u]tftp://h/a|(B=\"\";)!",
            ),
            ("(1 eq 2)? | /a", "(1 eq 2)? | tftp://h/a"),
            ("/a # | /b", "tftp://h/a # | /b"),
            ("$B", "$B"),
            ("", ""),
            ("(1 eq 2) /a", "(1 eq 2) /a"),
            ("(/a", "(/a"),
            ("[--key \"/a", "[--key \"/a"),
            ("[--key /a", "[--key /a"),
            ("/a b /c", "tftp://h/a b /c"),
        ] {
            assert_eq!(with_server(rule, "h"), expected, "{rule}");
        }
        assert_eq!(with_server("/a", "[::1]"), "tftp://[::1]/a");
    }
}
