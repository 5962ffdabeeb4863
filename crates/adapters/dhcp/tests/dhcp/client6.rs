//! The client of DHCPv6 in virtual time.

use onhook_device::MonoTime;
use onhook_dhcp::{Client6, Event, Kind6, Machine, Message, MessageError, Step, To};
use onhook_discovery::{HeldValue, choose};

use crate::server::MAC;

const CLASS: &str = "Cisco Systems, Inc. IP Phone CP-8841-3PCC";

struct Sim {
    client: Client6,
    now: MonoTime,
}

impl Sim {
    fn new(seed: u64) -> Self {
        Self {
            client: Client6::new(MAC, CLASS, "17,160,159", seed, MonoTime::ZERO),
            now: MonoTime::ZERO,
        }
    }

    fn sends(&mut self) -> Message {
        self.now = self.client.deadline();
        let mut out = Vec::new();
        self.client.handle(Event::Timer, self.now, &mut out);
        match &out[..] {
            [Step::Send(To::Everybody, packet)] => Message::parse(packet).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn hears(&mut self, message: &Message) -> Vec<Step> {
        let mut out = Vec::new();
        self.client
            .handle(Event::Packet(&message.encode()), self.now, &mut out);
        out
    }
}

fn option(message: &Message, code: u16) -> Option<&[u8]> {
    let mut options = message.options.iter();
    let (_, value) = options.find(|(number, _)| *number == code)?;
    Some(value)
}

/// An answer with these options.
fn reply(asked: &Message, options: &[(u16, &[u8])]) -> Message {
    let mut all = vec![
        (1, option(asked, 1).unwrap().to_vec()),
        (2, vec![0, 3, 0, 1, 2, 2, 2, 2, 2, 2]),
    ];
    all.extend(options.iter().map(|(code, value)| (*code, value.to_vec())));
    Message {
        kind: Kind6::Reply,
        xid: asked.xid,
        options: all,
    }
}

//= R-DHCP-3 type=test
#[test]
fn options_are_asked_for_within_a_second_and_then_less_and_less_often() {
    for seed in 0..100 {
        let mut sim = Sim::new(seed);
        let first = sim.sends();
        assert!(sim.now <= MonoTime::from_secs(1));
        assert_eq!(first.kind, Kind6::InformationRequest);
        assert!(first.xid < 1 << 24);
        assert_eq!(
            option(&first, 1).unwrap(),
            [0, 3, 0, 1, 0, 0x0e, 8, 1, 0x23, 0x45]
        );
        assert_eq!(option(&first, 6).unwrap(), [0, 17, 0, 160, 0, 159, 0, 32]);
        assert_eq!(option(&first, 8).unwrap(), [0, 0]);
        let mut last = 1000;
        for turn in 0..16 {
            let before = sim.now;
            let again = sim.sends();
            assert_eq!(again.xid, first.xid);
            let waited = sim.now.since(before).as_millis() as u64;
            if turn == 0 {
                assert!((900..=1100).contains(&waited), "{waited}");
            } else {
                assert!(
                    waited * 10 >= (last * 2).min(3_600_000) * 9,
                    "{waited} after {last}"
                );
            }
            assert!(waited <= 3_960_000);
            last = waited;
        }
    }
}

//= R-DHCP-15 type=test
#[test]
fn an_answer_is_taken_and_asked_for_again_when_it_ends() {
    // V-018, beside another vendor's.
    let url = b"\x00\x00\x00\x09\x00\x01\x00\x15http://10.0.0.9/p.xml";
    let mut sim = Sim::new(1);
    let asked = sim.sends();
    let answer = reply(
        &asked,
        &[(17, &[0, 0, 0x0d, 0xe9]), (17, url), (23, &[0; 16])],
    );
    let steps = sim.hears(&answer);
    let [Step::Bound(lease)] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(lease.address, None);
    assert_eq!(lease.options.len(), 2);
    assert!(
        lease
            .options
            .iter()
            .all(|o| matches!(o.value, HeldValue::Wire(_)) && o.code == 17)
    );
    let options: Vec<_> = lease.options.iter().map(|option| option.borrow()).collect();
    let choice = choose("66", "17,160,159", &options, |_| {}).unwrap();
    assert_eq!(choice.found.rule.as_deref(), Some("http://10.0.0.9/p.xml"));
    assert_eq!(sim.client.deadline(), sim.now.plus_secs(86_400));
    // Twice the same changes nothing.
    assert_eq!(sim.hears(&answer), []);
    let again = sim.sends();
    assert_ne!(again.xid, asked.xid);
    sim.hears(&reply(&again, &[(32, &[0, 0, 0x0e, 0x10])]));
    assert_eq!(sim.client.deadline(), sim.now.plus_secs(3600));
    let again = sim.sends();
    sim.hears(&reply(&again, &[(32, &[0, 0, 0, 1])]));
    assert_eq!(sim.client.deadline(), sim.now.plus_secs(600));
}

//= R-DHCP-4 type=test
#[test]
fn a_phone_tells_its_class_as_one_of_cisco() {
    let first = Sim::new(1).sends();
    let class = option(&first, 16).unwrap();
    let (before, text) = class.split_at(6);
    assert_eq!(before, [0, 0, 0, 9, 0, 41]);
    assert_eq!(text, CLASS.as_bytes());
}

#[test]
fn answers_to_others_are_passed_over() {
    let mut sim = Sim::new(1);
    let asked = sim.sends();
    let good = reply(&asked, &[]);
    let without = |code: u16| {
        let mut message = good.clone();
        message.options.retain(|(number, _)| *number != code);
        message
    };
    let mut other = without(1);
    other.options.push((1, vec![9; 10]));
    for bad in [
        without(1),
        without(2),
        other,
        Message {
            xid: asked.xid ^ 1,
            ..good.clone()
        },
        Message {
            kind: Kind6::InformationRequest,
            ..good.clone()
        },
    ] {
        assert_eq!(sim.hears(&bad), [], "{bad:?}");
    }
    assert_eq!(sim.hears(&good).len(), 1);
}

#[test]
fn bytes_that_are_no_message_are_told() {
    assert_eq!(Message::parse(&[7, 0, 0]), Err(MessageError::Foreign));
    assert_eq!(Message::parse(&[1, 0, 0, 0]), Err(MessageError::Foreign));
    assert_eq!(
        Message::parse(&[7, 0, 0, 0, 0, 2, 0]),
        Err(MessageError::Option(4))
    );
    let bytes = [7, 0, 0, 0, 0, 2, 0, 1, 5, 0, 17, 0, 3, 1, 2];
    assert_eq!(Message::parse(&bytes), Err(MessageError::Option(9)));
}
