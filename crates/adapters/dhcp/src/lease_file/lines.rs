//! Files of lines with a name and a value.

use std::net::{IpAddr, Ipv4Addr};

use onhook_discovery::Learned;

use super::{LeaseError, put};

/// Name servers, which systemd-networkd calls `DNS` and udhcpc `dns`.
const NAME_SERVERS: u16 = 6;
/// Domain, which systemd-networkd calls `DOMAINNAME` and udhcpc `domain`.
const DOMAIN: u16 = 15;
/// TFTP server name, which udhcpc calls `tftp`.
const TFTP_SERVER: u16 = 66;
/// Vendor information, which systemd-networkd calls `VENDOR_SPECIFIC`.
const VENDOR: u16 = 43;

/// One line.
struct Line<'t> {
    number: usize,
    name: &'t str,
    value: &'t str,
}

/// The lines that are finished and hold a name and a value.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let finished = text.rfind('\n').and_then(|end| text.get(..end));
    let lines = finished.unwrap_or_default().split('\n').enumerate();
    lines.filter_map(|(at, line)| {
        let line = line.trim_end_matches('\r');
        if line.starts_with('#') {
            return None;
        }
        let (name, value) = line.split_once('=')?;
        Some(Line {
            number: at + 1,
            name: name.trim(),
            value,
        })
    })
}

impl Line<'_> {
    fn wrong(&self, why: &'static str) -> LeaseError {
        LeaseError {
            line: self.number,
            why,
        }
    }

    fn address(&self, value: &str) -> Result<IpAddr, LeaseError> {
        value
            .parse()
            .map_err(|_| self.wrong("its value is no address"))
    }

    fn octets(&self, value: &str) -> Result<Vec<u8>, LeaseError> {
        let wrong = || self.wrong("its value is no octets in hexadecimal digits");
        let (pairs, rest) = value.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(wrong());
        }
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let octet = |[high, low]: &[u8; 2]| {
            let octet = digit(*high)? << 4 | digit(*low)?;
            u8::try_from(octet).ok()
        };
        pairs
            .iter()
            .map(octet)
            .collect::<Option<_>>()
            .ok_or_else(wrong)
    }
}

/// Reads a lease of systemd-networkd: name servers, domain, options from 128 on, and vendor information.
pub(super) fn networkd(text: &str) -> Result<Option<Learned>, LeaseError> {
    let mut learned = Learned::default();
    for line in lines(text) {
        let code = match line.name {
            "ADDRESS" => {
                learned.address = Some(line.address(line.value)?);
                continue;
            }
            "DNS" => {
                put(&mut learned, NAME_SERVERS, addresses(line.value));
                continue;
            }
            "DOMAINNAME" => {
                put(&mut learned, DOMAIN, line.value.as_bytes().to_vec());
                continue;
            }
            "VENDOR_SPECIFIC" => Some(VENDOR),
            name => name
                .strip_prefix("OPTION_")
                .and_then(|code| code.parse().ok()),
        };
        if let Some(code) = code {
            put(&mut learned, code, line.octets(line.value)?);
        }
    }
    Ok(learned.address.is_some().then_some(learned))
}

/// Reads the environment of a script of udhcpc.
pub(super) fn udhcpc(text: &str, interface: Option<&str>) -> Result<Option<Learned>, LeaseError> {
    let mut learned = Learned::default();
    for line in lines(text) {
        let name = line.name.strip_prefix("export ").unwrap_or(line.name);
        let name = name.strip_prefix("declare -x ").unwrap_or(name);
        let value = unquoted(line.value);
        match name {
            "interface" if interface.is_some_and(|wanted| wanted != value) => return Ok(None),
            "ip" => learned.address = Some(line.address(value)?),
            "dns" => put(&mut learned, NAME_SERVERS, addresses(value)),
            "domain" => put(&mut learned, DOMAIN, value.as_bytes().to_vec()),
            "tftp" => put(&mut learned, TFTP_SERVER, value.as_bytes().to_vec()),
            name => {
                let code = name.strip_prefix("opt").and_then(|code| code.parse().ok());
                if let Some(code) = code {
                    put(&mut learned, code, line.octets(value)?);
                }
            }
        }
    }
    Ok(learned.address.is_some().then_some(learned))
}

/// The addresses of IPv4 among words; a phone can do without name servers, so nothing else is an error.
fn addresses(value: &str) -> Vec<u8> {
    let words = value.split_ascii_whitespace();
    let addresses = words.filter_map(|word| word.parse().ok());
    addresses.flat_map(|ip: Ipv4Addr| ip.octets()).collect()
}

/// A value without the quotes that shells put around it.
fn unquoted(value: &str) -> &str {
    ['\'', '"']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}
