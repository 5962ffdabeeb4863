//! How a request of SIP failed, as the software of a device tells it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A status of SIP from 300 to 699, or an internal code from X00 to X99 (transports.md 12.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum SipError {
    /// What the other end answered.
    Status(u16),
    /// What the device found itself.
    Internal(u8),
}

/// Text that is no [`SipError`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("no code of a failed SIP request: use a status from 300 to 699, or X00 to X99")]
pub struct SipErrorError;

impl SipError {
    /// What the code says, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Status(_) => "answered by the other end",
            Self::Internal(0) => "a request could not be sent",
            Self::Internal(20) => "no answer came in time",
            Self::Internal(40) => "the other end broke the protocol",
            Self::Internal(60) => "the dial plan has no such number",
            Self::Internal(_) => "reserved",
        }
    }
}

impl FromStr for SipError {
    type Err = SipErrorError;

    fn from_str(text: &str) -> Result<Self, SipErrorError> {
        let digits = text.strip_prefix(['X', 'x']).unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SipErrorError);
        }
        match (text.len(), digits.len(), digits.parse()) {
            (3, 2, Ok(code)) => Ok(Self::Internal(u8::try_from(code).unwrap_or_default())),
            (3, 3, Ok(status @ 300..=699)) => Ok(Self::Status(status)),
            _ => Err(SipErrorError),
        }
    }
}

impl fmt::Display for SipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Internal(code) => write!(f, "X{code:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_written_again() {
        for (text, expected) in [
            ("X00", Some(SipError::Internal(0))),
            ("x20", Some(SipError::Internal(20))),
            ("X99", Some(SipError::Internal(99))),
            ("300", Some(SipError::Status(300))),
            ("699", Some(SipError::Status(699))),
            ("299", None),
            ("700", None),
            ("X", None),
            ("X5", None),
            ("X100", None),
            ("X+1", None),
            ("XX1", None),
            ("+40", None),
            ("4040", None),
            ("", None),
            ("40\u{0664}", None),
        ] {
            let read = text.parse::<SipError>();
            assert_eq!(read.ok(), expected, "{text}");
            if let Some(code) = expected {
                assert_eq!(code.to_string(), text.to_ascii_uppercase());
            }
        }
    }

    #[test]
    fn published_codes_have_words_and_others_are_reserved() {
        let reserved = |code| SipError::Internal(code).meaning() == "reserved";
        let known: Vec<u8> = (0..100).filter(|code| !reserved(*code)).collect();
        assert_eq!(known, [0, 20, 40, 60]);
    }
}
