//! Messages on a stream: where one ends and the next begins (RFC 3261, 18.3).

use bytes::{Bytes, BytesMut};

use crate::message::{MESSAGE_LIMIT, length};

/// What was cut out of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    /// A message.
    Message(Bytes),
    /// A message that is larger than any may be; nothing after it can be read.
    TooLarge(Bytes),
    /// A message whose end nobody knows; nothing after it can be read.
    Endless(Bytes),
}

/// Bytes of a stream that have not been cut yet.
#[derive(Default)]
pub(crate) struct Frames {
    bytes: BytesMut,
    /// So far no head ends.
    looked_at: usize,
}

impl Frames {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether a message has begun.
    pub(crate) fn is_begun(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The next message, if it is there whole.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        // Empty lines between messages keep the stream alive.
        let blank = self
            .bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let blank = blank.count();
        if blank > 0 {
            drop(self.bytes.split_to(blank));
            self.looked_at = 0;
        }
        let Some(head) = self.head() else {
            return (self.bytes.len() > MESSAGE_LIMIT).then(|| Frame::TooLarge(self.rest()));
        };
        let text = self.bytes.get(..head).unwrap_or_default();
        let Some(whole) = length(text) else {
            return Some(Frame::Endless(self.rest()));
        };
        if whole > MESSAGE_LIMIT {
            return Some(Frame::TooLarge(self.rest()));
        }
        if self.bytes.len() < whole {
            return None;
        }
        self.looked_at = 0;
        Some(Frame::Message(self.bytes.split_to(whole).freeze()))
    }

    fn rest(&mut self) -> Bytes {
        self.looked_at = 0;
        self.bytes.split().freeze()
    }

    /// Where the head ends, behind its empty line.
    fn head(&mut self) -> Option<usize> {
        let start = self.looked_at;
        let rest = self.bytes.get(start..)?;
        let lines = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        for (at, _) in lines {
            let after = rest.get(at + 1..).unwrap_or_default();
            let more = [&b"\n"[..], b"\r\n"];
            if let Some(end) = more.iter().find(|end| after.starts_with(end)) {
                return Some(start + at + 1 + end.len());
            }
        }
        self.looked_at = self.bytes.len().saturating_sub(2);
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames.push(piece);
            while let Some(frame) = frames.next() {
                found.push(frame);
            }
        }
        found
    }

    fn message(text: &str) -> Frame {
        Frame::Message(Bytes::copy_from_slice(text.as_bytes()))
    }

    const TWO: [&str; 2] = [
        "NOTIFY sip:x SIP/2.0\r\nContent-Length: 3\r\n\r\nabc",
        "OPTIONS sip:x SIP/2.0\nl: 0\n\n",
    ];

    #[test]
    fn messages_are_cut_where_they_say() {
        let all = TWO.concat();
        assert_eq!(cut(&[all.as_bytes()]), TWO.map(message));
        let kept_alive = format!("\r\n\r\n{}\r\n\r\n{}\n", TWO[0], TWO[1]);
        assert_eq!(cut(&[kept_alive.as_bytes()]), TWO.map(message));
        let endless = "NOTIFY sip:x SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\nabc";
        let frame = Frame::Endless(Bytes::from_static(endless.as_bytes()));
        assert_eq!(cut(&[endless.as_bytes()]), [frame]);
        // Without a length there is no body.
        let bare = "NOTIFY sip:x SIP/2.0\r\nTo: x\r\n\r\n";
        assert_eq!(cut(&[bare.as_bytes()]), [message(bare)]);
    }

    #[test]
    fn what_is_too_large_is_known_before_it_is_there() {
        let length = b"NOTIFY sip:x SIP/2.0\r\nContent-Length: 999999999\r\n\r\n";
        assert!(matches!(cut(&[length])[..], [Frame::TooLarge(_)]));
        let head = vec![b'x'; MESSAGE_LIMIT + 1];
        assert!(matches!(cut(&[&head])[..], [Frame::TooLarge(_)]));
        assert_eq!(cut(&[&head[1..]]), []);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
            let all = format!("{}\r\n{}", TWO[0], TWO[1]).into_bytes();
            let mut ends = [at.index(all.len()), to.index(all.len())];
            ends.sort_unstable();
            let [first, second] = ends;
            let pieces = [&all[..first], &all[first..second], &all[second..]];
            prop_assert_eq!(cut(&pieces), TWO.map(message));
        }
    }
}
