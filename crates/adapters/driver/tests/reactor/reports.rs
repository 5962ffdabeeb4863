//! What a report says.

use std::sync::Arc;
use std::time::Duration;

use onhook_crypto::{Digest, encrypt};
use onhook_device::Outcome;
use onhook_params::port::{ConfigStore, StoredParam};
use onhook_params::{Secrecy, Values};
use onhook_phone::port::StateStore;
use onhook_phone::{Boot, Cause, RuleSlot, StateRecord, TimerKind};

use crate::transports::SlowState;
use crate::world::{Home, id, profile, resynced};

#[tokio::test(start_paused = true)]
async fn a_report_holds_rules_changes_warnings_writes_and_timers() {
    let home = Home::new()
        .with(
            "Profile_Rule_B",
            "(GPP_C=\"assigned\";Nonsense_Name=\"x\")! [--key k] http://h:8080/q?a=b",
        )
        .with("Profile_Rule_C", "(\"$A\" eq \"no\")? http://h/never")
        .serving(
            "<GPP_B>b</GPP_B>\n<GPP_A>a</GPP_A>\n<Statoin_Name>typo</Statoin_Name>\n\
             <Resync_Periodic>7200</Resync_Periodic><GPP_SA>secret-1</GPP_SA>\
             <Profile_Rule>[--key \"secret-2\"] http://h/p</Profile_Rule>",
        );
    let sealed = encrypt(
        profile("<GPP_D>d</GPP_D>").as_bytes(),
        b"k",
        Digest::Sha256,
        [7; 8],
    );
    home.fetch.answer("http://h:8080/q?a=b", sealed.as_slice());
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(
        (report.outcome, report.cause),
        (Outcome::Applied, Cause::Boot)
    );
    let [first, second] = report.rules.as_slice() else {
        panic!("{:#?}", report.rules);
    };
    assert_eq!((first.slot, first.changed), (RuleSlot::A, 5));
    assert_eq!(first.url.as_deref(), Some("http://h:80/p"));
    assert_eq!(first.server_ip.unwrap().to_string(), "192.0.2.10");
    assert_eq!((first.container, first.gzip), (Some("none"), false));
    assert_eq!(second.slot, RuleSlot::B);
    assert_eq!(second.url.as_deref(), Some("http://h:8080/q?a=b"));
    assert_eq!(second.container, Some("salted-sha256"));
    assert_eq!(second.bytes, sealed.len() as u64);
    assert_eq!((second.changed, second.message.clone()), (2, None));
    let changes: Vec<_> = report
        .changes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            ("Resync_Periodic", "7200"),
            ("Profile_Rule", "[--key ***] http://h/p"),
            ("GPP_A", "a"),
            ("GPP_B", "b"),
            ("GPP_C", "assigned"),
            ("GPP_D", "d"),
            ("GPP_SA", "***"),
        ]
    );
    let [typo, assignment] = report.warnings.as_slice() else {
        panic!("{:#?}", report.warnings);
    };
    assert_eq!((typo.code.as_str(), typo.line), ("unknown", Some(3)));
    assert_eq!(typo.subject, "Statoin_Name");
    assert!(typo.message.contains("did you mean Station_Name?"));
    assert_eq!(assignment.code, "assignment");
    assert_eq!((assignment.line, assignment.column), (None, None));
    assert!(assignment.message.contains("left out"), "{assignment:?}");
    // Profile, assignment, second profile; and that a resync has succeeded.
    assert_eq!((report.flash_writes, report.state_writes), (3, 1));
    assert!(!report.reboot);
    assert_eq!(report.next, [(TimerKind::Periodic, 7200)]);
    assert_eq!(report.messages, home.log.texts());
    assert_eq!(report.messages.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_profile_changes_and_writes_nothing() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    let writes = home.config.power().writes() + home.state.power().writes();
    let report = resynced(life.say("resync").await);
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!((report.changes.len(), report.rules[0].changed), (0, 0));
    assert_eq!((report.flash_writes, report.state_writes), (0, 0));
    assert_eq!(
        home.config.power().writes() + home.state.power().writes(),
        writes
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_put_back_to_the_factory_one_is_shown_as_that() {
    let home = Home::new()
        .with("Resync_Periodic", "60")
        .serving("<Resync_Periodic/>");
    home.fetch.answer(
        "http://h:80/p",
        profile("<Resync_Periodic>3600</Resync_Periodic><GPP_SA>x</GPP_SA>").as_str(),
    );
    let mut life = home.booted().await;
    life.run_for(1).await;
    let body = profile("<Resync_Periodic>3600</Resync_Periodic><GPP_SA>\"\"</GPP_SA>");
    home.fetch.answer("http://h:80/p", body.as_str());
    let first = life.report();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        first.changes,
        [pair("Resync_Periodic", "3600"), pair("GPP_SA", "***")]
    );
    let report = resynced(life.say("resync").await);
    assert_eq!(report.changes, [pair("GPP_SA", "***")]);
}

#[tokio::test(start_paused = true)]
async fn a_long_list_of_warnings_is_cut() {
    let mut settings = String::new();
    for n in 0..200 {
        settings.push_str(&format!("<Unknown_{n}/>"));
    }
    let home = Home::new()
        .with("Profile_Rule_B", "(Nonsense=\"x\")! http://h/p")
        .serving(&settings);
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.warnings.len(), 50);
    assert_eq!(report.warnings[49].subject, "Unknown_49");
}

#[tokio::test(start_paused = true)]
async fn a_report_waits_for_its_writes_and_none_is_lost_to_the_next_resync() {
    let mut home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.fetch
        .answer("http://h:80/q", profile("<GPP_B>2</GPP_B>").as_str());
    home.state_port = Arc::new(SlowState {
        inner: home.state.clone(),
        takes: Duration::from_secs(30),
    });
    let mut life = home.life(1).await;
    life.reactor.boot(Boot::Normal);
    life.turn().await;
    // Both run behind the boot resync, whose record is still being saved.
    let given = life.asker.say("resync http://h/q");
    life.run_for(20).await;
    assert_eq!(life.reports(), []);
    assert_eq!(home.fetch.urls().len(), 2, "the phone itself does not wait");
    let report = resynced(life.answer(given).await);
    assert_eq!(report.changes, [("GPP_B".to_owned(), "2".to_owned())]);
    assert_eq!((report.flash_writes, report.state_writes), (1, 0));
    let reports = life.reports();
    let causes: Vec<_> = reports.iter().map(|report| report.cause).collect();
    assert_eq!(causes, [Cause::Boot, Cause::Explicit]);
    let boot = &reports[0];
    assert_eq!(boot.changes, [("GPP_A".to_owned(), "1".to_owned())]);
    assert_eq!((boot.flash_writes, boot.state_writes), (1, 1));
    assert_eq!(boot.outcome, Outcome::Applied);
}

#[tokio::test(start_paused = true)]
async fn a_resync_with_nothing_to_do_has_no_rules_and_no_messages() {
    let home = Home::new().with("Profile_Rule", "");
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Skipped);
    assert_eq!((report.rules.len(), report.messages.len()), (0, 0));
    assert_eq!(report.next, [(TimerKind::Periodic, 3600)]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_a_server_and_one_for_another_network_say_what_to_do() {
    for (rule, domains, outcome, remedy) in [
        ("/only/a/path", "", Outcome::NoServer, "set option 66"),
        (
            "http://evil.example/p",
            "good.example",
            Outcome::ServerNotAllowed,
            "Restricted_Access_Domains",
        ),
        (
            "[--post] http://h/p",
            "",
            Outcome::BadRule,
            "Profile_Rule: ",
        ),
    ] {
        let home = Home::new()
            .with("Profile_Rule", rule)
            .with("Restricted_Access_Domains", domains);
        let mut life = home.booted().await;
        life.run_for(1).await;
        let report = life.report();
        assert_eq!(report.outcome, outcome);
        let message = report.rules[0].message.clone().unwrap();
        assert!(message.contains(remedy), "{message}");
        assert_eq!(home.fetch.urls().len(), 0);
        assert_eq!(report.messages.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_stores_held_already_is_no_write() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    // As after a power cut that came behind the write: the phone was never told.
    let mut values = Values::default();
    let provisioned = StateRecord {
        provisioned: true,
        server: values.intern("h", Secrecy::Plain),
        ..StateRecord::default()
    };
    home.state
        .save_state(&provisioned.encode(&values))
        .await
        .unwrap();
    let held = StoredParam {
        id: id("GPP_A"),
        value: Some("1".to_owned().into()),
        access: None,
        user_set: false,
    };
    home.config.commit(vec![held]).await.unwrap();
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.changes, [("GPP_A".to_owned(), "1".to_owned())]);
    assert_eq!((report.flash_writes, report.state_writes), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn seconds_left_are_rounded_up() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    for (millis, left) in [(1500, 3599), (499, 3599), (1, 3598)] {
        let pause = tokio::time::sleep(Duration::from_millis(millis));
        life.run_until(pause).await;
        assert_eq!(life.status().await.next, [(TimerKind::Periodic, left)]);
    }
}
