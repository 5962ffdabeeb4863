//! Syslog over TCP: frames of RFC 6587, whichever of the two a client sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{DATAGRAM, PAUSE, message};
use crate::connection::stopped;
use crate::event::ServerEvent;
use crate::log::Log;

/// Connections at one time; more wait in the queue of the operating system.
const CONNECTIONS: usize = 64;
/// Most digits of a length: [`DATAGRAM`] has five.
const DIGITS: usize = 6;

/// Reads connections until told to stop, and then what has arrived already.
pub(crate) async fn listen(listener: TcpListener, log: Arc<Log>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, source)) => {
                    connections.spawn(read(stream, source, Arc::clone(&log), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a syslog connection could not be accepted; trying again");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    while connections.join_next().await.is_some() {}
}

/// Reads one connection to its end.
async fn read(
    stream: TcpStream,
    source: SocketAddr,
    log: Arc<Log>,
    mut stop: watch::Receiver<bool>,
) {
    let mut stream = BufReader::new(stream);
    let mut frames = Frames::default();
    let mut piece = vec![0; DATAGRAM];
    loop {
        let stopping = *stop.borrow();
        let read = if stopping {
            // What is on its way in the machine itself needs a moment, and a busy sender gets no more than that.
            timeout(PAUSE, stream.read(&mut piece))
                .await
                .unwrap_or(Ok(0))
        } else {
            tokio::select! {
                biased;
                read = stream.read(&mut piece) => read,
                () = stopped(&mut stop) => continue,
            }
        };
        let taken = read.ok().and_then(|length| piece.get(..length));
        let bytes = taken.unwrap_or_default();
        let ended = bytes.is_empty();
        frames.take(bytes, ended, |frame| {
            let at = SystemTime::now();
            log.event(ServerEvent::Syslog(message(frame, source, at)));
        });
        if ended {
            return;
        }
    }
}

/// Takes bytes apart.
#[derive(Default)]
struct Frames {
    /// What has not made a frame yet.
    rest: Vec<u8>,
}

impl Frames {
    /// Takes bytes and gives the frames that they complete; at the end of the connection what is left is one too.
    fn take(&mut self, bytes: &[u8], ended: bool, mut give: impl FnMut(&[u8])) {
        self.rest.extend_from_slice(bytes);
        let mut rest = self.rest.as_slice();
        while let Some((frame, behind)) = next(rest) {
            // Between frames some senders write a line feed.
            if !frame.is_empty() {
                give(frame);
            }
            rest = behind;
        }
        if ended && !rest.is_empty() {
            give(rest);
            rest = &[];
        }
        let done = self.rest.len() - rest.len();
        self.rest.drain(..done);
    }
}

/// Splits the first frame off: digits, a blank and as many bytes, or a line.
fn next(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let counted = (1..=DIGITS).contains(&digits) && !bytes.starts_with(b"0");
    if counted {
        let (count, behind) = bytes.split_at_checked(digits)?;
        match behind.split_first() {
            None => return None,
            Some((b' ', behind)) => {
                let count = std::str::from_utf8(count).ok().and_then(|n| n.parse().ok());
                if let Some(count) = count.filter(|count| *count <= DATAGRAM) {
                    return behind.split_at_checked(count);
                }
            }
            Some(_) => {}
        }
    }
    let end = bytes.iter().position(|byte| *byte == b'\n');
    match end {
        Some(end) => Some((bytes.get(..end)?, bytes.get(end + 1..)?)),
        // A line without end is cut, so that nobody fills the memory.
        None if bytes.len() >= DATAGRAM => bytes.split_at_checked(DATAGRAM),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The frames of a stream that arrives in pieces of a size.
    fn frames(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut frames = Frames::default();
        let mut given = Vec::new();
        for piece in stream.chunks(size) {
            frames.take(piece, false, |frame| given.push(frame.to_vec()));
        }
        frames.take(&[], true, |frame| given.push(frame.to_vec()));
        given
    }

    #[test]
    fn both_kinds_of_frames_are_taken_apart_wherever_they_are_cut() {
        for (stream, expected) in [
            (&b"<134>one\n<131>two\n"[..], &["<134>one", "<131>two"][..]),
            (b"8 <134>one9 <131>tw\no", &["<134>one", "<131>tw\no"]),
            (
                b"8 <134>one<131>two\n7 <1>last",
                &["<134>one", "<131>two", "<1>last"],
            ),
            (b"8 <134>one\n8 <131>two\n", &["<134>one", "<131>two"]),
            (b"<134>no end", &["<134>no end"]),
            (b"50 too short", &["50 too short"]),
            (b"12x\n", &["12x"]),
            (b"0 x\n", &["0 x"]),
            (b"9999999 x\n", &["9999999 x"]),
            (b"\n\n", &[]),
            (b"", &[]),
        ] {
            for size in 1..=stream.len().max(1) {
                let found = frames(stream, size);
                let found: Vec<_> = found.iter().map(|f| String::from_utf8_lossy(f)).collect();
                assert_eq!(found, expected, "in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let found = frames(&vec![b'x'; DATAGRAM + 7], 1000);
        let lengths: Vec<_> = found.iter().map(Vec::len).collect();
        assert_eq!(lengths, [DATAGRAM, 7]);
    }

    proptest! {
        #[test]
        fn no_stream_panics_and_no_byte_of_a_line_is_lost(stream: Vec<u8>, size in 1_usize..50) {
            let found = frames(&stream, size);
            prop_assert!(found.iter().map(Vec::len).sum::<usize>() <= stream.len());
            if !stream.iter().any(u8::is_ascii_digit) {
                let kept = stream.iter().filter(|byte| **byte != b'\n').count();
                prop_assert_eq!(found.iter().map(Vec::len).sum::<usize>(), kept);
            }
        }
    }
}
