use proptest::prelude::*;

use super::*;

const SERVER: &str = "192.0.2.5:69";
const PEER: &str = "192.0.2.5:4000";
const OACK: &[u8] = b"\0\x06tsize\x002000\0blksize\x001428\0timeout\x002\0";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn block(number: u16, length: usize) -> Vec<u8> {
    let mut packet = Vec::new();
    packet::data_header(&mut packet, number);
    packet.resize(packet::DATA_HEADER + length, number as u8);
    packet
}

fn error(code: u16, text: &str) -> Vec<u8> {
    let mut packet = Vec::new();
    packet::error(&mut packet, ErrorCode(code), text);
    packet
}

/// A receiver with a log of what it sent and got.
struct World {
    receiver: Receiver,
    now: Duration,
    sent: Vec<(Duration, SocketAddr, Vec<u8>)>,
    body: Vec<u8>,
    end: Option<End>,
}

#[derive(PartialEq, Debug)]
enum End {
    Last,
    AskPlainly,
    Failed(Failure),
}

impl World {
    fn new(offer: Option<Offer>, limit: u64) -> Self {
        Self {
            receiver: Receiver::new(addr(SERVER), b"a.xml", offer, limit).unwrap(),
            now: Duration::ZERO,
            sent: Vec::new(),
            body: Vec::new(),
            end: None,
        }
    }

    fn asking() -> Self {
        Self::new(Some(Offer::default()), 5 << 20)
    }

    fn plain() -> Self {
        Self::new(None, 5 << 20)
    }

    fn with_window(window: u16) -> Self {
        let mut world = Self::new(
            Some(Offer {
                window,
                ..Offer::default()
            }),
            5 << 20,
        );
        world.hear(format!("\0\x06windowsize\0{window}\0blksize\x008\0").as_bytes());
        world
    }

    /// A transfer that has been agreed on.
    fn agreed() -> Self {
        let mut world = Self::asking();
        world.hear(OACK);
        world
    }

    fn hear(&mut self, datagram: &[u8]) -> &mut Self {
        self.hear_from(datagram, PEER)
    }

    fn hear_from(&mut self, datagram: &[u8], from: &str) -> &mut Self {
        let step = self.receiver.receive(datagram, addr(from), self.now);
        let (send, end) = (step.send, note(step.news, &mut self.body));
        self.log(send, end);
        self
    }

    fn log(&mut self, send: Option<SocketAddr>, end: Option<End>) {
        if let Some(to) = send {
            self.sent
                .push((self.now, to, self.receiver.packet().to_vec()));
        }
        if end.is_some() {
            assert_eq!(self.end, None, "a transfer ends once");
            self.end = end;
        }
    }

    /// Lets time pass up to a moment, deadline by deadline.
    fn wait_until(&mut self, moment: Duration) -> &mut Self {
        while let Some(due) = self.receiver.deadline().filter(|due| *due <= moment) {
            self.now = self.now.max(due);
            let step = self.receiver.timeout(self.now);
            let (send, end) = (step.send, note(step.news, &mut self.body));
            self.log(send, end);
        }
        self.now = moment;
        self
    }

    /// What was sent since the last look, with where it went.
    fn take(&mut self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.sent)
            .into_iter()
            .map(|(_, to, packet)| (to.to_string(), packet))
            .collect()
    }

    #[track_caller]
    fn sends(&mut self, expected: &[(&str, &[u8])]) -> &mut Self {
        let sent = self.take();
        let sent: Vec<_> = sent
            .iter()
            .map(|(to, p)| (to.as_str(), p.as_slice()))
            .collect();
        assert_eq!(sent, expected);
        self
    }
}

fn note(news: News<'_>, body: &mut Vec<u8>) -> Option<End> {
    match news {
        News::Nothing => None,
        News::Bytes(bytes) => {
            body.extend_from_slice(bytes);
            None
        }
        News::Last(bytes) => {
            body.extend_from_slice(bytes);
            Some(End::Last)
        }
        News::AskPlainly => Some(End::AskPlainly),
        News::Failed(failure) => Some(End::Failed(failure)),
    }
}

fn ack(number: u16) -> Vec<u8> {
    let mut packet = Vec::new();
    packet::ack(&mut packet, number);
    packet
}

//= R-TFTP-7 type=test
//= R-TFTP-10 type=test
#[test]
fn an_option_acknowledgement_is_acknowledged_and_blocks_follow() {
    // V-051
    let mut world = World::asking();
    assert_eq!(
        world.receiver.packet().len(),
        "\0\x01a.xml\0octet\0tsize\x000\0blksize\x001428\0timeout\x002\0".len()
    );
    world.hear(OACK).sends(&[(PEER, &ack(0))]);
    assert_eq!(world.receiver.agreed().size, Some(2000));
    world.hear(&block(1, 1428)).sends(&[(PEER, &ack(1))]);
    assert_eq!(world.end, None);
    world.hear(&block(2, 572)).sends(&[(PEER, &ack(2))]);
    assert_eq!((world.body.len(), world.end), (2000, Some(End::Last)));
}

//= R-TFTP-8 type=test
#[test]
fn a_server_that_ignores_options_sends_blocks_of_512() {
    // V-052
    let mut world = World::asking();
    for (number, length) in [(1, 512), (2, 512), (3, 0)] {
        assert_eq!(world.end, None);
        world
            .hear(&block(number, length))
            .sends(&[(PEER, &ack(number))]);
    }
    assert_eq!((world.body.len(), world.end), (1024, Some(End::Last)));
    // V-053
    let mut world = World::asking();
    world.hear(&block(1, 0)).sends(&[(PEER, &ack(1))]);
    assert_eq!((world.body.len(), world.end), (0, Some(End::Last)));
}

//= R-TFTP-7 type=test
#[test]
fn a_server_that_takes_no_option_may_say_so_without_naming_any() {
    let mut world = World::asking();
    world.hear(b"\0\x06").sends(&[(PEER, &ack(0))]);
    // The acknowledgement was lost.
    world.hear(b"\0\x06").sends(&[(PEER, &ack(0))]);
    world.hear(&block(1, 512)).sends(&[(PEER, &ack(1))]);
    world.hear(&block(2, 0)).sends(&[(PEER, &ack(2))]);
    assert_eq!((world.body.len(), world.end), (512, Some(End::Last)));
}

//= R-TFTP-9 type=test
#[test]
fn an_error_about_options_asks_for_a_plain_request_and_any_other_ends() {
    for code in [0, 4, 8] {
        let mut world = World::asking();
        world.hear(&error(code, "no")).sends(&[]);
        assert_eq!(world.end, Some(End::AskPlainly), "{code}");
        let mut world = World::plain();
        world.hear(&error(code, "no")).sends(&[]);
        let refused = Failure::Refused {
            code: ErrorCode(code),
            text: "no".to_owned(),
        };
        assert_eq!(world.end, Some(End::Failed(refused)));
    }
    for code in [1, 2, 3, 5, 6, 7, 9] {
        let mut world = World::asking();
        world.hear(&error(code, "no")).sends(&[]);
        let refused = Failure::Refused {
            code: ErrorCode(code),
            text: "no".to_owned(),
        };
        assert_eq!(world.end, Some(End::Failed(refused)));
    }
}

//= R-TFTP-17 type=test
#[test]
fn an_error_ends_a_transfer_and_is_not_answered() {
    for code in [0, 1, 3, 8] {
        let mut world = World::agreed();
        world.take();
        world.hear(&error(code, "")).sends(&[]);
        let refused = Failure::Refused {
            code: ErrorCode(code),
            text: String::new(),
        };
        assert_eq!(world.end, Some(End::Failed(refused)));
        world.hear(&block(1, 1428)).wait_until(s(100)).sends(&[]);
    }
}

//= R-TFTP-4 type=test
//= R-TFTP-17 type=test
#[test]
fn strangers_are_told_so_and_disturb_nothing() {
    // V-057
    let stranger = "192.0.2.5:4001";
    let other_host = "192.0.2.6:4000";
    let mut world = World::agreed();
    world.hear(&block(1, 1428)).take();
    let told = error(5, "unknown transfer ID");
    world
        .hear_from(&block(2, 1428), stranger)
        .hear_from(&block(2, 1428), other_host)
        .sends(&[(stranger, &told), (other_host, &told)]);
    world.hear_from(&error(1, "x"), stranger).sends(&[]);
    world.hear(&block(2, 572)).sends(&[(PEER, &ack(2))]);
    assert_eq!((world.body.len(), &world.end), (2000, &Some(End::Last)));
    assert_eq!(world.body[1428], 2);
    world
        .hear_from(&block(2, 572), stranger)
        .sends(&[(stranger, &told)]);
}

//= R-TFTP-5 type=test
#[test]
fn the_first_answer_comes_from_the_address_that_was_asked() {
    let mut world = World::asking();
    world
        .hear_from(OACK, "192.0.2.6:4000")
        .hear_from(&error(1, "x"), "192.0.2.6:69")
        .hear_from(&block(1, 512), "[2001:db8::1]:4000")
        .sends(&[]);
    assert_eq!(world.end, None);
    world.hear(OACK).sends(&[(PEER, &ack(0))]);
}

//= R-TFTP-7 type=test
//= R-TFTP-10 type=test
//= R-TFTP-11 type=test
#[test]
fn options_that_cannot_be_end_the_transfer() {
    // V-065, V-066, V-076
    for oack in [
        &b"\0\x06blksize\x001500\0"[..],
        b"\0\x06windowsize\x004\0",
        b"\0\x06timeout\x005\0",
        b"\0\x06tsize\x001\0tsize\x001\0",
    ] {
        let mut world = World::asking();
        world
            .hear(oack)
            .sends(&[(PEER, &error(8, "options not acceptable"))]);
        assert_eq!(world.end, Some(End::Failed(Failure::Options)));
    }
    let mut world = World::plain();
    world
        .hear(OACK)
        .sends(&[(PEER, &error(8, "options not acceptable"))]);
    assert_eq!(world.end, Some(End::Failed(Failure::Options)));
}

//= R-TFTP-11 type=test
//= R-TFTP-18 type=test
#[test]
fn a_file_above_the_limit_ends_the_transfer_before_or_while_it_comes() {
    // V-067
    let told = error(3, "file too large");
    let mut world = World::new(Some(Offer::default()), 1999);
    world.hear(OACK).sends(&[(PEER, &told)]);
    assert_eq!(world.end, Some(End::Failed(Failure::TooLarge)));
    let mut world = World::new(None, 1000);
    world.hear(&block(1, 512)).sends(&[(PEER, &ack(1))]);
    world.hear(&block(2, 512)).sends(&[(PEER, &told)]);
    assert_eq!(
        (world.body.len(), world.end),
        (512, Some(End::Failed(Failure::TooLarge)))
    );
    let mut world = World::new(None, 1024);
    world
        .hear(&block(1, 512))
        .hear(&block(2, 512))
        .hear(&block(3, 0));
    assert_eq!(world.end, Some(End::Last));
}

//= R-TFTP-11 type=test
#[test]
fn another_size_than_announced_is_no_file() {
    // V-068
    let mut world = World::agreed();
    world.hear(&block(1, 1428)).take();
    world
        .hear(&block(2, 472))
        .sends(&[(PEER, &error(0, "file size differs from tsize"))]);
    let failure = Failure::Size {
        size: 2000,
        received: 1900,
    };
    assert_eq!(world.end, Some(End::Failed(failure)));
}

//= R-TFTP-13 type=test
#[test]
fn repeated_blocks_are_acknowledged_each_time_and_stored_once() {
    // V-058, V-059
    let mut world = World::agreed();
    world.take();
    world.hear(&block(0, 1428)).sends(&[]);
    for _ in 0..3 {
        world.hear(&block(1, 1428)).sends(&[(PEER, &ack(1))]);
    }
    world
        .hear(&block(3, 1428))
        .hear(&block(0, 1428))
        .hear(&block(65_535, 1))
        .sends(&[]);
    world.hear(&block(2, 572)).sends(&[(PEER, &ack(2))]);
    assert_eq!((world.body.len(), world.end), (2000, Some(End::Last)));
}

//= R-TFTP-13 type=test
//= R-TFTP-15 type=test
#[test]
fn a_block_whose_acknowledgement_was_lost_is_acknowledged_when_it_comes_again_and_not_before() {
    // V-060, with half a second for each packet and its answer
    let mut world = World::asking();
    world.wait_until(ms(500)).hear(OACK);
    world.wait_until(ms(1000)).hear(&block(1, 1428));
    world.sends(&[(PEER, &ack(0)), (PEER, &ack(1))]);
    world.wait_until(ms(2000)).sends(&[]);
    world.hear(&block(1, 1428)).sends(&[(PEER, &ack(1))]);
    world.hear(&block(2, 572)).sends(&[(PEER, &ack(2))]);
    assert_eq!((world.body.len(), world.end), (2000, Some(End::Last)));
}

#[test]
fn a_repeated_option_acknowledgement_is_acknowledged_until_the_first_block() {
    let mut world = World::agreed();
    world.hear(OACK).sends(&[(PEER, &ack(0)), (PEER, &ack(0))]);
    world
        .hear(&block(1, 1428))
        .hear(OACK)
        .sends(&[(PEER, &ack(1))]);
}

//= R-TFTP-14 type=test
#[test]
fn long_files_wrap_their_block_numbers_to_0_or_1() {
    // V-063, V-064
    for after in [0, 1] {
        let mut world = World::new(None, 1 << 40);
        for number in 1..=65_535 {
            world.hear(&block(number, 512));
        }
        world.take();
        world.hear(&block(after, 0)).sends(&[(PEER, &ack(after))]);
        assert_eq!((world.body.len(), world.end), (33_553_920, Some(End::Last)));
    }
}

//= R-TFTP-15 type=test
#[test]
fn a_silent_server_is_asked_at_0_2_6_14_and_30_seconds() {
    // V-061; the first transmission is at 0.
    let mut world = World::asking();
    let request = world.receiver.packet().to_vec();
    world.wait_until(ms(45_999));
    assert_eq!(world.end, None);
    let times: Vec<_> = world.sent.iter().map(|(at, _, _)| at.as_secs()).collect();
    assert_eq!(times, [2, 6, 14, 30]);
    assert!(
        world
            .sent
            .iter()
            .all(|(_, to, packet)| *to == addr(SERVER) && *packet == request)
    );
    world.wait_until(s(46));
    assert_eq!(world.end, Some(End::Failed(Failure::NoAnswer)));
}

//= R-TFTP-15 type=test
#[test]
fn a_server_that_dies_is_reminded_by_a_measured_timer_and_given_up_after_30_seconds() {
    // V-062 with the adaptive timer: each answer took 100 ms, so the first wait is near that.
    let mut world = World::agreed();
    for number in 1..=5 {
        let at = world.now + ms(100);
        world.wait_until(at).hear(&block(number, 1428));
    }
    let heard = world.now;
    world.sent.clear();
    world.wait_until(heard + ms(29_999));
    assert_eq!(world.end, None);
    let waits: Vec<_> = world.sent.iter().map(|(at, _, _)| *at - heard).collect();
    assert_eq!(waits.len(), 4, "five transmissions in all: {waits:?}");
    assert!(world.sent.iter().all(|(_, _, packet)| *packet == ack(5)));
    let first = waits[0];
    assert!(first >= ms(100) && first < ms(300), "{waits:?}");
    assert_eq!(waits[1..], [first * 3, first * 7, first * 15]);
    world.wait_until(heard + s(30));
    assert_eq!(world.end, Some(End::Failed(Failure::Silence)));
}

//= R-TFTP-15 type=test
#[test]
fn a_lost_first_block_is_asked_for_after_2_seconds() {
    let mut world = World::agreed();
    world.take();
    world.wait_until(ms(1_999)).sends(&[]);
    world.wait_until(s(2)).sends(&[(PEER, &ack(0))]);
}

//= R-TFTP-15 type=test
#[test]
fn repeated_packets_give_no_sample() {
    let mut world = World::agreed();
    world.wait_until(ms(10)).hear(&block(1, 1428));
    // The acknowledgement is repeated at 110 ms, and the block comes at 5 s: the wait stays doubled, not 5 s long.
    world.wait_until(ms(4_999)).take();
    let before = world.receiver.deadline().unwrap();
    world.hear(&block(2, 1));
    assert!(before > ms(5_000));
    let mut world = World::new(None, 1 << 20);
    world.wait_until(ms(10)).hear(&block(1, 512));
    world.wait_until(ms(150)).take();
    world.wait_until(ms(160)).hear(&block(2, 512)).take();
    // Doubled once, and not measured anew.
    assert_eq!(world.receiver.deadline(), Some(ms(160) + ms(200)));
}

//= R-TFTP-16 type=test
#[test]
fn a_repeated_last_block_is_acknowledged_after_the_end() {
    // V-070
    let mut world = World::agreed();
    world.hear(&block(1, 1428)).hear(&block(2, 572)).take();
    assert_eq!(world.receiver.deadline(), None);
    world.now += s(1);
    world.hear(&block(2, 572)).sends(&[(PEER, &ack(2))]);
    world.hear(&block(1, 1428)).hear(&error(0, "x")).sends(&[]);
}

//= R-TFTP-19 type=test
#[test]
fn malformed_packets_end_the_transfer_or_are_passed_over() {
    // V-075
    for mut world in [World::asking(), World::agreed()] {
        world.take();
        for datagram in [
            &b""[..],
            b"\0",
            b"\0\x03",
            b"\0\x09",
            b"\0\x03\0",
            b"\0\x06blksize\0",
        ] {
            world.hear(datagram).sends(&[]);
        }
        assert_eq!(world.end, None);
        world
            .hear(b"\0\x09\0\0")
            .sends(&[(PEER, &error(4, "illegal TFTP operation"))]);
        assert_eq!(world.end, Some(End::Failed(Failure::Opcode)));
    }
    let mut world = World::agreed();
    world.take();
    world
        .hear(&block(1, 1429))
        .sends(&[(PEER, &error(4, "block longer than agreed"))]);
    assert_eq!(world.end, Some(End::Failed(Failure::Oversize)));
    let mut world = World::asking();
    world
        .hear(&block(1, 513))
        .sends(&[(PEER, &error(4, "block longer than agreed"))]);
}

//= R-TFTP-6 type=test
#[test]
fn a_long_name_goes_without_options_and_one_that_is_too_long_not_at_all() {
    let new = |length: usize| {
        let file = vec![b'a'; length];
        Receiver::new(addr(SERVER), &file, Some(Offer::default()), 1)
    };
    let plain = "\0\x01\0octet\0".len();
    let options = "tsize\x000\0blksize\x001428\0timeout\x002\0".len();
    assert_eq!(new(512 - plain - options).unwrap().packet().len(), 512);
    let without = new(512 - plain - options + 1).unwrap();
    assert!(without.packet().ends_with(b"\0octet\0"));
    assert_eq!(new(512 - plain).unwrap().packet().len(), 512);
    assert!(new(512 - plain + 1).is_none());
}

//= R-TFTP-12 type=test
#[test]
fn a_window_is_acknowledged_at_its_end_and_a_gap_at_once_and_once() {
    // V-069
    let mut world = World::with_window(4);
    world.take();
    for number in 1..=3 {
        world.hear(&block(number, 8)).sends(&[]);
    }
    world.hear(&block(4, 8)).sends(&[(PEER, &ack(4))]);
    world.hear(&block(5, 8)).hear(&block(6, 8)).sends(&[]);
    world.hear(&block(8, 8)).sends(&[(PEER, &ack(6))]);
    world.hear(&block(9, 8)).sends(&[]);
    for number in 7..=9 {
        world.hear(&block(number, 8)).sends(&[]);
    }
    world.hear(&block(10, 3)).sends(&[(PEER, &ack(10))]);
    assert_eq!((world.body.len(), world.end), (75, Some(End::Last)));
}

//= R-TFTP-12 type=test
#[test]
fn a_window_that_stops_is_acknowledged_by_the_timer() {
    let mut world = World::with_window(4);
    world.hear(&block(1, 8)).hear(&block(2, 8)).take();
    let due = world.receiver.deadline().unwrap();
    world.wait_until(due).sends(&[(PEER, &ack(2))]);
}

//= R-TFTP-18 type=test
#[test]
fn an_end_from_this_side_is_told_once_and_only_to_a_known_peer() {
    let mut world = World::asking();
    assert_eq!(world.receiver.abort(ErrorCode::UNDEFINED, "x"), None);
    let mut world = World::agreed();
    assert_eq!(
        world.receiver.abort(ErrorCode::UNDEFINED, "bye"),
        Some(addr(PEER))
    );
    assert_eq!(world.receiver.packet(), error(0, "bye"));
    assert_eq!(world.receiver.abort(ErrorCode::UNDEFINED, "x"), None);
    world.take();
    world.hear(&block(1, 1428)).sends(&[]);
}

#[derive(Clone, Debug)]
enum Happening {
    Hear(Vec<u8>, bool),
    Pass(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let packet = prop_oneof![
        (0_u16..6, 0_usize..20).prop_map(|(number, length)| block(number, length)),
        (0_u16..6).prop_map(|number| block(number, 8)),
        (0_u16..10).prop_map(|code| error(code, "x")),
        Just(b"\0\x06blksize\x008\0".to_vec()),
        prop::collection::vec(any::<u8>(), 0..24),
    ];
    prop_oneof![
        8 => (packet, prop::bool::weighted(0.9)).prop_map(|(packet, peer)| Happening::Hear(packet, peer)),
        1 => (0_u64..20_000).prop_map(Happening::Pass),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_a_transfer_ends_once(happenings in prop::collection::vec(happening(), 0..60)) {
        let mut world = World::asking();
        for happening in happenings {
            match happening {
                Happening::Hear(packet, true) => { world.hear(&packet); }
                Happening::Hear(packet, false) => { world.hear_from(&packet, "192.0.2.5:4001"); }
                Happening::Pass(millis) => { let at = world.now + ms(millis); world.wait_until(at); }
            }
        }
        let patience = world.now + s(100);
        world.wait_until(patience);
        prop_assert!(world.end.is_some());
        if let Some(deadline) = world.receiver.deadline() {
            prop_assert!(deadline > world.now);
        }
    }
}

//= R-TFTP-8 type=test
//= R-TFTP-15 type=test
#[test]
fn the_end_that_was_asked_to_take_a_file_repeats_its_answer_until_the_first_block() {
    for opening in [OACK, b""] {
        let agreed = Agreed {
            block_size: 512,
            size: Some(600),
            ..Agreed::default()
        };
        let mut receiver = Receiver::answering(addr(PEER), agreed, opening, 1000);
        let answer = if opening.is_empty() {
            ack(0)
        } else {
            opening.to_vec()
        };
        assert_eq!(receiver.packet(), answer);
        for due in [2, 6, 14, 30] {
            assert_eq!(receiver.deadline(), Some(s(due)));
            assert_eq!(receiver.timeout(s(due)).send, Some(addr(PEER)));
            assert_eq!(receiver.packet(), answer);
        }
        let step = receiver.receive(b"\0\x01f\0octet\0", addr(PEER), s(31));
        assert_eq!(step, nothing());
        let first = block(1, 512);
        let step = receiver.receive(&first, addr(PEER), s(31));
        assert_eq!(step.news, News::Bytes(&[1; 512]));
        assert_eq!(receiver.packet(), ack(1));
        let _ = receiver.timeout(s(60));
        assert_eq!(receiver.packet(), ack(1));
    }
}
