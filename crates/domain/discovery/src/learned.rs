//! What a network says of a phone, as a source keeps it.

use std::fmt;
use std::net::IpAddr;

use onhook_fetch::is_one_host;

use crate::ask::{DOMAIN, NAME_SERVERS};
use crate::option::{DhcpOption, Space, Value};

/// Most name servers that are asked.
const MOST_NAME_SERVERS: usize = 4;

/// What a network says now: always the whole, never a part of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Learned {
    /// The address of the phone; `None` if the source does not know it.
    pub address: Option<IpAddr>,
    /// The options, those of DHCPv4 first, each space in ascending order of its numbers.
    pub options: Vec<HeldOption>,
}

impl Learned {
    /// The name servers of option 6 as it came in a packet, each once and none that is no host; at most four.
    #[must_use]
    pub fn name_servers(&self) -> Vec<IpAddr> {
        let (addresses, _) = self.packed(NAME_SERVERS).unwrap_or_default().as_chunks();
        let mut servers = Vec::new();
        for octets in addresses {
            let ip = IpAddr::from(*octets as [u8; 4]);
            if servers.len() < MOST_NAME_SERVERS && is_one_host(ip) && !servers.contains(&ip) {
                servers.push(ip);
            }
        }
        servers
    }

    /// The domain of option 15 as it came in a packet; `None` if that is no name of a domain.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        let text = std::str::from_utf8(self.packed(DOMAIN)?).ok()?;
        let name = text.trim_end_matches(['\0', '.']);
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let label = |label: &str| matches!(label.len(), 1..=63) && label.bytes().all(letter);
        (name.len() <= 253 && name.split('.').all(label)).then(|| name.to_owned())
    }

    fn packed(&self, code: u8) -> Option<&[u8]> {
        let place = (Space::V4, u16::from(code));
        self.options
            .iter()
            .find(|option| (option.space, option.code) == place)
            .and_then(|option| match &option.value {
                HeldValue::Wire(octets) => Some(octets.as_slice()),
                HeldValue::Text(_) => None,
            })
    }
}

/// One option with a value of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldOption {
    /// Its space.
    pub space: Space,
    /// Its number.
    pub code: u16,
    /// Its value.
    pub value: HeldValue,
}

/// The value of an option; it may hold a key, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum HeldValue {
    /// As it came in a packet.
    Wire(Vec<u8>),
    /// As somebody wrote it.
    Text(String),
}

impl HeldOption {
    /// The option for [`choose`](crate::choose).
    #[must_use]
    pub fn borrow(&self) -> DhcpOption<'_> {
        DhcpOption {
            space: self.space,
            code: self.code,
            value: match &self.value {
                HeldValue::Wire(bytes) => Value::Wire(bytes),
                HeldValue::Text(text) => Value::Text(text),
            },
        }
    }
}

impl fmt::Debug for HeldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(bytes) => write!(f, "Wire(*** {} octets)", bytes.len()),
            Self::Text(text) => write!(f, "Text(*** {} octets)", text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, value: &[u8]) -> Learned {
        Learned {
            address: None,
            options: vec![HeldOption {
                space: Space::V4,
                code,
                value: HeldValue::Wire(value.to_vec()),
            }],
        }
    }

    //= R-DHCP-3 type=test
    #[test]
    fn option_6_names_a_few_servers_that_are_hosts() {
        for (octets, servers) in [
            (
                &[192, 0, 2, 53, 192, 0, 2, 54][..],
                &["192.0.2.53", "192.0.2.54"][..],
            ),
            (
                &[0, 0, 0, 0, 192, 0, 2, 53, 192, 0, 2, 53, 255, 255, 255, 255],
                &["192.0.2.53"],
            ),
            (&[192, 0, 2], &[]),
        ] {
            let found = said(6, octets).name_servers();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, servers);
        }
        let many: Vec<u8> = (1..=9).flat_map(|n| [192, 0, 2, n]).collect();
        assert_eq!(said(6, &many).name_servers().len(), MOST_NAME_SERVERS);
        assert!(said(5, &[192, 0, 2, 53]).name_servers().is_empty());
    }

    //= R-DNS-3 type=test
    #[test]
    fn option_15_names_a_domain() {
        for (octets, domain) in [
            (&b"example.com"[..], Some("example.com")),
            (b"example.com.\0", Some("example.com")),
            (b"a..b", None),
            (b"", None),
            (b"a b", None),
            (b"\xff", None),
        ] {
            assert_eq!(said(15, octets).domain().as_deref(), domain);
        }
        assert_eq!(said(14, b"example.com").domain(), None);
    }

    #[test]
    fn no_value_is_shown() {
        for value in [
            HeldValue::Wire(b"[--key canary] http://h/".to_vec()),
            HeldValue::Text("[--key canary] http://h/".to_owned()),
        ] {
            let option = HeldOption {
                space: Space::V4,
                code: 160,
                value,
            };
            let shown = format!("{option:?}");
            assert!(
                shown.contains("160") && shown.contains("24 octets"),
                "{shown}"
            );
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
