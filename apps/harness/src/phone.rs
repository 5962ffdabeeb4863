//! The phone that a text is explained for.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use jiff::civil::DateTime;
use onhook_device::Identity;
use onhook_inspect::{Cause, Flash, ModelPhone};
use onhook_params::{ParamId, Scope};

use crate::cli::phone::{PhoneArgs, ScopeArgs, StateArgs};
use crate::input;

impl ScopeArgs {
    /// Which parameters a phone has.
    pub(crate) fn build(&self) -> anyhow::Result<Scope> {
        let mut scope = Scope::new(parsed(&self.family)?, parsed(&self.release)?);
        for (key, value) in &self.reading {
            scope.readings.set(key, value)?;
        }
        Ok(scope)
    }
}

impl StateArgs {
    /// A phone in its factory state but for --params, --set and --dhcp.
    pub(crate) fn build(
        &self,
        identity: Identity,
        scope: &Scope,
        cause: &str,
    ) -> anyhow::Result<ModelPhone> {
        let mut phone = self.build_unset(identity, scope, cause)?;
        for (name, value) in &self.set {
            let Some(id) = ParamId::lookup(name, scope) else {
                let hint = ParamId::nearest(name, scope)
                    .map(|id| format!(": did you mean `{}`?", id.name()))
                    .unwrap_or_default();
                bail!("--set: parameter `{name}` is unknown{hint}");
            };
            phone.set_parameter(id.name().to_string(), value);
        }
        Ok(phone)
    }

    /// The same without what --set says.
    fn build_unset(
        &self,
        identity: Identity,
        scope: &Scope,
        cause: &str,
    ) -> anyhow::Result<ModelPhone> {
        let mut phone = ModelPhone::new(Identity {
            family: scope.family,
            release: scope.release,
            ..identity
        });
        phone.set_cause(parsed::<Cause>(cause)?);
        if let Some(file) = &self.params {
            let name = file.display();
            let xml = input::bytes(file.as_os_str())?;
            phone
                .load(&xml, scope)
                .with_context(|| format!("--params: a phone could not read {name}"))?;
        }
        for (number, server) in &self.dhcp {
            phone
                .set_option(*number, server)
                .with_context(|| format!("--dhcp: option {number} names no server"))?;
        }
        Ok(phone)
    }

    /// What such a phone holds in flash.
    pub(crate) fn flash(&self, scope: Scope) -> anyhow::Result<Flash> {
        let mut flash = Flash::new(scope);
        if let Some(file) = &self.params {
            load(&mut flash, "--params", file)?;
        }
        self.set_in(&mut flash)?;
        Ok(flash)
    }

    /// Sets what --set says.
    pub(crate) fn set_in(&self, flash: &mut Flash) -> anyhow::Result<()> {
        for (name, value) in &self.set {
            flash
                .set(name, value)
                .map_err(|error| anyhow!("--set {name}: {error}"))?;
        }
        Ok(())
    }

    /// The local time of --at.
    pub(crate) fn time(&self) -> anyhow::Result<Option<DateTime>> {
        let parse = |text: &String| {
            text.parse().map_err(|_| {
                anyhow!("--at: write a local time such as 2026-11-27T09:30 or 2026-11-27T09:30:15")
            })
        };
        self.at.as_ref().map(parse).transpose()
    }
}

/// Loads a profile into a flash; `option` names it in the error.
pub(crate) fn load(flash: &mut Flash, option: &str, file: &Path) -> anyhow::Result<()> {
    let xml = input::bytes(file.as_os_str())?;
    let failed = || format!("{option}: a phone could not read {}", file.display());
    flash.load(&xml).with_context(failed)
}

impl PhoneArgs {
    /// The phone, and which parameters it has.
    pub(crate) fn build(&self) -> anyhow::Result<(ModelPhone, Scope)> {
        let scope = self.state.scope.build()?;
        let phone = self.state.build(Identity::default(), &scope, &self.cause)?;
        Ok((self.with_macros(phone)?, scope))
    }

    /// The same without what --set says.
    pub(crate) fn build_unset(&self) -> anyhow::Result<(ModelPhone, Scope)> {
        let scope = self.state.scope.build()?;
        let identity = Identity::default();
        let phone = self.state.build_unset(identity, &scope, &self.cause)?;
        Ok((self.with_macros(phone)?, scope))
    }

    fn with_macros(&self, mut phone: ModelPhone) -> anyhow::Result<ModelPhone> {
        for (name, value) in &self.macros {
            phone.set_macro(name, value)?;
        }
        Ok(phone)
    }
}

/// A word that the command line has let through.
pub(crate) fn parsed<T: FromStr<Err = String>>(word: &str) -> anyhow::Result<T> {
    word.parse().map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use onhook_device::{Family, Release};
    use onhook_inspect::ExplainKind;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_word_that_is_let_through_is_known() {
        let explain = Cli::command().find_subcommand("explain").cloned().unwrap();
        for (option, parses) in [
            (
                "kind",
                (|word| word.parse::<ExplainKind>().is_ok()) as fn(&str) -> bool,
            ),
            ("family", |word| word.parse::<Family>().is_ok()),
            ("release", |word| word.parse::<Release>().is_ok()),
            ("cause", |word| word.parse::<Cause>().is_ok()),
        ] {
            let argument = explain.get_arguments().find(|a| a.get_id() == option);
            let words = argument.unwrap().get_possible_values();
            assert!(words.len() > 1, "{option}");
            for word in words {
                assert!(parses(word.get_name()), "{option} {word:?}");
            }
        }
    }
}
