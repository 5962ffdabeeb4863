//! What fuzzing feeds: plain functions that take any bytes and panic when something that must hold does not.
//!
//! `fuzz/` hands them to a fuzzer, and a test replays the committed corpora, so nothing but the fuzzer needs a nightly
//! compiler.

mod engine;
mod file;
mod load;

use onhook_conditions::ErrorClass;
use onhook_macros::{Expanded, MacroName, MacroSource, Template};
use onhook_profile::AliasMap;
use onhook_rules::{RuleKind, Selection, Url};
use onhook_schedule::{DelayList, HhMm};

pub use engine::{SECRET, Watch, engine, engine_watched};
pub use file::{container, gzip, profile, records};
pub use load::manifest;

/// A target by name.
pub struct Target {
    /// The name of the target and of the folder of its corpus.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 11] = [
    Target {
        name: "macros",
        feed: macros,
    },
    Target {
        name: "condition",
        feed: condition,
    },
    Target {
        name: "rule",
        feed: rule,
    },
    Target {
        name: "schedule",
        feed: schedule,
    },
    Target {
        name: "alias",
        feed: alias,
    },
    Target {
        name: "profile",
        feed: profile,
    },
    Target {
        name: "gzip",
        feed: gzip,
    },
    Target {
        name: "container",
        feed: container,
    },
    Target {
        name: "records",
        feed: records,
    },
    Target {
        name: "engine",
        feed: engine,
    },
    Target {
        name: "manifest",
        feed: manifest,
    },
];

/// A phone whose registers hold references and pieces of syntax.
struct Phone;

impl MacroSource for Phone {
    fn push_value(&self, name: MacroName, out: &mut String) {
        out.push_str(match name.text() {
            "A" => "[--key x] http://h/y |",
            "B" => "$SA$A$$%s",
            "C" => "1 eq 1 and",
            "PRVTMR" => "700",
            "SWVER" => "11-3-2MPP0001-609",
            "MPWD" => "pw",
            _ => "",
        });
    }
}

/// The same phone, which nobody asks for a password or a secret.
struct Discreet;

impl MacroSource for Discreet {
    fn push_value(&self, name: MacroName, out: &mut String) {
        assert!(!matches!(name, MacroName::MPwd | MacroName::Secret(_)));
        Phone.push_value(name, out);
    }
}

/// Only text is ever expanded or parsed; other bytes are none.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("")
}

/// An offset lies in the text and begins a character.
#[track_caller]
fn inside(text: &str, offset: usize) {
    assert!(text.is_char_boundary(offset), "offset {offset}");
}

/// Expansion: every byte of the result comes from the text or from a macro.
pub fn macros(bytes: &[u8]) {
    let text = text(bytes);
    let mut out = Expanded::new();
    let template = Template::compile(text);
    template.expand(&Phone, &mut out);
    let (mut source, mut output) = (0, 0);
    for insertion in out.insertions() {
        let from = text.get(source..insertion.source.start);
        let to = out.text().get(output..insertion.output.start);
        assert_eq!(from.map(|from| from.replace("$$", "$")).as_deref(), to);
        (source, output) = (insertion.source.end, insertion.output.end);
    }
    for slot in out.slots() {
        let written = out.text().get(slot.range.clone());
        assert!(written.is_some_and(|written| written.starts_with('$')));
    }
    Template::compile_message(text).expand_message(&Discreet, "resync", &mut out);
    assert!(out.slots().is_empty());
}

/// Conditions: one pass gives what two give, and errors have places.
pub fn condition(bytes: &[u8]) {
    let text = text(bytes);
    let version = "11-3-2MPP0001-609";
    let once = onhook_conditions::evaluate(text, version, &mut ());
    let read = onhook_conditions::parse(text);
    assert_eq!(once, read.and_then(|c| c.eval(version, &mut ())));
    if let Err(error) = once {
        inside(text, error.offset());
        assert_eq!(read.is_err(), error.class() == ErrorClass::Syntax);
    }
}

/// Rules: what is selected is one of the alternatives, keys are known as secrets, errors have places.
pub fn rule(bytes: &[u8]) {
    let text = text(bytes);
    for kind in [RuleKind::Profile, RuleKind::Upgrade] {
        let read = onhook_rules::parse(kind, text, &[]);
        match onhook_rules::select(kind, text, &[], "2.0.6", &mut ()) {
            Err(error) => inside(text, error.offset()),
            Ok(selection) => {
                let all = read.as_ref().map_or(0, |rule| rule.alternatives().count());
                if let Selection::Act(selected) = selection {
                    let number = usize::try_from(selected.index).unwrap_or(usize::MAX);
                    assert!((1..=all).contains(&number));
                }
            }
        }
        for alternative in read.iter().flat_map(|rule| rule.alternatives()) {
            assert!(text.get(alternative.range.clone()).is_some());
            for argument in [alternative.options.key, alternative.options.pwd] {
                let Some(range) = argument.map(|argument| argument.range()) else {
                    continue;
                };
                let mut hidden = onhook_rules::sensitive_spans(text);
                assert!(hidden.any(|span| span.start <= range.start && range.end <= span.end));
            }
        }
    }
    match onhook_rules::parse_report(text, &[]) {
        Err(error) => inside(text, error.offset()),
        Ok(rule) => assert!(rule.reports().count() <= 2),
    }
    match Url::parse(text) {
        Err(error) => inside(text, error.offset()),
        Ok(url) if url.server.is_some() => {
            let shown = url.to_string();
            let again = Url::parse(&shown).map(|url| url.to_string());
            assert_eq!(again.as_deref(), Ok(shown.as_str()));
        }
        Ok(_) => {}
    }
}

/// Schedules: every delay lies in its bounds, errors have places.
pub fn schedule(bytes: &[u8]) {
    let text = text(bytes);
    match DelayList::parse(text) {
        Err(error) => inside(text, error.offset()),
        Ok(list) => {
            for n in [0, 1, list.len(), u32::MAX] {
                let Some(delay) = list.element(n) else {
                    assert!(list.is_empty());
                    continue;
                };
                let (least, most) = (delay.seconds(0), delay.seconds(u64::MAX));
                assert_eq!(least, u64::from(delay.base));
                assert_eq!(most, least + u64::from(delay.span));
            }
        }
    }
    match HhMm::parse(text) {
        Err(error) => inside(text, error.offset()),
        Ok(at) => assert!(at.minutes() < 1440),
    }
}

/// Alias maps: at most 30 entries, each read again from its own words.
pub fn alias(bytes: &[u8]) {
    let text = text(bytes);
    let map = AliasMap::parse(text);
    assert!(map.entries().len() <= 30 && map.errors().len() <= 31);
    for error in map.errors() {
        inside(text, error.offset());
    }
    for alias in map.entries() {
        let words = format!("/{} = /flat-profile/{}", alias.path, alias.parameter);
        let again = AliasMap::parse(&words);
        let again = again.entries().first();
        assert_eq!(again.map(|again| again.path), Some(alias.path));
        let ancestry: Vec<_> = alias.path.split('/').collect();
        assert!(map.find(&ancestry, |_| true).is_some());
    }
}
