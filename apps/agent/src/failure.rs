//! Exit status: 0 success, 1 the thing asked about failed, 2 usage or configuration.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// The thing asked about failed.
pub(crate) const FAILED: u8 = 1;
/// Usage or configuration is wrong.
const USAGE: u8 = 2;

/// An error that is nobody's fault but the world's: exit status 1 instead of 2.
#[derive(Debug)]
pub(crate) struct World(pub(crate) String);

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for World {}

/// Writes an error with its causes to stderr and gives the exit status.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(if error.is::<World>() { FAILED } else { USAGE })
}

/// Writes one line to stdout.
///
/// # Errors
/// The line cannot be written, except when the reader has seen enough: `head` closes the pipe.
pub(crate) fn print(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let world = World("the result cannot be written to stdout".to_owned());
            Err(anyhow::Error::new(error).context(world))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A value as a terminal may show it: control characters are spelled out.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
