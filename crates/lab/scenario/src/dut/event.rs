//! The lines of the event stream, as the agent writes them.

use std::collections::BTreeMap;

use onhook_device::Now;
use onhook_driver::Fetched;
use onhook_phone::Notice;
use onhook_system::event_of;
use serde_json::Value;

/// Name and fields of a notice, as the agent tells them; `url` is that of a started request.
pub(crate) fn of(
    now: Now,
    notice: &Notice,
    url: Option<&str>,
) -> Option<(&'static str, BTreeMap<String, String>)> {
    let (name, told) = event_of(now, notice, url)?;
    Some((name, fields(&told)))
}

/// The fields of an event that hold a text, a number or a flag.
pub(crate) fn fields(event: &Value) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (key, value) in event.as_object().into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        fields.insert(key.clone(), text);
    }
    fields
}

/// The fields at the end of a transfer; `None` if it failed.
pub(crate) fn fetched(fetched: Option<&Fetched>) -> BTreeMap<String, String> {
    let Some(Fetched {
        bytes,
        container,
        gzip,
    }) = fetched
    else {
        return [("ok".to_owned(), "false".to_owned())].into();
    };
    [
        ("ok", "true".to_owned()),
        ("bytes", bytes.to_string()),
        ("container", (*container).to_owned()),
        ("gzip", gzip.to_string()),
    ]
    .map(|(key, text)| (key.to_owned(), text))
    .into()
}
