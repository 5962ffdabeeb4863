//! Output of the program, in one place.

use std::io::{Write as _, stdout};

/// Prints a text and a line end.
#[expect(
    clippy::print_stdout,
    reason = "the result of a command goes to standard output"
)]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints a text without a line end, at once.
#[expect(
    clippy::print_stdout,
    reason = "the result of a command goes to standard output"
)]
pub(crate) fn part(text: &str) {
    print!("{text}");
    // A closed pipe shows at the next line.
    stdout().flush().ok();
}
