//! From the text in a profile to the text that is stored.

use std::borrow::Cow;

use thiserror::Error;

use super::{ParamId, Scope};
use crate::kind::{self, Allowed, Kind, Miss};

/// Longer values are cut in messages.
const QUOTED: usize = 40;

/// A text that a parameter does not take; the old value stays (R-APP-6).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{message}")]
pub struct BadValue {
    code: &'static str,
    message: String,
}

impl BadValue {
    /// The code of the diagnostic: `bad-value` or `too-long`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    fn new(id: ParamId, text: &str, miss: Miss) -> Self {
        let pattern = id.pattern();
        let (code, fault) = match miss {
            Miss::TooLong => ("too-long", "is too long for"),
            Miss::Bad => ("bad-value", "is no value of"),
        };
        let (name, allowed) = (id.name(), Allowed(pattern));
        //= R-SEC-3
        let message = if pattern.secret || pattern.may_hold_secret {
            format!("the text given {fault} {name}: write {allowed}")
        } else {
            let shown: String = text.chars().take(QUOTED).collect();
            let cut = if shown.len() < text.len() { "…" } else { "" };
            format!(
                "`{}{cut}` {fault} {name}: write {allowed}",
                shown.escape_debug()
            )
        };
        Self { code, message }
    }
}

impl ParamId {
    /// The text to store for a text given in a profile, which is decoded and trimmed already.
    ///
    /// Choices and yes-or-no values get their published spelling. An empty text restores the factory value
    /// of a kind that cannot be empty; `""` is the empty text of the others. A type that is only inferred
    /// refuses nothing.
    ///
    /// # Errors
    /// The text breaks the published type, range or length; the message says what is allowed.
    pub fn canonical<'v>(self, text: &'v str, scope: &Scope) -> Result<Cow<'v, str>, BadValue> {
        let pattern = self.pattern();
        let string_like = pattern.kind.is_string_like();
        //= D-XML-2
        if text.is_empty() {
            return Ok(Cow::Borrowed(match string_like {
                true => "",
                false => self.default(scope),
            }));
        }
        if text == "\"\"" && (string_like || !pattern.enforced) {
            return Ok(Cow::Borrowed(""));
        }
        //= R-TYP-1
        if let Some(spelling) = kind::spelling(pattern, text) {
            return Ok(Cow::Borrowed(spelling));
        }
        // What the factory sets is a value, whatever the published list says.
        if pattern.kind == Kind::Enum {
            let default = self.default(scope);
            if text.eq_ignore_ascii_case(default) {
                return Ok(Cow::Borrowed(default));
            }
        }
        if pattern.enforced {
            self.check(text)?;
        }
        Ok(Cow::Borrowed(text))
    }

    /// Checks a text that is not empty against the type of the parameter, also where that is only inferred.
    ///
    /// # Errors
    /// The text breaks the type, range or length; the message says what is allowed.
    pub fn check(self, text: &str) -> Result<(), BadValue> {
        //= R-APP-6
        kind::check(self.pattern(), text).map_err(|miss| BadValue::new(self, text, miss))
    }
}
