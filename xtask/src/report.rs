//! What a check found.

use std::fmt;

/// One finding, with the place a person opens to mend it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Problem {
    /// File or folder, from the root of the workspace.
    path: String,
    /// Line, from 1; `None` for the whole file.
    line: Option<usize>,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Problem {
    /// A finding about a whole file or folder.
    pub(crate) fn at(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    /// A finding at a line, counted from 1.
    pub(crate) fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: Some(line),
            message: message.into(),
        }
    }

    /// `path` or `path:line`.
    pub(crate) fn place(&self) -> String {
        self.line
            .map_or_else(|| self.path.clone(), |line| format!("{}:{line}", self.path))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.message)
    }
}

/// The result of one check over the workspace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Report {
    /// Findings that fail the check.
    pub(crate) problems: Vec<Problem>,
    /// Findings worth a look that fail nothing.
    pub(crate) warnings: Vec<Problem>,
    /// One line about what was looked at.
    pub(crate) summary: String,
}

impl Report {
    /// Whether nothing failed.
    pub(crate) const fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Warnings, then problems, one a line.
    pub(crate) fn findings(&self) -> String {
        let warnings = self.warnings.iter().map(|w| format!("warning: {w}\n"));
        let problems = self.problems.iter().map(|p| format!("{p}\n"));
        warnings.chain(problems).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.findings())?;
        f.write_str(&self.summary)
    }
}
