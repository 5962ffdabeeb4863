//! `onhook-agent params`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use onhook_flash_store::FlashStore;
use onhook_params::port::{ConfigStore, StoredParam};
use onhook_params::{Entry, Mark, ParamId, ParamSet, Scope, Value, View, secrecy};
use onhook_phone::Shared;
use onhook_phone::port::StateStore;
use onhook_rules::masked;
use onhook_system::{ControlRequest, ask};
use serde_json::json;
use zeroize::Zeroizing;

use crate::boot;
use crate::cli::{ParamsArgs, ParamsCommand, Place};
use crate::config::{self, Config};
use crate::failure::{print, visible};
use crate::json::at;

/// Reads or changes parameters.
pub(crate) async fn params(args: &ParamsArgs) -> anyhow::Result<ExitCode> {
    match &args.what {
        ParamsCommand::List {
            place,
            changed,
            section,
            json,
        } => {
            let sheet = Sheet::read(place).await?;
            if let Some(section) = section {
                check_section(section, &sheet.config.scope)?;
            }
            let ids = ParamId::all(&sheet.config.scope).filter(|id| {
                let wanted = section.as_deref();
                (!changed || sheet.is_changed(*id))
                    && wanted.is_none_or(|s| {
                        id.pattern()
                            .section()
                            .is_some_and(|own| own.eq_ignore_ascii_case(s))
                    })
            });
            sheet.show(ids, *json)?;
        }
        ParamsCommand::Get { place, name, json } => {
            let sheet = Sheet::read(place).await?;
            let id = find(name, &sheet.config)?;
            if *json {
                sheet.show(std::iter::once(id), true)?;
            } else {
                print(&visible(&sheet.shown(id)))?;
            }
        }
        ParamsCommand::Set {
            place,
            name,
            value,
            offline,
        } => {
            let config = config::load(place)?;
            let value = onhook_params::entered(&read_value(value)?);
            match boot::open(&config) {
                Ok(store) => set(&config, &store, name, &value).await?,
                Err(error) if boot::is_locked(&error) && !offline => {
                    let value = value.to_string();
                    let name = name.clone();
                    ask_agent(&config, &ControlRequest::Set { name, value }).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        ParamsCommand::Reset { place, offline } => {
            let config = config::load(place)?;
            match boot::open(&config) {
                Ok(store) => {
                    store.reset().await?;
                    store.reset_state().await?;
                }
                Err(error) if boot::is_locked(&error) && !offline => {
                    ask_agent(&config, &ControlRequest::FactoryReset {}).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a section that no parameter is in.
fn check_section(section: &str, scope: &Scope) -> anyhow::Result<()> {
    let known: BTreeSet<_> = ParamId::all(scope)
        .filter_map(|id| id.pattern().section())
        .collect();
    if known.iter().any(|name| name.eq_ignore_ascii_case(section)) {
        return Ok(());
    }
    let known: Vec<_> = known.into_iter().collect();
    bail!(
        "section `{section}` is unknown: the sections are {}",
        known.join(", ")
    )
}

fn find(name: &str, config: &Config) -> anyhow::Result<ParamId> {
    if let Some(id) = ParamId::lookup(name, &config.scope) {
        return Ok(id);
    }
    match ParamId::nearest(name, &config.scope) {
        Some(near) => bail!(
            "parameter `{name}` is unknown: did you mean `{}`?",
            near.name()
        ),
        None => bail!("parameter `{name}` is unknown: `onhook-agent params list` shows all"),
    }
}

fn read_value(text: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut value = Zeroizing::new(String::new());
    if text == "-" {
        std::io::stdin()
            .read_to_string(&mut value)
            .context("the value cannot be read from standard input")?;
    } else {
        value.push_str(text);
    }
    Ok(value)
}

async fn ask_agent(config: &Config, request: &ControlRequest) -> anyhow::Result<()> {
    let answer = ask(&boot::control_path(config), request).await?;
    let answer: serde_json::Value =
        serde_json::from_str(&answer).context("the agent's answer is no JSON")?;
    match at(&answer, "error").as_str() {
        Some(error) => Err(anyhow!(error.to_owned())),
        None => Ok(()),
    }
}

/// Sets one parameter in the store.
async fn set(config: &Config, store: &FlashStore, name: &str, value: &str) -> anyhow::Result<()> {
    let id = find(name, config)?;
    let text = id
        .canonical(value, &config.scope)
        .map_err(|bad| anyhow!("{name}: {bad}"))?;
    let mut shared = Shared::default();
    let held = boot::load(store.load().await?, &mut shared);
    let value = shared
        .values
        .intern(&text, secrecy(id))
        .context("no memory for the value")?;
    let wanted = Entry {
        id,
        access: None,
        mark: Mark::None,
        value: Some(value),
    };
    let mut changes = Vec::new();
    let view = view(&shared, config);
    held.changes(&[wanted], view, &mut changes);
    let changes = changes
        .iter()
        .map(|entry| StoredParam {
            id,
            value: entry
                .value
                .map(|id| Zeroizing::new(view.values.expose(id).to_owned())),
            access: entry.access,
            user_set: true,
        })
        .collect();
    store.commit(changes).await?;
    Ok(())
}

fn view<'s>(shared: &'s Shared, config: &'s Config) -> View<'s> {
    View {
        values: &shared.values,
        bases: &shared.bases,
        scope: &config.scope,
    }
}

/// The parameters of a state directory, read beside whoever uses it.
struct Sheet {
    config: Config,
    shared: Shared,
    params: ParamSet,
}

impl Sheet {
    async fn read(place: &Place) -> anyhow::Result<Self> {
        let config = config::load(place)?;
        let stored = FlashStore::open_read(&config.state_dir, config.scope)?
            .load()
            .await?;
        let mut shared = Shared::default();
        let params = boot::load(stored, &mut shared);
        Ok(Self {
            config,
            shared,
            params,
        })
    }

    fn is_changed(&self, id: ParamId) -> bool {
        let own = self.params.own();
        own.binary_search_by_key(&id, |entry| entry.id).is_ok()
    }

    /// The value as it may be shown.
    fn shown(&self, id: ParamId) -> String {
        match self.params.value(id, view(&self.shared, &self.config)) {
            Value::Plain(text) => masked(text),
            Value::Secret(_) => "***".to_owned(),
        }
    }

    fn show(&self, ids: impl Iterator<Item = ParamId>, as_json: bool) -> anyhow::Result<()> {
        if as_json {
            let changes: BTreeMap<String, String> = ids
                .map(|id| (id.name().to_string(), self.shown(id)))
                .collect();
            let document = json!({ "schema": "onhook.params/1", "changes": changes });
            return print(&format!("{document:#}"));
        }
        for id in ids {
            print(&format!("{} = {}", id.name(), visible(&self.shown(id))))?;
        }
        Ok(())
    }
}
