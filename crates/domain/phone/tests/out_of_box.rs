//! A phone out of the box (transports.md 6 and 17.2).

use onhook_device::Outcome;
use onhook_discovery::{Customization, Found, Value};
use onhook_fetch::Scheme;
use onhook_params::Secrecy;
use onhook_phone::{Input, Notice, RebootReason};
use onhook_testkit::sim::{Answers, Served, Sim};

const FILE: &str = "8841-3PCC.xml";

/// A phone that may ask for SRV records and the directory.
fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    let mut sim = Sim::new(script)
        .with("Resync_Random_Delay", "0")
        .with("Resync_Error_Retry_Delay", "60")
        .with("Resync_Periodic", "3600");
    sim.domain = Some("example.com");
    sim
}

fn redirect(rule: &str) -> Answers {
    Answers::Has(Found {
        servers: Vec::new(),
        rule: Some(rule.to_owned()),
    })
}

fn urls(sim: &Sim) -> Vec<&str> {
    sim.requests
        .iter()
        .map(|(_, url, _)| url.as_str())
        .collect()
}

fn places(sim: &Sim) -> Vec<&str> {
    sim.searches
        .iter()
        .map(|(_, place)| place.as_str())
        .collect()
}

const BOTH: [&str; 2] = ["services of example.com", "directory"];

fn works(_: &str, _: u64) -> Served {
    Served::one("GPP_A", "x")
}

//= R-DNS-3 type=test
#[test]
fn v_030_and_031_srv_records_name_the_server() {
    for (scheme, port) in [(Scheme::Https, 443), (Scheme::Http, 80)] {
        let mut sim = phone(works);
        sim.services = Answers::Offers(scheme);
        sim.boot();
        // The domain is what TLS expects (R-TLS-3); whoever fetches finds its server by SRV records.
        assert_eq!(
            urls(&sim),
            [format!("SRV {scheme}://example.com:{port}/{FILE}")]
        );
        assert_eq!(places(&sim), BOTH[..1]);
        assert_eq!(sim.record.customization, Customization::Aborted);
        assert!(sim.record.provisioned);
        // What was found serves the next resync too; a restart forgets it, and nothing is searched any more.
        sim.run_for(3600);
        assert_eq!((urls(&sim).len(), places(&sim).len()), (2, 1));
        sim.power_cycle();
        assert_eq!((urls(&sim).len(), places(&sim).len()), (2, 1));
        assert!(sim.message_texts().last().unwrap().contains("no server"));
    }
}

//= R-DNS-6 type=test
#[test]
fn a_server_of_srv_records_is_asked_for_two_files() {
    let mut sim = phone(|url, _| match url {
        "SRV https://example.com:443/Cisco/000e08012345.cfg" => Served::one("GPP_A", "x"),
        _ => Served::Fails(Outcome::Fnf),
    });
    sim.services = Answers::Offers(Scheme::Https);
    sim.boot();
    let asked =
        [FILE, "Cisco/000e08012345.cfg"].map(|file| format!("SRV https://example.com:443/{file}"));
    assert_eq!(urls(&sim), asked);
    assert_eq!(sim.value("GPP_A"), "x");
    // Another failure than a missing file ends it: the directory is next.
    let mut sim = phone(|_, _| Served::Fails(Outcome::Connect));
    sim.services = Answers::Offers(Scheme::Https);
    sim.boot();
    assert_eq!((urls(&sim).len(), places(&sim)), (1, BOTH.to_vec()));
}

//= R-OOB-1 type=test
//= R-OOB-6 type=test
#[test]
fn v_032_and_033_a_directory_that_does_not_know_the_phone_is_no_failure() {
    let mut sim = phone(works);
    sim.boot();
    assert_eq!((urls(&sim), places(&sim)), (Vec::new(), BOTH.to_vec()));
    assert_eq!(sim.record.customization, Customization::Unavailable);
    assert_ne!(
        sim.phone.timer().map(|(kind, _)| kind.name()),
        Some("retry")
    );
    sim.power_cycle();
    sim.run_for(7200);
    assert_eq!(places(&sim).len(), 2, "it is not asked again");
}

//= R-OOB-3 type=test
//= R-OOB-5 type=test
#[test]
fn v_034_and_037_a_redirect_is_followed_once() {
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"));
    sim.directory = redirect("https://cust/$MA.xml");
    sim.boot();
    assert_eq!(urls(&sim), ["https://cust:443/000e08012345.xml"]);
    assert_eq!(sim.record.customization, Customization::Acquired);
    assert_eq!(sim.restarts, 1);
    let reason = sim.record.history[0].map(|entry| entry.reason);
    assert_eq!(reason, Some(RebootReason::RemoteCustomization));
    sim.power_cycle();
    sim.run_for(7200);
    assert_eq!(places(&sim), BOTH, "the directory is left alone");
}

#[test]
fn v_035_a_redirect_that_fails_uses_the_retry_list_and_is_kept() {
    let mut sim = phone(|_, at| match at {
        0..120 => Served::Fails(Outcome::Fnf),
        _ => Served::one("GPP_A", "x"),
    });
    sim.directory = redirect("https://cust/p");
    sim.boot();
    assert_eq!(sim.record.customization, Customization::CustomPending);
    assert_eq!(
        sim.phone.timer().map(|(kind, _)| kind.name()),
        Some("retry")
    );
    sim.run_for(60);
    assert_eq!(
        (urls(&sim).len(), places(&sim).len()),
        (2, 2),
        "it is not asked for again"
    );
    sim.run_for(60);
    assert_eq!(sim.record.customization, Customization::Acquired);
    assert_eq!(urls(&sim), ["https://cust:443/p"; 3]);
    // A restart in between forgets where it leads, so the directory is asked once more.
    let mut sim = phone(|_, _| Served::Fails(Outcome::Fnf));
    sim.directory = redirect("https://cust/p");
    sim.boot();
    sim.power_cycle();
    assert_eq!((urls(&sim).len(), places(&sim).len()), (2, 4));
}

//= R-OOB-7 type=test
#[test]
fn a_directory_that_does_not_answer_is_asked_again_by_the_retry_list() {
    let mut sim = phone(works);
    sim.directory = Answers::Down;
    sim.boot();
    assert_eq!(sim.record.customization, Customization::Pending);
    sim.run_for(130);
    let seconds: Vec<u64> = sim.searches.iter().map(|(second, _)| *second).collect();
    assert_eq!(seconds, [0, 0, 60, 60, 120, 120]);
    assert!(!sim.record.provisioned);
    sim.directory = redirect("https://cust/p");
    sim.run_for(60);
    assert_eq!(sim.record.customization, Customization::Acquired);
}

//= R-OOB-3 type=test
#[test]
fn v_036_somebody_who_sets_a_rule_at_the_phone_ends_the_search() {
    let mut sim = phone(works);
    sim.directory = Answers::Down;
    sim.boot();
    let (id, value) = {
        let scope = onhook_params::Scope::default();
        let id = onhook_params::ParamId::lookup("Profile_Rule", &scope).unwrap();
        let values = &mut sim.shared.values;
        (id, values.intern("/own.xml", Secrecy::Plain).unwrap())
    };
    let set = onhook_phone::Command::Set(id, value);
    sim.input(Input::Command(onhook_phone::Origin::Page, set));
    sim.run_for(0);
    assert_eq!(sim.record.customization, Customization::Aborted);
    let asked = places(&sim).len();
    sim.run_for(600);
    assert_eq!(places(&sim).len(), asked);
    // An explicit rule that succeeds ends it too (R-SM-24).
    let mut sim = phone(works);
    sim.directory = Answers::Down;
    sim.boot();
    sim.resync_with("http://h/p");
    assert_eq!(sim.record.customization, Customization::Aborted);
}

//= R-SM-25 type=test
#[test]
fn a_resync_that_somebody_asks_for_searches_like_any_other() {
    let mut sim = phone(works);
    sim.directory = Answers::Down;
    sim.boot();
    assert_eq!((urls(&sim).len(), places(&sim).len()), (0, 2));
    // A rule that came with a request is not looked for elsewhere (R-SM-24).
    sim.resync_with("/own.xml");
    assert_eq!((urls(&sim).len(), places(&sim).len()), (0, 2));
    sim.services = Answers::Offers(Scheme::Http);
    sim.resync();
    assert_eq!(places(&sim)[2..], [BOTH[0]]);
    assert_eq!(urls(&sim), [format!("SRV http://example.com:80/{FILE}")]);
    assert_eq!(sim.record.customization, Customization::Aborted);
}

//= R-OOB-2 type=test
#[test]
fn v_038_an_option_that_fails_leaves_the_search_open() {
    let mut sim = phone(|url, _| match url {
        "tftp://10.0.0.5:69/8841-3PCC.xml" => Served::Fails(Outcome::Fnf),
        _ => Served::one("GPP_A", "x"),
    });
    sim.learn(66, Value::Text("10.0.0.5"));
    sim.services = Answers::Offers(Scheme::Http);
    sim.boot();
    assert_eq!(
        urls(&sim),
        [
            "tftp://10.0.0.5:69/8841-3PCC.xml",
            "SRV http://example.com:80/8841-3PCC.xml"
        ]
    );
    // One that works is all there is.
    let mut sim = phone(works);
    sim.learn(66, Value::Text("10.0.0.5"));
    sim.boot();
    assert_eq!((urls(&sim).len(), places(&sim).len()), (1, 0));
    assert_eq!(sim.record.customization, Customization::Aborted);
}

//= R-OOB-4 type=test
#[test]
fn v_039_a_rule_for_activation_codes_fetches_nothing() {
    let mut sim = phone(works).with("Profile_Rule", " GDS://");
    sim.boot();
    assert_eq!((urls(&sim).len(), places(&sim).len()), (0, 0));
    assert!(sim.notices.contains(&Notice::ActivationCode));
}

//= R-OOB-10 type=test
#[test]
fn v_026_a_phone_that_may_ask_nobody_has_no_server() {
    let mut sim = Sim::new(works)
        .with("Resync_Random_Delay", "0")
        .with("Resync_Error_Retry_Delay", "60");
    sim.boot();
    assert_eq!((urls(&sim).len(), places(&sim).len()), (0, 0));
    assert!(sim.message_texts()[0].contains("no server"));
    assert_eq!(
        sim.phone
            .timer()
            .map(|(kind, at)| (kind.name(), at.as_secs())),
        Some(("retry", 60))
    );
}

#[test]
fn a_search_that_never_ends_is_given_up_with_the_resync() {
    let mut sim = phone(works);
    sim.answers = false;
    sim.boot();
    sim.run_for(15 * 60 - 1);
    assert_eq!(places(&sim).len(), 1);
    sim.run_for(1);
    assert_eq!(
        sim.phone.timer().map(|(kind, _)| kind.name()),
        Some("retry")
    );
    // What comes too late counts for nothing.
    sim.handle(Input::Searched(
        onhook_phone::OpId::from_number(1),
        onhook_phone::Searched::Nothing,
    ));
    assert_eq!(sim.record.customization, Customization::Open);
}
