//! Values of parameters as a journal has them.

use onhook_params::{Entry, Mark, ParamId, Scope, UserAccess, Values, secrecy};
use serde::{Deserialize, Serialize};

use crate::hide::Hide;

/// What is held, or asked for, for one parameter.
#[derive(Serialize, Deserialize, Debug)]
pub struct Param {
    /// Element name.
    pub name: String,
    /// `None` for the inherited value, or for none that is asked for.
    pub value: Option<String>,
    /// The right of the User account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ua: Option<String>,
    /// Set by the user; in a profile: a value set by the user stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user: bool,
}

impl Param {
    pub(crate) fn of(entry: &Entry, values: &Values, scope: &Scope, hide: &Hide) -> Self {
        Self {
            name: entry.id.name().to_string(),
            value: entry
                .value
                .map(|value| hide.value(entry.id, values.expose(value), scope)),
            ua: entry.access.map(|access| access.as_str().to_owned()),
            user: entry.mark == Mark::User,
        }
    }

    /// The entry; its text counts a use. `None` if this program does not know the parameter.
    pub(crate) fn entry(&self, values: &mut Values, scope: &Scope) -> Option<Entry> {
        let id = ParamId::lookup(&self.name, scope)?;
        let rights = [UserAccess::Na, UserAccess::Ro, UserAccess::Rw];
        let right = |word: &String| rights.into_iter().find(|right| right.as_str() == word);
        Some(Entry {
            id,
            access: self.ua.as_ref().and_then(right),
            mark: match self.user {
                true => Mark::User,
                false => Mark::None,
            },
            value: match &self.value {
                Some(text) => Some(values.intern(text, secrecy(id))?),
                None => None,
            },
        })
    }
}

/// Entries as a journal has them.
pub(crate) fn params(
    entries: &[Entry],
    values: &Values,
    scope: &Scope,
    hide: &mut Hide,
) -> Vec<Param> {
    // First all texts: a rule may stand behind the register that holds its key.
    for value in entries.iter().filter_map(|entry| entry.value) {
        hide.note(values.expose(value));
    }
    entries
        .iter()
        .map(|entry| Param::of(entry, values, scope, hide))
        .collect()
}
