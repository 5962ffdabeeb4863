//! `expand`: the macros of a text.

use std::process::ExitCode;

use crate::cli::ExpandArgs;
use crate::failure::Done;
use crate::{input, output};

/// Prints the expanded text.
pub(crate) fn expand(args: &ExpandArgs) -> Done {
    let text = input::text(&args.text.text)?;
    let (phone, scope) = args.text.phone.build()?;
    let expansion = onhook_inspect::expand(
        &text,
        &phone,
        &scope,
        output::secrets(args.text.show_secrets),
    );
    if args.text.json {
        output::document(&expansion)?;
    } else {
        output::print(&expansion.render())?;
    }
    Ok(ExitCode::SUCCESS)
}
