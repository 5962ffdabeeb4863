//! Caddy.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use super::{Peer, Rights};
use crate::case::{Case, applied, refused};
use crate::files::{self, Sets};
use crate::group::Group;
use crate::stage::{Serving, Stage, await_ports, free_ports};

pub(crate) const PEER: Peer = Peer {
    name: "Caddy",
    program: "caddy",
    version: &["version"],
    rights: Rights::Anyone,
    start,
    cases: &[files::CASES, OWN, files::KILLED, files::KILLED_TLS],
};

const OWN: &[Case] = &[
    applied("TLS", "{tls}/small.xml", Sets::Small),
    applied("TLS, 5 MiB", "{tls}/full.xml", Sets::Large),
    refused(
        "plain HTTP at the port of TLS",
        "{mixed}/small.xml",
        "C.http",
        &["http status 400"],
    ),
];

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let ports = free_ports(2)?;
    ensure!(ports.len() == 2, "two ports are needed");
    let (plain, tls) = (ports.first().copied(), ports.last().copied());
    let (plain, tls) = (plain.unwrap_or_default(), tls.unwrap_or_default());
    let (www, path) = (stage.www(), |name| stage.authority.path(name));
    let file = stage.write(
        "Caddyfile",
        &format!(
            "{{\n  admin off\n  auto_https off\n}}\n\
             http://127.0.0.1:{plain} {{\n  root * {www:?}\n  file_server\n}}\n\
             https://127.0.0.1:{tls} {{\n  tls {:?} {:?}\n  root * {www:?}\n  file_server\n}}\n",
            path("server.pem"),
            path("server.key"),
        ),
    )?;
    let mut command = Command::new(program);
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(file)
        .env("HOME", stage.home())
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME");
    let mut group = Group::start(&mut command)?;
    await_ports(&mut group, &ports)?;
    Ok(Serving {
        group,
        addresses: vec![
            ("plain", format!("http://127.0.0.1:{plain}")),
            ("tls", format!("https://127.0.0.1:{tls}")),
            ("mixed", format!("http://127.0.0.1:{tls}")),
        ],
    })
}
