//! Delay lists: the vectors of the specification, and case by case.

use onhook_schedule::ScheduleErrorCode as Code;
use onhook_schedule::{Delay, DelayList};
use serde_json::{Value, json};

const VECTORS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/spec/rules-vectors.jsonl"
));

fn delay(base: u32, span: u32) -> Option<Delay> {
    Some(Delay { base, span })
}

#[track_caller]
fn check(text: &str, elements: &[Option<Delay>]) {
    let read = DelayList::parse(text).map(|list| {
        let indices = (0..).take(elements.len());
        indices.map(|n| list.element(n)).collect::<Vec<_>>()
    });
    assert_eq!(read.as_deref(), Ok(elements), "`{text}`");
}

#[track_caller]
fn check_errors(cases: &[(&str, Code, usize)]) {
    for (text, code, offset) in cases {
        let error = DelayList::parse(text).map_err(|error| (error.code(), error.offset()));
        assert_eq!(error, Err((*code, *offset)), "`{text}`");
    }
}

/// What the specification writes: `[min, max]`, `null` for no further attempt, `"invalid"`.
fn outcome(text: &str, n: u32) -> Value {
    let Ok(list) = DelayList::parse(text) else {
        return json!("invalid");
    };
    let element = list.element(n - 1);
    match element.filter(|delay| !delay.is_zero()) {
        Some(delay) => json!([delay.seconds(0), delay.seconds(u64::MAX)]),
        None => Value::Null,
    }
}

//= R-SCHED-1 type=test
//= R-SCHED-2 type=test
#[test]
fn delay_lists_give_what_the_specification_says() {
    let vectors: Vec<Value> = VECTORS
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|vector: &Value| vector["id"].as_str().unwrap().starts_with("T-SCHED-"))
        .collect();
    assert!(vectors.len() >= 19, "only {} vectors", vectors.len());
    for vector in vectors {
        let value = vector["value"].as_str().unwrap();
        let n = u32::try_from(vector["n"].as_u64().unwrap()).unwrap();
        assert_eq!(outcome(value, n), vector["out"], "{}", vector["id"]);
    }
}

//= R-SCHED-2 type=test
#[test]
fn the_last_element_repeats_for_ever() {
    check("7", &[delay(7, 0), delay(7, 0), delay(7, 0)]);
    check(
        "600,1200+5,300",
        &[delay(600, 0), delay(1200, 5), delay(300, 0), delay(300, 0)],
    );
    let list = DelayList::parse("1,2").unwrap();
    assert_eq!(list.element(u32::MAX), delay(2, 0));
    assert_eq!((list.len(), list.is_empty()), (2, false));
}

//= R-SCHED-5 type=test
#[test]
fn an_element_of_zero_stays_an_element_and_says_so() {
    for (text, zero) in [
        ("0", true),
        ("0+0", true),
        ("00 + 00", true),
        ("0+1", false),
        ("1", false),
    ] {
        let element = DelayList::parse(text).unwrap().element(0);
        assert_eq!(element.map(Delay::is_zero), Some(zero), "{text}");
    }
    check("600,0,300", &[delay(600, 0), delay(0, 0), delay(300, 0)]);
}

#[test]
fn an_empty_list_has_no_elements() {
    for text in ["", " ", " \t\r\n"] {
        let list = DelayList::parse(text).unwrap();
        assert_eq!(
            (list.len(), list.is_empty(), list.element(0)),
            (0, true, None)
        );
        assert_eq!(list, DelayList::default());
    }
}

//= R-SCHED-3 type=test
#[test]
fn white_space_surrounds_tokens_and_nothing_else_is_let_in() {
    check("\t10 , 20\r\n+ 5 ", &[delay(10, 0), delay(20, 5)]);
    check("007", &[delay(7, 0)]);
    check("4294967295+4294967295", &[delay(u32::MAX, u32::MAX)]);
    check("0000000000000000000000060", &[delay(60, 0)]);
    check_errors(&[
        (",", Code::MissingNumber, 0),
        ("600,", Code::MissingNumber, 4),
        ("600, ", Code::MissingNumber, 5),
        (",600", Code::MissingNumber, 0),
        ("600,,300", Code::MissingNumber, 4),
        ("+5", Code::MissingNumber, 0),
        ("5+", Code::MissingNumber, 2),
        ("5+,6", Code::MissingNumber, 2),
        ("5++6", Code::MissingNumber, 2),
        ("5+6+7", Code::UnexpectedText, 3),
        ("-5", Code::MissingNumber, 0),
        ("5-6", Code::UnexpectedText, 1),
        ("1h", Code::UnexpectedText, 1),
        ("soon", Code::MissingNumber, 0),
        ("1 0", Code::UnexpectedText, 1),
        ("10;20", Code::UnexpectedText, 2),
        ("1.5", Code::UnexpectedText, 1),
        ("0x10", Code::UnexpectedText, 1),
        ("\u{a0}5", Code::MissingNumber, 0),
        ("\u{661}", Code::MissingNumber, 0),
        ("4294967296", Code::NumberTooLarge, 0),
        ("1, 2 + 4294967296", Code::NumberTooLarge, 7),
        ("99999999999999999999999", Code::NumberTooLarge, 0),
    ]);
}

#[test]
fn errors_have_stable_names_and_say_what_is_expected() {
    for (code, name) in [
        (Code::MissingNumber, "schedule-missing-number"),
        (Code::NumberTooLarge, "schedule-number-too-large"),
        (Code::UnexpectedText, "schedule-unexpected-text"),
        (Code::NotATimeOfDay, "schedule-not-a-time-of-day"),
    ] {
        assert_eq!((code.name(), code.to_string().as_str()), (name, name));
    }
    let error = DelayList::parse("600,1h").unwrap_err();
    assert_eq!(
        error.to_string(),
        "schedule, byte 5: the text does not belong there; expected `,` or one `+` between numbers"
    );
}
