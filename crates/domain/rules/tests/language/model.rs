//! A phone in the base state of the vectors, and a short rendering of what a rule does.

use std::collections::BTreeMap;
use std::fmt::Write;

use onhook_macros::{Expanded, MacroName, MacroSource, Template};
use onhook_rules::{Argument, Options, RuleError, RuleKind, Selection};

/// The base state that the vectors differ from.
const BASE: &[(&str, &str)] = &[
    ("MA", "000e08012345"),
    ("MAU", "000E08012345"),
    ("MAC", "00:0e:08:01:23:45"),
    ("PN", "CP-8841-3PCC"),
    ("PSN", "8841-3PCC"),
    ("SN", "88012BA01234"),
    ("CCERT", "Installed"),
    ("IP", "192.168.1.100"),
    ("SWVER", "sip88xx.11-3-2MPP0001-609"),
    ("HWVER", "2.0.1"),
    ("PRVST", "1"),
    ("UPGST", "1"),
    ("PRVTMR", "700"),
    ("UPGTMR", "400"),
    ("REGTMR1", "0"),
    ("REGTMR2", "0"),
    ("UPGCOND", "true"),
    ("UID1", "1000"),
];

/// Values of macros by name, secrets included.
pub(crate) struct Phone(BTreeMap<String, String>);

impl Phone {
    /// The base state with some values replaced.
    pub(crate) fn with<'a>(state: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = BASE.iter().copied().chain(state);
        Self(values.map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
    }

    fn value(&self, name: MacroName) -> &str {
        self.0.get(name.text()).map_or("", String::as_str)
    }

    fn bound(&self, argument: Option<Argument<'_>>) -> Option<String> {
        let mut text = String::new();
        argument?.bind(
            |register| self.value(MacroName::Secret(register)),
            &mut text,
        );
        Some(text).filter(|text| !text.is_empty())
    }

    /// Expands, parses and selects; gives what is bound.
    pub(crate) fn run(&self, kind: RuleKind, text: &str) -> Result<Option<Bound>, RuleError> {
        let mut expanded = Expanded::new();
        Template::compile(text).expand(self, &mut expanded);
        let swver = self.value(MacroName::SwVer);
        let (text, slots) = (expanded.text(), expanded.slots());
        let selected = match onhook_rules::select(kind, text, slots, swver, &mut ())? {
            Selection::Skip => return Ok(None),
            Selection::Act(selected) => selected,
        };
        Ok(Some(Bound {
            index: selected.index,
            assignments: selected
                .assignments
                .iter()
                .map(|a| (a.target.to_string(), a.value.to_owned()))
                .collect(),
            options: self.options(&selected.options),
            url: selected.url.map(|url| url.to_string()),
        }))
    }

    /// The options that are given and not empty.
    fn options(&self, options: &Options<'_>) -> BTreeMap<String, String> {
        let flag = |given: bool| given.then(|| "true".to_owned());
        [
            ("key", self.bound(options.key)),
            ("uid", self.bound(options.uid)),
            ("pwd", self.bound(options.pwd)),
            ("post", options.post.map(letter)),
            ("alias", options.alias.map(letter)),
            ("srv", flag(options.srv)),
            ("delta", flag(options.delta)),
            ("status", flag(options.status)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }

    /// The reports of a rule, each as [`Phone::line`] writes a rule, with its content in front and `off` behind those
    /// whose condition is false; or the error.
    pub(crate) fn reports(&self, text: &str) -> String {
        let mut expanded = Expanded::new();
        Template::compile(text).expand(self, &mut expanded);
        let error = |error: RuleError| format!("error {}@{}", error.code(), error.offset());
        let rule = match onhook_rules::parse_report(expanded.text(), expanded.slots()) {
            Ok(rule) => rule,
            Err(wrong) => return error(wrong),
        };
        let lines = rule.reports().map(|report| {
            let bound = Bound {
                index: report.index,
                assignments: Vec::new(),
                options: self.options(&report.options),
                url: Some(report.url.to_string()),
            };
            assert!(expanded.text()[report.range.clone()].ends_with(report.url.path));
            let state = match report.holds(self.value(MacroName::SwVer), &mut ()) {
                Ok(true) => String::new(),
                Ok(false) => " off".to_owned(),
                Err(wrong) => format!(" {}", error(wrong)),
            };
            format!("{} {}{state}", report.content().name(), bound.line())
        });
        lines.collect::<Vec<_>>().join(" + ")
    }

    /// As [`Phone::run`], in one line: `skip`, `error code@offset`, or number, assignments, options, URL.
    pub(crate) fn line(&self, kind: RuleKind, text: &str) -> String {
        match self.run(kind, text) {
            Err(error) => format!("error {}@{}", error.code(), error.offset()),
            Ok(None) => "skip".to_owned(),
            Ok(Some(bound)) => bound.line(),
        }
    }
}

impl MacroSource for Phone {
    fn push_value(&self, name: MacroName, out: &mut String) {
        assert!(
            !matches!(name, MacroName::Secret(_)),
            "secrets are never asked for"
        );
        out.push_str(self.value(name));
    }
}

fn letter(index: u8) -> String {
    char::from(b'a' + index).to_string()
}

/// What the selected alternative does.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) index: u32,
    pub(crate) assignments: Vec<(String, String)>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) url: Option<String>,
}

impl Bound {
    fn line(&self) -> String {
        let mut line = self.index.to_string();
        for (name, value) in &self.assignments {
            let _ = write!(line, " {name}={value};");
        }
        for (name, value) in &self.options {
            let _ = write!(line, " --{name} {value}");
        }
        if let Some(url) = &self.url {
            let _ = write!(line, " {url}");
        }
        line
    }
}
