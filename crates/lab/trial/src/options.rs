//! What DHCP says of the server.

use onhook_discovery::{DhcpOption, Space, Value, choose};
use onhook_phone::{Discovered, Shared};

/// What the first usable option says, in the order of DHCP_Option_To_Use.
pub fn discovered(
    options: &[(u8, String)],
    order: &str,
    shared: &mut Shared,
) -> Option<Discovered> {
    let options: Vec<DhcpOption<'_>> = options
        .iter()
        .map(|(number, value)| DhcpOption {
            space: Space::V4,
            code: u16::from(*number),
            value: Value::Text(value),
        })
        .collect();
    let choice = choose(order, "", &options, |_| {})?;
    Discovered::intern(&choice.found, &mut shared.values)
}
