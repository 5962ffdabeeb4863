//! The ports through which the phone fetches and uploads.

use std::net::IpAddr;

use async_trait::async_trait;
use thiserror::Error;

use crate::{
    BodySink, Certificates, Endpoint, FetchError, NoCertificates, Request, SrvRecord, Submission,
    UploadWatch,
};

/// Fetches one body.
///
/// Obligations, each a test of the contract suite:
/// * `sink.started` is called exactly once, after name resolution and before the first packet, and awaited;
/// * chunks arrive in order and hold exactly the body of the final answer, never that of an error answer;
/// * no more than `request.limit` bytes reach the sink; a longer body is [`crate::ErrorKind::TooLarge`];
/// * a body that ends early is [`crate::ErrorKind::Truncated`];
/// * the body of a request for a part is that part up to the end of the file, or the whole, as `head.from` says;
/// * a sink that is full is drained before it gets another chunk, and nothing is read meanwhile;
/// * the call ends within `request.timeout`;
/// * dropping the future ends the transfer and closes its connection.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// Performs the request and returns the address contacted first.
    ///
    /// # Errors
    /// The kind decides what the phone does next; bytes already given to the sink are void.
    async fn get(&self, request: &Request, sink: &mut dyn BodySink)
    -> Result<Endpoint, FetchError>;
}

/// Uploads one body that is in memory.
///
/// Obligations, each a test of the contract suite:
/// * `watch.started` is called exactly once, after name resolution and before the first packet, and awaited;
/// * a body above [`crate::UPLOAD_LIMIT`] is [`crate::ErrorKind::TooLarge`], and nothing is sent;
/// * `Ok` means that the server has the whole body and nothing else, and has said so: silence after the last byte is a
///   failure, and so is a refusal;
/// * what fails leaves the server able to know that the body is not whole;
/// * the call ends within `submission.timeout`;
/// * dropping the future ends the transfer and closes its connection.
///
/// One call is one attempt; a transport repeats packets and answers challenges, it does not begin anew.
#[async_trait]
pub trait Upload: Send + Sync + 'static {
    /// Uploads the body and returns the address contacted first.
    ///
    /// # Errors
    /// The kind tells what went wrong, as it does of a fetch; what the server keeps of a body that is not whole is its own
    /// affair.
    async fn put(
        &self,
        submission: &Submission,
        watch: &mut dyn UploadWatch,
    ) -> Result<Endpoint, FetchError>;
}

/// Why a name leads nowhere.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// The name does not exist, or has no record of the wanted kind.
    #[error("it does not resolve")]
    NoAddress(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// No name server answered in time.
    #[error("no name server answered in time")]
    Silence,
    /// The name servers answered, but not whether there is such a name.
    #[error("the name servers could not answer")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This resolver knows addresses only.
    #[error("this program cannot look up SRV records")]
    NoServices,
}

/// Turns host names into addresses, and names of services into host names.
///
/// Obligations, each a test of the contract suite:
/// * the addresses are in the order in which they are to be tried, each once, and at least one;
/// * an address literal, an IPv6 one without brackets, is its own address and asks nobody;
/// * a name that does not exist is [`ResolveError::NoAddress`], also where it was one a moment ago, and the other way
///   round: nothing is remembered from one call to the next (R-DNS-7);
/// * SRV records come as the name servers tell them, in any order, targets without their final dot, `.` included;
/// * a resolver that cannot look up SRV records says [`ResolveError::NoServices`], whatever the name;
/// * the call ends within 10 s for each name server (R-HTTP-17: two tries of 5 s).
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of a host.
    ///
    /// # Errors
    /// There are none to be had.
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError>;

    /// The SRV records of a name (RFC 2782), at least one.
    ///
    /// # Errors
    /// There are none to be had; always, unless a resolver knows better.
    async fn services(&self, name: &str) -> Result<Vec<SrvRecord>, ResolveError> {
        let _ = name;
        Err(ResolveError::NoServices)
    }
}

/// Whom TLS believes besides the built-in roots.
///
/// Obligations, each a test of the contract suite:
/// * `read` takes PEM with one or more certificates, or one certificate in DER, and nothing else;
/// * of a file with one certificate that cannot be read nothing is taken;
/// * it believes nobody new;
/// * `believe` takes exactly what `read` gave, in place of what was believed before; none removes that;
/// * what cannot be believed leaves what was believed before.
pub trait CustomTrust: Send + Sync + 'static {
    /// Reads a file of certificates (R-TLS-8).
    ///
    /// # Errors
    /// It is not such a file.
    fn read(&self, file: &[u8]) -> Result<Certificates, NoCertificates>;

    /// Believes these certificates, in DER, from the next handshake on, and no others besides the built-in roots.
    ///
    /// # Errors
    /// One of them cannot be believed.
    fn believe(&self, certificates: &[Vec<u8>]) -> Result<(), NoCertificates>;
}
