//! The parameters of a state directory for people, programs and phones.

use onhook_driver::{exported, restore};
use onhook_flash_store::FlashStore;
use onhook_params::port::ConfigStore;
use onhook_params::{ParamId, ParamSet, Value, View};
use onhook_phone::Shared;
use onhook_profile::{Exported, export};
use onhook_rules::masked;
use serde_json::{Map, json};

use crate::cli::Place;
use crate::config::{self, Config};
use crate::failure::{print, visible};
use crate::json::by_name;

/// What is needed to read parameters.
pub(crate) fn view<'s>(shared: &'s Shared, config: &'s Config) -> View<'s> {
    View {
        values: &shared.values,
        bases: &shared.bases,
        scope: &config.scope,
    }
}

/// The parameters of a state directory, read beside whoever uses it.
pub(crate) struct Sheet {
    pub(crate) config: Config,
    shared: Shared,
    params: ParamSet,
}

impl Sheet {
    pub(crate) async fn read(place: &Place) -> anyhow::Result<Self> {
        let config = config::load(place)?;
        let stored = FlashStore::open_read(&config.state_dir, config.scope)?
            .load()
            .await?;
        let mut shared = Shared::default();
        let params = restore(stored, &mut shared);
        Ok(Self {
            config,
            shared,
            params,
        })
    }

    fn view(&self) -> View<'_> {
        view(&self.shared, &self.config)
    }

    /// All parameters, or those that differ from the factory state.
    pub(crate) fn ids(&self, changed: bool) -> impl Iterator<Item = ParamId> {
        ParamId::all(&self.config.scope).filter(move |id| !changed || self.is_changed(*id))
    }

    fn is_changed(&self, id: ParamId) -> bool {
        self.params.own_entry(id).is_some()
    }

    /// The value as it may be shown.
    pub(crate) fn shown(&self, id: ParamId) -> String {
        match self.params.value(id, self.view()) {
            Value::Plain(text) => masked(text),
            Value::Secret(_) => "***".to_owned(),
        }
    }

    /// Where the value comes from.
    fn source(&self, id: ParamId) -> &'static str {
        if self.params.is_set_by_user(id) {
            "user"
        } else if self.is_changed(id) {
            "profile"
        } else {
            "factory"
        }
    }

    /// Prints values, one a line or as a document.
    pub(crate) fn show(&self, ids: &[ParamId], as_json: bool) -> anyhow::Result<()> {
        if as_json {
            let values = ids
                .iter()
                .map(|id| (id.name().to_string(), self.shown(*id)));
            let changes = by_name(values);
            let parameters: Vec<_> = ids.iter().map(|id| self.described(*id)).collect();
            let document = json!({
                "schema": "onhook.params/1",
                "changes": changes,
                "parameters": parameters,
            });
            return print(&format!("{document:#}"));
        }
        for id in ids {
            print(&format!("{} = {}", id.name(), visible(&self.shown(*id))))?;
        }
        Ok(())
    }

    fn described(&self, id: ParamId) -> serde_json::Value {
        let pattern = id.pattern();
        json!({
            "name": id.name().to_string(),
            "value": self.shown(id),
            "default": id.default(&self.config.scope),
            "kind": pattern.kind.name(),
            "allowed": pattern.allowed().to_string(),
            "unit": pattern.unit_in(&self.config.scope),
            "tab": pattern.tab(),
            "section": pattern.section(),
            "ua": self.params.access(id, self.view()).map(onhook_params::UserAccess::as_str),
            "source": self.source(id),
        })
    }

    /// Parameters under the headings of the administration page.
    pub(crate) fn page(&self, ids: &[ParamId]) -> String {
        let mut out = String::new();
        let mut heading = None;
        for id in ids.iter().copied() {
            let pattern = id.pattern();
            let page = (pattern.tab(), pattern.section());
            if heading != Some(page) {
                heading = Some(page);
                let titles: Vec<&str> = page.0.into_iter().chain(page.1).collect();
                let gap = if out.is_empty() { "" } else { "\n" };
                let title = match titles.is_empty() {
                    true => "Elsewhere".to_owned(),
                    false => titles.join(": "),
                };
                out.push_str(&format!("{gap}{title}\n"));
            }
            let (value, default) = (self.shown(id), id.default(&self.config.scope));
            out.push_str(&format!("  {} = {}\n", id.name(), visible(&value)));
            let mut facts = vec![
                format!("{}: {}", pattern.kind.name(), pattern.allowed()),
                format!("from {}", self.source(id)),
            ];
            if value != default {
                let default = visible(default);
                facts.insert(
                    1,
                    format!(
                        "factory value {}",
                        if default.is_empty() {
                            "empty"
                        } else {
                            &default
                        }
                    ),
                );
            }
            if let Some(unit) = pattern.unit_in(&self.config.scope) {
                facts.insert(1, format!("in {unit}"));
            }
            if let Some(access) = self.params.access(id, self.view()) {
                facts.push(format!("User {}", access.as_str()));
            }
            out.push_str(&format!("      {}\n", facts.join("; ")));
        }
        out.truncate(out.trim_end().len());
        out
    }

    /// What of a parameter may leave the phone.
    fn exported(&self, id: ParamId) -> Exported<'_> {
        exported(id, &self.params, self.view())
    }

    /// A profile that a phone reads again.
    pub(crate) fn xml(&self, changed: bool) -> String {
        let parameters = self.ids(changed).map(|id| self.exported(id));
        export(parameters, &self.config.scope)
    }

    /// The same for programs.
    pub(crate) fn json(&self, changed: bool) -> serde_json::Value {
        let (mut values, mut ua) = (Map::new(), Map::new());
        let (mut user_set, mut secrets) = (Vec::new(), Vec::new());
        for id in self.ids(changed) {
            let name = id.name().to_string();
            if let Some(access) = self.params.access(id, self.view()) {
                ua.insert(name.clone(), access.as_str().into());
            }
            if self.params.is_set_by_user(id) {
                user_set.push(name.clone());
            }
            match self.exported(id).value {
                Some(value) => {
                    values.insert(name, value.into());
                }
                None if self.shown(id).is_empty() => {}
                None => secrets.push(name),
            }
        }
        json!({
            "schema": "onhook.export/1",
            "values": values,
            "ua": ua,
            "user_set": user_set,
            "secrets": secrets,
        })
    }
}
