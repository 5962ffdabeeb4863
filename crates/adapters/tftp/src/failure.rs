//! How a transfer fails, in packets and in words.

use onhook_fetch::{ErrorKind, FetchError};

use crate::packet::ErrorCode;

/// What a transfer does, for messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doing {
    Reading,
    Writing,
}

impl Doing {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Writing => "writing",
        }
    }
}

/// Why a transfer ended without its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The server sent an ERROR.
    Refused {
        /// Its code.
        code: ErrorCode,
        /// Its text, fit to be shown.
        text: String,
    },
    /// The server answered options that were not asked for, or values that cannot be.
    Options,
    /// The server sent a packet that does not exist.
    Opcode,
    /// The server sent a block longer than agreed.
    Oversize,
    /// The file is larger than the limit.
    TooLarge,
    /// The file has another size than the server told.
    Size {
        /// Bytes told.
        size: u64,
        /// Bytes received.
        received: u64,
    },
    /// The server never answered.
    NoAnswer,
    /// The server stopped answering.
    Silence,
}

impl Failure {
    /// What the server is told.
    pub(crate) const fn told(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::NoAnswer | Self::Silence => "",
            Self::Options => "options not acceptable",
            Self::Opcode => "illegal TFTP operation",
            Self::Oversize => "block longer than agreed",
            Self::TooLarge => "file too large",
            Self::Size { .. } => "file size differs from tsize",
        }
    }

    /// The failure for the phone; `what` names the file and the server.
    pub(crate) fn into_error(self, doing: Doing, what: &str, limit: u64) -> FetchError {
        let verb = doing.word();
        match self {
            //= R-TFTP-17
            Self::Refused { code, text } if code == ErrorCode::NOT_FOUND => {
                // The text may hold a path of the server, and says nothing more.
                drop(text);
                let hint = match doing {
                    Doing::Reading => "put the file there or correct the rule",
                    Doing::Writing => {
                        "put a file there to be replaced, or let the server take new ones"
                    }
                };
                FetchError::new(
                    ErrorKind::NotFound,
                    format!("{what} does not exist (TFTP error 1); {hint}"),
                )
            }
            Self::Refused { code, text } => {
                let meaning = meaning(code);
                let said = if text.is_empty() {
                    String::new()
                } else {
                    format!(" and says: {text}")
                };
                let message = format!(
                    "asking for {what}: the server answers TFTP error {} ({meaning}){said}; look into its log",
                    code.0
                );
                FetchError::new(ErrorKind::Tftp(code.0), message).with_said(text)
            }
            Self::Options => FetchError::new(
                ErrorKind::Tftp(ErrorCode::OPTIONS.0),
                format!(
                    "asking for {what}: the server answers options that were not asked for, or bad values; \
                         check what answers there, or configure the server without options"
                ),
            ),
            Self::Opcode => FetchError::new(
                ErrorKind::Tftp(ErrorCode::ILLEGAL.0),
                format!(
                    "{verb} {what}: the answer is no TFTP packet; check that a TFTP server answers there"
                ),
            ),
            Self::Oversize => FetchError::new(
                ErrorKind::Tftp(ErrorCode::ILLEGAL.0),
                format!("{verb} {what}: a block is longer than agreed; correct the server"),
            ),
            Self::TooLarge => FetchError::new(
                ErrorKind::TooLarge,
                format!("{what} is larger than {limit} bytes; make the file smaller"),
            ),
            Self::Size { size, received } => FetchError::new(
                ErrorKind::Truncated,
                format!(
                    "{verb} {what}: {received} bytes came, {size} were announced; check whether the file \
                         changed meanwhile"
                ),
            ),
            Self::NoAnswer => FetchError::new(
                ErrorKind::TftpTimeout,
                format!(
                    "asking for {what}: no answer to repeated packets; check that the server runs and that \
                         no firewall drops UDP in between"
                ),
            ),
            Self::Silence => FetchError::new(
                ErrorKind::TftpTimeout,
                format!(
                    "{verb} {what}: the server stopped answering; check the server and the network"
                ),
            ),
        }
    }
}

const fn meaning(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ACCESS => "access violation",
        ErrorCode::FULL => "disk full",
        ErrorCode::ILLEGAL => "illegal operation",
        ErrorCode::UNKNOWN_TID => "unknown transfer ID",
        ErrorCode::EXISTS => "file exists",
        ErrorCode(7) => "no such user",
        ErrorCode::OPTIONS => "option negotiation failed",
        ErrorCode(_) => "not defined",
    }
}
