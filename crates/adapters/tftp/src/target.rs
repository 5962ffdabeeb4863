//! What a request asks a server for.

use std::fmt;

use onhook_fetch::{ErrorKind, FetchError, Scheme};

use crate::packet;

/// What becomes of the slash with which the path of a URL begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LeadingSlash {
    /// It goes: `tftp://host/a` asks for `a`.
    #[default]
    Strip,
    /// It stays: `tftp://host/a` asks for `/a`.
    Keep,
}

/// Server and file of a transfer.
pub(crate) struct Target<'r> {
    pub(crate) host: &'r str,
    pub(crate) port: u16,
    path: &'r str,
    /// The name as it is sent.
    pub(crate) file: Vec<u8>,
}

impl<'r> Target<'r> {
    /// Reads the parts of a URL.
    pub(crate) fn of(
        (scheme, host, port, path): (Scheme, &'r str, u16, &'r str),
        slash: LeadingSlash,
    ) -> Result<Self, FetchError> {
        let bad = |what: String| FetchError::new(ErrorKind::BadUrl, what);
        match scheme {
            Scheme::Tftp => {}
            Scheme::Http | Scheme::Https => {
                return Err(bad(format!(
                    "{scheme}://{host}:{port} was given to the TFTP transport; route it to the HTTP transport"
                )));
            }
        }
        if port == 0 {
            return Err(bad(format!(
                "port 0 of {host} cannot be contacted; use 1 to 65535"
            )));
        }
        let file = file_name(path, slash).ok_or_else(|| {
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
            port,
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

/// The name of the file: the path, percent-escapes decoded once, its query as written.
fn file_name(path: &str, slash: LeadingSlash) -> Option<Vec<u8>> {
    //= R-TFTP-3
    let bare = path.strip_prefix('/').unwrap_or(path);
    if bare.is_empty() {
        return None;
    }
    let path = match slash {
        LeadingSlash::Strip => bare,
        LeadingSlash::Keep => path,
    };
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
    (!name.contains(&0)).then_some(name)
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
            let stripped = file_name(path, LeadingSlash::Strip);
            assert_eq!(stripped.as_deref(), Some(file), "{path}");
        }
        for path in ["/", "", "/a%00b", "/a?\0"] {
            for slash in [LeadingSlash::Strip, LeadingSlash::Keep] {
                assert_eq!(file_name(path, slash), None, "{path:?}");
            }
        }
    }

    //= R-TFTP-3 type=test
    #[test]
    fn a_slash_that_is_to_stay_stays_and_no_other_is_made() {
        for (path, file) in [
            ("/a.xml", &b"/a.xml"[..]),
            ("//a", b"//a"),
            ("/a%20b?x", b"/a b?x"),
            ("a", b"a"),
        ] {
            let kept = file_name(path, LeadingSlash::Keep);
            assert_eq!(kept.as_deref(), Some(file), "{path}");
        }
    }
}
