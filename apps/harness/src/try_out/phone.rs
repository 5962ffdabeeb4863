//! The phone of a trial.

use anyhow::{Context, anyhow, bail};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use onhook_device::{Family, Identity, Secret, WallTime};
use onhook_inspect::{Cause, Flash, ModelPhone};
use onhook_params::{Scope, known};
use onhook_trial::{Start, Trial};
use zeroize::Zeroizing;

use crate::cli::try_out::TryArgs;
use crate::input;
use crate::phone::parsed;

/// The register that holds the key of --key-file and --key-env.
const REGISTER: &str = "GPP_SA";
/// What stands in front of a rule that names no key.
const KEY: &str = "--key $SA";

/// A phone, on paper and as parameters of the real one.
pub(super) struct Cast {
    pub(super) identity: Identity,
    pub(super) scope: Scope,
    pub(super) rule: Zeroizing<String>,
    pub(super) model: ModelPhone,
    pub(super) cause: Cause,
    /// The local time of its boot, if it was given.
    pub(super) at: Option<DateTime>,
    options: Vec<(u8, String)>,
    flash: Flash,
}

impl Cast {
    pub(super) fn of(args: &TryArgs) -> anyhow::Result<Self> {
        let scope = args.state.scope.build()?;
        let identity = identity(args, &scope)?;
        let mut flash = args.state.flash(scope)?;
        let key = args.key()?;
        keep_key(&mut flash, key.as_ref())?;
        let mut options = args.state.dhcp.clone();
        let mut model = args.state.build(identity.clone(), &scope, &args.cause)?;
        if let Some(server) = &args.server {
            model
                .set_option(66, server)
                .context("--server: this names no server")?;
            options.push((66, server.clone()));
        }
        flash.fill(&mut model);
        let rule = match &args.rule {
            Some(rule) => input::text(rule)?,
            None => {
                let held = model.parameter("Profile_Rule");
                Zeroizing::new(
                    held.unwrap_or(known::PROFILE_RULE.default(&scope))
                        .to_owned(),
                )
            }
        };
        Ok(Self {
            identity,
            scope,
            rule: keyed(rule, key.as_ref())?,
            model,
            cause: parsed(&args.cause)?,
            at: args.state.time()?,
            options,
            flash,
        })
    }

    /// The real phone.
    pub(super) fn trial(&self, seed: u64) -> Trial {
        Trial {
            identity: self.identity.clone(),
            scope: self.scope,
            params: self.flash.stored(),
            rule: self.rule.clone(),
            options: self.options.clone(),
            start: match self.cause {
                Cause::Boot => Start::Boot,
                Cause::Periodic => Start::Periodic,
                Cause::Retry => Start::Retry,
                Cause::Explicit => Start::Explicit,
            },
            began: self.at.and_then(|at| {
                let at = at.to_zoned(TimeZone::UTC).ok()?;
                Some(WallTime {
                    unix_s: at.timestamp().as_second(),
                    offset_s: 0,
                })
            }),
            seed,
        }
    }
}

/// Puts a key that was given where the rule finds it.
pub(crate) fn keep_key(flash: &mut Flash, key: Option<&Secret>) -> anyhow::Result<()> {
    let Some(key) = key else {
        return Ok(());
    };
    let text = std::str::from_utf8(key.expose())
        .context("the key is not UTF-8, so no rule can hold it")?;
    flash
        .set(REGISTER, text)
        .map_err(|error| anyhow!("the key does not fit into {REGISTER}: {error}"))
}

/// The rule with the key, if one was given and the rule names none.
pub(crate) fn keyed(
    rule: Zeroizing<String>,
    key: Option<&Secret>,
) -> anyhow::Result<Zeroizing<String>> {
    if key.is_none() || rule.contains("--key") {
        return Ok(rule);
    }
    let text = rule.trim_start();
    if text.starts_with('(') || text.contains('|') {
        bail!(
            "a rule with alternatives says itself which of them has the key: write [{KEY}] before each such URL"
        );
    }
    Ok(Zeroizing::new(match text.strip_prefix('[') {
        Some(options) => format!("[{KEY} {options}"),
        None => format!("[{KEY}] {text}"),
    }))
}

/// Who the phone is.
fn identity(args: &TryArgs, scope: &Scope) -> anyhow::Result<Identity> {
    let identity = Identity {
        mac: args.mac.parse().context("--mac")?,
        client_certificate: args.client_cert.is_some(),
        ..Identity::default()
    };
    of_model(identity, args.model.as_deref(), scope)
}

/// The identity of a phone of a model.
pub(crate) fn of_model(
    mut identity: Identity,
    model: Option<&str>,
    scope: &Scope,
) -> anyhow::Result<Identity> {
    identity.family = scope.family;
    identity.release = scope.release;
    match (scope.family, model) {
        (Family::Mpp, None) => {}
        (Family::Mpp, Some(model)) => {
            let is_number = model.len() == 4 && model.bytes().all(|byte| byte.is_ascii_digit());
            let series = model.get(..2).filter(|_| is_number);
            let series = series.with_context(|| {
                format!("--model: write four digits such as 8841, 7832 or 6871, not `{model}`")
            })?;
            identity.product_name = format!("CP-{model}-3PCC");
            identity.series = format!("{model}-3PCC");
            identity.software_version = format!("sip{series}xx.11-3-2MPP0001-609");
        }
        (Family::Spa, model) => {
            let model = model.unwrap_or("504G");
            identity.product_name = format!("SPA-{model}");
            identity.series = model.to_owned();
            identity.software_version = "7.6.2".to_owned();
        }
    }
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &str, expected: Option<&str>) {
        let key = Secret::from("k");
        let keyed = keyed(Zeroizing::new(rule.to_owned()), Some(&key)).ok();
        assert_eq!(keyed.as_deref().map(String::as_str), expected, "{rule}");
    }

    #[test]
    fn a_key_goes_into_a_rule_that_names_none() {
        check("http://h/a", Some("[--key $SA] http://h/a"));
        check(
            " [--uid u --pwd p] http://h/a",
            Some("[--key $SA --uid u --pwd p] http://h/a"),
        );
        check("/$PSN.xml?a=(b)", Some("[--key $SA] /$PSN.xml?a=(b)"));
        check("[--key $SB] http://h/a", Some("[--key $SB] http://h/a"));
        check("($PRVST eq 0)? http://h/a", None);
        check("http://h/a | http://h/b", None);
        let rule = Zeroizing::new("a | b".to_owned());
        assert_eq!(*keyed(rule, None).unwrap(), "a | b");
    }
}
