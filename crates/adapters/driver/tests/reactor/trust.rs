//! The custom CA: fetched, read, stored, believed.

use onhook_device::{Outcome, Secret};
use onhook_fetch::ErrorKind;
use onhook_phone::{Answer, Ask, CaSource, Delay};
use onhook_testkit::fake::{FakeTrust, FetchAnswer};

use crate::world::{Home, Life, profile, refused, resynced};

const RULE: &str = "http://h/ca";
const URL: &str = "http://h:80/ca";

/// A phone that has fetched a custom CA at boot.
fn home() -> Home {
    let home = Home::new().with("Custom_CA_Rule", RULE).serving("");
    home.fetch.answer(URL, FakeTrust::pem("Root").as_str());
    home
}

async fn rested(home: &Home) -> Life {
    let mut life = home.booted().await;
    life.run_for(100).await;
    life
}

fn believed(home: &Home) -> Vec<Vec<u8>> {
    home.trust.as_ref().unwrap().believed()
}

async fn empty_rule(life: &mut Life) -> Option<Answer> {
    let (name, value) = ("Custom_CA_Rule".to_owned(), Secret::from(""));
    let reply = life.asker.ask(Ask::Set { name, value });
    life.answer(reply).await
}

async fn update(life: &mut Life, rule: Option<&str>) -> Option<Answer> {
    let reply = life.asker.ask(Ask::UpdateCa(rule.map(Secret::from)));
    life.answer(reply).await
}

//= R-TLS-8 type=test
//= R-TLS-10 type=test
#[tokio::test(start_paused = true)]
async fn what_came_is_durable_believed_and_told() {
    let home = home();
    let mut life = rested(&home).await;
    assert_eq!(believed(&home), [FakeTrust::der("Root")]);
    let held = home.trust_record().held.unwrap();
    assert_eq!(held.certificates, believed(&home));
    assert_eq!((held.origin.as_str(), held.source), (URL, CaSource::Rule));
    let ca = life.status().await.custom_ca;
    let installed = ca.installed.unwrap();
    assert_eq!(
        (installed.name.as_str(), installed.certificates),
        ("Root", 1)
    );
    assert_eq!((installed.origin.as_str(), ca.failure), (URL, None));
    assert_eq!(installed.fingerprint, held.fingerprint);
    // The same once more is not written again.
    let writes = home.trust_store.power().writes();
    assert_eq!(update(&mut life, None).await, Some(Answer::Done));
    assert_eq!(home.trust_store.power().writes(), writes);
}

//= R-TLS-8 type=test
//= R-TLS-9 type=test
//= R-HTTP-16 type=test
#[tokio::test(start_paused = true)]
async fn a_bad_file_keeps_the_old_and_is_a_warning_of_the_resync() {
    let home = home();
    let mut life = rested(&home).await;
    let large = vec![b'x'; 1024 * 1024 + 1];
    for (number, answer, outcome) in [
        (1, FetchAnswer::from("<html>"), Outcome::ParseFailed),
        (2, FetchAnswer::from(""), Outcome::EmptyFile),
        (3, FetchAnswer::Fails(ErrorKind::NotFound), Outcome::Fnf),
        (4, FetchAnswer::from(large.as_slice()), Outcome::TooLarge),
    ] {
        home.fetch
            .answer(&format!("http://h:80/bad{number}"), answer);
        let rule = format!("<Custom_CA_Rule>http://h/bad{number}</Custom_CA_Rule>");
        home.fetch.answer("http://h:80/p", profile(&rule).as_str());
        let report = resynced(life.say("resync").await);
        assert_eq!(report.outcome, Outcome::Applied);
        let warning = report.warnings.first().unwrap();
        assert_eq!(
            (warning.code.as_str(), warning.subject.as_str()),
            ("custom-ca", "Custom_CA_Rule")
        );
        assert!(report.rules.iter().all(|rule| rule.message.is_none()));
        assert_eq!(believed(&home), [FakeTrust::der("Root")]);
        let record = home.trust_record();
        assert_eq!(record.failure, Some(outcome.to_string()));
        assert_eq!(record.held.unwrap().origin, URL);
        assert_eq!(
            life.status().await.custom_ca.failure,
            Some(outcome.to_string())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_not_believed() {
    let home = home();
    let mut life = rested(&home).await;
    home.trust_store.power().refuse_writes();
    home.fetch
        .answer("http://h:80/new", FakeTrust::pem("New").as_str());
    let why = refused(update(&mut life, Some("http://h/new")).await);
    assert!(why.contains("refuses writes"), "{why}");
    assert_eq!(believed(&home), [FakeTrust::der("Root")]);
    let status = life.status().await.custom_ca;
    assert_eq!(status.installed.unwrap().name, "Root");
}

//= R-TLS-8 type=test
#[tokio::test(start_paused = true)]
async fn an_emptied_rule_removes_it_for_good() {
    let home = home();
    let mut life = rested(&home).await;
    assert_eq!(empty_rule(&mut life).await, Some(Answer::Done));
    life.run_for(10).await;
    assert_eq!(believed(&home), [] as [Vec<u8>; 0]);
    assert_eq!(home.trust_store.record(), None);
    assert_eq!(life.status().await.custom_ca.installed, None);
}

//= R-FLS-2 type=test
#[tokio::test(start_paused = true)]
async fn a_factory_reset_removes_it() {
    let home = home();
    let mut life = rested(&home).await;
    assert_eq!(life.say("factory-reset").await, Some(Answer::Done));
    assert_eq!(believed(&home), [] as [Vec<u8>; 0]);
    assert_eq!(home.trust_store.record(), None);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_is_told_how_it_ended() {
    let home = Home::new().serving("");
    let mut life = rested(&home).await;
    home.fetch.answer(URL, FakeTrust::pem("Root").as_str());
    let why = refused(update(&mut life, None).await);
    assert_eq!(why, "Custom_CA_Rule is empty: give a URL");
    assert_eq!(update(&mut life, Some(RULE)).await, Some(Answer::Done));
    let held = home.trust_record().held.unwrap();
    assert_eq!(held.source, CaSource::Request);
    assert_eq!(home.stored("Custom_CA_Rule"), None);
    for (rule, words) in [
        ("http://h/missing", "http://h:80/missing"),
        ("[--key", "the rule of the request: "),
        ("( 1 eq 2 )? http://h/ca", "no alternative"),
        ("https://h/ca", "no transport for https"),
    ] {
        let why = refused(update(&mut life, Some(rule)).await);
        assert!(why.contains(words), "{why}");
    }
    // A resync runs, and it waits for its end.
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
    let resync = life.asker.say("resync");
    life.run_for(1).await;
    let delayed = Some(Answer::Delayed(Delay::RunningResync));
    assert_eq!(update(&mut life, Some(RULE)).await, delayed);
    let asked = home.fetch.asked().len();
    assert_eq!(
        resynced(life.answer(resync).await).outcome,
        Outcome::Timeout
    );
    life.run_for(1).await;
    assert_eq!(home.fetch.urls().get(asked..), Some(&[URL.to_owned()][..]));
}

//= R-SEC-1 type=test
#[tokio::test(start_paused = true)]
async fn secrets_of_its_url_are_nowhere() {
    let home = Home::new().with("GPP_SA", "canary-register").serving("");
    let mut life = rested(&home).await;
    home.fetch.answer(URL, FakeTrust::pem("Root").as_str());
    let rule = "[--uid canary-user --pwd $SA] http://h/ca";
    assert_eq!(update(&mut life, Some(rule)).await, Some(Answer::Done));
    assert!(home.fetch.asked().last().unwrap().with_credentials);
    let told = format!(
        "{:?} {:?} {:?}",
        home.trust_record(),
        life.diary.all(),
        life.status().await
    );
    assert!(!told.contains("canary"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_program_without_tls_goes_on_without_it() {
    let mut home = home();
    home.trust = None;
    let mut life = rested(&home).await;
    assert_eq!(life.report().outcome, Outcome::Applied);
    let why = refused(update(&mut life, Some(RULE)).await);
    assert!(why.contains("without TLS"), "{why}");
    assert_eq!(home.fetch.urls(), ["http://h:80/p"]);
}
