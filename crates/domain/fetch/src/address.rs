//! Which addresses are asked, and in which order.

use std::net::IpAddr;

/// Whether an address may be asked: one host, not many, and not none.
#[must_use]
pub fn is_one_host(ip: IpAddr) -> bool {
    //= R-TFTP-22
    match ip {
        IpAddr::V4(v4) => !(v4.is_broadcast() || v4.is_multicast() || v4.is_unspecified()),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_one_host(IpAddr::V4(v4)),
            None => !(v6.is_multicast() || v6.is_unspecified()),
        },
    }
}

/// Which kinds of addresses a phone uses: IP_Mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum IpMode {
    /// Both.
    #[default]
    Dual,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

impl IpMode {
    /// The mode of a value of IP_Mode; both for a value that is none.
    #[must_use]
    pub fn of(value: &str) -> Self {
        match value {
            "IPv4 Only" => Self::V4,
            "IPv6 Only" => Self::V6,
            _ => Self::Dual,
        }
    }

    /// Whether a phone in this mode asks an address.
    #[must_use]
    pub const fn takes(self, ip: IpAddr) -> bool {
        match self {
            Self::Dual => true,
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-TFTP-22 type=test
    #[test]
    fn addresses_of_many_hosts_and_of_none_are_not_asked() {
        for (ip, one) in [
            ("10.0.0.5", true),
            ("127.0.0.1", true),
            ("255.255.255.255", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("0.0.0.0", false),
            ("2001:db8::1", true),
            ("::1", true),
            ("ff02::1", false),
            ("::", false),
            ("::ffff:255.255.255.255", false),
        ] {
            assert_eq!(is_one_host(ip.parse().unwrap()), one, "{ip}");
        }
    }

    //= R-HTTP-18 type=test
    #[test]
    fn a_phone_of_one_protocol_takes_no_address_of_the_other() {
        let (v4, v6) = ("10.0.0.5".parse().unwrap(), "2001:db8::1".parse().unwrap());
        for (value, takes) in [
            ("Dual Mode", [true, true]),
            ("IPv4 Only", [true, false]),
            ("IPv6 Only", [false, true]),
            ("", [true, true]),
        ] {
            let mode = IpMode::of(value);
            assert_eq!([mode.takes(v4), mode.takes(v6)], takes, "{value}");
        }
    }
}
