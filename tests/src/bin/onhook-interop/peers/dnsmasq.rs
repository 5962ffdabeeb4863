//! dnsmasq as a TFTP server, which it is at port 69 only.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::tftpd_hpa::KILLED;
use super::{Peer, Rights};
use crate::files;
use crate::group::Group;
use crate::stage::{Serving, Stage, await_tftp, free_address};

pub(crate) const PEER: Peer = Peer {
    name: "dnsmasq",
    program: "dnsmasq",
    version: &["--version"],
    rights: Rights::Root,
    start,
    cases: &[files::CASES, KILLED],
};

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let ip = free_address(69)?;
    let mut command = Command::new(program);
    command
        .args(["--no-daemon", "--conf-file=/dev/null", "--port=0"])
        .args(["--enable-tftp", "--bind-interfaces", "--user=nobody"])
        .arg(format!("--tftp-root={}", stage.www().display()))
        .arg(format!("--listen-address={ip}"));
    let mut group = Group::start(&mut command)?;
    await_tftp(&mut group, SocketAddr::from((ip, 69)))?;
    Ok(Serving {
        group,
        // No port: the phone has to know it.
        addresses: vec![("tftp", format!("tftp://{ip}"))],
    })
}
