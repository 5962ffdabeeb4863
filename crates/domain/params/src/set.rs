//! The values of one phone, as differences from a shared base and the factory state.

use zeroize::Zeroizing;

use crate::types::yes_no;
use crate::values::{Secrecy, ValueId, Values};
use crate::{Delta, ParamId, Scope, Setting, UserAccess};

/// What one phone holds, or is about to hold, for one parameter (8 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The parameter.
    pub id: ParamId,
    /// The right of the User account; `None` for the inherited one.
    pub access: Option<UserAccess>,
    /// What the value is, or how it came.
    pub mark: Mark,
    /// The value; `None` for the inherited one.
    pub value: Option<ValueId>,
}

/// A mark on an [`Entry`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mark {
    /// Nothing special.
    #[default]
    None,
    /// In a set: the user set this value. In a profile: a value set by the user stays.
    User,
}

impl Entry {
    /// Whether the entry says nothing that is not inherited.
    #[must_use]
    pub fn is_inherited(&self) -> bool {
        self.access.is_none() && self.value.is_none() && self.mark == Mark::None
    }
}

/// A value as seen by its reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'v> {
    /// A text that may be shown.
    Plain(&'v str),
    /// A secret, by handle.
    Secret(ValueId),
}

impl<'v> Value<'v> {
    /// The text, or the empty text for a secret.
    #[must_use]
    pub const fn plain(self) -> &'v str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(_) => "",
        }
    }
}

/// Sets of values that many phones start from; base 0 is the factory state.
#[derive(Default)]
pub struct Bases {
    bases: Vec<Box<[Entry]>>,
}

/// Names a base set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BaseId(u32);

impl Bases {
    /// Adds a base set; entries are sorted here, and of each parameter the last one counts.
    pub fn add(&mut self, mut entries: Vec<Entry>) -> BaseId {
        entries.reverse();
        entries.sort_by_key(|entry| entry.id);
        entries.dedup_by_key(|entry| entry.id);
        self.bases.push(entries.into_boxed_slice());
        // More bases than u32 cannot be held in memory.
        BaseId(u32::try_from(self.bases.len()).unwrap_or(0))
    }

    fn entry(&self, base: BaseId, id: ParamId) -> Option<&Entry> {
        find(self.entries(base), id)
    }

    fn entries(&self, base: BaseId) -> &[Entry] {
        let index = (base.0 as usize).checked_sub(1);
        index
            .and_then(|index| self.bases.get(index))
            .map_or(&[], |entries| entries)
    }
}

/// Reads entries from one end to the other, with ids that only grow.
struct Along<'e>(&'e [Entry]);

impl<'e> Along<'e> {
    fn to(&mut self, id: ParamId) -> Option<&'e Entry> {
        while let Some((first, rest)) = self.0.split_first()
            && first.id < id
        {
            self.0 = rest;
        }
        self.0.first().filter(|entry| entry.id == id)
    }
}

fn find(entries: &[Entry], id: ParamId) -> Option<&Entry> {
    let at = entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
    entries.get(at)
}

/// What a set needs to be read: the texts, the bases and the factory state.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The texts.
    pub values: &'a Values,
    /// The bases.
    pub bases: &'a Bases,
    /// Family, release and readings.
    pub scope: &'a Scope,
}

/// The values of one phone: a base, and its own differences in order of id.
#[derive(Default)]
pub struct ParamSet {
    base: BaseId,
    own: Box<[Entry]>,
}

impl ParamSet {
    /// The factory state on top of a base.
    #[must_use]
    pub fn new(base: BaseId) -> Self {
        Self {
            base,
            own: Box::default(),
        }
    }

    /// The factory state with these differences; the uses of their texts pass to the set.
    #[must_use]
    pub fn of(entries: &[Entry], values: &mut Values) -> Self {
        let mut set = Self::default();
        set.apply(entries, values);
        for value in entries.iter().filter_map(|entry| entry.value) {
            values.release(value);
        }
        set
    }

    /// The differences from the base, in order of id.
    #[must_use]
    pub fn own(&self) -> &[Entry] {
        &self.own
    }

    /// The difference in one parameter, if there is one.
    #[must_use]
    pub fn own_entry(&self, id: ParamId) -> Option<&Entry> {
        find(&self.own, id)
    }

    /// The own value of a parameter; `None` for an inherited one.
    #[must_use]
    pub fn own_value(&self, id: ParamId) -> Option<ValueId> {
        self.own_entry(id)?.value
    }

    /// The value in force.
    #[must_use]
    pub fn value<'v>(&self, id: ParamId, view: View<'v>) -> Value<'v> {
        match self.value_id(id, view) {
            Some(value) if value.is_secret() => Value::Secret(value),
            Some(value) => Value::Plain(view.values.text(value)),
            None => Value::Plain(id.default(view.scope)),
        }
    }

    /// The right of the User account in force; `None` where no export of a phone shows one.
    #[must_use]
    pub fn access(&self, id: ParamId, view: View<'_>) -> Option<UserAccess> {
        find(&self.own, id)
            .and_then(|entry| entry.access)
            .or_else(|| inherited_access(id, view.bases.entry(self.base, id)))
    }

    /// Whether the user set the value.
    #[must_use]
    pub fn is_set_by_user(&self, id: ParamId) -> bool {
        find(&self.own, id).is_some_and(|entry| entry.mark == Mark::User)
    }

    /// The plain value in force; empty for a secret one.
    #[must_use]
    pub fn text<'v>(&self, id: ParamId, view: View<'v>) -> &'v str {
        self.value(id, view).plain()
    }

    /// Whether a yes-or-no parameter is Yes.
    #[must_use]
    pub fn is_yes(&self, id: ParamId, view: View<'_>) -> bool {
        yes_no(self.text(id, view)) == Some(true)
    }

    fn value_id(&self, id: ParamId, view: View<'_>) -> Option<ValueId> {
        find(&self.own, id)
            .and_then(|entry| entry.value)
            .or_else(|| view.bases.entry(self.base, id)?.value)
    }

    /// Appends to `changes` what a profile really changes: the new own entry of each parameter
    /// whose value, right or mark differs afterwards.
    ///
    /// `profile` is in order of id, as [`intern`] gives it.
    pub fn changes(&self, profile: &[Entry], view: View<'_>, changes: &mut Vec<Entry>) {
        let (mut own, mut base) = (Along(&self.own), Along(view.bases.entries(self.base)));
        //= R-APP-1
        // What the profile does not name is not looked at.
        for wanted in profile {
            let base = base.to(wanted.id);
            let held = own.to(wanted.id).copied().unwrap_or(Entry {
                id: wanted.id,
                access: None,
                mark: Mark::None,
                value: None,
            });
            let mut next = held;
            if let Some(value) = wanted.value {
                // One id for one text, so that a change is one for whoever compares ids.
                let value = held
                    .value
                    .filter(|held| view.values.same(*held, value))
                    .unwrap_or(value);
                //= R-UA-5
                let kept =
                    wanted.mark == Mark::User && wanted.access.is_some() && held.mark == Mark::User;
                if !kept {
                    next.value = unless_inherited(wanted.id, value, (base, view));
                    next.mark = Mark::None;
                }
            }
            //= R-UA-2
            if let Some(access) = wanted.access {
                let inherited = inherited_access(wanted.id, base);
                next.access = (inherited != Some(access)).then_some(access);
            }
            //= R-APP-7
            if next != held {
                changes.push(next);
            }
        }
    }

    /// Replaces own entries by changed ones, in order of id, and counts the uses of their values.
    ///
    /// Allocates only when a parameter comes to or leaves the set.
    pub fn apply(&mut self, changes: &[Entry], values: &mut Values) {
        let mut same_ids = true;
        for change in changes {
            same_ids &= find(&self.own, change.id).is_some() && !change.is_inherited();
            if let Some(value) = change.value {
                values.retain(value);
            }
            if let Some(old) = find(&self.own, change.id).and_then(|entry| entry.value) {
                values.release(old);
            }
        }
        if same_ids {
            for change in changes {
                if let Ok(at) = self.own.binary_search_by_key(&change.id, |entry| entry.id)
                    && let Some(entry) = self.own.get_mut(at)
                {
                    *entry = *change;
                }
            }
            return;
        }
        let mut merged = Vec::with_capacity(self.own.len() + changes.len());
        let mut rest = changes.iter().peekable();
        for entry in &self.own {
            while let Some(change) = rest.next_if(|change| change.id < entry.id) {
                merged.push(*change);
            }
            merged.push(
                rest.next_if(|change| change.id == entry.id)
                    .map_or(*entry, |change| *change),
            );
        }
        merged.extend(rest.copied());
        merged.retain(|entry| !entry.is_inherited());
        self.own = merged.into_boxed_slice();
    }

    /// Ends the use of all values; call it before the set is dropped.
    pub fn release(&mut self, values: &mut Values) {
        for entry in std::mem::take(&mut self.own) {
            if let Some(value) = entry.value {
                values.release(value);
            }
        }
    }
}

/// The value, or `None` if it is what the base or the factory gives anyway.
fn unless_inherited(
    id: ParamId,
    value: ValueId,
    (base, view): (Option<&Entry>, View<'_>),
) -> Option<ValueId> {
    let inherited = match base.and_then(|entry| entry.value) {
        Some(base) => view.values.same(base, value),
        None => view.values.expose(value) == id.default(view.scope),
    };
    if inherited { None } else { Some(value) }
}

fn inherited_access(id: ParamId, base: Option<&Entry>) -> Option<UserAccess> {
    base.and_then(|entry| entry.access)
        .or_else(|| id.pattern().user_access)
}

/// Interns what a delta sets; every value in the result counts one use.
///
/// Entries stay in order of id. A setting whose text finds no room in the table is left out.
pub fn intern(delta: &Delta, values: &mut Values) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(delta.len());
    let texts = delta.iter();
    let texts = texts.filter_map(|setting| Some((setting.value?, secrecy(setting.id))));
    let mut settings = delta.iter();
    values.intern_all(texts, |value| {
        for setting in settings.by_ref() {
            let brings = setting.value.is_some();
            // Without room for its text it is left out.
            if !brings || value.is_some() {
                entries.push(entry(&setting, value.filter(|_| brings)));
            }
            if brings {
                return;
            }
        }
    });
    entries.extend(settings.map(|setting| entry(&setting, None)));
    entries
}

fn entry(setting: &Setting<'_>, value: Option<ValueId>) -> Entry {
    Entry {
        id: setting.id,
        access: setting.access,
        mark: match setting.preserve {
            true => Mark::User,
            false => Mark::None,
        },
        value,
    }
}

/// Whether the values of a parameter are secret.
#[must_use]
pub fn secrecy(id: ParamId) -> Secrecy {
    if id.pattern().secret {
        Secrecy::Secret
    } else {
        Secrecy::Plain
    }
}

/// A value as it was entered by hand, in the form in which a profile would bring it: line ends become spaces, and white space
/// at the ends goes (R-XML-9, R-XML-10).
#[must_use]
pub fn entered(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    let mut before = ' ';
    for c in trimmed.chars() {
        match c {
            // CR LF is one line end.
            '\n' if before == '\r' => {}
            '\r' | '\n' => out.push(' '),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests;
