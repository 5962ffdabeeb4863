//! What keeps strangers from filling memory: challenges by source, and answers to repeated requests.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use onhook_device::{MonoTime, source_of};

use crate::message::{Echo, Request};

/// Challenges that a source gets at once.
const BURST: u64 = 10;
/// How long it takes until it gets another one, in milliseconds.
const ANOTHER_MS: u64 = 100;
/// Sources that are kept account of.
const SOURCES: usize = 256;

/// How long a request may be repeated (RFC 3261, timer J).
const REPEATS_S: u64 = 32;
/// Answers that are kept, of each kind.
const KEPT: usize = 128;
/// Bytes of all answers that are kept, of each kind.
const KEPT_BYTES: usize = 128 * 1024;

//= R-SIP-14
/// How many challenges each source has got lately, or how often it has guessed.
#[derive(Default)]
pub(crate) struct Challenged {
    /// When the allowance of a source is whole again.
    whole_at: BTreeMap<IpAddr, MonoTime>,
}

impl Challenged {
    /// Whether a source may have another challenge, which counts.
    pub(crate) fn may(&mut self, source: IpAddr, now: MonoTime) -> bool {
        let source = source_of(source);
        if self.whole_at.len() >= SOURCES && !self.whole_at.contains_key(&source) {
            self.whole_at.retain(|_, at| *at > now);
            // The one that has been quiet for longest.
            let first = self.whole_at.iter().min_by_key(|(_, at)| **at);
            let first = first.map(|(source, _)| *source);
            if let Some(first) = first.filter(|_| self.whole_at.len() >= SOURCES) {
                self.whole_at.remove(&first);
            }
        }
        let at = self.whole_at.entry(source).or_insert(now);
        *at = (*at).max(now);
        let next = at.plus_millis(ANOTHER_MS);
        let allowed = next <= now.plus_millis(BURST * ANOTHER_MS);
        if allowed {
            *at = next;
        }
        allowed
    }

    /// Whether a source has nothing left for now.
    pub(crate) fn is_spent(&self, source: IpAddr, now: MonoTime) -> bool {
        let whole_at = self.whole_at.get(&source_of(source));
        whole_at.is_some_and(|at| at.plus_millis(ANOTHER_MS) > now.plus_millis(BURST * ANOTHER_MS))
    }

    pub(crate) fn kept(&self) -> usize {
        self.whole_at.len()
    }
}

/// Whether somebody had a right to what was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It was accepted.
    Accepted,
    /// It was not; anybody may get such an answer.
    Other,
}

/// Answers of the last half minute, for requests that come again.
///
/// Accepted ones have room of their own, so that strangers cannot push them out.
#[derive(Default)]
pub(crate) struct Answered {
    accepted: Shelf,
    others: Shelf,
}

#[derive(Default)]
struct Shelf {
    entries: VecDeque<Entry>,
    bytes: usize,
}

struct Entry {
    key: Vec<u8>,
    at: MonoTime,
    answer: Vec<u8>,
}

impl Answered {
    /// The answer that a request got when it came first.
    pub(crate) fn find(&self, key: &[u8], now: MonoTime) -> Option<&[u8]> {
        let entries = self.accepted.entries.iter().chain(&self.others.entries);
        let alive = |entry: &&Entry| entry.key == key && entry.at.plus_secs(REPEATS_S) > now;
        entries
            .rev()
            .find(alive)
            .map(|entry| entry.answer.as_slice())
    }

    pub(crate) fn keep(&mut self, kind: Kind, key: Vec<u8>, answer: &[u8], now: MonoTime) {
        let shelf = match kind {
            Kind::Accepted => &mut self.accepted,
            Kind::Other => &mut self.others,
        };
        shelf.bytes += key.len() + answer.len();
        shelf.entries.push_back(Entry {
            key,
            at: now,
            answer: answer.to_vec(),
        });
        let too_much = |shelf: &Shelf| shelf.entries.len() > KEPT || shelf.bytes > KEPT_BYTES;
        while let Some(first) = shelf.entries.front()
            && (too_much(shelf) || first.at.plus_secs(REPEATS_S) <= now)
        {
            shelf.bytes = shelf
                .bytes
                .saturating_sub(first.key.len() + first.answer.len());
            shelf.entries.pop_front();
        }
    }

    /// Entries, and their bytes.
    pub(crate) fn kept(&self) -> (usize, usize) {
        (
            self.accepted.entries.len() + self.others.entries.len(),
            self.accepted.bytes + self.others.bytes,
        )
    }
}

/// What makes two requests the same (RFC 3261, 17.2.3).
pub(crate) fn key(request: &Request, from: SocketAddr) -> Vec<u8> {
    let Echo {
        branch,
        sent_by,
        call_id,
        cseq,
        from: whose,
        ..
    } = &request.echo;
    let mut key = from.to_string().into_bytes();
    for text in [branch, sent_by, call_id, cseq, whose] {
        key.push(0);
        key.extend_from_slice(text.as_bytes());
    }
    key
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    const fn at(ms: u64) -> MonoTime {
        MonoTime::from_millis(ms)
    }

    //= R-SIP-14 type=test
    #[test]
    fn a_source_gets_ten_challenges_at_once_and_then_one_every_tenth_of_a_second() {
        let mut challenged = Challenged::default();
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let at_once = (0..50).filter(|_| challenged.may(one, at(1000))).count();
        assert_eq!(at_once, 10);
        assert!(challenged.may(other, at(1000)));
        let later = (0..100)
            .filter(|n| challenged.may(one, at(1000 + n * 10)))
            .count();
        assert_eq!(later, 9);
        assert!((0..10).all(|_| challenged.may(one, at(9000))));
    }

    #[test]
    fn many_sources_take_no_more_room_than_some() {
        let mut challenged = Challenged::default();
        for n in 0..100_000_u32 {
            assert!(challenged.may(IpAddr::from(n.to_be_bytes()), at(n.into())));
            assert!(challenged.kept() <= SOURCES);
        }
        // Addresses of one network of IPv6 are one source.
        let mut challenged = Challenged::default();
        let got = (0..100).filter(|n| challenged.may(Ipv6Addr::from(*n).into(), at(0)));
        assert_eq!(got.count(), 10);
    }

    #[test]
    fn answers_are_kept_for_half_a_minute_and_strangers_push_out_none_that_was_accepted() {
        let mut answered = Answered::default();
        answered.keep(Kind::Accepted, b"mine".to_vec(), b"200", at(0));
        for n in 0..10_000_u32 {
            let key = n.to_be_bytes().to_vec();
            answered.keep(Kind::Other, key, &[b'x'; 5000], at(1));
            let (entries, bytes) = answered.kept();
            assert!(entries <= 2 * KEPT && bytes <= 2 * KEPT_BYTES);
        }
        assert_eq!(answered.find(b"mine", at(31_999)), Some(&b"200"[..]));
        assert_eq!(answered.find(b"mine", at(32_000)), None);
        assert_eq!(answered.find(b"other", at(1)), None);
        answered.keep(Kind::Accepted, b"next".to_vec(), b"200", at(40_000));
        assert_eq!(answered.accepted.entries.len(), 1);
    }
}
