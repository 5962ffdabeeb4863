//! Why a request was not answered as it wished.

use std::fmt;

use http::StatusCode;

/// What is worth saying about a request beside its status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Note {
    /// A percent sign without two hexadecimal digits: 400.
    BadEscape,
    /// `..` in the path: 400.
    ParentInPath,
    /// A NUL in the path: 400.
    NulInPath,
    /// A backslash in the path: 400.
    BackslashInPath,
    /// HTTP/1.1 without Host: 400.
    NoHost,
    /// Not HTTP: 400.
    NotHttp,
    /// A target longer than the limit: 414.
    LongTarget,
    /// A head longer than the limit: 431.
    LongHead,
    /// Something other than GET, HEAD, POST and PUT: 405.
    Method,
    /// A request body longer than the limit: 413.
    LongBody,
    /// A request body that does not end in time, or not in order: 400.
    CutBody,
    /// A datagram that is no TFTP request.
    NotTftp,
    /// A TFTP mode other than octet.
    Mode,
    /// A TFTP request to write.
    Write,
    /// A TFTP request to write a file that is there.
    Exists,
    /// A TFTP request to write into a folder that is not there.
    NoFolder,
    /// A TFTP request to write more than is allowed.
    LongFile,
    /// A TFTP request to write where the operating system does not let it.
    Unwritable,
    /// A file of the same name appeared while one was written over TFTP.
    TakenMeanwhile,
    /// A file that was written over TFTP could not be kept.
    HalfWritten,
    /// A file that was written over TFTP did not arrive whole, and nothing was kept.
    NotWhole,
    /// No such file: 404.
    NoFile,
    /// A directory: 404.
    Directory,
    /// Neither file nor directory: 404.
    NotAFile,
    /// A symbolic link that leads out of the root: 404.
    OutsideRoot,
    /// The operating system refuses access: 403.
    Denied,
    /// The file cannot be read: 500.
    Unreadable,
    /// The head was not complete in time; no answer.
    SlowHead,
    /// The client left before its head was complete; no answer.
    LeftInHead,
    /// The file became shorter while it was sent; the connection was cut.
    Shrunk,
    /// The client left, or stopped taking bytes, before the answer was complete.
    NotTaken,
}

impl Note {
    /// The status of the answer; `None` if there is none, or if it had begun before.
    pub(crate) const fn status(self) -> Option<StatusCode> {
        Some(match self {
            Self::BadEscape
            | Self::ParentInPath
            | Self::NulInPath
            | Self::BackslashInPath
            | Self::NoHost
            | Self::NotHttp
            | Self::CutBody => StatusCode::BAD_REQUEST,
            Self::LongTarget => StatusCode::URI_TOO_LONG,
            Self::LongHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::LongBody => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoFile | Self::Directory | Self::NotAFile | Self::OutsideRoot => {
                StatusCode::NOT_FOUND
            }
            Self::Denied => StatusCode::FORBIDDEN,
            Self::Unreadable => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotTftp
            | Self::Mode
            | Self::Write
            | Self::Exists
            | Self::NoFolder
            | Self::LongFile
            | Self::Unwritable
            | Self::TakenMeanwhile
            | Self::HalfWritten
            | Self::NotWhole
            | Self::SlowHead
            | Self::LeftInHead
            | Self::Shrunk
            | Self::NotTaken => return None,
        })
    }

    /// The words for logs and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadEscape => "bad percent escape in the path",
            Self::ParentInPath => "`..` in the path",
            Self::NulInPath => "NUL in the path",
            Self::BackslashInPath => "backslash in the path",
            Self::NoHost => "HTTP/1.1 request without Host",
            Self::NotHttp => "not an HTTP request",
            Self::LongTarget => "request target too long",
            Self::LongHead => "request head too long",
            Self::Method => "only GET, HEAD, POST and PUT are served",
            Self::LongBody => "request body too long",
            Self::CutBody => "request body not complete",
            Self::NotTftp => "not a TFTP request",
            Self::Mode => "only the mode octet is served",
            Self::Write => "files cannot be written",
            Self::Exists => "a file of that name is there",
            Self::NoFolder => "no such folder",
            Self::LongFile => "file too large",
            Self::Unwritable => "the file cannot be written",
            Self::TakenMeanwhile => "a file of that name appeared meanwhile",
            Self::HalfWritten => "the file could not be kept",
            Self::NotWhole => "the file did not arrive whole",
            Self::NoFile => "no such file",
            Self::Directory => "a directory is not served",
            Self::NotAFile => "not a regular file",
            Self::OutsideRoot => "symbolic link leads out of the root",
            Self::Denied => "no permission to read the file",
            Self::Unreadable => "the file cannot be read",
            Self::SlowHead => "request head not complete in time",
            Self::LeftInHead => "client left before its request was complete",
            Self::Shrunk => "file became shorter while it was sent",
            Self::NotTaken => "client did not take the whole answer",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
