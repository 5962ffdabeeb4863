//! How a lease goes on and ends.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;
use onhook_dhcp::{Kind, Machine, Packet, Step, To, Want};

use crate::server::SERVER;
use crate::sim::{ADDRESS, Sim, ack, nak, offer, sent, wire, with};

//= R-DHCP-11 type=test
#[test]
fn a_lease_is_renewed_then_rebound_then_lost() {
    let mut sim = Sim::new(Want::Lease, 1);
    sim.bind(3600);
    let (to, renewal) = sim.sends();
    assert_eq!((to, renewal.kind), (To::Server(SERVER), Kind::Request));
    assert_eq!(sim.now, MonoTime::from_secs(1800));
    assert_eq!(renewal.client, ADDRESS);
    assert_eq!((renewal.address(50), renewal.address(54)), (None, None));
    // New values come with the renewal, and the times count from it.
    let steps = sim.hears(&with(ack(&renewal, 3600), 66, b"10.0.0.6"));
    let [Step::Bound(lease)] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(
        wire(lease),
        [(6, vec![10, 0, 0, 9]), (66, b"10.0.0.6".to_vec())]
    );
    assert_eq!(sim.client.deadline(), MonoTime::from_secs(3600));
    // From now on nobody answers: T1, T2 = 7/8, the end.
    let mut all: Vec<(u64, To, Packet)> = Vec::new();
    loop {
        match &sim.timer()[..] {
            [Step::Send(to, packet)] => {
                all.push((sim.now.as_secs(), *to, Packet::parse(packet).unwrap()));
            }
            [Step::Lost, Step::Send(To::Everybody, packet)] => {
                let packet = Packet::parse(packet).unwrap();
                assert_eq!(
                    (packet.kind, packet.client),
                    (Kind::Discover, Ipv4Addr::UNSPECIFIED)
                );
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sim.now, MonoTime::from_secs(1800 + 3600));
    let times = |wanted: To| {
        let of = all.iter().filter(|(_, to, _)| *to == wanted);
        of.map(|(at, ..)| *at).collect::<Vec<_>>()
    };
    // Half of what is left each time, and at least a minute.
    assert_eq!(
        times(To::Server(SERVER)),
        [3600, 4275, 4612, 4781, 4865, 4925]
    );
    assert_eq!(times(To::Everybody), [4950, 5175, 5287, 5347]);
}

#[test]
fn any_server_may_take_over_a_lease_whose_server_is_gone() {
    let mut sim = Sim::new(Want::Lease, 1);
    sim.bind(600);
    let rebinding = loop {
        let (to, packet) = sim.sends();
        if to == To::Everybody {
            break packet;
        }
    };
    let other = [192, 0, 2, 2];
    assert_eq!(sim.hears(&with(ack(&rebinding, 600), 54, &other)).len(), 1);
    let (to, _) = sim.sends();
    assert_eq!(to, To::Server(other.into()));
}

#[test]
fn a_refused_renewal_ends_the_lease() {
    let mut sim = Sim::new(Want::Lease, 1);
    sim.bind(600);
    let (_, renewal) = sim.sends();
    assert_eq!(sim.hears(&nak(&renewal)), [Step::Lost]);
    assert_eq!(sim.sends().1.kind, Kind::Discover);
}

#[test]
fn the_times_of_the_server_count_if_they_are_in_order() {
    for (t1, t2, expected) in [
        (100_u32, 200_u32, 100_u64),
        // Half of the lease, but never after the time of rebinding.
        (200, 100, 100),
        (0, 200, 200),
        (700, 800, 300),
    ] {
        let mut sim = Sim::new(Want::Lease, 1);
        let (_, discover) = sim.sends();
        let request = sent(&sim.hears(&offer(&discover, 600))).unwrap().1;
        let answer = with(ack(&request, 600), 58, &t1.to_be_bytes());
        sim.hears(&with(answer, 59, &t2.to_be_bytes()));
        let at = sim.client.deadline().as_secs();
        assert_eq!(at, expected, "{t1} {t2}");
    }
    let mut sim = Sim::new(Want::Lease, 1);
    sim.bind(u32::MAX);
    assert_eq!(sim.client.deadline(), MonoTime::MAX);
}
