//! What the pages of a phone ask for.

use onhook_device::Secret;
use onhook_params::{DeltaBuilder, ParamId, Scope, Setting};
use onhook_phone::{Answer, Ask, Input, LineUse, Origin};

use crate::world::{Home, profile, refused};

fn page(settings: &[(&str, &str)]) -> Ask {
    let mut delta = DeltaBuilder::with_capacity(settings.len(), 64);
    for (name, value) in settings {
        delta.push(Setting {
            id: ParamId::lookup(name, &Scope::default()).unwrap(),
            value: Some(value),
            access: None,
            preserve: false,
        });
    }
    Ask::Submit(delta.finish())
}

//= R-WEB-14 type=test
#[tokio::test(start_paused = true)]
async fn a_submitted_page_is_durable_before_its_answer() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(100).await;
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    let ask = page(&[("GPP_B", "b"), ("GPP_C", "c")]);
    let reply = life.asker.ask_by(Origin::Page, ask);
    let second = life.asker.ask_by(Origin::Page, page(&[("GPP_B", "x")]));
    assert_eq!(life.answer(reply).await, Some(Answer::Done));
    for (name, value) in [("GPP_B", "b"), ("GPP_C", "c")] {
        assert_eq!(home.stored(name).as_deref(), Some(value));
    }
    let why = refused(life.answer(second).await);
    assert!(why.contains("another change"), "{why}");
}

//= R-SIP-5 type=test
#[tokio::test(start_paused = true)]
async fn pages_leave_one_request_of_each_kind_behind_and_the_last_rule_counts() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    for n in 0..100 {
        let url = format!("http://h:80/{n}");
        home.fetch
            .answer(&url, profile("<GPP_A>1</GPP_A>").as_str());
    }
    let mut life = home.booted().await;
    life.run_for(100).await;
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    life.run_for(1).await;
    let before = home.fetch.urls().len();
    for n in 0..100 {
        let rule = Secret::from(format!("http://h/{n}").as_str());
        for ask in [Ask::Resync(Some(rule)), Ask::Resync(None)] {
            let reply = life.asker.ask_by(Origin::Page, ask);
            let answer = life.answer(reply).await;
            assert!(matches!(answer, Some(Answer::Delayed(_))), "{answer:?}");
        }
    }
    life.reactor.queue(0, Input::Line(1, LineUse::Idle));
    life.run_for(200).await;
    let urls = home.fetch.urls();
    assert_eq!(
        urls[before..],
        ["http://h:80/0", "http://h:80/p", "http://h:80/99"],
        "the first was handed to the phone, the others share the places behind it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_look_shows_the_phone_at_this_moment() {
    let home = Home::new().serving("<GPP_A>1</GPP_A><Admin_Password>canary</Admin_Password>");
    let mut life = home.booted().await;
    life.run_for(100).await;
    let reply = life.asker.ask_by(Origin::Page, Ask::Look);
    let Some(Answer::Look(look)) = life.answer(reply).await else {
        panic!("no look");
    };
    assert_eq!(look.status.state, "waiting");
    assert_eq!(
        look.text(ParamId::lookup("GPP_A", &Scope::default()).unwrap()),
        "1"
    );
    assert!(look.logins.admin.matches(b"canary"));
    assert!(!format!("{look:?}").contains("canary"));
    let reply = life.asker.ask_by(Origin::Page, Ask::Upgrade(None));
    assert!(
        matches!(life.answer(reply).await, Some(Answer::Refused(_))),
        "it has no slots"
    );
}
