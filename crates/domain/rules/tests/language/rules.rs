//! Rules beyond the vectors: structure, options, assignments, errors and their places.

use onhook_macros::{SecretSlot, Substring};
use onhook_rules::{RuleErrorCode, RuleKind};

use crate::model::Phone;

const STATE: [(&str, &str); 4] = [
    ("A", ""),
    ("K", "k]x"),
    ("SA", "two words ]|\""),
    ("SC", "€uro"),
];

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(Phone::with(STATE).line(RuleKind::Profile, text), expected);
}

#[track_caller]
fn check_upgrade(text: &str, expected: &str) {
    assert_eq!(Phone::with(STATE).line(RuleKind::Upgrade, text), expected);
}

//= R-RULE-1 type=test
#[test]
fn the_parts_of_an_alternative_have_one_order() {
    check(
        "(1 eq 1)? (a = \"1\")! [--uid u] http://h/a",
        "1 GPP_A=1; --uid u http://h:80/a",
    );
    check("(a=\"1\")!(1 eq 1)? /a", "error wrong-order@8");
    check("(1 eq 1)?(1 eq 1)? /a", "error wrong-order@9");
    check("(a=\"1\")!(b=\"1\")! /a", "error wrong-order@8");
    check("[--uid u] (1 eq 1)? /a", "error missing-path@12");
    check("[--uid u] [--pwd p] /a", "error missing-path@16");
    check("[--uid u](a=\"1\")!", "error missing-path@17");
    check("/a (1 eq 1)?", "error trailing-text@3");
    check("[]", "error missing-url@2");
    check("[--key k] | /a", "error missing-url@10");
    check("[] /a", "1 tftp://<dhcp>:69/a");
}

//= R-RULE-2 type=test
//= R-VER-3 type=test
#[test]
fn parentheses_open_conditions_and_assignments_only() {
    check("(1 eq 1) /a", "error missing-mark@9");
    check("(1 eq 1)", "error missing-mark@8");
    check("(1 eq 1", "error unclosed-parenthesis@0");
    check("/a | (\"x\" eq \"x)? /b", "error unclosed-string@13");
    check("(\")?\" eq \")?\")? /a", "1 tftp://<dhcp>:69/a");
    check("($HWVER lt 2.0.3(G))?/a", "1 tftp://<dhcp>:69/a");
    check("(\"x\" eq \"(\")? /a", "skip");
    check("(\"(\" ne \"x\")? /a", "1 tftp://<dhcp>:69/a");
}

//= R-RULE-3 type=test
#[test]
fn a_bar_separates_outside_quotes_and_option_lists() {
    check("(\"a|b\" eq \"a|c\")? /a | /b", "2 tftp://<dhcp>:69/b");
    check("(a = \"x|y#z\")! /a", "1 GPP_A=x|y#z; tftp://<dhcp>:69/a");
    check("[--key a|b#c] /a", "1 --key a|b#c tftp://<dhcp>:69/a");
    check("/a\"|\"/b", "error bad-server@4");
    check("/a\"x\"[y](z)|/b", "1 tftp://<dhcp>:69/a\"x\"[y](z)");
    check("(1 eq 2 | 1 eq 1)? /a", "error unclosed-parenthesis@0");
}

//= R-RULE-4 type=test
#[test]
fn white_space_may_stand_around_tokens_and_may_be_missing() {
    check(
        "\r\n\t( 1 eq 1 ) ? ( a = \"1\" ; ) ! [ --uid u\t--pwd \"p\" ] http://h/a\r\n",
        "1 GPP_A=1; --pwd p --uid u http://h:80/a",
    );
    check(
        "(1 eq 1)?(a=\"1\";b=\"\")![--uid u --pwd \"p\"]http://h/a|/b",
        "1 GPP_A=1; GPP_B=; --pwd p --uid u http://h:80/a",
    );
    check("\u{a0}/a", "error bad-server@0");
    check("\u{b}/a", "error bad-server@0");
}

//= R-RULE-5 type=test
//= R-APP-9 type=test
#[test]
fn a_comment_reaches_to_the_end() {
    check(" # /a | /b", "skip");
    check("/a# | /b", "1 tftp://<dhcp>:69/a");
    check("(1 eq 1)? # /a", "1");
    check("(1 eq 2)? /a | # /b", "2");
    check("(1 eq 1 # )? /a", "error unclosed-parenthesis@0");
    check("(\"#\" eq \"#\")? /a # [", "1 tftp://<dhcp>:69/a");
    check("[--key # ] /a", "1 --key # tftp://<dhcp>:69/a");
    check("[--key k] # /a", "error missing-url@10");
}

//= R-RULE-6 type=test
#[test]
fn a_rule_may_span_lines() {
    check(
        "(1 eq 2)?\n http://h/a\n|\n http://h/b\n",
        "2 http://h:80/b",
    );
}

//= R-RULE-9 type=test
#[test]
fn an_alternative_without_condition_ends_the_search() {
    check("/a | (\"x\" lt \"y\")? /b", "1 tftp://<dhcp>:69/a");
    let rule = |text| {
        onhook_rules::parse(RuleKind::Profile, text, &[])
            .unwrap()
            .first_unreachable()
    };
    assert_eq!(rule("(1 eq 1)? /a | /b | /c"), Some(3));
    assert_eq!(rule("(1 eq 1)? /a | /b"), None);
    assert_eq!(rule("(1 eq 1)? /a"), None);
    assert_eq!(rule(""), None);
}

//= R-RULE-11 type=test
//= R-RULE-12 type=test
#[test]
fn blank_rules_skip_and_empty_alternatives_do_nothing() {
    for blank in ["", " \t\r\n", "$A", "#"] {
        check(blank, "skip");
    }
    check("|", "1");
    check(" | /a", "1");
    check("(1 eq 2)? /a | | /b", "2");
    check("(1 eq 1)?", "1");
    check("(1 eq 2)?", "skip");
    check("()!", "1");
    check("(1 eq 1)?()!", "1");
}

//= R-RULE-15 type=test
#[test]
fn a_syntax_error_anywhere_fails_the_rule() {
    check("/a | http://h:0/b", "error bad-port@14");
    check("/a | [--post a] tftp://h/b", "error post-needs-http@16");
    check("/a | /b c", "error trailing-text@8");
    check("/a | (b = )! /c", "error bad-assignment@10");
}

//= R-COND-13 type=test
#[test]
fn a_type_error_fails_the_rule_when_it_is_reached() {
    let phone = Phone::with([]);
    let reached = phone.line(RuleKind::Profile, "(1 eq 2)? /a | (\"x\" lt \"y\")? /b");
    assert!(reached.starts_with("error "), "{reached}");
    check(
        "(1 eq 1)? /a | (\"x\" lt \"y\")? /b",
        "1 tftp://<dhcp>:69/a",
    );
}

//= R-COND-12 type=test
#[test]
fn a_bare_condition_is_no_rule() {
    check("1 eq 1? /a", "error missing-path@1");
}

//= R-ASSIGN-1 type=test
//= R-ASSIGN-5 type=test
#[test]
fn assignments_keep_their_order_and_repetitions() {
    check(
        "(p=\"1\" ; Some.Na-me_=\"x;y\"; p=\"2\")!",
        "1 GPP_P=1; Some.Na-me_=x;y; GPP_P=2;",
    );
    check("(_x=\"\";)!", "1 _x=;");
    check("(A=\"1\";q=\"2\";GPP_A=\"3\")!", "1 A=1; q=2; GPP_A=3;");
    check("(a=\"a'b)\")!", "1 GPP_A=a'b);");
    check("(a=\"$SA\")!", "1 GPP_A=$SA;");
}

//= R-ASSIGN-1 type=test
#[test]
fn malformed_assignments_are_errors() {
    check("(a=\"1\" b=\"2\")!", "error bad-assignment@7");
    check("(;)!", "error bad-assignment@1");
    check("(a=\"1\";;)!", "error bad-assignment@7");
    check("(1a=\"1\")!", "error bad-assignment@1");
    check("(-a=\"1\")!", "error bad-assignment@1");
    check("(é=\"1\")!", "error bad-assignment@1");
    check("(a \"1\")!", "error bad-assignment@3");
    check("(a=1)!", "error bad-assignment@3");
    check("(a=“1”)!", "error bad-assignment@3");
    check("(a=\"1\"x)!", "error bad-assignment@6");
    check("(a=\"1)! /a", "error unclosed-string@3");
}

//= R-OPT-1 type=test
//= R-OPT-2 type=test
#[test]
fn options_come_in_any_order_with_bare_or_quoted_arguments() {
    check(
        "[--srv --post p --pwd \"a ]b\" --alias a --uid x --key y] http://h/a",
        "1 --alias a --key y --post p --pwd a ]b --srv true --uid x http://h:80/a",
    );
    check("[--key --uid] /a", "1 --key --uid tftp://<dhcp>:69/a");
    check("[--key [x] /a", "1 --key [x tftp://<dhcp>:69/a");
    check("[--key é€] /a", "1 --key é€ tftp://<dhcp>:69/a");
    check("[--key “x”] /a", "1 --key “x” tftp://<dhcp>:69/a");
    check("[--key a\"b] /a", "error bad-argument@8");
    check("[--key \"a\"b] /a", "error bad-argument@10");
    check("[--key \"a\"--uid u] /a", "error bad-argument@10");
    check("[--key \"a] /a", "error unclosed-string@7");
    check("[--post \"a\"] http://h/a", "error bad-letter@8");
    check("[--alias q] /a", "error bad-letter@9");
    check("[--alias ab] /a", "error bad-letter@9");
    check("[--alias é] /a", "error bad-letter@9");
}

//= R-OPT-4 type=test
#[test]
fn unknown_options_and_missing_arguments_are_errors() {
    check("[--Key k] /a", "error unknown-option@1");
    check("[-key k] /a", "error unknown-option@1");
    check("[--pwdsecret] /a", "error unknown-option@1");
    check("[--key\"k\"] /a", "error unknown-option@1");
    check("[--key=k] /a", "error unknown-option@1");
    check("[--key a b] /a", "error unknown-option@9");
    check("[--srv x] /a", "error unknown-option@7");
    check(
        "[--key k, --uid u] /a",
        "1 --key k, --uid u tftp://<dhcp>:69/a",
    );
    check("[--key ] /a", "error missing-argument@7");
    check("[--key $A] /a", "error missing-argument@7");
    check("[--post] http://h/a", "error missing-argument@7");
    check("[--key k /a", "error unknown-option@9");
    check("[--key k", "error unclosed-options@0");
    check("[--key", "error missing-argument@6");
}

//= R-OPT-3 type=test
//= R-MACRO-2 type=test
#[test]
fn arguments_take_macros_as_text() {
    check("[--key x$(MA:10)y] /a", "1 --key x45y tftp://<dhcp>:69/a");
    check("[--key \"$K\"] /a", "1 --key k]x tftp://<dhcp>:69/a");
    check("[--key $K] /a", "error missing-path@11");
    check("[--uid $PSN] /a", "1 --uid 8841-3PCC tftp://<dhcp>:69/a");
}

//= R-MACRO-17 type=test
//= R-MACRO-19 type=test
#[test]
fn secret_registers_are_bound_as_opaque_parts() {
    check(
        "[--key a$SA-$(SC:0:1)z] /a",
        "1 --key atwo words ]|\"-€z tftp://<dhcp>:69/a",
    );
    check(
        "[--uid \"$SA\" --pwd $(SC)] /a",
        "1 --pwd €uro --uid two words ]|\" tftp://<dhcp>:69/a",
    );
    check(
        "[--key $SA$MA] /a",
        "1 --key two words ]|\"000e08012345 tftp://<dhcp>:69/a",
    );
    check("/$SA/$(SC:1)", "1 tftp://<dhcp>:69/$SA/$(SC:1)");
    check("(\"$SA\" eq \"$$SA\")? /a", "1 tftp://<dhcp>:69/a");
    check("[--alias $SA] /a", "error bad-letter@9");
    check("[$SA] /a", "error unknown-option@1");
    check_upgrade(
        "[--uid $SA --pwd $SC] /$SA",
        "1 --pwd €uro --uid two words ]|\" tftp://<dhcp>:69/$SA",
    );
}

//= R-OPT-4 type=test
//= R-OPT-6 type=test
#[test]
fn the_last_of_a_repeated_option_counts_and_empty_means_not_given() {
    check("[--key \"\"] /a", "1 tftp://<dhcp>:69/a");
    check("[--key \"$A\"] /a", "1 tftp://<dhcp>:69/a");
    check("[--key $SB] /a", "1 tftp://<dhcp>:69/a");
    check("[--key $(SC:9)] /a", "1 tftp://<dhcp>:69/a");
    check("[--key k --key \"\"] /a", "1 tftp://<dhcp>:69/a");
    check("[--key k --key $SB] /a", "1 tftp://<dhcp>:69/a");
    check("[--key \"\" --key k] /a", "1 --key k tftp://<dhcp>:69/a");
    check("[--uid \"\" --pwd p] /a", "1 --pwd p tftp://<dhcp>:69/a");
    check("[--post a --post b] http://h/a", "1 --post b http://h:80/a");
}

//= R-OPT-5 type=test
//= R-OPT-8 type=test
#[test]
fn post_needs_http_and_srv_does_not() {
    check("[--post a] HTTPS://h/a", "1 --post a https://h:443/a");
    check("[--post a] h/a", "error post-needs-http@11");
    check("[--post a] /a", "error post-needs-http@11");
    check("[--srv] tftp://h/a", "1 --srv true tftp://h:69/a");
}

//= R-OPT-7 type=test
#[test]
fn report_options_are_errors_elsewhere() {
    check("[--status] /a", "error misplaced-option@1");
    check_upgrade("[--delta] /a", "error misplaced-option@1");
}

//= R-UPG-1 type=test
#[test]
fn an_upgrade_rule_takes_user_and_password_only() {
    check_upgrade(
        "(1 eq 1)? (a=\"1\")! [--uid u --pwd p] https://h/x.loads # c",
        "1 GPP_A=1; --pwd p --uid u https://h:443/x.loads",
    );
    for option in ["--key k", "--post a", "--alias a", "--srv"] {
        check_upgrade(
            &format!("[{option}] http://h/x"),
            "error misplaced-option@1",
        );
    }
    check_upgrade("[--nope] http://h/x", "error unknown-option@1");
}

//= R-COND-6 type=test
#[test]
fn the_left_side_of_a_legacy_comparison_is_the_running_version() {
    let old = Phone::with([("SWVER", "1.0.2")]);
    assert_eq!(old.line(RuleKind::Upgrade, "(! 1.0.2)? http://h/x"), "skip");
    assert_eq!(
        old.line(RuleKind::Upgrade, "(<1.1)?http://h/x"),
        "1 http://h:80/x"
    );
}

//= R-SEC-3 type=test
#[test]
fn debug_output_and_errors_show_no_key_and_no_value() {
    let text = "(\"canary1\" eq \"canary1\")? (a = \"canary2\")! [--key canary3 --pwd \"canary4\"] http://h/a";
    let rule = onhook_rules::parse(RuleKind::Profile, text, &[]).unwrap();
    let selected = onhook_rules::select(RuleKind::Profile, text, &[], "", &mut ()).unwrap();
    let shown = format!("{rule:?} {selected:?}");
    assert!(shown.contains("GPP") || shown.contains("Gpp"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    let error =
        onhook_rules::parse(RuleKind::Profile, "[--key canary canary] /a", &[]).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

//= R-RULE-1 type=test
#[test]
fn an_alternative_knows_its_place_and_the_places_of_its_parts() {
    let text = " /x |\n(1 eq 1)? ( a = \"1\" )! [--uid \"u\"] http://h/a # c";
    let rule = onhook_rules::parse(RuleKind::Profile, text, &[]).unwrap();
    let second = rule.alternatives().nth(1).unwrap();
    assert_eq!(second.index, 2);
    assert_eq!(
        &text[second.range.clone()],
        "(1 eq 1)? ( a = \"1\" )! [--uid \"u\"] http://h/a"
    );
    let guard = second.guard.as_ref().unwrap();
    assert_eq!(
        &text[guard.offset..guard.offset + guard.text.len()],
        "1 eq 1"
    );
    let assignment = second.assignments.iter().next().unwrap();
    assert!(text[assignment.offset..].starts_with("a = "));
    assert!(text[assignment.value_offset..].starts_with("1\""));
    assert_eq!(&text[second.options.uid.unwrap().range()], "u");
    assert!(text[second.url.unwrap().offset..].starts_with("http://h/a"));
    assert_eq!(second.options.uid.unwrap().plain(), Some("u"));
}

//= R-SEC-3 type=test
#[test]
fn debug_output_names_places_and_registers() {
    let text = "(1 eq 1)? (a = \"1\")! [--key x$SA] http://h/a";
    let slots = [SecretSlot {
        range: 29..32,
        register: 0,
        substring: Substring::WHOLE,
    }];
    let rule = onhook_rules::parse(RuleKind::Profile, text, &slots).unwrap();
    let shown = format!("{rule:?} {:?}", rule.alternatives());
    for part in [
        "Rule { kind: Profile, bytes: 44",
        "Guard { offset: 1",
        "Assignment { target: Gpp(0), offset: 11",
        "key: Some([***, Secret { register: 0",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let assignments = rule.alternatives().next().unwrap().assignments;
    assert!(!assignments.is_empty());
    assert!(format!("{:?}", assignments.iter()).contains("offset: 11"));
    let key = rule.alternatives().next().unwrap().options.key.unwrap();
    assert!(!key.is_plain() && key.plain().is_none());
    let bare = onhook_rules::parse(RuleKind::Profile, "[--key \"\" --uid u] /a", &[]).unwrap();
    let bare = bare.alternatives().next().unwrap();
    assert!(bare.assignments.is_empty() && bare.options.key.is_none());
    assert!(bare.options.uid.unwrap().is_plain());
}

//= R-RULE-8 type=test
//= R-RULE-15 type=test
#[test]
fn the_recorder_sees_what_is_reached_and_a_syntax_error_wins() {
    #[derive(Default)]
    struct Seen(Vec<String>);
    impl onhook_conditions::Recorder for Seen {
        fn comparison(&mut self, compared: &onhook_conditions::Compared<'_>) {
            self.0.push(compared.left.text().to_owned());
        }
    }
    let run = |text: &str| {
        let mut seen = Seen::default();
        let selected = onhook_rules::select(RuleKind::Profile, text, &[], "", &mut seen);
        let code = selected.map(|_| ()).map_err(|error| error.code().name());
        (code, seen.0.join(" "))
    };
    let seen = |text: &str| text.to_owned();
    assert_eq!(
        run("(1 eq 2 and 9 eq 9)? /a | (3 eq 3)? /b | (4 eq 4)? /c"),
        (Ok(()), seen("1 3"))
    );
    // A comparison that fails ends the search; a syntax error behind it is still the one that is told.
    assert_eq!(
        run("(\"x\" lt \"y\")? /a | (1 eq 1)? /b"),
        (Err("condition-string-order"), seen("x"))
    );
    assert_eq!(
        run("(\"x\" lt \"y\")? /a | (1 eq)? /b"),
        (Err("condition-missing-operand"), seen("x"))
    );
    // Of two syntax errors the first is told, also when it stands where a condition was judged.
    let error = onhook_rules::select(
        RuleKind::Profile,
        "(1 eq)? /a | (2 eq)? /b",
        &[],
        "",
        &mut (),
    );
    assert_eq!(error.unwrap_err().offset(), 5);
}

//= R-RULE-8 type=test
#[test]
fn an_alternative_holds_when_its_condition_is_true_or_absent() {
    let text = "(1 eq 2)? /a | (gt 1.0)? /b | (\"x\" lt \"y\")? /c | /d";
    let rule = onhook_rules::parse(RuleKind::Profile, text, &[]).unwrap();
    let holds = |swver: &str| -> Vec<_> {
        rule.alternatives()
            .map(|alternative| {
                alternative
                    .holds(swver, &mut ())
                    .map_err(|error| error.offset())
            })
            .collect()
    };
    assert_eq!(holds("2.0"), [Ok(false), Ok(true), Err(38), Ok(true)]);
    assert_eq!(holds("1.0"), [Ok(false), Ok(false), Err(38), Ok(true)]);
}

#[test]
fn an_error_in_a_url_names_its_place_in_the_rule() {
    check("/a | http://h", "error missing-path@13");
    check("/a | ftp://h/a", "error bad-scheme@5");
    check("/a | http://h:0/a", "error bad-port@14");
    check("/a | http://h,/a", "error bad-server@13");
}

#[test]
fn control_characters_are_errors_with_a_place() {
    check("/a\0b", "error bad-path@2");
    check(" http://h/a\0b", "error bad-path@11");
    check("\0/a", "error bad-server@0");
    check("http://h\0/a", "error bad-server@8");
    check("(1 eq\0 1)? /a", "error condition-missing-operator@3");
    check("(a\0 = \"1\")! /a", "error bad-assignment@2");
    check("[--uid\0 u] /a", "error unknown-option@1");
    check("/a \0", "error trailing-text@3");
    // Inside quotes they are like any other.
    check("[--uid \"\0\"] /a", "1 --uid \0 tftp://<dhcp>:69/a");
}

/// Programs that read JSON compare these words.
#[test]
fn the_words_of_errors_never_change() {
    use RuleErrorCode as Code;
    for (code, name) in [
        (Code::UnclosedString, "unclosed-string"),
        (Code::UnclosedParenthesis, "unclosed-parenthesis"),
        (Code::MissingMark, "missing-mark"),
        (Code::WrongOrder, "wrong-order"),
        (Code::BadAssignment, "bad-assignment"),
        (Code::UnclosedOptions, "unclosed-options"),
        (Code::UnknownOption, "unknown-option"),
        (Code::MisplacedOption, "misplaced-option"),
        (Code::MissingArgument, "missing-argument"),
        (Code::BadArgument, "bad-argument"),
        (Code::BadLetter, "bad-letter"),
        (Code::MissingUrl, "missing-url"),
        (Code::BadScheme, "bad-scheme"),
        (Code::BadServer, "bad-server"),
        (Code::BadPort, "bad-port"),
        (Code::MissingPath, "missing-path"),
        (Code::BadPath, "bad-path"),
        (Code::PostNeedsHttp, "post-needs-http"),
        (Code::ConflictingOptions, "conflicting-options"),
        (Code::MisplacedAssignments, "misplaced-assignments"),
        (Code::TooManyReports, "too-many-reports"),
        (Code::TrailingText, "trailing-text"),
    ] {
        assert_eq!((code.name(), code.to_string().as_str()), (name, name));
        assert!(!code.problem().is_empty());
    }
    let error = onhook_rules::parse(RuleKind::Profile, "http://h:0/a", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule, byte 9: the port cannot be read; expected a decimal port from 1 to 65535"
    );
}
