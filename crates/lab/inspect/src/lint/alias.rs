//! Alias maps.

use onhook_params::{ParamId, Scope};
use onhook_profile::AliasMap;

use super::checks::{ALIAS_ENTRY, ALIAS_TARGET};
use super::finding::{Check, Finding};

/// Looks at the text of a register that `--alias` names; it is not expanded.
pub(super) fn map(text: &str, scope: &Scope) -> Vec<Finding> {
    //= R-ALI-1
    let map = AliasMap::parse(text);
    let bad = map.errors().iter().map(|error| {
        let code = Check {
            code: error.code().name(),
            ..ALIAS_ENTRY
        };
        let end = text.get(error.offset()..).and_then(|rest| rest.find(';'));
        let end = end.map_or(text.len(), |end| error.offset() + end);
        code.found(
            error.offset()..end,
            error.code().problem(),
            format!("write {}", error.expected()),
        )
    });
    let unknown = map.entries().iter().filter_map(|alias| {
        let name = alias.parameter;
        if ParamId::lookup(name, scope).is_some() {
            return None;
        }
        let fix = ParamId::nearest(name, scope).map_or_else(
            || "write the element name of a parameter".to_owned(),
            |nearest| format!("write `{}`, the nearest name", nearest.name()),
        );
        let start = alias.parameter_offset;
        Some(ALIAS_TARGET.found(
            start..start + name.len(),
            format!("`{name}` is no parameter"),
            fix,
        ))
    });
    let mut findings: Vec<_> = bad.chain(unknown).collect();
    findings.sort_by_key(|found| found.range.start);
    findings
}
