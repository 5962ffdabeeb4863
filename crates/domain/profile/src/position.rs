//! From byte offsets to lines and columns.

/// Turns offsets into lines and columns, cheaply when they rise.
pub(crate) struct Positions<'x> {
    bytes: &'x [u8],
    line: u32,
    /// Everything before this offset is counted in `line`.
    counted: usize,
}

impl<'x> Positions<'x> {
    pub(crate) const fn new(bytes: &'x [u8]) -> Self {
        Self {
            bytes,
            line: 1,
            counted: 0,
        }
    }

    /// Line, and column in characters, of an offset; both count from 1.
    pub(crate) fn locate(&mut self, at: usize) -> (u32, u32) {
        let at = at.min(self.bytes.len());
        if at < self.counted {
            *self = Self::new(self.bytes);
        }
        let passed = self.bytes.get(self.counted..at).unwrap_or_default();
        self.line = self.line.saturating_add(line_ends(passed));
        self.counted = at;
        let before = self.bytes.get(..at).unwrap_or_default();
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let characters = before
            .iter()
            .skip(line_start)
            .filter(|byte| **byte & 0xc0 != 0x80)
            .count();
        (self.line, u32::try_from(characters + 1).unwrap_or(u32::MAX))
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
