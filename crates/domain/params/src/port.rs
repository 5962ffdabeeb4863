//! The port behind which parameters survive a power cut.

use async_trait::async_trait;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{ParamId, UserAccess};

/// What is stored for one parameter that differs from the factory state.
///
/// Not `Clone`, wiped on drop: any value may be secret.
pub struct StoredParam {
    /// The parameter.
    pub id: ParamId,
    /// The value; `None` leaves the factory value.
    pub value: Option<Zeroizing<String>>,
    /// The right of the User account; `None` leaves the factory right.
    pub access: Option<UserAccess>,
    /// Whether the user, not a profile, set the value.
    pub user_set: bool,
}

impl std::fmt::Debug for StoredParam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredParam")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Why parameters could not be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The medium refused: permission, space, I/O. Says where and what to do.
    #[error("{message}")]
    Medium {
        /// What was being done, where, and what to try.
        message: String,
        /// The cause.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What is stored cannot be read as parameters.
    #[error("{message}")]
    Damaged {
        /// Where, and what to do.
        message: String,
    },
    /// Another process uses the store.
    #[error("{message}")]
    Locked {
        /// Where, and what to do.
        message: String,
    },
}

/// The class of a [`StoreError`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum StoreErrorKind {
    /// The medium refused; trying again later may help.
    Medium,
    /// The stored bytes are damaged.
    Damaged,
    /// Somebody else holds the store.
    Locked,
}

impl StoreError {
    /// The class of the error.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Medium { .. } => StoreErrorKind::Medium,
            Self::Damaged { .. } => StoreErrorKind::Damaged,
            Self::Locked { .. } => StoreErrorKind::Locked,
        }
    }
}

/// Keeps the parameters that differ from the factory state.
///
/// Obligations, each a test of the contract suite:
/// * `commit` is all or nothing, also when power fails at any moment (R-FLS-1);
/// * when `commit` has returned `Ok`, the change survives a power cut;
/// * a `commit` that would store what is stored already writes nothing and returns `false`;
/// * a failed `commit` leaves the former state readable;
/// * `load` returns what the last successful `commit` left, in order of id, each id once;
/// * `reset` empties the store durably.
#[async_trait]
pub trait ConfigStore: Send + Sync + 'static {
    /// Reads all stored parameters.
    ///
    /// # Errors
    /// The store cannot be read, or holds damaged bytes.
    async fn load(&self) -> Result<Vec<StoredParam>, StoreError>;

    /// Replaces the stored state of each given parameter and keeps the others.
    ///
    /// An entry without value, access and mark removes the parameter from the store.
    /// Returns whether anything was written.
    ///
    /// # Errors
    /// Nothing has changed then.
    async fn commit(&self, changes: Vec<StoredParam>) -> Result<bool, StoreError>;

    /// Removes everything (R-FLS-2).
    ///
    /// # Errors
    /// Nothing has changed then.
    async fn reset(&self) -> Result<(), StoreError>;
}
