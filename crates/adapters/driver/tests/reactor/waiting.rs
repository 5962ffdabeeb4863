//! Askers who wait for one another: each gets the answer to its own request, and all get one.

use onhook_device::{Outcome, Secret};
use onhook_phone::{Answer, Ask, Cause, Command, Delay, Input, LineUse, Origin, RuleSlot};
use onhook_testkit::fake::FetchAnswer;

use crate::world::{Home, Life, patiently, profile, refused, resynced};

/// A phone whose boot resync waits for a server that says nothing for 180 s.
async fn booting_slowly(home: &Home) -> Life {
    home.fetch
        .answer_next("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    let mut life = home.booted().await;
    life.run_for(10).await;
    assert_eq!(life.status().await.state, "running");
    life
}

//= R-SM-12 type=test
#[tokio::test(start_paused = true)]
async fn requests_that_wait_together_share_one_resync() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = booting_slowly(&home).await;
    let replies: Vec<_> = (0..5).map(|_| life.asker.say("resync")).collect();
    let mut reports = Vec::new();
    for reply in replies {
        reports.push(resynced(life.answer(reply).await));
    }
    assert_eq!(home.fetch.urls().len(), 2);
    for report in &reports {
        assert_eq!(report.outcome, Outcome::Applied);
        assert_eq!(report, &reports[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_during_a_resync_gets_the_next_one() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    home.fetch
        .answer_next("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    let first = life.asker.say("resync");
    life.run_for(10).await;
    let second = life.asker.say("resync");
    assert_eq!(resynced(life.answer(first).await).outcome, Outcome::Timeout);
    assert_eq!(
        resynced(life.answer(second).await).outcome,
        Outcome::Applied
    );
    assert_eq!(home.fetch.urls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn each_given_rule_runs_and_is_reported_to_its_own_asker() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    for n in ["1", "2", "3"] {
        let body = profile(&format!("<GPP_B>{n}</GPP_B>"));
        home.fetch.answer(&format!("http://h:80/{n}"), &*body);
    }
    let mut life = booting_slowly(&home).await;
    let given: Vec<_> = ["1", "2", "3"]
        .map(|n| (n, life.asker.say(&format!("resync http://h/{n}"))))
        .into();
    let configured = life.asker.say("resync");
    for (n, reply) in given {
        let report = resynced(life.answer(reply).await);
        assert_eq!(report.rules[0].slot, RuleSlot::Given);
        assert_eq!(report.changes, [("GPP_B".to_owned(), n.to_owned())]);
    }
    let report = resynced(life.answer(configured).await);
    assert_eq!(report.rules[0].slot, RuleSlot::A);
    assert_eq!(
        home.fetch.urls(),
        ["/p", "/1", "/p", "/2", "/3"].map(|path| format!("http://h:80{path}"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_idle_lines_is_answered_at_once_and_carried_out_later() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    life.reactor.queue(0, Input::Line(2, LineUse::Busy));
    let reply = life.asker.say("resync");
    let waits = Some(Answer::Delayed(Delay::BusyLines));
    assert_eq!(life.answer(reply).await, waits);
    let reply = life.asker.say("resync http://h/p");
    assert_eq!(life.answer(reply).await, waits);
    life.run_for(1000).await;
    assert_eq!(life.requests(), [0]);
    life.reactor.queue(0, Input::Line(2, LineUse::Idle));
    life.run_for(10).await;
    let last = life.reports().last().unwrap().cause;
    assert_eq!(last, Cause::Explicit);
    assert_eq!(life.requests(), [0, 1010, 1010]);
}

//= R-SIP-5 type=test
// V-139 and V-199b
#[tokio::test(start_paused = true)]
async fn what_sip_asks_for_is_answered_at_once_and_waits_in_two_slots() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    for n in ["1", "2", "3"] {
        let body = profile(&format!("<GPP_B>{n}</GPP_B>"));
        home.fetch.answer(&format!("http://h:80/{n}"), &*body);
    }
    let mut life = home.booted().await;
    life.run_for(10).await;
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    let by_sip = |life: &Life, rule: Option<&str>| {
        let rule = rule.map(Secret::from);
        life.asker.ask_by(Origin::Sip, Ask::Resync(rule))
    };
    for rule in [Some("http://h/1"), None, Some("http://h/2"), None] {
        let reply = by_sip(&life, rule);
        assert_eq!(life.answer(reply).await, Some(Answer::Done));
    }
    life.run_for(100).await;
    assert_eq!(home.fetch.urls().len(), 1);
    life.reactor.queue(0, Input::Line(1, LineUse::Idle));
    life.run_for(10).await;
    assert_eq!(
        home.fetch.urls(),
        ["/p", "/p", "/2"].map(|path| format!("http://h:80{path}"))
    );
    // Whoever waits for the report of a rule gets that of this rule, and of several by SIP the last one wins.
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    let waits = life.asker.say("resync http://h/1");
    assert_eq!(
        life.answer(waits).await,
        Some(Answer::Delayed(Delay::BusyLines))
    );
    for rule in ["http://h/2", "http://h/3"] {
        let reply = by_sip(&life, Some(rule));
        assert_eq!(life.answer(reply).await, Some(Answer::Done));
    }
    life.reactor.queue(0, Input::Line(1, LineUse::Idle));
    life.run_for(10).await;
    assert_eq!(
        home.fetch.urls()[3..],
        ["/1", "/3"].map(|path| format!("http://h:80{path}"))
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_answered_when_the_profile_has_to_wait_for_a_call() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    home.fetch
        .answer_next("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    let reply = life.asker.say("resync");
    life.run_for(1).await;
    // The first comes to its end by time, the second meets the call.
    let behind = life.asker.say("resync");
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    assert_eq!(resynced(life.answer(reply).await).outcome, Outcome::Timeout);
    let waits = Some(Answer::Delayed(Delay::BusyLines));
    assert_eq!(life.answer(behind).await, waits);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_disables_provisioning_answers_those_who_waited_behind_it() {
    for words in ["resync", "resync http://h/q"] {
        let home = Home::new().serving("<Provision_Enable>No</Provision_Enable>");
        let mut life = home.life(1).await;
        life.reactor.boot(onhook_phone::Boot::Normal);
        // Taken while the boot resync is under way.
        life.turn().await;
        let reply = life.asker.say(words);
        assert_eq!(
            refused(life.answer(reply).await),
            "Provision_Enable is No: set it to Yes first"
        );
        life.run_for(1).await;
        assert_eq!(life.status().await.state, "dormant");
        assert_eq!(life.report().cause, Cause::Boot);
    }
}

#[tokio::test(start_paused = true)]
async fn disabling_provisioning_by_hand_drops_what_waits_for_idle_lines() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    let configured = life.asker.say("resync");
    let given = life.asker.say("resync http://h/p");
    for reply in [configured, given] {
        let waits = Some(Answer::Delayed(Delay::BusyLines));
        assert_eq!(life.answer(reply).await, waits);
    }
    assert_eq!(
        life.say("set Provision_Enable No").await,
        Some(Answer::Done)
    );
    life.reactor.queue(0, Input::Line(1, LineUse::Idle));
    life.run_for(10).await;
    assert_eq!(life.requests(), [0]);
}

#[tokio::test(start_paused = true)]
async fn an_own_resync_that_disables_provisioning_is_still_reported() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let off = profile("<Provision_Enable>No</Provision_Enable>");
    home.fetch.answer("http://h:80/off", off.as_str());
    let mut life = home.booted().await;
    life.run_for(10).await;
    let own = life.asker.say("resync http://h/off");
    let late = life.asker.say("resync");
    let report = resynced(life.answer(own).await);
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(report.next, []);
    assert_eq!(
        refused(life.answer(late).await),
        "Provision_Enable is No: set it to Yes first"
    );
}

#[tokio::test(start_paused = true)]
async fn a_change_made_while_a_resync_runs_waits_for_nobody() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = booting_slowly(&home).await;
    assert_eq!(life.say("set GPP_B 2").await, Some(Answer::Done));
    assert_eq!(life.status().await.state, "running");
    // It is no work of the resync.
    life.run_for(171).await;
    let report = life.report();
    assert_eq!(report.outcome, Outcome::Timeout);
    assert_eq!((report.changes.len(), report.flash_writes), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_whatever_is_asked_together() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    let words = ["resync", "resync http://h/p", "set GPP_C 3", "status", "x"];
    let replies: Vec<_> = (0..20)
        .map(|n| life.asker.say(words[n % words.len()]))
        .collect();
    let answered = tokio::spawn(async move {
        let mut count = 0;
        for reply in replies {
            assert!(reply.answer().await.is_some());
            count += 1;
        }
        count
    });
    life.run_for(1000).await;
    assert_eq!(patiently(answered).await.unwrap(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_the_program_itself_wants_answers_nobody_else() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.fetch
        .answer("http://h:80/q", profile("<GPP_B>2</GPP_B>").as_str());
    let mut life = home.booted().await;
    life.run_for(10).await;
    // Both wait for the line; the configured rules come first.
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    let own = Input::Command(Origin::Control, Command::Resync);
    life.reactor.queue(0, own);
    let given = life.asker.say("resync http://h/q");
    life.run_for(10).await;
    life.reactor.queue(0, Input::Line(1, LineUse::Idle));
    let waits = Some(Answer::Delayed(Delay::BusyLines));
    assert_eq!(life.answer(given).await, waits);
    life.run_for(10).await;
    assert_eq!(
        life.reports().last().unwrap().rules[0].slot,
        RuleSlot::Given
    );
    let causes: Vec<_> = life.reports().iter().map(|r| r.cause).collect();
    assert_eq!(causes, [Cause::Boot, Cause::Explicit, Cause::Explicit]);
    // While one runs, another that the program wants is refused: that is no answer to the first.
    home.fetch
        .answer_next("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    let asked = life.asker.say("resync");
    life.run_for(10).await;
    life.say("set Provision_Enable No").await;
    life.reactor.queue(0, own);
    life.run_for(10).await;
    assert_eq!(resynced(life.answer(asked).await).outcome, Outcome::Timeout);
}

#[tokio::test(start_paused = true)]
async fn who_comes_during_a_resync_of_the_program_gets_the_next_one() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    let own = Input::Command(Origin::Control, Command::Resync);
    home.fetch
        .answer_next("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    life.reactor.queue(0, own);
    life.run_for(10).await;
    let reply = life.asker.say("resync");
    assert_eq!(resynced(life.answer(reply).await).outcome, Outcome::Applied);
    // One that disables provisioning lets nobody wait behind it.
    let off = profile("<Provision_Enable>No</Provision_Enable>");
    home.fetch.answer("http://h:80/p", off.as_str());
    life.reactor.queue(0, own);
    life.turn().await;
    let given = life.asker.say("resync http://h/q");
    assert_eq!(
        refused(life.answer(given).await),
        "Provision_Enable is No: set it to Yes first"
    );
}
