//! What is wrong with a written fault.

use thiserror::Error;

/// Why a text is no fault: the bad word, what is allowed, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{}{problem}", place(*offset))]
pub struct FaultError {
    problem: String,
    offset: Option<usize>,
}

impl FaultError {
    /// A problem with the word at a byte offset; `None` if it stood in a table.
    pub(crate) fn new(offset: Option<usize>, problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            offset,
        }
    }

    /// Where the bad word begins, in bytes; `None` in a table, and if a word is missing.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }
}

fn place(offset: Option<usize>) -> String {
    offset.map_or(String::new(), |offset| format!("at offset {offset}: "))
}
