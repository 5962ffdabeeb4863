//! Whether a transport is given the profile account.

use onhook_fetch::{Account, ErrorKind};
use onhook_phone::{Boot, Notice};
use onhook_testkit::fake::FetchAnswer;

use crate::world::{Home, Life};

async fn life(home: &Home) -> Life {
    let mut life = home.life(1).await;
    life.reactor.phones.set_up_account(
        0,
        Account {
            user: "u".into(),
            password: "canary".into(),
        },
    );
    life.reactor.boot(Boot::Normal);
    life.run_for(10).await;
    life
}

//= R-HTTP-7 type=test
#[tokio::test(start_paused = true)]
async fn the_account_goes_with_each_profile_unless_its_kind_is_another() {
    for (kind, given) in [
        ("Basic Http Authentication", true),
        ("XSI Authentication", false),
        ("Disabled", false),
    ] {
        let home = Home::new()
            .serving("<GPP_A>x</GPP_A>")
            .with("Profile_Authentication_Type", kind);
        let life = life(&home).await;
        let asked = home.fetch.asked().pop().unwrap();
        assert_eq!(
            (asked.with_account, asked.with_credentials),
            (given, false),
            "{kind}"
        );
        assert!(!format!("{:?}", life.reports()).contains("canary"));
    }
}

//= R-HTTP-8 type=test
#[tokio::test(start_paused = true)]
async fn a_phone_with_an_account_asks_nobody_to_set_one_up() {
    let refusing = || {
        let home = Home::new();
        let answer = FetchAnswer::Fails(ErrorKind::Auth);
        home.fetch.answer("http://h:80/p", answer);
        home
    };
    let wanted = |life: &Life| {
        let notices = life.notices();
        notices
            .iter()
            .any(|(_, _, notice)| *notice == Notice::AccountWanted)
    };
    assert!(!wanted(&life(&refusing()).await));
    let home = refusing();
    let mut without = home.booted().await;
    without.run_for(10).await;
    assert!(wanted(&without));
}
