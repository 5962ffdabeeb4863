//! tinyproxy, which asks for Basic.

use std::path::Path;
use std::process::Command;

use super::{Peer, Rights};
use crate::case::{Case, check};
use crate::group::Group;
use crate::proxied::{ACCOUNT, applied, refused};
use crate::stage::{Serving, Stage, await_ports, free_ports};

pub(crate) const PEER: Peer = Peer {
    name: "tinyproxy",
    program: "tinyproxy",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[CASES],
};

const CASES: &[Case] = &[
    check("HTTP in absolute form, 407 with Basic", |stage, proxy| {
        applied(stage, proxy, "http")
    }),
    check("HTTPS through CONNECT, 407 with Basic", |stage, proxy| {
        applied(stage, proxy, "https")
    }),
    // It asks with 407 and refuses with 401, as if it were the server.
    check("HTTP, wrong password", |stage, proxy| {
        refused(stage, proxy, "http", "authentication failed")
    }),
    check("HTTPS, wrong password", |stage, proxy| {
        refused(stage, proxy, "https", "http status 401")
    }),
];

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let ports = free_ports(1)?;
    let port = ports.first().copied().unwrap_or_default();
    let (user, password) = ACCOUNT;
    let file = stage.write(
        "tinyproxy.conf",
        &format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nAllow 127.0.0.1\n\
             BasicAuth {user} {password}\nLogLevel Connect\n"
        ),
    )?;
    let mut group = Group::start(Command::new(program).arg("-d").arg("-c").arg(file))?;
    await_ports(&mut group, &ports)?;
    Ok(Serving {
        group,
        addresses: vec![("proxy", format!("127.0.0.1:{port}"))],
    })
}
