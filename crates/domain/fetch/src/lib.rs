//! One transfer: what is asked for, where it goes, and how it ends.
//!
//! [`Request`] names scheme, host, port and path as the rule gave them;
//! [`port::Fetch`] is the port that a transport implements; [`BodySink`] takes
//! the bytes; [`ProxyScript`] says which way leads to a server. [`Submission`] and [`port::Upload`] are the same for the way out.
//! [`srv_order`] puts SRV records into the order in which they are tried.
//! Redirects, credentials and retries of one transfer belong to the
//! transport, everything between transfers to the phone.
//!
//! Deliberately unknown here: sockets, HTTP statuses, TFTP packets, profiles.
//!
//! Requirement families: R-HTTP, R-TFTP (through the adapters), R-OUT-5, R-DOM, R-DNS-2..5, R-PROXY-4, R-TLS-8, R-RPT-2.

mod address;
mod body;
mod domains;
mod error;
pub mod port;
mod request;
mod script;
mod srv;
mod trust;
mod upload;

pub use address::{IpMode, is_one_host};
pub use body::{BodySink, Head, Refused};
pub use domains::is_allowed;
pub use error::{ErrorKind, FetchError};
pub use request::{Account, Endpoint, Part, Proxy, Request, Scheme, Service};
pub use script::{ConstantScript, ProxyScript, Way};
pub use srv::{MOST_TARGETS, SrvRecord, name as srv_name, order as srv_order};
pub use trust::{Certificates, Fingerprint, NoCertificates};
pub use upload::{Method, Submission, UPLOAD_LIMIT, UploadWatch};
