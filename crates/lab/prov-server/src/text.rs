//! Bytes from outside as text that is safe in a log and on a terminal.

use std::fmt::Write;

/// Shows bytes in one line: what does not print is escaped, and so is the backslash.
///
/// Characters that do not print, marks and characters that turn the direction of a line become
/// `\n`, `\u{202e}`; bytes that are not UTF-8 become `\xff`.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '"' => shown.push(c),
                _ => shown.extend(c.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// Puts visible text between quotes, `-` where there is none.
pub(crate) fn quoted(visible: Option<&str>) -> String {
    visible.map_or_else(
        || "-".to_owned(),
        |text| format!("\"{}\"", text.replace('"', "\\\"")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_does_not_print_is_escaped() {
        let checks: [(&[u8], &str); 8] = [
            (b"plain text, it's \"so\"", "plain text, it's \"so\""),
            (b"a\r\nb\tc\0d", "a\\r\\nb\\tc\\0d"),
            (b"\x1b[31mred", "\\u{1b}[31mred"),
            ("Zo\u{eb} \u{20ac}".as_bytes(), "Zo\u{eb} \u{20ac}"),
            (
                "\u{202e}\u{85}\u{2028}".as_bytes(),
                "\\u{202e}\\u{85}\\u{2028}",
            ),
            (b"\xff\xc3", "\\xff\\xc3"),
            (b"back\\slash", "back\\\\slash"),
            (b"", ""),
        ];
        for (bytes, expected) in checks {
            assert_eq!(visible(bytes), expected);
        }
    }

    #[test]
    fn a_quote_cannot_end_a_quoted_text() {
        assert_eq!(quoted(Some("a\"b")), "\"a\\\"b\"");
        assert_eq!(quoted(None), "-");
    }

    proptest! {
        #[test]
        fn any_bytes_give_one_line_of_printable_text(bytes: Vec<u8>) {
            prop_assert!(!visible(&bytes).contains(char::is_control));
        }

        #[test]
        fn different_bytes_show_differently(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(visible(&a) == visible(&b), a == b);
        }
    }
}
