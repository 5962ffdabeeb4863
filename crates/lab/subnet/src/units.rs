//! Sizes and rates as people write them.

use thiserror::Error;

/// Text that is no quantity.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("write {0}")]
pub struct BadQuantity(&'static str);

/// Octets: `20MiB`, `512KiB`, `1GB`, `65536`.
///
/// # Errors
/// It is something else, or 0.
pub fn octets(text: &str) -> Result<u64, BadQuantity> {
    let bad = BadQuantity("a size such as 20MiB, 512KiB or 65536");
    let units = [
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1000),
        ("B", 1),
        ("", 1),
    ];
    quantity(text, &units).ok_or(bad)
}

/// Octets a second: `10MB/s`, `80Mb/s`.
///
/// # Errors
/// It is something else, or less than an octet.
pub fn octets_per_second(text: &str) -> Result<u64, BadQuantity> {
    let bad = BadQuantity("a rate such as 10MB/s or 80Mb/s");
    let rate = text.strip_suffix("/s").ok_or(bad.clone())?;
    octets(rate)
        .ok()
        .or_else(|| bits(rate).map(|bits| bits / 8))
        .filter(|rate| *rate > 0)
        .ok_or(bad)
}

/// Bits a second: `100Mb/s`, `1Gb/s`.
///
/// # Errors
/// It is something else, or less than an octet.
pub fn bits_per_second(text: &str) -> Result<u64, BadQuantity> {
    let bad = BadQuantity("a rate such as 100Mb/s or 1Gb/s");
    let bits = text.strip_suffix("/s").and_then(bits);
    bits.filter(|bits| *bits >= 8).ok_or(bad)
}

fn bits(text: &str) -> Option<u64> {
    let units = [
        ("Gb", 1_000_000_000),
        ("Mb", 1_000_000),
        ("kb", 1000),
        ("b", 1),
    ];
    quantity(text, &units)
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    let number: u64 = number.trim_end().parse().ok()?;
    number.checked_mul(factor).filter(|product| *product > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_written() {
        assert_eq!(octets("20MiB"), Ok(20 << 20));
        assert_eq!(octets("65536"), Ok(65_536));
        assert_eq!(octets("1 GB"), Ok(1_000_000_000));
        assert_eq!(octets_per_second("10MB/s"), Ok(10_000_000));
        assert_eq!(octets_per_second("80Mb/s"), Ok(10_000_000));
        assert_eq!(bits_per_second("100Mb/s"), Ok(100_000_000));
        for bad in ["", "MiB", "0", "-1MiB", "20 Mib", "99999999999GiB", "1e3"] {
            assert!(octets(bad).is_err(), "{bad}");
        }
        for bad in ["10MB", "/s", "4b/s", "0MB/s"] {
            assert!(octets_per_second(bad).is_err(), "{bad}");
            assert!(bits_per_second(bad).is_err(), "{bad}");
        }
    }
}
