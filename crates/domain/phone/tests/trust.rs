//! The custom CA: when it is fetched, in which order, and what its failure does.
#![cfg(test)]

use onhook_device::Outcome;
use onhook_fetch::Fingerprint;
use onhook_phone::{CaOver, CaSource, Command, CustomCa, Input, Notice, OpId, Origin, State};
use onhook_testkit::sim::{Served, Sim};

const CA: &str = "http://h/ca.pem";
const CA_URL: &str = "http://h:80/ca.pem";

/// A phone that resyncs once at boot, from a server without settings.
fn quiet() -> Sim {
    Sim::new(|_, _| Served::empty())
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Random_Delay", "0")
}

/// A phone whose first rule sets the rule of the CA, and whose second is fetched over TLS.
fn changing(ca_ends: Outcome) -> Sim {
    let mut sim = Sim::new(|url, _| match url {
        "http://h:80/a" => Served::one("Custom_CA_Rule", CA),
        _ => Served::empty(),
    })
    .with("Profile_Rule", "http://h/a")
    .with("Profile_Rule_B", "https://h/b")
    .with("Resync_Random_Delay", "0");
    (sim.ca_ends, sim.ca_s) = (ca_ends, 3);
    sim.booted()
}

fn requested(sim: &Sim) -> Vec<(u64, &str)> {
    let profiles = sim.requests.iter().map(|(at, url, _)| (*at, url.as_str()));
    let cas = sim
        .ca_requests
        .iter()
        .map(|(at, url, _)| (*at, url.as_str()));
    let mut all: Vec<_> = profiles.chain(cas).collect();
    all.sort_by_key(|(at, _)| *at);
    all
}

//= R-TLS-8 type=test
#[test]
fn a_rule_is_carried_out_at_boot_before_the_first_rule() {
    let mut sim = quiet().with("Custom_CA_Rule", CA);
    sim.ca_s = 3;
    sim.boot();
    assert_eq!(requested(&sim), [(0, CA_URL)]);
    sim.run_for(10);
    assert_eq!(requested(&sim), [(0, CA_URL), (3, "http://h:80/p")]);
    assert_eq!(sim.custom_ca.as_deref(), Some(CA_URL));
    assert_eq!(sim.ca_requests[0].2, CaSource::Rule);
    assert!(matches!(sim.phone.state(), State::Waiting));
}

//= R-TLS-8 type=test
#[test]
fn in_a_random_delay_it_comes_first_and_delays_by_no_more_than_its_own_transfer() {
    for (ca_s, resync_at) in [(1, None), (100_000, Some(100_000))] {
        let mut sim = quiet()
            .with("Custom_CA_Rule", CA)
            .with("Resync_Random_Delay", "600");
        sim.ca_s = ca_s;
        sim.boot();
        assert!(matches!(sim.phone.state(), State::BootDelay));
        sim.run_for(100_000);
        let all = requested(&sim);
        assert_eq!(all[0], (0, CA_URL));
        assert!(resync_at.is_none_or(|at| all[1].0 == at), "{all:?}");
        assert!(all[1].0 <= ca_s.max(600), "{all:?}");
    }
}

//= R-TLS-8 type=test
#[test]
fn without_a_resync_at_boot_it_is_fetched_all_the_same() {
    let sim = quiet()
        .with("Custom_CA_Rule", CA)
        .with("Resync_On_Reset", "No")
        .booted();
    assert_eq!(requested(&sim), [(0, CA_URL)]);
    let sim = quiet()
        .with("Custom_CA_Rule", CA)
        .with("Provision_Enable", "No")
        .booted();
    assert_eq!(requested(&sim), [(0, CA_URL)]);
}

//= R-TLS-9 type=test
#[test]
fn a_rule_that_the_first_profile_changes_is_carried_out_before_the_second() {
    let mut sim = changing(Outcome::Applied);
    sim.run_for(10);
    let all = [(0, "http://h:80/a"), (0, CA_URL), (3, "https://h:443/b")];
    assert_eq!(requested(&sim), all);
    assert!(sim.notices.contains(&Notice::ResyncDone(Outcome::Applied)));
    // It has not changed again.
    sim.resync();
    sim.run_for(10);
    assert_eq!(sim.ca_requests.len(), 1);
}

//= R-TLS-9 type=test
#[test]
fn an_assignment_changes_it_too() {
    let mut sim = Sim::new(|_, _| Served::empty())
        .with("Profile_Rule", "(Custom_CA_Rule = \"http://h/ca.pem\")!")
        .with("Profile_Rule_B", "http://h/b")
        .with("Resync_Random_Delay", "0")
        .booted();
    sim.run_for(10);
    assert_eq!(requested(&sim), [(0, "http://h:80/b"), (0, CA_URL)]);
    let trace = &sim.trace;
    assert!(trace.find("FetchTrust").unwrap() < trace.find(" Fetch(").unwrap());
}

//= R-TLS-9 type=test
#[test]
fn a_failure_fails_nothing_and_keeps_what_is_believed() {
    for outcome in [Outcome::ParseFailed, Outcome::Fnf, Outcome::Timeout] {
        let mut sim = changing(outcome);
        sim.custom_ca = Some("before".to_owned());
        sim.run_for(10);
        assert_eq!(requested(&sim)[2], (3, "https://h:443/b"));
        assert!(sim.notices.contains(&Notice::ResyncDone(Outcome::Applied)));
        let done = Notice::TrustDone(CaSource::Rule, outcome, None);
        assert!(sim.notices.contains(&done), "{:?}", sim.notices);
        assert_eq!(sim.custom_ca.as_deref(), Some("before"));
    }
}

//= R-TLS-8 type=test
#[test]
fn an_emptied_rule_removes_it_before_the_next_rule() {
    let mut sim = Sim::new(|url, at| match (url, at) {
        ("http://h:80/a", 100) => Served::one("Custom_CA_Rule", ""),
        _ => Served::empty(),
    })
    .with("Profile_Rule", "http://h/a")
    .with("Profile_Rule_B", "http://h/b")
    .with("Custom_CA_Rule", CA)
    .booted();
    sim.run_for(100);
    assert_eq!(sim.custom_ca.as_deref(), Some(CA_URL));
    sim.trace.clear();
    sim.resync();
    assert_eq!(sim.custom_ca, None);
    assert!(sim.trace.find("ForgetTrust").unwrap() < sim.trace.find(":80/b").unwrap_or(usize::MAX));
    assert!(sim.notices.contains(&Notice::TrustForgotten));
    assert_eq!(sim.ca_requests.len(), 1);
    // Nothing is removed from a phone that never had a rule.
    let sim = quiet().booted();
    assert!(!sim.trace.contains("ForgetTrust"));
}

//= R-TLS-8 type=test
#[test]
fn a_local_change_is_carried_out_at_once_or_at_the_end_of_the_resync() {
    let mut sim = quiet().booted();
    sim.run_for(10);
    sim.set("Custom_CA_Rule", CA);
    assert_eq!(requested(&sim)[1], (10, CA_URL));
    // The same value is no change.
    sim.set("Custom_CA_Rule", CA);
    assert_eq!(sim.ca_requests.len(), 1);
    sim.fetch_s = 50;
    sim.resync();
    sim.set("Custom_CA_Rule", "http://h/other");
    sim.run_for(20);
    assert_eq!(sim.ca_requests.len(), 1);
    sim.run_for(100);
    assert_eq!(sim.ca_requests[1].0, 60);
    // Emptied while it is being fetched.
    sim.ca_s = 5;
    sim.set("Custom_CA_Rule", CA);
    sim.set("Custom_CA_Rule", "");
    sim.run_for(10);
    assert_eq!(sim.custom_ca, None);
}

//= R-SM-26 type=test
#[test]
fn no_resync_starts_while_it_is_fetched_and_it_waits_for_the_end_of_one() {
    let mut sim = quiet().booted();
    (sim.ca_s, sim.fetch_s) = (100, 50);
    sim.run_for(10);
    sim.update_ca(Some(CA));
    sim.resync();
    sim.run_for(99);
    assert_eq!(sim.requests.len(), 1);
    sim.run_for(1);
    assert_eq!(sim.requests[1].0, 110);
    sim.update_ca(Some(CA));
    sim.run_for(30);
    assert_eq!(sim.ca_requests.len(), 1);
    sim.run_for(30);
    assert_eq!(sim.ca_requests[1].0, 160);
}

#[test]
fn a_url_that_is_given_is_used_and_not_stored() {
    let mut sim = quiet().booted();
    sim.update_ca(Some("[--uid u --pwd p] /given/$MA.pem"));
    // The rule names no server, and neither does the network.
    let fault = |notice: &&Notice| matches!(notice, Notice::TrustFault(CaSource::Request, _));
    assert!(sim.notices.iter().any(|notice| fault(&notice)));
    let value = onhook_discovery::Value::Text("http://n:8080");
    sim.learn(66, value);
    sim.update_ca(Some("[--uid u --pwd p] /given/$MA.pem"));
    let url = "http://n:8080/given/000e08012345.pem";
    assert_eq!(sim.ca_requests, [(0, url.to_owned(), CaSource::Request)]);
    assert_eq!(sim.custom_ca.as_deref(), Some(url));
    assert_eq!((sim.value("Custom_CA_Rule").as_str(), sim.commits), ("", 0));
    // Without a URL it is the rule of the parameter, and without that it is nothing.
    sim.update_ca(None);
    assert_eq!(sim.ca_requests.len(), 1);
    assert_eq!(sim.custom_ca.as_deref(), Some(url));
    sim.set("Custom_CA_Rule", CA);
    sim.update_ca(None);
    assert_eq!(sim.ca_requests.len(), 3);
    assert_eq!(sim.ca_requests[2].2, CaSource::Rule);
}

//= R-TLS-10 type=test
#[test]
fn over_plain_transports_it_comes_unless_that_is_forbidden() {
    for (ca_over, url, comes) in [
        (CaOver::Any, "http://h/ca", true),
        (CaOver::Any, "tftp://h/ca", true),
        (CaOver::Https, "https://h/ca", true),
        (CaOver::Https, "http://h/ca", false),
        (CaOver::Https, "tftp://h/ca", false),
    ] {
        let mut sim = quiet().with_ca_over(ca_over).booted();
        sim.messages.clear();
        sim.update_ca(Some(url));
        assert_eq!(sim.ca_requests.len(), usize::from(comes), "{url}");
        if !comes {
            let done = Notice::TrustDone(CaSource::Request, Outcome::ServerNotAllowed, None);
            assert!(sim.notices.contains(&done), "{:?}", sim.notices);
            assert!(sim.messages[0].1.contains("server not allowed"));
        }
    }
}

//= R-RAD-1 type=test
//= R-DOM-1 type=test
#[test]
fn a_server_that_is_not_listed_is_not_asked() {
    let mut sim = quiet()
        .with("Restricted_Access_Domains", "h")
        .with("Custom_CA_Rule", "http://other/ca")
        .booted();
    assert_eq!(sim.ca_requests, []);
    let done = Notice::TrustDone(CaSource::Rule, Outcome::ServerNotAllowed, None);
    assert!(sim.notices.contains(&done));
    assert_eq!(sim.requests.len(), 1);
    sim.update_ca(Some(CA));
    assert_eq!(sim.ca_requests.len(), 1);
}

//= R-LOG-3 type=test
//= R-LOG-5 type=test
#[test]
fn messages_name_the_operation_and_its_own_request() {
    for (outcome, last) in [
        (
            Outcome::Applied,
            "Successful custom CA http://h:80/ca.pem -- OK",
        ),
        (Outcome::ParseFailed, "custom CA failed: parse failed"),
    ] {
        let mut sim = quiet()
            .with(
                "Log_Request_Msg",
                "Requesting %s $SCHEME://$SERV:$PORT$PATH",
            )
            .with(
                "Log_Success_Msg",
                "Successful %s $SCHEME://$SERV:$PORT$PATH -- $ERR",
            )
            .with("Log_Failure_Msg", "%s failed: $ERR")
            .booted();
        sim.ca_ends = outcome;
        sim.messages.clear();
        sim.update_ca(Some(CA));
        let texts = sim.message_texts();
        assert_eq!(texts, ["Requesting custom CA http://h:80/ca.pem", last]);
        // A rule that leads to no request has the failure alone.
        sim.messages.clear();
        sim.update_ca(Some("[--key"));
        assert_eq!(sim.message_texts(), ["custom CA failed: bad rule"]);
        // What profiles see of the last request is theirs.
        sim.messages.clear();
        sim.resync_with("http://h/$SCHEME$PATH");
        assert!(sim.requests.last().unwrap().1.ends_with("http/p"));
    }
}

#[test]
fn what_only_profiles_have_is_refused() {
    let mut sim = quiet().booted();
    for rule in [
        "[--key k] http://h/ca",
        "[--post a] http://h/ca",
        "[--alias a] http://h/ca",
        "(GPP_A = \"1\")! http://h/ca",
    ] {
        sim.notices.clear();
        sim.update_ca(Some(rule));
        let done = Notice::TrustDone(CaSource::Request, Outcome::BadRule, None);
        assert!(sim.notices.contains(&done), "{rule}: {:?}", sim.notices);
    }
    sim.notices.clear();
    // No alternative fits: nothing is fetched, and nothing is removed.
    sim.update_ca(Some("( 1 eq 2 )? http://h/ca"));
    let done = Notice::TrustDone(CaSource::Request, Outcome::Skipped, None);
    assert!(sim.notices.contains(&done));
    assert_eq!((sim.ca_requests.len(), sim.commits), (0, 0));
}

#[test]
fn a_restart_waits_for_it_and_ends_what_is_wanted() {
    let mut sim = quiet().booted();
    sim.ca_s = 60;
    sim.update_ca(Some(CA));
    sim.input(Input::Command(Origin::Control, Command::Restart));
    sim.run_for(59);
    assert_eq!(sim.restarts, 0);
    sim.run_for(1);
    assert_eq!((sim.restarts, sim.custom_ca.is_some()), (1, true));
    sim.power_cycle();
    // Power fails in the middle of it: nobody waits for what comes.
    sim.update_ca(Some(CA));
    sim.power_cycle();
    sim.run_for(100);
    assert_eq!(sim.ca_requests.len(), 2);
}

#[test]
fn the_limit_of_the_resync_ends_it_with_the_resync() {
    let mut sim = changing(Outcome::Applied);
    sim.run_for(100);
    sim.set("Custom_CA_Rule", "");
    (sim.ca_s, sim.fetch_s) = (10_000, 800);
    sim.notices.clear();
    sim.resync();
    sim.run_for(1000);
    let timeout = Notice::TrustDone(CaSource::Rule, Outcome::Timeout, None);
    assert!(sim.notices.contains(&timeout), "{:?}", sim.notices);
    assert!(sim.notices.contains(&Notice::ResyncDone(Outcome::Timeout)));
    assert!(sim.trace.contains("Cancel"));
    // Its completion comes later and is not believed.
    let stale = sim.phone.stale_completions();
    sim.fetch_s = 0;
    sim.run_for(10_000);
    assert_eq!(sim.phone.stale_completions(), stale + 1);
}

#[test]
fn completions_of_nobody_are_counted_and_change_nothing() {
    let mut sim = quiet().booted();
    let stale = sim.phone.stale_completions();
    let name = sim.shared.values.intern("x", onhook_params::Secrecy::Plain);
    let ca = CustomCa {
        name,
        fingerprint: Fingerprint([0; 32]),
        certificates: 1,
    };
    sim.trace.clear();
    sim.handle(Input::TrustDone(OpId::from_number(77), Ok(ca)));
    assert_eq!(sim.phone.stale_completions(), stale + 1);
    assert!(sim.trace.is_empty(), "{}", sim.trace);
}

#[test]
fn every_text_is_given_back() {
    let mut sim = quiet().booted();
    sim.run_for(1);
    sim.shared.values.sweep_all();
    let before = sim.shared.values.len();
    for rule in [
        "http://h/one",
        "[--uid u --pwd p] http://h/two",
        "[--key",
        "tftp://x/y",
    ] {
        sim.update_ca(Some(rule));
        sim.run_for(1);
    }
    sim.shared.values.sweep_all();
    assert_eq!(sim.shared.values.len(), before);
}
