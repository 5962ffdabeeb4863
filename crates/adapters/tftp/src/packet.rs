//! The six packets (RFC 1350 section 5, RFC 2347).

use crate::options::{Offer, Options};

/// Bytes before the data of a DATA packet.
pub const DATA_HEADER: usize = 4;

/// An OACK that takes none of the options, as atftpd sends it: the one packet shorter than a header.
pub(crate) const NO_OPTIONS: &[u8] = b"\0\x06";

/// Longest request, in bytes (RFC 2347).
pub const REQUEST_LIMIT: usize = 512;

/// Longest text of an ERROR that is kept, in bytes.
const TEXT_LIMIT: usize = 128;

/// The codes of ERROR packets (RFC 1350 section 5, RFC 2347).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct ErrorCode(pub u16);

impl ErrorCode {
    /// Not defined: the text says what.
    pub const UNDEFINED: Self = Self(0);
    /// File not found.
    pub const NOT_FOUND: Self = Self(1);
    /// Access violation.
    pub const ACCESS: Self = Self(2);
    /// Disk full or allocation exceeded.
    pub const FULL: Self = Self(3);
    /// Illegal TFTP operation.
    pub const ILLEGAL: Self = Self(4);
    /// Unknown transfer ID.
    pub const UNKNOWN_TID: Self = Self(5);
    /// File already exists.
    pub const EXISTS: Self = Self(6);
    /// The options are not acceptable (RFC 2347).
    pub const OPTIONS: Self = Self(8);

    /// Whether a server that says this to a request may mean its options.
    pub(crate) const fn may_be_about_options(self) -> bool {
        //= R-TFTP-9
        matches!(self, Self::OPTIONS | Self::ILLEGAL | Self::UNDEFINED)
    }
}

/// What a request wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Direction {
    /// RRQ.
    Read,
    /// WRQ.
    Write,
}

/// One packet; it borrows from its datagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Packet<'p> {
    /// RRQ or WRQ.
    Request {
        /// Which of both.
        direction: Direction,
        /// File name as sent.
        file: &'p [u8],
        /// Mode as sent; letter case has no meaning.
        mode: &'p [u8],
        /// What else is asked for.
        options: Options<'p>,
    },
    /// DATA.
    Data {
        /// Block number.
        block: u16,
        /// The bytes.
        bytes: &'p [u8],
    },
    /// ACK.
    Ack {
        /// Block number.
        block: u16,
    },
    /// ERROR.
    Error {
        /// Code.
        code: ErrorCode,
        /// Text as sent, without its NUL.
        text: &'p [u8],
    },
    /// OACK.
    OptionAck(Options<'p>),
}

/// Why a datagram is no packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Malformed {
    /// Shorter than any packet.
    Short,
    /// An operation code that does not exist.
    Opcode(u16),
    /// A string without its NUL, or an option without a value.
    Strings,
}

impl<'p> Packet<'p> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It is no packet. An ERROR whose text lacks its NUL is accepted (R-TFTP-19).
    pub fn parse(datagram: &'p [u8]) -> Result<Self, Malformed> {
        let Some(([high, low], rest)) = datagram.split_first_chunk() else {
            return Err(Malformed::Short);
        };
        let opcode = u16::from_be_bytes([*high, *low]);
        match opcode {
            1 | 2 => request(opcode, rest),
            3 => number(rest).map(|(block, bytes)| Self::Data { block, bytes }),
            4 => number(rest).map(|(block, _)| Self::Ack { block }),
            //= R-TFTP-19
            5 => number(rest).map(|(code, text)| Self::Error {
                code: ErrorCode(code),
                text: text.split(|byte| *byte == 0).next().unwrap_or(text),
            }),
            6 => Options::parse(rest).map(Self::OptionAck),
            other => Err(Malformed::Opcode(other)),
        }
    }
}

fn request(opcode: u16, rest: &[u8]) -> Result<Packet<'_>, Malformed> {
    let (file, rest) = string(rest).ok_or(Malformed::Strings)?;
    let (mode, rest) = string(rest).ok_or(Malformed::Strings)?;
    Ok(Packet::Request {
        direction: if opcode == 1 {
            Direction::Read
        } else {
            Direction::Write
        },
        file,
        mode,
        options: Options::parse(rest)?,
    })
}

fn number(rest: &[u8]) -> Result<(u16, &[u8]), Malformed> {
    let ([high, low], rest) = rest.split_first_chunk().ok_or(Malformed::Short)?;
    Ok((u16::from_be_bytes([*high, *low]), rest))
}

/// Splits off a string and its NUL.
pub(crate) fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (text, rest) = bytes.split_at_checked(end)?;
    Some((text, rest.get(1..)?))
}

/// Whether a request for a file fits, options left out.
pub(crate) fn fits(file: &[u8]) -> bool {
    file.len() + b"\0\x01\0octet\0".len() <= REQUEST_LIMIT
}

/// Writes a request without options.
pub fn request_header(out: &mut Vec<u8>, direction: Direction, file: &[u8]) {
    out.clear();
    out.extend_from_slice(match direction {
        Direction::Read => &[0, 1],
        Direction::Write => &[0, 2],
    });
    out.extend_from_slice(file);
    //= R-TFTP-2
    out.extend_from_slice(b"\0octet\0");
}

/// A request with an offer, and what is left of the offer: none of it if the request would be too long with it.
///
/// `None` if it is too long even so.
pub(crate) fn offering(
    direction: Direction,
    file: &[u8],
    offer: Option<Offer>,
    size: u64,
) -> Option<(Vec<u8>, Option<Offer>)> {
    let mut request = Vec::new();
    request_header(&mut request, direction, file);
    let plain = request.len();
    let mut offer = offer;
    if let Some(offer) = &offer {
        offer.write(size, &mut request);
    }
    //= R-TFTP-6
    if request.len() > REQUEST_LIMIT {
        request.truncate(plain);
        offer = None;
    }
    (request.len() <= REQUEST_LIMIT).then_some((request, offer))
}

/// Writes an acknowledgement.
pub fn ack(out: &mut Vec<u8>, block: u16) {
    numbered(out, 4, block);
}

/// Writes the header of a DATA packet; the bytes follow.
pub fn data_header(out: &mut Vec<u8>, block: u16) {
    out.clear();
    push_data_header(out, block);
}

/// Appends the header of a DATA packet; the bytes follow.
pub(crate) fn push_data_header(out: &mut Vec<u8>, block: u16) {
    push_numbered(out, 3, block);
}

/// Writes the start of an OACK; the options follow.
pub fn option_ack_header(out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&[0, 6]);
}

/// Writes an error.
pub fn error(out: &mut Vec<u8>, code: ErrorCode, text: &str) {
    numbered(out, 5, code.0);
    out.extend(text.bytes().filter(|byte| *byte != 0));
    out.push(0);
}

fn numbered(out: &mut Vec<u8>, opcode: u16, number: u16) {
    out.clear();
    push_numbered(out, opcode, number);
}

fn push_numbered(out: &mut Vec<u8>, opcode: u16, number: u16) {
    out.extend_from_slice(&opcode.to_be_bytes());
    out.extend_from_slice(&number.to_be_bytes());
}

/// The text of an ERROR as it may be shown: bounded, and `?` for what does not print.
#[must_use]
pub fn shown(text: &[u8]) -> String {
    //= R-TFTP-19
    let kept = text.get(..TEXT_LIMIT).unwrap_or(text);
    String::from_utf8_lossy(kept)
        .chars()
        .map(|c| {
            if c.is_control() || c == char::REPLACEMENT_CHARACTER {
                '?'
            } else {
                c
            }
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets_are_read_as_the_rfcs_draw_them() {
        assert_eq!(
            Packet::parse(b"\0\x03\x01\x02ab"),
            Ok(Packet::Data {
                block: 258,
                bytes: b"ab"
            })
        );
        assert_eq!(
            Packet::parse(b"\0\x04\xff\xff"),
            Ok(Packet::Ack { block: 65_535 })
        );
        assert_eq!(
            Packet::parse(b"\0\x05\0\x01gone\0"),
            Ok(Packet::Error {
                code: ErrorCode::NOT_FOUND,
                text: b"gone"
            })
        );
        let Ok(Packet::Request {
            direction,
            file,
            mode,
            options,
        }) = Packet::parse(b"\0\x01a.xml\0OCTET\0tsize\x000\0blksize\x001428\0")
        else {
            panic!("a request");
        };
        assert_eq!(
            (direction, file, mode),
            (Direction::Read, &b"a.xml"[..], &b"OCTET"[..])
        );
        assert_eq!(options.iter().count(), 2);
    }

    //= R-TFTP-19 type=test
    #[test]
    fn what_is_no_packet_says_why() {
        for (datagram, why) in [
            (&b""[..], Malformed::Short),
            (b"\0", Malformed::Short),
            (b"\0\x03", Malformed::Short),
            (b"\0\x03\0", Malformed::Short),
            (b"\0\x05\0", Malformed::Short),
            (b"\0\x00", Malformed::Opcode(0)),
            (b"\0\x07\0\0", Malformed::Opcode(7)),
            (b"\x03\0\0\0", Malformed::Opcode(768)),
            (b"\0\x01a.xml", Malformed::Strings),
            (b"\0\x01a.xml\0octet", Malformed::Strings),
            (b"\0\x06blksize\0", Malformed::Strings),
            (b"\0\x06blksize\x00512", Malformed::Strings),
            (b"\0\x06\x00512\0", Malformed::Strings),
        ] {
            assert_eq!(Packet::parse(datagram), Err(why), "{datagram:?}");
        }
    }

    //= R-TFTP-19 type=test
    #[test]
    fn the_text_of_an_error_is_bounded_and_printable() {
        let parsed = Packet::parse(b"\0\x05\0\x02no NUL");
        assert_eq!(
            parsed,
            Ok(Packet::Error {
                code: ErrorCode::ACCESS,
                text: b"no NUL"
            })
        );
        assert_eq!(shown(b"a\nb\x1b[0m\xff"), "a?b?[0m?");
        assert_eq!(shown(&[b'x'; 500]).len(), 128);
        assert_eq!(shown("ä".repeat(100).as_bytes()), "ä".repeat(64));
        assert_eq!(shown(b"  "), "");
    }

    //= R-TFTP-2 type=test
    #[test]
    fn packets_are_written_as_the_rfcs_draw_them() {
        let mut out = vec![9];
        request_header(&mut out, Direction::Read, b"a.xml");
        assert_eq!(out, b"\0\x01a.xml\0octet\0");
        request_header(&mut out, Direction::Write, b"r.xml");
        assert_eq!(out, b"\0\x02r.xml\0octet\0");
        ack(&mut out, 0x102);
        assert_eq!(out, b"\0\x04\x01\x02");
        data_header(&mut out, 1);
        assert_eq!(out, b"\0\x03\0\x01");
        error(&mut out, ErrorCode::FULL, "to\0o big");
        assert_eq!(out, b"\0\x05\0\x03too big\0");
    }

    proptest! {
        #[test]
        fn no_datagram_panics(datagram in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(Packet::Error { text, .. }) = Packet::parse(&datagram) {
                prop_assert!(!shown(text).contains(char::is_control));
            }
        }

        #[test]
        fn what_is_written_is_read_again(block: u16, code: u16, text in "[ -~]{0,40}") {
            let mut out = Vec::new();
            ack(&mut out, block);
            prop_assert_eq!(Packet::parse(&out), Ok(Packet::Ack { block }));
            error(&mut out, ErrorCode(code), &text);
            let code = ErrorCode(code);
            prop_assert_eq!(Packet::parse(&out), Ok(Packet::Error { code, text: text.as_bytes() }));
        }
    }
}
