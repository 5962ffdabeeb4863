//! The peers, one file for each: how it is started, and its own cases.
//!
//! A new one is a file with a [`Peer`], and a line in [`ALL`].

mod apache;
mod atftpd;
mod caddy;
mod curl;
mod dnsmasq;
mod dnsmasq_dhcp;
mod kea;
mod kea6;
mod lighttpd;
mod nginx;
mod python;
mod rsyslogd;
mod sip;
mod squid;
mod tftpd_hpa;
mod tinyproxy;

use std::path::Path;

use crate::case::Case;
use crate::stage::{Serving, Stage};

/// A kind of server.
pub(crate) struct Peer {
    /// What operators call it.
    pub(crate) name: &'static str,
    /// The program.
    pub(crate) program: &'static str,
    /// What the program is asked for its version with.
    pub(crate) version: &'static [&'static str],
    /// Who may start it.
    pub(crate) rights: Rights,
    /// Starts it and waits until it answers.
    pub(crate) start: fn(&Stage, &Path) -> anyhow::Result<Serving>,
    /// What is done with it, in this order.
    pub(crate) cases: &'static [&'static [Case]],
}

/// Who may start a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rights {
    /// Anybody.
    Anyone,
    /// Root: it takes a low port, or changes its root folder or its user.
    Root,
    /// Who may make network namespaces, which root may where the kernel has them.
    Namespaces,
}

/// All of them, in the order of the report.
pub(crate) const ALL: [&Peer; 20] = [
    &tftpd_hpa::PEER,
    &tftpd_hpa::WRITABLE,
    &atftpd::PEER,
    &atftpd::PLAIN,
    &atftpd::WRITABLE,
    &dnsmasq::PEER,
    &dnsmasq_dhcp::PEER,
    &kea::PEER,
    &kea6::PEER,
    &nginx::PEER,
    &apache::PEER,
    &lighttpd::PEER,
    &caddy::PEER,
    &python::PEER,
    &tinyproxy::PEER,
    &squid::PEER,
    &rsyslogd::PEER,
    &sip::SIPP,
    &sip::SIPSAK,
    &curl::PEER,
];

pub(crate) use nginx::PEER as NGINX;
pub(crate) use tftpd_hpa::PEER as TFTPD_HPA;
