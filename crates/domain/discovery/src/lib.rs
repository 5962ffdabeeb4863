//! Where a phone finds its provisioning server: options of DHCP, and the states of a phone out of the box.
//!
//! [`choose`] reads the options in the order of DHCP_Option_To_Use and says what the first usable one means: servers for
//! rules that name none, or a rule of its own. [`Customization`] is what a phone remembers of how it was brought up.
//!
//! Deliberately unknown here: packets, lookups, parameters, which phone it is.
//!
//! Requirement families: R-DHCP, R-OOB, R-URL-2.

mod choice;
mod customization;
mod option;
pub mod port;
mod redirect;

pub use choice::{Choice, Found, MOST_SERVERS, Skipped, Unusable, choose};
pub use customization::{Customization, Happened};
pub use option::{DhcpOption, Space, Value};
pub use redirect::{NoUrl, read_redirect};
