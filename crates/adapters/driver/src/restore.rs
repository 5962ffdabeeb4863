//! From what a store holds to the parameters of a phone.

use onhook_params::port::StoredParam;
use onhook_params::{Entry, Mark, ParamSet, secrecy};
use onhook_phone::Shared;

/// Interns what a store holds.
#[must_use]
pub fn restore(stored: Vec<StoredParam>, shared: &mut Shared) -> ParamSet {
    let mut entries = Vec::with_capacity(stored.len());
    for param in stored {
        entries.push(Entry {
            id: param.id,
            access: param.access,
            mark: if param.user_set {
                Mark::User
            } else {
                Mark::None
            },
            value: param
                .value
                .and_then(|text| shared.values.intern(&text, secrecy(param.id))),
        });
    }
    ParamSet::of(&entries, &mut shared.values)
}
