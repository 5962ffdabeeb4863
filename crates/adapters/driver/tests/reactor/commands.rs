//! Requests from outside, and their answers.

use std::sync::Arc;
use std::time::Duration;

use onhook_device::{Outcome, Secret};
use onhook_driver::Exit;
use onhook_fetch::ErrorKind;
use onhook_phone::{Answer, Ask, Boot, Cause, Input, LineUse, Notice, Origin, RuleSlot, TimerKind};
use onhook_testkit::fake::FetchAnswer;

use crate::diary::Seen;
use crate::transports::{SlowConfig, SlowState};
use crate::world::{Home, heard, profile, refused, resynced};

/// A phone at rest, after the resync of its boot.
async fn resting(home: &Home) -> crate::world::Life {
    let mut life = home.booted().await;
    life.run_for(100).await;
    life
}

#[tokio::test(start_paused = true)]
async fn a_resync_runs_the_configured_rules_and_answers_with_its_report() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    home.fetch
        .answer("http://h:80/p", profile("<GPP_A>2</GPP_A>").as_str());
    let report = resynced(life.say("resync").await);
    assert_eq!(report.cause, Cause::Explicit);
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(report.rules[0].slot, RuleSlot::A);
    assert_eq!(report.changes, [("GPP_A".to_owned(), "2".to_owned())]);
    assert_eq!(home.stored("GPP_A").as_deref(), Some("2"), "durable first");
    assert_eq!(life.reports().pop(), Some(report));
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_fails_is_answered_with_its_report_too() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Fails(ErrorKind::Connect));
    let report = resynced(life.say("resync").await);
    assert_eq!(report.outcome, Outcome::Connect);
    assert_eq!(report.next, [(TimerKind::Retry, 3600)]);
}

#[tokio::test(start_paused = true)]
async fn a_resync_with_a_rule_runs_that_rule_alone() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.fetch
        .answer("http://other:8080/x", profile("<GPP_B>b</GPP_B>").as_str());
    let mut life = resting(&home).await;
    let report = resynced(life.say("resync http://other:8080/x").await);
    assert_eq!(report.cause, Cause::Explicit);
    let rules: Vec<_> = report
        .rules
        .iter()
        .map(|r| (r.slot, r.url.clone()))
        .collect();
    let url = Some("http://other:8080/x".to_owned());
    assert_eq!(rules, [(RuleSlot::Given, url)]);
    assert_eq!(life.value("GPP_B"), "b");
    assert_eq!(home.stored("Profile_Rule"), None, "the rule is not kept");
    // The periodic timer runs on.
    assert_eq!(report.next, [(TimerKind::Periodic, 3500)]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_cannot_be_read_is_answered_with_the_place() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    let report = resynced(life.say("resync [--key k http://h/p").await);
    assert_eq!(report.outcome, Outcome::BadRule);
    let message = report.rules[0].message.clone().unwrap();
    assert!(message.starts_with("rule: "), "{message}");
    assert!(message.contains("at byte "), "{message}");
    assert_eq!(report.rules[0].url, None);
}

#[tokio::test(start_paused = true)]
async fn an_empty_rule_has_nothing_to_do_and_that_is_an_answer() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    let reply = life.asker.ask(Ask::Resync(Some(Secret::from(""))));
    let report = resynced(life.answer(reply).await);
    assert_eq!(report.outcome, Outcome::Skipped);
    assert_eq!((report.rules.len(), report.messages.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_text_is_refused_and_changes_nothing() {
    let home = Home::new().with("GPP_A", "old").serving("<GPP_B>1</GPP_B>");
    let mut life = resting(&home).await;
    let bytes = || Secret::new(b"canary\xff".to_vec());
    for (ask, why) in [
        (Ask::Resync(Some(bytes())), "the rule is no UTF-8 text"),
        (
            Ask::Set {
                name: "GPP_A".to_owned(),
                value: bytes(),
            },
            "the value is no UTF-8 text",
        ),
    ] {
        let reply = life.asker.ask(ask);
        assert_eq!(refused(life.answer(reply).await), why);
    }
    assert_eq!(life.value("GPP_A"), "old");
    assert_eq!(life.reports().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_resync_is_refused_while_provisioning_is_disabled() {
    let home = Home::new().with("Provision_Enable", "No");
    let mut life = resting(&home).await;
    for words in ["resync", "resync http://h/p"] {
        assert_eq!(
            refused(life.say(words).await),
            "Provision_Enable is No: set it to Yes first"
        );
    }
    assert_eq!(life.status().await.state, "dormant");
    assert_eq!(
        life.say("set Provision_Enable yes").await,
        Some(Answer::Done)
    );
    home.fetch
        .answer("http://h:80/p", profile("<GPP_A>1</GPP_A>").as_str());
    assert_eq!(resynced(life.say("resync").await).outcome, Outcome::Applied);
}

//= R-SCHED-14 type=test
#[tokio::test(start_paused = true)]
async fn an_enable_refuses_those_who_ask_by_its_way_and_nobody_beside_them() {
    let home = Home::new()
        .with("Resync_From_SIP", "No")
        .with("User_Configurable_Resync", "No")
        .serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    // The first runs, the others wait for it in one slot.
    let running = life.asker.say("resync");
    life.run_for(1).await;
    let ask = |origin| life.asker.ask_by(origin, Ask::Resync(None));
    let by_sip = ask(Origin::Sip);
    let others = [ask(Origin::Control), ask(Origin::Page)];
    let by_menu = ask(Origin::Screen);
    life.run_for(1).await;
    home.fetch
        .answer("http://h:80/p", profile("<GPP_A>2</GPP_A>").as_str());
    life.run_for(1_000).await;
    assert_eq!(
        resynced(life.answer(running).await).outcome,
        Outcome::Timeout
    );
    for (reply, enable) in [
        (by_sip, "Resync_From_SIP"),
        (by_menu, "User_Configurable_Resync"),
    ] {
        let why = format!("{enable} is No: set it to Yes first");
        assert_eq!(refused(life.answer(reply).await), why);
    }
    for reply in others {
        let report = resynced(life.answer(reply).await);
        assert_eq!(report.outcome, Outcome::Applied);
    }
    assert_eq!(life.reports().len(), 3);
}

//= R-WEB-10 type=test
#[tokio::test(start_paused = true)]
async fn a_rule_that_is_typed_at_the_phone_is_answered_when_it_has_run() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.fetch
        .answer("http://other:80/x", profile("<GPP_B>b</GPP_B>").as_str());
    let mut life = resting(&home).await;
    let typed = |rule: &str| Ask::Resync(Some(Secret::from(rule)));
    let reply = life.asker.ask_by(Origin::Screen, typed("http://other/x"));
    let report = resynced(life.answer(reply).await);
    assert_eq!(report.rules[0].slot, RuleSlot::A);
    assert_eq!(report.changes, [("GPP_B".to_owned(), "b".to_owned())]);
    let stored = home.stored("Profile_Rule");
    assert_eq!(stored.as_deref(), Some("http://other/x"));
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_has_not_booted_says_so() {
    let mut life = Home::new().life(1).await;
    let why = refused(life.say("resync").await);
    assert_eq!(why, "the phone has not booted yet: try again");
    assert_eq!(life.status().await.state, "off");
}

#[tokio::test(start_paused = true)]
async fn a_reactor_without_a_phone_answers_that() {
    let mut life = Home::new().life(0).await;
    for words in [
        "status",
        "resync",
        "resync x",
        "set GPP_A 1",
        "factory-reset",
    ] {
        assert_eq!(refused(life.say(words).await), "there is no such phone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_parameter_is_durable_and_marked_as_the_users() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    assert_eq!(life.say("set GPP_B  by hand ").await, Some(Answer::Done));
    assert_eq!(life.value("GPP_B"), "by hand");
    assert_eq!(home.stored("GPP_B").as_deref(), Some("by hand"));
    let stored = home.config.acknowledged();
    let param = stored.iter().find(|p| p.id == crate::world::id("GPP_B"));
    assert!(param.unwrap().user_set);
    // The same again changes nothing, and that is done too.
    let writes = home.config.power().writes();
    assert_eq!(life.say("set GPP_B by hand").await, Some(Answer::Done));
    assert_eq!(home.config.power().writes(), writes);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_name_or_value_is_refused_with_a_hint() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    assert_eq!(
        refused(life.say("set Resync_Periodik 60").await),
        "parameter `Resync_Periodik` is unknown: did you mean `Resync_Periodic`?"
    );
    let why = refused(life.say("set qqqqqqqqqqqqqqqqqqqq 60").await);
    assert!(
        why.starts_with("parameter `qqqqqqqqqqqqqqqqqqqq` is unknown: "),
        "{why}"
    );
    let why = refused(life.say("set Resync_Periodic often").await);
    assert!(
        why.starts_with("Resync_Periodic: `often` is no value of Resync_Periodic: write "),
        "{why}"
    );
    let why = refused(life.say("set Provision_Enable perhaps").await);
    assert!(why.contains("Yes") && why.contains("No"), "{why}");
    assert_eq!(life.value("Resync_Periodic"), "3600");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_stored_is_refused_with_the_reason() {
    let home = Home::new().with("GPP_B", "old").serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    home.config.power().refuse_writes();
    let why = refused(life.say("set GPP_B new").await);
    assert!(
        why.starts_with("the change could not be stored: the store in memory refuses writes"),
        "{why}"
    );
    assert_eq!(life.value("GPP_B"), "old");
    home.config.power().accept_writes();
    assert_eq!(life.say("set GPP_B new").await, Some(Answer::Done));
}

#[tokio::test(start_paused = true)]
async fn one_change_is_stored_at_a_time() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    let first = life.asker.say("set GPP_B 1");
    let second = life.asker.say("set GPP_C 2");
    assert_eq!(
        refused(life.answer(second).await),
        "another change is being stored: try again"
    );
    assert_eq!(life.answer(first).await, Some(Answer::Done));
    assert_eq!(life.say("set GPP_C 2").await, Some(Answer::Done));
}

#[tokio::test(start_paused = true)]
async fn a_change_is_refused_while_a_profile_is_being_stored() {
    let mut home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.config_port = Arc::new(SlowConfig {
        inner: home.config.clone(),
        takes: Duration::from_secs(5),
    });
    let mut life = home.booted().await;
    life.run_for(1).await;
    assert_eq!(
        refused(life.say("set GPP_B 2").await),
        "a profile is being stored: try again"
    );
    life.run_for(5).await;
    assert_eq!(life.value("GPP_A"), "1");
    assert_eq!(life.say("set GPP_B 2").await, Some(Answer::Done));
}

#[tokio::test(start_paused = true)]
async fn a_set_period_moves_the_running_timer() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    life.say("set Resync_Periodic 60").await;
    assert_eq!(life.status().await.next, [(TimerKind::Periodic, 60)]);
    life.run_for(61).await;
    assert_eq!(life.requests(), [0, 160]);
}

#[tokio::test(start_paused = true)]
async fn a_factory_reset_empties_both_stores_and_restarts() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    assert!(home.record().provisioned);
    assert_eq!(life.say("factory-reset").await, Some(Answer::Done));
    assert_eq!(life.ended, Some(Exit::Restart));
    let seen = life.diary.all();
    assert!(
        seen.iter()
            .any(|(_, _, seen)| matches!(seen, Seen::Restart))
    );
    assert_eq!(home.config.acknowledged().len(), 0);
    assert_eq!(home.state.record(), None);
    // The next life is a first one.
    let mut life = home.booted().await;
    assert!(!life.status().await.provisioned);
    life.run_for(1).await;
    assert_eq!(life.report().cause, Cause::Boot);
}

#[tokio::test(start_paused = true)]
async fn a_factory_reset_that_fails_is_refused_and_the_phone_goes_on() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    home.config.power().refuse_writes();
    let why = refused(life.say("factory-reset").await);
    assert!(why.contains("refuses writes"), "{why}");
    assert_eq!(life.ended, None);
    home.config.power().accept_writes();
    assert_eq!(life.say("set GPP_B 2").await, Some(Answer::Done));
    assert_eq!(home.stored("GPP_A").as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn everybody_who_waits_is_answered_when_the_phone_is_reset() {
    let mut home = Home::new().serving("<GPP_A>1</GPP_A>");
    home.state_port = Arc::new(SlowState {
        inner: home.state.clone(),
        takes: Duration::from_secs(5),
    });
    let mut life = resting(&home).await;
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    let resync = life.asker.say("resync");
    let later = life.asker.say("resync http://h/q");
    life.run_for(1).await;
    let first = life.asker.say("factory-reset");
    let second = life.asker.say("factory-reset");
    life.run_for(1).await;
    // Behind the reset, so it must not outlive it.
    let set = life.asker.say("set GPP_C late");
    assert_eq!(life.answer(first).await, Some(Answer::Done));
    assert_eq!(heard(second).await, Some(Answer::Done));
    for reply in [resync, later] {
        let why = refused(heard(reply).await);
        assert_eq!(why, "the phone restarts: ask again when it is up");
    }
    let why = refused(heard(set).await);
    assert!(why.contains("nothing is stored until it restarts"), "{why}");
    drop(life);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(home.config.acknowledged().len(), 0);
    assert_eq!(home.state.record(), None);
}

#[tokio::test(start_paused = true)]
async fn a_status_tells_how_things_are() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.life(1).await;
    life.reactor.queue(0, Input::Line(3, LineUse::Busy));
    life.reactor.boot(Boot::Normal);
    let status = life.status().await;
    assert_eq!((status.state, status.prvst), ("due", 0));
    assert_eq!((status.provisioned, status.last), (false, None));
    assert_eq!(status.busy_lines, [3]);
    life.reactor.queue(0, Input::Line(16, LineUse::Busy));
    life.reactor.queue(0, Input::Line(3, LineUse::Idle));
    life.run_for(10).await;
    assert_eq!(life.status().await.busy_lines, [16]);
    life.reactor.queue(0, Input::Line(16, LineUse::Idle));
    // Forced_Resync_Delay, and 90 s more.
    life.run_for(14_490).await;
    let status = life.status().await;
    assert_eq!((status.state, status.provisioned), ("waiting", true));
    assert_eq!(status.uptime_s, 14_500);
    assert_eq!(status.next, [(TimerKind::Periodic, 3600 - 90)]);
    assert_eq!(status.last.unwrap(), life.report());
    assert_eq!((status.stale_completions, status.dropped_messages), (0, 0));
    assert_eq!(status.busy_lines, [0_u8; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_asker_who_has_gone_disturbs_nobody() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = resting(&home).await;
    for words in ["status", "resync", "resync http://h/p", "set GPP_B 1"] {
        drop(life.asker.say(words));
    }
    life.run_for(1).await;
    assert_eq!(life.value("GPP_B"), "1");
    assert_eq!(life.reports().len(), 3);
    let refusals = life.notices();
    assert!(
        !refusals
            .iter()
            .any(|(_, _, notice)| matches!(notice, Notice::Refused(_)))
    );
}
