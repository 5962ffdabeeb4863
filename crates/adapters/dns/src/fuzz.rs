//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use hickory_resolver::proto::op::Message;
use onhook_device::SrvWeightMode;
use onhook_fetch::{MOST_TARGETS, srv_order};

use crate::ask::{MOST_RECORDS, read};
use crate::resolver::{address, service};

/// Answers of name servers: whatever stands in one, addresses and servers are few, each is there once, and a server is a
/// host with a port that the answer has named.
///
/// # Panics
/// Something of this does not hold.
pub fn names(bytes: &[u8]) {
    let Ok(message) = Message::from_vec(bytes) else {
        return;
    };
    let addresses = read(&message.answers, address).unwrap_or_default();
    let records = read(&message.answers, service).unwrap_or_default();
    assert!(addresses.len() <= MOST_RECORDS && records.len() <= MOST_RECORDS);
    for (at, address) in addresses.iter().enumerate() {
        assert!(addresses.iter().skip(at + 1).all(|other| other != address));
    }
    let seed = bytes
        .iter()
        .fold(0_u64, |sum, byte| sum << 1 ^ u64::from(*byte));
    for mode in [SrvWeightMode::Rfc2782, SrvWeightMode::LowFirst] {
        let servers = srv_order(records.clone(), mode, seed);
        assert!(servers.len() <= MOST_TARGETS);
        assert!(servers.is_sorted_by_key(|server| server.priority));
        for server in &servers {
            assert!(records.contains(server) && server.port != 0);
            let host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            assert!(!server.target.is_empty() && server.target.bytes().all(host));
        }
    }
}
