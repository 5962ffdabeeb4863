//! Numbers, times and delay lists.

use std::ops::RangeInclusive;

/// The value of a decimal or 0x hexadecimal number of at most 32 bits.
#[must_use]
pub fn unsigned(text: &str) -> Option<u32> {
    magnitude(text).and_then(|n| u32::try_from(n).ok())
}

/// Whether a text is a decimal or 0x hexadecimal number in a range.
pub(super) fn is_unsigned(text: &str, range: RangeInclusive<u32>) -> bool {
    //= R-TYP-4
    //= R-TYP-7
    unsigned(text).is_some_and(|n| range.contains(&n))
}

/// Whether a text is a number with an optional sign that fits `bits` bits, 1..=64.
pub(super) fn is_signed(text: &str, bits: u32) -> bool {
    //= R-TYP-4b
    let most = u64::MAX >> (65 - bits);
    if let Some(digits) = text.strip_prefix('-') {
        return magnitude(digits).is_some_and(|n| n <= most + 1);
    }
    magnitude(text.strip_prefix('+').unwrap_or(text)).is_some_and(|n| n <= most)
}

/// The value of decimal or 0x hexadecimal digits; `u64::MAX` also stands for anything larger.
fn magnitude(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0_u64, |sum, c| {
        let digit = c.to_digit(radix)?;
        Some(
            sum.saturating_mul(u64::from(radix))
                .saturating_add(u64::from(digit)),
        )
    })
}

/// Whether a text is a number with an optional sign and decimal point.
pub(super) fn is_decimal(text: &str) -> bool {
    //= R-TYP-11
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    thousandths(digits).is_some()
}

/// Whether a text is a time in a range of whole units; decimals beyond the third are ignored.
pub(super) fn is_time(text: &str, range: RangeInclusive<u32>) -> bool {
    //= R-TYP-11
    let unit = |n: &u32| u64::from(*n) * 1000;
    thousandths(text).is_some_and(|n| (unit(range.start())..=unit(range.end())).contains(&n))
}

/// Whether a text is a level in dBm with at most one decimal.
pub(super) fn is_level(text: &str) -> bool {
    //= R-TYP-11
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    decimals <= 1 && is_decimal(text)
}

/// Thousandths of an unsigned number with an optional decimal point, further decimals cut off.
pub(super) fn thousandths(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && decimals.is_empty() || !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    let digits = whole
        .bytes()
        .chain(decimals.bytes().chain([b'0'; 3]).take(3));
    Some(digits.fold(0_u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

/// Whether a text is a list of delays `d` or `d+r`, in seconds.
pub(super) fn is_delay_list(text: &str) -> bool {
    //= R-TYP-12
    //= R-SCHED-3
    text.split(',')
        .all(|element| match element.split_once('+') {
            Some((base, spread)) => is_seconds(base) && is_seconds(spread),
            None => is_seconds(element),
        })
}

fn is_seconds(text: &str) -> bool {
    let digits = text.trim_matches([' ', '\t', '\r', '\n']);
    digits.bytes().all(|b| b.is_ascii_digit())
        && magnitude(digits).is_some_and(|n| n <= u64::from(u32::MAX))
}

/// Whether a text is a time of day in exactly four digits, `2400` included.
pub(super) fn is_hhmm(text: &str) -> bool {
    //= R-TYP-13
    let &[a, b, c, d] = text.as_bytes() else {
        return false;
    };
    let digits = [a, b, c, d];
    digits.iter().all(u8::is_ascii_digit)
        && (digits == *b"2400" || [a, b] < [b'2', b'4'] && c < b'6')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-4b type=test
    fn a_signed_number_may_carry_a_sign_and_fits_its_bits() {
        for (bits, good, bad) in [
            (
                8,
                ["127", "+127", "-128", "0x7f", "-0x80", "+0", "-0"],
                ["128", "+128", "-129", "0x80"],
            ),
            (
                16,
                ["32767", "+5", "-32768", "0X7FFF", "-0x8000", "007", "+007"],
                ["32768", "-32769", "0x8000", "+"],
            ),
            (
                32,
                [
                    "2147483647",
                    "-2147483648",
                    "0x7fffffff",
                    "1",
                    "-1",
                    "+1",
                    "0",
                ],
                ["2147483648", "-2147483649", "++1", "+-1"],
            ),
        ] {
            for text in good {
                assert!(is_signed(text, bits), "{text} in {bits} bits");
            }
            for text in
                bad.into_iter()
                    .chain(["", "-", "1.5", "0x", "--1", "a", "99999999999999999999999"])
            {
                assert!(!is_signed(text, bits), "{text} in {bits} bits");
            }
        }
        assert!(is_signed("-9223372036854775808", 64) && !is_signed("9223372036854775808", 64));
    }

    #[test]
    //= R-TYP-11 type=test
    fn decimals_and_levels_may_be_negative() {
        for text in ["-13.5", "+1", "0", ".5", "-.5", "5."] {
            assert!(is_decimal(text) && is_level(text), "{text}");
        }
        assert!(is_decimal("0.25") && !is_level("0.25"));
        for text in ["", "-", ".", "1.2.3", "1,5", "0x1", "--1", "1e1"] {
            assert!(!is_decimal(text), "{text}");
        }
    }
}
