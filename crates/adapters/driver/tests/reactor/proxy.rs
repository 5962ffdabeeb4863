//! Which proxy a transport is told of.

use std::sync::Arc;

use onhook_driver::Exit;
use onhook_fetch::{ErrorKind, ProxyScript, Way};
use onhook_phone::Boot;
use onhook_testkit::fake::FetchAnswer;

use crate::world::{Home, Life};

const PAC: &str = "http://pac.example/p.pac";
const PAC_ASKED: &str = "http://pac.example:80/p.pac";
const WPAD: &str = "http://wpad:80/wpad.dat";

fn home() -> Home {
    Home::new().serving("<GPP_A>x</GPP_A>")
}

fn constant(value: &str) -> String {
    format!("function FindProxyForURL(url, host) {{ return \"{value}\"; }}")
}

async fn applied(home: &Home) -> Life {
    let mut life = home.booted().await;
    assert_eq!(life.run_for(60).await, Exit::Shutdown);
    assert_eq!(home.stored("GPP_A").as_deref(), Some("x"));
    life
}

/// The proxy of the last request.
fn proxy(home: &Home) -> Option<(String, bool)> {
    home.fetch.asked().pop()?.proxy
}

//= R-HTTP-19 type=test
//= R-PROXY-3 type=test
#[tokio::test(start_paused = true)]
async fn a_manual_proxy_is_handed_to_the_transport_with_its_account_if_it_wants_one() {
    let manual = || {
        home()
            .with("Proxy_Mode", "Manual")
            .with("Proxy_Host", "p.example")
    };
    let named = |with| Some(("p.example:3128".to_owned(), with));
    let home = manual();
    applied(&home).await;
    assert_eq!(proxy(&home), named(false));

    let account = || {
        manual()
            .with("Proxy_Username", "u")
            .with("Proxy_Password", "canary")
    };
    let home = account();
    applied(&home).await;
    assert_eq!(proxy(&home), named(false));
    let home = account().with("Proxy_Server_Requires_Authentication", "Yes");
    let life = applied(&home).await;
    assert_eq!(proxy(&home), named(true));
    assert!(!format!("{:?}", life.reports()).contains("canary"));

    let home = manual().with("Proxy_Mode", "Off");
    applied(&home).await;
    assert_eq!(proxy(&home), None);
}

//= R-PROXY-3 type=test
#[tokio::test(start_paused = true)]
async fn a_manual_proxy_without_a_host_is_none_and_is_told() {
    let home = home().with("Proxy_Mode", "Manual");
    let life = applied(&home).await;
    assert_eq!(proxy(&home), None);
    let report = life.report();
    let warning = report.warnings.first().unwrap();
    assert_eq!(warning.code, "proxy-nameless");
    assert!(
        warning.message.contains("Proxy_Host"),
        "{}",
        warning.message
    );
}

//= R-PROXY-3 type=test
//= R-PROXY-4 type=test
#[tokio::test(start_paused = true)]
async fn a_file_names_the_proxy_and_without_one_there_is_none() {
    let auto = || {
        home()
            .with("Proxy_Mode", "Auto")
            .with("Use_Auto_Discovery__WPAD_", "No")
            .with("PAC_URL", PAC)
    };
    let through = Some(("p.example:8080".to_owned(), false));
    let constant = |value: &str| FetchAnswer::from(constant(value).as_str());
    for (answer, found) in [
        (constant("PROXY p.example:8080; DIRECT"), through.clone()),
        (constant("DIRECT"), None),
        (FetchAnswer::from("if (x) {}"), None),
        (FetchAnswer::Fails(ErrorKind::NotFound), None),
        (FetchAnswer::Fails(ErrorKind::Dns), None),
        (FetchAnswer::Stalls(b"func".to_vec()), None),
    ] {
        let home = auto();
        home.fetch.answer(PAC_ASKED, answer.clone());
        applied(&home).await;
        assert_eq!(proxy(&home), found, "{answer:?}");
    }
    let home = auto().with("PAC_URL", "");
    applied(&home).await;
    assert_eq!(home.fetch.urls(), ["http://h:80/p"]);
    let home = auto().with("Use_Auto_Discovery__WPAD_", "Yes");
    home.fetch.answer(WPAD, constant("PROXY p.example:8080"));
    applied(&home).await;
    assert_eq!(home.fetch.urls(), [WPAD, "http://h:80/p"]);
    assert_eq!(proxy(&home), through);
}

//= R-DOM-1 type=test
#[tokio::test(start_paused = true)]
async fn a_file_of_a_server_that_is_not_listed_is_not_fetched() {
    let home = home()
        .with("Proxy_Mode", "Auto")
        .with("Restricted_Access_Domains", "h");
    home.fetch
        .answer(WPAD, constant("PROXY p.example:8080").as_str());
    applied(&home).await;
    assert_eq!(home.fetch.urls(), ["http://h:80/p"]);
}

//= R-PROXY-4 type=test
#[tokio::test(start_paused = true)]
async fn another_evaluator_takes_the_place_of_the_built_in_one() {
    struct ByHost;
    impl ProxyScript for ByHost {
        fn way(&self, file: &str, url: &str, host: &str) -> Option<Way> {
            assert_eq!((file, url), ("code", "http://h/"));
            Some(Way::Proxy(format!("for-{host}"), 1))
        }
    }
    let home = home().with("Proxy_Mode", "Auto");
    home.fetch.answer(WPAD, "code");
    let mut life = home.life(1).await;
    life.reactor = life.reactor.with_proxy_script(Arc::new(ByHost));
    life.reactor.boot(Boot::Normal);
    life.run_for(60).await;
    assert_eq!(proxy(&home), Some(("for-h:1".to_owned(), false)));
}

//= R-HTTP-19 type=test
// V-117
#[tokio::test(start_paused = true)]
async fn tftp_uses_no_proxy() {
    for mode in ["Manual", "Auto"] {
        let mut home = home()
            .with("Proxy_Mode", mode)
            .with("Proxy_Host", "p.example")
            .with("Profile_Rule", "tftp://h/p");
        home.tftp = Some(home.fetch.clone());
        home.fetch.answer(
            "tftp://h:69/p",
            "<flat-profile><GPP_A>x</GPP_A></flat-profile>",
        );
        applied(&home).await;
        assert_eq!(home.fetch.urls(), ["tftp://h:69/p"], "{mode}");
        assert_eq!(proxy(&home), None, "{mode}");
    }
}
