//! Which characters of a value a reference asks for.

/// A part of a value: from a zero-based character offset, all or at most some characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Substring {
    /// The first character.
    pub start: usize,
    /// The largest number of characters; `None` takes all.
    pub length: Option<usize>,
}

impl Substring {
    /// All characters.
    pub const WHOLE: Self = Self {
        start: 0,
        length: None,
    };

    /// The part of `text`, clipped at its end, empty if it starts past the end (R-MACRO-12).
    #[must_use]
    pub fn apply(self, text: &str) -> &str {
        //= R-MACRO-12
        let tail = after(text, self.start);
        let Some(length) = self.length else {
            return tail;
        };
        let rest = after(tail, length);
        tail.get(..tail.len() - rest.len()).unwrap_or(tail)
    }
}

/// What follows the first `count` characters.
fn after(text: &str, count: usize) -> &str {
    text.char_indices()
        .nth(count)
        .and_then(|(at, _)| text.get(at..))
        .unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(start: usize, length: Option<usize>, expected: &str) {
        assert_eq!(Substring { start, length }.apply("aé€z"), expected);
    }

    //= R-MACRO-12 type=test
    #[test]
    fn a_part_counts_characters_and_is_clipped() {
        check(0, None, "aé€z");
        check(1, None, "é€z");
        check(1, Some(2), "é€");
        check(3, Some(9), "z");
        check(4, None, "");
        check(usize::MAX, Some(usize::MAX), "");
        check(0, Some(usize::MAX), "aé€z");
        check(2, Some(0), "");
    }
}
