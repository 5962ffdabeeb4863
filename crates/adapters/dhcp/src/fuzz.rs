//! What fuzzing feeds: functions that take any bytes and panic when something that must hold does not.

use std::net::Ipv4Addr;

use onhook_device::{Mac, MonoTime};
use onhook_discovery::port::{LONGEST_VALUE, MOST_OPTIONS};
use onhook_discovery::{HeldValue, Learned, choose};

use crate::client::{Client, Want, Who};
use crate::client6::Client6;
use crate::lease_file::{Format, parse};
use crate::machine::{Event, Lease, Machine, Step};
use crate::packet::Packet;
use crate::packet6::Message;

const MAC: Mac = Mac([0, 0x0e, 8, 1, 0x23, 0x45]);
const LIST_V4: &str = "66,160,159,150,60,43,125";
const LIST_V6: &str = "17,160,159,59";

/// What is learned keeps its bounds, and choosing survives it.
fn bounded(learned: &Learned) {
    assert!(learned.options.len() <= MOST_OPTIONS);
    for option in &learned.options {
        match &option.value {
            HeldValue::Wire(bytes) => assert!(bytes.len() <= LONGEST_VALUE),
            HeldValue::Text(text) => assert!(text.len() <= LONGEST_VALUE),
        }
    }
    let options: Vec<_> = learned
        .options
        .iter()
        .map(|option| option.borrow())
        .collect();
    choose(LIST_V4, LIST_V6, &options, |_| {});
}

fn bounded_lease(lease: &Lease) {
    bounded(&Learned {
        address: lease.address,
        options: lease.options.clone(),
    });
}

/// A client takes any datagram, with the transaction made its own, in every state that leads to; it never asks to be called
/// in the past and sends little at once.
fn told(client: &mut dyn Machine, bytes: &[u8], own: fn(&mut [u8], &[u8])) {
    let mut now = MonoTime::ZERO;
    let mut out = Vec::new();
    let mut sent = Vec::new();
    for turn in 0..12_u64 {
        client.handle(Event::Timer, now, &mut out);
        let mut datagram = bytes.to_vec();
        own(&mut datagram, &sent);
        client.handle(Event::Packet(&datagram), now, &mut out);
        assert!(out.len() <= 4, "{} steps at once", out.len());
        for step in out.drain(..) {
            match step {
                Step::Send(_, packet) => sent = packet,
                Step::Bound(lease) => bounded_lease(&lease),
                Step::Lost => {}
            }
        }
        assert!(client.deadline() >= now);
        now = client
            .deadline()
            .max(now.plus_millis(turn))
            .min(now.plus_secs(1 << 32));
    }
}

/// DHCPv4: what is read is read again as the same from what is written, and the client survives it.
///
/// # Panics
/// Something of this does not hold.
pub fn dhcp(bytes: &[u8]) {
    if let Ok(packet) = Packet::parse(bytes) {
        let again = Packet::parse(&packet.encode(7));
        // Options of other fields are written into the first one, where there is nothing to overload any more.
        if !packet.options.contains_key(&52) {
            assert_eq!(again, Ok(packet));
        }
    }
    let who = || Who {
        mac: MAC,
        class: "Cisco Systems, Inc. IP Phone CP-8841-3PCC".to_owned(),
        host_name: "SEP000E08012345".to_owned(),
    };
    for (want, kind) in [(Want::Lease, 2), (Want::Lease, 5), (Want::Options, 5)] {
        let mut client = Client::new(who(), want, LIST_V4, 1, MonoTime::ZERO);
        client.handle(
            Event::Address(Some(Ipv4Addr::new(192, 0, 2, 7))),
            MonoTime::ZERO,
            &mut Vec::new(),
        );
        // The same bytes as an offer and as what follows it.
        let mut bytes = bytes.to_vec();
        if let Some(at) = bytes.windows(2).position(|pair| pair == [53, 1]) {
            bytes.splice(at + 2..(at + 3).min(bytes.len()), [kind]);
        }
        told(&mut client, &bytes, |datagram, sent| {
            copy(datagram, sent, 4..8);
            copy(datagram, sent, 28..34);
        });
    }
}

/// DHCPv6, the same.
///
/// # Panics
/// Something of this does not hold.
pub fn dhcp6(bytes: &[u8]) {
    if let Ok(message) = Message::parse(bytes) {
        assert_eq!(Message::parse(&message.encode()), Ok(message));
    }
    let mut client = Client6::new(MAC, "class", LIST_V6, 1, MonoTime::ZERO);
    told(&mut client, bytes, |datagram, sent| {
        copy(datagram, sent, 1..4)
    });
}

/// Lease files of every format: bounds hold, and errors have places.
///
/// # Panics
/// Something of this does not hold.
pub fn lease(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split('\n').count();
    for format in [Format::Networkd, Format::Dhclient, Format::Udhcpc] {
        for interface in [None, Some("eth0")] {
            match parse(format, &text, interface) {
                Ok(Some(learned)) => bounded(&learned),
                Ok(None) => {}
                Err(error) => assert!((1..=lines).contains(&error.line)),
            }
        }
    }
}

/// Copies a piece of what was sent.
fn copy(datagram: &mut [u8], sent: &[u8], range: std::ops::Range<usize>) {
    if let (Some(to), Some(from)) = (datagram.get_mut(range.clone()), sent.get(range)) {
        to.copy_from_slice(from);
    }
}
