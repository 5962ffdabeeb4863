//! Why a file is no profile.

use onhook_crypto::port::UnknownSecret;
use onhook_crypto::{DecryptError, RecordsError};
use onhook_device::Outcome;
use thiserror::Error;

/// The words by which errors are named in JSON, tests and events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorCode {
    /// `corrupt`
    Corrupt,
    /// `empty-file`
    EmptyFile,
    /// `no-flat-profile`
    NoFlatProfile,
    /// `not-a-profile`
    NotAProfile,
    /// `decrypt-failed`
    DecryptFailed,
    /// `encrypted-without-key`
    EncryptedWithoutKey,
    /// `no-ikm`
    NoIkm,
    /// `truncated`
    Truncated,
    /// `bad-record-size`
    BadRecordSize,
    /// `bad-delimiter`
    BadDelimiter,
    /// `corrupt-gzip`
    CorruptGzip,
    /// `too-large`
    TooLarge,
}

impl ErrorCode {
    /// The word itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Corrupt => "corrupt",
            Self::EmptyFile => "empty-file",
            Self::NoFlatProfile => "no-flat-profile",
            Self::NotAProfile => "not-a-profile",
            Self::DecryptFailed => "decrypt-failed",
            Self::EncryptedWithoutKey => "encrypted-without-key",
            Self::NoIkm => "no-ikm",
            Self::Truncated => "truncated",
            Self::BadRecordSize => "bad-record-size",
            Self::BadDelimiter => "bad-delimiter",
            Self::CorruptGzip => "corrupt-gzip",
            Self::TooLarge => "too-large",
        }
    }
}

/// Whether a layer of encryption was removed before an error was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// The file came in the clear.
    None,
    /// The file was decrypted with the key of the rule.
    Key,
    /// The file was decrypted with the keying material of the phone.
    KeyingMaterial,
}

/// A rule of XML, or a limit, that a file breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum XmlFault {
    /// R-ENC-1
    #[error("the file is UTF-16: save it as UTF-8")]
    Utf16,
    /// R-ENC-2
    #[error("here are bytes that are not UTF-8: save the file as UTF-8")]
    Utf8,
    /// A character outside the characters of XML.
    #[error("here is a control character, which XML forbids: take it out")]
    Control,
    /// A reference to a character outside the characters of XML.
    #[error("this reference names a character that XML forbids: take it out")]
    ForbiddenReference,
    /// D-XML-5
    #[error(
        "this entity is unknown: use &amp; &lt; &gt; &apos; &quot; or a character number; write `&` as &amp;"
    )]
    UnknownEntity,
    /// D-XML-9
    #[error("a DOCTYPE or other declaration is refused: take it out")]
    Declaration,
    /// `<` without a name behind it.
    #[error("this `<` begins no tag: write it as &lt;")]
    NoTag,
    /// A tag, comment, CDATA section or processing instruction that the file cuts short.
    #[error("what begins here does not end before the end of the file: the file may have been cut")]
    Unterminated,
    /// R-XML-6
    #[error(
        "this end tag does not belong to the element opened in line {opened}: close that element first"
    )]
    WrongEndTag {
        /// Line of the start tag, counted from 1.
        opened: u32,
    },
    /// R-XML-6
    #[error("this end tag closes nothing: take it out")]
    StrayEndTag,
    /// R-XML-6
    #[error(
        "the element that begins here is never closed: add its end tag; the file may have been cut"
    )]
    Unclosed,
    /// R-UA-3, D-XML-7
    #[error("an attribute is written NAME=\"VALUE\" with straight quotes and a blank before it")]
    Attribute,
    /// An attribute that a tag has twice.
    #[error("this attribute occurs twice in one tag: take one out")]
    RepeatedAttribute,
    /// `<` in an attribute value.
    #[error("an attribute value holds `<`: write it as &lt;, or close the quotes")]
    AttributeTag,
    /// More attributes than the limit.
    #[error("the tag has more than {limit} attributes")]
    TooManyAttributes {
        /// The limit.
        limit: usize,
    },
    /// Deeper than the limit.
    #[error("the element is nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Longer than the limit.
    #[error("the text of the element is longer than {limit} bytes")]
    TextTooLong {
        /// The limit.
        limit: usize,
    },
}

/// What is wrong with a gzip layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum GzipFault {
    /// R-GZ-1, R-GZ-2
    #[error("its header is wrong or names a method other than deflate")]
    Header,
    /// RFC 1951
    #[error("its deflate data is damaged")]
    Deflate,
    /// R-GZ-2
    #[error("its checksum does not match")]
    Checksum,
    /// R-GZ-2
    #[error("its length does not match")]
    Length,
    /// R-GZ-2
    #[error("it is cut short")]
    Truncated,
    /// R-GZ-2
    #[error("other bytes follow it")]
    Trailing,
}

/// Why a fetched file is unusable as a whole (R-FIL-6); quotes neither key nor file.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// The XML breaks a rule or a limit.
    #[error("line {line}, column {column}: {fault}")]
    Corrupt {
        /// What is wrong.
        fault: XmlFault,
        /// Line of the decoded XML, counted from 1.
        line: u32,
        /// Column in characters, counted from 1.
        column: u32,
    },
    /// Nothing, or white space only, at any layer.
    #[error("the file is empty: check what the server sends under this URL")]
    EmptyFile,
    /// Good XML without a profile.
    #[error(
        "the file is XML but has no <flat-profile> element (upper and lower case count): \
         check that the URL gives a profile and not a web page"
    )]
    NoFlatProfile {
        /// Line of the first element, counted from 1.
        line: u32,
        /// Column in characters, counted from 1.
        column: u32,
    },
    /// Neither gzip nor XML.
    #[error("{}", match .protection {
        Protection::None => "the file is neither XML nor gzip: check what the server sends under this URL",
        Protection::Key => "what was decrypted is neither XML nor gzip: check that the key of the rule belongs to the file",
        Protection::KeyingMaterial => "what was decrypted is neither XML nor gzip: check what the server encrypts",
    })]
    NotAProfile {
        /// Whether the file was encrypted.
        protection: Protection,
    },
    /// The container cannot be decrypted.
    #[error(transparent)]
    DecryptFailed(#[from] DecryptError),
    /// The handle of the key names nothing.
    #[error("the key of the file could not be looked up: start the resync again")]
    KeyUnavailable(#[from] UnknownSecret),
    /// R-FIL-4
    #[error("the file is encrypted but the rule has no --key: write the rule as [--key KEY] URL")]
    EncryptedWithoutKey,
    /// The answer is RFC 8188 content and there is no keying material.
    #[error(
        "the server sent Content-Encoding: aes128gcm but there is no keying material to read it with: \
         set IKM_HTTP_Encrypt_Content first, or let the server send the file without that encoding"
    )]
    NoIkm,
    /// The records of RFC 8188 cannot be decrypted.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The gzip layer is damaged.
    #[error(
        "the gzip file cannot be inflated: {fault}; compress it again, or check that it was transferred whole"
    )]
    CorruptGzip {
        /// What is wrong.
        fault: GzipFault,
    },
    /// The file inflates past a limit.
    #[error("the file inflates to more than {limit} bytes, the limit for a file of its size")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl DecodeError {
    /// The word for JSON, tests and events.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Corrupt { .. } => ErrorCode::Corrupt,
            Self::EmptyFile => ErrorCode::EmptyFile,
            Self::NoFlatProfile { .. } => ErrorCode::NoFlatProfile,
            Self::NotAProfile { .. } => ErrorCode::NotAProfile,
            Self::DecryptFailed(_) | Self::KeyUnavailable(_) => ErrorCode::DecryptFailed,
            Self::EncryptedWithoutKey => ErrorCode::EncryptedWithoutKey,
            Self::NoIkm => ErrorCode::NoIkm,
            Self::Records(RecordsError::Truncated { .. }) => ErrorCode::Truncated,
            Self::Records(RecordsError::RecordSize { .. }) => ErrorCode::BadRecordSize,
            Self::Records(RecordsError::Tag { .. }) => ErrorCode::DecryptFailed,
            Self::Records(RecordsError::Delimiter { .. }) => ErrorCode::BadDelimiter,
            Self::CorruptGzip { .. } => ErrorCode::CorruptGzip,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
        }
    }

    /// How the rule ends that fetched the file.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Corrupt { .. }
            | Self::NoFlatProfile { .. }
            | Self::NotAProfile {
                protection: Protection::None,
            } => Outcome::ParseFailed,
            Self::EmptyFile => Outcome::EmptyFile,
            Self::NotAProfile {
                protection: Protection::Key | Protection::KeyingMaterial,
            }
            | Self::DecryptFailed(_)
            | Self::KeyUnavailable(_)
            | Self::EncryptedWithoutKey
            | Self::NoIkm
            | Self::Records(_) => Outcome::DecryptFailed,
            Self::CorruptGzip { .. } => Outcome::DecompressFailed,
            Self::TooLarge { .. } => Outcome::InflatedTooLarge,
        }
    }

    /// Line and column in the decoded XML, counted from 1; `None` where there is no XML.
    #[must_use]
    pub const fn position(&self) -> Option<(u32, u32)> {
        match self {
            Self::Corrupt { line, column, .. } | Self::NoFlatProfile { line, column } => {
                Some((*line, *column))
            }
            Self::EmptyFile
            | Self::NotAProfile { .. }
            | Self::DecryptFailed(_)
            | Self::KeyUnavailable(_)
            | Self::EncryptedWithoutKey
            | Self::NoIkm
            | Self::Records(_)
            | Self::CorruptGzip { .. }
            | Self::TooLarge { .. } => None,
        }
    }
}
