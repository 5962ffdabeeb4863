//! Kea, which phones ask over DHCPv4.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use onhook_tests::Peer as Running;
use onhook_tests::network::{Network, Offer};

use super::{Peer, Rights};
use crate::case::Case;
use crate::dhcp::{self, Server};
use crate::group::Group;
use crate::stage::{Serving, Stage};
use crate::tools::Tools;

pub(crate) const PEER: Peer = Peer {
    name: "Kea",
    program: PROGRAM,
    version: &["-v"],
    rights: Rights::Namespaces,
    start,
    cases: &[CASES],
};

const PROGRAM: &str = "kea-dhcp4";
const CASES: &[Case] = &dhcp::cases::<Kea>();

struct Kea;

impl Server for Kea {
    // The phone takes no lease of less than ten.
    const SHORTEST: u32 = 12;

    fn start(network: &Network, offer: &Offer<'_>) -> anyhow::Result<Vec<Running>> {
        let program = Tools::find(PROGRAM).context("no Kea")?;
        Ok(vec![network.kea(&program, offer)?, network.tftp()?])
    }
}

/// The server is started by each case; this only shows that it can be.
fn start(_stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    Ok(Serving {
        group: Group::start(Command::new(program).arg("-v"))?,
        addresses: Vec::new(),
    })
}
