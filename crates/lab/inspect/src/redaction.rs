//! Showing a text without the parts that may not be shown.

use std::ops::Range;

/// Stands for what is not shown.
pub(crate) const MASK: &str = "***";

/// Whether secrets are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Secrets {
    /// They show as `***`.
    #[default]
    Masked,
    /// They are shown as they are.
    Shown,
}

/// The hidden byte ranges of one text: not empty, in order, apart from each other.
#[derive(Default)]
pub(crate) struct Redaction(Vec<Range<usize>>);

impl Redaction {
    /// Hides ranges that may come in any order, overlap or be empty.
    pub(crate) fn hiding(mut spans: Vec<Range<usize>>) -> Self {
        spans.retain(|span| !span.is_empty());
        spans.sort_by_key(|span| (span.start, span.end));
        spans.dedup_by(|next, span| {
            let joined = next.start <= span.end;
            if joined {
                span.end = span.end.max(next.end);
            }
            joined
        });
        Self(spans)
    }

    /// Part of the text with each hidden range in it replaced by the mask.
    pub(crate) fn slice(&self, text: &str, range: Range<usize>) -> String {
        let mut shown = String::new();
        let mut at = range.start;
        for span in self.hidden_in(&range) {
            shown.push_str(text.get(at..span.start.max(at)).unwrap_or(""));
            shown.push_str(MASK);
            at = span.end.min(range.end);
        }
        shown.push_str(text.get(at..range.end).unwrap_or(""));
        shown
    }

    /// Where a place of the text stands in the shown text; the beginning of the mask if it is hidden.
    pub(crate) fn shown_offset(&self, offset: usize) -> usize {
        self.0
            .iter()
            .take_while(|span| span.start < offset)
            .fold(offset, |shown, span| {
                if offset < span.end {
                    shown - (offset - span.start)
                } else {
                    shown + MASK.len() - span.len()
                }
            })
    }

    fn hidden_in(&self, range: &Range<usize>) -> impl Iterator<Item = &Range<usize>> {
        self.0
            .iter()
            .filter(move |span| span.start < range.end && range.start < span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_ranges_are_joined_and_masked() {
        let text = "0123456789";
        let redaction = Redaction::hiding(vec![4..6, 2..5, 8..8, 9..10]);
        assert_eq!(redaction.slice(text, 0..10), "01***678***");
        assert_eq!(redaction.slice(text, 3..7), "***6");
        assert_eq!(redaction.slice(text, 6..9), "678");
        assert_eq!(redaction.slice(text, 7..7), "");
        assert_eq!(Redaction::default().slice(text, 1..3), "12");
    }

    #[test]
    fn places_move_with_the_masks() {
        let redaction = Redaction::hiding(vec![2..6, 9..10]);
        let shown = redaction.slice("01234567890", 0..11);
        assert_eq!(shown, "01***678***0");
        for (offset, expected) in [
            (0, 0),
            (2, 2),
            (4, 2),
            (6, 5),
            (8, 7),
            (9, 8),
            (10, 11),
            (11, 12),
        ] {
            assert_eq!(redaction.shown_offset(offset), expected, "{offset}");
        }
    }
}
