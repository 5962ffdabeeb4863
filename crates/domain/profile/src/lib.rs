//! Profile files: from the bytes of a fetched body to what they set.
//!
//! [`decode()`] removes the layers of a file (encryption, then gzip), reads its XML in
//! one pass and writes the values of known parameters straight into a
//! [`Delta`](onhook_params::Delta). A file that breaks a rule of form gives a
//! [`DecodeError`] and nothing else; a bad item inside a good file gives a [`Warning`].
//!
//! Deliberately unknown here: where the body came from, what the phone holds already,
//! how a delta is stored. No file, clock or socket is touched; keys come through the
//! port [`KeyVault`](onhook_crypto::port::KeyVault). An [`AliasMap`] lets
//! elements of other documents set parameters. [`export`](export()) writes what it reads.
//! [`decode_like()`] reads many files of one [`Template`] faster.
//!
//! Requirement families: R-FIL, R-XML, R-ENC, R-GZ, R-GCM-1, R-GCM-2, R-APP-2, R-APP-5, R-APP-6,
//! R-APP-8, R-UA-1..5, R-ALI, R-ALIAS, D-XML.

mod alias;
mod decode;
mod diagnostics;
mod error;
mod export;
mod gzip;
mod places;
mod position;
mod profile;
mod reference;
mod scanner;
mod template;
mod value;

pub use alias::{Alias, AliasError, AliasErrorCode, AliasMap};
pub use decode::{Container, DecodeSpec, Decoded, Limits, decode, decode_like};
pub use diagnostics::{Diagnostics, Warning, WarningCode};
pub use error::{DecodeError, ErrorCode, GzipFault, Protection, XmlFault};
pub use export::{Exported, export};
pub use gzip::gunzip;
pub use places::{Place, Places};
pub use position::Positions;
pub use template::Template;
