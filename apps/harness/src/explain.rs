//! `explain`: what a phone does with a rule or trigger.

use std::process::ExitCode;

use onhook_inspect::{ExplainRequest, Outcome};

use crate::cli::ExplainArgs;
use crate::failure::{Done, FAILED};
use crate::phone::parsed;
use crate::{input, output};

/// Explains a text; an error in the text is exit status 1.
pub(crate) fn explain(args: &ExplainArgs) -> Done {
    let text = input::text(&args.text.text)?;
    let (phone, scope) = args.text.phone.build()?;
    let explanation = onhook_inspect::explain(&ExplainRequest {
        kind: parsed(&args.kind)?,
        text: &text,
        phone: &phone,
        scope: &scope,
        secrets: output::secrets(args.text.show_secrets),
        at: args.text.phone.state.time()?,
    });
    if args.text.json {
        output::document(&explanation)?;
    } else {
        output::print(&explanation.render(output::style()))?;
    }
    Ok(if explanation.outcome == Outcome::Error {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}
