//! What of a parameter may leave the phone.

use onhook_params::{ParamId, ParamSet, Value, View};
use onhook_profile::Exported;
use onhook_rules::masked;

/// A parameter as exports and reports show it: without secret values, and without texts that hold a key or a password, as rules do.
#[must_use]
pub fn exported<'v>(id: ParamId, params: &ParamSet, view: View<'v>) -> Exported<'v> {
    Exported {
        id,
        value: match params.value(id, view) {
            //= R-SEC-3
            Value::Plain(text) if !id.pattern().secret && masked(text) == text => Some(text),
            Value::Plain(_) | Value::Secret(_) => None,
        },
        access: params.access(id, view),
    }
}
