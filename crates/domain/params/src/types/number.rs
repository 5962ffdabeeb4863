//! Numbers.

use std::fmt;
use std::ops::RangeInclusive;

/// A number of at most 32 bits, written in decimal or 0x hexadecimal digits (R-TYP-4, R-TYP-7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Unsigned(u32);

impl Unsigned {
    /// Reads a number; `None` if the text is none or needs more than 32 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-TYP-4
        //= R-TYP-7
        let number = magnitude(text)?;
        u32::try_from(number).ok().map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    pub(crate) fn is_within(self, range: &RangeInclusive<u32>) -> bool {
        range.contains(&self.0)
    }
}

impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of at most 64 bits with an optional sign, in decimal or 0x hexadecimal digits (R-TYP-4b).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Signed(i64);

impl Signed {
    /// Reads a number; `None` if the text is none or needs more than `bits` bits, 1..=64.
    #[must_use]
    pub fn parse(text: &str, bits: u32) -> Option<Self> {
        //= R-TYP-4b
        let number = match text.strip_prefix('-') {
            Some(digits) => 0_i64.checked_sub_unsigned(magnitude(digits)?)?,
            None => i64::try_from(magnitude(text.strip_prefix('+').unwrap_or(text))?).ok()?,
        };
        let most = i64::MAX >> 64_u32.checked_sub(bits)?;
        (-most - 1..=most).contains(&number).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The value of decimal or 0x hexadecimal digits that fit 64 bits.
fn magnitude(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` takes a sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// A number with an optional sign and decimal point; decimals beyond the third do not count (R-TYP-11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Decimal {
    thousandths: i64,
}

impl Decimal {
    /// Reads a number; `None` if the text is none, or its thousandths need more than 64 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-TYP-11
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        Some(Self {
            thousandths: sign * i64::try_from(thousandths(digits)?).ok()?,
        })
    }

    /// Reads a number without a sign, such as a time.
    #[must_use]
    pub fn parse_unsigned(text: &str) -> Option<Self> {
        if text.starts_with(['+', '-']) {
            return None;
        }
        Self::parse(text)
    }

    /// The number in thousandths, cut off below.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.thousandths
    }

    /// Whether the number lies in a range of whole units.
    pub(crate) fn is_within(self, range: &RangeInclusive<u32>) -> bool {
        let unit = |n: &u32| i64::from(*n) * 1000;
        (unit(range.start())..=unit(range.end())).contains(&self.thousandths)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.thousandths.unsigned_abs();
        let sign = if self.thousandths < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / 1000)?;
        match magnitude % 1000 {
            0 => Ok(()),
            n if n % 100 == 0 => write!(f, ".{}", n / 100),
            n if n % 10 == 0 => write!(f, ".{:02}", n / 10),
            n => write!(f, ".{n:03}"),
        }
    }
}

/// A level in dBm with at most one decimal (R-TYP-11, R-TYP-16).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Level(Decimal);

impl Level {
    /// Reads a level; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-TYP-11
        (decimals(text) <= 1)
            .then(|| Decimal::parse(text).map(Self))
            .flatten()
    }

    /// The level in tenths of a dBm.
    #[must_use]
    pub const fn tenths_dbm(self) -> i64 {
        self.0.thousandths / 100
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many digits follow the decimal point.
pub(super) fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, digits)| digits.len())
}

/// Thousandths of digits with an optional decimal point.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && decimals.is_empty() || !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    whole
        .bytes()
        .chain(decimals.bytes().chain([b'0'; 3]).take(3))
        .try_fold(0_u64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-4 type=test
    fn an_unsigned_number_has_one_spelling_in_the_end() {
        for (text, number) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("0x10", Some(16)),
            ("0XfF", Some(255)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("0x100000000", None),
            ("99999999999999999999999", None),
            ("", None),
            ("0x", None),
            ("+1", None),
            ("-0", None),
            ("0x+1", None),
            ("1 ", None),
            ("1.0", None),
            ("٣", None),
        ] {
            assert_eq!(Unsigned::parse(text).map(Unsigned::get), number, "{text}");
        }
        assert_eq!(Unsigned::parse("0x10").unwrap().to_string(), "16");
    }

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
                assert!(Signed::parse(text, bits).is_some(), "{text} in {bits} bits");
            }
            for text in
                bad.into_iter()
                    .chain(["", "-", "1.5", "0x", "--1", "a", "99999999999999999999999"])
            {
                assert_eq!(Signed::parse(text, bits), None, "{text} in {bits} bits");
            }
        }
        let least = Signed::parse("-9223372036854775808", 64).map(Signed::get);
        assert_eq!(least, Some(i64::MIN));
        assert_eq!(Signed::parse("9223372036854775808", 64), None);
        assert_eq!(Signed::parse("-0x80", 8).unwrap().to_string(), "-128");
    }

    #[test]
    //= R-TYP-11 type=test
    fn decimals_and_levels_may_be_negative() {
        for (text, spelling) in [
            ("-13.5", "-13.5"),
            ("+1", "1"),
            ("0", "0"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("007.0", "7"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), spelling);
            assert_eq!(Level::parse(text).unwrap().to_string(), spelling);
        }
        assert_eq!(Level::parse("-13.5").map(Level::tenths_dbm), Some(-135));
        assert_eq!(Level::parse("0.25"), None);
        for (text, spelling) in [("0.25", "0.25"), ("1.0509", "1.05"), ("-0.0019", "-0.001")] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), spelling);
        }
        for text in ["", "-", ".", "1.2.3", "1,5", "0x1", "--1", "1e1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse_unsigned("-1"), None);
    }
}
