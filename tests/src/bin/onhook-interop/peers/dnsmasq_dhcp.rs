//! dnsmasq as a DHCP server, which gives the profiles too.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use onhook_tests::Peer as Running;
use onhook_tests::network::{Network, Offer, asks_over_ipv6};

use super::{Peer, Rights};
use crate::case::{Case, check};
use crate::dhcp::{self, Server};
use crate::group::Group;
use crate::stage::{Serving, Stage};
use crate::tools::Tools;

pub(crate) const PEER: Peer = Peer {
    name: "dnsmasq, DHCP",
    program: PROGRAM,
    version: &["--version"],
    rights: Rights::Namespaces,
    start,
    cases: &[CASES, OWN],
};

const PROGRAM: &str = "dnsmasq";
const CASES: &[Case] = &dhcp::cases::<Dnsmasq>();
const OWN: &[Case] = &[check("DHCPv6, option 160", |_, _| {
    let network = Network::new()?;
    asks_over_ipv6(&network, || network.dnsmasq6(&program()?))
})];

struct Dnsmasq;

impl Server for Dnsmasq {
    const SHORTEST: u32 = 120;

    fn start(network: &Network, offer: &Offer<'_>) -> anyhow::Result<Vec<Running>> {
        Ok(vec![network.dnsmasq(&program()?, offer, &[])?])
    }
}

fn program() -> anyhow::Result<std::path::PathBuf> {
    Tools::find(PROGRAM).context("no dnsmasq")
}

/// The server is started by each case; this only shows that it can be.
fn start(_stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    Ok(Serving {
        group: Group::start(Command::new(program).arg("--version"))?,
        addresses: Vec::new(),
    })
}
