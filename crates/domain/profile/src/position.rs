//! From byte offsets to lines and columns.

/// Turns byte offsets of a text into lines and columns, cheaply when they rise.
#[derive(Clone, Debug)]
pub struct Positions<'x> {
    bytes: &'x [u8],
    /// Everything before this offset is counted.
    counted: usize,
    line: u32,
    /// Characters since the line began.
    characters: usize,
}

impl<'x> Positions<'x> {
    /// Positions in a text, which is UTF-8 or taken for it.
    #[must_use]
    pub const fn new(bytes: &'x [u8]) -> Self {
        Self {
            bytes,
            counted: 0,
            line: 1,
            characters: 0,
        }
    }

    /// Line, and column in characters, of an offset; both count from 1.
    pub fn locate(&mut self, at: usize) -> (u32, u32) {
        let at = at.min(self.bytes.len());
        if at < self.counted {
            *self = Self::new(self.bytes);
        }
        let passed = self.bytes.get(self.counted..at).unwrap_or_default();
        self.counted = at;
        let in_line = match passed.iter().rposition(|byte| *byte == b'\n') {
            None => passed,
            Some(end) => {
                self.line = self.line.saturating_add(line_ends(passed));
                self.characters = 0;
                passed.get(end + 1..).unwrap_or_default()
            }
        };
        self.characters += in_line.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let column = u32::try_from(self.characters + 1).unwrap_or(u32::MAX);
        (self.line, column)
    }
}

/// Counts line feeds; short chunks keep the sums in bytes, which makes this many times as fast.
fn line_ends(bytes: &[u8]) -> u32 {
    bytes
        .chunks(255)
        .map(|chunk| {
            u32::from(
                chunk
                    .iter()
                    .map(|byte| u8::from(*byte == b'\n'))
                    .sum::<u8>(),
            )
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_any_order_of_asking() {
        let mut positions = Positions::new("a\nb\u{e9}c\r\n\nd".as_bytes());
        assert_eq!(positions.locate(0), (1, 1));
        assert_eq!(positions.locate(2), (2, 1));
        assert_eq!(positions.locate(5), (2, 3));
        assert_eq!(positions.locate(9), (4, 1));
        assert_eq!(positions.locate(2), (2, 1));
        assert_eq!(positions.locate(999), (4, 2));
    }

    #[test]
    fn a_thousand_line_ends_are_counted() {
        let text = "\n".repeat(1000);
        assert_eq!(Positions::new(text.as_bytes()).locate(1000), (1001, 1));
    }
}
