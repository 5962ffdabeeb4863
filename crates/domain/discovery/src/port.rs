//! The ports through which a phone learns what its network says, and out of the box who serves it.

use std::time::Duration;

use async_trait::async_trait;
use onhook_device::Mac;
use thiserror::Error;

use crate::Learned;

/// Within this span a source has told something for the first time.
pub const FIRST_NEWS: Duration = Duration::from_secs(45);

/// Most options that are told at once.
pub const MOST_OPTIONS: usize = 64;

/// Longest value of an option, in octets; a longer one is left out.
pub const LONGEST_VALUE: usize = 4096;

/// What a source has to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// The network says this, in place of all that it said before. Another address than before makes a phone restart
    /// (R-SM-22); other options count from the next resync on (R-DHCP-11).
    Learned(Learned),
    /// The network says nothing yet, or no longer: the phone goes on without.
    Nothing,
}

/// Brings what the network says of a phone.
///
/// Obligations, each a test of the contract suite:
/// * the first news comes within [`FIRST_NEWS`] of the first wait, whatever the network does;
/// * each news holds the whole of what the network says, of one moment, at most [`MOST_OPTIONS`] options of at most
///   [`LONGEST_VALUE`] octets;
/// * news come in the order in which the network changed, and none says what the one before it said: whoever waits too
///   seldom may miss what lay between, never the last;
/// * a source that has told [`News::Nothing`] goes on looking and tells what comes later;
/// * waiting can be given up and taken up again without losing news.
#[async_trait]
pub trait OptionSource: Send + 'static {
    /// Waits for the next news; `None` when there will be none.
    async fn next(&mut self) -> Option<News>;
}

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
