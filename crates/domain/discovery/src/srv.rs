//! SRV records: their names and the order in which they are tried.

use onhook_fetch::Scheme;
use onhook_schedule::{Purpose, draw, uniform};

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

/// What weights mean (R-DNS-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum WeightMode {
    /// A larger weight is chosen more often (RFC 2782).
    #[default]
    Rfc2782,
    /// A lower weight goes first, as a text of the vendor says.
    LowFirst,
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

/// Puts records into the order in which they are tried; those that say that there is no service are left out. `seed` decides
/// what chance decides.
#[must_use]
pub fn order(mut records: Vec<SrvRecord>, mode: WeightMode, seed: u64) -> Vec<SrvRecord> {
    //= R-DNS-5
    records.retain(|record| record.target != ".");
    //= R-DNS-4
    // Those of weight 0 first, so that they are seldom chosen (RFC 2782), and the rest by name: answers come in any order.
    records.sort_by(|a, b| {
        (a.priority, a.weight, &a.target, a.port).cmp(&(b.priority, b.weight, &b.target, b.port))
    });
    if mode == WeightMode::LowFirst {
        return records;
    }
    let mut ordered = Vec::with_capacity(records.len());
    let mut draws = 0;
    while let Some(first) = records.first() {
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
