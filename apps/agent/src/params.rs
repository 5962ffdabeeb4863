//! `onhook-agent params`.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use onhook_driver::restore;
use onhook_flash_store::FlashStore;
use onhook_params::port::{ConfigStore, StoredParam};
use onhook_params::{Entry, Mark, ParamId, Scope, secrecy};
use onhook_phone::Shared;
use onhook_phone::port::{StateStore, TrustStore};
use onhook_system::{ControlRequest, ask};
use zeroize::Zeroizing;

use crate::boot;
use crate::cli::{ExportFormat, ParamsArgs, ParamsCommand};
use crate::config::{self, Config};
use crate::failure::{print, visible};
use crate::json::at;
use crate::sheet::{Sheet, view};

/// Reads or changes parameters.
pub(crate) async fn params(args: &ParamsArgs) -> anyhow::Result<ExitCode> {
    match &args.what {
        ParamsCommand::List {
            place,
            changed,
            section,
            long,
            json,
        } => {
            let sheet = Sheet::read(place).await?;
            let ids = listed(&sheet, *changed, section.as_deref())?;
            if *long && !json {
                print(&sheet.page(&ids))?;
            } else {
                sheet.show(&ids, *json)?;
            }
        }
        ParamsCommand::Export {
            place,
            format,
            changed,
        } => {
            let sheet = Sheet::read(place).await?;
            match format {
                ExportFormat::Xml => print(sheet.xml(*changed).trim_end())?,
                ExportFormat::Json => print(&format!("{:#}", sheet.json(*changed)))?,
            }
        }
        ParamsCommand::Get { place, name, json } => {
            let sheet = Sheet::read(place).await?;
            let id = find(name, &sheet.config)?;
            if *json {
                sheet.show(&[id], true)?;
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
                    store.reset_trust().await?;
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

/// The parameters of a section, or all.
fn listed(sheet: &Sheet, changed: bool, section: Option<&str>) -> anyhow::Result<Vec<ParamId>> {
    if let Some(section) = section {
        check_section(section, &sheet.config.scope)?;
    }
    let is_wanted = |id: &ParamId| match (section, id.pattern().section()) {
        (None, _) => true,
        (Some(wanted), Some(own)) => own.eq_ignore_ascii_case(wanted),
        (Some(_), None) => false,
    };
    Ok(sheet.ids(changed).filter(is_wanted).collect())
}

/// Refuses a section that no parameter is in.
fn check_section(section: &str, scope: &Scope) -> anyhow::Result<()> {
    // As in `by_name`, nothing is sorted.
    let mut known = BTreeSet::new();
    known.extend(ParamId::all(scope).filter_map(|id| id.pattern().section()));
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
    let held = restore(store.load().await?, &mut shared);
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
