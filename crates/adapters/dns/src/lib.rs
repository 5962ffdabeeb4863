//! The port Resolver through name servers of one's own choice.
//!
//! [`DnsResolver`] asks the servers that it is given, or those of `/etc/resolv.conf`, one after the other, for addresses of
//! both kinds and for SRV records. It keeps nothing from one lookup to the next: a name that is there now is found now.
//!
//! Deliberately unknown here: which names a phone looks up, the order of SRV records, which of the addresses are used.
//!
//! Requirement families: R-DNS-1, R-DNS-2, R-DNS-7, R-HTTP-17, R-HTTP-18.

mod ask;
pub mod fuzz;
mod resolver;

pub use resolver::DnsResolver;
