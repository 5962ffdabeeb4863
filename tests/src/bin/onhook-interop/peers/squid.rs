//! squid, which asks for Digest.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{Peer, Rights};
use crate::case::{Case, check};
use crate::group::Group;
use crate::proxied::{ACCOUNT, applied, refused};
use crate::stage::{Serving, Stage, await_ports, free_ports};

pub(crate) const PEER: Peer = Peer {
    name: "squid",
    program: "squid",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[CASES],
};

const REFUSED: &str = "proxy authentication failed";
const CASES: &[Case] = &[
    check("HTTP in absolute form, 407 with Digest", |stage, proxy| {
        applied(stage, proxy, "http")
    }),
    check("HTTPS through CONNECT, 407 with Digest", |stage, proxy| {
        applied(stage, proxy, "https")
    }),
    check("HTTP, wrong password", |stage, proxy| {
        refused(stage, proxy, "http", REFUSED)
    }),
    check("HTTPS, wrong password", |stage, proxy| {
        refused(stage, proxy, "https", REFUSED)
    }),
];

/// What looks accounts up, on Debian.
const LOGIN: &str = "/usr/lib/squid/digest_file_auth";

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let ports = free_ports(1)?;
    let port = ports.first().copied().unwrap_or_default();
    let (user, password) = ACCOUNT;
    let login = stage.write("login", &format!("{user}:{password}\n"))?;
    // It gives up its rights before it writes.
    let home = stage.home();
    fs::set_permissions(home, fs::Permissions::from_mode(0o777))?;
    let place = |name| home.join(name).display().to_string();
    let file = stage.write(
        "squid.conf",
        &format!(
            "http_port 127.0.0.1:{port}\npid_filename {}\ncoredump_dir {}\ncache deny all\n\
             access_log stdio:{}\ncache_log {}\nshutdown_lifetime 0 seconds\n\
             auth_param digest program {LOGIN} {}\nauth_param digest realm phones\nauth_param digest children 1\n\
             acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n",
            place("squid.pid"),
            home.display(),
            place("access.log"),
            place("cache.log"),
            login.display(),
        ),
    )?;
    let mut group = Group::start(Command::new(program).arg("-N").arg("-f").arg(file))?;
    await_ports(&mut group, &ports)?;
    Ok(Serving {
        group,
        addresses: vec![("proxy", format!("127.0.0.1:{port}"))],
    })
}
