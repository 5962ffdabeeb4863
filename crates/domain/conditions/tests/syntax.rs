//! How conditions are cut into tokens and comparisons, case by case.

mod checks;

use checks::{MPP, check_all, eval};
use onhook_conditions::ConditionErrorCode as Code;

/// Cases that fail, with the byte at which they do.
#[track_caller]
fn check_errors(cases: &[(&str, Code, usize)]) {
    for (text, code, offset) in cases {
        let error = eval(text, MPP).map_err(|error| (error.code(), error.offset()));
        assert_eq!(error, Err((*code, *offset)), "`{text}`");
    }
}

//= R-COND-5 type=test
#[test]
fn words_need_space_only_where_they_would_join_an_operand() {
    check_all(
        MPP,
        &[
            (r#""x"eq"x""#, Ok(true)),
            (r#""x"eq"y""#, Ok(false)),
            (r#""x"ne"y"and"a"eq"a"AND 1=1"#, Ok(true)),
            ("2.0.3(G)eq 2.0.3(G)and 1 eq 1", Ok(true)),
            ("1=1", Ok(true)),
            ("1=1 and 2=2", Ok(true)),
            (" \t1\r\nge\n1 ", Ok(true)),
            ("1 ge 2ge 3", Err(Code::MissingAnd)),
            ("1ge 2", Err(Code::MissingOperator)),
            ("1 ge2", Err(Code::MissingOperator)),
            ("1=1and 2=2", Err(Code::MissingAnd)),
            ("1 eq 5and", Err(Code::UnreadableOperand)),
            ("1 eq 1 and2 eq 2", Err(Code::MissingAnd)),
            ("1 eq 1and2=2", Err(Code::MissingAnd)),
            ("\"x\"eq5", Err(Code::MissingOperator)),
            ("1\u{a0}eq\u{a0}1", Err(Code::MissingOperator)),
            ("1\u{b}=\u{b}1", Err(Code::UnreadableOperand)),
        ],
    );
}

//= R-COND-1 type=test
#[test]
fn there_is_no_or_not_grouping_or_arithmetic() {
    check_errors(&[
        ("", Code::Empty, 0),
        (" \r\n", Code::Empty, 0),
        ("1 eq 1 or 2 eq 2", Code::MissingAnd, 7),
        ("1 eq 1 || 2 eq 2", Code::MissingAnd, 7),
        ("1 eq 1 && 2 eq 2", Code::MissingAnd, 7),
        ("1 eq 1 , 2 eq 2", Code::MissingAnd, 7),
        ("1 eq 1 And 2 eq 2", Code::MissingAnd, 7),
        ("1 eq 1 2 eq 2", Code::MissingAnd, 7),
        ("1 eq 1&&2 eq 2", Code::MissingAnd, 10),
        ("not 1 eq 1", Code::MissingOperator, 4),
        ("1 + 1 eq 2", Code::MissingOperator, 2),
        ("1 eq 1 + 1", Code::MissingAnd, 7),
        ("1 eq (1)", Code::MissingOperand, 5),
        ("1 eq 1)", Code::MissingAnd, 6),
        ("1 eq 1 and", Code::MissingOperand, 10),
        ("and 1 eq 1", Code::MissingOperator, 4),
        ("1 eq 1 and and 2 eq 2", Code::MissingOperator, 15),
        ("1", Code::MissingOperator, 1),
        ("1 eq", Code::MissingOperand, 4),
        ("1 EQ 1", Code::MissingOperator, 2),
    ]);
}

//= R-COND-12 type=test
#[test]
fn parentheses_around_a_condition_are_a_syntax_error() {
    check_errors(&[
        ("(1 eq 1)", Code::MissingOperand, 0),
        ("(<1.0)", Code::MissingOperand, 0),
        ("(1 eq 1)?", Code::MissingOperand, 0),
    ]);
}

#[test]
fn symbols_are_read_longest_first_and_never_over_a_space() {
    check_all(
        MPP,
        &[
            ("1!=2", Ok(true)),
            ("1!2", Ok(true)),
            ("1 ! 1", Ok(false)),
            ("1<=1", Ok(true)),
            ("1>=2", Ok(false)),
            ("1<2", Ok(true)),
            ("2>1", Ok(true)),
            ("1!=-1", Ok(true)),
            ("1<-1", Ok(false)),
            ("1 ! = 2", Err(Code::MissingOperand)),
            ("1 < = 2", Err(Code::MissingOperand)),
            ("1 == 1", Err(Code::MissingOperand)),
            ("1 <> 2", Err(Code::MissingOperand)),
            ("1 => 1", Err(Code::MissingOperand)),
            ("1 =! 1", Err(Code::MissingOperand)),
            ("1 !! 1", Err(Code::MissingOperand)),
        ],
    );
}

//= R-COND-7 type=test
#[test]
fn an_empty_unquoted_macro_removes_an_operand() {
    check_errors(&[
        (" eq 1", Code::LegacyNeedsVersion, 4),
        ("1 eq 1 and  eq 1", Code::LegacyNeedsVersion, 15),
        ("1 eq  and 2 eq 2", Code::MissingAnd, 10),
    ]);
    assert_eq!(eval(" ge sip88xx.11-0-0MPP-1", MPP), Ok(true));
    assert_eq!(eval(" ge sip88xx.11-9-0MPP-1", MPP), Ok(false));
}

//= R-COND-11 type=test
#[test]
fn a_string_runs_to_the_next_plain_quote() {
    check_errors(&[
        ("\"abc eq 1", Code::UnterminatedString, 0),
        ("1 eq \"abc", Code::UnterminatedString, 5),
        ("\"a\" eq \"b\"c\"", Code::MissingAnd, 10),
        ("\"a\"\"b\" eq \"c\"", Code::MissingOperator, 3),
        ("a\"b\" eq \"c\"", Code::MissingOperator, 1),
        ("\"a\" eq \u{201c}a\u{201d}", Code::UnreadableOperand, 7),
        ("\u{201c}a\u{201d} eq 1", Code::UnreadableOperand, 0),
    ]);
}

#[test]
fn only_the_bare_word_true_is_a_comparison_by_itself() {
    check_all(
        MPP,
        &[
            ("true", Ok(true)),
            (" true ", Ok(true)),
            ("true and 1 eq 1", Ok(true)),
            ("1 eq 1 and true", Ok(true)),
            ("true and 1 eq 2", Ok(false)),
            ("true eq 1", Err(Code::UnreadableOperand)),
            ("true=true", Err(Code::UnreadableOperand)),
            ("1 eq true", Err(Code::UnreadableOperand)),
            ("1 eq 2 and true eq 1", Ok(false)),
            ("true true", Err(Code::MissingAnd)),
            ("true(G)", Err(Code::MissingAnd)),
            ("True", Err(Code::MissingOperator)),
            ("TRUE", Err(Code::MissingOperator)),
            ("false", Err(Code::MissingOperator)),
            ("\"true\"", Err(Code::MissingOperator)),
            ("1", Err(Code::MissingOperator)),
        ],
    );
}

//= R-VER-3 type=test
#[test]
fn only_a_dotted_version_takes_a_suffix_in_parentheses() {
    check_all(
        "2.0.3(G)",
        &[
            ("2.0.3(G) lt 2.0.3(H)", Ok(true)),
            ("2.0.3(G)<2.0.3(H)", Ok(true)),
            ("2.0(0412s) gt 2.0", Ok(true)),
            ("=2.0.3(G)", Ok(true)),
            ("<2.0.3(G)", Ok(false)),
            ("2.0.3 (G) eq 1", Err(Code::MissingOperator)),
            ("2.0.3() eq 1", Err(Code::MissingOperator)),
            ("2.0.3(a b) eq 1", Err(Code::MissingOperator)),
            ("2.0.3(a-b) eq 1", Err(Code::MissingOperator)),
            ("2.0.3(G eq 1", Err(Code::MissingOperator)),
            ("2.0.3(G)x eq 1", Err(Code::MissingOperator)),
            ("2.0.3(G)(H) eq 1", Err(Code::MissingOperator)),
            ("2(G) eq 1", Err(Code::MissingOperator)),
            ("1.2.3.4(G) eq 1", Err(Code::MissingOperator)),
            ("abc(G) eq 1", Err(Code::MissingOperator)),
            ("1 eq 2 and abc(G) eq 1", Err(Code::MissingOperator)),
            ("1 eq 2.0.3(", Err(Code::MissingAnd)),
        ],
    );
}
