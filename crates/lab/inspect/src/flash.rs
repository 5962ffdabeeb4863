//! The parameters of a phone on paper.

use onhook_crypto::port::NoSecrets;
use onhook_params::port::StoredParam;
use onhook_params::{
    BadValue, Bases, Entry, Mark, ParamId, ParamSet, Scope, UserAccess, Value, Values, View,
    entered, intern, secrecy,
};
use onhook_profile::{DecodeError, DecodeSpec, Decoded, decode};
use onhook_rules::masked;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{ModelPhone, Secrets};

/// What a phone holds in flash: values, rights of the User account, and what the user set.
pub struct Flash {
    values: Values,
    bases: Bases,
    params: ParamSet,
    scope: Scope,
}

/// Why something was not set by hand.
#[derive(Debug, Error)]
pub enum SetError {
    /// There is no such parameter.
    #[error("parameter `{name}` is unknown{}", .near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The name given.
        name: String,
        /// The nearest name.
        near: Option<String>,
    },
    /// The parameter cannot have the value.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// Something else than `ua` and `user_set` behind `@`, or a value that it cannot have.
    #[error("write NAME=VALUE, NAME@ua=na, ro or rw, or NAME@user_set=true or false")]
    Mark,
    /// More texts than can be counted.
    #[error("there is no room for another text")]
    Full,
}

/// A parameter that differs from what was held before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Changed {
    pub(crate) id: ParamId,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Flash {
    /// The factory state.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            values: Values::default(),
            bases: Bases::default(),
            params: ParamSet::default(),
            scope,
        }
    }

    /// Which parameters exist.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Takes over what a plain profile, or an export, sets.
    ///
    /// # Errors
    /// A phone could not read the file.
    pub fn load(&mut self, xml: &[u8]) -> Result<(), DecodeError> {
        let spec = DecodeSpec {
            scope: self.scope,
            ..DecodeSpec::default()
        };
        let decoded = decode(xml.to_vec(), &spec, &NoSecrets)?;
        self.apply(&decoded, Secrets::Masked);
        Ok(())
    }

    /// Sets a value, a right (`NAME@ua`) or whether the user set the value (`NAME@user_set`).
    ///
    /// # Errors
    /// The parameter is unknown, or cannot have the value.
    pub fn set(&mut self, what: &str, text: &str) -> Result<(), SetError> {
        let (name, mark) = match what.split_once('@') {
            Some((name, mark)) => (name, Some(mark)),
            None => (what, None),
        };
        let id = ParamId::lookup(name, &self.scope).ok_or_else(|| SetError::Unknown {
            name: name.to_owned(),
            near: ParamId::nearest(name, &self.scope).map(|id| id.name().to_string()),
        })?;
        let wanted = Entry {
            id,
            access: None,
            mark: Mark::None,
            value: None,
        };
        match (mark, text) {
            (None, text) => {
                let text = entered(text);
                let text = id.canonical(&text, &self.scope)?;
                let value = self.values.intern(&text, secrecy(id));
                let value = Some(value.ok_or(SetError::Full)?);
                self.change(&[Entry { value, ..wanted }]);
            }
            (Some("ua"), _) => {
                let access = Some(access(text).ok_or(SetError::Mark)?);
                self.change(&[Entry { access, ..wanted }]);
            }
            (Some("user_set"), "true" | "false") => {
                let mut entry = self.own(id).copied().unwrap_or(wanted);
                entry.mark = match text {
                    "true" => Mark::User,
                    _ => Mark::None,
                };
                self.params.apply(&[entry], &mut self.values);
            }
            (Some(_), _) => return Err(SetError::Mark),
        }
        Ok(())
    }

    /// What a store would hold for a phone in this state.
    #[must_use]
    pub fn stored(&self) -> Vec<StoredParam> {
        let stored = |entry: &Entry| StoredParam {
            id: entry.id,
            value: entry
                .value
                .map(|value| Zeroizing::new(self.values.expose(value).to_owned())),
            access: entry.access,
            user_set: entry.mark == Mark::User,
        };
        self.params.own().iter().map(stored).collect()
    }

    /// Gives a phone the values that differ from the factory state.
    pub fn fill(&self, phone: &mut ModelPhone) {
        for entry in self.params.own() {
            phone.set_parameter(entry.id.name().to_string(), self.exposed(entry.id));
        }
    }

    /// Applies a good file; what really changes, in order of the registry.
    pub(crate) fn apply(&mut self, decoded: &Decoded, secrets: Secrets) -> Vec<Changed> {
        let wanted = intern(&decoded.delta, &mut self.values);
        let before: Vec<(ParamId, String, String)> = wanted
            .iter()
            .map(|entry| {
                let shown = self.shown(entry.id, secrets);
                (entry.id, self.exposed(entry.id).to_owned(), shown)
            })
            .collect();
        self.change(&wanted);
        before
            .into_iter()
            .filter(|(id, held, _)| self.exposed(*id) != held)
            .map(|(id, _, before)| Changed {
                id,
                before,
                after: self.shown(id, secrets),
            })
            .collect()
    }

    fn change(&mut self, wanted: &[Entry]) {
        let mut changes = Vec::new();
        self.params.changes(wanted, self.view(), &mut changes);
        self.params.apply(&changes, &mut self.values);
    }

    fn own(&self, id: ParamId) -> Option<&Entry> {
        let own = self.params.own();
        let at = own.binary_search_by_key(&id, |entry| entry.id).ok()?;
        own.get(at)
    }

    const fn view(&self) -> View<'_> {
        View {
            values: &self.values,
            bases: &self.bases,
            scope: &self.scope,
        }
    }

    /// The value, also if it is secret.
    pub(crate) fn exposed(&self, id: ParamId) -> &str {
        match self.params.value(id, self.view()) {
            Value::Plain(text) => text,
            Value::Secret(value) => self.values.expose(value),
        }
    }

    /// The value as it may be shown.
    fn shown(&self, id: ParamId, secrets: Secrets) -> String {
        shown(id, self.exposed(id), secrets)
    }
}

/// A value as it may be shown; an empty secret is no secret.
pub(crate) fn shown(id: ParamId, value: &str, secrets: Secrets) -> String {
    match secrets {
        Secrets::Shown => value.to_owned(),
        //= R-SEC-1
        Secrets::Masked if id.pattern().secret && !value.is_empty() => "***".to_owned(),
        Secrets::Masked => masked(value),
    }
}

fn access(word: &str) -> Option<UserAccess> {
    [UserAccess::Na, UserAccess::Ro, UserAccess::Rw]
        .into_iter()
        .find(|access| access.as_str() == word)
}
