//! `apply`: what a phone would change when it gets a file.

use std::process::ExitCode;

use anyhow::Context;
use onhook_inspect::{Delivery, Flash, apply as apply_file};

use crate::cli::ApplyArgs;
use crate::failure::{Done, FAILED};
use crate::phone::load;
use crate::{input, output};

/// Applies a file to a phone on paper; a file that is refused is exit status 1.
pub(crate) fn apply(args: &ApplyArgs) -> Done {
    let mut flash = flash(args)?;
    let delivery = delivery(args, &flash)?;
    let file = std::mem::take(&mut *input::bytes(&args.file)?);
    let secrets = output::secrets(args.show_secrets);
    let applied = apply_file(file, delivery, &mut flash, secrets);
    if args.json {
        output::document(&applied)?;
    } else {
        output::print(&applied.render(output::style()))?;
    }
    Ok(match applied.error {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(FAILED),
    })
}

/// What the phone holds before.
fn flash(args: &ApplyArgs) -> anyhow::Result<Flash> {
    let state = &args.phone.state;
    let mut flash = Flash::new(state.scope.build()?);
    for (option, file) in [("--params", &state.params), ("--onto", &args.onto)] {
        if let Some(file) = file {
            load(&mut flash, option, file)?;
        }
    }
    state.set_in(&mut flash)?;
    Ok(flash)
}

/// How the file comes.
fn delivery(args: &ApplyArgs, flash: &Flash) -> anyhow::Result<Delivery> {
    let mut delivery = match &args.rule {
        None => Delivery::default(),
        Some(rule) => {
            let (mut phone, _) = args.phone.build_unset()?;
            flash.fill(&mut phone);
            Delivery::by_rule(&input::text(rule)?, &phone).context("--rule")?
        }
    };
    delivery.aes128gcm = args.aes128gcm;
    Ok(delivery)
}
