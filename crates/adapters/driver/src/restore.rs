//! From what a store holds to the parameters of a phone.

use onhook_params::port::StoredParam;
use onhook_params::{Entry, Mark, ParamSet, secrecy};
use onhook_phone::Shared;

/// Interns what a store holds; a value that finds no room is that of the factory.
#[must_use]
pub fn restore(stored: Vec<StoredParam>, shared: &mut Shared) -> ParamSet {
    let entries: Vec<Entry> = stored
        .iter()
        .map(|param| entry(param, shared).unwrap_or_else(|| bare(param)))
        .collect();
    ParamSet::of(&entries, &mut shared.values)
}

/// One parameter of a store, its value interned; `None` if there is no room for that.
#[must_use]
pub fn entry(param: &StoredParam, shared: &mut Shared) -> Option<Entry> {
    let value = match &param.value {
        Some(text) => Some(shared.values.intern(text, secrecy(param.id))?),
        None => None,
    };
    Some(Entry {
        value,
        ..bare(param)
    })
}

/// The same without its value.
const fn bare(param: &StoredParam) -> Entry {
    Entry {
        id: param.id,
        access: param.access,
        mark: if param.user_set {
            Mark::User
        } else {
            Mark::None
        },
        value: None,
    }
}

#[cfg(test)]
mod tests {
    use onhook_params::{UserAccess, known};

    use super::*;

    #[test]
    fn what_was_stored_comes_back_with_its_right_and_its_mark() {
        let mut shared = Shared::default();
        for user_set in [false, true] {
            let stored = StoredParam {
                id: known::PROFILE_RULE,
                value: Some("http://h/p".to_owned().into()),
                access: Some(UserAccess::Ro),
                user_set,
            };
            let found = entry(&stored, &mut shared).unwrap();
            assert_eq!(found.mark == Mark::User, user_set);
            assert_eq!(found.access, stored.access);
            assert_eq!(shared.values.text(found.value.unwrap()), "http://h/p");
        }
    }
}
