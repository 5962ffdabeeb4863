//! Report rules: how many, what, where to, and what does not belong there.

use crate::model::Phone;

#[track_caller]
fn check(text: &str, expected: &str) {
    let phone = Phone::with([("A", ""), ("SA", "two words ]"), ("B", "/b;")]);
    assert_eq!(phone.reports(text), expected, "{text}");
}

//= R-REPORT-1 type=test
#[test]
fn up_to_two_reports_stand_side_by_side() {
    check("", "");
    check(" \t\r\n", "");
    check("# http://h/a", "");
    check(
        "http://reportTargetServer/reportPath/$PN_$MA_$SN.xml",
        "full 1 http://reportTargetServer:80/reportPath/CP-8841-3PCC_000e08012345_88012BA01234.xml",
    );
    check(
        "[--status]http://h/s.xml; [--delta]http://h/d.xml;",
        "status 1 --status true http://h:80/s.xml + delta 2 --delta true http://h:80/d.xml",
    );
    check(
        "http://h/a\r\n\t/b",
        "full 1 http://h:80/a + full 2 tftp://<dhcp>:69/b",
    );
    check("http://h/a # more", "full 1 http://h:80/a");
    check("http://h/a /b /c", "error too-many-reports@14");
    check(
        "http://h/a /b # /c",
        "full 1 http://h:80/a + full 2 tftp://<dhcp>:69/b",
    );
}

//= R-REPORT-1 type=test
#[test]
fn a_semicolon_right_behind_a_url_ends_it() {
    check("http://h/a;", "full 1 http://h:80/a");
    check("http://h/a;b", "full 1 http://h:80/a;b");
    check("http://h/a;;", "full 1 http://h:80/a;");
    check("$B", "full 1 tftp://<dhcp>:69/b");
    check("http://h/a ;", "error missing-url@11");
    check(";", "error missing-url@0");
}

//= R-REPORT-1 type=test
#[test]
fn each_report_has_its_own_condition() {
    check(
        "($PRVST eq 0)? http://h/a ($PRVST eq 1)?[--delta] /b",
        "full 1 http://h:80/a off + delta 2 --delta true tftp://<dhcp>:69/b",
    );
    check(
        "(\"a\" lt \"b\")? /a",
        "full 1 tftp://<dhcp>:69/a error condition-string-order@8",
    );
    check("(1 eq)? /a", "error condition-missing-operand@5");
    check("/a (1 eq", "error unclosed-parenthesis@3");
    check("(1 eq 1)?", "error missing-url@9");
    check("(1 eq 1) /a", "error missing-mark@9");
    check("(a = \"1\")! /a", "error misplaced-assignments@0");
    check(
        "/b (1 eq 1)? (a = \"1\")! /a",
        "error misplaced-assignments@3",
    );
    check("(1 eq 1)? (1 eq 1)? /a", "error wrong-order@10");
    check("/a | /b", "error trailing-text@3");
    check("/a|/b", "error trailing-text@2");
}

//= R-REPORT-2 type=test
#[test]
fn the_content_is_full_delta_or_status() {
    check("[] /a", "full 1 tftp://<dhcp>:69/a");
    check(
        "[--delta --delta] /a",
        "delta 1 --delta true tftp://<dhcp>:69/a",
    );
    check("[--delta --status] /a", "error conflicting-options@0");
    check(
        "/a [--status --uid u --delta] /b",
        "error conflicting-options@3",
    );
}

//= R-REPORT-3 type=test
//= R-OPT-7 type=test
#[test]
fn key_and_credentials_combine_with_the_content() {
    check(
        "[--key $SA --delta --uid u --pwd \"$(SA:0:3)\"]tftp://h/a",
        "delta 1 --delta true --key two words ] --pwd two --uid u tftp://h:69/a",
    );
    for (option, at) in [
        ("--post a", 1),
        ("--alias a", 1),
        ("--srv", 1),
        ("--uid u --srv", 9),
    ] {
        check(
            &format!("[{option}] /a"),
            &format!("error misplaced-option@{at}"),
        );
    }
    check("[--full] /a", "error unknown-option@1");
    check("[--delta] ", "error missing-url@10");
    check("[--delta /a", "error unknown-option@9");
    check("[--delta", "error unclosed-options@0");
}
