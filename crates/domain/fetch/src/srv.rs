//! SRV records: their names and the order in which they are tried.

use onhook_device::SrvWeightMode;
use onhook_schedule::{Purpose, draw, uniform};

use crate::Scheme;

/// One record (RFC 2782).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SrvRecord {
    /// Lower ones come first.
    pub priority: u16,
    /// How often it is chosen among those of its priority.
    pub weight: u16,
    /// Port.
    pub port: u16,
    /// Host name; `.` says that there is no such service.
    pub target: String,
}

/// The name whose records serve a scheme on a domain; `None` for TFTP, which has none.
#[must_use]
pub fn name(scheme: Scheme, domain: &str) -> Option<String> {
    //= R-DNS-2
    match scheme {
        Scheme::Https => Some(format!("_ciscoprov-https._tls.{domain}")),
        Scheme::Http => Some(format!("_ciscoprov-http._tcp.{domain}")),
        Scheme::Tftp => None,
    }
}

/// Most servers of one name that are tried.
pub const MOST_TARGETS: usize = 8;

/// Puts records into the order in which they are tried, at most [`MOST_TARGETS`]; those that say that there is no service, or
/// that name no host and port, are left out. `seed` decides what chance decides.
#[must_use]
pub fn order(mut records: Vec<SrvRecord>, mode: SrvWeightMode, seed: u64) -> Vec<SrvRecord> {
    //= R-DNS-5
    records.retain(|record| record.port != 0 && is_host(&record.target));
    //= R-DNS-4
    // Those of weight 0 first, so that they are seldom chosen (RFC 2782), and the rest by name: answers come in any order.
    records.sort_by(|a, b| {
        (a.priority, a.weight, &a.target, a.port).cmp(&(b.priority, b.weight, &b.target, b.port))
    });
    records.dedup();
    if mode == SrvWeightMode::LowFirst {
        records.truncate(MOST_TARGETS);
        return records;
    }
    let mut ordered = Vec::new();
    let mut draws = 0;
    while let Some(first) = records.first().filter(|_| ordered.len() < MOST_TARGETS) {
        let priority = first.priority;
        let same = records
            .iter()
            .take_while(|record| record.priority == priority);
        let total: u64 = same.clone().map(|record| u64::from(record.weight)).sum();
        let wanted = uniform(draw(seed, Purpose::Srv, draws), total);
        draws += 1;
        let mut sum = 0;
        let chosen = same.clone().position(|record| {
            sum += u64::from(record.weight);
            sum >= wanted
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

/// Whether a target can be a host: what stands in an answer may be anything, and ends in URLs and messages.
fn is_host(target: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let label = |label: &str| matches!(label.len(), 1..=63) && label.bytes().all(letter);
    target.len() <= 253 && target.split('.').all(label)
}
