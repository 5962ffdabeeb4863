//! What conditions mean and how they fail, case by case.

mod checks;

use checks::{MPP, check_all, eval};
use onhook_conditions::ConditionErrorCode as Code;
use onhook_conditions::ErrorClass;

//= R-COND-10 type=test
#[test]
fn word_operators_mean_the_same_as_symbols() {
    for (word, symbol) in [
        ("eq", "="),
        ("ne", "!="),
        ("lt", "<"),
        ("le", "<="),
        ("gt", ">"),
        ("ge", ">="),
    ] {
        let mut holds = 0;
        for (left, right) in [(1, 2), (2, 2), (3, 2)] {
            let by_word = eval(&format!("{left} {word} {right}"), MPP);
            assert!(by_word.is_ok(), "{word}");
            assert_eq!(by_word, eval(&format!("{left} {symbol} {right}"), MPP));
            holds += usize::from(by_word == Ok(true));
        }
        let expected = match word {
            "eq" | "lt" | "gt" => 1,
            _ => 2,
        };
        assert_eq!(holds, expected, "{word}");
    }
}

//= R-COND-6 type=test
#[test]
fn a_comparison_without_left_side_tests_the_software_version() {
    check_all(
        "0.99.4",
        &[
            ("<1.0", Ok(true)),
            ("lt 1.0", Ok(true)),
            ("! 1.0.2", Ok(true)),
            ("!0.99.4", Ok(false)),
            ("!=0.99.4", Ok(false)),
            ("<1.0 and >=0.99", Ok(true)),
            ("1 eq 1 and =0.99.4", Ok(true)),
            ("=0.99.4(b)", Ok(false)),
            ("<1", Err(Code::LegacyNeedsVersion)),
            ("<-1", Err(Code::LegacyNeedsVersion)),
            ("<99999999999999999999", Err(Code::LegacyNeedsVersion)),
            ("=\"0.99.4\"", Err(Code::LegacyNeedsVersion)),
            ("1 eq 2 and <1", Err(Code::LegacyNeedsVersion)),
            ("<1,5", Err(Code::UnreadableOperand)),
            ("1 eq 2 and <1,5", Ok(false)),
            ("<", Err(Code::MissingOperand)),
            ("<sip88xx.11-0-0MPP-1", Err(Code::VersionFormats)),
        ],
    );
    check_all(
        MPP,
        &[
            ("ge sip88xx.11-0-0MPP-1", Ok(true)),
            ("<1.0", Err(Code::VersionFormats)),
        ],
    );
    // A device whose version is one number: a dotted version of one part.
    check_all("4", &[(">3.9", Ok(true)), ("=4.0", Ok(true))]);
    check_all("-4", &[(">3.9", Err(Code::NegativeVersion))]);
    check_all(
        "",
        &[(">3.9", Err(Code::UnreadableOperand)), ("1 eq 1", Ok(true))],
    );
}

//= R-COND-8 type=test
#[test]
fn evaluation_stops_at_the_first_false_comparison_but_parsing_does_not() {
    check_all(
        MPP,
        &[
            ("1 eq 2 and abc eq 1", Ok(false)),
            ("1 eq 2 and \"a\" lt \"b\"", Ok(false)),
            ("1 eq 2 and \"a\" eq 1", Ok(false)),
            ("1 eq 2 and 1,5 eq 1", Ok(false)),
            ("1 eq 2 and 1 eq", Err(Code::MissingOperand)),
            ("1 eq 2 and \"a", Err(Code::UnterminatedString)),
            ("1 eq 2 and", Err(Code::MissingOperand)),
            ("abc eq 1", Err(Code::UnreadableOperand)),
            ("$STRANGE eq 1", Err(Code::UnreadableOperand)),
            ("1 eq and", Err(Code::UnreadableOperand)),
            ("1 eq 2 and 1 eq and", Ok(false)),
            (
                "1 eq 1 and abc eq 1 and 1 eq 2",
                Err(Code::UnreadableOperand),
            ),
        ],
    );
    assert_eq!(
        eval("1 eq 1 and 1 eq abc", MPP).map_err(|error| error.offset()),
        Err(16)
    );
}

//= R-COND-2 type=test
#[test]
fn both_sides_are_of_one_kind_except_an_integer_beside_a_dotted_version() {
    check_all(
        MPP,
        &[
            ("4 ge 3.9.9", Ok(true)),
            ("4 eq 4.0.0", Ok(true)),
            ("4.0.1 gt 4", Ok(true)),
            ("4.0.0(a) gt 4", Ok(true)),
            ("-4 lt 4.0", Err(Code::NegativeVersion)),
            ("4.0 gt -4", Err(Code::NegativeVersion)),
            ("4 lt 11-0-0", Err(Code::VersionFormats)),
            ("11-0-0 gt 4", Err(Code::VersionFormats)),
            ("-4 lt 11-0-0", Err(Code::VersionFormats)),
            ("11.0.0 eq 11-0-0", Err(Code::VersionFormats)),
            ("\"4\" eq 4", Err(Code::MixedKinds)),
            ("4.0 eq \"4.0\"", Err(Code::MixedKinds)),
            ("\"4\" lt 4", Err(Code::MixedKinds)),
        ],
    );
}

//= R-COND-3 type=test
#[test]
fn strings_are_equal_byte_for_byte_or_not_and_have_no_order() {
    check_all(
        MPP,
        &[
            ("\"Abc\" eq \"abc\"", Ok(false)),
            ("\"abc\" = \"abc\"", Ok(true)),
            ("\"abc\" ! \"abc \"", Ok(true)),
            ("\"\" ne \"\"", Ok(false)),
            ("\"a and b | (c\" eq \"a and b | (c\"", Ok(true)),
            ("\"\u{e9}\" eq \"e\u{301}\"", Ok(false)),
            ("\"a\\\" ne \"b\"", Ok(true)),
            ("\"a\" lt \"b\"", Err(Code::StringOrder)),
            ("\"a\" le \"a\"", Err(Code::StringOrder)),
            ("\"a\" > \"b\"", Err(Code::StringOrder)),
            ("\"a\" >= \"b\"", Err(Code::StringOrder)),
        ],
    );
}

//= R-COND-4 type=test
//= R-VER-10 type=test
#[test]
fn quotes_decide_between_text_and_number() {
    check_all(
        MPP,
        &[
            ("\"1\" eq \"01\"", Ok(false)),
            ("1 eq 01", Ok(true)),
            ("\"1\" eq 1", Err(Code::MixedKinds)),
            ("\"11-2-1MPP-3\" eq \"sip88xx.11-2-1MPP-3\"", Ok(false)),
            ("11-2-1MPP-3 eq sip88xx.11-2-1MPP-3.loads", Ok(true)),
        ],
    );
}

//= R-COND-9 type=test
#[test]
fn integers_are_signed_and_64_bits_wide() {
    check_all(
        MPP,
        &[
            ("9223372036854775807 gt -9223372036854775808", Ok(true)),
            ("00000000000000000000000000000000000000007 eq 7", Ok(true)),
            ("-0 eq 0", Ok(true)),
            ("-1 lt 0", Ok(true)),
            ("9223372036854775808 eq 0", Err(Code::NumberTooLarge)),
            ("0 eq -9223372036854775809", Err(Code::NumberTooLarge)),
            ("18446744073709551615.0 gt 1", Ok(true)),
            ("1 lt 18446744073709551616.0", Err(Code::NumberTooLarge)),
            ("+1 eq 1", Err(Code::UnreadableOperand)),
            ("--1 eq 1", Err(Code::UnreadableOperand)),
            ("- eq 1", Err(Code::UnreadableOperand)),
            ("0x1 eq 1", Err(Code::UnreadableOperand)),
            ("\u{661} eq 1", Err(Code::UnreadableOperand)),
        ],
    );
}

#[test]
fn every_error_has_a_class_a_stable_name_and_a_text_without_the_condition() {
    let codes = [
        (Code::Empty, ErrorClass::Syntax, "condition-empty"),
        (
            Code::MissingOperand,
            ErrorClass::Syntax,
            "condition-missing-operand",
        ),
        (
            Code::MissingOperator,
            ErrorClass::Syntax,
            "condition-missing-operator",
        ),
        (
            Code::MissingAnd,
            ErrorClass::Syntax,
            "condition-missing-and",
        ),
        (
            Code::UnterminatedString,
            ErrorClass::Syntax,
            "condition-unterminated-string",
        ),
        (
            Code::LegacyNeedsVersion,
            ErrorClass::Syntax,
            "condition-legacy-needs-version",
        ),
        (Code::MixedKinds, ErrorClass::Type, "condition-mixed-kinds"),
        (
            Code::StringOrder,
            ErrorClass::Type,
            "condition-string-order",
        ),
        (
            Code::UnreadableOperand,
            ErrorClass::Format,
            "condition-unreadable-operand",
        ),
        (
            Code::NumberTooLarge,
            ErrorClass::Format,
            "condition-number-too-large",
        ),
        (
            Code::NegativeVersion,
            ErrorClass::Format,
            "condition-negative-version",
        ),
        (
            Code::VersionFormats,
            ErrorClass::Format,
            "condition-version-formats",
        ),
    ];
    for (code, class, name) in codes {
        assert_eq!((code.class(), code.name()), (class, name));
        assert_eq!(code.to_string(), name);
    }
    let shown = eval("canary eq 1", MPP).map_err(|error| error.to_string());
    assert_eq!(
        shown,
        Err(
            "condition, byte 0: an operand is neither an integer nor a version; expected an \
             integer or a version such as 2.0.3(G) or 11-3-2MPP0001-609"
                .to_owned()
        )
    );
}

#[test]
fn a_condition_keeps_its_text_and_an_error_says_what_belongs_there() {
    let text = " 1 eq 1 and 2 gt 1";
    assert_eq!(onhook_conditions::parse(text).map(|c| c.text()), Ok(text));
    let expected = |text: &str| eval(text, MPP).unwrap_err().expected();
    assert_eq!(expected("1 eq"), "a quoted string, an integer or a version");
    assert_eq!(
        expected("1 eq 1 or 2 eq 2"),
        "`and` or the end of the condition"
    );
}

//= R-COND-9 type=test
#[test]
fn a_number_too_large_is_shown_where_it_begins() {
    for (text, at) in [
        ("1 eq 99999999999999999999", 5),
        ("1.0 eq 1.99999999999999999999", 9),
        ("11-0-0MPP ge 11-99999999999999999999-0", 16),
        ("99999999999999999999.1 eq 1", 0),
    ] {
        let error = eval(text, MPP).unwrap_err();
        assert_eq!(
            (error.code(), error.offset()),
            (Code::NumberTooLarge, at),
            "{text}"
        );
    }
}

//= R-VER-3 type=test
#[test]
fn a_suffix_belongs_to_the_version_only_if_it_is_one() {
    for (text, code) in [
        ("2.0.3(G) eq 2.0.3(G", Code::MissingAnd),
        ("2.0.3() eq 1", Code::MissingOperator),
        ("2.0.3(G-H) eq 1", Code::MissingOperator),
        ("2.0.3(G eq 1", Code::MissingOperator),
        ("a.b(G) eq 1", Code::MissingOperator),
        ("1.2.3.4(G) eq 1", Code::MissingOperator),
        ("1(G) eq 1", Code::MissingOperator),
        ("1.(G) eq 1", Code::MissingOperator),
    ] {
        assert_eq!(eval(text, MPP).unwrap_err().code(), code, "{text}");
    }
}
