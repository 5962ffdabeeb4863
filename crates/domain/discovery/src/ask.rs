//! What a phone asks of DHCP, and how it names itself there.

use onhook_device::{Family, Identity, Mac};
use onhook_fetch::IpMode;

/// What every phone asks for: mask, router, name servers, domain, time servers, time offset, lease time, server.
const ALWAYS: [u8; 8] = [1, 3, 6, 15, 42, 2, 51, 54];
/// Name servers.
pub(crate) const NAME_SERVERS: u8 = 6;
/// The domain of the network.
pub(crate) const DOMAIN: u8 = 15;
/// The class identifier names the phone to the server and is never asked for.
const CLASS: u8 = 60;
/// The name of a boot file, which is none of a profile (R-DHCP-12).
pub(crate) const BOOT_FILE: u16 = 67;

/// The numbers of DHCP_Option_To_Use, each once, in their order.
pub(crate) fn numbers(order: &str) -> impl Iterator<Item = u16> {
    let mut seen = Vec::new();
    //= R-DHCP-2
    let codes = order.split(',').filter_map(|code| code.trim().parse().ok());
    codes.filter(move |code| {
        let new = !seen.contains(code);
        seen.push(*code);
        //= R-DHCP-12
        new && *code != BOOT_FILE
    })
}

/// The options of DHCPv4 that are handed on for a DHCP_Option_To_Use, in its order: those that may name a server, then those of
/// names.
#[must_use]
pub fn wanted(order: &str) -> Vec<u8> {
    let mut codes = listed(order);
    for code in [NAME_SERVERS, DOMAIN] {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn listed(order: &str) -> Vec<u8> {
    let codes = numbers(order).filter_map(|code| u8::try_from(code).ok());
    // 0 and 255 are padding and the end.
    codes.filter(|code| !matches!(code, 0 | 255)).collect()
}

/// The parameter request list of DHCPv4 (option 55) for a DHCP_Option_To_Use.
#[must_use]
pub fn parameter_list(order: &str) -> Vec<u8> {
    //= R-DHCP-3
    let mut list = ALWAYS.to_vec();
    for code in listed(order) {
        if code != CLASS && !list.contains(&code) {
            list.push(code);
        }
    }
    list
}

/// The option request list of DHCPv6 (RFC 8415 section 21.7) for a DHCPv6_Option_To_Use.
#[must_use]
pub fn option_request(order: &str) -> Vec<u16> {
    numbers(order).filter(|code| *code != 0).collect()
}

/// Who speaks to the phone's remote management.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Management {
    /// Nobody.
    #[default]
    None,
    /// An ACS of TR-069.
    Tr069,
}

/// The vendor class identifier (option 60).
#[must_use]
pub fn class_id(identity: &Identity, management: Management) -> String {
    //= R-DHCP-4
    match management {
        Management::None => format!("Cisco Systems, Inc. IP Phone {}", identity.product_name),
        Management::Tr069 => format!("dslforum.org {}", identity.product_name),
    }
}

/// The client identifier (option 61): Ethernet, then the MAC address.
#[must_use]
pub const fn client_id(mac: Mac) -> [u8; 7] {
    let [a, b, c, d, e, f] = mac.0;
    //= R-DHCP-4
    [1, a, b, c, d, e, f]
}

/// The host name (option 12).
#[must_use]
pub fn host_name(identity: &Identity) -> String {
    //= R-DHCP-4
    match identity.family {
        Family::Mpp => {
            let mut name = "SEP".to_owned();
            identity.mac.push_upper(&mut name);
            name
        }
        Family::Spa => identity.product_name.clone(),
    }
}

/// The option of DHCP that a DHCP_VLAN_Option names; `None` if it is empty.
///
/// # Errors
/// It is no number, or one that other options have.
pub fn vlan_option(text: &str) -> Result<Option<u8>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    //= R-DHCP-16
    match text.parse() {
        Ok(code @ (128..=149 | 151..=158 | 161..=254)) => Ok(Some(code)),
        Ok(_) | Err(_) => Err(format!(
            "`{text}` is no option for a VLAN: use 128 to 149, 151 to 158 or 161 to 254"
        )),
    }
}

/// Which of DHCP_Option_To_Use and DHCPv6_Option_To_Use count in a mode; the first is looked at first.
#[must_use]
pub const fn orders<'o>(mode: IpMode, v4: &'o str, v6: &'o str) -> [&'o str; 2] {
    //= R-DHCP-15
    match mode {
        IpMode::Dual => [v4, v6],
        IpMode::V4 => [v4, ""],
        IpMode::V6 => ["", v6],
    }
}
