//! Expanding a text for people and programs.

use std::ops::Range;

use onhook_macros::{Expanded, Template};
use onhook_params::Scope;
use serde::Serialize;

use crate::macro_use::{self, Hidden};
use crate::{MacroUse, ModelPhone, Secrets};

/// The document `onhook.expand/1`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Expansion {
    /// The name of the document.
    pub schema: &'static str,
    /// The unexpanded text.
    pub text: String,
    /// The expanded text.
    pub expanded: String,
    /// Each reference and what became of it, in order.
    pub macros: Vec<MacroUse>,
}

/// Expands a text in a context without secret registers: `$SA`..`$SD` stay as written.
///
/// Keys and passwords of option lists, and values assigned to secret parameters of the scope, are
/// masked unless `secrets` says otherwise.
#[must_use]
pub fn expand(text: &str, phone: &ModelPhone, scope: &Scope, secrets: Secrets) -> Expansion {
    let template = Template::compile(text);
    let mut expanded = Expanded::new();
    template.expand(phone, &mut expanded);
    let hidden = Hidden::of(text, &expanded, scope, secrets);
    Expansion {
        schema: "onhook.expand/1",
        text: hidden.source.slice(text, whole(text)),
        expanded: hidden.output.slice(expanded.text(), whole(expanded.text())),
        macros: macro_use::list(&template, &expanded, phone, &hidden),
    }
}

pub(crate) const fn whole(text: &str) -> Range<usize> {
    0..text.len()
}

impl Expansion {
    /// The text for people: the expanded text and nothing else, so that it can be piped on.
    #[must_use]
    pub fn render(&self) -> String {
        format!("{}\n", self.expanded)
    }
}
