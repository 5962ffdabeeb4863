//! What a device is before any profile speaks.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// The product family, which decides defaults and legacy behaviour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Family {
    /// Multiplatform phones: 6800, 7800, 8800.
    #[default]
    Mpp,
    /// SPA phones and adapters.
    Spa,
}

/// The release whose documents give defaults and readings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Release {
    /// The parameter chapter of 11.3.
    #[default]
    R11_3,
    /// The article on profile settings of 10.4.
    R10_4,
}

impl Family {
    /// The name used on command lines and in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mpp => "mpp",
            Self::Spa => "spa",
        }
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "mpp" => Ok(Self::Mpp),
            "spa" => Ok(Self::Spa),
            other => Err(format!("family `{other}` is unknown: use `mpp` or `spa`")),
        }
    }
}

impl Release {
    /// The name used on command lines and in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::R11_3 => "11.3",
            Self::R10_4 => "10.4",
        }
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "11.3" => Ok(Self::R11_3),
            "10.4" => Ok(Self::R10_4),
            other => Err(format!(
                "release `{other}` is unknown: use `11.3` or `10.4`"
            )),
        }
    }
}

/// A MAC address; the macros MA, MAU and MAC are spellings of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Appends 12 lower-case hex digits (`$MA`).
    pub fn push_lower(self, out: &mut String) {
        self.push(out, b"0123456789abcdef", None);
    }

    /// Appends 12 upper-case hex digits (`$MAU`).
    pub fn push_upper(self, out: &mut String) {
        self.push(out, b"0123456789ABCDEF", None);
    }

    /// Appends lower-case hex pairs joined by colons (`$MAC`).
    pub fn push_colons(self, out: &mut String) {
        self.push(out, b"0123456789abcdef", Some(':'));
    }

    fn push(self, out: &mut String, digits: &[u8; 16], separator: Option<char>) {
        let digit =
            |nibble: u8| char::from(digits.get(usize::from(nibble)).copied().unwrap_or(b'0'));
        for (i, byte) in self.0.into_iter().enumerate() {
            if let Some(separator) = separator.filter(|_| i > 0) {
                out.push(separator);
            }
            out.push(digit(byte >> 4));
            out.push(digit(byte & 15));
        }
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(17);
        self.push_colons(&mut text);
        f.write_str(&text)
    }
}

/// The text is not a MAC address.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "`{0}` is not a MAC address: write 12 hex digits, with `:` or `-` between pairs if you like"
)]
pub struct MacError(String);

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let error = || MacError(text.to_owned());
        let pairs: Vec<&str> = if text.contains(':') {
            text.split(':').collect()
        } else if text.contains('-') {
            text.split('-').collect()
        } else {
            (0..text.len())
                .step_by(2)
                .map(|i| text.get(i..i + 2).unwrap_or(""))
                .collect()
        };
        let mut bytes = [0_u8; 6];
        if pairs.len() != bytes.len() {
            return Err(error());
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            if pair.len() != 2 || !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(error());
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| error())?;
        }
        Ok(Self(bytes))
    }
}

/// Identity of one device, as configured or as drawn for a simulated phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// MAC address of the primary interface.
    pub mac: Mac,
    /// `$PN`, for example `CP-8841-3PCC`.
    pub product_name: String,
    /// `$PSN`, for example `8841-3PCC`.
    pub series: String,
    /// `$SN`.
    pub serial: String,
    /// `$SWVER`, for example `sip88xx.11-3-2MPP0001-609`.
    pub software_version: String,
    /// `$HWVER`, for example `2.0.1`.
    pub hardware_version: String,
    /// Product family.
    pub family: Family,
    /// Release preset.
    pub release: Release,
    /// `$IP`: the local address, if known.
    pub ip: Option<IpAddr>,
    /// `$EXTIP`: the external address, if known.
    pub external_ip: Option<IpAddr>,
    /// `$CCERT`: whether a client certificate is installed.
    pub client_certificate: bool,
}

impl Default for Identity {
    /// An 8841 with the MAC address and serial number that the documentation uses.
    fn default() -> Self {
        Self {
            mac: Mac([0x00, 0x0e, 0x08, 0x01, 0x23, 0x45]),
            product_name: "CP-8841-3PCC".to_owned(),
            series: "8841-3PCC".to_owned(),
            serial: "88012BA01234".to_owned(),
            software_version: "sip88xx.11-3-2MPP0001-609".to_owned(),
            hardware_version: "2.0.1".to_owned(),
            family: Family::Mpp,
            release: Release::R11_3,
            ip: None,
            external_ip: None,
            client_certificate: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_read_in_three_spellings_and_printed_in_three() {
        for text in ["000e08AAbbcc", "00:0e:08:aa:bb:cc", "00-0E-08-AA-BB-CC"] {
            let mac: Mac = text.parse().unwrap();
            let (mut lower, mut upper, mut colons) = (String::new(), String::new(), String::new());
            mac.push_lower(&mut lower);
            mac.push_upper(&mut upper);
            mac.push_colons(&mut colons);
            assert_eq!(lower, "000e08aabbcc");
            assert_eq!(upper, "000E08AABBCC");
            assert_eq!(colons, "00:0e:08:aa:bb:cc");
        }
    }

    #[test]
    fn what_is_no_mac_is_refused() {
        for text in [
            "",
            "00:0e:08:aa:bb",
            "000e08aabbc",
            "000e08aabbcg",
            "+00e08aabbcc",
            "é0e08aabbcc",
        ] {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }
}
