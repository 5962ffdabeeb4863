//! URLs of rules: `[scheme://][server[:port]]/path`.

use std::fmt;
use std::net::Ipv6Addr;

use onhook_fetch::Scheme;

use crate::cursor::is_space;
use crate::{RuleError, RuleErrorCode};

/// What stands for the missing server in a displayed URL.
const FROM_DHCP: &str = "<dhcp>";

/// A URL with its defaults filled in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Url<'t> {
    /// The scheme; tftp if none is given.
    pub scheme: Scheme,
    /// Whether the text names the scheme.
    pub scheme_given: bool,
    /// The server as written, an IPv6 address without brackets; `None` if it is missing (R-URL-2).
    pub server: Option<&'t str>,
    /// The port, 1..=65535; that of the scheme if none is given.
    pub port: u16,
    /// Whether the text names the port.
    pub port_given: bool,
    /// The absolute path with its query, as written.
    pub path: &'t str,
    /// Byte offset of the URL in the text that was parsed.
    pub offset: usize,
}

impl<'t> Url<'t> {
    /// Reads a text that is nothing but an expanded URL.
    ///
    /// # Errors
    /// The text is no URL of a rule. White space, `|` and `#` end a URL, so they are an error here.
    pub fn parse(text: &'t str) -> Result<Self, RuleError> {
        if let Some(end) = text.bytes().position(ends_url) {
            return Err(RuleError::new(
                RuleErrorCode::TrailingText,
                end,
                "no white space, `|` or `#` in a URL",
            ));
        }
        Self::parse_at(text, 0)
    }

    /// Reads a URL that holds no character that ends one; `base` is its byte offset in the rule.
    pub(crate) fn parse_at(text: &'t str, base: usize) -> Result<Self, RuleError> {
        let error = |code, at: usize, expected| RuleError::new(code, base + at, expected);
        let slash = slash_in(text).ok_or_else(|| missing_path(base + text.len()))?;
        let (head, tail) = text.split_at(slash);
        //= R-URL-3
        let given = head.strip_suffix(':').filter(|_| tail.starts_with("//"));
        let scheme = match given {
            //= R-URL-1
            None => Scheme::Tftp,
            //= R-URL-5
            Some(name) => name.parse().map_err(|()| {
                error(
                    RuleErrorCode::BadScheme,
                    0,
                    "`tftp`, `http` or `https` before `://`",
                )
            })?,
        };
        let start = if given.is_some() { slash + 2 } else { 0 };
        let rest = text.get(start..).unwrap_or("");
        //= R-URL-6
        let path_at = slash_in(rest).ok_or_else(|| missing_path(base + text.len()))?;
        let (authority, path) = rest.split_at(path_at);
        let (server, port) = split_authority(authority, base + start, given.is_some())?;
        if let Some(at) = control(path) {
            let at = start + path_at + at;
            return Err(error(
                RuleErrorCode::BadPath,
                at,
                "no control character in the path",
            ));
        }
        Ok(Self {
            scheme,
            scheme_given: given.is_some(),
            server,
            port: port.unwrap_or(scheme.default_port()),
            port_given: port.is_some(),
            //= R-URL-4
            path,
            offset: base,
        })
    }
}

/// A server that an option of DHCP names: a host, an address, or a URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedServer {
    /// Host name or address, an IPv6 address without brackets.
    pub host: String,
    /// The scheme that serves a rule without one; a bare host means TFTP (R-URL-2).
    pub scheme: Scheme,
    /// The port for that scheme.
    pub port: u16,
}

impl NamedServer {
    /// Reads the value of an option.
    ///
    /// # Errors
    /// It names no server; the offset counts in the value.
    pub fn parse(value: &str) -> Result<Self, RuleError> {
        // A bare server gets the path that a URL of a rule must have.
        let bare = match value.split_once("://") {
            Some((_, rest)) => !rest.contains('/'),
            None => !value.contains('/'),
        };
        let text = if bare {
            format!("{value}/")
        } else {
            value.to_owned()
        };
        //= R-URL-2
        let url = Url::parse(&text)?;
        let Some(host) = url.server else {
            return Err(RuleError::new(
                RuleErrorCode::BadServer,
                0,
                "a host, an address or a URL with one",
            ));
        };
        Ok(Self {
            host: host.to_owned(),
            scheme: url.scheme,
            port: url.port,
        })
    }
}

/// The place of the first slash.
fn slash_in(text: &str) -> Option<usize> {
    text.bytes().position(|byte| byte == b'/')
}

/// The place of the first control character; nearly every path is printable ASCII, which takes one look.
fn control(path: &str) -> Option<usize> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    if path.bytes().all(is_plain) {
        return None;
    }
    path.find(char::is_control)
}

/// Whether a byte ends a URL in a rule, whatever quotes or brackets stand before it.
pub(crate) fn ends_url(byte: u8) -> bool {
    //= R-RULE-3
    is_space(byte) || matches!(byte, b'|' | b'#')
}

const fn missing_path(at: usize) -> RuleError {
    RuleError::new(
        RuleErrorCode::MissingPath,
        at,
        "a path that begins with `/`, behind the server",
    )
}

/// Splits `server[:port]`; `at` is its byte offset in the rule.
fn split_authority(
    text: &str,
    at: usize,
    scheme_given: bool,
) -> Result<(Option<&str>, Option<u16>), RuleError> {
    //= R-URL-2
    if text.is_empty() {
        return Ok((None, None));
    }
    let error = |at, expected| Err(RuleError::new(RuleErrorCode::BadServer, at, expected));
    //= R-URL-7
    let (server, port) = if let Some(inner) = text.strip_prefix('[') {
        if !scheme_given {
            return error(
                at,
                "`tftp://`, `http://` or `https://` before an address in brackets",
            );
        }
        match inner.split_once(']') {
            Some((server, port)) if server.parse::<Ipv6Addr>().is_ok() => (server, port),
            _ => return error(at, "an IPv6 address between the brackets"),
        }
    } else {
        let end = text.bytes().position(|byte| byte == b':');
        let (server, port) = text.split_at(end.unwrap_or(text.len()));
        if server.is_empty() {
            return error(at, "a server before the port");
        }
        let is_server =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if let Some(wrong) = server.bytes().position(|byte| !is_server(byte)) {
            return error(at + wrong, "a server of letters, digits, `-`, `.` and `_`");
        }
        (server, port)
    };
    let port_at = at + text.len() - port.len();
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((Some(server), None)),
        None => error(port_at, "`:` or `/` behind the address in brackets"),
        Some(digits) => read_port(digits, port_at + 1).map(|port| (Some(server), Some(port))),
    }
}

/// Reads a port; leading zeros are allowed.
fn read_port(digits: &str, at: usize) -> Result<u16, RuleError> {
    //= R-URL-9
    digits
        .bytes()
        .try_fold(0_u16, |n, b| {
            let digit = b.is_ascii_digit().then(|| u16::from(b - b'0'))?;
            n.checked_mul(10)?.checked_add(digit)
        })
        .filter(|port| *port > 0)
        .ok_or(RuleError::new(
            RuleErrorCode::BadPort,
            at,
            "a decimal port from 1 to 65535",
        ))
}

impl fmt::Display for Url<'_> {
    /// Writes the normalised form with every default filled in, for example `tftp://<dhcp>:69/a.cfg`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme, port, path, ..
        } = self;
        match self.server {
            Some(server) if server.contains(':') => write!(f, "{scheme}://[{server}]:{port}{path}"),
            Some(server) => write!(f, "{scheme}://{server}:{port}{path}"),
            None => write!(f, "{scheme}://{FROM_DHCP}:{port}{path}"),
        }
    }
}
