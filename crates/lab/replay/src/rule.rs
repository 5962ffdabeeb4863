//! Why a rule fetches what it fetches.

use onhook_device::{Identity, Mac};
use onhook_inspect::{
    Cause, ExplainKind, ExplainRequest, Explanation, ModelPhone, Secrets, Step, Verdict, explain,
};
use onhook_macros::MacroName;
use onhook_params::{ParamId, Value};
use onhook_phone::RuleSlot;
use onhook_phone::render::macro_value;

use crate::decision::Seen;

/// Macros whose values are the state of the phone at a moment.
const STATE: [MacroName; 8] = [
    MacroName::PrvTmr,
    MacroName::UpgTmr,
    MacroName::RegTmr(1),
    MacroName::RegTmr(2),
    MacroName::Ip,
    MacroName::ExtIp,
    MacroName::Ems,
    MacroName::MUid,
];

/// The sentences about the rule of a slot; none for a rule that says it all itself.
pub(crate) fn reasons(seen: &Seen<'_>, slot: RuleSlot) -> Vec<String> {
    let Some(view) = seen.phone.view(seen.shared) else {
        return Vec::new();
    };
    if slot == RuleSlot::Given {
        // The request has told it.
        return Vec::new();
    }
    let text = seen.phone.rule_text(slot, view);
    let mut said = Vec::new();
    let own = ParamId::lookup(slot.name(), view.scope);
    if own.map(|id| seen.phone.params().text(id, view)) != Some(text) {
        said.push("  it has its factory value: what an option says stands in for it".to_owned());
    }
    let phone = model(seen);
    let explanation = explain(&ExplainRequest {
        kind: ExplainKind::Profile,
        text,
        phone: &phone,
        scope: view.scope,
        secrets: Secrets::Masked,
        at: None,
    });
    said.extend(sentences(&explanation));
    said
}

fn sentences(explanation: &Explanation) -> Vec<String> {
    let mut said = Vec::new();
    // The fate of an alternative stands behind the comparisons that decide it.
    let mut fate = None;
    if explanation.text != explanation.expanded {
        said.push(format!(
            "  `{}` is `{}`",
            explanation.text, explanation.expanded
        ));
    }
    for step in &explanation.steps {
        match step {
            Step::Comparison {
                left,
                op,
                right,
                result,
                error,
                ..
            } => said.push(match (result, error) {
                (Some(result), _) => format!("  {left} {op} {right} is {result}"),
                (None, error) => format!(
                    "  {left} {op} {right} cannot be compared: {}",
                    error.unwrap_or("")
                ),
            }),
            Step::Alternative {
                number,
                verdict,
                why,
                ..
            } if *verdict != Verdict::NotReached => {
                said.extend(fate.take());
                let verb = match verdict {
                    Verdict::Selected => "is carried out",
                    Verdict::False | Verdict::Failed | Verdict::NotReached => "is passed over",
                };
                fate = Some(format!("  alternative {number} {verb}: {why}"));
            }
            Step::Macro(_)
            | Step::Alternative { .. }
            | Step::Delay { .. }
            | Step::Assignment { .. } => {}
        }
    }
    said.extend(fate);
    said
}

/// The phone as the explanation knows one.
fn model(seen: &Seen<'_>) -> ModelPhone {
    let life = seen.life;
    let mut phone = ModelPhone::new(Identity {
        mac: life.mac.parse().unwrap_or(Mac([0; 6])),
        product_name: life.product_name.clone(),
        series: life.series.clone(),
        serial: life.serial.clone(),
        software_version: life.software_version.clone(),
        hardware_version: life.hardware_version.clone(),
        client_certificate: seen.phone.has_client_certificate(),
        ..Identity::default()
    });
    phone.set_cause(match seen.phone.cause().prvst() {
        -1 => Cause::Explicit,
        0 => Cause::Boot,
        2 => Cause::Retry,
        _ => Cause::Periodic,
    });
    if let Some(view) = seen.phone.view(seen.shared) {
        for entry in seen.phone.params().own() {
            let value = seen.phone.params().value(entry.id, view);
            if let (Value::Plain(text), true) = (value, entry.value.is_some()) {
                phone.set_parameter(entry.id.name().to_string(), text);
            }
        }
    }
    for name in STATE {
        let value = macro_value(seen.phone, seen.shared, seen.now, name);
        // All of them are macros.
        let _ = phone.set_macro(&name.to_string(), value);
    }
    phone
}
