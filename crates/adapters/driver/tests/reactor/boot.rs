//! From power-up to the periodic resync.

use std::sync::{Arc, Mutex};

use onhook_device::Outcome;
use onhook_driver::{Exit, Fetched};
use onhook_fetch::ErrorKind;
use onhook_phone::{Cause, Notice, RuleSlot, TimerKind};
use onhook_testkit::fake::FetchAnswer;

use crate::diary::Seen;
use crate::transports::Watching;
use crate::world::{Home, profile};

#[tokio::test(start_paused = true)]
async fn a_phone_boots_fetches_applies_and_tells() {
    let home = Home::new().serving("<GPP_A>from the profile</GPP_A>");
    let mut life = home.booted().await;
    assert_eq!(life.run_for(1).await, Exit::Shutdown);
    assert_eq!(home.fetch.urls(), ["http://h:80/p"]);
    assert_eq!(life.value("GPP_A"), "from the profile");
    assert_eq!(home.stored("GPP_A").as_deref(), Some("from the profile"));
    assert!(home.record().provisioned);
    let texts = home.log.texts();
    assert_eq!(texts.len(), 2, "{texts:?}");
    let [request, success] = texts.as_slice() else {
        panic!("{texts:?}");
    };
    assert!(
        request.ends_with(" -- Requesting resync http://192.0.2.10:80/p"),
        "{request}"
    );
    assert!(
        success.ends_with(" -- Successful resync http://192.0.2.10:80/p -- OK"),
        "{success}"
    );
    let told = life.diary.all();
    let messages: Vec<_> = told
        .iter()
        .filter_map(|(_, _, seen)| match seen {
            Seen::Message(message) => Some(&message.text),
            Seen::Notice(..) | Seen::Resync(_) | Seen::Restart | Seen::Fetched(_) => None,
        })
        .collect();
    assert_eq!(messages, [request, success]);
    let url = told.iter().find_map(|(_, _, seen)| match seen {
        Seen::Notice(Notice::RuleStarted(..), url) => url.clone(),
        Seen::Notice(..)
        | Seen::Message(_)
        | Seen::Resync(_)
        | Seen::Restart
        | Seen::Fetched(_) => None,
    });
    assert_eq!(url.as_deref(), Some("http://h:80/p"));
    let body = profile("<GPP_A>from the profile</GPP_A>").len() as u64;
    let fetched = told.iter().find_map(|(_, _, seen)| match seen {
        Seen::Fetched(fetched) => fetched.clone(),
        Seen::Notice(..) | Seen::Message(_) | Seen::Resync(_) | Seen::Restart => None,
    });
    let expected = Fetched {
        bytes: body,
        container: "none",
        gzip: false,
    };
    assert_eq!(fetched, Some(expected));
}

//= R-HTTP-20 type=test
#[tokio::test(start_paused = true)]
async fn the_request_is_logged_before_the_transfer_goes_on() {
    let mut home = Home::new()
        .with("Profile_Rule_B", "http://h/q")
        .serving("<GPP_A>1</GPP_A>");
    home.fetch
        .answer("http://h:80/q", profile("<GPP_B>2</GPP_B>").as_str());
    let watching = Arc::new(Watching {
        log: home.log.clone(),
        inner: home.fetch.clone(),
        logged: Mutex::default(),
    });
    home.http = watching.clone();
    home.booted().await.run_for(1).await;
    let logged = watching.logged.lock().unwrap().clone();
    assert_eq!(logged.len(), 2);
    for (before, path) in logged.iter().zip(["/p", "/q"]) {
        let last = before.last().unwrap();
        // With the address that the transfer found, which no message before could name.
        assert!(
            last.ends_with(&format!("Requesting resync http://192.0.2.10:80{path}")),
            "{before:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_resync_comes_every_period() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(2 * 3600 + 1).await;
    assert_eq!(life.requests(), [0, 3600, 7200]);
    let causes: Vec<Cause> = life.reports().iter().map(|r| r.cause).collect();
    assert_eq!(causes, [Cause::Boot, Cause::Periodic, Cause::Periodic]);
    let next: Vec<_> = life.reports().into_iter().map(|r| r.next).collect();
    assert_eq!(next, vec![vec![(TimerKind::Periodic, 3600)]; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_after_the_delays_of_the_list() {
    let home = Home::new()
        .with("Resync_Error_Retry_Delay", "10,20")
        .with("Resync_Periodic", "1000");
    for _ in 0..4 {
        let fails = FetchAnswer::Fails(ErrorKind::HttpStatus(503));
        home.fetch.answer_next("http://h:80/p", fails);
    }
    home.fetch
        .answer("http://h:80/p", profile("<GPP_A>1</GPP_A>").as_str());
    let mut life = home.booted().await;
    life.run_for(1100).await;
    assert_eq!(life.requests(), [0, 10, 30, 50, 70, 1070]);
    let outcomes: Vec<Outcome> = life.reports().iter().map(|r| r.outcome).collect();
    let failed = Outcome::HttpStatus(503);
    assert_eq!(
        outcomes,
        [
            failed,
            failed,
            failed,
            failed,
            Outcome::Applied,
            Outcome::Applied
        ]
    );
    let first = life.reports().swap_remove(0);
    assert_eq!(first.next, [(TimerKind::Retry, 10)]);
    assert!(first.messages[1].ends_with(" -- Resync failed: http status 503"));
}

/// Without the network being asked for the time, timers keep theirs.
//= R-SM-27 type=test
#[tokio::test(start_paused = true)]
async fn a_jump_of_the_wall_clock_moves_no_timer() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    for unix_s in [1_795_478_400, 5, 4_000_000_000] {
        life.clock.set_wall(unix_s);
        life.run_for(1000).await;
    }
    assert_eq!(life.requests(), [0]);
    life.run_for(601).await;
    assert_eq!(life.requests(), [0, 3600]);
    let times: Vec<_> = home.log.messages().iter().map(|m| m.at).collect();
    assert_eq!(times.first().unwrap().unwrap().unix_s, 1_795_478_400);
    assert_eq!(times.last().unwrap().unwrap().unix_s, 4_000_000_000);
}

#[tokio::test(start_paused = true)]
async fn rules_run_one_after_the_other_and_the_first_failure_ends_them() {
    let home = Home::new()
        .with("Profile_Rule_B", "http://h/missing")
        .with("Profile_Rule_C", "http://h/never")
        .serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(1).await;
    assert_eq!(home.fetch.urls(), ["http://h:80/p", "http://h:80/missing"]);
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Fnf);
    let rules: Vec<_> = report
        .rules
        .iter()
        .map(|rule| (rule.slot, rule.outcome, rule.changed))
        .collect();
    assert_eq!(
        rules,
        [
            (RuleSlot::A, Outcome::Applied, 1),
            (RuleSlot::B, Outcome::Fnf, 0)
        ]
    );
    assert!(
        report.rules[1]
            .message
            .as_ref()
            .unwrap()
            .contains("NotFound")
    );
}

#[tokio::test(start_paused = true)]
async fn a_scheme_without_a_transport_fails_with_what_to_do() {
    let home = Home::new().with("Profile_Rule", "https://h/p");
    let mut life = home.booted().await;
    life.run_for(1).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::BadUrl);
    assert_eq!(
        report.rules[0].message.as_deref(),
        Some("this program has no transport for https: use an http URL")
    );
    // The request was a request all the same.
    assert_eq!(report.messages.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_reactor_at_once_and_its_transfers_with_it() {
    let home = Home::new();
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Stalls(b"<flat".to_vec()));
    let mut life = home.booted().await;
    let before = tokio::time::Instant::now();
    assert_eq!(life.run_for(7).await, Exit::Shutdown);
    assert_eq!(before.elapsed().as_secs(), 7);
    assert_eq!(home.fetch.open(), 1);
    drop(life);
    tokio::task::yield_now().await;
    assert_eq!(home.fetch.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_condition_of_the_caller_ends_the_reactor_after_a_batch() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    let (_asker, mut source) = onhook_testkit::fake::FakeCommandSource::new();
    let never = std::future::pending();
    let exit = life
        .reactor
        .run(&mut source, never, |phones| phones.last_report(0).is_some())
        .await;
    assert_eq!(exit, Exit::Finished);
    let report = life.reactor.phones.last_report(0).unwrap();
    assert_eq!(report.outcome, Outcome::Applied);
}

#[tokio::test(start_paused = true)]
async fn the_reactor_goes_on_when_nobody_can_ask_any_more() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    let (_, mut closed) = onhook_testkit::fake::FakeCommandSource::new();
    let later = tokio::time::sleep(std::time::Duration::from_secs(4000));
    let exit = life.reactor.run(&mut closed, later, |_| false).await;
    assert_eq!(exit, Exit::Shutdown);
    assert_eq!(life.requests(), [0, 3600]);
}
