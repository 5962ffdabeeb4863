//! Patterns of telephone numbers and of response codes.

/// A list of patterns, separated by commas: `?` stands for any one character, `*` for any number of them, `%xx`
/// for the character with that hexadecimal code, whatever it would mean otherwise (R-TYP-10).
///
/// A pattern of response codes is matched against SIP status codes in three digits and against the internal
/// codes `X00` to `X99`: `4??,X2?`. Letters match in either case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patterns<'t>(&'t str);

impl<'t> Patterns<'t> {
    /// Any text is a list of patterns; `%` that no two hexadecimal digits follow stands for itself.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self(text)
    }

    /// The number of the first pattern that matches a text as a whole, counted from 0. An empty pattern matches
    /// nothing.
    #[must_use]
    pub fn first_match(&self, subject: &str) -> Option<usize> {
        //= R-TYP-10
        self.0.split(',').position(|pattern| {
            let pattern = pattern.trim_start_matches([' ', '\t', '\r', '\n']);
            !pattern.is_empty() && matches(pattern.as_bytes(), subject.as_bytes())
        })
    }
}

/// One piece of a pattern.
#[derive(Clone, Copy)]
enum Piece {
    One,
    Many,
    Byte(u8),
}

/// The piece at the start of a pattern, and how many bytes it takes.
fn piece(pattern: &[u8]) -> Option<(Piece, usize)> {
    let hex = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    Some(match *pattern {
        [] => return None,
        [b'?', ..] => (Piece::One, 1),
        [b'*', ..] => (Piece::Many, 1),
        [b'%', high, low, ..] => match (hex(high), hex(low)) {
            (Some(high), Some(low)) => (Piece::Byte(high << 4 | low), 3),
            _ => (Piece::Byte(b'%'), 1),
        },
        [byte, ..] => (Piece::Byte(byte), 1),
    })
}

/// Whether a pattern matches a whole subject, in steps of at most the product of their lengths.
fn matches(pattern: &[u8], subject: &[u8]) -> bool {
    let (mut p, mut s) = (0, 0);
    // Behind the last `*`, and how much of the subject it has taken.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let next = pattern.get(p..).and_then(piece);
        let byte = subject.get(s).copied();
        let fits = match (next, byte) {
            (None, None) => return true,
            (Some((Piece::Many, len)), _) => {
                p += len;
                retry = Some((p, s));
                continue;
            }
            (Some((Piece::One, _)), Some(_)) => true,
            (Some((Piece::Byte(wanted), _)), Some(byte)) => wanted.eq_ignore_ascii_case(&byte),
            (None, Some(_)) | (Some(_), None) => false,
        };
        match (fits, next, retry) {
            (true, Some((_, len)), _) => {
                p += len;
                s += 1;
            }
            (_, _, Some((behind, taken))) if taken < subject.len() => {
                retry = Some((behind, taken + 1));
                (p, s) = (behind, taken + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    //= R-TYP-10 type=test
    fn the_first_pattern_that_matches_the_whole_text_counts() {
        for (patterns, subject, expected) in [
            ("404", "404", Some(0)),
            ("404", "4040", None),
            ("4??", "404", Some(0)),
            ("4??", "40", None),
            ("4*", "404", Some(0)),
            ("*4", "404", Some(0)),
            ("*0*", "404", Some(0)),
            ("*44", "404", None),
            ("5*, 4*,*", "404", Some(1)),
            ("5*,\t X2?", "X20", Some(1)),
            ("X*", "x60", Some(0)),
            ("X00,X40", "X20", None),
            ("404 ", "404", None),
            ("%2a98", "*98", Some(0)),
            ("%2A98", "198", None),
            ("%3f", "?", Some(0)),
            ("%2c,b", ",", Some(0)),
            ("%,%4", "%4", Some(1)),
            ("", "", None),
            (",,1", "1", Some(2)),
            ("*", "", Some(0)),
            ("1*5*5", "1555", Some(0)),
            ("1408*,9*", "14085551234", Some(0)),
        ] {
            let found = Patterns::new(patterns).first_match(subject);
            assert_eq!(found, expected, "`{patterns}` against `{subject}`");
        }
    }

    /// The definition, without a thought for speed.
    fn by_definition(pattern: &[u8], subject: &[u8]) -> bool {
        match (piece(pattern), subject) {
            (None, rest) => rest.is_empty(),
            (Some((Piece::Many, len)), _) => {
                (0..=subject.len()).any(|n| by_definition(&pattern[len..], &subject[n..]))
            }
            (Some(_), []) => false,
            (Some((Piece::One, len)), [_, rest @ ..]) => by_definition(&pattern[len..], rest),
            (Some((Piece::Byte(wanted), len)), [byte, rest @ ..]) => {
                wanted.eq_ignore_ascii_case(byte) && by_definition(&pattern[len..], rest)
            }
        }
    }

    proptest! {
        #[test]
        //= R-TYP-10 type=test
        fn a_match_is_what_the_definition_says(pattern in "[ab?*%6x]{0,8}", subject in "[ab%6x]{0,8}") {
            prop_assert_eq!(
                matches(pattern.as_bytes(), subject.as_bytes()),
                by_definition(pattern.as_bytes(), subject.as_bytes())
            );
        }
    }
}
