//! The machine of one phone, told of others.

use std::net::Ipv4Addr;

use onhook_upgrade::sharing::{
    DATAGRAM, Effect, Event, Frame, From, Kind, Line, LoadId, SharedLoad, Tally,
};
use proptest::prelude::*;

use super::stage::{Stage, lines, octets, opened, peer, says};

/// A number that is better than that of the phone, and one that is worse.
const BETTER: u64 = 0;
const WORSE: u64 = u64::MAX;

//= R-PFS-1 type=test
#[test]
fn a_phone_without_others_becomes_root_after_a_second() {
    let mut stage = Stage::new(4, &[]);
    let out = stage.pass(999);
    assert_eq!(says(&out), [Kind::Seek, Kind::Seek]);
    assert!(!out.contains(&Effect::StartServer));
    let out = stage.pass(1);
    assert!(out.contains(&Effect::StartServer));
    assert!(says(&out).contains(&Kind::Root));
}

//= R-PFS-1 type=test
#[test]
fn whoever_has_more_blocks_or_the_smaller_number_is_root() {
    for (held, node, becomes) in [
        (0, BETTER, false),
        (0, WORSE, true),
        (2, BETTER, true),
        (3, WORSE, false),
    ] {
        let own: &[u32] = if held == 0 { &[] } else { &[0, 1, 2] };
        let others = if held == 3 { 4 } else { held };
        let mut stage = Stage::new(8, own);
        stage.tell(Event::Timer);
        let said = stage.said(Kind::Seek, others, node, 2);
        stage.hear(9, said);
        let out = stage.pass(1_400);
        assert_eq!(out.contains(&Effect::StartServer), becomes, "{held} {node}");
        // The other one does not stand by its claim.
        let out = stage.pass(1_200);
        assert_eq!(
            out.contains(&Effect::StartServer),
            !becomes,
            "{held} {node}"
        );
    }
}

#[test]
fn the_worse_of_two_roots_yields() {
    for (node, yields) in [(BETTER, true), (WORSE, false)] {
        let mut stage = Stage::new(4, &[]);
        stage.pass(1_000);
        assert!(stage.machine.is_root());
        let said = stage.said(Kind::Root, 0, node, 2);
        let out = stage.hear(9, said);
        assert_eq!(out.contains(&Effect::StopServer), yields);
        assert_eq!(opened(&out).is_some(), yields);
        assert_eq!(stage.machine.is_root(), !yields);
    }
}

//= R-PFS-1 type=test
#[test]
fn places_in_the_tree_follow_from_numbers() {
    // Of the phones that look, 9 others are before this one: it is number 10 of a tree of two, below number 4.
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    for number in 0..9_u8 {
        let said = stage.said(Kind::Seek, 0, u64::from(number), 2);
        stage.hear(20 + number, said);
    }
    let said = stage.said(Kind::Root, 0, 1, 2);
    let out = stage.hear(200, said);
    assert_eq!(opened(&out).map(|(_, to)| to), Some(peer(23)));
}

//= R-PFS-1 type=test
#[test]
fn a_child_says_what_it_has_and_passes_on_what_it_gets() {
    let mut stage = Stage::new(4, &[2]);
    stage.tell(Event::Timer);
    let said = stage.said(Kind::Root, 3, 1, 2);
    let out = stage.hear(2, said);
    let (up, _) = opened(&out).unwrap();
    let out = stage.tell(Event::Opened(up));
    let Some(Effect::Write(_, Frame::Join { held, .. })) = out.first() else {
        panic!("{out:?}");
    };
    assert_eq!(held.missing().collect::<Vec<_>>(), [0, 1, 3]);
    stage.tell(Event::Frame(up, Frame::Welcome));
    let (down, out) = stage.child(3);
    assert!(out.contains(&Effect::Write(down, Frame::Welcome)));
    // What it has goes down at once, then what comes.
    assert!(out.contains(&Effect::Pass(down, 2)));
    let (taken, out) = stage.give(From::Link(up), 0, octets(0));
    assert!(taken);
    assert!(
        !out.iter().any(|effect| matches!(effect, Effect::Pass(..))),
        "one at a time"
    );
    assert_eq!(stage.tell(Event::Passed(down)), [Effect::Pass(down, 0)]);
}

//= R-PFS-2 type=test
#[test]
fn a_wrong_block_is_not_taken_and_its_giver_is_shunned() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    let (taken, out) = stage.give(From::Link(up), 0, octets(1));
    assert!(!taken);
    assert!(out.contains(&Effect::Close(up)));
    let load = stage.machine.load().id();
    assert!(lines(&out).contains(&Line::Lied(load, peer(2))));
    assert_eq!(stage.machine.held().count(), 0);
    // It is neither heard nor let in again.
    let said = stage.said(Kind::Root, 3, 1, 2);
    assert_eq!(opened(&stage.hear(2, said)), None);
    assert_eq!(stage.machine.accept(peer(2), stage.now), None);
}

//= R-PFS-4 type=test
#[test]
fn a_root_is_lost_after_ten_seconds_without_a_block() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    let mut out = Vec::new();
    for _ in 0..10 {
        assert!(!out.contains(&Effect::Close(up)));
        let said = stage.said(Kind::Root, 1, 1, 2);
        stage.hear(2, said);
        out = stage.tell(Event::Frame(up, Frame::Count(0)));
        out.extend(stage.pass(1_000));
    }
    assert!(out.contains(&Effect::Close(up)));
    let load = stage.machine.load().id();
    assert!(lines(&out).contains(&Line::RootLost(load, peer(2))));
    let out = stage.pass(1_000);
    assert!(out.contains(&Effect::StartServer), "it is root itself now");
}

#[test]
fn a_parent_that_has_nothing_either_is_waited_for() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    // It is no root after all, only a parent that waits too.
    let said = stage.said(Kind::Offer, 0, 1, 2);
    stage.hear(2, said);
    for _ in 0..29 {
        stage.tell(Event::Frame(up, Frame::Count(0)));
        let out = stage.pass(1_000);
        assert!(!out.contains(&Effect::Close(up)));
    }
}

//= R-PFS-2 type=test
#[test]
fn a_phone_that_gets_nothing_asks_the_server_in_the_end() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    let said = stage.said(Kind::Offer, 0, 1, 2);
    stage.hear(2, said);
    let mut out = Vec::new();
    for _ in 0..45 {
        stage.tell(Event::Frame(up, Frame::Count(0)));
        out.extend(stage.pass(1_000));
    }
    assert!(out.contains(&Effect::Close(up)));
    assert!(out.contains(&Effect::StartServer));
    assert!(stage.machine.is_alone());
    // The server does not give it either.
    assert!(stage.tell(Event::ServerEnded).contains(&Effect::Failed));
    assert_eq!(stage.tell(Event::Timer), []);
}

/// A parent that always gives all that it says it has, and says that it has one block more every nine seconds.
//= R-PFS-2 type=test
#[test]
fn whoever_depends_on_a_slow_root_does_not_for_ever() {
    let mut stage = Stage::new(100, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    let mut given = 0;
    while !stage.machine.is_alone() {
        for _ in 0..9 {
            stage.pass(1_000);
            stage.tell(Event::Frame(up, Frame::Count(given)));
        }
        stage.give(From::Link(up), given, octets(given));
        given += 1;
        assert!(given < 20, "it waits for ever");
    }
    // 120 s, and nothing to speak of for 10,000 octets.
    assert!(given >= 13, "{given}");
}

//= R-PFS-2 type=test
#[test]
fn four_liars_are_enough() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    for liar in 2..6 {
        assert!(!stage.machine.is_alone());
        let up = stage.join(liar);
        stage.give(From::Link(up), 0, octets(1));
    }
    assert!(stage.machine.is_alone());
}

//= R-PFS-4 type=test
#[test]
fn strangers_and_rubbish_change_nothing() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let said = stage.said(Kind::Root, 3, 1, 2);
    let other = onhook_upgrade::sharing::Datagram {
        load: LoadId::of(b"another load"),
        ..said
    };
    let (said, other) = (said.encode(), other.encode());
    for (from, bytes) in [
        (Ipv4Addr::new(192, 0, 2, 1), &said[..]),
        (Ipv4Addr::new(10, 0, 1, 2), &said[..]),
        (Ipv4Addr::new(10, 0, 0, 255), &said[..]),
        (peer(1), &said[..]),
        (peer(2), &said[1..]),
        (peer(2), &other[..]),
    ] {
        let out = stage.tell(Event::Datagram { from, bytes });
        assert_eq!(out, [], "{from}");
    }
    assert_eq!(
        stage.machine.accept(Ipv4Addr::new(192, 0, 2, 1), stage.now),
        None
    );
}

//= R-PFS-4 type=test
#[test]
fn there_are_at_most_eight_connections_and_two_from_one_address() {
    let mut stage = Stage::new(4, &[0, 1, 2, 3]);
    assert!(stage.machine.accept(peer(2), stage.now).is_some());
    assert!(stage.machine.accept(peer(2), stage.now).is_some());
    assert!(stage.machine.accept(peer(2), stage.now).is_none());
    for number in 3..9 {
        assert!(stage.machine.accept(peer(number), stage.now).is_some());
    }
    assert!(stage.machine.accept(peer(9), stage.now).is_none());
    // Who says nothing loses its place.
    stage.pass(5_000);
    assert!(stage.machine.accept(peer(9), stage.now).is_some());
}

#[test]
fn a_third_child_is_told_that_there_is_no_place() {
    let mut stage = Stage::new(4, &[0, 1, 2, 3]);
    stage.child(2);
    stage.child(3);
    let (link, out) = stage.child(4);
    assert_eq!(
        out[..2],
        [Effect::Write(link, Frame::Busy), Effect::Close(link)]
    );
}

//= R-PFS-4 type=test
#[test]
fn a_flood_of_questions_is_answered_twice_a_second_and_never_longer() {
    let mut stage = Stage::new(4, &[0, 1, 2, 3]);
    let mut answers = 0;
    for number in 0..1_000_u64 {
        let from = u8::try_from(2 + number % 200).unwrap();
        let said = stage.said(Kind::Seek, 0, number, 0);
        let mut out = stage.hear(from, said);
        out.extend(stage.pass(10));
        for effect in &out {
            // To everybody, and not to whoever asked.
            let Effect::Say(bytes) = effect else {
                panic!("{effect:?}");
            };
            assert_eq!(bytes.len(), DATAGRAM);
            answers += 1;
        }
    }
    assert!((10..=20).contains(&answers), "{answers} answers in 10 s");
}

#[test]
fn offers_are_spared_when_others_make_them() {
    let mut stage = Stage::new(4, &[0, 1, 2, 3]);
    let said = stage.said(Kind::Seek, 0, 5, 0);
    stage.hear(2, said);
    for other in 3..7 {
        let said = stage.said(Kind::Offer, 4, u64::from(other), 2);
        stage.hear(other, said);
    }
    assert_eq!(stage.pass(1_000), []);
}

#[test]
fn a_complete_phone_stays_for_its_children_ten_seconds_at_most() {
    for leaves in [true, false] {
        let mut stage = Stage::new(1, &[]);
        stage.pass(1_000);
        let (child, _) = stage.child(2);
        let (_, out) = stage.give(From::Server, 0, octets(0));
        assert!(out.contains(&Effect::Complete));
        assert!(out.contains(&Effect::StopServer));
        assert!(!out.contains(&Effect::Released));
        let tally = Tally {
            from_server: 1,
            ..Tally::default()
        };
        assert_eq!(stage.machine.tally(), tally);
        let out = if leaves {
            stage.tell(Event::Passed(child))
        } else {
            let out = stage.pass(9_999);
            assert!(!out.contains(&Effect::Released));
            stage.pass(1)
        };
        assert!(out.contains(&Effect::Released));
    }
}

#[test]
fn a_root_whose_server_is_silent_leaves_and_is_not_root_again_soon() {
    let mut stage = Stage::new(4, &[]);
    stage.pass(1_000);
    let out = stage.pass(10_000);
    assert!(out.contains(&Effect::StopServer));
    assert!(says(&out).contains(&Kind::Leave));
    let out = stage.pass(19_000);
    assert!(!out.contains(&Effect::StartServer));
}

//= R-PFS-2 type=test
#[test]
fn whoever_becomes_root_again_and_again_asks_the_server_alone_in_the_end() {
    for seed in 0..20 {
        let mut stage = Stage::with_seed(4, &[], seed);
        stage.pass(60_000);
        assert!(
            stage.machine.is_alone(),
            "seed {seed}: the server is silent"
        );
        // Somebody claims to be the better root, and has no place for anybody.
        let mut stage = Stage::with_seed(4, &[], seed);
        for _ in 0..30 {
            stage.pass(2_000);
            let said = stage.said(Kind::Root, 4, BETTER, 0);
            stage.hear(9, said);
            let said = stage.said(Kind::Leave, 4, BETTER, 0);
            stage.hear(9, said);
        }
        assert!(stage.machine.is_alone(), "seed {seed}: somebody lies");
    }
}

#[test]
fn a_parent_that_has_offered_blocks_cannot_say_that_it_has_none() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    let said = stage.said(Kind::Leave, 0, 1, 0);
    stage.hear(2, said);
    assert!(!stage.machine.is_root());
    // It leaves as a root, and offers the whole load.
    let mut out = Vec::new();
    let mut link = up;
    for _ in 0..4 {
        let said = stage.said(Kind::Offer, 4, 1, 2);
        out = stage.hear(2, said);
        out.extend(stage.pass(500));
        if let Some((opened, _)) = opened(&out) {
            link = opened;
            break;
        }
    }
    assert_ne!(link, up, "the offer is taken: {out:?}");
    stage.tell(Event::Opened(link));
    stage.tell(Event::Frame(link, Frame::Welcome));
    let mut closed = false;
    for _ in 0..11 {
        out = stage.tell(Event::Frame(link, Frame::Count(0)));
        out.extend(stage.pass(1_000));
        closed |= out.contains(&Effect::Close(link));
        if closed {
            break;
        }
    }
    assert!(closed, "it holds back");
}

#[test]
fn a_server_that_refuses_a_phone_by_itself_ends_it_at_once() {
    let mut stage = Stage::new(4, &[]);
    stage.pass(1_000);
    assert!(stage.tell(Event::ServerEnded).contains(&Effect::Failed));
    // With others about, one of them may have more luck.
    let mut stage = Stage::new(4, &[]);
    stage.pass(1_000);
    stage.child(2);
    let out = stage.tell(Event::ServerEnded);
    assert!(says(&out).contains(&Kind::Leave));
    assert!(!out.contains(&Effect::Failed));
}

#[test]
fn a_child_of_a_root_that_leaves_looks_for_another() {
    let mut stage = Stage::new(4, &[]);
    stage.tell(Event::Timer);
    let up = stage.join(2);
    let said = stage.said(Kind::Leave, 0, 1, 0);
    let out = stage.hear(2, said);
    assert!(out.contains(&Effect::Close(up)));
    assert!(stage.pass(2_000).contains(&Effect::StartServer));
}

#[test]
fn a_block_that_cannot_be_written_ends_it() {
    let mut stage = Stage::new(4, &[]);
    stage.pass(1_000);
    let out = stage.tell(Event::NotStored);
    assert!(out.contains(&Effect::StopServer));
    assert!(out.contains(&Effect::Failed));
    assert_eq!(stage.machine.accept(peer(2), stage.now), None);
}

/// What may be told to a machine, by numbers.
fn event(stage: &Stage, [what, a, b]: [u8; 3]) -> Told {
    let link = onhook_upgrade::sharing::LinkId(u32::from(a % 12));
    let count = stage.machine.load().count();
    match what % 10 {
        0 => Told::Pass(u64::from(a) * 40),
        1 => {
            let kind = [Kind::Seek, Kind::Offer, Kind::Root, Kind::Leave][usize::from(b % 4)];
            let held = u32::from(b >> 2) % (count + 1);
            Told::Hear(
                a % 16,
                stage
                    .said(kind, held, u64::from(a) << 56, b % 3)
                    .encode()
                    .to_vec(),
            )
        }
        2 => Told::Hear(a % 16, vec![b; DATAGRAM]),
        3 => Told::Knock(a % 16),
        4 => Told::Event(Event::Opened(link)),
        5 => Told::Event(Event::Closed(link)),
        6 => Told::Event(match b % 4 {
            0 => Event::Frame(link, Frame::Welcome),
            1 => Event::Frame(link, Frame::Busy),
            2 => Event::Frame(link, Frame::Count(u32::from(b))),
            _ => stage.join_frame(link, stage.machine.load().none_held()),
        }),
        7 => Told::Event(Event::Passed(link)),
        8 => Told::Give(From::Link(link), u32::from(b) % (count + 1), b % 5 == 0),
        _ => match b % 8 {
            0 => Told::Event(Event::ServerEnded),
            _ => Told::Give(From::Server, u32::from(b) % (count + 1), b % 16 == 1),
        },
    }
}

enum Told {
    Pass(u64),
    Hear(u8, Vec<u8>),
    Knock(u8),
    Event(Event<'static>),
    Give(From, u32, bool),
}

proptest! {
    /// Whatever is told in whatever order: connections are bounded, only right blocks are taken, what is passed on is
    /// held, every block is taken once, and a machine that has ended is silent.
    #[test]
    fn nothing_that_is_told_breaks_a_machine(told in prop::collection::vec(any::<[u8; 3]>(), 0..400)) {
        let mut stage = Stage::new(12, &[]);
        let mut taken = Vec::new();
        let (mut ended, mut completes) = (false, 0);
        for numbers in told {
            let out = match event(&stage, numbers) {
                Told::Pass(millis) => stage.pass(millis),
                Told::Hear(from, bytes) => {
                    let (from, bytes) = (peer(from), bytes.as_slice());
                    stage.tell(Event::Datagram { from, bytes })
                }
                Told::Knock(from) => {
                    stage.machine.accept(peer(from), stage.now);
                    Vec::new()
                }
                Told::Event(event) => stage.tell(event),
                Told::Give(from, number, lie) => {
                    let content = octets(if lie { number + 1 } else { number });
                    let (took, out) = stage.give(from, number, content);
                    if took {
                        prop_assert!(!lie);
                        prop_assert!(!taken.contains(&number));
                        taken.push(number);
                    }
                    out
                }
            };
            prop_assert!(!ended || out.is_empty());
            for effect in &out {
                if let Effect::Pass(_, number) = effect {
                    prop_assert!(stage.machine.held().contains(*number));
                }
                ended |= *effect == Effect::Failed;
                completes += u32::from(*effect == Effect::Complete);
            }
            prop_assert!(completes <= 1);
            prop_assert_eq!(stage.machine.held().count() as usize, taken.len());
        }
    }
}

#[test]
fn a_load_with_as_many_blocks_as_there_may_be_fits_its_join() {
    let block = *super::stage::load(1).block(0).unwrap();
    let many = SharedLoad::new(LoadId([1; 32]), vec![block; 65_536]).unwrap();
    let held = many.none_held();
    let load = many.id();
    let bytes = Frame::Join { load, held }.encode();
    assert_eq!(bytes.len(), 12 + 44 + 8192);
}
