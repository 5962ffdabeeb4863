use proptest::prelude::*;

use super::play::Play;
use super::*;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn agreed(block_size: u16, window: u16) -> Agreed {
    Agreed {
        block_size,
        window,
        ..Agreed::default()
    }
}

fn ack(number: u16) -> Vec<u8> {
    let mut out = Vec::new();
    packet::ack(&mut out, number);
    out
}

//= R-TFTP-10 type=test
#[test]
fn blocks_follow_their_acknowledgements_and_a_short_one_ends() {
    let (mut sender, first) = Sender::start(agreed(512, 1), 1024, false);
    assert_eq!(first, Sending::Blocks(1..=1));
    assert_eq!(sender.block(1), (0, 512, 1));
    assert_eq!(sender.receive(&ack(1), ms(1)), Sending::Blocks(2..=2));
    assert_eq!(sender.receive(&ack(2), ms(2)), Sending::Blocks(3..=3));
    assert_eq!(sender.block(3), (1024, 0, 3));
    assert_eq!(sender.receive(&ack(3), ms(3)), Sending::Done);
    let (mut sender, _) = Sender::start(agreed(512, 1), 0, false);
    assert_eq!(sender.block(1), (0, 0, 1));
    assert_eq!(sender.receive(&ack(1), ms(1)), Sending::Done);
}

//= R-TFTP-13 type=test
#[test]
fn a_repeated_acknowledgement_causes_nothing() {
    // V-074
    let (mut sender, _) = Sender::start(agreed(8, 1), 100, false);
    for number in 1..=4 {
        let _ = sender.receive(&ack(number), ms(u64::from(number)));
    }
    let deadline = sender.deadline();
    for number in [4, 4, 3, 0, 6] {
        assert_eq!(sender.receive(&ack(number), ms(10)), Sending::Nothing);
    }
    assert_eq!(sender.deadline(), deadline);
    assert_eq!(sender.timeout(deadline), Sending::Blocks(5..=5));
}

#[test]
fn options_are_settled_before_the_first_block() {
    let (mut sender, first) = Sender::start(agreed(8, 1), 3, true);
    assert_eq!(first, Sending::OptionAck);
    assert_eq!(sender.receive(&ack(1), ms(1)), Sending::Nothing);
    assert_eq!(sender.timeout(ms(1999)), Sending::Nothing);
    assert_eq!(sender.timeout(ms(2000)), Sending::OptionAck);
    assert_eq!(sender.receive(&ack(0), ms(2001)), Sending::Blocks(1..=1));
    assert_eq!(sender.receive(&ack(1), ms(2002)), Sending::Done);
}

//= R-TFTP-12 type=test
#[test]
fn a_window_goes_on_from_the_last_block_that_arrived() {
    let (mut sender, first) = Sender::start(agreed(8, 4), 80, false);
    assert_eq!(first, Sending::Blocks(1..=4));
    // V-069
    assert_eq!(sender.receive(&ack(2), ms(1)), Sending::Blocks(3..=6));
    assert_eq!(sender.receive(&ack(2), ms(2)), Sending::Blocks(3..=6));
    assert_eq!(sender.receive(&ack(2), ms(3)), Sending::Nothing);
    assert_eq!(sender.receive(&ack(6), ms(4)), Sending::Blocks(7..=10));
    assert_eq!(sender.receive(&ack(10), ms(5)), Sending::Blocks(11..=11));
    assert_eq!(sender.receive(&ack(11), ms(6)), Sending::Done);
}

//= R-TFTP-14 type=test
#[test]
fn numbers_wrap_to_0() {
    let (mut sender, _) = Sender::start(agreed(512, 1), 65_535 * 512, false);
    for number in 1..=65_534 {
        let _ = sender.receive(&ack(number), ms(1));
    }
    assert_eq!(
        sender.receive(&ack(65_535), ms(1)),
        Sending::Blocks(65_536..=65_536)
    );
    assert_eq!(sender.block(65_536), (33_553_920, 0, 0));
    assert_eq!(sender.receive(&ack(0), ms(1)), Sending::Done);
}

//= R-TFTP-15 type=test
#[test]
fn a_silent_reader_is_reminded_and_given_up_after_30_seconds() {
    let (mut sender, _) = Sender::start(agreed(512, 1), 600, false);
    let mut times = Vec::new();
    let end = loop {
        let now = sender.deadline();
        match sender.timeout(now) {
            Sending::Blocks(blocks) => {
                assert_eq!(blocks, 1..=1);
                times.push(now.as_secs());
            }
            end @ (Sending::Nothing
            | Sending::OptionAck
            | Sending::Done
            | Sending::Refused { .. }
            | Sending::Illegal
            | Sending::Silence) => break (now, end),
        }
    };
    assert_eq!(times, [2, 6, 14]);
    assert_eq!(end, (Duration::from_secs(30), Sending::Silence));
    let asked = Agreed {
        timeout: Some(Duration::from_secs(6)),
        ..agreed(512, 1)
    };
    let (mut sender, _) = Sender::start(asked, 600, false);
    for seconds in [6, 12, 18, 24] {
        assert_eq!(sender.deadline().as_secs(), seconds);
        assert_eq!(sender.timeout(sender.deadline()), Sending::Blocks(1..=1));
    }
}

#[test]
fn what_a_reader_says_beside_acknowledgements_ends_the_transfer_or_nothing() {
    let (mut sender, _) = Sender::start(agreed(512, 1), 600, false);
    for datagram in [
        &b""[..],
        b"\0\x04",
        b"\0\x09",
        b"\0\x03\0\x01x",
        b"\0\x01a\0octet\0",
    ] {
        assert_eq!(sender.receive(datagram, ms(1)), Sending::Nothing);
    }
    assert_eq!(sender.receive(b"\0\x09\0\0", ms(1)), Sending::Illegal);
    let refused = Sending::Refused {
        code: ErrorCode::FULL,
        text: "no?room".to_owned(),
    };
    assert_eq!(sender.receive(b"\0\x05\0\x03no\nroom\0", ms(1)), refused);
}

/// Plays a whole transfer over a bad line; gives what arrived, and whether it ended well.
fn transfer(size: usize, block_size: u16, window: u16, fates: &[u8]) -> (Vec<u8>, bool) {
    let mut play = Play::new(size, block_size, window, fates);
    for _ in 0..100_000 {
        if let Some(well) = play.step() {
            return (play.body, well);
        }
    }
    panic!("no end after 100,000 steps, at {:?}", play.now)
}

//= R-TFTP-13 type=test
//= R-TFTP-12 type=test
#[test]
fn a_bad_line_changes_nothing_in_the_file() {
    for (size, block_size, window) in [
        (0, 8, 1),
        (8, 8, 1),
        (100, 8, 1),
        (1000, 16, 4),
        (999, 8, 16),
    ] {
        for fates in [
            &[0_u8][..],
            &[0, 3, 1, 1, 2],
            &[0, 4, 1, 1, 3, 6, 2, 0, 5, 1, 1],
        ] {
            let (body, done) = transfer(size, block_size, window, fates);
            assert!(done, "{size} {block_size} {window} {fates:?}");
            let expected: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            assert!(body == expected, "{size} {block_size} {window} {fates:?}");
        }
    }
}

proptest! {
    #[test]
    fn only_bytes_of_the_file_arrive_and_all_if_it_ends_well(
        size in 0_usize..300,
        window in 1_u16..6,
        fates in prop::collection::vec(any::<u8>(), 20..60),
    ) {
        let (body, done) = transfer(size, 8, window, &fates);
        prop_assert!(body.len() == size || !done);
        prop_assert!(body.iter().enumerate().all(|(n, byte)| *byte == (n % 251) as u8));
    }

    #[test]
    fn no_datagram_panics(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..10), 0..40)) {
        let (mut sender, _) = Sender::start(agreed(8, 3), 50, false);
        for (at, datagram) in datagrams.iter().enumerate() {
            let _ = sender.receive(datagram, ms(at as u64));
            let _ = sender.timeout(ms(at as u64 * 700));
        }
    }
}
