//! The document `onhook.explain/1`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::ExplainKind;
use crate::MacroUse;

/// What the phone does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It carries out the selected alternative and fetches its URL, or sends reports.
    Fetch,
    /// It passes the parameter over: blank, or no alternative matched.
    Skip,
    /// It carries out the selected alternative, which has no URL; or the schedule begins with 0.
    Nothing,
    /// The text cannot be used.
    Error,
    /// The trigger is true, or the schedule has delays.
    True,
    /// The trigger is false.
    False,
}

impl Outcome {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Skip => "skip",
            Self::Nothing => "nothing",
            Self::Error => "error",
            Self::True => "true",
            Self::False => "false",
        }
    }
}

/// What became of an alternative.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is carried out.
    Selected,
    /// Its condition is false.
    False,
    /// Its condition cannot be evaluated.
    Failed,
    /// The search ended before it.
    NotReached,
}

/// One step on the way, in the order in which the phone takes them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A reference was expanded, or left alone.
    Macro(MacroUse),
    /// An alternative was tried.
    Alternative {
        /// Its number, counted from 1.
        number: u32,
        /// Its expanded text.
        text: String,
        /// What became of it.
        verdict: Verdict,
        /// Why.
        why: String,
    },
    /// A comparison was reached.
    Comparison {
        /// The alternative it belongs to; `None` in a trigger.
        alternative: Option<u32>,
        /// Byte offset in `expanded`.
        offset: usize,
        /// The left side as written, or the software version if none is written.
        left: String,
        /// Whether the left side is not written.
        implicit_left: bool,
        /// The operator as a symbol.
        op: &'static str,
        /// The right side as written.
        right: String,
        /// As what the sides were compared: `integer`, `version`, `text`, `literal`.
        compared_as: Option<&'static str>,
        /// The result; `None` if they do not compare.
        result: Option<bool>,
        /// Why they do not compare.
        error: Option<&'static str>,
    },
    /// A delay of a schedule.
    Delay {
        /// Its place in the list, counted from 1.
        number: u32,
        /// The least number of seconds.
        min: u64,
        /// The largest number of seconds.
        max: u64,
        /// When the least delay ends, if the time is known.
        earliest: Option<String>,
        /// When the largest delay ends, if the time is known.
        latest: Option<String>,
        /// Whether it repeats for ever.
        repeats: bool,
        /// Whether it is 0, which ends the schedule.
        stops: bool,
    },
    /// A value was assigned.
    Assignment {
        /// The parameter.
        parameter: String,
        /// The value as written.
        value: String,
        /// Whether the phone applies it.
        applied: bool,
        /// Why not.
        why: Option<String>,
    },
}

/// Something that works but deserves a look.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Note {
    /// A stable code.
    pub code: &'static str,
    /// What it is about.
    pub message: String,
}

/// Why a text cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExplainError {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong and what was expected.
    pub message: String,
    /// Byte offset in `expanded`.
    pub offset: usize,
}

/// The other end of a transfer, and how it is reached.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Target {
    /// The URL with its defaults; `<dhcp>` stands for a missing server.
    pub url: Option<String>,
    /// Its scheme.
    pub scheme: Option<&'static str>,
    /// Where the scheme comes from: `rule`, `dhcp` or `default`.
    pub scheme_source: Option<&'static str>,
    /// Its server; `None` if the rule names none and that of DHCP is not known.
    pub server: Option<String>,
    /// Where the server comes from: `rule`, `dhcp` or `provisioning-server`.
    pub server_source: Option<&'static str>,
    /// Its port.
    pub port: Option<u16>,
    /// Where the port comes from: `rule`, `dhcp` or `default`.
    pub port_source: Option<&'static str>,
    /// Its path with the query.
    pub path: Option<String>,
    /// The options that are given and not empty, without `--`.
    pub options: BTreeMap<&'static str, Value>,
}

/// A report that is sent when it is due.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReportTarget {
    /// Its number, counted from 1.
    pub number: u32,
    /// What it holds: `full`, `delta` or `status`.
    pub content: &'static str,
    /// Where it goes.
    #[serde(flatten)]
    pub target: Target,
}

/// What a phone does with a text, and why.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Explanation {
    /// The name of the document.
    pub schema: &'static str,
    /// The kind of the text.
    pub kind: &'static str,
    /// What the phone does.
    pub outcome: Outcome,
    /// The selected alternative, counted from 1.
    pub alternative: Option<u32>,
    /// The unexpanded text.
    pub text: String,
    /// The expanded text.
    pub expanded: String,
    /// What is fetched, or where the first report goes.
    #[serde(flatten)]
    pub target: Target,
    /// The number of the DHCP option that names the server.
    pub dhcp_option: Option<u8>,
    /// The names whose SRV records are looked up before the host itself; none without `--srv`.
    pub srv: Vec<String>,
    /// The names whose SRV records a phone out of its box looks up when the rule leads to no profile; of a profile rule
    /// only, and of a network whose domain is known.
    pub srv_search: Vec<String>,
    /// The assignments in textual order: element name and value.
    pub assignments: Vec<(String, String)>,
    /// The reports that are sent when they are due; of a report rule only.
    pub reports: Vec<ReportTarget>,
    /// The steps on the way.
    pub steps: Vec<Step>,
    /// Seconds until a comparison of a trigger can change, if nothing but the time goes on; `None` for never.
    pub next_check_s: Option<u64>,
    /// When that is, if the time is known.
    pub next_check_at: Option<String>,
    /// The readings that mattered, with their values.
    pub readings: BTreeMap<&'static str, &'static str>,
    /// What deserves a look.
    pub warnings: Vec<Note>,
    /// Why the text cannot be used.
    pub error: Option<ExplainError>,
}

impl Explanation {
    pub(super) fn new(kind: ExplainKind) -> Self {
        Self {
            schema: "onhook.explain/1",
            kind: kind.name(),
            outcome: Outcome::Skip,
            alternative: None,
            text: String::new(),
            expanded: String::new(),
            target: Target::default(),
            dhcp_option: None,
            srv: Vec::new(),
            srv_search: Vec::new(),
            assignments: Vec::new(),
            reports: Vec::new(),
            steps: Vec::new(),
            next_check_s: None,
            next_check_at: None,
            readings: BTreeMap::new(),
            warnings: Vec::new(),
            error: None,
        }
    }
}
