//! Where a phone finds its provisioning server: options of DHCP, and the states of a phone out of the box.
//!
//! [`choose`] reads the options in the order of DHCP_Option_To_Use and says what the first usable one means: servers for
//! rules that name none, or a rule of its own. [`Customization`] is what a phone remembers of how it was brought up.
//! [`port::OptionSource`] brings the options; [`parameter_list`], [`class_id`] and their neighbours say what is asked for and by whom.
//! [`port::Redirector`] asks a directory, whose answer [`read_redirect`] reads.
//!
//! Deliberately unknown here: packets, leases, lookups, parameters.
//!
//! Requirement families: R-DHCP, R-OOB, R-URL-2.

mod ask;
mod choice;
mod customization;
mod learned;
mod option;
pub mod port;
mod redirect;

pub use ask::{
    Management, class_id, client_id, host_name, option_request, orders, parameter_list,
    vlan_option, wanted,
};
pub use choice::{Choice, Found, MOST_SERVERS, Skipped, Unusable, choose};
pub use customization::{Customization, Happened};
pub use learned::{HeldOption, HeldValue, Learned};
pub use option::{DhcpOption, Space, Value};
pub use redirect::{NoUrl, read_redirect};
