//! atftpd.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use super::tftpd_hpa::KILLED;
use super::{Peer, Rights};
use crate::files;
use crate::group::Group;
use crate::stage::{Serving, Stage, await_tftp, free_udp_port};
use crate::uploads;

pub(crate) const PEER: Peer = Peer {
    name: "atftpd",
    program: "atftpd",
    version: &["--version"],
    rights: Rights::Root,
    start,
    cases: &[files::CASES, KILLED],
};

/// As servers were before the options of RFC 2347.
pub(crate) const PLAIN: Peer = Peer {
    name: "atftpd without options",
    program: "atftpd",
    version: &["--version"],
    rights: Rights::Root,
    start: start_plain,
    cases: &[files::CASES],
};

/// It takes files too.
pub(crate) const WRITABLE: Peer = Peer {
    name: "atftpd, writable",
    program: "atftpd",
    version: &["--version"],
    rights: Rights::Root,
    start: start_writable,
    cases: &[uploads::CASES],
};

/// What makes it ignore each option.
const NO_OPTIONS: [&str; 4] = [
    "--no-blksize",
    "--no-tsize",
    "--no-timeout",
    "--no-windowsize",
];

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    start_with(program, &[], stage.www())
}

fn start_writable(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    start_with(program, &[], &uploads::folder(stage)?)
}

fn start_plain(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    start_with(program, &NO_OPTIONS, stage.www())
}

fn start_with(program: &Path, options: &[&str], folder: &Path) -> anyhow::Result<Serving> {
    let port = free_udp_port()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut command = Command::new(program);
    command
        .args(["--daemon", "--no-fork", "--bind-address", "127.0.0.1"])
        .args(["--port", &port.to_string()])
        .args(["--user", "nobody", "--group", "nogroup", "--logfile", "-"])
        .args(options)
        .arg(folder);
    let mut group = Group::start(&mut command)?;
    await_tftp(&mut group, address)?;
    Ok(Serving {
        group,
        addresses: vec![("tftp", format!("tftp://{address}"))],
    })
}
