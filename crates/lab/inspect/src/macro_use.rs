//! Each reference of a text, with what became of it.

use std::ops::Range;

use onhook_macros::{Expanded, MacroName, Template};
use onhook_params::{Scope, assigned_secrets};
use onhook_rules::sensitive_spans;
use serde::Serialize;

use crate::redaction::{Redaction, Secrets};
use crate::{ModelPhone, Origin};

/// One reference and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MacroUse {
    /// The reference as written.
    pub reference: String,
    /// Its byte offset in the unexpanded text.
    pub offset: usize,
    /// The canonical name; `None` if the name is no macro.
    pub name: Option<&'static str>,
    /// What was inserted; `None` if the reference stays as written.
    pub value: Option<String>,
    /// Where the value comes from, for example `parameter GPP_A`.
    pub origin: String,
}

/// What one expansion hides, in the unexpanded and in the expanded text.
pub(crate) struct Hidden {
    pub(crate) source: Redaction,
    pub(crate) output: Redaction,
}

impl Hidden {
    /// Collects what may not be shown.
    pub(crate) fn of(source: &str, expanded: &Expanded, scope: &Scope, secrets: Secrets) -> Self {
        let sensitive = |text: &str| sensitive(text, scope);
        match secrets {
            Secrets::Shown => Self {
                source: Redaction::default(),
                output: Redaction::default(),
            },
            Secrets::Masked => {
                //= R-SEC-3
                let in_source = sensitive(source);
                let mut in_output = sensitive(expanded.text());
                // What a macro brings into an argument stays hidden even if it breaks out of it.
                in_output.extend(
                    expanded
                        .insertions()
                        .iter()
                        .filter(|insertion| {
                            //= R-MACRO-20
                            insertion.name == MacroName::MPwd
                                || in_source
                                    .iter()
                                    .any(|span| overlap(span, &insertion.source))
                        })
                        .map(|insertion| insertion.output.clone()),
                );
                Self {
                    source: Redaction::hiding(in_source),
                    output: Redaction::hiding(in_output),
                }
            }
        }
    }
}

/// What may not be shown of a text for its own sake.
fn sensitive(text: &str, scope: &Scope) -> Vec<Range<usize>> {
    let mut spans = assigned_secrets(text, scope);
    spans.extend(sensitive_spans(text));
    spans
}

/// What may not be shown of an unexpanded text.
pub(crate) fn hidden_in(text: &str, scope: &Scope) -> Redaction {
    Redaction::hiding(sensitive(text, scope))
}

const fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Lists the references of a text in order.
pub(crate) fn list(
    template: &Template,
    expanded: &Expanded,
    phone: &ModelPhone,
    hidden: &Hidden,
) -> Vec<MacroUse> {
    let source = template.text();
    let reference = |span: &Range<usize>| source.get(span.clone()).unwrap_or("").to_owned();
    let replaced = expanded.insertions().iter().map(|insertion| MacroUse {
        reference: reference(&insertion.source),
        offset: insertion.source.start,
        name: Some(insertion.name.text()),
        value: Some(
            hidden
                .output
                .slice(expanded.text(), insertion.output.clone()),
        ),
        origin: phone.origin(insertion.name).to_string(),
    });
    let unknown = template.unknown().map(|span| MacroUse {
        reference: reference(&span),
        offset: span.start,
        name: None,
        value: None,
        origin: Origin::Unknown.to_string(),
    });
    let secret = template.secrets().map(|(register, span)| MacroUse {
        reference: reference(&span),
        offset: span.start,
        name: Some(MacroName::Secret(register).text()),
        value: None,
        origin: phone.origin(MacroName::Secret(register)).to_string(),
    });
    let mut uses: Vec<MacroUse> = replaced.chain(unknown).chain(secret).collect();
    uses.sort_by_key(|macro_use| macro_use.offset);
    uses
}
