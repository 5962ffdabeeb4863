//! What a request asks a server for.

use std::fmt;

use onhook_fetch::{ErrorKind, FetchError, Request, Scheme};

use crate::packet;

/// Server and file of a transfer.
pub(crate) struct Target<'r> {
    pub(crate) host: &'r str,
    pub(crate) port: u16,
    path: &'r str,
    /// The name as it is sent.
    pub(crate) file: Vec<u8>,
}

impl<'r> Target<'r> {
    /// Reads a request.
    pub(crate) fn of(request: &'r Request) -> Result<Self, FetchError> {
        let bad = |what: String| FetchError::new(ErrorKind::BadUrl, what);
        let Request {
            host, port, path, ..
        } = request;
        match request.scheme {
            Scheme::Tftp => {}
            Scheme::Http | Scheme::Https => {
                return Err(bad(format!(
                    "{}://{host}:{port} was given to the TFTP transport; route it to the HTTP transport",
                    request.scheme
                )));
            }
        }
        if *port == 0 {
            return Err(bad(format!(
                "port 0 of {host} cannot be contacted; use 1 to 65535"
            )));
        }
        let file = file_name(path).ok_or_else(|| {
            bad(format!(
                "the file name of tftp://{host}:{port} is empty or holds a NUL; correct the URL"
            ))
        })?;
        //= R-TFTP-6
        if !packet::fits(&file) {
            return Err(bad(format!(
                "the file name of tftp://{host}:{port} is too long for a TFTP request of 512 bytes; shorten it"
            )));
        }
        Ok(Self {
            host,
            port: *port,
            path,
            file,
        })
    }
}

impl fmt::Display for Target<'_> {
    /// Writes the URL without its query, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        let path = self.path.split('?').next().unwrap_or(self.path);
        let path: String = path
            .chars()
            .map(|c| if c.is_control() { '?' } else { c })
            .collect();
        write!(f, "tftp://{open}{}{close}:{}{path}", self.host, self.port)
    }
}

/// The name of the file: the path without its leading slash, percent-escapes decoded once, its query as written.
fn file_name(path: &str) -> Option<Vec<u8>> {
    //= R-TFTP-3
    let path = path.strip_prefix('/').unwrap_or(path);
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut name = Vec::with_capacity(path.len() + query.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'%')
            .then(|| after.split_first_chunk())
            .flatten()
            .and_then(|([high, low], after)| Some((hex(*high)? << 4 | hex(*low)?, after)));
        let (value, after) = escape.unwrap_or((byte, after));
        name.push(value);
        rest = after;
    }
    name.extend_from_slice(query.as_bytes());
    (!name.is_empty() && !name.contains(&0)).then_some(name)
}

fn hex(digit: u8) -> Option<u8> {
    // A hexadecimal digit fits.
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-TFTP-3 type=test
    #[test]
    fn one_slash_goes_escapes_are_decoded_once_and_the_query_stays() {
        for (path, file) in [
            ("/a.xml", &b"a.xml"[..]),
            ("//a.xml", b"/a.xml"),
            ("/dir/a%20b.xml", b"dir/a b.xml"),
            ("/a%2541", b"a%41"),
            ("/a%zz%4", b"a%zz%4"),
            ("/a%2fb?x=%20&y", b"a/b?x=%20&y"),
            ("/?x", b"?x"),
            ("a", b"a"),
        ] {
            assert_eq!(file_name(path).as_deref(), Some(file), "{path}");
        }
        for path in ["/", "", "/a%00b", "/a?\0"] {
            assert_eq!(file_name(path), None, "{path:?}");
        }
    }
}
