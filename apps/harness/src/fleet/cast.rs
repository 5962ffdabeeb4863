//! What the phones of a fleet have in common.

use anyhow::{anyhow, bail};
use onhook_device::Identity;
use onhook_fleet::Cast;
use onhook_inspect::{
    Cause, ExplainKind, ExplainRequest, Flash, ModelPhone, Outcome, Secrets, explain,
};

use crate::cli::fleet::FleetArgs;
use crate::input;
use crate::key::secret;
use crate::output;
use crate::phone::load;
use crate::try_out::phone::{keep_key, keyed, of_model};

/// The phones that the command line asks for; a rule that no phone could read is refused with its place.
pub(super) fn of(args: &FleetArgs) -> anyhow::Result<Cast> {
    let scope = args.scope.build()?;
    let identity = Identity {
        mac: args.first_mac.parse()?,
        ..Identity::default()
    };
    let identity = of_model(identity, args.model.as_deref(), &scope)?;
    let mut flash = Flash::new(scope);
    if let Some(file) = &args.params {
        load(&mut flash, "--params", file)?;
    }
    for (name, value) in &args.set {
        flash
            .set(name, value)
            .map_err(|error| anyhow!("--set {name}: {error}"))?;
    }
    let key = secret(&None, &args.key_file, &args.key_env)?;
    keep_key(&mut flash, key.as_ref())?;
    let rule = keyed(input::text(&args.rule)?, key.as_ref())?;
    let mut model = ModelPhone::new(identity.clone());
    model.set_cause(Cause::Boot);
    for (number, server) in &args.dhcp {
        model
            .set_option(*number, server)
            .map_err(|error| anyhow!("--dhcp: option {number} names no server: {error}"))?;
    }
    flash.fill(&mut model);
    let explanation = explain(&ExplainRequest {
        kind: ExplainKind::Profile,
        text: &rule,
        phone: &model,
        scope: &scope,
        secrets: Secrets::Masked,
        at: None,
    });
    if explanation.outcome == Outcome::Error {
        let told = explanation.render(output::style());
        bail!("--rule: no phone can use this rule\n{}", told.trim_end());
    }
    Ok(Cast {
        identity,
        scope,
        params: flash.stored(),
        rule,
        options: args.dhcp.clone(),
    })
}
