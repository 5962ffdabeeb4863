//! The phone that a text is explained for.

use anyhow::bail;
use clap::Args;
use onhook_device::{Family, Identity, Release};
use onhook_inspect::{Cause, ModelPhone};
use onhook_params::{ParamId, Scope};

/// Options that describe a phone.
#[derive(Args)]
#[command(next_help_heading = "Phone")]
pub(crate) struct PhoneArgs {
    /// Set a parameter, for example GPP_A=site-7.
    #[arg(long, value_name = "PARAM=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Set the value of a macro, for example MA=000e08012345.
    #[arg(long = "macro", value_name = "NAME=VALUE", value_parser = pair)]
    macros: Vec<(String, String)>,
    /// Product family: mpp or spa.
    #[arg(long, value_name = "F", default_value = "mpp")]
    family: Family,
    /// Preset of defaults and readings: 11.3 or 10.4.
    #[arg(long, value_name = "R", default_value = "11.3")]
    release: Release,
    /// Choose a reading of the manuals, for example upgrade_no_server=error.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    reading: Vec<(String, String)>,
    /// What started the resync: boot, periodic, retry or explicit.
    #[arg(long, value_name = "C", default_value = "periodic")]
    cause: Cause,
}

impl PhoneArgs {
    /// The phone, and which parameters it has.
    pub(crate) fn build(&self) -> anyhow::Result<(ModelPhone, Scope)> {
        let mut scope = Scope::new(self.family, self.release);
        for (key, value) in &self.reading {
            scope.readings.set(key, value)?;
        }
        let mut phone = ModelPhone::new(Identity {
            family: self.family,
            release: self.release,
            ..Identity::default()
        });
        phone.set_cause(self.cause);
        for (name, value) in &self.set {
            let Some(id) = ParamId::lookup(name, &scope) else {
                let hint = ParamId::nearest(name, &scope)
                    .map(|id| format!(": did you mean `{}`?", id.name()))
                    .unwrap_or_default();
                bail!("--set: parameter `{name}` is unknown{hint}");
            };
            phone.set_parameter(id.name().to_string(), value);
        }
        for (name, value) in &self.macros {
            phone.set_macro(name, value)?;
        }
        Ok((phone, scope))
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write NAME=VALUE".to_owned()),
    }
}
