//! tftpd-hpa.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use super::{Peer, Rights};
use crate::case::{Case, applied, killed};
use crate::files::{self, Sets};
use crate::group::Group;
use crate::stage::{Serving, Stage, await_tftp, free_udp_port};
use crate::uploads;

pub(crate) const PEER: Peer = Peer {
    name: "tftpd-hpa",
    program: "in.tftpd",
    version: &["-V"],
    rights: Rights::Root,
    start,
    cases: &[files::CASES, OWN, KILLED],
};

/// It takes files too.
pub(crate) const WRITABLE: Peer = Peer {
    name: "tftpd-hpa, writable",
    program: "in.tftpd",
    version: &["-V"],
    rights: Rights::Root,
    start: start_writable,
    cases: &[uploads::CASES],
};

const OWN: &[Case] = &[
    // TFTP is what a rule without a scheme means.
    applied("rule without a scheme", "{address}/small.xml", Sets::Small),
];

/// The phone asks again for half a minute before it gives up; the same for every TFTP server.
pub(super) const KILLED: &[Case] = &[killed(
    "server killed",
    "{base}/full.xml",
    "C.tftp",
    &["tftp timeout"],
)
.slow()];

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    start_with(program, &["-s"], stage.www())
}

fn start_writable(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    start_with(program, &["-c", "-s"], &uploads::folder(stage)?)
}

fn start_with(program: &Path, options: &[&str], folder: &Path) -> anyhow::Result<Serving> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_udp_port()?));
    let mut command = Command::new(program);
    command
        .args(["-L", "-4", "-u", "nobody", "-a", &address.to_string()])
        .args(options)
        .arg(folder);
    let mut group = Group::start(&mut command)?;
    await_tftp(&mut group, address)?;
    Ok(Serving {
        group,
        addresses: vec![
            ("tftp", format!("tftp://{address}")),
            ("address", address.to_string()),
        ],
    })
}
