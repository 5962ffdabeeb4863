//! The lexical form of references (rules.md 1.2).

use std::ops::Range;

use crate::{MacroName, Substring};

/// What a reference stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// `$$`.
    Dollar,
    /// A well-formed reference to a name that is no macro.
    Unknown,
    Macro(MacroName, Substring),
    /// SA..SD as 0..=3.
    Secret(u8, Substring),
    /// `%s` of a message.
    Operation,
}

/// What a `%s` in the text means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Percent {
    Literal,
    Operation,
}

/// Finds the first reference at or behind a byte offset.
pub(crate) fn next_reference(
    text: &str,
    from: usize,
    percent: Percent,
) -> Option<(Range<usize>, What)> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        let sign = rest.find(['$', '%']);
        #[cfg(test)]
        crate::effort::looked(sign.unwrap_or(rest.len()) + 2);
        let start = at + sign?;
        if let Some((length, what)) = read(text.get(start..)?, percent) {
            return Some((start..start + length, what));
        }
        //= R-MACRO-14
        //= R-MACRO-15
        // The sign alone is passed over: a reference may begin right behind it.
        at = start + 1;
    }
}

/// Reads the reference that `text` begins with, and its length in bytes.
fn read(text: &str, percent: Percent) -> Option<(usize, What)> {
    match text.as_bytes() {
        [b'%', b's', ..] if percent == Percent::Operation => Some((2, What::Operation)),
        [b'$', b'$', ..] => Some((2, What::Dollar)),
        [b'$', b'(', ..] => read_parenthesised(text),
        [b'$', ..] => read_bare(text),
        _ => None,
    }
}

fn read_bare(text: &str) -> Option<(usize, What)> {
    //= R-MACRO-7
    //= R-MACRO-8
    //= R-MACRO-13
    let name = leading(text.get(1..)?, |b| b.is_ascii_alphanumeric());
    if name.is_empty() {
        return None;
    }
    Some((1 + name.len(), look_up(name, Substring::WHOLE)))
}

fn read_parenthesised(text: &str) -> Option<(usize, What)> {
    let inside = leading(text.get(2..)?, |b| b.is_ascii_alphanumeric() || b == b':');
    let length = 2 + inside.len() + 1;
    if text.as_bytes().get(length - 1) != Some(&b')') {
        return None;
    }
    let mut fields = inside.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let start = fields.next().map(number);
    let count = fields.next().map(number);
    if fields.next().is_some() {
        return None;
    }
    //= R-MACRO-12
    let part = Substring {
        start: start.unwrap_or(Some(0))?,
        length: match count {
            Some(count) => Some(count?),
            None => None,
        },
    };
    Some((length, look_up(name, part)))
}

fn look_up(name: &str, part: Substring) -> What {
    match MacroName::parse(name) {
        None => What::Unknown,
        Some(MacroName::Secret(register)) => What::Secret(register, part),
        Some(name) => What::Macro(name, part),
    }
}

/// Reads decimal digits; a number too large stays at the largest, which lies past the end of any value.
fn number(digits: &str) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_usize, |n, b| {
        let digit = b.is_ascii_digit().then(|| usize::from(b - b'0'))?;
        Some(n.saturating_mul(10).saturating_add(digit))
    })
}

/// The longest beginning of `text` whose bytes, all ASCII, satisfy a test.
fn leading(text: &str, test: impl Fn(u8) -> bool) -> &str {
    let length = text.bytes().take_while(|b| test(*b)).count();
    #[cfg(test)]
    crate::effort::looked(length + 1);
    text.get(..length).unwrap_or("")
}
