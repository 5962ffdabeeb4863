//! What the system lets a fleet have open at once.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use thiserror::Error;

use crate::Plan;

/// Descriptors for everything but phones, with a few threads.
const OTHERS: u64 = 64;
/// Threads that are among these.
const THREADS: u64 = 4;
/// Descriptors of each thread beyond: its events, its wake-up, its sockets for messages, names.
const OF_A_THREAD: u64 = 8;

/// What one process may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capacity {
    /// Open files.
    pub files: u64,
    /// Local ports of one address.
    pub ports: u64,
}

/// More connections than the system allows.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TooMany {
    /// Open files.
    #[error(
        "{connections} phones may have as many connections open at once, and this process at most {limit} files: raise the limit \
         (`ulimit -n {needed}`, LimitNOFILE= of a service), play fewer phones here (--shard), or let only some ask at once (--at-once {possible})"
    )]
    Files {
        /// Connections at once.
        connections: u64,
        /// The limit.
        limit: u64,
        /// What would do.
        needed: u64,
        /// Connections that the limit allows.
        possible: u64,
    },
    /// Ports.
    #[error(
        "{connections} connections at once need more local ports than the {limit} of {addresses} address(es): widen \
         net.ipv4.ip_local_port_range, let phones come from more addresses (--source), or let only some ask at once (--at-once {limit})"
    )]
    Ports {
        /// Connections at once.
        connections: u64,
        /// Addresses they come from.
        addresses: u64,
        /// The ports of all of them.
        limit: u64,
    },
}

impl Capacity {
    /// Asks the system, after raising the limit of open files as far as it goes without rights.
    #[must_use]
    pub fn of_this_process() -> Self {
        let files = match getrlimit(Resource::RLIMIT_NOFILE) {
            Ok((_, hard)) => {
                // Where that fails the limit is what it was.
                let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
                getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft)
            }
            Err(_) => 1024,
        };
        let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
        Self {
            files,
            ports: range.ok().and_then(|text| ports(&text)).unwrap_or(28_232),
        }
    }

    /// Makes sure that a plan fits on so many threads, with so many files for other purposes.
    ///
    /// # Errors
    /// It does not; the message says what to raise.
    pub fn check(&self, plan: &Plan, threads: u64, listeners: u64) -> Result<(), TooMany> {
        let phones = u64::from(plan.len());
        let at_once = plan.at_once.map_or(u64::MAX, |n| u64::from(n.get()));
        let connections = phones.min(at_once);
        // No thread is without a phone that may ask.
        let more = threads.min(connections).saturating_sub(THREADS);
        let more = more.saturating_mul(OF_A_THREAD);
        let others = OTHERS + listeners + more;
        let needed = connections + others;
        if needed > self.files {
            return Err(TooMany::Files {
                connections,
                limit: self.files,
                needed,
                possible: self.files.saturating_sub(others).max(1),
            });
        }
        let addresses = plan.sources.map_or(1, |sources| sources.len().min(phones));
        let limit = self.ports.saturating_mul(addresses);
        if connections > limit {
            return Err(TooMany::Ports {
                connections,
                addresses,
                limit,
            });
        }
        Ok(())
    }
}

/// How many ports a range of the kernel holds.
fn ports(text: &str) -> Option<u64> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some(last.checked_sub(first)? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::plan;

    #[test]
    fn a_range_of_ports_has_both_ends() {
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(ports("32768"), None);
        assert_eq!(ports("2 1"), None);
    }

    #[test]
    fn what_does_not_fit_says_what_to_raise() {
        let capacity = Capacity {
            files: 1024,
            ports: 100,
        };
        let said = |plan| capacity.check(&plan, 1, 0).unwrap_err().to_string();
        let text = said(plan(1000));
        assert!(text.contains("ulimit -n 1064"), "{text}");
        assert!(text.contains("--at-once 960"), "{text}");
        let text = said(plan(500));
        assert!(text.contains("ip_local_port_range"), "{text}");
        assert_eq!(capacity.check(&plan(100), 4, 0), Ok(()));
        let mut wide = plan(500);
        wide.sources = Some("127.1.0.0/29".parse().unwrap());
        assert_eq!(
            capacity.check(&wide, 1, 0),
            Ok(()),
            "six addresses are enough"
        );
        let mut patient = plan(100_000);
        patient.at_once = std::num::NonZeroU32::new(100);
        assert_eq!(capacity.check(&patient, 1, 0), Ok(()));
        assert!(capacity.check(&patient, 1, 900).is_err());
        assert_eq!(capacity.check(&patient, 4, 860), Ok(()));
        assert!(capacity.check(&patient, 5, 860).is_err());
        // More threads than phones that may ask are not started.
        assert_eq!(capacity.check(&patient, 1000, 92), Ok(()));
    }
}
