//! What is wrong in a file, and where.

use std::fmt;

/// One mistake in a scenario file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what to write.
    pub message: String,
}

impl fmt::Display for Problem {
    /// Writes `FILE:LINE:COLUMN: MESSAGE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

/// A file under reading: finds places and makes problems of them.
#[derive(Clone, Copy)]
pub(crate) struct Source<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

impl Source<'_> {
    /// The line and column of a byte offset.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or("").chars().count() + 1;
        (line, column)
    }

    pub(crate) fn problem(&self, offset: usize, message: impl fmt::Display) -> Problem {
        let (line, column) = self.place(offset);
        Problem {
            file: self.file.to_owned(),
            line,
            column,
            message: message.to_string(),
        }
    }
}
