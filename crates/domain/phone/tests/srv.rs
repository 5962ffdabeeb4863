//! Rules whose server SRV records name.

use onhook_device::{Outcome, SrvWeightMode};
use onhook_discovery::Value;
use onhook_params::Scope;
use onhook_phone::{Notice, RuleFault, RuleSlot};
use onhook_testkit::sim::{Served, Sim};

fn phone(rule: &str) -> Sim {
    Sim::new(|_, _| Served::one("GPP_A", "x"))
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", rule)
}

fn urls(sim: &Sim) -> Vec<&str> {
    sim.requests
        .iter()
        .map(|(_, url, _)| url.as_str())
        .collect()
}

//= R-DNS-1 type=test
//= R-DNS-2 type=test
//= R-HTTP-20 type=test
#[test]
fn a_rule_asks_for_srv_records_and_keeps_its_own_host_and_port() {
    for (rule, url) in [
        (
            "[--srv] https://example.com/x",
            "SRV https://example.com:443/x",
        ),
        (
            "[--srv] http://example.com:8080/x",
            "SRV http://example.com:8080/x",
        ),
        ("https://example.com/x", "https://example.com:443/x"),
    ] {
        let sim = phone(rule)
            .with("Log_Request_Msg", "$SCHEME $SERV $SERVIP $PORT $PATH")
            .booted();
        assert_eq!(urls(&sim), [url], "{rule}");
        let scheme = url.trim_start_matches("SRV ").split(':').next().unwrap();
        let port = url.rsplit([':', '/']).nth(1).unwrap();
        let said = &sim.message_texts()[0];
        assert_eq!(said, &format!("{scheme} example.com 192.0.2.1 {port} /x"));
    }
}

#[test]
fn an_option_names_the_domain_of_a_rule_without_a_server() {
    let mut sim = phone("[--srv] /x");
    sim.learn(160, Value::Text("https://example.com"));
    sim.boot();
    assert_eq!(urls(&sim), ["SRV https://example.com:443/x"]);
}

//= R-DNS-4 type=test
#[test]
fn each_request_draws_anew_and_the_same_phone_draws_the_same() {
    let seeds = |mode: &str| {
        let mut scope = Scope::default();
        scope.readings.set("srv_weight_mode", mode).unwrap();
        let mut sim = Sim::of(scope, 7, |_, _| Served::one("GPP_A", "x"))
            .with("Resync_Random_Delay", "0")
            .with("Profile_Rule", "[--srv] http://example.com/x")
            .with("Resync_Periodic", "3600");
        sim.boot();
        sim.run_for(3600);
        sim.services_asked.clone()
    };
    let first = seeds("rfc2782");
    assert_eq!(first, seeds("rfc2782"));
    let [one, two] = first.as_slice() else {
        panic!("two requests: {first:?}");
    };
    assert_ne!(one.seed, two.seed);
    assert_eq!(one.mode, SrvWeightMode::Rfc2782);
    let low = seeds("low_first");
    assert_eq!(low.first().map(|s| s.mode), Some(SrvWeightMode::LowFirst));
}

//= R-RAD-1 type=test
#[test]
fn a_domain_that_is_not_allowed_is_not_looked_up() {
    let sim = phone("[--srv] https://example.net/x")
        .with("Restricted_Access_Domains", "example.com")
        .booted();
    assert!(urls(&sim).is_empty());
    let fault = Notice::RuleFault(RuleSlot::A, RuleFault::ServerNotAllowed);
    assert!(sim.notices.contains(&fault));
}

#[test]
fn a_server_that_cannot_be_found_is_a_failure_as_any_other() {
    let sim = Sim::new(|_, _| Served::Fails(Outcome::Dns))
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "[--srv] https://example.com/x")
        .booted();
    let said = sim.message_texts();
    assert!(said[1].contains("dns lookup failed"), "{said:?}");
}
