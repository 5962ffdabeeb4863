//! Where the texts lie.

use zeroize::{Zeroize as _, Zeroizing};

use super::Secrecy;
use super::blocks::Blocks;

/// Bytes that texts share. What one text keeps in memory that others have left is at most that.
const CHUNK: usize = 1 << 10;
/// Longest text that shares a chunk, in bytes.
const SMALL: usize = CHUNK / 4;

/// A part of a chunk.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    chunk: u32,
    len: u32,
    /// Below the size of a chunk.
    start: u16,
}

#[derive(Default)]
struct Chunk {
    text: Zeroizing<String>,
    /// Texts in it.
    live: u32,
}

/// Texts in pieces of memory that small ones share, so that a thousand of them cost a few allocations; a secret has a piece of its own, which
/// is wiped as soon as it goes.
#[derive(Default)]
pub(super) struct Chunks {
    all: Blocks<Chunk>,
    free: Vec<u32>,
    /// Where the next small text goes.
    open: Option<u32>,
}

impl Chunks {
    /// Adds a text; `None` if there are more chunks than can be counted.
    pub(super) fn add(&mut self, text: &str, secrecy: Secrecy) -> Option<Place> {
        let len = u32::try_from(text.len()).ok()?;
        if secrecy == Secrecy::Secret || text.len() > SMALL {
            let chunk = self.chunk(Zeroizing::new(text.to_owned()))?;
            return Some(Place {
                chunk,
                len,
                start: 0,
            });
        }
        let chunk = match self.open.filter(|open| self.room(*open) >= text.len()) {
            Some(open) => {
                self.all.get_mut(open as usize)?.live += 1;
                open
            }
            None => {
                let new = self.chunk(Zeroizing::new(String::with_capacity(CHUNK)))?;
                self.open = Some(new);
                new
            }
        };
        let shared = &mut self.all.get_mut(chunk as usize)?.text;
        let start = u16::try_from(shared.len()).ok()?;
        shared.push_str(text);
        Some(Place { chunk, len, start })
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
        if self.open == Some(place.chunk) {
            // Its memory is used again.
            chunk.text.zeroize();
        } else {
            *chunk = Chunk::default();
            self.free.push(place.chunk);
        }
    }

    /// The text at a place.
    pub(super) fn text(&self, place: Place) -> &str {
        let start = usize::from(place.start);
        let chunk = self.all.get(place.chunk as usize);
        let text = chunk.and_then(|chunk| chunk.text.get(start..start + place.len as usize));
        text.unwrap_or_default()
    }

    fn room(&self, chunk: u32) -> usize {
        let chunk = self.all.get(chunk as usize);
        chunk.map_or(0, |chunk| chunk.text.capacity() - chunk.text.len())
    }

    /// A chunk with one text.
    fn chunk(&mut self, text: Zeroizing<String>) -> Option<u32> {
        let new = Chunk { text, live: 1 };
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

    #[test]
    fn small_texts_share_memory_and_leave_it_together() {
        let mut chunks = Chunks::default();
        let places: Vec<_> = (0..100)
            .map(|n| {
                chunks
                    .add(&format!("text number {n:03}"), Secrecy::Plain)
                    .unwrap()
            })
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
        let again = chunks.add("next", Secrecy::Plain).unwrap();
        assert_eq!((chunks.text(again), chunks.all.len()), ("next", 2));
    }

    #[test]
    fn secrets_and_long_texts_are_alone() {
        let mut chunks = Chunks::default();
        let small = chunks.add("a", Secrecy::Plain).unwrap();
        let secret = chunks.add("b", Secrecy::Secret).unwrap();
        let long = chunks.add(&"c".repeat(SMALL + 1), Secrecy::Plain).unwrap();
        assert_eq!([small.chunk, secret.chunk, long.chunk], [0, 1, 2]);
        chunks.remove(secret);
        assert_eq!(chunks.text(secret), "");
        assert_eq!(chunks.text(small), "a");
        assert_eq!(chunks.text(long).len(), SMALL + 1);
    }
}
