//! What the clients of DHCPv4 and DHCPv6 have in common.

use std::net::{IpAddr, Ipv4Addr};

use onhook_device::MonoTime;
use onhook_discovery::HeldOption;

use crate::packet::Options;

/// What happens to a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'p> {
    /// The deadline may have passed.
    Timer,
    /// A datagram came.
    Packet(&'p [u8]),
    /// Somebody else has given the interface this address, or taken it away; only who asks for options alone minds.
    Address(Option<Ipv4Addr>),
}

/// Where a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To {
    /// To every server of the link.
    Everybody,
    /// To this one.
    Server(Ipv4Addr),
}

/// What a client wants done, or tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Send this.
    Send(To, Vec<u8>),
    /// A server has answered: this holds from now on.
    Bound(Lease),
    /// The lease has ended or was taken back, and its address may no longer be used.
    Lost,
}

/// What a server has answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The address of the phone; `None` of DHCPv6, which is asked for options alone.
    pub address: Option<IpAddr>,
    /// All options of DHCPv4, for whoever configures the interface.
    pub all: Options,
    /// The options that were asked for because they may name a server.
    pub options: Vec<HeldOption>,
}

/// A client: it takes events with their time and says when it wants to be called. It never blocks and reads no clock.
pub trait Machine: Send + 'static {
    /// When [`Event::Timer`] is due.
    fn deadline(&self) -> MonoTime;

    /// Takes an event; what is to be done is pushed to `out`.
    fn handle(&mut self, event: Event<'_>, now: MonoTime, out: &mut Vec<Step>);
}
