//! References to macros that are none, or not where they should be.

use std::collections::BTreeSet;
use std::ops::Range;

use onhook_macros::MacroName;

use super::checks::{
    GPP_MACRO, MACRO_CASE, MALFORMED_MACRO, REQUEST_MACRO, SECRET_OUTSIDE, UNKNOWN_MACRO,
};
use super::source::{Findings, Source};

/// How far the end of a malformed reference is looked for, in bytes.
const LONGEST: usize = 64;

/// Looks at every reference of a text.
pub(super) fn references(source: &Source<'_>, out: &mut Findings) {
    let unknown: Vec<_> = source.template.unknown().collect();
    for range in &unknown {
        unknown_name(source, out, range.clone());
    }
    let known = source.expanded.insertions().iter().map(|i| i.source.start);
    let secret = source.template.secrets().map(|(_, range)| range.start);
    let starts: BTreeSet<usize> = known
        .chain(secret)
        .chain(unknown.iter().map(|range| range.start))
        .collect();
    for at in malformed(source.text, &starts) {
        let close = source
            .text
            .bytes()
            .skip(at)
            .take(LONGEST)
            .position(|byte| byte == b')');
        let range = at..at + close.map_or("$(".len(), |close| close + 1);
        out.add(
            MALFORMED_MACRO,
            range,
            "this reference cannot be read and stays as written",
            "write `$(NAME)`, `$(NAME:offset)` or `$(NAME:offset:length)`, or `$$` for a dollar sign",
        );
    }
}

/// Where `$(` begins no reference.
fn malformed(text: &str, starts: &BTreeSet<usize>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(sign) = text.get(at..).and_then(|rest| rest.find('$')) {
        at += sign;
        let rest = text.get(at..).unwrap_or("");
        let is_pair = rest.starts_with("$$");
        if rest.starts_with("$(") && !starts.contains(&at) {
            found.push(at);
        }
        at += if is_pair { 2 } else { 1 };
    }
    found
}

fn unknown_name(source: &Source<'_>, out: &mut Findings, range: Range<usize>) {
    let written = source.text.get(range.clone()).unwrap_or("");
    let rest = source.text.get(range.end..).unwrap_or("");
    let name = written.trim_start_matches(['$', '(']);
    let name = name.split([':', ')']).next().unwrap_or("");
    let shown = source.show(range.clone());
    let message = format!("`{shown}` is no macro and stays as written");
    if let Some(letter) = register(name, rest) {
        let range = range.start..range.end + 1 + letter.len();
        let shown = source.show(range.clone());
        out.add(
            GPP_MACRO,
            range,
            format!("`{shown}` is no macro and stays as written"),
            format!("write `${letter}` or `$({letter})`"),
        );
        return;
    }
    if shown != written {
        // A part of it is a key or a password.
        out.add(
            UNKNOWN_MACRO,
            range,
            message,
            "write `$$` for a dollar sign",
        );
        return;
    }
    let upper = name.to_ascii_uppercase();
    if MacroName::parse(&upper).is_some() {
        let fix = format!("write `{}`", written.replacen(name, &upper, 1));
        out.add(MACRO_CASE, range, message, fix);
        return;
    }
    let fix = match prefix(name) {
        Some((known, tail)) => format!("write `$({known}){tail}` if `${known}` is meant"),
        None => "write the name of a macro, or `$$` for a dollar sign".to_owned(),
    };
    out.add(UNKNOWN_MACRO, range, message, fix);
}

/// The letter of `$GPP_A` or `$GPP_SA`.
fn register<'t>(name: &str, rest: &'t str) -> Option<&'t str> {
    let letter = rest.strip_prefix('_').filter(|_| name == "GPP")?;
    let end = letter
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(letter.len());
    let letter = letter.get(..end)?;
    match MacroName::parse(letter) {
        Some(MacroName::Gpp(_) | MacroName::Secret(_)) => Some(letter),
        _ => None,
    }
}

/// The longest macro that a name begins with, and what follows it.
fn prefix(name: &str) -> Option<(&str, &str)> {
    (1..name.len()).rev().find_map(|length| {
        let (known, tail) = name.split_at_checked(length)?;
        // A register is one letter, which many words begin with.
        let plausible = length > 1 || tail.starts_with(|c: char| !c.is_ascii_uppercase());
        (plausible && MacroName::parse(known).is_some()).then_some((known, tail))
    })
}

/// Secret registers that lie in none of the given ranges of the expanded text.
pub(super) fn secrets_outside(source: &Source<'_>, out: &mut Findings, arguments: &[Range<usize>]) {
    let outside: Vec<_> = source
        .expanded
        .slots()
        .iter()
        .zip(source.template.secrets())
        .filter(|(slot, _)| {
            !arguments
                .iter()
                .any(|range| range.start <= slot.range.start && slot.range.end <= range.end)
        })
        .map(|(_, (register, range))| (MacroName::Secret(register), range))
        .collect();
    for (name, range) in outside {
        out.add(
            SECRET_OUTSIDE,
            range,
            format!("`${name}` stays as written here"),
            "use it with `--key`, `--uid` or `--pwd`, or put what is no secret into GPP_A to GPP_P",
        );
    }
}

/// Macros of a request in a text that is expanded before it.
pub(super) fn of_requests(source: &Source<'_>, out: &mut Findings) {
    let early: Vec<_> = source
        .expanded
        .insertions()
        .iter()
        .filter(|insertion| {
            matches!(
                insertion.name,
                MacroName::Scheme
                    | MacroName::Serv
                    | MacroName::ServIp
                    | MacroName::Port
                    | MacroName::Path
                    | MacroName::Err
            )
        })
        .map(|insertion| (insertion.name, insertion.source.clone()))
        .collect();
    for (name, range) in early {
        out.add(
            REQUEST_MACRO,
            range,
            format!("`${name}` belongs to the request before this one"),
            "use it in messages and bodies of `--post`; in a rule, write what is meant",
        );
    }
}
