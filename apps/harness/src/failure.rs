//! How the program ends: 0 success, 1 the thing asked about failed, 2 usage or configuration.

use std::io::Write;
use std::process::ExitCode;

/// Result of a command.
pub(crate) type Done = Result<ExitCode, Failure>;

/// The thing asked about failed.
pub(crate) const FAILED: ExitCodeNumber = 1;
const USAGE: ExitCodeNumber = 2;

type ExitCodeNumber = u8;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The thing asked about failed: exit status 1.
    Asked(anyhow::Error),
    /// Usage or configuration is wrong: exit status 2.
    Usage(anyhow::Error),
}

impl Failure {
    /// Turns an error into the failure of what was asked for.
    pub(crate) fn asked(error: impl Into<anyhow::Error>) -> Self {
        Self::Asked(error.into())
    }

    /// Writes the error with its causes to stderr and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        let (error, status) = match self {
            Self::Asked(error) => (error, FAILED),
            Self::Usage(error) => (error, USAGE),
        };
        note(&format!("error: {error:#}"));
        ExitCode::from(status)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Usage(error.into())
    }
}

/// Writes a line to stderr.
pub(crate) fn note(line: &str) {
    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}
