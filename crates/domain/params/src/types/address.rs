//! Addresses and host names.

use std::fmt;
use std::net::Ipv4Addr;

/// The longest host name, in characters (R-TYP-9).
const HOST: usize = 63;

/// Reads four decimal numbers 0..=255 joined by dots (R-TYP-6).
#[must_use]
pub fn ipv4(text: &str) -> Option<Ipv4Addr> {
    //= R-TYP-6
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// A host name or address and an optional port (R-TYP-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct HostPort<'t> {
    /// Name, IPv4 address, or IPv6 address, which needs brackets if a port follows; at most 63 characters.
    pub host: &'t str,
    /// Port, if one is given.
    pub port: Option<u16>,
}

/// How a text misses [`HostPort`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostPortError {
    /// The host has more than 63 characters.
    TooLong,
    /// Anything else.
    Bad,
}

impl<'t> HostPort<'t> {
    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    /// The host is empty, too long or has characters that no host has, or the port is none.
    pub fn parse(text: &'t str) -> Result<Self, HostPortError> {
        //= R-TYP-9
        let (host, port) = match text.rsplit_once(':') {
            // An IPv6 address holds colons itself; only one in brackets can have a port.
            Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        if host.chars().count() > HOST {
            return Err(HostPortError::TooLong);
        }
        let is_of_host = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]%".contains(&b);
        if host.is_empty() || !host.bytes().all(is_of_host) {
            return Err(HostPortError::Bad);
        }
        let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
        let port = match port {
            Some(port) if digits(port) => Some(port.parse().map_err(|_| HostPortError::Bad)?),
            Some(_) => return Err(HostPortError::Bad),
            None => None,
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-6 type=test
    fn an_address_has_four_decimal_parts() {
        assert_eq!(ipv4("192.0.2.1"), Some(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(ipv4("010.000.2.255"), Some(Ipv4Addr::new(10, 0, 2, 255)));
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2..4",
            "1.2.3.+4",
            "1.2.3.0004",
        ] {
            assert_eq!(ipv4(text), None, "{text}");
        }
    }

    #[test]
    //= R-TYP-9 type=test
    fn a_host_may_have_a_port() {
        for (text, host, port) in [
            ("ph.example.com", "ph.example.com", None),
            ("ph:05060", "ph", Some(5060)),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]:80", "[2001:db8::1]", Some(80)),
        ] {
            assert_eq!(HostPort::parse(text), Ok(HostPort { host, port }));
        }
        assert_eq!(HostPort::parse("ph:05060").unwrap().to_string(), "ph:5060");
        for text in ["", ":80", "h:", "h:65536", "h:+1", "a b", "h/"] {
            assert_eq!(HostPort::parse(text), Err(HostPortError::Bad), "{text}");
        }
        let long = "h".repeat(64);
        assert_eq!(HostPort::parse(&long), Err(HostPortError::TooLong));
        assert!(HostPort::parse(&format!("{}:1", &long[1..])).is_ok());
    }
}
