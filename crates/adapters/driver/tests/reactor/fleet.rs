//! Several phones in one reactor, and the order of what happens at one instant.

use std::collections::BTreeSet;

use onhook_phone::{Boot, Command, Committed, Input, LineUse, Notice, Origin};

use crate::world::{Home, Life, id, mac, profile};

/// Phones at rest, which nothing but a command moves.
async fn resting(home: &Home, count: u32) -> Life {
    let mut life = home.life(count).await;
    life.reactor.boot(Boot::Foreground);
    life.turn().await;
    life
}

/// A local edit as the phone gets it.
fn set(life: &mut Life, name: &str, value: &str) -> Input {
    let values = &mut life.reactor.phones.shared.values;
    let value = values.intern(value, onhook_params::Secrecy::Plain).unwrap();
    Input::Command(Origin::Control, Command::Set(id(name), value))
}

const RESYNC: Input = Input::Command(Origin::Control, Command::Resync);

fn started(life: &Life) -> Vec<u32> {
    life.notices()
        .into_iter()
        .filter(|(_, _, notice)| matches!(notice, Notice::ResyncStarted(..)))
        .map(|(phone, _, _)| phone)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn lines_come_before_commands_of_the_same_instant() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let busy = Input::Line(1, LineUse::Busy);
    for inputs in [[RESYNC, busy], [busy, RESYNC]] {
        let mut life = resting(&home, 1).await;
        for input in inputs {
            life.reactor.queue(0, input);
        }
        life.run_for(1).await;
        assert_eq!(started(&life), [], "the line was busy already");
        life.reactor.queue(0, Input::Line(1, LineUse::Idle));
        life.run_for(1).await;
        assert_eq!(started(&life), [0]);
    }
}

#[tokio::test(start_paused = true)]
async fn completions_come_before_commands_of_the_same_instant() {
    let mut life = resting(&Home::new(), 1).await;
    let first = set(&mut life, "GPP_A", "1");
    life.reactor.queue(0, first);
    // The commit ends beside the reactor, which has not looked at it yet.
    life.turn().await;
    let second = set(&mut life, "GPP_B", "2");
    life.reactor.queue(0, second);
    life.run_for(1).await;
    let notices: Vec<Notice> = life.notices().into_iter().map(|(_, _, n)| n).collect();
    assert_eq!(notices, [Notice::EditDone(Committed::Durable); 2]);
}

#[tokio::test(start_paused = true)]
async fn phones_come_by_number_and_inputs_of_one_by_arrival() {
    let mut life = resting(&Home::new(), 3).await;
    for phone in [2, 0, 1] {
        life.reactor.queue(phone, RESYNC);
        let unchanged = set(&mut life, "GPP_A", "");
        life.reactor.queue(phone, unchanged);
    }
    life.reactor.queue(1, Input::Line(4, LineUse::Busy));
    life.turn().await;
    let told: Vec<(u32, bool)> = life
        .notices()
        .into_iter()
        .filter_map(|(phone, _, notice)| match notice {
            Notice::EditDone(_) => Some((phone, false)),
            Notice::ResyncStarted(..) => Some((phone, true)),
            Notice::RuleStarted(..)
            | Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TriggerFault(..)
            | Notice::Held
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::AccountWanted
            | Notice::ResyncDone(_)
            | Notice::TimerArmed(..)
            | Notice::Refused(_)
            | Notice::TrustStarted(..)
            | Notice::TrustFault(..)
            | Notice::TrustDone(..)
            | Notice::TrustForgotten
            | Notice::EditBusy
            | Notice::EraseFailed
            | Notice::ServerChanged(..)
            | Notice::Upgrade(_)
            | Notice::Report(_)
            | Notice::ProblemReport(_) => None,
        })
        .collect();
    assert_eq!(
        told,
        [(0, true), (0, false), (1, false), (2, true), (2, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_class_of_an_input_counts_more_than_the_number_of_its_phone() {
    let mut life = resting(&Home::new(), 2).await;
    life.reactor.queue(1, Input::Line(1, LineUse::Busy));
    life.reactor.queue(1, RESYNC);
    life.turn().await;
    let unchanged = set(&mut life, "GPP_A", "");
    life.reactor.queue(0, unchanged);
    life.reactor.queue(1, Input::Line(1, LineUse::Idle));
    life.turn().await;
    let phones: Vec<u32> = life.notices().iter().map(|(phone, ..)| *phone).collect();
    assert_eq!(phones, [1, 1, 0], "{:?}", life.notices());
}

#[tokio::test(start_paused = true)]
async fn inputs_of_one_class_and_phone_keep_the_order_of_arrival() {
    for (uses, busy) in [
        ([LineUse::Busy, LineUse::Idle], 0),
        ([LineUse::Idle, LineUse::Busy], 1),
    ] {
        let mut life = resting(&Home::new(), 1).await;
        for line_use in uses {
            life.reactor.queue(0, Input::Line(1, line_use));
        }
        life.turn().await;
        assert_eq!(life.status().await.busy_lines.len(), busy);
    }
}

#[tokio::test(start_paused = true)]
async fn timers_of_one_instant_run_by_phone() {
    let home = Home::new().with("Profile_Rule", "http://h/$MA");
    let mut life = home.life(5).await;
    life.reactor.boot(Boot::Normal);
    life.run_for(3601).await;
    let urls = |phones: &mut dyn Iterator<Item = u32>| -> Vec<String> {
        let url = |phone| format!("http://h:80/{}", mac(phone).to_string().replace(':', ""));
        phones.map(url).collect()
    };
    assert_eq!(home.fetch.urls(), urls(&mut (0..5).chain(0..5)));
}

#[tokio::test(start_paused = true)]
async fn an_input_for_a_phone_that_does_not_exist_is_ignored() {
    let mut life = resting(&Home::new(), 1).await;
    life.reactor.queue(1, RESYNC);
    life.reactor.queue(u32::MAX, Input::Timer);
    life.run_for(1).await;
    assert_eq!(life.notices(), []);
    assert!(life.reactor.phones.phone(1).is_none());
    assert_eq!(life.reactor.phones.last_report(1), None);
}

/// Boots 1,000 phones and tells when each asked, in milliseconds.
async fn storm() -> Vec<(u32, u64)> {
    let home = Home::new()
        .with("Resync_Random_Delay", "600")
        .with("Resync_Periodic", "86400")
        .with("Profile_Rule", "http://h/$MA.xml");
    for phone in 0..1000 {
        let name = mac(phone).to_string().replace(':', "");
        let body = profile(&format!("<GPP_A>{name}</GPP_A>"));
        home.fetch
            .answer(&format!("http://h:80/{name}.xml"), &*body);
    }
    let mut life = home.life(1000).await;
    life.reactor.boot(Boot::Normal);
    life.run_for(3600).await;
    let urls: BTreeSet<String> = home.fetch.urls().into_iter().collect();
    assert_eq!((home.fetch.urls().len(), urls.len()), (1000, 1000));
    assert_eq!(life.reports().len(), 1000);
    assert!(life.reports().iter().all(|r| r.outcome.is_success()));
    for phone in 0..1000 {
        let report = life.reactor.phones.last_report(phone).unwrap();
        let name = mac(phone).to_string().replace(':', "");
        assert_eq!(report.changes, [("GPP_A".to_owned(), name)]);
    }
    let requests = life.notices().into_iter().filter_map(|(phone, ms, n)| {
        let starts = matches!(n, Notice::RuleStarted(..));
        starts.then_some((phone, ms))
    });
    requests.collect()
}

//= R-SM-4 type=test
#[tokio::test(start_paused = true)]
async fn a_thousand_phones_spread_and_ask_once_each() {
    let requests = storm().await;
    assert_eq!(requests.len(), 1000);
    let mut minutes = [0_u32; 10];
    for (_, ms) in &requests {
        assert!(*ms <= 600_000);
        minutes[usize::try_from((ms / 60_000).min(9)).unwrap()] += 1;
    }
    // 100 each on average; six times the standard deviation of 9.5 is far from chance.
    assert!(
        minutes.iter().all(|n| (43..=157).contains(n)),
        "{minutes:?}"
    );
    assert_eq!(storm().await, requests, "the same seed gives the same run");
}
