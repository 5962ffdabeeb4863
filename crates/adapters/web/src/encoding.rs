//! Percent encoding and the words of forms.

use zeroize::Zeroizing;

/// What `+` stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plus {
    /// A blank, as in forms.
    Blank,
    /// Itself, as in paths.
    Plus,
}

/// Decodes percent signs; one without two hexadecimal digits stays as it is. `None` if no text comes out.
pub(crate) fn decoded(text: &str, plus: Plus) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (b'+', _) if plus == Plus::Blank => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// A field of a form and what stands in it.
pub(crate) type Field = (Zeroizing<String>, Zeroizing<String>);

/// The fields of a form in the order in which they were sent, one after the other; `None` for one that is no text.
pub(crate) fn fields(body: &str) -> impl Iterator<Item = Option<Field>> {
    let pairs = body.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name, Plus::Blank)?, decoded(value, Plus::Blank)?))
    })
}

/// What stands in the first field of a name; `None` if a field before it is no text.
pub(crate) fn field(body: &str, wanted: &str) -> Option<Zeroizing<String>> {
    let mut fields = fields(body);
    loop {
        let (name, value) = fields.next()??;
        if name.as_str() == wanted {
            return Some(value);
        }
    }
}

/// The digits of bytes, two each.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_are_decoded_once() {
        for (text, plus, expected) in [
            ("a%20b+c", Plus::Blank, Some("a b c")),
            ("a%20b+c", Plus::Plus, Some("a b+c")),
            ("%2541", Plus::Plus, Some("%41")),
            ("%", Plus::Plus, Some("%")),
            ("%4", Plus::Plus, Some("%4")),
            ("%zz%C3%BC", Plus::Plus, Some("%zzü")),
            ("%ff", Plus::Plus, None),
        ] {
            let got = decoded(text, plus);
            assert_eq!(got.as_ref().map(|got| got.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn fields_keep_their_order() {
        let all: Option<Vec<Field>> = fields("a=1&b=x%3Dy&&c&a=+").collect();
        let all = all.unwrap();
        let fields: Vec<_> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(fields, [("a", "1"), ("b", "x=y"), ("c", ""), ("a", " ")]);
    }
}
