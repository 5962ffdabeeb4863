//! Each kind of expectation, fulfilled and not.

use onhook_scenario::{DutKind, Verdict, read, run};

use crate::common::{Alone, GIVEN, fails, options, passes, report, row};

const BOOT: &str = "{ do = \"boot\" },";

fn booted(steps: &str) -> String {
    format!("{BOOT}\n{steps}")
}

#[test]
fn requests_are_expected_in_order_and_in_their_window() {
    passes(&booted(
        r#"{ expect = "request", url = "/p.xml", prvst = 0, method = "GET" },
           { expect = "request", url = "{http}/p.xml", at = "1h", prvst = 1 },
           { expect = "request", url = "*.xml", within = "3500..3700s" },
           { expect = "request", within = "10799..10801s", after = "boot" },"#,
    ));
    let first = "{ expect = \"request\" },\n";
    for (steps, why) in [
        (
            "{ expect = \"request\", url = \"/q.xml\" }",
            "GET http://prov.example/p.xml ($PRVST 0) came at 0s instead",
        ),
        ("{ expect = \"request\", prvst = 1 }", "came at 0s instead"),
        (
            "{ expect = \"request\", method = \"POST\" }",
            "came at 0s instead",
        ),
        (
            &format!("{first}{{ expect = \"request\" }}"),
            "nothing came until 0s",
        ),
        (
            &format!("{first}{{ expect = \"request\", at = \"3599s\" }}"),
            "nothing came until 59m59s; nothing of this kind",
        ),
        (
            &format!("{first}{{ expect = \"request\", at = \"3601s\" }}"),
            "came at 1h, before the window opens at 1h1s",
        ),
    ] {
        fails(&booted(steps), why);
    }
}

#[test]
fn waiting_lets_requests_pass_and_expecting_none_does_not() {
    passes(&booted(
        r#"{ do = "wait", for = "2h" },
           { expect = "request", at = "1h" }"#,
    ));
    passes(&booted(
        r#"{ expect = "request" },
           { expect = "no-request", for = "1h" },
           { expect = "request" },
           { expect = "no-request", url = "/q*", for = "2h" },
           { expect = "request" }"#,
    ));
    let first = "{ expect = \"request\" },\n";
    fails(
        &booted("{ expect = \"no-request\", for = \"1s\" }"),
        "GET http://prov.example/p.xml ($PRVST 0) came at 0s",
    );
    fails(
        &booted(&format!(
            "{first}{{ expect = \"no-request\", for = \"3601s\" }}"
        )),
        "came at 1h",
    );
}

#[test]
fn messages_are_expected_by_form_and_severity_in_any_order() {
    passes(&booted(
        r#"{ expect = "syslog", text = "*Successful resync*", severity = "info" },
           { expect = "syslog", text = "*Requesting resync*" },
           { expect = "no-syslog", for = "1h" }"#,
    ));
    fails(
        &booted("{ expect = \"syslog\", text = \"*failed*\" }"),
        "nothing came until 0s; seen: the message `CP-8841-3PCC 00:0e:08:01:23:45 -- Requesting",
    );
    fails(
        &booted("{ expect = \"syslog\", severity = \"error\" }"),
        "nothing came",
    );
    fails(
        &booted("{ expect = \"no-syslog\", text = \"*Requesting*\", for = \"1s\" }"),
        "came at 0s",
    );
    // Each message is taken once.
    fails(
        &booted(
            "{ expect = \"syslog\", text = \"*Requ*\" },\n{ expect = \"syslog\", text = \"*Requ*\" }",
        ),
        "nothing came",
    );
}

#[test]
fn events_and_outcomes_are_expected_with_their_fields() {
    passes(&booted(
        r#"{ expect = "event", event = "resync.started", fields = { cause = "boot", prvst = 0 } },
           { expect = "event", event = "profile.applied", fields = { param = "Profile_Rule", changed = 1 } },
           { expect = "outcome", is = "A.*", err = "OK" },
           { expect = "no-event", event = "profile.failed", for = "1h" }"#,
    ));
    fails(
        &booted("{ expect = \"outcome\", is = \"B.*\" }"),
        "the event resync.done (err OK, outcome A.applied) at 0s",
    );
    fails(
        &booted("{ expect = \"event\", event = \"resync.done\", fields = { cause = \"x\" } }"),
        "nothing came",
    );
    fails(
        &booted("{ expect = \"no-event\", event = \"timer.armed\", for = \"1s\" }"),
        "the event timer.armed (in_s 3600, timer periodic) came at 0s",
    );
}

#[test]
fn restarts_are_expected_with_their_reason() {
    let change = r#"{ do = "file", path = "/p.xml", set = { Web_Server_Port = "8080" } },
                    { do = "resync" },"#;
    passes(&booted(&format!(
        "{change}\n{{ expect = \"reboot\", reason = \"Provisioning\" }},\n{{ expect = \"no-reboot\", for = \"2h\" }}"
    )));
    fails(
        &booted(&format!(
            "{change}\n{{ expect = \"reboot\", reason = \"Upgrade\" }}"
        )),
        "seen: a restart (Provisioning) at 0s",
    );
    fails(
        &booted(&format!(
            "{change}\n{{ expect = \"no-reboot\", for = \"1s\" }}"
        )),
        "a restart (Provisioning) came at 0s",
    );
    fails(&booted("{ expect = \"reboot\" }"), "nothing came until 0s");
}

#[test]
fn parameters_states_and_timers_are_expected_to_be_so_within_their_window() {
    passes(&booted(
        r#"{ expect = "param", name = "GPP_A", is = "x" },
           { expect = "param", name = "Profile_Rule", is = "{http}/p.xml" },
           { expect = "param", name = "Profile_Rule", like = "*/p.xml" },
           { expect = "state", is = "waiting" },
           { expect = "timer", timer = "periodic", in = "1h" },
           { expect = "timer", timer = "periodic", in = "3599..3601s" },
           { do = "file", path = "/p.xml", set = { GPP_A = "y", Resync_Periodic = "0" } },
           { expect = "param", name = "GPP_A", is = "y", within = "2h" },"#,
    ));
    passes(&booted(
        r#"{ do = "set", params = { Resync_Periodic = "0" } },
           { expect = "no-timer" }"#,
    ));
    passes(&booted(
        r#"{ do = "power-off" },
           { expect = "state", is = "off" }"#,
    ));
    for (step, why) in [
        (
            "{ expect = \"param\", name = \"GPP_A\", is = \"y\" }",
            "it is `x`",
        ),
        (
            "{ expect = \"param\", name = \"GPP_A\", like = \"y*\", within = \"2h\" }",
            "it is `x`",
        ),
        (
            "{ expect = \"param\", name = \"GPP_SA\", is = \"y\" }",
            "expect GPP_SA to be `***`: it is another secret",
        ),
        (
            "{ expect = \"state\", is = \"error-wait\" }",
            "it is waiting",
        ),
        (
            "{ expect = \"timer\", timer = \"retry\" }",
            "periodic ends in 1h",
        ),
        (
            "{ expect = \"timer\", timer = \"periodic\", in = \"60s\" }",
            "periodic ends in 1h",
        ),
        ("{ expect = \"no-timer\" }", "periodic ends in 1h"),
    ] {
        fails(&booted(step), why);
    }
}

#[test]
fn a_failed_row_names_its_step_and_tells_the_phone_in_words() {
    let row = row(&booted(
        "{ expect = \"param\", name = \"GPP_A\", is = \"y\" }",
    ));
    assert!(
        row.why
            .starts_with("step 2, line 4: expect GPP_A to be `y`: it is"),
        "{}",
        row.why
    );
    assert_eq!(row.steps.len(), 2);
    assert_eq!(row.steps[1].at, None);
    let story = row.story.join("\n");
    assert!(
        story.contains("a resync starts: the phone has started"),
        "{story}"
    );
    let journal = row.journal.unwrap();
    assert!(
        journal.starts_with("{\"life\":{\"schema\":\"onhook.journal/1\""),
        "{journal}"
    );
}

#[test]
fn a_journal_of_a_row_replays_to_the_same_effects() {
    let row = row(&booted(
        r#"{ do = "fault", fault = "status=503" },
           { do = "resync", rule = "[--key secret] {https}/other.xml" },
           { do = "wait", for = "1d" },
           { do = "power-cycle" },
           { expect = "param", name = "GPP_A", is = "y" }"#,
    ));
    let journal = row.journal.unwrap();
    assert!(!journal.contains("secret]"), "{journal}");
    let mut teller = onhook_replay::Teller::default();
    for line in journal.lines() {
        teller.line(line).unwrap();
    }
    assert!(teller.summary().is_same(), "{:?}", teller.summary());
    assert_eq!(teller.summary().lives, 2);
}

#[test]
fn faults_are_what_they_are_called() {
    for (fault, rule, err) in [
        ("status=503", "{http}/p.xml", "http status 503"),
        ("status=404", "{http}/p.xml", "file not found"),
        ("status=401", "{http}/p.xml", "authentication failed"),
        ("status=503", "{tftp}/p.xml", "OK"),
        ("error=2", "{tftp}/p.xml", "tftp error 2"),
        ("error=1", "{tftp}/p.xml", "file not found"),
        ("error=2", "{http}/p.xml", "OK"),
        ("refused", "{http}/p.xml", "connect failed"),
        ("dns", "{http}/p.xml", "dns lookup failed"),
        ("truncate=10", "{http}/p.xml", "transfer incomplete"),
        ("tls=alert", "{https}/p.xml", "tls handshake failed"),
        ("tls=expired", "{https}/p.xml", "certificate verify failed"),
        (
            "tls=wrong-name",
            "{https}/p.xml",
            "certificate name mismatch",
        ),
        ("tls=wrong-name", "{http}/p.xml", "OK"),
        ("wrong-key", "[--key k] {http}/p.xml", "decrypt failed"),
        ("body=html", "{http}/p.xml", "parse failed"),
        ("body=empty", "{http}/p.xml", "empty file"),
    ] {
        passes(&booted(&format!(
            r#"{{ do = "fault", fault = "{fault}" }},
               {{ do = "resync", rule = "{rule}" }},
               {{ expect = "outcome", err = "{err}" }}"#
        )));
    }
    passes(&booted(
        r#"{ do = "fault", path = "/p.xml", fault = "stall" },
           { do = "resync" },
           { expect = "no-event", event = "resync.done", for = "30s" },
           { expect = "outcome", err = "timeout" },
           { do = "clear-fault", path = "/p.xml" },
           { do = "fault", path = "/p.xml", fault = "delay=5s" },
           { do = "resync" },
           { expect = "outcome", is = "A.applied", at = "5s" }"#,
    ));
}

#[test]
fn files_are_packed_as_they_are_told() {
    for (packing, rule) in [
        ("gzip = true", "{http}/q.xml"),
        ("key = \"k\"", "[--key k] {http}/q.xml"),
        (
            "key = \"k\", digest = \"md5\", gzip = true",
            "[--key k] {http}/q.xml",
        ),
        ("ikm = \"k\"", "{http}/q.xml?query=1"),
    ] {
        passes(&format!(
            r#"{{ do = "file", path = "/q.xml", set = {{ GPP_B = "packed <&> {{host}}" }}, {packing} }},
               {{ do = "boot" }},
               {{ do = "set", params = {{ IKM_HTTP_Encrypt_Content = "k" }} }},
               {{ do = "resync", rule = "{rule}" }},
               {{ expect = "outcome", is = "A.applied" }},
               {{ expect = "param", name = "GPP_B", is = "packed <&> prov.example" }}"#
        ));
    }
}

#[test]
fn rows_that_cannot_be_run_say_why() {
    let text = "[[scenario]]\nid = \"touch\"\ndut = [\"external\"]\nstep = [{ do = \"boot\" }]\n\
                [[scenario]]\nid = \"later\"\npending = \"SIP\"\nstep = [{ do = \"boot\" }]\n\
                [[scenario]]\nid = \"agent\"\ndut = [\"agent\"]\nstep = [{ do = \"boot\" }]\n";
    let rows = report(text).unwrap().rows;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.verdict, row.why.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                Verdict::NeedsHandset,
                "only a real phone can show it: --dut external"
            ),
            (Verdict::Skip, "pending: SIP"),
            (Verdict::Skip, "it is written for agent only"),
        ]
    );
    let long = format!(
        "id = \"t\"\nstep = [{{ do = \"boot\" }}, {{ do = \"wait\", for = \"21s\" }}]\n{GIVEN}"
    );
    let scenarios = read("t.toml", &long).unwrap();
    let duts = options(&[DutKind::Agent, DutKind::Virtual]);
    let rows = run(&scenarios, &duts, &mut Alone::default()).unwrap().rows;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.verdict, row.why.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Verdict::Skip, "it takes 21s at least, and 20s is the limit"),
            (Verdict::Pass, ""),
        ]
    );
}

#[test]
fn what_is_about_packets_is_skipped_in_virtual_time() {
    for (steps, what) in [
        (
            "{ do = \"fault\", fault = \"loss=20%\" },\n{ do = \"boot\" }",
            "line 3: virtual time has no packets, and `loss=20%` is about them",
        ),
        (
            "{ do = \"boot\" },\n{ expect = \"request\", head = [\"*\"] }",
            "line 4: virtual time has no packets, and the head of a request is about them",
        ),
    ] {
        let row = row(steps);
        assert_eq!((row.verdict, row.why.as_str()), (Verdict::Skip, what));
    }
}

#[test]
fn a_run_that_is_ended_keeps_the_rows_that_it_has() {
    let rows = "[[scenario]]\nid = \"a\"\nstep = [{ do = \"boot\" }]\n[[scenario]]\nid = \"b\"\nstep = [{ do = \"boot\" }]\n";
    let scenarios = read("t.toml", rows).unwrap();
    let mut alone = Alone {
        most: Some(1),
        ended: 0,
    };
    let report = run(&scenarios, &options(&[DutKind::Virtual]), &mut alone).unwrap();
    assert!(report.interrupted);
    assert_eq!(report.rows.len(), 1);
}

#[test]
fn one_seed_gives_one_report() {
    let text = format!(
        "id = \"t\"\nstep = [{{ do = \"boot\" }}, {{ expect = \"request\", at = \"1ms\" }}]\n{}",
        GIVEN.replace(
            "Resync_Random_Delay = \"0\"",
            "Resync_Random_Delay = \"65535\""
        )
    );
    let whys: Vec<String> = (0..2)
        .map(|_| format!("{:?}", report(&text).unwrap().rows[0].seen))
        .collect();
    assert_eq!(whys[0], whys[1]);
}
