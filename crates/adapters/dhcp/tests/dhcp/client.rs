//! The client of DHCPv4 in virtual time.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;
use onhook_dhcp::{Client, Event, Kind, Machine, Packet, Step, To, Want};
use onhook_discovery::{HeldOption, HeldValue, Learned, Space};
use proptest::prelude::*;

use crate::server::{MAC, SERVER, Server, who};
use crate::sim::{ADDRESS, Sim, ack, nak, offer, sent, wire, with};

//= R-DHCP-3 type=test
//= R-DHCP-4 type=test
#[test]
fn a_discover_says_who_asks_for_what() {
    let mut sim = Sim::new(Want::Lease, 1);
    let (to, packet) = sim.sends();
    assert_eq!(
        (to, packet.kind, packet.from_server),
        (To::Everybody, Kind::Discover, false)
    );
    assert_eq!(packet.mac, MAC);
    let option = |code: u8| packet.options.get(&code).cloned().unwrap_or_default();
    assert_eq!(
        option(55),
        [1, 3, 6, 15, 42, 2, 51, 54, 66, 160, 159, 150, 43, 125]
    );
    assert_eq!(option(60), b"Cisco Systems, Inc. IP Phone CP-8841-3PCC");
    assert_eq!(option(61), [1, 0, 0x0e, 8, 1, 0x23, 0x45]);
    assert_eq!(option(12), b"SEP000E08012345");
    assert_eq!(option(50), b"");
}

#[test]
fn without_an_answer_it_is_asked_less_and_less_often() {
    for seed in 0..200 {
        let mut sim = Sim::new(Want::Lease, seed);
        let (_, first) = sim.sends();
        for wait in [4, 8, 16, 32, 64, 64, 64_u64] {
            let before = sim.now;
            let (_, again) = sim.sends();
            let waited = sim.now.since(before).as_millis() as u64;
            assert!(
                (wait * 1000 - 1000..=wait * 1000 + 1000).contains(&waited),
                "{waited}"
            );
            assert_eq!(again.xid, first.xid);
        }
    }
}

#[test]
fn phones_do_not_ask_in_step() {
    let after = |seed| {
        let mut sim = Sim::new(Want::Lease, seed);
        (0..4).for_each(|_| drop(sim.sends()));
        sim.now.as_millis()
    };
    let mut times: Vec<_> = (0..50).map(after).collect();
    times.sort_unstable();
    times.dedup();
    assert!(times.len() > 40, "{times:?}");
}

#[test]
fn an_offer_is_asked_for_and_an_acknowledgement_binds() {
    let mut sim = Sim::new(Want::Lease, 1);
    let (_, discover) = sim.sends();
    let steps = sim.hears(&offer(&discover, 600));
    let (to, request) = sent(&steps).unwrap();
    assert_eq!(
        (to, request.kind, request.xid),
        (To::Everybody, Kind::Request, discover.xid)
    );
    assert_eq!(request.address(50), Some(ADDRESS));
    assert_eq!(request.address(54), Some(SERVER));
    assert!(request.client.is_unspecified());
    let steps = sim.hears(&ack(&request, 600));
    let [Step::Bound(lease)] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(lease.address, Some(ADDRESS.into()));
    assert_eq!(
        wire(lease),
        [(6, vec![10, 0, 0, 9]), (66, b"10.0.0.5".to_vec())]
    );
    assert_eq!(lease.all.get(&6), Some(&vec![10, 0, 0, 9]));
    assert_eq!(sim.client.deadline(), MonoTime::from_secs(300));
}

//= R-DHCP-12 type=test
#[test]
fn the_name_of_a_boot_file_is_passed_over_even_if_it_is_listed() {
    let mut client = Client::new(who(), Want::Lease, "67,66", 1, MonoTime::ZERO);
    let mut out = Vec::new();
    client.handle(Event::Timer, MonoTime::ZERO, &mut out);
    let (_, discover) = sent(&out).unwrap();
    assert_eq!(discover.options[&55], [1, 3, 6, 15, 42, 2, 51, 54, 66]);
    client.handle(
        Event::Packet(&offer(&discover, 600).encode(0)),
        MonoTime::ZERO,
        &mut out,
    );
    out.clear();
    client.handle(
        Event::Packet(&ack(&discover, 600).encode(0)),
        MonoTime::ZERO,
        &mut out,
    );
    let [Step::Bound(lease)] = &out[..] else {
        panic!("{out:?}");
    };
    assert_eq!(
        wire(lease),
        [(6, vec![10, 0, 0, 9]), (66, b"10.0.0.5".to_vec())]
    );
}

//= R-DHCP-14 type=test
#[test]
fn only_the_selected_server_acknowledges() {
    let rogue = [192, 0, 2, 66];
    let mut sim = Sim::new(Want::Lease, 1);
    let (_, discover) = sim.sends();
    // Nobody was selected.
    assert_eq!(sim.hears(&ack(&discover, 600)), []);
    let steps = sim.hears(&offer(&discover, 600));
    let (_, request) = sent(&steps).unwrap();
    // Further offers come too late.
    assert_eq!(sim.hears(&with(offer(&discover, 600), 54, &rogue)), []);
    assert_eq!(sim.hears(&with(ack(&request, 600), 54, &rogue)), []);
    assert_eq!(sim.hears(&with(nak(&request), 54, &rogue)), []);
    let without = {
        let mut packet = ack(&request, 600);
        packet.options.remove(&54);
        packet
    };
    assert_eq!(sim.hears(&without), []);
    for foreign in [
        Packet {
            xid: request.xid ^ 1,
            ..ack(&request, 600)
        },
        Packet {
            mac: onhook_device::Mac([9; 6]),
            ..ack(&request, 600)
        },
        Packet {
            from_server: false,
            ..ack(&request, 600)
        },
    ] {
        assert_eq!(sim.hears(&foreign), []);
    }
    assert_eq!(sim.hears(&ack(&request, 600)).len(), 1);
    // What comes twice changes nothing.
    assert_eq!(sim.hears(&ack(&request, 600)), []);
    // While the lease is renewed, too.
    let (_, renewal) = sim.sends();
    assert_eq!(sim.hears(&with(ack(&renewal, 600), 54, &rogue)), []);
    assert_eq!(sim.hears(&with(nak(&renewal), 54, &rogue)), []);
    assert_eq!(sim.hears(&ack(&renewal, 600)).len(), 1);
}

#[test]
fn offers_that_cannot_be_used_are_passed_over() {
    let mut sim = Sim::new(Want::Lease, 1);
    let (_, discover) = sim.sends();
    for yours in [
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::BROADCAST,
        Ipv4Addr::LOCALHOST,
        Ipv4Addr::new(224, 0, 0, 1),
    ] {
        assert_eq!(
            sim.hears(&Packet {
                yours,
                ..offer(&discover, 600)
            }),
            []
        );
    }
    assert_eq!(sim.hears(&offer(&discover, 9)), []);
    let mut endless = offer(&discover, 600);
    endless.options.remove(&51);
    assert_eq!(sim.hears(&endless), []);
    assert_eq!(sim.hears(&offer(&discover, 600)).len(), 1);
}

#[test]
fn a_request_that_nobody_answers_is_given_up_after_four_tries() {
    let mut sim = Sim::new(Want::Lease, 1);
    let (_, discover) = sim.sends();
    let first = sent(&sim.hears(&offer(&discover, 600))).unwrap().1;
    assert_eq!(first.kind, Kind::Request);
    for _ in 0..3 {
        let (_, again) = sim.sends();
        assert_eq!((again.kind, again.xid), (Kind::Request, first.xid));
    }
    let (_, anew) = sim.sends();
    assert_eq!(anew.kind, Kind::Discover);
    assert_ne!(anew.xid, first.xid);
}

#[test]
fn a_refused_request_starts_over_after_a_while() {
    let mut sim = Sim::new(Want::Lease, 1);
    let (_, discover) = sim.sends();
    let request = sent(&sim.hears(&offer(&discover, 600))).unwrap().1;
    let before = sim.now;
    assert_eq!(sim.hears(&nak(&request)), []);
    // An offer for what is over is none.
    assert_eq!(sim.hears(&offer(&discover, 600)), []);
    let (_, anew) = sim.sends();
    assert_eq!(anew.kind, Kind::Discover);
    assert!(sim.now.since(before).as_secs() >= 3);
}

//= R-DHCP-14 type=test
#[test]
fn options_alone_are_asked_for_with_the_address_of_the_host() {
    let mut sim = Sim::new(Want::Options, 1);
    assert_eq!(sim.client.deadline(), MonoTime::MAX);
    assert_eq!(sim.handle(Event::Address(Some(ADDRESS))), []);
    let (to, inform) = sim.sends();
    assert_eq!(
        (to, inform.kind, inform.client),
        (To::Everybody, Kind::Inform, ADDRESS)
    );
    // A lease is not taken.
    assert_eq!(sim.hears(&offer(&inform, 600)), []);
    let mut answer = ack(&inform, 600);
    answer.yours = Ipv4Addr::UNSPECIFIED;
    answer.options.remove(&51);
    let steps = sim.hears(&answer);
    let [Step::Bound(lease)] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(lease.address, Some(ADDRESS.into()));
    // A second server comes too late.
    assert_eq!(sim.hears(&with(answer, 54, &[192, 0, 2, 66])), []);
    let before = sim.now;
    let (_, again) = sim.sends();
    assert_eq!(again.kind, Kind::Inform);
    assert!((3240..=3600).contains(&sim.now.since(before).as_secs()));
    // The same address is no news, another one is asked for at once.
    sim.hears(&ack(&again, 0));
    assert_eq!(sim.handle(Event::Address(Some(ADDRESS))), []);
    let other = Ipv4Addr::new(192, 0, 2, 8);
    assert_eq!(sim.handle(Event::Address(Some(other))), [Step::Lost]);
    assert_eq!(sim.sends().1.client, other);
    assert_eq!(sim.handle(Event::Address(None)), []);
    assert_eq!(sim.client.deadline(), MonoTime::MAX);
}

proptest! {
    /// Whatever is lost, the client holds a lease most of the time, and never one that has ended.
    #[test]
    fn a_lossy_network_leads_to_a_lease(seed in any::<u64>(), lose in 2_usize..6, lease_s in 60_u32..7200) {
        let says = Learned {
            address: Some(ADDRESS.into()),
            options: vec![HeldOption {
                space: Space::V4,
                code: 66,
                value: HeldValue::Wire(b"h".to_vec()),
            }],
        };
        let mut server = Server::new(Some(&says));
        (server.lose, server.lease_s) = (lose, lease_s);
        let mut sim = Sim::new(Want::Lease, seed);
        let (mut bound, mut since) = (false, MonoTime::ZERO);
        for _ in 0..200 {
            let mut steps = sim.timer();
            while !steps.is_empty() {
                let mut answers = Vec::new();
                for step in steps {
                    match step {
                        Step::Send(to, packet) => answers.extend(server.answer(to, &packet)),
                        Step::Bound(_) => (bound, since) = (true, sim.now),
                        Step::Lost => bound = false,
                    }
                }
                steps = answers.iter().flat_map(|a| sim.handle(Event::Packet(a))).collect();
            }
            prop_assert!(!bound || sim.now.secs_since(since) <= u64::from(lease_s));
        }
        prop_assert!(server.heard.iter().any(|(_, p)| p.kind == Kind::Request && !p.client.is_unspecified()));
        prop_assert!(bound);
    }
}
