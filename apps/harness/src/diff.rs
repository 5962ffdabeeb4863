//! `diff`: what differs between two profiles.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use onhook_inspect::{Settings, diff as compare};
use onhook_params::Scope;

use crate::cli::DiffArgs;
use crate::failure::{Done, FAILED};
use crate::{input, output};

/// Compares two profiles; a difference is exit status 1.
pub(crate) fn diff(args: &DiffArgs) -> Done {
    let scope = args.scope.build()?;
    let (a, b) = (settings(&args.a, &scope)?, settings(&args.b, &scope)?);
    let difference = compare(&a, &b, output::secrets(args.show_secrets));
    if args.json {
        output::document(&difference)?;
    } else {
        output::print(&difference.render(output::style()))?;
    }
    Ok(match difference.differences.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    })
}

fn settings(from: &OsStr, scope: &Scope) -> anyhow::Result<Settings> {
    let xml = input::bytes(from)?;
    let name = Path::new(from).display();
    Settings::read(&xml, scope).with_context(|| format!("a phone could not read {name}"))
}
