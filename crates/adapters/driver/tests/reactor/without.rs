//! What a program says that was built without a feature.

#[cfg(not(feature = "proxy"))]
use onhook_device::Outcome;
#[cfg(not(feature = "reports"))]
use onhook_phone::Answer;
#[cfg(not(feature = "pages"))]
use onhook_phone::Ask;

use crate::world::Home;
#[cfg(not(all(feature = "pages", feature = "reports")))]
use crate::world::refused;

fn home() -> Home {
    Home::new().serving("<GPP_A>x</GPP_A>")
}

#[cfg(not(feature = "proxy"))]
#[tokio::test(start_paused = true)]
async fn a_file_that_names_a_proxy_fails_the_request_and_nobody_is_asked() {
    let home = home()
        .with("Proxy_Mode", "Auto")
        .with("PAC_URL", "http://pac.example/p.pac");
    let mut life = home.booted().await;
    life.run_for(60).await;
    assert_eq!(home.stored("GPP_A"), None);
    assert!(home.fetch.asked().is_empty());
    let report = life.reactor.phones.last_report(0).unwrap();
    assert_eq!(report.outcome, Outcome::BadUrl);
    let message = report.rules[0].message.as_deref().unwrap();
    for part in ["Proxy_Mode", "feature `proxy`"] {
        assert!(message.contains(part), "{message}");
    }
}

#[cfg(not(feature = "reports"))]
#[tokio::test(start_paused = true)]
async fn a_report_fails_and_whoever_asked_for_it_is_told_why() {
    let home = home().with("Report_Rule", "http://h/report");
    let mut life = home.booted().await;
    life.run_for(60).await;
    for _ in 0..2 {
        let why = refused(life.say("report").await);
        assert!(why.contains("feature `reports`"), "{why}");
    }
    assert!(home.upload.handed().is_empty());
    assert!(!matches!(
        life.say("restart").await,
        Some(Answer::Refused(_))
    ));
}

#[cfg(not(feature = "pages"))]
#[tokio::test(start_paused = true)]
async fn nobody_looks_at_a_phone_without_pages() {
    let mut life = home().booted().await;
    let reply = life.asker.ask(Ask::Look);
    let why = refused(life.answer(reply).await);
    assert!(why.contains("no pages"), "{why}");
}
