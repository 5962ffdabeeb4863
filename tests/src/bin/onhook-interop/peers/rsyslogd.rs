//! rsyslogd, to which the phone tells its resyncs.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use onhook_tests::{Agent, Reply, Site, profile, until};

use super::{Peer, Rights};
use crate::case::{Certificate, ask, check, configuration};
use crate::files::Sets;
use crate::group::Group;
use crate::stage::{Serving, Stage, free_udp_port};

pub(crate) const PEER: Peer = Peer {
    name: "rsyslogd",
    program: "rsyslogd",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[&[
        check("request and success arrive once", success),
        check("request and failure arrive once", failure),
        check("a long line arrives cut at 1024 bytes", long),
    ]],
};

/// The file of raw messages, in the scratch folder.
const LOG: &str = "messages";
/// What the phone says of itself before each line.
const WHO: &str = "CP-8841-3PCC 00:0e:08:01:23:45 -- ";

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let port = free_udp_port()?;
    let home = stage.home();
    let file = stage.write(
        "rsyslog.conf",
        &format!(
            "global(workDirectory={home:?} maxMessageSize=\"8k\")\nmodule(load=\"imudp\")\n\
             template(name=\"raw\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             ruleset(name=\"phones\") {{ action(type=\"omfile\" file={:?} template=\"raw\") }}\n\
             input(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"phones\")\n",
            home.join(LOG),
        ),
    )?;
    let mut command = Command::new(program);
    command
        .args(["-n", "-f"])
        .arg(file)
        .arg("-i")
        .arg(home.join("rsyslogd.pid"));
    let group = Group::start(&mut command)?;
    let address = format!("127.0.0.1:{port}");
    let mut serving = Serving {
        group,
        addresses: vec![("log", address.clone())],
    };
    // Nothing is told of a server that hears; until it does, a word to it is lost.
    let log = home.join(LOG);
    serving.group.until("writing a message", || {
        word(&address, "ready").ok()?;
        fs::read_to_string(&log).ok()
    })?;
    Ok(serving)
}

/// Sends a message that is none of the phone's.
fn word(server: &str, text: &str) -> anyhow::Result<()> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.send_to(format!("<134>Jan  1 00:00:00 {text}").as_bytes(), server)?;
    Ok(())
}

/// One resync of a phone with this server as its log, and the lines that it left there, with their priorities.
fn told(
    stage: &Stage,
    serving: &Serving,
    site: &Site,
    path: &str,
) -> anyhow::Result<Vec<(String, String)>> {
    let server = serving.first()?;
    let agent = Agent::new()?;
    agent.configure(&configuration(stage, server, Certificate::None))?;
    let log = stage.home().join(LOG);
    let before = fs::read_to_string(&log)?.len();
    ask(&agent, &site.url(path))?;
    // What the phone said has come when what was said after it has.
    word(server, "end of the case")?;
    let lines = until("the log", || {
        let text = fs::read_to_string(&log).ok()?;
        let lines = text.get(before..)?.to_owned();
        lines.contains("end of the case").then_some(lines)
    })?;
    lines
        .lines()
        .filter(|line| line.contains(WHO))
        .map(|line| {
            let (priority, rest) = line.split_once('>').context("no priority")?;
            let text = rest.get("Jan  1 00:00:00 ".len()..).context("no time")?;
            Ok((priority.trim_start_matches('<').to_owned(), text.to_owned()))
        })
        .collect()
}

fn expect(lines: &[(String, String)], expected: &[(&str, String)]) -> anyhow::Result<()> {
    let expected: Vec<_> = expected
        .iter()
        .map(|(priority, text)| ((*priority).to_owned(), format!("{WHO}{text}")))
        .collect();
    ensure!(lines == expected, "in the log: {lines:#?}");
    Ok(())
}

fn success(stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    let site = Site::start()?;
    site.put("/a.xml", Reply::Body(profile(Sets::Small.content()).into()));
    let lines = told(stage, serving, &site, "/a.xml")?;
    let url = site.url("/a.xml");
    let (request, result) = (
        format!("Requesting resync {url}"),
        format!("Successful resync {url} -- OK"),
    );
    expect(&lines, &[("134", request), ("134", result)])
}

fn failure(stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    let site = Site::start()?;
    let lines = told(stage, serving, &site, "/missing.xml")?;
    let request = format!("Requesting resync {}", site.url("/missing.xml"));
    let result = "Resync failed: file not found".to_owned();
    expect(&lines, &[("134", request), ("131", result)])
}

fn long(stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    let site = Site::start()?;
    let path = format!("/{}.xml", "long".repeat(400));
    let lines = told(stage, serving, &site, &path)?;
    let whole = format!("{WHO}Requesting resync {}", site.url(&path));
    // The whole datagram has 1024 bytes, so that the text has less.
    let text = whole
        .get(..1024 - "<134>Jan  1 00:00:00 ".len())
        .context("not long enough")?
        .to_owned();
    ensure!(
        lines.first() == Some(&("134".to_owned(), text)) && lines.len() == 2,
        "in the log: {lines:#?}"
    );
    Ok(())
}
