//! A page of parameters.

use askama::Template;
use onhook_params::types::yes_no;
use onhook_params::{Kind, ParamId, UserAccess};
use onhook_phone::Look;

use super::{Frame, fault};
use crate::form::{Faults, Submitted};
use crate::layout::{Tab, label, sections};
use crate::login::Role;

/// A tab under Voice.
#[derive(Template)]
#[template(path = "fields.html")]
pub(crate) struct FieldPage<'p> {
    pub(crate) frame: &'p Frame,
    /// Where the form goes.
    pub(crate) action: String,
    pub(crate) sections: Vec<Part>,
    /// What the fields were searched for.
    pub(crate) find: String,
    /// What became of a form before.
    pub(crate) note: Option<String>,
    /// What is wrong with it.
    pub(crate) faults: Vec<String>,
}

/// Fields under one heading.
pub(crate) struct Part {
    pub(crate) title: String,
    pub(crate) rows: Vec<Vec<Field>>,
}

/// One field.
pub(crate) struct Field {
    name: String,
    label: String,
    entry: Entry,
    help: String,
    fault: String,
}

/// How a field is written.
enum Entry {
    /// One of these; whether it is the one.
    List(Vec<(String, bool)>),
    /// A line.
    Text(String),
    /// A line that nobody reads; whether there is a value.
    Secret(bool),
    /// It is not.
    ReadOnly(String),
}

/// The sections of a tab as an account sees them, with what a form held that was refused.
pub(crate) fn sections_of(
    tab: Tab,
    look: &Look,
    role: Role,
    find: &str,
    refused: Option<(&Submitted, &Faults)>,
) -> Vec<Part> {
    let find = find.trim().to_lowercase();
    let parts = sections(tab, &look.scope).into_iter().map(|section| {
        let rows = section.rows.iter().map(|row| {
            let fields = row.iter().filter_map(|id| {
                let right = right(*id, look, role)?;
                let field = field(*id, look, right, refused);
                let fits = find.is_empty()
                    || [&field.name, &field.label]
                        .iter()
                        .any(|text| text.to_lowercase().contains(&find));
                fits.then_some(field)
            });
            fields.collect::<Vec<_>>()
        });
        Part {
            rows: rows.filter(|row| !row.is_empty()).collect(),
            title: section.title,
        }
    });
    parts.filter(|part| !part.rows.is_empty()).collect()
}

//= R-UA-1
/// What an account may do with a parameter; `None` if it may not see it.
fn right(id: ParamId, look: &Look, role: Role) -> Option<UserAccess> {
    match (role, look.access(id)) {
        (Role::Admin, _) => Some(UserAccess::Rw),
        (Role::User, None | Some(UserAccess::Na)) => None,
        (Role::User, right) => right,
    }
}

fn field(
    id: ParamId,
    look: &Look,
    right: UserAccess,
    refused: Option<(&Submitted, &Faults)>,
) -> Field {
    let (pattern, scope) = (id.pattern(), &look.scope);
    let is_list = pattern.kind == Kind::Enum && !pattern.values().is_empty();
    let name = id.name().to_string();
    let written = refused.and_then(|(form, _)| form.text(&name));
    let stored = look.text(id);
    let value = written.unwrap_or(stored);
    let entry = match (right, pattern.secret) {
        (UserAccess::Na | UserAccess::Ro, false) => Entry::ReadOnly(stored.to_owned()),
        (UserAccess::Na | UserAccess::Ro, true) => Entry::ReadOnly(String::new()),
        // What was written is not sent back.
        (UserAccess::Rw, true) => Entry::Secret(look.hides(id)),
        (UserAccess::Rw, false) if pattern.kind == Kind::Bool => {
            Entry::List(list(["Yes", "No"], value))
        }
        (UserAccess::Rw, false) if is_list && pattern.enforced => {
            Entry::List(list(pattern.values(), value))
        }
        (UserAccess::Rw, false) => Entry::Text(value.to_owned()),
    };
    // Choices that nobody has published are told as what they are.
    let mut help = match pattern.kind == Kind::Enum && !is_list {
        true => "a text".to_owned(),
        false => pattern.allowed().to_string(),
    };
    if let Some(first) = help.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if let Some(unit) = pattern.unit_in(scope) {
        help.push_str(&format!("; unit {unit}"));
    }
    if !pattern.secret {
        let default = id.default(scope);
        let default = if default.is_empty() { "empty" } else { default };
        help.push_str(&format!("; default {default}"));
    }
    let fault = refused.map_or("", |(_, faults)| fault(faults, &name));
    Field {
        label: label(id, scope),
        name,
        entry,
        help,
        fault: fault.to_owned(),
    }
}

/// The choices, with the value that is there if it is none of them.
fn list<'c>(choices: impl IntoIterator<Item = &'c str>, value: &str) -> Vec<(String, bool)> {
    let is = |choice: &str| {
        choice.eq_ignore_ascii_case(value)
            || yes_no(choice).is_some_and(|yes| yes_no(value) == Some(yes))
    };
    let mut list: Vec<_> = choices
        .into_iter()
        .map(|choice| (choice.to_owned(), is(choice)))
        .collect();
    if !list.iter().any(|(_, chosen)| *chosen) {
        list.insert(0, (value.to_owned(), true));
    }
    list
}
