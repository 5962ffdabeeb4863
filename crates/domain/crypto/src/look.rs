//! What the first bytes of a file say about it.

/// The kind of content that some bytes begin (R-CBC-7, R-FIL-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Look {
    /// `1f 8b`: a gzip member.
    Gzip,
    /// `<` after an optional byte order mark and white space.
    Xml,
    /// Nothing but an optional byte order mark and white space.
    Blank,
    /// A UTF-16 byte order mark.
    Utf16,
    /// Something that is no profile.
    Other,
}

/// Looks at as many bytes as it takes to tell the kind of content.
#[must_use]
pub fn first_look(bytes: impl IntoIterator<Item = u8>) -> Look {
    let mut bytes = bytes.into_iter();
    let Some(first) = bytes.next() else {
        return Look::Blank;
    };
    match first {
        //= R-GZ-1
        0x1f if bytes.next() == Some(0x8b) => return Look::Gzip,
        0xff if bytes.next() == Some(0xfe) => return Look::Utf16,
        0xfe if bytes.next() == Some(0xff) => return Look::Utf16,
        0xef if !bytes.by_ref().take(2).eq([0xbb, 0xbf]) => return Look::Other,
        0xef | b' ' | b'\t' | b'\r' | b'\n' => {}
        b'<' => return Look::Xml,
        _ => return Look::Other,
    }
    //= R-CBC-7
    match bytes.find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        None => Look::Blank,
        Some(b'<') => Look::Xml,
        Some(_) => Look::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Look) {
        assert_eq!(first_look(bytes.iter().copied()), expected);
    }

    //= R-CBC-7 type=test
    #[test]
    fn a_profile_begins_with_an_angle_bracket_after_mark_and_white_space() {
        check(b"<a/>", Look::Xml);
        check(b" \t\r\n <a/>", Look::Xml);
        check(b"\xef\xbb\xbf<a/>", Look::Xml);
        check(b"\xef\xbb\xbf\r\n<a/>", Look::Xml);
        check(b"\xef\xbb<a/>", Look::Other);
        check(b" \xef\xbb\xbf<a/>", Look::Other);
        check(b"x<a/>", Look::Other);
        check(b"\x0b<a/>", Look::Other);
    }

    #[test]
    fn blank_and_utf_16_files_are_told_apart_from_noise() {
        check(b"", Look::Blank);
        check(b" \r\n\t", Look::Blank);
        check(b"\xef\xbb\xbf", Look::Blank);
        check(b"\xef\xbb\xbf \n", Look::Blank);
        check(b"\xff\xfe<\0", Look::Utf16);
        check(b"\xfe\xff\0<", Look::Utf16);
        check(b"\xff", Look::Other);
        check(b"\xef", Look::Other);
    }

    //= R-GZ-1 type=test
    #[test]
    fn only_the_gzip_magic_means_gzip() {
        check(b"\x1f\x8b", Look::Gzip);
        check(b"\x1f", Look::Other);
        check(b"\x1f\x8c<", Look::Other);
        check(b" \x1f\x8b", Look::Other);
        check(b"\x78\xda", Look::Other);
    }
}
