//! What becomes of a request.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// Over what a request came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Protocol {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// TFTP.
    Tftp,
}

impl Protocol {
    pub(crate) const ALL: [Self; 3] = [Self::Http, Self::Https, Self::Tftp];
    const WEB: [Self; 2] = [Self::Http, Self::Https];

    /// `http`, `https` or `tftp`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tftp => "tftp",
        }
    }
}

/// What a server does instead of answering as it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing but the delay of the fault.
    Late,
    /// Something is wrong with the file, over any protocol.
    File(FileFault),
    /// Something is wrong with the answer of HTTP, plain or over TLS.
    Web(WebFault),
    /// Something is wrong with TLS.
    Tls(TlsFault),
    /// Something is wrong with the packets of TFTP.
    Tftp(TftpFault),
}

/// What is wrong with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileFault {
    /// This many bytes of it come and no more, though the whole length was told.
    Truncate(u64),
    /// All bits of one byte are turned around: of the one at this offset, or of one that is drawn.
    Corrupt(Option<u64>),
    /// Random bytes of the same length; the header of an encrypted file stays, so that it looks encrypted with another key.
    WrongKey,
    /// This many bytes come, and then nothing for ever.
    Stall(u64),
    /// Something else comes.
    Body(OtherBody),
}

/// What is wrong with an answer of HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WebFault {
    /// A status.
    Status {
        /// 200..=599.
        code: u16,
        /// Seconds of `Retry-After`.
        retry_after: Option<u32>,
    },
    /// The connection is closed.
    Drop(DropAt),
    /// The connection is reset without an answer.
    Reset,
    /// The file comes bit by bit.
    Slow {
        /// Bytes at a time.
        bytes: NonZeroU32,
        /// Between two times.
        every: Duration,
    },
    /// Another length is told than the file has.
    Length(ToldLength),
    /// The client is sent elsewhere, with 302.
    Redirect(Location),
}

/// What is wrong with packets of TFTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TftpFault {
    /// Packets of the server are lost.
    Loss(Chance),
    /// Packets are sent twice.
    Duplicate(Chance),
    /// Packets are sent after the one that follows them.
    Reorder(Chance),
    /// All packets but the first come from another port.
    WrongTid,
    /// An ERROR is sent.
    Error {
        /// The code.
        code: u16,
        /// The text.
        text: String,
    },
    /// There is no answer at all.
    Silent,
    /// Blocks have wrong numbers.
    WrongBlock,
    /// An option is answered with another value than agreed.
    OptionAck {
        /// `blksize`, `tsize`, `timeout`, `windowsize`, or any other name.
        name: String,
        /// What is told.
        value: String,
    },
}

/// When a connection is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum DropAt {
    /// Before anything was said.
    Start,
    /// After the header of the answer.
    Head,
}

/// A `Content-Length` that does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ToldLength {
    /// This.
    Exactly(u64),
    /// So many bytes more than there are.
    More(u64),
    /// So many bytes less than there are.
    Less(u64),
}

/// Where a redirect leads.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Location {
    /// To the same place, for ever.
    Loop,
    /// To a URL.
    Url(String),
}

/// What is sent instead of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum OtherBody {
    /// Nothing.
    Empty,
    /// A page for people.
    Html,
}

/// What is wrong with TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TlsFault {
    /// The certificate is no longer valid.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for another host.
    WrongName,
    /// The certificate is signed by nobody but itself.
    SelfSigned,
    /// The connection is closed in the handshake.
    Drop,
    /// The handshake is refused with an alert.
    Alert,
}

/// How likely something is, in parts per million.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Chance(u32);

impl Chance {
    /// It always happens.
    pub const ALWAYS: Self = Self(Self::ALL);
    const ALL: u32 = 1_000_000;

    /// Takes 0 to 1; `None` for anything else.
    #[must_use]
    pub fn new(probability: f64) -> Option<Self> {
        (0.0..=1.0)
            .contains(&probability)
            .then(|| Self((probability * f64::from(Self::ALL)).round() as u32))
    }

    /// Whether a drawn number, uniform over all values, says that it happens.
    pub(crate) const fn happens(self, drawn: u64) -> bool {
        onhook_schedule::uniform(drawn, Self::ALL as u64 - 1) < self.0 as u64
    }
}

impl fmt::Display for Chance {
    /// Writes a percentage.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}

impl Effect {
    /// What it can be done over.
    #[must_use]
    pub const fn protocols(&self) -> &'static [Protocol] {
        match self {
            Self::Late | Self::File(_) => &Protocol::ALL,
            Self::Web(_) => &Protocol::WEB,
            Self::Tls(_) => &[Protocol::Https],
            Self::Tftp(_) => &[Protocol::Tftp],
        }
    }
}

impl fmt::Display for Effect {
    /// Writes it as in a specification.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("delay"),
            Self::File(fault) => fault.fmt(f),
            Self::Web(fault) => fault.fmt(f),
            Self::Tls(fault) => write!(f, "tls={}", fault.as_str()),
            Self::Tftp(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncate(bytes) => write!(f, "truncate={bytes}"),
            Self::Corrupt(Some(offset)) => write!(f, "corrupt={offset}"),
            Self::Corrupt(None) => f.write_str("corrupt"),
            Self::WrongKey => f.write_str("wrong-key"),
            Self::Stall(bytes) => write!(f, "stall={bytes}"),
            Self::Body(OtherBody::Empty) => f.write_str("body=empty"),
            Self::Body(OtherBody::Html) => f.write_str("body=html"),
        }
    }
}

impl fmt::Display for WebFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { code, .. } => write!(f, "status={code}"),
            Self::Drop(DropAt::Start) => f.write_str("drop"),
            Self::Drop(DropAt::Head) => f.write_str("drop=after-head"),
            Self::Reset => f.write_str("reset"),
            Self::Slow { bytes, every } => write!(f, "slow={bytes}/{}ms", every.as_millis()),
            Self::Length(ToldLength::Exactly(bytes)) => write!(f, "length={bytes}"),
            Self::Length(ToldLength::More(bytes)) => write!(f, "length=+{bytes}"),
            Self::Length(ToldLength::Less(bytes)) => write!(f, "length=-{bytes}"),
            Self::Redirect(Location::Loop) => f.write_str("redirect=loop"),
            Self::Redirect(Location::Url(url)) => write!(f, "redirect={url}"),
        }
    }
}

impl fmt::Display for TftpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss(chance) => write!(f, "loss={chance}"),
            Self::Duplicate(chance) => write!(f, "duplicate={chance}"),
            Self::Reorder(chance) => write!(f, "reorder={chance}"),
            Self::WrongTid => f.write_str("wrong-tid"),
            Self::Error { code, .. } => write!(f, "error={code}"),
            Self::Silent => f.write_str("silent"),
            Self::WrongBlock => f.write_str("wrong-block"),
            Self::OptionAck { name, value } => write!(f, "oack={name}:{value}"),
        }
    }
}

impl TlsFault {
    pub(crate) const ALL: [Self; 6] = [
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::SelfSigned,
        Self::Drop,
        Self::Alert,
    ];

    /// The word of a specification.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::WrongName => "wrong-name",
            Self::SelfSigned => "self-signed",
            Self::Drop => "drop",
            Self::Alert => "alert",
        }
    }
}
