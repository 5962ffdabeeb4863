//! Packets of DHCPv4 (RFC 2131 section 2, RFC 2132, RFC 3396).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use onhook_device::Mac;
use thiserror::Error;

/// Octets before the options: the fixed fields and the magic cookie.
const HEAD: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Shorter packets are padded, as BOOTP relays want them.
const SHORTEST: usize = 300;

const PAD: u8 = 0;
const END: u8 = 255;
const REQUEST_OP: u8 = 1;
const REPLY_OP: u8 = 2;
const ETHERNET: u8 = 1;
const BROADCAST: u16 = 0x8000;

/// Numbers of options that the client itself reads or writes.
pub(crate) mod code {
    pub(crate) const MASK: u8 = 1;
    pub(crate) const ROUTER: u8 = 3;
    pub(crate) const DNS: u8 = 6;
    pub(crate) const HOST_NAME: u8 = 12;
    pub(crate) const DOMAIN: u8 = 15;
    pub(crate) const ADDRESS: u8 = 50;
    pub(crate) const LEASE: u8 = 51;
    pub(crate) const OVERLOAD: u8 = 52;
    pub(crate) const KIND: u8 = 53;
    pub(crate) const SERVER: u8 = 54;
    pub(crate) const LIST: u8 = 55;
    pub(crate) const LARGEST: u8 = 57;
    pub(crate) const RENEW: u8 = 58;
    pub(crate) const REBIND: u8 = 59;
    pub(crate) const CLASS: u8 = 60;
    pub(crate) const CLIENT: u8 = 61;
}

/// What a message is (option 53).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// DHCPDISCOVER
    Discover = 1,
    /// DHCPOFFER
    Offer = 2,
    /// DHCPREQUEST
    Request = 3,
    /// DHCPACK
    Ack = 5,
    /// DHCPNAK
    Nak = 6,
    /// DHCPINFORM
    Inform = 8,
}

impl Kind {
    const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Discover),
            2 => Some(Self::Offer),
            3 => Some(Self::Request),
            5 => Some(Self::Ack),
            6 => Some(Self::Nak),
            8 => Some(Self::Inform),
            _ => None,
        }
    }
}

/// Options by number, instances of one put together.
pub type Options = BTreeMap<u8, Vec<u8>>;

/// A message as it came. What BOOTP fields say of servers and files is not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// Whether a server sent it.
    pub from_server: bool,
    /// Transaction.
    pub xid: u32,
    /// The address of the client, if it has one.
    pub client: Ipv4Addr,
    /// The address that the server gives.
    pub yours: Ipv4Addr,
    /// Hardware address of the client.
    pub mac: Mac,
    /// The options.
    pub options: Options,
}

/// Why bytes are no message of DHCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PacketError {
    /// Fewer octets than the fixed fields have.
    #[error("it ends after {0} octets, inside its fixed fields")]
    Short(usize),
    /// The hardware is no Ethernet, the cookie is another, or it is neither request nor reply.
    #[error("it is no message of DHCP over Ethernet")]
    Foreign,
    /// An option is longer than its field.
    #[error("the option at octet {0} is longer than what holds it")]
    Option(usize),
    /// Option 53 is missing, or has a value that is not known.
    #[error("it does not say what it is")]
    NoKind,
}

impl Packet {
    /// Reads a message.
    ///
    /// # Errors
    /// The bytes are none; nothing of a message with one bad option is believed.
    pub fn parse(bytes: &[u8]) -> Result<Self, PacketError> {
        let Some((head, _)) = bytes.split_first_chunk::<HEAD>() else {
            return Err(PacketError::Short(bytes.len()));
        };
        let field = |at: usize, length: usize| head.get(at..at + length).unwrap_or_default();
        let four = |at| <[u8; 4]>::try_from(field(at, 4)).unwrap_or_default();
        let from_server = match head {
            [REQUEST_OP, ETHERNET, 6, ..] => false,
            [REPLY_OP, ETHERNET, 6, ..] => true,
            _ => return Err(PacketError::Foreign),
        };
        if four(236) != COOKIE {
            return Err(PacketError::Foreign);
        }
        let mut options = Options::new();
        read(bytes, HEAD..bytes.len(), &mut options)?;
        //= R-DHCP-13
        let overload = options
            .get(&code::OVERLOAD)
            .and_then(|v| v.first().copied());
        if matches!(overload, Some(1 | 3)) {
            read(bytes, 108..236, &mut options)?;
        }
        if matches!(overload, Some(2 | 3)) {
            read(bytes, 44..108, &mut options)?;
        }
        let kind = options.get(&code::KIND).map(Vec::as_slice);
        let Some(&[kind]) = kind else {
            return Err(PacketError::NoKind);
        };
        //= R-DHCP-12
        Ok(Self {
            kind: Kind::of(kind).ok_or(PacketError::NoKind)?,
            from_server,
            xid: u32::from_be_bytes(four(4)),
            client: four(12).into(),
            yours: four(16).into(),
            mac: Mac(<[u8; 6]>::try_from(field(28, 6)).unwrap_or_default()),
            options,
        })
    }

    /// Writes a message of a client or, for tests, of a server.
    #[must_use]
    pub fn encode(&self, secs: u16) -> Vec<u8> {
        let mut out = Vec::with_capacity(SHORTEST);
        let op = if self.from_server {
            REPLY_OP
        } else {
            REQUEST_OP
        };
        out.extend([op, ETHERNET, 6, 0]);
        out.extend(self.xid.to_be_bytes());
        out.extend(secs.to_be_bytes());
        // Without an address nothing else can be received.
        let flags = if self.client.is_unspecified() {
            BROADCAST
        } else {
            0
        };
        out.extend(flags.to_be_bytes());
        out.extend(self.client.octets());
        out.extend(self.yours.octets());
        out.extend([0; 8]);
        out.extend(self.mac.0);
        out.resize(HEAD - COOKIE.len(), 0);
        out.extend(COOKIE);
        out.extend([code::KIND, 1, self.kind as u8]);
        for (code, value) in self.options.iter().filter(|(code, _)| **code != code::KIND) {
            let mut rest = value.as_slice();
            //= R-DHCP-5
            loop {
                let (piece, after) = rest.split_at(rest.len().min(255));
                out.extend([*code, u8::try_from(piece.len()).unwrap_or(u8::MAX)]);
                out.extend(piece);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
        }
        out.push(END);
        if out.len() < SHORTEST {
            out.resize(SHORTEST, PAD);
        }
        out
    }

    /// An address in an option.
    #[must_use]
    pub fn address(&self, code: u8) -> Option<Ipv4Addr> {
        let value = self.options.get(&code)?;
        Some(Ipv4Addr::from(*value.first_chunk::<4>()?))
    }

    /// A span in seconds in an option.
    pub(crate) fn seconds(&self, code: u8) -> Option<u32> {
        let value = self.options.get(&code)?;
        Some(u32::from_be_bytes(*value.first_chunk::<4>()?))
    }
}

/// Reads the options of one field.
fn read(
    bytes: &[u8],
    field: std::ops::Range<usize>,
    options: &mut Options,
) -> Result<(), PacketError> {
    let mut at = field.start;
    let held = bytes.get(..field.end).unwrap_or_default();
    while let Some(code) = held.get(at).copied() {
        let start = at;
        at += 1;
        match code {
            PAD => continue,
            END => break,
            _ => {}
        }
        let length = held.get(at).copied().ok_or(PacketError::Option(start))?;
        let end = at + 1 + usize::from(length);
        let value = held.get(at + 1..end).ok_or(PacketError::Option(start))?;
        //= R-DHCP-5
        options.entry(code).or_default().extend_from_slice(value);
        at = end;
    }
    Ok(())
}
