//! Kea, which phones ask over DHCPv6.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use onhook_tests::network::{
    Form6, Network, Offer6, asks_over_ipv6, is_known_by_its_class_over_ipv6,
};

use super::{Peer, Rights};
use crate::case::{Case, check};
use crate::group::Group;
use crate::stage::{Serving, Stage};
use crate::tools::Tools;

pub(crate) const PEER: Peer = Peer {
    name: "Kea, DHCPv6",
    program: PROGRAM,
    version: &["-v"],
    rights: Rights::Namespaces,
    start,
    cases: &[CASES],
};

const PROGRAM: &str = "kea-dhcp6";
const CASES: &[Case] = &[
    check("option 17, for phones of the vendor", |_, _| {
        asks(&Offer6::new(Form6::Vendor(9)))
    }),
    check("option 17, for everybody", |_, _| {
        asks(&Offer6::new(Form6::Octets(9)))
    }),
    check("option 160", |_, _| asks(&Offer6::new(Form6::Text(160)))),
    check("option 159", |_, _| asks(&Offer6::new(Form6::Text(159)))),
    check(
        "option 17 of another vendor is passed over, and 160 counts",
        |_, _| asks(&Offer6::new(Form6::Text(160)).beside(3561)),
    ),
    check("an option for the vendor class told", |_, _| {
        let network = Network::new()?;
        let _files = network.tftp6()?;
        is_known_by_its_class_over_ipv6(&network, |offer| network.kea6(&program()?, offer))
    }),
];

fn asks(offer: &Offer6<'_>) -> anyhow::Result<()> {
    let network = Network::new()?;
    asks_over_ipv6(&network, || {
        Ok((network.kea6(&program()?, offer)?, network.tftp6()?))
    })
}

fn program() -> anyhow::Result<PathBuf> {
    Tools::find(PROGRAM).context("no Kea")
}

/// The server is started by each case; this only shows that it can be.
fn start(_stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    Ok(Serving {
        group: Group::start(Command::new(program).arg("-v"))?,
        addresses: Vec::new(),
    })
}
