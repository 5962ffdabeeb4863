//! Where the texts lie.

use zeroize::{Zeroize as _, Zeroizing};

use super::Secrecy;
use super::blocks::Blocks;

/// Bytes that texts share. What one text keeps in memory that others have left is at most that.
const CHUNK: usize = 1 << 10;
/// Longest text that shares a chunk, in bytes.
const SMALL: usize = CHUNK / 4;

/// How a text is found again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It has one id.
    Name,
    /// While it is remembered.
    Value,
}

/// What texts that share a chunk have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) kind: Kind,
    pub(super) secrecy: Secrecy,
}

/// A part of a chunk (8 bytes).
#[derive(Clone, Copy)]
pub(super) struct Place {
    chunk: u32,
    /// Below the size of a chunk.
    start: u16,
    /// Bytes, or [`ALL`].
    len: u16,
}

/// The length of a text that is all of its chunk.
const ALL: u16 = u16::MAX;

impl Place {
    /// There is no chunk of that number.
    pub(super) const NOWHERE: Self = Self {
        chunk: u32::MAX,
        start: 0,
        len: 0,
    };
}

#[derive(Default)]
struct Chunk {
    text: Zeroizing<String>,
    /// Texts in it.
    live: u32,
    /// `None` for a free one.
    sort: Option<Sort>,
}

/// Texts in pieces of memory that small ones share, so that a thousand of them cost a few allocations; a secret has a piece of its own, which
/// is wiped as soon as it goes.
#[derive(Default)]
pub(super) struct Chunks {
    all: Blocks<Chunk>,
    free: Vec<u32>,
    /// Where the next small name goes, and the next small value.
    open: (Option<u32>, Option<u32>),
}

impl Chunks {
    /// Adds a text; `None` if there are more chunks than can be counted.
    pub(super) fn add(&mut self, text: &str, sort: Sort) -> Option<Place> {
        if sort.secrecy == Secrecy::Secret || text.len() > SMALL {
            let chunk = self.chunk(Zeroizing::new(text.to_owned()), sort)?;
            return Some(Place {
                chunk,
                start: 0,
                len: ALL,
            });
        }
        let open = *self.open(sort.kind);
        let chunk = match open.filter(|open| self.room(*open) >= text.len()) {
            Some(open) => {
                self.all.get_mut(open as usize)?.live += 1;
                open
            }
            None => {
                let new = self.chunk(Zeroizing::new(String::with_capacity(CHUNK)), sort)?;
                *self.open(sort.kind) = Some(new);
                new
            }
        };
        let shared = &mut self.all.get_mut(chunk as usize)?.text;
        let start = u16::try_from(shared.len()).ok()?;
        let len = u16::try_from(text.len()).ok()?;
        shared.push_str(text);
        Some(Place { chunk, start, len })
    }

    /// Forgets a text, and wipes the chunk once it was the last one there.
    pub(super) fn remove(&mut self, place: Place) {
        let Some(chunk) = self.all.get_mut(place.chunk as usize) else {
            return;
        };
        chunk.live -= 1;
        if chunk.live > 0 {
            return;
        }
        // Spare room is wiped in one stroke, a text byte by byte.
        chunk.text.clear();
        if [self.open.0, self.open.1].contains(&Some(place.chunk)) {
            // Its memory is used again.
            chunk.text.zeroize();
        } else {
            *chunk = Chunk::default();
            self.free.push(place.chunk);
        }
    }

    /// The text at a place.
    pub(super) fn text(&self, place: Place) -> &str {
        let Some(chunk) = self.all.get(place.chunk as usize) else {
            return "";
        };
        if place.len == ALL {
            return &chunk.text;
        }
        let start = usize::from(place.start);
        let text = chunk.text.get(start..start + usize::from(place.len));
        text.unwrap_or_default()
    }

    /// What a text is; `None` if there is none.
    pub(super) fn sort(&self, place: Place) -> Option<Sort> {
        self.all.get(place.chunk as usize)?.sort
    }

    const fn open(&mut self, kind: Kind) -> &mut Option<u32> {
        match kind {
            Kind::Name => &mut self.open.0,
            Kind::Value => &mut self.open.1,
        }
    }

    fn room(&self, chunk: u32) -> usize {
        let chunk = self.all.get(chunk as usize);
        chunk.map_or(0, |chunk| chunk.text.capacity() - chunk.text.len())
    }

    /// A chunk with one text.
    fn chunk(&mut self, text: Zeroizing<String>, sort: Sort) -> Option<u32> {
        let new = Chunk {
            text,
            live: 1,
            sort: Some(sort),
        };
        if let Some(number) = self.free.pop() {
            *self.all.get_mut(number as usize)? = new;
            return Some(number);
        }
        let number = u32::try_from(self.all.len()).ok()?;
        self.all.push(new);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Sort = Sort {
        kind: Kind::Value,
        secrecy: Secrecy::Plain,
    };

    #[test]
    fn small_texts_share_memory_and_leave_it_together() {
        let mut chunks = Chunks::default();
        let places: Vec<_> = (0..100)
            .map(|n| chunks.add(&format!("text number {n:03}"), PLAIN).unwrap())
            .collect();
        assert_eq!(chunks.all.len(), 2, "1,500 bytes");
        assert_eq!(chunks.text(places[0]), "text number 000");
        assert_eq!(chunks.text(places[99]), "text number 099");
        for place in &places[1..] {
            chunks.remove(*place);
        }
        assert_eq!(chunks.text(places[0]), "text number 000");
        assert!(
            chunks.free.is_empty(),
            "one text is left, and one chunk is open"
        );
        chunks.remove(places[0]);
        assert_eq!(chunks.free, [0]);
        let again = chunks.add("next", PLAIN).unwrap();
        assert_eq!((chunks.text(again), chunks.all.len()), ("next", 2));
    }

    #[test]
    fn secrets_and_long_texts_are_alone_and_names_are_not_with_values() {
        let mut chunks = Chunks::default();
        let small = chunks.add("a", PLAIN).unwrap();
        let sort = Sort {
            secrecy: Secrecy::Secret,
            ..PLAIN
        };
        let secret = chunks.add("b", sort).unwrap();
        let name = Sort {
            kind: Kind::Name,
            ..PLAIN
        };
        let long = chunks.add(&"c".repeat(SMALL + 1), PLAIN).unwrap();
        let name = chunks.add("d", name).unwrap();
        let places = [small, secret, long, name];
        assert_eq!(places.map(|place| place.chunk), [0, 1, 2, 3]);
        chunks.remove(secret);
        assert_eq!(chunks.text(secret), "");
        assert_eq!(chunks.text(small), "a");
        assert_eq!(chunks.text(long).len(), SMALL + 1);
    }
}
