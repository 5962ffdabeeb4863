//! The web server of python3.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::{Peer, Rights};
use crate::case::{Case, refused};
use crate::files;
use crate::group::Group;
use crate::stage::{Serving, Stage};

pub(crate) const PEER: Peer = Peer {
    name: "python http.server",
    program: "python3",
    version: &["--version"],
    rights: Rights::Anyone,
    start,
    cases: &[files::CASES, OWN, files::KILLED],
};

const OWN: &[Case] = &[refused(
    "listing of a folder",
    "{base}/",
    "B.corrupt",
    &["parse failed"],
)];

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let mut command = Command::new(program);
    // Port 0 takes a free one, which the first line tells.
    command
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"])
        .arg("--directory")
        .arg(stage.www());
    let mut group = Group::start(&mut command)?;
    let line = group.line(|line| line.contains(" port "))?;
    let mut words = line.split(' ').skip_while(|word| *word != "port").skip(1);
    let port: u16 = words.next().context("no port")?.parse()?;
    Ok(Serving {
        group,
        addresses: vec![("plain", format!("http://127.0.0.1:{port}"))],
    })
}
