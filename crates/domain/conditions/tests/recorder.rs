//! What `explain` is shown of an evaluation.

use onhook_conditions::{Compared, ConditionErrorCode, Form, Operand, Recorder, RelOp, parse};

#[derive(Default)]
struct Notes(Vec<String>);

impl Recorder for Notes {
    fn comparison(&mut self, compared: &Compared<'_>) {
        let Compared {
            offset,
            left,
            op,
            right,
            form,
            kind,
            result,
        } = compared;
        self.0.push(format!(
            "{offset}: {} {} {} {form:?} {kind:?} {result:?}",
            left.text(),
            op.symbol(),
            right.text(),
        ));
    }
}

#[track_caller]
fn check(text: &str, notes: &[&str]) {
    let mut seen = Notes::default();
    let result = parse(text).and_then(|condition| condition.eval("2.0.5", &mut seen));
    assert_eq!(seen.0, notes, "{text} gave {result:?}");
}

//= R-COND-8 type=test
#[test]
fn each_comparison_that_is_reached_is_shown_once() {
    check(
        "1 eq 1 and \"a\" ne \"a\" and 3 eq 3",
        &[
            "0: 1 = 1 Full Some(Integer) Ok(true)",
            "11: a != a Full Some(Text) Ok(false)",
        ],
    );
    check(
        " true and <2.1 and 1 eq x and 1 eq 1",
        &[
            "1: true = true True Some(Literal) Ok(true)",
            "10: 2.0.5 < 2.1 ImplicitLeft Some(Version) Ok(true)",
            "19: 1 = x Full None Err(UnreadableOperand)",
        ],
    );
    check("1 eq", &[]);
}

#[test]
fn comparisons_are_listed_reached_or_not() {
    let condition = parse("1 eq 2 and ! 2.0.5 and \"a\"=\"b\"").ok();
    let listed: Vec<_> = condition
        .iter()
        .flat_map(|condition| condition.comparisons())
        .map(|c| (c.form, c.left, c.left_offset, c.op, c.right, c.right_offset))
        .collect();
    let (full, bare, text) = (Form::Full, Operand::Bare, Operand::Text);
    assert_eq!(
        listed,
        [
            (full, bare("1"), 0, RelOp::Equal, bare("2"), 5),
            (
                Form::ImplicitLeft,
                bare(""),
                11,
                RelOp::NotEqual,
                bare("2.0.5"),
                13
            ),
            (full, text("a"), 23, RelOp::Equal, text("b"), 27),
        ]
    );
}

#[test]
fn an_unreadable_software_version_is_shown_at_the_operator() {
    let mut seen = Notes::default();
    let error = parse("1 eq 1 and <2.1").and_then(|condition| condition.eval("?", &mut seen));
    assert_eq!(
        error.map_err(|error| (error.code(), error.offset())),
        Err((ConditionErrorCode::UnreadableOperand, 11))
    );
    assert_eq!(
        seen.0.last().map(String::as_str),
        Some("11: ? < 2.1 ImplicitLeft None Err(UnreadableOperand)")
    );
}

//= R-COND-2 type=test
#[test]
fn an_integer_beside_a_dotted_version_is_shown_as_a_version() {
    check("4 lt 4.1", &["0: 4 < 4.1 Full Some(Version) Ok(true)"]);
}
