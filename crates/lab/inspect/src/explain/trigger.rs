//! Explaining conditions: those of rules, and triggers.

use onhook_conditions::{
    Compared, Comparison, Condition, ConditionErrorCode, Form, Kind, Operand, Recorder, RelOp,
};
use onhook_triggers::Trigger;

use super::{ExplainKind, ExplainRequest, Explanation, Outcome, Step, Work, explain};
use crate::Cause;

/// The comparisons that an evaluation reached.
#[derive(Default)]
pub(super) struct Comparisons(Vec<Reached>);

struct Reached {
    /// The left side if none is written.
    implicit_left: Option<String>,
    op: RelOp,
    kind: Option<Kind>,
    result: Result<bool, ConditionErrorCode>,
}

impl Recorder for Comparisons {
    fn comparison(&mut self, compared: &Compared<'_>) {
        let implicit_left = match compared.form {
            Form::ImplicitLeft => Some(compared.left.text().to_owned()),
            Form::Full | Form::True => None,
        };
        self.0.push(Reached {
            implicit_left,
            op: compared.op,
            kind: compared.kind,
            result: compared.result,
        });
    }
}

impl Comparisons {
    /// The steps of the reached comparisons; the text of the condition begins at `base`.
    pub(super) fn steps(
        self,
        work: &Work<'_>,
        alternative: Option<u32>,
        base: usize,
        condition: &Condition<'_>,
    ) -> Vec<Step> {
        let side = |operand: Operand<'_>, offset: usize| {
            let quotes = match operand {
                Operand::Text(_) => 2,
                Operand::Bare(_) => 0,
            };
            let start = base + offset;
            work.show(start..start + operand.text().len() + quotes)
        };
        let step = |(reached, written): (Reached, Comparison<'_>)| Step::Comparison {
            alternative,
            offset: work.hidden.output.shown_offset(base + written.left_offset),
            implicit_left: reached.implicit_left.is_some(),
            left: reached
                .implicit_left
                .unwrap_or_else(|| side(written.left, written.left_offset)),
            op: reached.op.symbol(),
            right: side(written.right, written.right_offset),
            compared_as: reached.kind.map(|kind| match kind {
                Kind::Integer => "integer",
                Kind::Version => "version",
                Kind::Text => "text",
                Kind::Literal => "literal",
            }),
            result: reached.result.ok(),
            error: reached.result.err().map(ConditionErrorCode::name),
        };
        self.0
            .into_iter()
            .zip(condition.comparisons())
            .map(step)
            .collect()
    }
}

impl Work<'_> {
    pub(super) fn trigger(mut self) -> Explanation {
        let text = self.request.text;
        let urls = self.request.scope.readings.trigger_url_value;
        match Trigger::read(text, urls) {
            //= R-TRIG-1
            Trigger::Unset => return self.document,
            Trigger::ResyncOnce { rule } => return self.resync_once(rule),
            Trigger::Condition(_) if Trigger::is_action_url(text) => {
                self.document.readings.insert("trigger_url_value", "error");
            }
            Trigger::Condition(_) => {}
        }
        let next =
            onhook_triggers::next_check(self.expanded, |name| self.request.phone.is_moving(name));
        self.document.next_check_s = next.map(u64::from);
        self.document.next_check_at = next.and_then(|next| self.request.time_after(next.into()));
        let condition = match onhook_conditions::parse(self.expanded.text()) {
            Ok(condition) => condition,
            Err(error) => return self.fail_condition(&error),
        };
        let mut comparisons = Comparisons::default();
        let result = condition.eval(&self.software_version(), &mut comparisons);
        let steps = comparisons.steps(&self, None, 0, &condition);
        self.document.steps.extend(steps);
        match result {
            Ok(true) => self.document.outcome = Outcome::True,
            Ok(false) => self.document.outcome = Outcome::False,
            Err(error) => return self.fail_condition(&error),
        }
        self.document
    }

    /// The rule of an action URL, as one explicit resync carries it out when the value is set.
    fn resync_once(&self, rule: &str) -> Explanation {
        let mut phone = self.request.phone.clone();
        phone.set_cause(Cause::Explicit);
        let mut document = explain(&ExplainRequest {
            kind: ExplainKind::Profile,
            text: rule,
            phone: &phone,
            ..*self.request
        });
        document.kind = self.document.kind;
        document.readings.insert("trigger_url_value", "resync-once");
        document
    }

    fn fail_condition(self, error: &onhook_conditions::ConditionError) -> Explanation {
        let code = onhook_rules::RuleErrorCode::Condition(error.code());
        let message = format!("{}; expected {}", code.problem(), error.expected());
        self.fail(code.name(), message, error.offset())
    }
}
