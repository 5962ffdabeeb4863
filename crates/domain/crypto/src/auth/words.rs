//! The words of WWW-Authenticate, Authorization and their kin (RFC 9110, 11.2 to 11.4).

use std::borrow::Cow;

/// One challenge, or one set of credentials: a scheme with its parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Element<'h> {
    /// The scheme as written.
    pub scheme: &'h [u8],
    parameters: Vec<(&'h [u8], Cow<'h, [u8]>)>,
}

impl Element<'_> {
    /// The value of a parameter, without quotes and escapes; the first of several.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut parameters = self.parameters.iter();
        let named = |(found, _): &&(&[u8], _)| found.eq_ignore_ascii_case(name.as_bytes());
        parameters.find(named).map(|(_, value)| value.as_ref())
    }
}

/// Reads a header value, which may hold several elements; what is neither a scheme nor a parameter is left out.
#[must_use]
pub fn elements(value: &[u8]) -> Vec<Element<'_>> {
    let mut found: Vec<Element<'_>> = Vec::new();
    for part in split_unquoted(value) {
        let mut part = part.trim_ascii();
        if let Some((scheme, rest)) = split_scheme(part) {
            found.push(Element {
                scheme,
                parameters: Vec::new(),
            });
            part = rest;
        }
        if let (Some(element), Some(parameter)) = (found.last_mut(), parameter(part)) {
            element.parameters.push(parameter);
        }
    }
    found
}

/// Splits at commas that do not stand inside a quoted string.
fn split_unquoted(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |byte| {
        if escaped {
            escaped = false;
            return false;
        }
        match byte {
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    })
}

/// The scheme that begins in this part, and what follows it; `None` for a further parameter.
fn split_scheme(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let (token, after) = split_token(part);
    let rest = after.trim_ascii_start();
    let starts = match after.first() {
        None => true,
        Some(byte) => byte.is_ascii_whitespace() && !rest.starts_with(b"="),
    };
    (starts && !token.is_empty()).then_some((token, rest))
}

/// `name=value`, with a value that is a token or a quoted string.
fn parameter(part: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>)> {
    let (name, after) = split_token(part);
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    if name.is_empty() {
        return None;
    }
    let Some(quoted) = value.strip_prefix(b"\"") else {
        return Some((name, Cow::Borrowed(value)));
    };
    let quoted = quoted.strip_suffix(b"\"")?;
    if !quoted.contains(&b'\\') {
        return Some((name, Cow::Borrowed(quoted)));
    }
    let mut escaped = false;
    let plain = quoted.iter().copied().filter(|byte| {
        escaped = *byte == b'\\' && !escaped;
        !escaped
    });
    Some((name, Cow::Owned(plain.collect())))
}

fn split_token(part: &[u8]) -> (&[u8], &[u8]) {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let end = part.iter().position(|byte| !is_token(byte));
    part.split_at_checked(end.unwrap_or(part.len()))
        .unwrap_or((part, &[]))
}
