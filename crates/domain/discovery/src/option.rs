//! The values of options, as they come and as people write them.

use std::net::Ipv4Addr;

/// Which numbers an option is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Space {
    /// DHCPv4.
    V4,
    /// DHCPv6.
    V6,
}

/// One option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DhcpOption<'o> {
    /// Its space.
    pub space: Space,
    /// Its number.
    pub code: u16,
    /// Its value.
    pub value: Value<'o>,
}

/// The value of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'o> {
    /// As it came in a packet; several instances of one option put together (R-DHCP-5).
    Wire(&'o [u8]),
    /// As somebody wrote it: a host, an address, a URL; several addresses with commas between them.
    Text(&'o str),
}

/// Codes of vendors.
const CISCO: u32 = 9;

/// What an option says, before it is known whether that can be used.
pub(crate) enum Read<'o> {
    /// A host, an address or a URL.
    Text(&'o str),
    /// Addresses of TFTP servers, in order.
    Servers(Vec<Ipv4Addr>),
    /// Nothing that a profile comes from.
    Nothing(&'static str),
}

impl<'o> DhcpOption<'o> {
    /// Reads the value by the form that the option has.
    pub(crate) fn read(&self) -> Read<'o> {
        let bytes = match self.value {
            Value::Wire(bytes) => bytes,
            Value::Text(text) if self.code == 150 => return written_servers(text),
            Value::Text(text) if self.code == 60 => return only_url(text),
            Value::Text(text) => return Read::Text(text),
        };
        match (self.space, self.code) {
            (Space::V4, 150) => servers(bytes),
            (Space::V4, 159) => address_or_text(bytes),
            (Space::V4, 43) => vendor(bytes),
            (Space::V4, 125) => enterprises(bytes),
            (Space::V6, 17) => enterprise_v6(bytes),
            (Space::V4, 60) | (Space::V6, 59) => match text(bytes) {
                Some(text) => only_url(text),
                None => Read::Nothing(NO_TEXT),
            },
            _ => text(bytes).map_or(Read::Nothing(NO_TEXT), Read::Text),
        }
    }
}

const NO_TEXT: &str = "its value is no text";
const NO_URL: &str = "its value is no URL with a scheme";
const NO_ADDRESSES: &str = "its value is no list of addresses of four octets";

/// A printable ASCII text; NULs at its end do not belong to it (RFC 2132 section 9.4).
fn text(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    printable.then_some(text)
}

/// Whether a text begins with `scheme://` of a scheme that profiles come by.
pub(crate) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["http", "https", "tftp"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// A class identifier that a server echoes is no URL.
fn only_url(text: &str) -> Read<'_> {
    match is_url(text) {
        true => Read::Text(text),
        false => Read::Nothing(NO_URL),
    }
}

/// Four octets that are no text are an address.
fn address_or_text(bytes: &[u8]) -> Read<'_> {
    match (<[u8; 4]>::try_from(bytes), text(bytes)) {
        (_, Some(text)) => Read::Text(text),
        (Ok(octets), None) => Read::Servers(vec![octets.into()]),
        (Err(_), None) => Read::Nothing(NO_TEXT),
    }
}

/// Addresses of four octets each (RFC 5859), or a text, which some servers send.
fn servers(bytes: &[u8]) -> Read<'_> {
    let (addresses, rest) = bytes.as_chunks::<4>();
    let written = text(bytes).filter(|text| is_url(text) || !rest.is_empty());
    match (written, addresses) {
        (Some(text), _) => Read::Text(text),
        (None, [_, ..]) if rest.is_empty() => {
            Read::Servers(addresses.iter().map(|octets| (*octets).into()).collect())
        }
        (None, _) => Read::Nothing(NO_ADDRESSES),
    }
}

/// Addresses with commas between them, or one host or URL.
fn written_servers(text: &str) -> Read<'_> {
    let addresses: Option<Vec<Ipv4Addr>> = text
        .split(',')
        .map(|address| address.trim().parse().ok())
        .collect();
    addresses.map_or(Read::Text(text), Read::Servers)
}

/// Sub-options of one byte for code and length (RFC 2132 section 8.4): the URL of the first; or a URL without any.
fn vendor(bytes: &[u8]) -> Read<'_> {
    let url = match sub_options(bytes) {
        Some(url) => url.and_then(text),
        None => text(bytes),
    };
    url.map_or(Read::Nothing(NO_URL), only_url)
}

/// The value of sub-option 1; `None` if the bytes are no list of sub-options.
fn sub_options(mut bytes: &[u8]) -> Option<Option<&[u8]>> {
    const PAD: u8 = 0;
    const END: u8 = 255;
    let mut found = None;
    while let Some((code, rest)) = bytes.split_first() {
        match *code {
            PAD => bytes = rest,
            END => break,
            code => {
                let (length, rest) = rest.split_first()?;
                let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                if code == 1 {
                    found = found.or(Some(value));
                }
                bytes = rest;
            }
        }
    }
    Some(found)
}

/// Enterprise, length, sub-options, repeated (RFC 3925): the URL of Cisco's sub-option 1.
fn enterprises(mut bytes: &[u8]) -> Read<'_> {
    while let Some((enterprise, rest)) = bytes.split_first_chunk::<4>() {
        let Some((length, rest)) = rest.split_first() else {
            break;
        };
        let Some((options, rest)) = rest.split_at_checked(usize::from(*length)) else {
            break;
        };
        if u32::from_be_bytes(*enterprise) == CISCO
            && let Some(Some(url)) = sub_options(options)
        {
            return text(url).map_or(Read::Nothing(NO_URL), only_url);
        }
        bytes = rest;
    }
    Read::Nothing("it holds no URL of a vendor that is known")
}

/// Enterprise, then codes and lengths of two octets (RFC 8415 section 21.17): the URL of Cisco's code 1.
fn enterprise_v6(bytes: &[u8]) -> Read<'_> {
    let nothing = Read::Nothing("it holds no URL of a vendor that is known");
    let Some((enterprise, mut rest)) = bytes.split_first_chunk::<4>() else {
        return nothing;
    };
    if u32::from_be_bytes(*enterprise) != CISCO {
        return nothing;
    }
    while let Some(([a, b, c, d], after)) = rest.split_first_chunk::<4>() {
        let (code, length) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        let Some((value, after)) = after.split_at_checked(usize::from(length)) else {
            return nothing;
        };
        if code == 1 {
            return text(value).map_or(Read::Nothing(NO_URL), only_url);
        }
        rest = after;
    }
    nothing
}
