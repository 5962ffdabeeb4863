//! The server that a message names.

use std::net::Ipv6Addr;

/// The port that stands for a missing one.
const PORT: u16 = 514;

/// A name or address with its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// Without brackets.
    pub host: String,
    /// 514 if the text has none.
    pub port: u16,
}

impl Destination {
    /// Reads `host[:port]`; an IPv6 address with a port stands in brackets.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (host, port) = if let Some(literal) = text.strip_prefix('[') {
            let (host, rest) = literal.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            match rest {
                "" => (host, None),
                rest => (host, Some(rest.strip_prefix(':')?)),
            }
        } else if text.parse::<Ipv6Addr>().is_ok() {
            (text, None)
        } else {
            match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            None => PORT,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        let named = host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'));
        (named && !host.is_empty() && port != 0).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_port_is_514_unless_it_is_given() {
        for (text, host, port) in [
            ("10.0.0.7:5514", "10.0.0.7", 5514),
            ("10.0.0.7", "10.0.0.7", 514),
            (" log.example ", "log.example", 514),
            ("log.example:00514", "log.example", 514),
            ("[2001:db8::1]:5514", "2001:db8::1", 5514),
            ("[2001:db8::1]", "2001:db8::1", 514),
            ("2001:db8::1", "2001:db8::1", 514),
        ] {
            let expected = Destination {
                host: host.into(),
                port,
            };
            assert_eq!(Destination::read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in [
            "", " ", ":514", "h:", "h:x", "h:0", "h:65536", "h:+1", "h:1:2", "a b", "[h]", "[::1",
            "[::1]5", "h/x", "u@h",
        ] {
            assert_eq!(Destination::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            prop_assert!(Destination::read(&text).is_none_or(|d| d.port != 0));
        }
    }
}
