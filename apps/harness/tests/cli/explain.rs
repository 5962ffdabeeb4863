//! `explain` and `expand`.

use crate::common::{run, run_with};

#[test]
fn a_rule_is_explained_for_people_and_for_programs() {
    let rule = "(\"$A\" = \"x\")? http://h/$MA.xml | tftp://x/y";
    let args = [
        "explain",
        "--kind",
        "profile",
        rule,
        "--set",
        "GPP_A=x",
        "--macro",
        "MA=001122334455",
    ];
    let ended = run(&args);
    assert_eq!(ended.status, 0, "{}", ended.text());
    assert!(
        ended
            .text()
            .contains("outcome: fetch http://h:80/001122334455.xml (alternative 1)"),
        "{}",
        ended.text()
    );
    let document = run(&[args.as_slice(), &["--json"]].concat()).document("explain");
    assert_eq!(
        (&document["outcome"], &document["alternative"]),
        (&"fetch".into(), &1.into())
    );
    assert_eq!(document["url"], "http://h:80/001122334455.xml");
}

#[test]
fn a_text_with_an_error_is_exit_status_1_with_a_caret() {
    let args = ["explain", "--kind", "upgrade", "(1,5 < 2)? http://h/x"];
    let ended = run(&args);
    assert_eq!(ended.status, 1);
    assert!(
        ended.text().contains('^') && ended.text().contains("outcome: error"),
        "{}",
        ended.text()
    );
    let ended = run(&[args.as_slice(), &["--json"]].concat());
    assert_eq!(ended.status, 1);
    assert_eq!(ended.document("explain")["outcome"], "error");
}

#[test]
fn every_kind_and_phone_option_is_taken() {
    for kind in ["profile", "upgrade", "trigger", "schedule"] {
        let text = if kind == "trigger" {
            "1 = 1"
        } else if kind == "schedule" {
            "10,20"
        } else {
            "http://h/a"
        };
        let ended = run(&[
            "explain",
            "--kind",
            kind,
            text,
            "--family",
            "spa",
            "--release",
            "10.4",
            "--reading",
            "triggers=gate",
            "--cause",
            "boot",
            "--json",
        ]);
        assert_eq!(ended.status, 0, "{} {}", ended.text(), ended.stderr);
        assert_eq!(ended.document("explain")["kind"], kind);
    }
    let prvst = |cause| {
        run(&["expand", "$PRVST", "--cause", cause])
            .text()
            .to_owned()
    };
    assert_eq!(
        [
            prvst("boot"),
            prvst("periodic"),
            prvst("retry"),
            prvst("explicit")
        ],
        ["0\n", "1\n", "2\n", "-1\n"]
    );
}

#[test]
fn secrets_are_shown_on_request_only() {
    let args = [
        "explain",
        "--kind",
        "profile",
        "[--key $SA] http://h/a",
        "--set",
        "GPP_SA=canary",
    ];
    for json in [[].as_slice(), &["--json"]] {
        let ended = run(&[args.as_slice(), json].concat());
        assert!(
            !ended.text().contains("canary") && ended.text().contains("***"),
            "{}",
            ended.text()
        );
        let shown = run(&[args.as_slice(), json, &["--show-secrets"]].concat());
        assert!(shown.text().contains("canary"), "{}", shown.text());
    }
}

#[test]
fn a_text_is_expanded_alone_so_that_it_can_be_piped_on() {
    assert_eq!(
        run(&[
            "expand",
            "$MA-$(MA:0:2)-$$-$NOPE",
            "--macro",
            "MA=000e08012345"
        ])
        .status,
        0
    );
    let ended = run(&[
        "expand",
        "http://$A/$MA.xml",
        "--set",
        "GPP_A=h",
        "--macro",
        "MA=000e08012345",
    ]);
    assert_eq!(
        (ended.text(), ended.stderr.as_str()),
        ("http://h/000e08012345.xml\n", "")
    );
    let document = run(&["expand", "$MA", "--json"]).document("expand");
    assert_eq!(document["expanded"], "000e08012345");
}

#[test]
fn a_text_may_come_from_a_file_or_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rule");
    std::fs::write(&path, "$PN \r\n").unwrap();
    let at = format!("@{}", path.display());
    assert_eq!(run(&["expand", &at]).text(), "CP-8841-3PCC \n");
    assert_eq!(
        run_with(&["expand", "-"], b"$PN\n").text(),
        "CP-8841-3PCC\n"
    );
    let missing = run(&["expand", "@/nonexistent"]);
    assert_eq!(missing.status, 2);
    assert!(
        missing.stderr.contains("/nonexistent"),
        "{}",
        missing.stderr
    );
    assert_eq!(run_with(&["expand", "-"], b"\xff").status, 2);
}

#[test]
fn what_is_misspelt_is_a_usage_error_with_a_hint() {
    for (option, value, said) in [
        ("--set", "GPPA=1", "did you mean `GPP_A`"),
        ("--set", "GPP_A", "NAME=VALUE"),
        ("--set", "=x", "NAME=VALUE"),
        ("--macro", "ma=1", "`ma` is no macro"),
        ("--reading", "trigger=fire", "`trigger` is unknown"),
        ("--reading", "triggers=maybe", "cannot be `maybe`"),
        ("--family", "x", "mpp"),
        ("--release", "9", "11.3"),
        ("--cause", "x", "periodic"),
    ] {
        let ended = run(&["expand", "x", option, value]);
        assert_eq!((ended.status, ended.text()), (2, ""), "{option} {value}");
        assert!(
            ended.stderr.contains(said),
            "{option} {value}: {}",
            ended.stderr
        );
    }
    assert_eq!(run(&["explain", "x"]).status, 2);
    assert_eq!(run(&["explain", "--kind", "nonsense", "x"]).status, 2);
}

#[test]
fn the_phone_can_be_described_by_its_own_page_by_dhcp_and_by_the_time() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("cfg.xml");
    std::fs::write(
        &page,
        "<flat-profile><GPP_A>x</GPP_A><GPP_B>y</GPP_B></flat-profile>",
    )
    .unwrap();
    let page = page.to_str().unwrap();
    let ended = run(&[
        "explain",
        "--kind",
        "profile",
        "/$A/$B",
        "--params",
        page,
        "--set",
        "GPP_B=z",
        "--dhcp",
        "66=192.0.2.10",
        "--json",
    ]);
    let document = ended.document("explain");
    assert_eq!(document["url"], "tftp://192.0.2.10:69/x/z");
    assert_eq!(document["server_source"], "dhcp");
    assert_eq!(document["dhcp_option"], 66);
    let ended = run(&[
        "explain",
        "--kind",
        "schedule",
        "60",
        "--at",
        "2026-11-27T23:59:30",
        "--json",
    ]);
    let document = ended.document("explain");
    assert_eq!(document["steps"][0]["earliest"], "2026-11-28 00:00:30");
}

#[test]
fn a_phone_that_cannot_be_is_usage() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.xml");
    std::fs::write(&bad, "<flat-profile>").unwrap();
    let bad = bad.to_str().unwrap();
    for (option, value, says) in [
        ("--params", bad, "line 1, column 1"),
        ("--params", "/no/such/file", "/no/such/file"),
        ("--dhcp", "66=", "option 66 names no server"),
        ("--dhcp", "300=h", "the number of an option"),
        ("--at", "noon", "write a local time"),
        ("--set", "GPP_Z=1", "unknown"),
    ] {
        let ended = run(&["explain", "--kind", "profile", "/a", option, value]);
        assert_eq!((ended.status, ended.text()), (2, ""), "{option} {value}");
        assert!(ended.stderr.contains(says), "{option}: {}", ended.stderr);
    }
}
