use proptest::prelude::*;

use super::*;
use crate::options::ServerOptions;
use crate::receiver::{News, Receiver, Step};

const SERVER: &str = "192.0.2.5:69";
const PEER: &str = "192.0.2.5:4000";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn ack(number: u16) -> Vec<u8> {
    let mut out = Vec::new();
    packet::ack(&mut out, number);
    out
}

fn error(code: u16, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    packet::error(&mut out, ErrorCode(code), text);
    out
}

fn asking(size: u64) -> Writer {
    Writer::new(addr(SERVER), b"r.xml", Some(Offer::default()), size).unwrap()
}

/// A writer of a body whose server takes blocks of 512, at 0 s.
fn plain(size: u64) -> Writer {
    let mut writer = Writer::new(addr(SERVER), b"r.xml", None, size).unwrap();
    let stroke = writer.receive(&ack(0), addr(PEER), s(0));
    assert_eq!(stroke.then, blocks(1..=1));
    writer
}

fn blocks(range: RangeInclusive<u64>) -> Then {
    Then::Blocks(addr(PEER), range)
}

fn refusal(code: u16, text: &str) -> Then {
    Then::Failed(Failure::Refused {
        code: ErrorCode(code),
        text: text.into(),
    })
}

//= R-TFTP-2 type=test
//= R-TFTP-6 type=test
//= R-TFTP-7 type=test
//= R-RPT-2 type=test
#[test]
fn a_request_tells_the_size_and_an_answer_to_its_options_starts_the_blocks() {
    let mut writer = asking(2000);
    assert_eq!(
        writer.packet(),
        b"\0\x02r.xml\0octet\0tsize\x002000\0blksize\x001428\0timeout\x002\0"
    );
    let oack = b"\0\x06tsize\x002000\0blksize\x001000\0timeout\x002\0";
    let stroke = writer.receive(oack, addr(PEER), ms(5));
    // DATA 1 is the acknowledgement of the options.
    assert_eq!((stroke.send, stroke.then), (None, blocks(1..=1)));
    assert_eq!(writer.block(1), (0, 1000, 1));
    let mut hear = |number| writer.receive(&ack(number), addr(PEER), ms(6)).then;
    assert_eq!(hear(1), blocks(2..=2));
    assert_eq!(hear(2), blocks(3..=3));
    // Twice 1,000 bytes: an empty block tells the end.
    assert_eq!(hear(3), Then::Done);
    assert_eq!(hear(3), Then::Nothing);
    assert_eq!(writer.deadline(), None);
}

//= R-TFTP-8 type=test
//= R-TFTP-10 type=test
#[test]
fn an_acknowledgement_of_block_0_means_blocks_of_512() {
    let mut writer = asking(513);
    let stroke = writer.receive(&ack(0), addr(PEER), ms(5));
    assert_eq!(stroke.then, blocks(1..=1));
    assert_eq!(writer.block(1), (0, 512, 1));
    assert_eq!(writer.block(2), (512, 1, 2));
}

//= R-TFTP-13 type=test
#[test]
fn a_repeated_acknowledgement_sends_nothing_again() {
    // V-074
    let mut writer = plain(10_000);
    for number in 1..=4_u16 {
        let next = u64::from(number) + 1;
        let stroke = writer.receive(&ack(number), addr(PEER), ms(u64::from(number)));
        assert_eq!(stroke.then, blocks(next..=next));
    }
    for _ in 0..3 {
        let stroke = writer.receive(&ack(4), addr(PEER), ms(10));
        assert_eq!((stroke.send, stroke.then), (None, Then::Nothing));
    }
}

//= R-TFTP-9 type=test
//= R-TFTP-17 type=test
#[test]
fn a_refusal_of_options_asks_for_a_plain_request_and_any_other_ends() {
    for code in [8, 4, 0] {
        let answer = error(code, "options");
        let stroke = asking(1).receive(&answer, addr(PEER), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, Then::AskPlainly));
        let mut bare = Writer::new(addr(SERVER), b"r.xml", None, 1).unwrap();
        assert_eq!(bare.packet(), b"\0\x02r.xml\0octet\0");
        let stroke = bare.receive(&answer, addr(PEER), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, refusal(code, "options")));
    }
    for code in [1, 2, 3, 6] {
        let stroke = asking(1).receive(&error(code, "no"), addr(PEER), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, refusal(code, "no")));
        let mut writer = plain(5000);
        let stroke = writer.receive(&error(code, "no"), addr(PEER), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, refusal(code, "no")));
        assert_eq!(writer.deadline(), None);
    }
}

//= R-TFTP-7 type=test
//= R-TFTP-19 type=test
#[test]
fn answers_that_cannot_be_end_the_transfer_with_an_error() {
    for (answer, code, failure) in [
        (
            &b"\0\x06blksize\x001429\0"[..],
            ErrorCode::OPTIONS,
            Failure::Options,
        ),
        (
            b"\0\x06timeout\x005\0",
            ErrorCode::OPTIONS,
            Failure::Options,
        ),
        (
            b"\0\x06windowsize\x002\0",
            ErrorCode::OPTIONS,
            Failure::Options,
        ),
        (b"\0\x09\0\x01", ErrorCode::ILLEGAL, Failure::Opcode),
    ] {
        let mut writer = asking(1);
        let stroke = writer.receive(answer, addr(PEER), ms(1));
        assert_eq!(stroke.send, Some(addr(PEER)));
        assert_eq!(writer.packet()[..4], [0, 5, 0, code.0 as u8]);
        assert_eq!(stroke.then, Then::Failed(failure));
    }
    let mut writer = plain(5000);
    let stroke = writer.receive(b"\0\x09\0\x01", addr(PEER), ms(1));
    assert_eq!(stroke.then, Then::Failed(Failure::Opcode));
    assert_eq!(writer.packet()[..4], [0, 5, 0, 4]);
    // What is short, or makes no sense here, is passed over.
    for stray in [&b"\0\x04"[..], b"\0\x03\0\x01x", b"\0\x01f\0octet\0", b""] {
        let stroke = plain(5000).receive(stray, addr(PEER), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, Then::Nothing));
        let stroke = asking(5000).receive(stray, addr(PEER), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, Then::Nothing));
    }
}

//= R-TFTP-4 type=test
//= R-TFTP-5 type=test
#[test]
fn strangers_are_told_so_and_disturb_nothing() {
    let stroke = asking(1).receive(&ack(0), addr("192.0.2.6:4000"), ms(1));
    assert_eq!((stroke.send, stroke.then), (None, Then::Nothing));
    let mut writer = plain(5000);
    for stranger in ["192.0.2.5:4001", "192.0.2.6:4000"] {
        let stroke = writer.receive(&ack(1), addr(stranger), ms(1));
        assert_eq!(
            (stroke.send, stroke.then),
            (Some(addr(stranger)), Then::Nothing)
        );
        assert_eq!(writer.packet()[..4], [0, 5, 0, 5]);
        //= R-TFTP-17 type=test
        let stroke = writer.receive(&error(0, "x"), addr(stranger), ms(1));
        assert_eq!((stroke.send, stroke.then), (None, Then::Nothing));
    }
    let stroke = writer.receive(&ack(1), addr(PEER), ms(1));
    assert_eq!(stroke.then, blocks(2..=2));
}

//= R-TFTP-15 type=test
#[test]
fn a_silent_server_is_asked_5_times_and_given_up_after_46_seconds() {
    // V-061
    let mut writer = asking(1);
    let mut asked = vec![0];
    let end = loop {
        let now = writer.deadline().unwrap();
        assert_eq!(writer.timeout(now - ms(1)).then, Then::Nothing);
        let stroke = writer.timeout(now);
        if stroke.send.is_some() {
            assert_eq!(stroke.send, Some(addr(SERVER)));
            assert!(writer.packet().starts_with(b"\0\x02r.xml"));
            asked.push(now.as_secs());
        }
        if stroke.then != Then::Nothing {
            break (now.as_secs(), stroke.then);
        }
    };
    assert_eq!(asked, [0, 2, 6, 14, 30]);
    assert_eq!(end, (46, Then::Failed(Failure::NoAnswer)));
}

//= R-TFTP-15 type=test
#[test]
fn a_block_is_sent_5_times_and_its_server_given_up_after_30_seconds() {
    let mut writer = plain(5000);
    // A measured round trip of 10 ms, so that the shortest wait is the first.
    assert_eq!(
        writer.receive(&ack(1), addr(PEER), ms(10)).then,
        blocks(2..=2)
    );
    let mut sent = Vec::new();
    let end = loop {
        let now = writer.deadline().unwrap();
        match writer.timeout(now).then {
            Then::Nothing => {}
            Then::Blocks(_, range) => sent.push((now, range)),
            then @ (Then::Done | Then::AskPlainly | Then::Failed(_)) => break (now, then),
        }
    };
    let waits = [100, 300, 700, 1500].map(|wait| (ms(10 + wait), 2..=2));
    assert_eq!(sent, waits);
    assert_eq!(end, (s(30) + ms(10), Then::Failed(Failure::Silence)));
}

//= R-TFTP-18 type=test
#[test]
fn an_end_from_this_side_is_told_once_and_only_to_a_known_peer() {
    assert_eq!(asking(1).abort(ErrorCode::UNDEFINED, "cancelled"), None);
    let mut writer = plain(5000);
    let told = writer.abort(ErrorCode::UNDEFINED, "cancelled");
    assert_eq!(told, Some(addr(PEER)));
    assert_eq!(writer.packet(), b"\0\x05\0\0cancelled\0");
    assert_eq!(writer.abort(ErrorCode::UNDEFINED, "cancelled"), None);
}

//= R-TFTP-6 type=test
#[test]
fn a_long_name_goes_without_options_and_one_that_is_too_long_not_at_all() {
    let writer = |length| {
        let name = vec![b'n'; length];
        Writer::new(addr(SERVER), &name, Some(Offer::default()), 1)
    };
    assert_eq!(writer(503).unwrap().packet().len(), 512);
    assert!(writer(503).unwrap().packet().ends_with(b"octet\0"));
    assert!(writer(504).is_none());
}

/// One packet of a bad line.
#[derive(Clone, Copy)]
enum Fate {
    Arrives,
    IsLost,
    IsDoubled,
}

/// Plays a whole upload over a bad line; the bytes that arrived, and whether the writer believes that all did.
fn play(size: usize, block_size: u16, window: u16, fates: &[u8]) -> (bool, Vec<u8>, bool) {
    let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    let offer = Offer {
        block_size,
        timeout_s: 2,
        window,
    };
    let mut writer = Writer::new(addr(SERVER), b"f", Some(offer), size as u64).unwrap();
    let mut oack = Vec::new();
    let Ok(Packet::Request { options, .. }) = Packet::parse(writer.packet()) else {
        panic!("no request");
    };
    let agreed = ServerOptions::default().answer(options, None, &mut oack);
    // The request has arrived, and its answer is under way.
    let mut receiver = Receiver::answering(addr(PEER), agreed, &oack, 1 << 30);
    let (mut there, mut back) = (Vec::new(), vec![receiver.packet().to_vec()]);
    let mut fates = fates.iter().cycle().map(|fate| match fate % 10 {
        0 | 1 => Fate::IsLost,
        2 => Fate::IsDoubled,
        _ => Fate::Arrives,
    });
    let (mut taken, mut whole, mut now) = (Vec::new(), false, Duration::ZERO);
    for _ in 0..100_000 {
        let mut stroke = None;
        if let Some(packet) = there.pop() {
            let copies = match fates.next().unwrap_or(Fate::Arrives) {
                Fate::IsLost => 0,
                Fate::Arrives => 1,
                Fate::IsDoubled => 2,
            };
            for _ in 0..copies {
                let packet: &Vec<u8> = &packet;
                let Step { send, news } = receiver.receive(packet, addr(PEER), now);
                match news {
                    News::Bytes(bytes) => taken.extend_from_slice(bytes),
                    News::Last(bytes) => {
                        taken.extend_from_slice(bytes);
                        whole = true;
                    }
                    News::Nothing => {}
                    News::AskPlainly | News::Failed(_) => panic!("nobody broke the protocol"),
                }
                if send.is_some() {
                    back.insert(0, receiver.packet().to_vec());
                }
            }
        } else if let Some(packet) = back.pop() {
            if !matches!(fates.next(), Some(Fate::IsLost)) {
                stroke = Some(writer.receive(&packet, addr(PEER), now));
            }
        } else {
            let ends = [writer.deadline(), receiver.deadline()];
            now = ends.into_iter().flatten().min().unwrap();
            let step = receiver.timeout(now);
            if step.send.is_some() {
                back.push(receiver.packet().to_vec());
            }
            stroke = Some(writer.timeout(now));
        }
        match stroke.map_or(Then::Nothing, |stroke| stroke.then) {
            Then::Nothing => {}
            Then::Blocks(_, range) => {
                for number in range {
                    let (offset, length, number) = writer.block(number);
                    let mut packet = Vec::new();
                    packet::data_header(&mut packet, number);
                    packet.extend_from_slice(&body[offset as usize..][..length]);
                    there.insert(0, packet);
                }
            }
            Then::Done => {
                assert!(whole && taken == body, "success before the last byte");
                return (true, taken, whole);
            }
            Then::Failed(Failure::Silence | Failure::NoAnswer) => return (false, taken, whole),
            Then::AskPlainly | Then::Failed(_) => panic!("nobody broke the protocol"),
        }
    }
    panic!("a transfer without end");
}

//= R-TFTP-12 type=test
//= R-TFTP-13 type=test
#[test]
fn a_bad_line_changes_nothing_in_the_body() {
    // Two of ten packets are lost and one is doubled, in a pattern that hits each kind in its turn.
    let fates = [3, 4, 0, 5, 2, 6, 7, 1, 8, 9, 3];
    for (size, block_size, window) in [(0, 8, 1), (8, 8, 1), (5000, 100, 1), (5000, 100, 4)] {
        let (done, taken, whole) = play(size, block_size, window, &fates);
        assert!(done && whole, "{size} {window}");
        assert_eq!(taken.len(), size);
    }
}

proptest! {
    #[test]
    fn a_body_arrives_whole_or_the_writer_knows(
        size in 0_usize..4000, block_size in 8_u16..600, window in 1_u16..9,
        fates in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let (done, taken, whole) = play(size, block_size, window, &fates);
        prop_assert!(body.starts_with(&taken));
        prop_assert!(!done || whole);
    }

    #[test]
    fn no_datagram_panics(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..40)) {
        let mut writer = asking(100);
        for (at, datagram) in datagrams.iter().enumerate() {
            let from = if at % 3 == 0 { "192.0.2.6:1" } else { PEER };
            let now = s(at as u64);
            let _ = writer.receive(datagram, addr(from), now);
            let _ = writer.timeout(now);
        }
    }
}
