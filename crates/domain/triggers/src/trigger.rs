//! One trigger: what its parameter holds, and what it says.

use onhook_conditions::{ConditionError, Recorder};
use onhook_device::TriggerUrlValue;

/// What Resync_Trigger_1 or 2 holds, macros not yet expanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger<'t> {
    /// Nothing, or a text that begins with `#`.
    Unset,
    /// A bare condition, or a text that will turn out to be none.
    Condition(&'t str),
    /// An action URL that stands for one explicit resync with its rule, each time it is set to something new.
    ResyncOnce {
        /// The rule behind `/admin/resync?`; may be empty.
        rule: &'t str,
    },
}

impl<'t> Trigger<'t> {
    /// Reads the value of the parameter (R-TRIG-1, D-16).
    #[must_use]
    pub fn read(text: &'t str, urls: TriggerUrlValue) -> Self {
        //= R-TRIG-1
        //= R-APP-9
        if text.bytes().all(is_space) || text.starts_with('#') {
            return Self::Unset;
        }
        match (urls, action_url_rule(text)) {
            (TriggerUrlValue::ResyncOnce, Some(rule)) => Self::ResyncOnce { rule },
            (TriggerUrlValue::ResyncOnce | TriggerUrlValue::Error, _) => Self::Condition(text),
        }
    }

    /// Whether the text is an action URL, whatever the reading says about those.
    #[must_use]
    pub fn is_action_url(text: &str) -> bool {
        action_url_rule(text).is_some()
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The rule in `http://<any>/admin/resync?<rule>`, which an article puts into triggers; some of its
/// screens show a stray `://` before the rule.
fn action_url_rule(text: &str) -> Option<&str> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let (_, path) = text.strip_prefix("http://")?.split_once('/')?;
    let rule = path.strip_prefix("admin/resync?")?;
    Some(rule.strip_prefix("://").unwrap_or(rule))
}

/// What a trigger says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is unset.
    Unset,
    /// Its condition is true.
    True,
    /// Its condition is false.
    False,
    /// Its condition cannot be read or evaluated; the first time, this is warned of.
    Bad(ConditionError),
}

/// Evaluates the expanded condition of a trigger; `swver` is the value of SWVER.
pub fn evaluate(expanded: &str, swver: &str, recorder: &mut dyn Recorder) -> Verdict {
    match onhook_conditions::evaluate(expanded, swver, recorder) {
        Ok(true) => Verdict::True,
        Ok(false) => Verdict::False,
        Err(error) => Verdict::Bad(error),
    }
}
