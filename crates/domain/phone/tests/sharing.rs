//! What the parameters say of sharing firmware with peers.
#![cfg(test)]

use std::net::Ipv4Addr;

use onhook_device::{MonoTime, Now, WallTime};
use onhook_phone::port::{Message, Severity};
use onhook_phone::render::sharing_message;
use onhook_testkit::sim::{Served, Sim};
use onhook_upgrade::sharing::{Line, LoadId, Tally};

const LOAD: LoadId = LoadId([0xab; 32]);

fn phone(params: &[(&str, &str)]) -> Sim {
    let sim = Sim::new(|_, _| Served::empty());
    let sim = params
        .iter()
        .fold(sim, |sim, (name, value)| sim.with(name, value));
    sim.booted()
}

fn told(params: &[(&str, &str)], line: Line) -> Option<Message> {
    let sim = phone(params);
    let now = Now {
        mono: MonoTime::from_secs(60),
        wall: Some(WallTime {
            unix_s: 1_795_388_400,
            offset_s: 0,
        }),
    };
    sharing_message(&sim.phone, &sim.shared, now, &line)
}

//= R-PFS-4 type=test
#[test]
fn both_parameters_have_to_be_yes() {
    for (params, may) in [
        (&[][..], true),
        (&[("Peer_Firmware_Sharing", "No")], false),
        (&[("Upgrade_Enable", "No")], false),
        (
            &[("Upgrade_Enable", "Yes"), ("Peer_Firmware_Sharing", "Yes")],
            true,
        ),
    ] {
        let sim = phone(params);
        assert_eq!(sim.phone.may_share(&sim.shared), may, "{params:?}");
    }
}

//= R-PFS-3 type=test
#[test]
fn lines_go_to_their_own_server_and_only_if_it_is_set() {
    // V-226
    let line = Line::Lied(LOAD, Ipv4Addr::new(192, 168, 5, 7));
    for params in [&[][..], &[("Syslog_Server", "10.0.0.1")]] {
        assert_eq!(told(params, line), None, "{params:?}");
    }
    let server = ("Peer_Firmware_Sharing_Log_Server", "192.168.5.5");
    let message = told(&[server, ("Syslog_Server", "10.0.0.1")], line).unwrap();
    assert_eq!(message.server, "192.168.5.5");
    assert_eq!(message.severity, Severity::Warning);
    assert_eq!(message.text, "PFS abababab: 192.168.5.7 gave a wrong block");
    assert_eq!(message.identifier, "");
    assert!(message.at.is_some());
    let named = told(&[server, ("Syslog_Identifier", "$MA")], Line::Wanted(LOAD)).unwrap();
    assert_eq!(named.severity, Severity::Info);
    assert_eq!(named.identifier, "000e08012345");
}

//= R-PFS-3 type=test
#[test]
fn every_line_says_what_happened() {
    let who = Ipv4Addr::new(192, 168, 5, 7);
    let tally = Tally {
        from_peers: 318,
        from_server: 2,
        passed: 636,
    };
    for (line, text) in [
        (Line::Wanted(LOAD), "looking for peers"),
        (Line::Root(LOAD), "root, fetching from the server"),
        (Line::Yielded(LOAD, who), "leaving the root to 192.168.5.7"),
        (Line::Joined(LOAD, who), "fed by 192.168.5.7"),
        (Line::Stalled(LOAD, who), "192.168.5.7 stalled"),
        (Line::RootLost(LOAD, who), "root 192.168.5.7 lost"),
        (Line::Alone(LOAD), "falling back to the server"),
        (
            Line::Complete(LOAD, tally),
            "complete, 318 blocks from peers, 2 from the server, 636 passed on",
        ),
        (Line::Failed(LOAD), "failed"),
    ] {
        assert_eq!(line.to_string(), format!("PFS abababab: {text}"));
    }
}
