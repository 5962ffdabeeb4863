//! What a phone did, told again from its journal.

use std::fs;

use onhook_tests::{Ended, replay, until, violations};
use serde_json::Value;

use crate::{Bench, event};

/// What a replay tells, which must hold.
#[track_caller]
fn told(journal: &str) -> (Ended, Value) {
    let ended = replay(journal, &["--json"]).unwrap();
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let wrong = violations("onhook.replay/1", &document).unwrap();
    assert!(wrong.is_empty(), "{document:#}\n{}", wrong.join("\n"));
    (ended, document)
}

#[test]
fn the_journal_of_a_phone_replays_to_the_same_effects() {
    let bench = Bench::new();
    let journal = bench.agent.place("journal").display().to_string();
    let run = ["run", "--events", "-", "--journal", &journal];
    bench.serve(&[
        ("GPP_A", "x"),
        ("GPP_SA", "k3y"),
        ("Web_Server_Port", "8081"),
        (
            "Profile_Rule",
            "( \"$A\" ne \"x\" )? /other | [--key $SA --pwd pw1] /$PSN.xml?$A",
        ),
        ("Resync_Error_Retry_Delay", "3600"),
        ("Resync_Trigger_1", "$PRVTMR gt 4000000000"),
    ]);
    // The first profile wants a restart, and its rule needs a key that the second life has.
    let mut running = bench.agent.start(&run).unwrap();
    event(&mut running, "reboot");
    until("the second life", || {
        let status = bench.agent.status().ok()?;
        (status["history"][0]["reason"] == "Provisioning").then_some(())
    })
    .unwrap();
    bench.set("GPP_B", "by hand");
    let busy = bench.agent.run(&["ctl", "line", "1", "busy"]).unwrap();
    assert_eq!(busy.code, Some(0), "{busy:?}");
    let asked = bench.agent.run(&["ctl", "resync"]).unwrap();
    assert_eq!(asked.code, Some(3), "{asked:?}");
    running.kill().unwrap();

    // Power comes back; what the last life left in the file stays there.
    let mut running = bench.agent.start(&run).unwrap();
    event(&mut running, "resync.done");
    let text = || fs::read_to_string(&journal).unwrap();
    until("the end of the resync", || {
        let text = text();
        (text.ends_with('\n') && text.contains("resync done: fnf")).then_some(())
    })
    .unwrap_or_else(|_| panic!("{}", text()));
    running.kill().unwrap();

    let (ended, document) = told(&journal);
    assert_eq!(ended.code, Some(0), "{document:#}");
    assert_eq!(document["same"], true);
    assert_eq!(document["lives"], 3);
    for secret in ["k3y", "pw1"] {
        assert!(!text().contains(secret), "{}", text());
    }
    let words = replay(&journal, &[]).unwrap();
    assert_eq!(words.code, Some(0), "{words:?}");
    for sentence in [
        "a resync starts: the phone has started (Resync_On_Reset is `Yes`)",
        "wants to restart and remembers why: Provisioning",
        "GPP_B is set to `by hand`",
        "a resync is asked for",
        "it waits until all lines are idle",
        "x\" is false",
        "alternative 2 is carried out",
        "next: retry in 3600 s (Resync_Error_Retry_Delay is `3600`)",
        "the same as recorded",
    ] {
        assert!(
            words.out.contains(sentence),
            "no `{sentence}` in\n{}",
            words.out
        );
    }
}

#[test]
fn a_journal_that_is_changed_or_cut_is_told_to_be() {
    let bench = Bench::new();
    let journal = bench.agent.place("journal").display().to_string();
    bench.serve(&[("Resync_Periodic", "3600")]);
    let run = ["run", "--events", "-", "--journal", &journal];
    let mut running = bench.agent.start(&run).unwrap();
    event(&mut running, "resync.done");
    onhook_tests::signal("TERM", running.id()).unwrap();
    running.end().unwrap();
    let text = fs::read_to_string(&journal).unwrap();

    fs::write(
        &journal,
        text.replace("resync done: applied", "resync done: fnf"),
    )
    .unwrap();
    let (ended, document) = told(&journal);
    assert_eq!(ended.code, Some(1));
    assert_eq!(document["differences"], 1, "{document:#}");

    fs::write(&journal, &text[..text.len() - 10]).unwrap();
    let (ended, document) = told(&journal);
    assert_eq!((ended.code, &document["cut"]), (Some(0), &true.into()));

    let (first, rest) = text.split_once('\n').unwrap();
    fs::write(&journal, format!("{first}\n{{\"missed\":2}}\n{rest}")).unwrap();
    let (ended, document) = told(&journal);
    assert_eq!((ended.code, &document["same"]), (Some(1), &false.into()));

    for content in ["", "hello\n", "hello"] {
        fs::write(&journal, content).unwrap();
        let ended = replay(&journal, &[]).unwrap();
        assert_eq!(ended.code, Some(2), "{content}: {ended:?}");
        assert!(ended.err.contains(&journal), "{ended:?}");
    }
}

#[test]
fn a_journal_that_cannot_be_written_does_not_stop_the_phone() {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "x")]);
    let run = ["run", "--events", "-", "--journal", "/dev/full"];
    let mut running = bench.agent.start(&run).unwrap();
    assert_eq!(event(&mut running, "resync.done")["err"], "OK");
    assert_eq!(bench.get("GPP_A"), "x");
    onhook_tests::signal("TERM", running.id()).unwrap();
    let ended = running.end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("no more journal"), "{ended:?}");
    let refused = bench
        .agent
        .run(&["run", "--journal", "/no/such/place"])
        .unwrap();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .err
            .contains("journal cannot be written to /no/such/place")
    );
    let both = ["run", "--events", "-", "--journal", "-"];
    let refused = bench.agent.run(&both).unwrap();
    assert_eq!(refused.code, Some(2), "{refused:?}");
}
