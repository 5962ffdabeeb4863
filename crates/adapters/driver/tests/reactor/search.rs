//! Phones out of the box, and rules whose server SRV records name.
//! All tests run in paused time (`start_paused`), so that a sleep here takes none.

use std::sync::Arc;

use onhook_device::{Outcome, SrvWeightMode};
use onhook_discovery::Customization;
use onhook_params::Secrecy;
use onhook_phone::{Boot, Fact, Input, Means};
use onhook_testkit::fake::{FakeRedirector, FakeResolver};

use crate::world::{Home, Life, mac, profile};

const HTTPS: &str = "_ciscoprov-https._tls.example.com";
const HTTP: &str = "_ciscoprov-http._tcp.example.com";
const RECORD: (u16, u16, u16, &str) = (1, 1, 8443, "pr1.example.com");

/// A phone out of the box with these places to ask.
async fn boot(home: &Home) -> Life {
    let mut life = home.life(1).await;
    let domain = life
        .reactor
        .phones
        .shared
        .values
        .intern("example.com", Secrecy::Plain);
    let means = Means {
        domain,
        directory: home.places.directory.is_some(),
    };
    life.reactor.queue(0, Input::Fact(Fact::Means(means)));
    life.reactor.boot(Boot::Normal);
    life.run_for(50).await;
    life
}

fn home(names: &Arc<FakeResolver>) -> Home {
    let mut home = Home::new().with("Profile_Rule", "/$PSN.xml");
    home.https = Some(home.http.clone());
    home.places.names = Some(Arc::clone(names) as _);
    home
}

fn urls(home: &Home) -> Vec<String> {
    let asked = home.fetch.asked();
    asked.into_iter().map(|asked| asked.url).collect()
}

//= R-DNS-3 type=test
//= R-DNS-4 type=test
#[tokio::test(start_paused = true)]
async fn https_is_looked_up_before_http() {
    for (service, url, looked_up) in [
        (HTTPS, "https://example.com:443/8841-3PCC.xml", &[HTTPS][..]),
        (HTTP, "http://example.com:80/8841-3PCC.xml", &[HTTPS, HTTP]),
    ] {
        let names = Arc::new(FakeResolver::new().with_service(service, RECORD));
        let home = home(&names);
        home.fetch.answer(url, profile("<GPP_A>x</GPP_A>").as_str());
        let life = boot(&home).await;
        assert_eq!(names.asked(), looked_up);
        assert_eq!(urls(&home), [url]);
        assert_eq!(life.value("GPP_A"), "x");
        let service = home.fetch.asked()[0].service;
        assert_eq!(service.map(|s| s.mode), Some(SrvWeightMode::Rfc2782));
        assert_eq!(home.record().customization, Customization::Aborted);
    }
}

//= R-DNS-5 type=test
#[tokio::test(start_paused = true)]
async fn a_domain_that_offers_nothing_has_no_server() {
    let names = FakeResolver::new()
        .with_service(HTTPS, (0, 0, 443, "."))
        .with_service(HTTP, (0, 0, 0, "pr1.example.com"));
    let names = Arc::new(names);
    let home = home(&names);
    let life = boot(&home).await;
    assert_eq!(names.asked(), [HTTPS, HTTP]);
    assert!(urls(&home).is_empty());
    assert_eq!(life.report().outcome, Outcome::NoServer);
}

//= R-OOB-1 type=test
//= R-OOB-6 type=test
//= R-OOB-7 type=test
#[tokio::test(start_paused = true)]
async fn the_directory_comes_last_and_learns_who_asks() {
    for (says, state, asked) in [
        (
            Some("http://cust/$MA.xml"),
            Customization::Acquired,
            vec!["http://cust:80/000e00000000.xml"],
        ),
        (Some(""), Customization::Unavailable, vec![]),
        (None, Customization::Pending, vec![]),
    ] {
        // Names that nobody knows, or that nobody answers for.
        for names in [FakeResolver::new(), FakeResolver::silent()] {
            let names = Arc::new(names);
            let mut home = home(&names);
            let directory =
                Arc::new(says.map_or_else(FakeRedirector::down, FakeRedirector::saying));
            home.places.directory = Some(Arc::clone(&directory) as _);
            home.fetch
                .answer("http://cust:80/000e00000000.xml", profile("").as_str());
            boot(&home).await;
            assert_eq!(urls(&home), asked);
            assert_eq!(home.record().customization, state);
            let callers = directory.asked();
            assert_eq!(callers.len(), 1);
            assert_eq!(
                (callers[0].mac, &*callers[0].model),
                (mac(0), "CP-8841-3PCC")
            );
            assert!(callers[0].user_agent.contains("000e00000000"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_that_can_ask_nobody_fails_as_before() {
    let home = Home::new().with("Profile_Rule", "/$PSN.xml");
    let life = boot(&home).await;
    assert_eq!(life.report().outcome, Outcome::NoServer);
    assert_eq!(home.record().customization, Customization::Open);
}

//= R-DNS-2 type=test
#[tokio::test(start_paused = true)]
async fn a_rule_says_whether_srv_records_are_looked_up() {
    for (rule, mode) in [
        ("http://example.com/p", None),
        ("[--srv] http://example.com/p", Some(SrvWeightMode::Rfc2782)),
    ] {
        let home = Home::new().with("Profile_Rule", rule);
        let mut life = home.booted().await;
        life.run_for(1).await;
        let asked = home.fetch.asked();
        assert_eq!(asked[0].url, "http://example.com:80/p");
        assert_eq!(asked[0].service.map(|s| s.mode), mode, "{rule}");
    }
}
