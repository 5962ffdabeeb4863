//! What a network says of a phone, as a source keeps it.

use std::fmt;
use std::net::IpAddr;

use crate::option::{DhcpOption, Space, Value};

/// What a network says now: always the whole, never a part of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Learned {
    /// The address of the phone; `None` if the source does not know it.
    pub address: Option<IpAddr>,
    /// The options, those of DHCPv4 first, each space in ascending order of its numbers.
    pub options: Vec<HeldOption>,
}

/// One option with a value of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldOption {
    /// Its space.
    pub space: Space,
    /// Its number.
    pub code: u16,
    /// Its value.
    pub value: HeldValue,
}

/// The value of an option; it may hold a key, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum HeldValue {
    /// As it came in a packet.
    Wire(Vec<u8>),
    /// As somebody wrote it.
    Text(String),
}

impl HeldOption {
    /// The option for [`choose`](crate::choose).
    #[must_use]
    pub fn borrow(&self) -> DhcpOption<'_> {
        DhcpOption {
            space: self.space,
            code: self.code,
            value: match &self.value {
                HeldValue::Wire(bytes) => Value::Wire(bytes),
                HeldValue::Text(text) => Value::Text(text),
            },
        }
    }
}

impl fmt::Debug for HeldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(bytes) => write!(f, "Wire(*** {} octets)", bytes.len()),
            Self::Text(text) => write!(f, "Text(*** {} octets)", text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_shown() {
        for value in [
            HeldValue::Wire(b"[--key canary] http://h/".to_vec()),
            HeldValue::Text("[--key canary] http://h/".to_owned()),
        ] {
            let option = HeldOption {
                space: Space::V4,
                code: 160,
                value,
            };
            let shown = format!("{option:?}");
            assert!(
                shown.contains("160") && shown.contains("24 octets"),
                "{shown}"
            );
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
