//! The order of MPP version parts: numbers and letters in turn.

use std::cmp::Ordering;

/// Orders two lists of parts joined by hyphens; each part is `digit { alnum }`.
pub(crate) fn compare_parts(left: &str, right: &str) -> Ordering {
    // Mostly a phone compares its version with that very version.
    if left == right {
        return Ordering::Equal;
    }
    let (mut left, mut right) = (parts(left), parts(right));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            //= R-VER-7
            // Missing trailing parts count as 0.
            (l, r) => compare_part(l.unwrap_or("0"), r.unwrap_or("0")),
        };
        //= R-VER-8
        if order.is_ne() {
            return order;
        }
    }
}

/// The parts of a text that are joined by hyphens; one for a text without.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    // The parts are short: looking at each byte takes less time than searching for one.
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.bytes().position(|b| b == b'-') else {
            return rest.take();
        };
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

/// Orders two parts piece by piece: number, letters, number, letters, and so on.
fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    loop {
        if left.is_empty() && right.is_empty() {
            return Ordering::Equal;
        }
        //= R-VER-7
        // A missing number is `None` and missing letters are no letters; both sort first.
        let order = take_number(&mut left).cmp(&take_number(&mut right));
        if order.is_ne() {
            return order;
        }
        let (left_letters, right_letters) = (take_letters(&mut left), take_letters(&mut right));
        let order = match left_letters == right_letters {
            true => Ordering::Equal,
            false => unmarked(left_letters).cmp(unmarked(right_letters)),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn take_number(part: &mut &str) -> Option<u64> {
    take(part, |byte| byte.is_ascii_digit()).parse().ok()
}

fn take_letters<'t>(part: &mut &'t str) -> &'t str {
    take(part, |byte| !byte.is_ascii_digit())
}

fn take<'t>(part: &mut &'t str, wanted: impl Fn(u8) -> bool) -> &'t str {
    let end = part.bytes().position(|byte| !wanted(byte));
    let end = end.unwrap_or(part.len());
    let (piece, rest) = part.split_at_checked(end).unwrap_or((part, ""));
    *part = rest;
    piece
}

/// The letters without the marker `MPP`, which counts as no letters (R-VER-7).
fn unmarked(letters: &str) -> impl Iterator<Item = u8> {
    //= R-VER-7
    letters.split("MPP").flat_map(str::bytes)
}
