//! A look at the steps of a commit, for tests that cut it.

use std::sync::Arc;

/// Which file a commit replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum StoredFile {
    /// The parameters.
    Params,
    /// The state record.
    State,
    /// The record of the custom CA.
    Trust,
}

impl StoredFile {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Params, Self::State, Self::Trust];

    /// The file name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Params => "params.bin",
            Self::State => "state.bin",
            Self::Trust => "trust.bin",
        }
    }

    /// The name under which a new version is written.
    pub(crate) const fn draft(self) -> &'static str {
        match self {
            Self::Params => "params.bin.tmp",
            Self::State => "state.bin.tmp",
            Self::Trust => "trust.bin.tmp",
        }
    }

    /// The name of the version before the one in force.
    #[must_use]
    pub const fn former(self) -> &'static str {
        match self {
            Self::Params => "params.bin.old",
            Self::State => "state.bin.old",
            Self::Trust => "trust.bin.old",
        }
    }

    /// The name under which a damaged version is kept.
    pub(crate) const fn set_aside(self) -> &'static str {
        match self {
            Self::Params => "params.bin.damaged",
            Self::State => "state.bin.damaged",
            Self::Trust => "trust.bin.damaged",
        }
    }
}

/// A moment of a commit, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum CommitStep {
    /// Nothing has been written yet.
    Begin,
    /// The new file has all its bytes, perhaps only in memory.
    Written,
    /// The new file is on the medium under its temporary name.
    Synced,
    /// The file that was in force has the name of the former one, perhaps only in memory.
    Kept,
    /// The new file has its final name, perhaps only in memory.
    Renamed,
    /// The change is durable; the caller has not been told.
    Done,
}

/// Called at each step of a commit, on the thread that writes.
pub type CommitHook = Arc<dyn Fn(StoredFile, CommitStep) + Send + Sync>;
