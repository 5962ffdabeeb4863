//! Messages of DHCPv6 (RFC 8415 section 8) as far as asking for options goes.

use thiserror::Error;

/// INFORMATION-REQUEST
const INFORMATION_REQUEST: u8 = 11;
/// REPLY
const REPLY: u8 = 7;

/// Numbers of options that the client itself reads or writes.
pub(crate) mod code {
    pub(crate) const CLIENT: u16 = 1;
    pub(crate) const SERVER: u16 = 2;
    pub(crate) const REQUEST: u16 = 6;
    pub(crate) const ELAPSED: u16 = 8;
    pub(crate) const CLASS: u16 = 16;
    pub(crate) const REFRESH: u16 = 32;
}

/// Which message it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind6 {
    /// INFORMATION-REQUEST
    InformationRequest,
    /// REPLY
    Reply,
}

/// A message as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What it is.
    pub kind: Kind6,
    /// Transaction, 24 bits.
    pub xid: u32,
    /// The options in their order; one may come again.
    pub options: Vec<(u16, Vec<u8>)>,
}

/// Why bytes are no message of DHCPv6 that a client takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum MessageError {
    /// It is shorter than its fixed fields, or of another kind.
    #[error("it is no reply of DHCPv6")]
    Foreign,
    /// An option is longer than what holds it.
    #[error("the option at octet {0} is longer than the message")]
    Option(usize),
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// The bytes are none; nothing of a message with one bad option is believed.
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        let Some(([kind, a, b, c], mut rest)) = bytes.split_first_chunk::<4>() else {
            return Err(MessageError::Foreign);
        };
        let kind = match *kind {
            REPLY => Kind6::Reply,
            INFORMATION_REQUEST => Kind6::InformationRequest,
            _ => return Err(MessageError::Foreign),
        };
        let mut options = Vec::new();
        while !rest.is_empty() {
            let bad = MessageError::Option(bytes.len() - rest.len());
            let ([a, b, c, d], after) = rest.split_first_chunk::<4>().ok_or(bad)?;
            let length = usize::from(u16::from_be_bytes([*c, *d]));
            let (value, after) = after.split_at_checked(length).ok_or(bad)?;
            options.push((u16::from_be_bytes([*a, *b]), value.to_vec()));
            rest = after;
        }
        Ok(Self {
            kind,
            xid: u32::from_be_bytes([0, *a, *b, *c]),
            options,
        })
    }

    /// Writes the message; values above 65,535 octets are cut.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let kind = match self.kind {
            Kind6::InformationRequest => INFORMATION_REQUEST,
            Kind6::Reply => REPLY,
        };
        let [_, a, b, c] = self.xid.to_be_bytes();
        let mut out = vec![kind, a, b, c];
        for (code, value) in &self.options {
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            out.extend(code.to_be_bytes());
            out.extend(length.to_be_bytes());
            out.extend(value.iter().take(usize::from(length)));
        }
        out
    }

    /// The value of the first option of a number.
    pub(crate) fn first(&self, code: u16) -> Option<&[u8]> {
        let mut options = self.options.iter();
        let (_, value) = options.find(|(number, _)| *number == code)?;
        Some(value)
    }
}
