//! Triggers: what a parameter holds, what the two mean together, and when to look again.
#![cfg(test)]

use std::collections::BTreeMap;

use onhook_device::{TriggerMode, TriggerUrlValue};
use onhook_macros::{Expanded, MacroName, MacroSource, Template};
use onhook_triggers::{Trigger, Verdict, admits, evaluate, fires, next_check};
use proptest::prelude::*;

/// A phone whose timers are so many seconds further on.
struct Later(BTreeMap<MacroName, u64>, u64);

/// REGTMR2 stands still: its line is registered.
fn moving(name: MacroName) -> bool {
    matches!(
        name,
        MacroName::PrvTmr | MacroName::UpgTmr | MacroName::RegTmr(1)
    )
}

impl MacroSource for Later {
    fn push_value(&self, name: MacroName, out: &mut String) {
        if let Some(start) = self.0.get(&name) {
            let now = start + if moving(name) { self.1 } else { 0 };
            out.push_str(&now.to_string());
        } else if name == MacroName::SwVer {
            out.push_str("11.2.1");
        }
    }
}

fn phone(timers: [u64; 4], later: u64) -> Later {
    let names = [
        MacroName::PrvTmr,
        MacroName::UpgTmr,
        MacroName::RegTmr(1),
        MacroName::RegTmr(2),
    ];
    Later(names.into_iter().zip(timers).collect(), later)
}

fn expanded(text: &str, phone: &Later) -> Expanded {
    let mut out = Expanded::new();
    Template::compile(text).expand(phone, &mut out);
    out
}

fn verdict(text: &str, phone: &Later) -> Verdict {
    evaluate(expanded(text, phone).text(), "11.2.1", &mut ())
}

//= R-TRIG-1 type=test
#[test]
fn a_parameter_holds_nothing_a_condition_or_an_action_url() {
    use TriggerUrlValue::{Error, ResyncOnce};
    for text in ["", " \t\r\n", "#", "# $PRVTMR ge 600"] {
        assert_eq!(Trigger::read(text, Error), Trigger::Unset, "{text:?}");
        assert_eq!(Trigger::read(text, ResyncOnce), Trigger::Unset, "{text:?}");
    }
    // White space before the sign makes it a condition, which is wrong.
    for text in [
        " # x",
        "$PRVTMR ge 600",
        "($PRVTMR ge 600)?",
        "http://h/a",
        "https://h/admin/resync?/a",
        "http://h/x/admin/resync?/a",
        "http://admin/resync?/a",
    ] {
        assert_eq!(Trigger::read(text, Error), Trigger::Condition(text));
        assert_eq!(Trigger::read(text, ResyncOnce), Trigger::Condition(text));
        assert!(!Trigger::is_action_url(text), "{text}");
    }
    for (text, rule) in [
        ("http://192.0.2.1/admin/resync?tftp://h/a", "tftp://h/a"),
        (" http://x/admin/resync?://tftp://h/a\r\n", "tftp://h/a"),
        ("http://<phone>/admin/resync?", ""),
    ] {
        assert_eq!(
            Trigger::read(text, ResyncOnce),
            Trigger::ResyncOnce { rule }
        );
        assert_eq!(Trigger::read(text, Error), Trigger::Condition(text));
        assert!(Trigger::is_action_url(text), "{text}");
    }
}

fn bad() -> Verdict {
    verdict("($PRVTMR ge 600)", &phone([700; 4], 0))
}

#[test]
fn a_condition_is_true_false_or_bad() {
    let phone = phone([700; 4], 0);
    assert_eq!(verdict("$PRVTMR ge 600", &phone), Verdict::True);
    assert_eq!(verdict("$PRVTMR lt 600", &phone), Verdict::False);
    assert_eq!(verdict("< 11.3", &phone), Verdict::True);
    for text in ["($PRVTMR ge 600)", "$A", "\"a\" lt \"b\"", "http://h/a"] {
        assert!(matches!(verdict(text, &phone), Verdict::Bad(_)), "{text}");
    }
}

//= R-TRIG-2 type=test
//= R-TRIG-4 type=test
//= R-TRIG-5 type=test
//= R-TRIG-7 type=test
#[test]
fn in_fire_mode_one_true_trigger_fires_and_nothing_is_held_back() {
    use Verdict::{False, True, Unset};
    for (pair, expected) in [
        ([Unset, Unset], false),
        ([True, False], true),
        ([False, True], true),
        ([Unset, True], true),
        ([bad(), True], true),
        ([False, Unset], false),
        ([bad(), bad()], false),
    ] {
        assert_eq!(fires(TriggerMode::Fire, pair), expected, "{pair:?}");
        assert!(!fires(TriggerMode::Gate, pair), "{pair:?}");
        assert!(admits(TriggerMode::Fire, false, pair), "{pair:?}");
        assert!(admits(TriggerMode::Fire, true, pair), "{pair:?}");
    }
}

//= R-TRIG-3 type=test
//= R-TRIG-5 type=test
//= R-TRIG-7 type=test
#[test]
fn in_gate_mode_a_set_trigger_holds_back_unless_one_is_true() {
    use Verdict::{False, True, Unset};
    for (pair, expected) in [
        ([Unset, Unset], true),
        ([True, False], true),
        ([False, True], true),
        ([True, bad()], true),
        ([False, Unset], false),
        ([False, bad()], false),
        ([Unset, bad()], true),
        ([bad(), bad()], true),
    ] {
        assert_eq!(admits(TriggerMode::Gate, false, pair), expected, "{pair:?}");
        assert!(admits(TriggerMode::Gate, true, pair), "{pair:?}");
    }
}

/// Timers: PRVTMR 100, UPGTMR 200, REGTMR1 300, REGTMR2 0.
#[track_caller]
fn check_next(text: &str, expected: impl Into<Option<u64>>) {
    let expanded = expanded(text, &phone([100, 200, 300, 0], 0));
    let found = next_check(&expanded, moving).map(u64::from);
    assert_eq!(found, expected.into(), "{text}");
}

//= R-TRIG-6 type=test
#[test]
fn the_next_look_is_when_a_timer_passes_the_other_side() {
    check_next("$PRVTMR ge 600", 500);
    check_next("600 <= $PRVTMR", 500);
    check_next("$PRVTMR gt 100", 1);
    check_next("$PRVTMR gt 101", 1);
    check_next("$PRVTMR gt 102", 2);
    check_next("$PRVTMR ge 99", None);
    check_next("$PRVTMR eq -5", None);
    check_next("$(PRVTMR) ge 0600", 500);
    check_next("$REGTMR1 gt 310 and $PRVTMR ge 600", 10);
    check_next("$REGTMR1 gt 300 and $UPGTMR ge 202", 1);
    check_next("$PRVTMR ge 600 and $UPGTMR gt 260", 60);
    check_next("$PRVTMR ge 103.5", 3);
    check_next("$PRVTMR ge 103.5.1(b)", 3);
    check_next("\"$PRVTMR\" eq \"104\"", 4);
    check_next("\"104\" ne \"$PRVTMR\"", 4);
}

#[test]
fn what_stands_still_needs_no_look() {
    check_next("", None);
    check_next("1 eq 1", None);
    check_next("$REGTMR2 gt 300", None);
    check_next("$SWVER ge 11.2.1 and \"$EXTIP\" ne \"\"", None);
    check_next("$PRVTMR ge abc", None);
    check_next("$PRVTMR ge sip88xx.900-0-0MPP", None);
    check_next("$PRVTMR lt $UPGTMR", None);
    check_next("$PRVTMR ge", None);
    check_next("($PRVTMR ge 600)", None);
    check_next("$PRVTMR ge 99999999999999999999", None);
}

#[test]
fn a_timer_inside_other_text_is_looked_at_each_second() {
    check_next("$(PRVTMR:0:1) ge 6", 1);
    check_next("1$PRVTMR ge 1600", 1);
    check_next("$PRVTMR$REGTMR2 ge 600", 1);
    check_next("\"x$PRVTMR\" eq \"x600\"", 1);
    check_next("$(PRVTMR:3) eq 1", 1);
    check_next("1 eq 1 and 2.0.$PRVTMR ge 2.0.600", 1);
    check_next("1 eq 1 $PRVTMR", None);
    check_next("1 eq 1 $(PRVTMR:3)", 1);
}

fn operand() -> impl Strategy<Value = String> {
    let written = prop::sample::select(vec![
        "$PRVTMR",
        "$PRVTMR",
        "$UPGTMR",
        "$REGTMR1",
        "$REGTMR2",
        "$(UPGTMR)",
        "\"$PRVTMR\"",
        "$(PRVTMR:0:1)",
        "$(PRVTMR:1)",
        "1$PRVTMR",
        "$PRVTMR.2",
        "2.0.$UPGTMR",
        "$PRVTMR$REGTMR2",
        "\"x$UPGTMR\"",
        "abc",
        "\"17\"",
        "\"017\"",
        "-3",
        "$SWVER",
        "$A",
    ]);
    prop_oneof![
        3 => written.prop_map(str::to_owned),
        3 => (0..60_u64).prop_map(|n| n.to_string()),
        1 => (0..60_u64, 0..3_u64).prop_map(|(a, b)| format!("{a}.{b}")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec![
        "=", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "!",
    ]);
    let comparison = (operand(), op, operand()).prop_map(|(l, op, r)| format!("{l} {op} {r}"));
    prop::collection::vec(comparison, 1..4).prop_map(|all| all.join(" and "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    // Nothing happens between two looks, so looking when told sees all that looking each second sees.
    //= R-TRIG-6 type=test
    #[test]
    fn no_change_is_missed(text in condition(), timers in prop::array::uniform4(0..50_u64)) {
        let seen = |t| verdict_kind(verdict(&text, &phone(timers, t)));
        let mut now = 0;
        while now < 120 {
            let next = next_check(&expanded(&text, &phone(timers, now)), moving);
            let until = next.map_or(120, |wait| (now + u64::from(wait)).min(120));
            for t in now + 1..until {
                prop_assert_eq!(seen(t), seen(now), "{} at {} and {}", text, now, t);
            }
            now = until;
        }
    }

    // A timer beside a number is looked at twice at most: when they are equal, and one second later.
    #[test]
    fn plain_comparisons_are_looked_at_only_when_they_change(
        op in prop::sample::select(vec!["eq", "ne", "lt", "le", "gt", "ge"]),
        number in 0..100_u64,
        start in 0..100_u64,
    ) {
        let text = format!("$PRVTMR {op} {number}");
        let mut looks = Vec::new();
        let mut now = 0;
        while let Some(wait) = next_check(&expanded(&text, &phone([start, 0, 0, 0], now)), moving) {
            now += u64::from(wait);
            looks.push(now);
            prop_assert!(looks.len() <= 2, "{:?}", looks);
        }
        let expected: Vec<u64> = [number.checked_sub(start), (number + 1).checked_sub(start)]
            .into_iter()
            .flatten()
            .filter(|at| *at > 0)
            .collect();
        prop_assert_eq!(looks, expected);
    }
}

/// Verdicts without the place of an error, which moves with the digits.
fn verdict_kind(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unset => "unset",
        Verdict::True => "true",
        Verdict::False => "false",
        Verdict::Bad(error) => error.code().name(),
    }
}
