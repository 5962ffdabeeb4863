//! Transcripts: each file of `tests/golden` holds what was asked and, behind `---`, what was answered.
//!
//! `UPDATE_GOLDEN=1` rewrites the answers.

use std::fs;
use std::path::Path;

use onhook_device::{Identity, Readings};
use onhook_inspect::{
    Delivery, ExplainRequest, Flash, LintReport, ModelPhone, Secrets, Style, Subject, apply,
    expand, explain,
};
use onhook_params::Scope;

const MARK: &str = "\n---\n";

#[test]
fn every_transcript_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut stale = Vec::new();
    for path in files {
        let old = fs::read_to_string(&path).unwrap();
        let (question, answer) = old.split_once(MARK).unwrap_or((old.trim_end(), ""));
        let new = answer_to(question);
        if new == answer {
            continue;
        }
        #[expect(clippy::disallowed_methods, reason = "the one setting of this test")]
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, format!("{question}{MARK}{new}")).unwrap();
        } else {
            let name = path.file_name().unwrap().to_string_lossy();
            stale.push(format!("{name}\n--- expected\n{answer}\n--- got\n{new}"));
        }
    }
    assert!(
        stale.is_empty(),
        "set UPDATE_GOLDEN=1 to accept:\n{}",
        stale.join("\n")
    );
}

/// Answers a question of `key: value` lines; `text:` comes last and may span lines.
fn answer_to(question: &str) -> String {
    let (head, text) = question.split_once("text:").unwrap();
    let text = text.strip_prefix(' ').unwrap_or(text);
    let mut phone = ModelPhone::new(Identity::default());
    let mut scope = Scope::default();
    let (mut kind, mut secrets, mut json, mut at) = ("profile", Secrets::Masked, false, None);
    let (mut rule, mut set) = (None, Vec::new());
    for line in head.lines() {
        let (key, value) = line.split_once(": ").unwrap();
        let pair = || value.split_once('=').unwrap();
        match key {
            "kind" => kind = value,
            "set" => {
                phone.set_parameter(pair().0, pair().1);
                set.push(pair());
            }
            "rule" => rule = Some(value),
            "macro" => phone.set_macro(pair().0, pair().1).unwrap(),
            "cause" => phone.set_cause(value.parse().unwrap()),
            "release" => {
                scope.release = value.parse().unwrap();
                scope.readings = Readings::preset(scope.family, scope.release);
            }
            "reading" => scope.readings.set(pair().0, pair().1).unwrap(),
            "dhcp" => phone
                .set_option(pair().0.parse().unwrap(), pair().1)
                .unwrap(),
            "at" => at = Some(value.parse().unwrap()),
            "secrets" if value == "shown" => secrets = Secrets::Shown,
            "output" if value == "json" => json = true,
            _ => panic!("`{line}` is no line of a question"),
        }
    }
    if kind == "apply" {
        return applied(text, rule, &set, &phone, scope, json);
    }
    if let Some(kind) = kind.strip_prefix("lint ") {
        let mut report = LintReport::default();
        match kind {
            "file" => report.profile("phone.xml", text.as_bytes(), &phone, &scope),
            "message" => report.text(Subject::Message, text, &phone, &scope),
            "retries" => report.text(Subject::Retries, text, &phone, &scope),
            "alias" => report.text(Subject::AliasMap, text, &phone, &scope),
            "time" => report.text(Subject::TimeOfDay, text, &phone, &scope),
            kind => report.text(Subject::Text(kind.parse().unwrap()), text, &phone, &scope),
        }
        return match json {
            true => pretty(&report),
            false => plain(|style| report.render(style)),
        };
    }
    if kind == "expand" {
        let expansion = expand(text, &phone, &scope, secrets);
        return if json {
            pretty(&expansion)
        } else {
            expansion.render()
        };
    }
    let explanation = explain(&ExplainRequest {
        kind: kind.parse().unwrap(),
        text,
        phone: &phone,
        scope: &scope,
        secrets,
        at,
    });
    if json {
        pretty(&explanation)
    } else {
        plain(|style| explanation.render(style))
    }
}

/// What a phone would change, and what lint says of the same file.
fn applied(
    xml: &str,
    rule: Option<&str>,
    set: &[(&str, &str)],
    phone: &ModelPhone,
    scope: Scope,
    json: bool,
) -> String {
    let mut flash = Flash::new(scope);
    for (name, value) in set {
        flash.set(name, value).unwrap();
    }
    let delivery = rule.map_or_else(Delivery::default, |rule| {
        Delivery::by_rule(rule, phone).unwrap()
    });
    let applied = apply(xml.into(), delivery, &mut flash, Secrets::Masked);
    if json {
        return pretty(&applied);
    }
    let mut report = LintReport::default();
    report.profile("phone.xml", xml.as_bytes(), phone, &scope);
    let (changes, findings) = (
        plain(|style| applied.render(style)),
        plain(|style| report.render(style)),
    );
    format!("{changes}\n{findings}")
}

fn pretty(value: &impl serde::Serialize) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

/// A text without colours, after looking that colours are all that a terminal gets besides.
fn plain(render: impl Fn(Style) -> String) -> String {
    let (plain, coloured) = (render(Style::Plain), render(Style::Coloured));
    assert!(!plain.contains('\x1b'), "{plain}");
    let mut stripped = String::new();
    for (at, part) in coloured.split("\x1b[").enumerate() {
        let end = if at == 0 {
            0
        } else {
            part.find('m').unwrap() + 1
        };
        stripped.push_str(&part[end..]);
    }
    assert_eq!(stripped, plain);
    plain
}
