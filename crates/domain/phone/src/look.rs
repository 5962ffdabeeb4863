//! What pages show of a phone.

use onhook_device::{Now, Secret};
use onhook_params::types::yes_no;
use onhook_params::{ParamId, Scope, UserAccess, Value};
use onhook_rules::masked;

use crate::report::Status;
use crate::{Phone, Shared};

/// A phone at one moment, as its pages show it. No value in it is secret but those of [`Logins`].
#[derive(PartialEq, Eq, Debug)]
pub struct Look {
    /// The moment.
    pub now: Now,
    /// Family, release and readings.
    pub scope: Scope,
    /// How things are.
    pub status: Status,
    /// Who may log in.
    pub logins: Logins,
    /// Whether there are slots for firmware.
    pub has_slots: bool,
    /// Parameters that differ from the factory state, in order of parameter.
    seen: Vec<Seen>,
}

/// A parameter that differs from the factory state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Which.
    pub id: ParamId,
    /// Its value.
    pub shown: Shown,
    /// The right of the User account in force.
    pub access: Option<UserAccess>,
}

/// A value as far as it may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// All of it.
    Open(String),
    /// The rest of it: each key and password in it is `***`.
    Masked(String),
    /// Nothing but that there is one.
    Secret,
}

/// The passwords of the accounts of the pages; an empty one is none.
#[derive(PartialEq, Eq, Debug)]
pub struct Logins {
    /// Of `admin`.
    pub admin: Secret,
    /// Of `user`.
    pub user: Secret,
    /// Of those who send objects to be executed.
    pub xml: Secret,
}

impl Look {
    /// Looks at a phone; `None` if it has no model.
    #[must_use]
    pub fn of(phone: &Phone, shared: &Shared, now: Now, status: Status) -> Option<Self> {
        let view = phone.view(shared)?;
        let params = phone.params();
        let seen = params.own().iter().map(|entry| {
            let id = entry.id;
            let shown = match params.value(id, view) {
                //= R-SEC-2
                Value::Plain(_) if id.pattern().secret => Shown::Secret,
                Value::Plain(text) => match masked(text) {
                    open if open == text => Shown::Open(open),
                    rest => Shown::Masked(rest),
                },
                Value::Secret(_) => Shown::Secret,
            };
            Seen {
                id,
                shown,
                access: params.access(id, view),
            }
        });
        let secret = |names: &[&str]| {
            let ids = names
                .iter()
                .filter_map(|name| ParamId::lookup(name, view.scope));
            let mut texts = ids.map(|id| match params.value(id, view) {
                Value::Plain(text) => text,
                Value::Secret(value) => view.values.expose(value),
            });
            let given = texts.find(|text| !text.is_empty());
            Secret::from(given.unwrap_or_default())
        };
        Some(Self {
            now,
            scope: *view.scope,
            status,
            logins: Logins {
                admin: secret(&["Admin_Password", "Admin_Passwd"]),
                user: secret(&["User_Password"]),
                xml: secret(&["XML_Password"]),
            },
            has_slots: phone.has_slots(),
            seen: seen.collect(),
        })
    }

    fn seen(&self, id: ParamId) -> Option<&Seen> {
        let at = self.seen.binary_search_by_key(&id, |seen| seen.id).ok()?;
        self.seen.get(at)
    }

    /// The parameters that differ from the factory state, in order of parameter.
    #[must_use]
    pub fn changed(&self) -> &[Seen] {
        &self.seen
    }

    /// The value in force, as far as it may be shown; empty where nothing may.
    #[must_use]
    pub fn text(&self, id: ParamId) -> &str {
        match self.seen(id).map(|seen| &seen.shown) {
            Some(Shown::Open(text) | Shown::Masked(text)) => text,
            Some(Shown::Secret) => "",
            None if id.pattern().secret => "",
            None => id.default(&self.scope),
        }
    }

    /// Whether a value is there that is not shown, or not all of it.
    #[must_use]
    pub fn hides(&self, id: ParamId) -> bool {
        matches!(
            self.seen(id).map(|seen| &seen.shown),
            Some(Shown::Secret | Shown::Masked(_))
        )
    }

    /// Whether a yes-or-no parameter is Yes.
    #[must_use]
    pub fn is_yes(&self, id: ParamId) -> bool {
        yes_no(self.text(id)) == Some(true)
    }

    /// The right of the User account in force.
    #[must_use]
    pub fn access(&self, id: ParamId) -> Option<UserAccess> {
        match self.seen(id) {
            Some(seen) => seen.access,
            None => id.pattern().user_access,
        }
    }
}
