//! The port through which a phone out of the box asks who serves it.

use async_trait::async_trait;
use onhook_device::Mac;
use thiserror::Error;

/// What a directory is told of a phone (R-OOB-1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Its MAC address.
    pub mac: Mac,
    /// Its model, `CP-8841-3PCC` for example.
    pub model: String,
    /// Value of its User-Agent header.
    pub user_agent: String,
    /// Restricted_Access_Domains: a directory elsewhere is not asked; empty allows all (R-DOM-1).
    pub allowed_domains: String,
}

/// A directory said nothing that can be used; says what happened and what to do.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// Asks a directory for the profile of a phone.
///
/// Obligations, each a test of the contract suite:
/// * what it gives is a URL with a scheme and without white space around it, as the directory wrote it;
/// * a directory that does not know the phone is `None`, and no error (R-OOB-6);
/// * whatever else is said, or that nobody answers, is an error;
/// * the directory learns the MAC address and the model;
/// * it remembers nothing: each call asks.
#[async_trait]
pub trait Redirector: Send + Sync + 'static {
    /// The URL of the profile of this phone, which may hold macros and options; `None` if the directory does not know it.
    ///
    /// # Errors
    /// There was no answer, or none that makes sense.
    async fn redirect(&self, caller: &Caller) -> Result<Option<String>, NoAnswer>;
}
