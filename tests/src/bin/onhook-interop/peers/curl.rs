//! curl, which visits the pages of the phone.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use onhook_tests::{Agent, Ended, Peer as Running, until};

use super::{Peer, Rights};
use crate::case::{check, text};
use crate::group::Group;
use crate::stage::{Serving, Stage};
use crate::tools::Tools;

pub(crate) const PEER: Peer = Peer {
    name: "curl",
    program: "curl",
    version: &["--version"],
    rights: Rights::Anyone,
    start,
    cases: &[&[
        check("the pages with Digest, SHA-256", |_, _| {
            let phone = phone()?;
            let ended = phone.visit(PASSWORD)?;
            ensure!(ended.out.contains("200"), "not let in: {ended:?}");
            // Offered MD5 as well, it takes the first.
            let said = answer(&ended)?;
            ensure!(said.contains("algorithm=SHA-256"), "{said}");
            Ok(())
        }),
        check("the pages with a wrong password", |_, _| {
            let phone = phone()?;
            let ended = phone.visit("wrong")?;
            ensure!(ended.out.contains("401"), "not refused: {ended:?}");
            ensure!(phone.visit(PASSWORD)?.out.contains("200"), "{ended:?}");
            Ok(())
        }),
    ]],
};

const PASSWORD: &str = "s3cret";
/// Longest visit.
const LONGEST: Duration = Duration::from_secs(20);

/// It is started by each case; this only shows that it can be.
fn start(_stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    Ok(Serving {
        group: Group::start(Command::new(program).arg("--version"))?,
        addresses: Vec::new(),
    })
}

/// A phone whose pages want a login.
struct Phone {
    at: String,
    _agent: Agent,
    _running: Running,
}

fn phone() -> anyhow::Result<Phone> {
    let mut agent = Agent::new()?;
    agent.set_variable("ONHOOK__WEB__LISTEN", "127.0.0.1:0");
    for (name, value) in [("Profile_Rule", ""), ("Admin_Password", PASSWORD)] {
        let ended = agent.run(&["params", "set", name, value])?;
        ensure!(ended.code == Some(0), "{ended:?}");
    }
    let running = agent.boot()?;
    let at = until("the pages", || {
        let status = agent.status().ok()?;
        Some(text(&status, "/listen/web").to_owned()).filter(|at| !at.is_empty())
    })?;
    Ok(Phone {
        at,
        _agent: agent,
        _running: running,
    })
}

impl Phone {
    /// Asks for a page of the administrator; standard output is the status, standard error what went to and fro.
    fn visit(&self, password: &str) -> anyhow::Result<Ended> {
        let mut command = Command::new(Tools::find(PEER.program).context("no curl")?);
        command
            .args(["--silent", "--verbose", "--digest", "--noproxy", "*"])
            .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
            .args(["--user", &format!("admin:{password}")])
            .arg(format!("http://{}/admin/cfg.xml", self.at));
        Group::start(&mut command)?.end_within(LONGEST)
    }
}

/// What it said of itself.
fn answer(ended: &Ended) -> anyhow::Result<&str> {
    let mut lines = ended.err.lines();
    lines
        .find(|line| line.starts_with("> Authorization: Digest"))
        .with_context(|| format!("no answer to the challenge: {ended:?}"))
}
