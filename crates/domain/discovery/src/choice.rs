//! The first option that can be used, and what it means.

use onhook_fetch::Scheme;
use onhook_rules::NamedServer;

use crate::ask::numbers;
use crate::option::{DhcpOption, Read, Space};

/// Most servers of one option that are tried.
pub const MOST_SERVERS: usize = 4;

/// What the option that wins means (R-DHCP-6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The servers for rules that name none, in the order in which they are tried; at most four, and none if the rule
    /// names its server by a macro.
    pub servers: Vec<NamedServer>,
    /// A rule that stands in for Profile_Rule as long as that has its factory value; not expanded.
    pub rule: Option<String>,
}

/// The option that wins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Its space.
    pub space: Space,
    /// Its number.
    pub code: u16,
    /// What it means.
    pub found: Found,
}

/// An option that is there and cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// Its space.
    pub space: Space,
    /// Its number.
    pub code: u16,
    /// Why.
    pub why: Unusable,
}

/// Why an option cannot be used, for people.
pub type Unusable = &'static str;

/// Reads the options in the order of DHCP_Option_To_Use, then those of DHCPv6 in the order of DHCPv6_Option_To_Use. Those
/// before the one that wins that cannot be used are told.
pub fn choose(
    order_v4: &str,
    order_v6: &str,
    options: &[DhcpOption<'_>],
    mut skipped: impl FnMut(Skipped),
) -> Option<Choice> {
    //= R-DHCP-15
    let orders = [(Space::V4, order_v4), (Space::V6, order_v6)];
    let numbers = orders
        .into_iter()
        .flat_map(|(space, order)| numbers(order).map(move |code| (space, code)));
    //= R-DHCP-1
    for (space, code) in numbers {
        // Option 17 of DHCPv6 comes once for each vendor.
        let there = |option: &&DhcpOption<'_>| (option.space, option.code) == (space, code);
        for option in options.iter().filter(there) {
            match found(option) {
                Ok(found) => return Some(Choice { space, code, found }),
                Err(why) => skipped(Skipped { space, code, why }),
            }
        }
    }
    None
}

fn found(option: &DhcpOption<'_>) -> Result<Found, Unusable> {
    let text = match option.read() {
        Read::Nothing(why) => return Err(why),
        Read::Servers(addresses) => {
            let server = |host: String| NamedServer {
                host,
                scheme: Scheme::Tftp,
                port: Scheme::Tftp.default_port(),
            };
            let hosts = addresses.iter().map(ToString::to_string);
            return Ok(Found {
                servers: hosts.map(server).take(MOST_SERVERS).collect(),
                rule: None,
            });
        }
        Read::Text(text) => text,
    };
    let text = text.trim();
    if text.is_empty() {
        return Err("its value is empty");
    }
    //= R-DHCP-8
    let url = match text.starts_with('[') {
        true => text.rsplit_once(']').map_or("", |(_, url)| url.trim()),
        false => text,
    };
    let path = after_authority(url);
    let named = NamedServer::parse(url).ok();
    if text.starts_with('[') || !path.is_empty() && path != "/" {
        // The server may be a macro, which only the phone can expand.
        if named.is_none() && !url.contains('$') {
            return Err("its value is no URL");
        }
        //= R-DHCP-6
        return Ok(Found {
            servers: named.into_iter().collect(),
            rule: Some(text.to_owned()),
        });
    }
    match named {
        Some(server) => Ok(Found {
            servers: vec![server],
            rule: None,
        }),
        None => Err("its value is no host, address or URL"),
    }
}

/// The path of a URL with its query, or of `host[:port]/path`; empty without one.
fn after_authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("")
}
