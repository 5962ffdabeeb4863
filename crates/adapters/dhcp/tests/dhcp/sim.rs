//! The client of DHCPv4 in virtual time, and answers to what it sends.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;
use onhook_dhcp::{Client, Event, Kind, Lease, Machine, Options, Packet, Step, To, Want};
use onhook_discovery::{HeldOption, HeldValue};

use crate::server::{LIST, SERVER, who};

pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

/// A client with its time.
pub(crate) struct Sim {
    pub(crate) client: Client,
    pub(crate) now: MonoTime,
}

impl Sim {
    pub(crate) fn new(want: Want, seed: u64) -> Self {
        Self {
            client: Client::new(who(), want, LIST, seed, MonoTime::ZERO),
            now: MonoTime::ZERO,
        }
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) -> Vec<Step> {
        let mut out = Vec::new();
        self.client.handle(event, self.now, &mut out);
        out
    }

    /// Goes to the deadline.
    pub(crate) fn timer(&mut self) -> Vec<Step> {
        self.now = self.client.deadline().max(self.now);
        self.handle(Event::Timer)
    }

    /// Goes to the deadline; one packet is sent then.
    pub(crate) fn sends(&mut self) -> (To, Packet) {
        let steps = self.timer();
        sent(&steps).unwrap_or_else(|| panic!("{steps:?}"))
    }

    /// Takes an answer.
    pub(crate) fn hears(&mut self, packet: &Packet) -> Vec<Step> {
        self.handle(Event::Packet(&packet.encode(0)))
    }

    /// From nothing to a lease.
    pub(crate) fn bind(&mut self, lease_s: u32) {
        let (_, discover) = self.sends();
        let steps = self.hears(&offer(&discover, lease_s));
        let (_, request) = sent(&steps).unwrap();
        let steps = self.hears(&ack(&request, lease_s));
        assert!(matches!(steps[..], [Step::Bound(_)]), "{steps:?}");
    }
}

pub(crate) fn sent(steps: &[Step]) -> Option<(To, Packet)> {
    match steps {
        [.., Step::Send(to, packet)] => Some((*to, Packet::parse(packet).unwrap())),
        _ => None,
    }
}

pub(crate) fn from_server(packet: &Packet, kind: Kind, lease_s: u32) -> Packet {
    let mut options = Options::new();
    options.insert(54, SERVER.octets().to_vec());
    options.insert(51, lease_s.to_be_bytes().to_vec());
    options.insert(66, b"10.0.0.5".to_vec());
    options.insert(67, b"boot.bin".to_vec());
    options.insert(6, vec![10, 0, 0, 9]);
    Packet {
        kind,
        from_server: true,
        yours: ADDRESS,
        options,
        ..packet.clone()
    }
}

pub(crate) fn offer(packet: &Packet, lease_s: u32) -> Packet {
    from_server(packet, Kind::Offer, lease_s)
}

pub(crate) fn ack(packet: &Packet, lease_s: u32) -> Packet {
    from_server(packet, Kind::Ack, lease_s)
}

pub(crate) fn nak(packet: &Packet) -> Packet {
    from_server(packet, Kind::Nak, 0)
}

pub(crate) fn with(mut packet: Packet, code: u8, value: &[u8]) -> Packet {
    packet.options.insert(code, value.to_vec());
    packet
}

pub(crate) fn wire(lease: &Lease) -> Vec<(u16, Vec<u8>)> {
    let value = |option: &HeldOption| match &option.value {
        HeldValue::Wire(bytes) => (option.code, bytes.clone()),
        HeldValue::Text(_) => panic!("a packet holds octets"),
    };
    lease.options.iter().map(value).collect()
}
