//! The heap that a receiver takes stays small whatever a server sends.
#![cfg(test)]

use std::net::SocketAddr;
use std::time::Duration;

use onhook_tftp::{Failure, News, Offer, Receiver, packet};

/// The largest profile.
const LIMIT: u64 = 5 * 1024 * 1024;
/// One packet of the receiver and what it knows of its peer, in bytes.
const HEAP: u64 = 4096;

/// A server that never sends a short block: how it ends, and the bytes until then.
fn endless(receiver: &mut Receiver, size: usize, from: SocketAddr) -> (Option<Failure>, u64) {
    let mut bytes = 0;
    let mut block = Vec::with_capacity(size + 4);
    for number in 1..=u64::MAX {
        // The low 16 bits: numbers wrap to 0.
        packet::data_header(&mut block, (number & 0xffff) as u16);
        block.resize(size + 4, 7);
        let now = Duration::from_millis(number);
        match receiver.receive(&block, from, now).news {
            News::Bytes(got) => bytes += got.len() as u64,
            News::Failed(failure) => return (Some(failure), bytes),
            News::Nothing | News::Last(_) | News::AskPlainly => return (None, bytes),
        }
    }
    (None, bytes)
}

//= R-TFTP-11 type=test
//= R-TFTP-18 type=test
#[test]
fn a_file_without_end_is_cut_off_before_it_takes_memory() {
    let asked = SocketAddr::from(([192, 0, 2, 1], 69));
    let from = SocketAddr::from(([192, 0, 2, 1], 5000));
    for (offer, oack, size) in [
        (None, &b""[..], 512),
        (
            Some(Offer::default()),
            b"\0\x06blksize\x001428\0tsize\x000\0",
            1428,
        ),
    ] {
        let mut ended = (None, 0);
        let heap = allocation_counter::measure(|| {
            let mut receiver = Receiver::new(asked, b"f", offer, LIMIT).unwrap();
            if !oack.is_empty() {
                let answer = receiver.receive(oack, from, Duration::ZERO);
                assert!(answer.send.is_some());
            }
            ended = endless(&mut receiver, size, from);
        });
        let (failure, bytes) = ended;
        assert!(failure.is_some(), "blocks of {size}: no failure");
        assert!(
            bytes <= LIMIT && bytes > LIMIT / 2,
            "blocks of {size}: {bytes} bytes"
        );
        let taken = heap.bytes_max;
        assert!(taken <= HEAP, "blocks of {size}: {taken} bytes of heap");
    }
}
