//! The URL of one request of a chain.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

use http::uri::PathAndQuery;
use onhook_fetch::{ErrorKind, FetchError, Scheme};

use crate::challenge::Credentials;
use crate::connect::Peer;
use crate::services::Named;

/// Scheme, host, port and request target of one `http` or `https` URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `http` or `https`.
    pub(crate) scheme: Scheme,
    /// Name or address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Absolute path with query, percent-encoded, without fragment.
    pub(crate) path: PathAndQuery,
}

/// Why a `Location` cannot be followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadLocation {
    /// It is not a URL.
    Unreadable,
    /// It is `http` and would leave `https`.
    Downgrade,
    /// It has a scheme other than `http` and `https`.
    Scheme,
}

impl Target {
    /// The first URL of a transfer.
    pub(crate) fn of(
        scheme: Scheme,
        host: &str,
        port: u16,
        path: &str,
    ) -> Result<Self, FetchError> {
        let bad = |what: &str| FetchError::new(ErrorKind::BadUrl, what);
        match scheme {
            Scheme::Http | Scheme::Https => {}
            Scheme::Tftp => {
                return Err(bad(&format!(
                    "tftp://{host}:{port} was given to the HTTP transport; route it to the TFTP transport"
                )));
            }
        }
        let host = bare_host(host).ok_or_else(|| {
            bad(&format!(
                "the server name {host:?} is neither a host name nor an address; correct the URL"
            ))
        })?;
        if port == 0 {
            return Err(bad(&format!(
                "port 0 of {host} cannot be contacted; use 1 to 65535"
            )));
        }
        if !path.starts_with('/') {
            return Err(bad(&format!(
                "the path of the URL at {host}:{port} does not begin with `/`; correct the URL"
            )));
        }
        Self::at(scheme, host, port, path).ok_or_else(|| {
            bad(&format!(
                "the path of the URL at {host}:{port} is too long; shorten it"
            ))
        })
    }

    /// A URL of good parts; `None` if the path is too long.
    pub(crate) fn at(scheme: Scheme, host: &str, port: u16, path: &str) -> Option<Self> {
        Some(Self {
            scheme,
            host: host.to_owned(),
            port,
            path: encode(without_fragment(path))?,
        })
    }

    /// The same on another server, if there is one.
    pub(crate) fn on(&self, server: Option<&Named>) -> Self {
        let mut target = self.clone();
        if let Some(server) = server {
            target.host.clone_from(&server.host);
            target.port = server.port;
        }
        target
    }

    /// The URL that a `Location` names, and the credentials written into it.
    pub(crate) fn follow(
        &self,
        location: &str,
    ) -> Result<(Self, Option<Credentials>), BadLocation> {
        //= R-HTTP-21
        let reference = without_fragment(location.trim_ascii());
        if reference.is_empty() {
            return Err(BadLocation::Unreadable);
        }
        let (scheme, rest) = match split_scheme(reference) {
            Some((scheme, rest)) => match (scheme.parse(), self.scheme) {
                //= R-HTTP-5
                (Ok(Scheme::Http), Scheme::Https) => return Err(BadLocation::Downgrade),
                (Ok(scheme @ (Scheme::Http | Scheme::Https)), _) => (scheme, rest),
                //= R-HTTP-5
                (Ok(Scheme::Tftp) | Err(()), _) => return Err(BadLocation::Scheme),
            },
            None => (self.scheme, reference),
        };
        if let Some(rest) = rest.strip_prefix("//") {
            return absolute(scheme, rest);
        }
        if rest.len() != reference.len() {
            return Err(BadLocation::Unreadable);
        }
        let base = self.path.path();
        let path = if reference.starts_with('/') {
            tidy(reference)
        } else if reference.starts_with('?') {
            format!("{base}{reference}")
        } else {
            let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
            tidy(&format!("{folder}/{reference}"))
        };
        let target = Self {
            scheme: self.scheme,
            host: self.host.clone(),
            port: self.port,
            path: encode(&path).ok_or(BadLocation::Unreadable)?,
        };
        Ok((target, None))
    }

    /// The value of the Host header.
    pub(crate) fn authority(&self) -> String {
        //= R-HTTP-2
        if self.port == self.scheme.default_port() {
            self.bracketed().into_owned()
        } else {
            self.endpoint()
        }
    }

    /// The server, to connect to.
    pub(crate) fn peer(&self) -> Peer<'_> {
        Peer {
            role: "",
            host: &self.host,
            port: self.port,
        }
    }

    /// `host:port`, for messages and for CONNECT.
    pub(crate) fn endpoint(&self) -> String {
        self.peer().to_string()
    }

    fn bracketed(&self) -> Cow<'_, str> {
        if self.host.contains(':') {
            Cow::Owned(format!("[{}]", self.host))
        } else {
            Cow::Borrowed(&self.host)
        }
    }

    /// The URL as a proxy is asked for it.
    pub(crate) fn absolute(&self) -> http::Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(http::uri::Scheme::HTTP);
        parts.authority = self.authority().parse().ok();
        parts.path_and_query = Some(self.path.clone());
        // A host that is no authority was refused before.
        http::Uri::from_parts(parts).unwrap_or_else(|_| self.path.clone().into())
    }

    /// Whether both URLs name the same server.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(&other.host)
    }

    /// Whether both URLs are the same one.
    pub(crate) fn same_url(&self, other: &Self) -> bool {
        self.same_origin(other) && self.path == other.path
    }
}

impl fmt::Display for Target {
    /// Writes the URL without its query, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.scheme,
            self.endpoint(),
            self.path.path()
        )
    }
}

/// Reads what follows `//`.
fn absolute(scheme: Scheme, rest: &str) -> Result<(Target, Option<Credentials>), BadLocation> {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    //= R-HTTP-10
    let (userinfo, server) = match authority.rsplit_once('@') {
        Some((userinfo, server)) => (Some(userinfo), server),
        None => (None, authority),
    };
    let (host, port) = if let Some(literal) = server.strip_prefix('[') {
        literal.split_once(']').ok_or(BadLocation::Unreadable)?
    } else {
        server.split_at(server.find(':').unwrap_or(server.len()))
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => scheme.default_port(),
        None => return Err(BadLocation::Unreadable),
        Some("") => scheme.default_port(),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or(BadLocation::Unreadable)?,
        Some(_) => return Err(BadLocation::Unreadable),
    };
    let host = bare_host(host).ok_or(BadLocation::Unreadable)?;
    let path = if path.starts_with('/') {
        tidy(path)
    } else {
        format!("/{path}")
    };
    let target = Target {
        scheme,
        host: host.to_owned(),
        port,
        path: encode(&path).ok_or(BadLocation::Unreadable)?,
    };
    Ok((target, userinfo.map(Credentials::from_userinfo)))
}

/// The host without brackets, if it can be one.
fn bare_host(host: &str) -> Option<&str> {
    let bare = host
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(host);
    if bare.contains(':') {
        return bare.parse::<Ipv6Addr>().ok().map(|_| bare);
    }
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (bare.len() == host.len() && !bare.is_empty() && bare.bytes().all(name)).then_some(bare)
}

/// Splits `scheme:rest`; `None` for a reference without scheme.
fn split_scheme(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    let mut bytes = scheme.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic());
    let goes_on = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (starts && goes_on).then_some((scheme, rest))
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

/// Removes `.` and `..` segments of an absolute path and keeps its query (RFC 3986, 5.2.4).
fn tidy(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.split('/').skip(1) {
        ends_in_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    if ends_in_folder {
        kept.push("");
    }
    format!("/{}{query}", kept.join("/"))
}

/// Percent-encodes what may not stand in a request target; `%` is left alone. `None` if it is too long.
fn encode(path: &str) -> Option<PathAndQuery> {
    if path.bytes().all(is_plain) {
        return path.parse().ok();
    }
    let mut encoded = String::with_capacity(path.len() + 16);
    for byte in path.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded.parse().ok()
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

#[cfg(test)]
mod tests;
