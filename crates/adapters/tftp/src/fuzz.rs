//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use std::net::SocketAddr;
use std::time::Duration;

use crate::options::{Agreed, Offer, ServerOptions};
use crate::packet::{self, DATA_HEADER, Packet};
use crate::receiver::{News, Receiver, Step};
use crate::sender::{Sender, Sending};
use crate::writer::{Stroke, Then, Writer};

/// Largest file, in bytes.
const LIMIT: u64 = 3000;

/// Both roles at both ends against a peer that says anything at any time: a transfer ends once, hands over no more bytes than
/// allowed and the whole file or none, and nobody answers an ERROR.
///
/// The first byte chooses the role, the second the options. What follows is one happening after the other: a byte whose low
/// seven bits are a length and whose highest bit says that it is a stranger who speaks, a byte of tenths of a second that pass
/// before, and as many bytes as a datagram has.
///
/// # Panics
/// Something of this does not hold.
pub fn tftp(bytes: &[u8]) {
    let Some(([role, options], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let offer = Offer {
        block_size: 8 + u16::from(options & 0x1f),
        timeout_s: 2,
        window: 1 + u16::from(options >> 6),
    };
    let offer = (options & 0x20 == 0).then_some(offer);
    match role % 4 {
        0 => reads(Receiver::new(addr(69), b"f", offer, LIMIT), rest),
        1 => reads(Some(answering(rest)), rest),
        2 => writes(Writer::new(addr(69), b"f", offer, LIMIT), rest),
        _ => sends(rest),
    }
}

/// Addresses of the same host.
fn addr(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

/// What happens: who speaks, when, and what is said.
fn happenings(bytes: &[u8]) -> impl Iterator<Item = (SocketAddr, Duration, &[u8])> {
    let (mut rest, mut now) = (bytes, Duration::ZERO);
    std::iter::from_fn(move || {
        let ([head, wait], behind) = rest.split_first_chunk()?;
        let length = usize::from(head & 0x7f).min(behind.len());
        let (datagram, behind) = behind.split_at_checked(length)?;
        rest = behind;
        now += Duration::from_millis(u64::from(*wait) * 100);
        let from = addr(if head & 0x80 == 0 { 5000 } else { 6000 });
        Some((from, now, datagram))
    })
}

/// The server's end of a request that the first datagram makes, if it is one.
fn answering(bytes: &[u8]) -> Receiver {
    let mut oack = Vec::new();
    let agreed = match happenings(bytes)
        .next()
        .map(|(.., said)| Packet::parse(said))
    {
        Some(Ok(Packet::Request { options, .. })) => {
            ServerOptions::default().answer(options, None, &mut oack)
        }
        _ => Agreed::default(),
    };
    Receiver::answering(addr(5000), agreed, &oack, LIMIT)
}

fn is_error(datagram: &[u8]) -> bool {
    matches!(Packet::parse(datagram), Ok(Packet::Error { .. }))
}

fn reads(receiver: Option<Receiver>, rest: &[u8]) {
    let Some(mut receiver) = receiver else { return };
    let (mut taken, mut ended) = (0, false);
    for (from, now, datagram) in happenings(rest) {
        let heard = receiver.receive(datagram, from, now);
        assert!(heard.send.is_none() || !is_error(datagram), "answered");
        look(&heard, &receiver_agreed(&receiver), &mut taken, &mut ended);
        let waited = receiver.timeout(now);
        look(&waited, &receiver_agreed(&receiver), &mut taken, &mut ended);
        assert_eq!(receiver.deadline().is_none(), ended, "it waits for nothing");
        assert!(receiver.packet().len() <= packet::REQUEST_LIMIT);
    }
}

const fn receiver_agreed(receiver: &Receiver) -> Agreed {
    *receiver.agreed()
}

/// Looks at one step of a reader.
fn look(step: &Step<'_>, agreed: &Agreed, taken: &mut u64, ended: &mut bool) {
    match &step.news {
        News::Nothing => return,
        News::Bytes(bytes) => {
            assert_eq!(bytes.len(), usize::from(agreed.block_size));
            *taken += bytes.len() as u64;
        }
        News::Last(bytes) => {
            assert!(bytes.len() < usize::from(agreed.block_size));
            *taken += bytes.len() as u64;
            assert!(agreed.size.is_none_or(|size| size == *taken), "not whole");
        }
        News::AskPlainly | News::Failed(_) => {}
    }
    assert!(*taken <= LIMIT, "more than allowed");
    assert!(!std::mem::replace(
        ended,
        !matches!(step.news, News::Bytes(_))
    ));
}

fn writes(writer: Option<Writer>, rest: &[u8]) {
    let Some(mut writer) = writer else { return };
    let (mut ended, mut peer) = (false, None);
    for (from, now, datagram) in happenings(rest) {
        let heard = writer.receive(datagram, from, now);
        assert!(heard.send.is_none() || !is_error(datagram), "answered");
        let waited = writer.timeout(now);
        for Stroke { then, .. } in [heard, waited] {
            match then {
                Then::Nothing => {}
                Then::Blocks(to, blocks) => {
                    // Whoever of the host answers first is the peer.
                    assert_eq!(*peer.get_or_insert(to), to);
                    assert!(!ended, "it goes on after its end");
                    for block in blocks {
                        let (offset, length, _) = writer.block(block);
                        // What a later stroke has acknowledged is not asked for, but stays inside.
                        assert!(offset + length as u64 <= LIMIT);
                    }
                }
                Then::Done | Then::AskPlainly | Then::Failed(_) => {
                    assert!(!std::mem::replace(&mut ended, true), "ended twice");
                }
            }
        }
        assert_eq!(writer.deadline().is_none(), ended, "it waits for nothing");
        assert!(writer.packet().len() <= packet::REQUEST_LIMIT);
    }
}

/// A server's end that sends what the first datagram asks for.
fn sends(rest: &[u8]) {
    let mut oack = Vec::new();
    let agreed = match happenings(rest)
        .next()
        .map(|(.., said)| Packet::parse(said))
    {
        Some(Ok(Packet::Request { options, .. })) => {
            ServerOptions::default().answer(options, Some(LIMIT), &mut oack)
        }
        _ => Agreed::default(),
    };
    let (mut sender, _) = Sender::start(agreed, LIMIT, !oack.is_empty());
    let mut base = 1;
    for (_, now, datagram) in happenings(rest) {
        for sending in [sender.receive(datagram, now), sender.timeout(now)] {
            let Sending::Blocks(blocks) = sending else {
                if matches!(sending, Sending::Nothing | Sending::OptionAck) {
                    continue;
                }
                return;
            };
            assert!(
                *blocks.start() >= base,
                "acknowledged blocks are sent again"
            );
            base = *blocks.start();
            let count = blocks.end() - blocks.start() + 1;
            assert!(count <= u64::from(agreed.window), "more than a window");
            for block in blocks {
                let (offset, length, _) = sender.block(block);
                assert!(offset + length as u64 <= LIMIT);
                assert!(length + DATA_HEADER <= 65_468);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Something that a peer may say.
    fn said() -> impl Strategy<Value = Vec<u8>> {
        let numbered = |opcode| {
            (0_u16..20, prop::collection::vec(any::<u8>(), 0..40)).prop_map(
                move |(number, rest)| {
                    let mut packet = vec![0, opcode];
                    packet.extend(number.to_be_bytes());
                    packet.extend(rest);
                    packet
                },
            )
        };
        prop_oneof![
            4 => numbered(3),
            4 => numbered(4),
            1 => numbered(5),
            1 => Just(b"\0\x06blksize\x008\0windowsize\x002\0".to_vec()),
            1 => Just(b"\0\x06blksize\x0012\0tsize\x0020\0".to_vec()),
            1 => Just(b"\0\x02f\0octet\0blksize\x0010\0windowsize\x003\0".to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..20),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn whatever_is_said_holds(
            role: u8, options: u8,
            talk in prop::collection::vec((said(), any::<bool>(), 0_u8..60), 0..40),
        ) {
            let mut bytes = vec![role, options];
            for (said, stranger, wait) in talk {
                let length = said.len().min(127) as u8;
                bytes.extend([length | (u8::from(stranger) << 7), wait]);
                bytes.extend(said);
            }
            tftp(&bytes);
        }
    }
}
