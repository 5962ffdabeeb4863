//! Where a phone finds its server (transports.md 5 and 17.1).

use onhook_device::Outcome;
use onhook_discovery::Value;
use onhook_phone::{Command, Input, Newcomer, Notice, Origin};
use onhook_testkit::sim::{Served, Sim};

fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script)
        .with("Resync_Random_Delay", "0")
        .with("Resync_Error_Retry_Delay", "60")
}

/// Tells a phone of an option as it comes in a packet.
fn learn(sim: &mut Sim, code: u16, value: &[u8]) {
    sim.learn(code, Value::Wire(value));
}

fn urls(sim: &Sim) -> Vec<&str> {
    sim.requests
        .iter()
        .map(|(_, url, _)| url.as_str())
        .collect()
}

fn applied(_: &str, _: u64) -> Served {
    Served::one("GPP_A", "x")
}

//= R-DHCP-6 type=test
//= R-URL-2 type=test
//= R-TFTP-1 type=test
#[test]
fn v_001_to_005_an_option_gives_the_server_of_rules_without_one() {
    for (value, url) in [
        ("10.0.0.5", "tftp://10.0.0.5:69/8841-3PCC.xml"),
        ("http://h:8080", "http://h:8080/8841-3PCC.xml"),
        ("http://h/p/$MA.xml", "http://h:80/p/000e08012345.xml"),
        ("[--key k] http://h/p", "http://h:80/p"),
        ("https://$PSN/x", "https://8841-3PCC:443/x"),
    ] {
        let mut sim = phone(applied);
        learn(&mut sim, 66, value.as_bytes());
        sim.boot();
        assert_eq!(urls(&sim), [url], "{value}");
    }
    // A scheme in the rule brings its own port.
    let mut sim = phone(applied).with("Profile_Rule", "tftp:///a.xml");
    learn(&mut sim, 66, b"http://h:8080");
    sim.boot();
    assert_eq!(urls(&sim), ["tftp://h:69/a.xml"]);
}

//= R-DHCP-6 type=test
//= R-DHCP-7 type=test
#[test]
fn v_006_to_008_a_url_with_a_path_stands_in_for_the_factory_rule_alone() {
    let mut sim = phone(applied);
    learn(&mut sim, 66, b"http://h/full.xml");
    sim.boot();
    sim.run_for(3600);
    // V-006b: also after the first success, as long as the rule is that of the factory.
    assert_eq!(urls(&sim), ["http://h:80/full.xml"; 2]);
    assert_eq!(sim.value("Profile_Rule"), "/$PSN.xml");
    // Whoever changes the rule ends that; the URL still completes rules without a server.
    sim.set("Profile_Rule", "/own.xml");
    sim.resync();
    assert_eq!(urls(&sim).last(), Some(&"http://h:80/own.xml"));
    sim.set("Profile_Rule_B", "/b.xml");
    sim.resync();
    assert_eq!(urls(&sim).last(), Some(&"http://h:80/b.xml"));
    sim.set("Profile_Rule", "https://s/$MA.xml");
    sim.set("Profile_Rule_B", "");
    sim.resync();
    assert_eq!(urls(&sim).last(), Some(&"https://s:443/000e08012345.xml"));
}

//= R-DHCP-9 type=test
#[test]
fn v_009_servers_are_tried_in_order_while_they_cannot_be_reached() {
    for unreachable in [Outcome::TftpTimeout, Outcome::Timeout, Outcome::Connect] {
        let mut sim = phone(move |url, _| match url {
            "tftp://10.0.0.7:69/8841-3PCC.xml" => Served::one("GPP_A", "x"),
            _ => Served::Fails(unreachable),
        });
        learn(&mut sim, 150, &[10, 0, 0, 5, 10, 0, 0, 6, 10, 0, 0, 7]);
        sim.boot();
        let asked = ["5", "6", "7"].map(|n| format!("tftp://10.0.0.{n}:69/8841-3PCC.xml"));
        assert_eq!(urls(&sim), asked);
        assert_eq!(sim.value("GPP_A"), "x");
        assert_eq!(
            sim.phone.timer().map(|(kind, _)| kind.name()),
            Some("periodic")
        );
        // Each attempt has its request and its result in the log.
        let kinds = sim.message_texts().into_iter().map(|text| {
            let kinds = ["Requesting", "failed", "Successful"];
            kinds
                .into_iter()
                .find(|kind| text.contains(kind))
                .unwrap_or("?")
        });
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [
                "Requesting",
                "failed",
                "Requesting",
                "failed",
                "Requesting",
                "Successful"
            ]
        );
        // The next resync begins with the first server.
        sim.resync();
        assert_eq!(urls(&sim)[3], asked[0]);
    }
}

//= R-DHCP-9 type=test
#[test]
fn v_010_what_a_server_answers_is_final() {
    let mut sim = phone(|_, _| Served::Fails(Outcome::Fnf));
    learn(&mut sim, 150, &[10, 0, 0, 5, 10, 0, 0, 6]);
    sim.boot();
    assert_eq!(urls(&sim).len(), 1);
    // A rule that names its server has no other.
    let mut sim =
        phone(|_, _| Served::Fails(Outcome::Connect)).with("Profile_Rule", "tftp://10.0.0.5/a");
    learn(&mut sim, 150, &[10, 0, 0, 5, 10, 0, 0, 6]);
    sim.boot();
    assert_eq!(urls(&sim), ["tftp://10.0.0.5:69/a"]);
    // All of them silent: one failure of the resync.
    let mut sim = phone(|_, _| Served::Fails(Outcome::Timeout));
    learn(&mut sim, 150, &[10, 0, 0, 5, 10, 0, 0, 6]);
    sim.boot();
    assert_eq!(urls(&sim).len(), 2);
    assert_eq!(
        sim.phone.timer().map(|(kind, _)| kind.name()),
        Some("retry")
    );
}

//= R-RAD-1 type=test
#[test]
fn a_server_outside_the_domains_is_not_tried() {
    let mut sim =
        phone(|_, _| Served::Fails(Outcome::Timeout)).with("Restricted_Access_Domains", "10.0.0.5");
    learn(&mut sim, 150, &[10, 0, 0, 5, 10, 0, 0, 6]);
    sim.boot();
    assert_eq!(urls(&sim), ["tftp://10.0.0.5:69/8841-3PCC.xml"]);
}

//= R-DHCP-11 type=test
#[test]
fn what_a_renewed_lease_says_counts_from_the_next_resync() {
    let mut sim = phone(applied);
    learn(&mut sim, 66, b"10.0.0.5");
    sim.boot();
    learn(&mut sim, 66, b"http://h/p");
    sim.run_for(10);
    assert_eq!(urls(&sim).len(), 1, "nothing starts by itself");
    sim.run_for(3600);
    assert_eq!(urls(&sim)[1], "http://h:80/p");
    sim.handle(Input::OptionsLearned(None));
    sim.run_for(3600);
    assert_eq!(urls(&sim).len(), 2);
    assert!(sim.message_texts().last().unwrap().contains("no server"));
}

/// What the phone told of other servers: old, new, and what became of the new one.
fn changes(sim: &Sim) -> Vec<(&str, &str, Newcomer)> {
    let told = sim.notices.iter().filter_map(|notice| {
        let Notice::ServerChanged(old, new, newcomer) = notice else {
            return None;
        };
        let text = |host| sim.shared.values.text(host);
        Some((text(*old), text(*new), *newcomer))
    });
    told.collect()
}

//= R-DHCP-7 type=test
#[test]
fn another_server_of_the_network_is_told_with_both_names() {
    let mut sim = phone(applied);
    learn(&mut sim, 66, b"10.0.0.5");
    sim.boot();
    assert_eq!(changes(&sim), []);
    // While the phone runs, and over a restart.
    learn(&mut sim, 66, b"10.0.0.6");
    assert_eq!(changes(&sim), [("10.0.0.5", "10.0.0.6", Newcomer::Taken)]);
    sim.resync();
    learn(&mut sim, 66, b"10.0.0.6");
    sim.power_cycle();
    assert_eq!(changes(&sim).len(), 1);
    sim.notices.clear();
    sim.restart_with(66, b"10.0.0.7");
    assert_eq!(changes(&sim), [("10.0.0.6", "10.0.0.7", Newcomer::Taken)]);
    assert_eq!(urls(&sim).last(), Some(&"tftp://10.0.0.7:69/8841-3PCC.xml"));
}

//= R-DHCP-7 type=test
#[test]
fn a_pinned_phone_refuses_another_server_once_it_is_provisioned() {
    let mut sim = phone(|url, _| match url.contains("10.0.0.5") {
        true => Served::one("GPP_A", "x"),
        false => Served::Fails(Outcome::Connect),
    })
    .pinned()
    .with("Resync_Random_Delay", "0");
    // Before the first success it takes what it gets.
    learn(&mut sim, 66, b"10.0.0.4");
    sim.boot();
    learn(&mut sim, 66, b"10.0.0.5");
    assert_eq!(changes(&sim), []);
    sim.resync();
    let asked = sim.requests.len();
    learn(&mut sim, 66, b"10.0.0.6");
    sim.resync();
    let refused = ("10.0.0.5", "10.0.0.6", Newcomer::Refused);
    assert_eq!(changes(&sim), [refused]);
    assert_eq!(sim.requests.len(), asked, "nobody is asked");
    sim.notices.clear();
    sim.restart_with(66, b"10.0.0.6");
    assert_eq!(changes(&sim), [refused]);
    assert_eq!(sim.requests.len(), asked, "nobody is asked");
    // The old one comes back.
    learn(&mut sim, 66, b"10.0.0.5");
    sim.resync();
    assert_eq!(urls(&sim).last(), Some(&"tftp://10.0.0.5:69/8841-3PCC.xml"));
    // The factory state forgets it.
    sim.input(Input::Command(Origin::Control, Command::FactoryReset));
    sim.run_for(0);
    sim.notices.clear();
    sim.restart_with(66, b"10.0.0.6");
    assert_eq!(changes(&sim), []);
}
