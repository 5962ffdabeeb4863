//! Classes of bytes, by one table.

/// `<`
const TAG: u8 = 1;
/// `&`
const AMPERSAND: u8 = 2;
/// Space, tab, CR or LF
const WHITE: u8 = 4;
/// CR or LF
const LINE_END: u8 = 32;
/// A byte that may begin a name; all that is not ASCII may.
const NAME_START: u8 = 8;
/// A byte that may stand in a name.
const NAME: u8 = 16;

#[expect(
    clippy::indexing_slicing,
    reason = "the compiler runs this loop, and would stop there"
)]
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'<' => TAG,
            b'&' => AMPERSAND,
            b'\n' | b'\r' => WHITE | LINE_END,
            b'\t' | b' ' => WHITE,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | 0x80.. => NAME_START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

#[inline]
fn class(byte: u8) -> u8 {
    #[expect(
        clippy::indexing_slicing,
        reason = "a byte is always within 256 entries"
    )]
    CLASSES[usize::from(byte)]
}

/// Whether a byte may begin a name.
#[inline]
pub(crate) fn is_name_start(byte: u8) -> bool {
    class(byte) & NAME_START != 0
}

/// Whether a byte may stand in a name.
#[inline]
pub(crate) fn is_name_byte(byte: u8) -> bool {
    class(byte) & NAME != 0
}

/// The length of the name at the front.
#[inline]
pub(super) fn name_len(bytes: &[u8]) -> usize {
    let mut len = 0;
    // Four at a time, for a test costs as much as looking a byte up.
    let (quads, _) = bytes.as_chunks::<4>();
    for [a, b, c, d] in quads {
        if class(*a) & class(*b) & class(*c) & class(*d) & NAME == 0 {
            break;
        }
        len += 4;
    }
    while bytes.get(len).is_some_and(|byte| is_name_byte(*byte)) {
        len += 1;
    }
    len
}

/// The length of the white space at the front, which is mostly none or one blank.
#[inline]
pub(super) fn white_len(bytes: &[u8]) -> usize {
    let mut len = 0;
    while bytes.get(len).is_some_and(|byte| class(*byte) & WHITE != 0) {
        len += 1;
    }
    len
}

/// What a run of text holds besides itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Contents(u8);

impl Contents {
    /// Whether there are ampersands to be decoded.
    #[inline]
    pub(crate) const fn has_ampersands(self) -> bool {
        self.0 & AMPERSAND != 0
    }

    /// Whether there are CRs or LFs.
    #[inline]
    pub(crate) const fn has_line_ends(self) -> bool {
        self.0 & LINE_END != 0
    }

    /// The same without ampersands, which are text in a CDATA section.
    pub(super) const fn literal(self) -> Self {
        Self(self.0 & !AMPERSAND)
    }

    /// What a text holds that may have tags in it.
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |classes, byte| classes | class(byte)))
    }
}

/// The number of bytes before the first `<`, and what they hold.
#[inline]
pub(super) fn text_len(bytes: &[u8]) -> (usize, Contents) {
    let (mut len, mut classes) = (0, 0);
    let (quads, _) = bytes.as_chunks::<4>();
    for [a, b, c, d] in quads {
        let all = class(*a) | class(*b) | class(*c) | class(*d);
        if all & TAG != 0 {
            break;
        }
        classes |= all;
        len += 4;
    }
    while let Some(byte) = bytes.get(len) {
        let class = class(*byte);
        if class & TAG != 0 {
            break;
        }
        classes |= class;
        len += 1;
    }
    (len, Contents(classes))
}

/// The number of bytes before the first ampersand, if there is one.
#[inline]
pub(crate) fn ampersand(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut len = 0;
    let (quads, _) = bytes.as_chunks::<4>();
    for [a, b, c, d] in quads {
        if (class(*a) | class(*b) | class(*c) | class(*d)) & AMPERSAND != 0 {
            break;
        }
        len += 4;
    }
    while *bytes.get(len)? != b'&' {
        len += 1;
    }
    Some(len)
}

/// Whether XML allows the character in a document.
pub(crate) const fn is_allowed(char: char) -> bool {
    match char {
        '\t' | '\n' | '\r' => true,
        '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

/// The offset of the first character that XML forbids in a document.
pub(crate) fn first_forbidden(text: &str) -> Option<usize> {
    // Without a way out, this loop takes many bytes at once.
    let controls = text.bytes().fold(0, |found, byte| {
        let white = u8::from(byte == b'\t') ^ u8::from(byte == b'\n') ^ u8::from(byte == b'\r');
        found | (u8::from(byte < b' ') ^ white)
    });
    if controls == 0 && text.is_ascii() {
        return None;
    }
    text.find(|char| !is_allowed(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_the_first_byte_that_is_none_wherever_it_stands() {
        for len in 0..13 {
            for byte in 0..=255 {
                let mut bytes = vec![b'n'; 20];
                bytes[len] = byte;
                let expected = if is_name_byte(byte) { 20 } else { len };
                assert_eq!(name_len(&bytes), expected, "{byte:#x} at {len}");
                assert_eq!(
                    name_len(&bytes[..=len]),
                    expected.min(len + 1),
                    "{byte:#x} at {len}"
                );
            }
        }
    }

    #[test]
    fn a_text_ends_at_the_tag_and_what_matters_before_it_is_found() {
        for len in 0..13 {
            for at in 0..13 {
                let mut bytes = [b' '; 20];
                bytes[at] = b'&';
                bytes[len] = b'<';
                bytes[19 - at] = b'\n';
                for bytes in [&bytes[..], &bytes[..len]] {
                    let (found, contents) = text_len(bytes);
                    let expected = bytes
                        .iter()
                        .position(|byte| *byte == b'<')
                        .unwrap_or(bytes.len());
                    assert_eq!(found, expected);
                    assert_eq!(contents.has_ampersands(), bytes[..found].contains(&b'&'));
                    assert_eq!(contents.has_line_ends(), bytes[..found].contains(&b'\n'));
                    let text = std::str::from_utf8(bytes).unwrap();
                    assert_eq!(ampersand(text), text.find('&'));
                }
            }
        }
    }

    #[test]
    fn forbidden_characters_are_found_behind_any_others() {
        assert_eq!(
            first_forbidden("a\t\r\n\u{7f}\u{85}\u{ffef}\u{1F600}"),
            None
        );
        for char in ['\0', '\x08', '\x0b', '\x0c', '\x1f', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(first_forbidden(&format!("\u{ffef}\n{char}{char}")), Some(4));
        }
    }
}
