//! What goes wrong beside the phone, and that every effect still gets its one completion.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use onhook_device::Outcome;
use onhook_driver::Exit;
use onhook_fetch::{ErrorKind, Head};
use onhook_params::port::StoreError;
use onhook_phone::{Answer, Notice, TimerKind};
use onhook_testkit::fake::{FetchAnswer, MockConfigStore};

use crate::diary::Seen;
use crate::transports::{Endless, Panicking, PanickingState};
use crate::world::{Home, profile};

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_profile_is_reported_with_its_place_and_the_remedy() {
    for (body, outcome, place, remedy) in [
        (
            "<flat-profile>\n<GPP_A>1</GPP_B></flat-profile>",
            Outcome::ParseFailed,
            "line 2",
            "close that element first",
        ),
        (
            "<html></html>",
            Outcome::ParseFailed,
            "flat-profile",
            "profile",
        ),
        ("", Outcome::EmptyFile, "empty", ""),
    ] {
        let home = Home::new().with("GPP_A", "old");
        home.fetch.answer("http://h:80/p", body);
        let mut life = home.booted().await;
        life.run_for(1).await;
        let report = life.report();
        assert_eq!(report.outcome, outcome);
        let rule = &report.rules[0];
        let message = rule.message.clone().unwrap();
        assert!(message.contains(place), "{message}");
        assert!(message.contains(remedy), "{message}");
        assert_eq!((rule.outcome, rule.container), (outcome, None));
        assert_eq!(rule.bytes, body.len() as u64);
        assert_eq!(report.next, [(TimerKind::Retry, 3600)]);
        assert_eq!(life.value("GPP_A"), "old");
        let told = life.diary.all();
        assert!(
            told.iter()
                .any(|(_, _, seen)| matches!(seen, Seen::Fetched(None)))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_of_a_server_are_in_the_message_and_in_the_report() {
    let home = Home::new();
    let says = FetchAnswer::Says(ErrorKind::Tftp(2), "Access violation".to_owned());
    home.fetch.answer("http://h:80/p", says);
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Tftp(2));
    assert_eq!(report.said(), Some("Access violation"));
    let failure = report.messages.last().unwrap();
    assert!(
        failure.ends_with("tftp error 2: Access violation"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn bodies_of_every_size_arrive_whole_up_to_the_limit() {
    const LIMIT: usize = 5 * 1024 * 1024;
    let smallest = profile("<GPP_A>1</GPP_A>").len();
    for size in [smallest, 999, 1000, 1001, 300_000, LIMIT] {
        let padding = " ".repeat(size - smallest);
        let home = Home::new().serving(&format!("{padding}<GPP_A>1</GPP_A>"));
        let mut life = home.booted().await;
        life.run_for(1).await;
        let report = life.report();
        assert_eq!(report.outcome, Outcome::Applied, "{size} bytes");
        assert_eq!(report.rules[0].bytes, size as u64);
        assert_eq!(life.value("GPP_A"), "1");
    }
    let bytes = profile(&" ".repeat(LIMIT)).into_bytes();
    for head in [
        Head::default(),
        Head {
            length: Some(bytes.len() as u64),
            ..Head::default()
        },
    ] {
        let home = Home::new();
        let bytes = bytes.clone();
        home.fetch
            .answer("http://h:80/p", FetchAnswer::Body { head, bytes });
        let mut life = home.booted().await;
        life.run_for(1).await;
        assert_eq!(life.report().outcome, Outcome::TooLarge);
    }
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_a_body_that_ended_early_are_counted_and_not_applied() {
    let home = Home::new().with("GPP_A", "old");
    let begun = b"<flat-profile><GPP_A>new</GPP_A>".to_vec();
    home.fetch
        .answer("http://h:80/p", FetchAnswer::EndsEarly(begun.clone()));
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Truncated);
    assert_eq!(report.rules[0].bytes, begun.len() as u64);
    assert_eq!(life.value("GPP_A"), "old");
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_costs_one_transfer_and_its_time_limit() {
    let home = Home::new();
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Stalls(b"<flat".to_vec()));
    let mut life = home.booted().await;
    life.run_for(181).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Timeout);
    assert_eq!((report.rules[0].bytes, report.rules[0].ms), (5, 180_000));
    assert_eq!(home.fetch.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_resync_ends_after_15_minutes_even_if_its_transfer_never_does() {
    let endless = Arc::new(Endless::default());
    let mut home = Home::new();
    home.http = endless.clone();
    let mut life = home.booted().await;
    life.run_for(899).await;
    assert_eq!(life.reports(), []);
    assert_eq!(endless.ended.load(Ordering::SeqCst), 0);
    life.run_for(2).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Timeout);
    assert_eq!(report.outcome.code(), "C.timeout");
    assert_eq!(
        report.rules[0].message.as_deref(),
        Some(
            "the whole resync took longer than 15 minutes and was ended: check the server and the way to it"
        )
    );
    assert!(report.messages[1].ends_with(" -- Resync failed: timeout"));
    let counts = |e: &Endless| {
        (
            e.begun.load(Ordering::SeqCst),
            e.ended.load(Ordering::SeqCst),
        )
    };
    assert_eq!(counts(&endless), (1, 1), "the transfer is dropped");
    // Its one completion comes late and changes nothing.
    assert_eq!(life.status().await.stale_completions, 1);
    let told = life.diary.all();
    let fetched = told
        .iter()
        .filter(|(_, _, s)| matches!(s, Seen::Fetched(_)));
    assert_eq!(fetched.count(), 1);
    let done = |notice: &Notice| matches!(notice, Notice::RuleDone { .. });
    let notices = life.notices();
    assert_eq!(notices.iter().filter(|(_, _, n)| done(n)).count(), 1);
    // And the phone tries again after its error retry delay.
    life.run_for(3600).await;
    assert_eq!(life.requests(), [0, 900 + 3600]);
    assert_eq!(counts(&endless), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_changes_nothing_and_fails_the_resync() {
    let mut store = MockConfigStore::new();
    let mut calls = 0;
    store.expect_commit().times(2).returning(move |changes| {
        calls += 1;
        assert_eq!(changes.len(), 1);
        if calls > 1 {
            return Ok(true);
        }
        Err(StoreError::Medium {
            message: "params.v1 cannot be written: free some space".into(),
            source: Some("No space left on device".into()),
        })
    });
    let mut home = Home::new()
        .with("GPP_A", "old")
        .with("Resync_Error_Retry_Delay", "60")
        .serving("<GPP_A>new</GPP_A>");
    home.config_port = Arc::new(store);
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Internal);
    assert_eq!(life.value("GPP_A"), "old");
    assert_eq!((report.changes.len(), report.flash_writes), (0, 0));
    let rule = &report.rules[0];
    assert_eq!((rule.outcome, rule.changed), (Outcome::Internal, 0));
    assert_eq!(
        rule.message.as_deref(),
        Some("params.v1 cannot be written: free some space: No space left on device")
    );
    assert!(report.messages[1].ends_with(" -- Resync failed: internal error"));
    // The store recovers, and so does the phone.
    life.run_for(60).await;
    assert_eq!(life.value("GPP_A"), "new");
    let second = life.reports().pop().unwrap();
    assert_eq!(second.changes, [("GPP_A".to_owned(), "new".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_of_assignments_is_told_at_its_own_rule() {
    let home = Home::new()
        .with("Profile_Rule_B", "(GPP_B=\"2\")! http://h/q")
        .serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    // The first commit is that of the profile.
    home.config
        .power()
        .cut_at_write(2, onhook_testkit::fake::Cut::Before);
    life.run_for(1).await;
    let report = life.report();
    let rules: Vec<_> = report
        .rules
        .iter()
        .map(|rule| (rule.outcome, rule.message.is_some()))
        .collect();
    assert_eq!(
        rules,
        [(Outcome::Applied, false), (Outcome::Internal, true)],
        "{report:#?}"
    );
    assert_eq!(home.fetch.urls(), ["http://h:80/p"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_saved_is_a_warning_and_fails_nothing() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.state.power().refuse_writes();
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!((report.flash_writes, report.state_writes), (1, 0));
    let [warning] = report.warnings.as_slice() else {
        panic!("{:?}", report.warnings);
    };
    assert_eq!(warning.code, "state-not-saved");
    assert!(warning.message.contains("refuses writes"), "{warning:?}");
    assert_eq!(report.rules[0].message, None);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_fails_its_rule_and_no_more() {
    let mut home = Home::new().with("Resync_Error_Retry_Delay", "60");
    home.http = Arc::new(Panicking);
    let mut life = home.booted().await;
    assert_eq!(life.run_for(61).await, Exit::Shutdown);
    let outcomes: Vec<_> = life.reports().iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [Outcome::Internal; 2]);
    let report = life.reports().pop().unwrap();
    let message = report.rules[0].message.clone().unwrap();
    assert!(message.contains("please report this"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_keeps_neither_report_nor_later_writes_waiting() {
    let mut home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.state_port = Arc::new(PanickingState);
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Applied);
    let warning = &report.warnings[0];
    assert!(
        warning.message.contains("please report this"),
        "{warning:?}"
    );
    assert_eq!(life.say("set GPP_B 2").await, Some(Answer::Done));
    assert_eq!(home.stored("GPP_B").as_deref(), Some("2"));
}
