//! A network that loses packets: the firewall of a network of its own drops them at random, in both directions.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use onhook_tests::Agent;

use crate::arguments::Arguments;
use crate::case::{Certificate, ask, configuration, text};
use crate::document::{self, Part};
use crate::files::Sets;
use crate::group::go_on;
use crate::peers::{NGINX, Peer, TFTPD_HPA};
use crate::report::say;
use crate::stage::{Serving, Shelf, Stage};
use crate::tools::Tools;

/// Packets that are lost, in 100.
const LOSSES: [u32; 3] = [1, 5, 30];
/// Up to this loss every phone has to be provisioned; above, a failure is allowed that says what it is.
const BEARABLE: u32 = 5;
/// Phones that ask at the same time.
const PHONES: usize = 20;
/// Of 20,000 bytes, so that it takes fifteen packets.
const FILE: &str = "packets.xml";
/// What each way to ask is called, its server, and its address there.
const WAYS: [(&str, &Peer, &str); 3] = [
    ("TFTP", &TFTPD_HPA, "tftp"),
    ("HTTP", &NGINX, "plain"),
    ("HTTPS", &NGINX, "tls13"),
];
/// Loopback hands over packets as large as a file; those of this network are as large as on Ethernet.
const ETHERNET: [&str; 9] = [
    "link",
    "set",
    "lo",
    "mtu",
    "1500",
    "gso_max_segs",
    "1",
    "gso_max_size",
    "1500",
];

/// What became of the phones over one way and with one loss.
struct Round {
    way: &'static str,
    loss: u32,
    /// What did not go well: `$ERR` of each phone.
    errs: Vec<String>,
    /// From the start of a phone to its end, shortest first.
    times: Vec<Duration>,
}

/// Lets phones ask over each way with each loss, and tells what came of it.
///
/// # Errors
/// The network is not one of its own, or something that nothing may cause came of a loss.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // Only the first process of a set of its own can be sure that nobody else uses this network.
    ensure!(
        std::process::id() == 1,
        "a bad network has to be one of its own: `cargo xtask interop --bad-network` makes it, as root"
    );
    let ip = Tools::find("ip").context("ip is not installed")?;
    let small = Command::new(ip).args(ETHERNET).status()?;
    ensure!(small.success(), "the packets cannot be made small");
    let shelf = Shelf::new()?;
    let mut rounds = Vec::new();
    for (way, peer, address) in WAYS {
        let program = Tools::find(peer.program).context(peer.program)?;
        let stage = Stage::new(&shelf)?;
        let serving = (peer.start)(&stage, &program)?;
        for loss in LOSSES {
            let round = round(way, loss, &stage, &serving, address)?;
            say(&round.line());
            rounds.push(round);
        }
    }
    if let Some(file) = &arguments.document {
        document::write(file, Part::BadNetwork, &table(&rounds))?;
    }
    let unbearable = |round: &&Round| round.loss <= BEARABLE && !round.errs.is_empty();
    let failed = rounds.iter().filter(unbearable).count();
    say(&format!(
        "interop: {} rounds, {failed} failed",
        rounds.len()
    ));
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn round(
    way: &'static str,
    loss: u32,
    stage: &Stage,
    serving: &Serving,
    address: &str,
) -> anyhow::Result<Round> {
    let rule = serving.fill_in(&format!("{{{address}}}/{FILE}"));
    let agents: Vec<Agent> = (0..PHONES)
        .map(|_| {
            let agent = Agent::new()?;
            agent.configure(&configuration(stage, "", Certificate::None))?;
            Ok(agent)
        })
        .collect::<anyhow::Result<_>>()?;
    lose(loss)?;
    let asked = thread::scope(|scope| {
        let phones: Vec<_> = agents
            .iter()
            .map(|agent| scope.spawn(|| provision(agent, &rule)))
            .collect();
        phones
            .into_iter()
            .map(|phone| phone.join().unwrap_or_else(|_| bail!("a phone panicked")))
            .collect::<anyhow::Result<Vec<_>>>()
    });
    lose(0)?;
    go_on()?;
    let (errs, mut times): (Vec<_>, Vec<_>) = asked?.into_iter().unzip();
    times.sort();
    Ok(Round {
        way,
        loss,
        errs: errs.into_iter().flatten().collect(),
        times,
    })
}

/// One phone: `$ERR` if it was not provisioned, and how long it took.
fn provision(agent: &Agent, rule: &str) -> anyhow::Result<(Option<String>, Duration)> {
    let began = Instant::now();
    let (code, document) = ask(agent, rule)?;
    let took = began.elapsed();
    let changed = agent.changed()?;
    let messages = document.get("messages").and_then(|lines| lines.as_array());
    ensure!(
        messages.is_some_and(|lines| lines.len() == 2),
        "{document:#}"
    );
    if code == Some(0) {
        ensure!(
            changed == Sets::Large.content(),
            "the phone holds {changed:?}"
        );
        return Ok((None, took));
    }
    ensure!(changed.is_empty(), "a failure left {changed:?}");
    let outcome = text(&document, "/rules/0/outcome");
    let is_known = ["C.timeout", "C.connect", "C.tftp", "C.truncated"].contains(&outcome);
    ensure!(is_known, "not what a loss can cause: {document:#}");
    Ok((Some(text(&document, "/err").to_owned()), took))
}

/// Loses so many packets in 100 from now on.
fn lose(percent: u32) -> anyhow::Result<()> {
    let mut rules = "table inet onhook\ndelete table inet onhook\n".to_owned();
    if percent > 0 {
        rules += &format!(
            "table inet onhook {{ chain in {{ type filter hook input priority 0;\n\
             iif lo meta l4proto {{ tcp, udp }} numgen random mod 100 < {percent} drop\n}}\n}}\n"
        );
    }
    let program = Tools::find("nft").context("nft is not installed")?;
    let mut nft = Command::new(program)
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut input = nft.stdin.take().context("no input")?;
    input.write_all(rules.as_bytes())?;
    drop(input);
    ensure!(nft.wait()?.success(), "nft refuses to lose packets");
    Ok(())
}

impl Round {
    fn provisioned(&self) -> usize {
        self.times.len() - self.errs.len()
    }

    /// Seconds: the median, and the longest.
    fn seconds(&self) -> [f64; 2] {
        let at = |at: usize| self.times.get(at).map_or(0.0, Duration::as_secs_f64);
        [
            at(self.times.len() / 2),
            at(self.times.len().saturating_sub(1)),
        ]
    }

    /// `$ERR` texts with how often each came.
    fn failures(&self) -> String {
        let mut kinds = self.errs.clone();
        kinds.sort();
        kinds.dedup();
        let count = |kind: &String| self.errs.iter().filter(|err| *err == kind).count();
        let parts: Vec<_> = kinds
            .iter()
            .map(|kind| format!("{} of `{kind}`", count(kind)))
            .collect();
        parts.join(", ")
    }

    fn line(&self) -> String {
        let [median, longest] = self.seconds();
        format!(
            "{:5} {:2} % lost: {} of {} provisioned, median {median:.1} s, longest {longest:.1} s  {}",
            self.way,
            self.loss,
            self.provisioned(),
            self.times.len(),
            self.failures(),
        )
    }
}

/// The part of the document.
fn table(rounds: &[Round]) -> String {
    let mut text = format!(
        "{PHONES} phones at a time fetch a profile of 20,000 bytes, and so many packets are lost in each direction. A phone that is not\n\
         provisioned has to say why and to keep what it has. Up to {BEARABLE} % all have to be provisioned.\n\n\
         | over | lost | provisioned | median, s | longest, s | failures |\n|---|---|---|---|---|---|\n"
    );
    for round in rounds {
        let [median, longest] = round.seconds();
        text += &format!(
            "| {} | {} % | {} of {} | {median:.1} | {longest:.1} | {} |\n",
            round.way,
            round.loss,
            round.provisioned(),
            round.times.len(),
            round.failures(),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_tells_how_many_phones_failed_and_why() {
        let round = Round {
            way: "TFTP",
            loss: 30,
            errs: ["timeout", "connect failed", "timeout"]
                .map(str::to_owned)
                .into(),
            times: [1, 2, 3, 9].map(Duration::from_secs).into(),
        };
        assert_eq!(round.provisioned(), 1);
        assert_eq!(
            round.line(),
            "TFTP  30 % lost: 1 of 4 provisioned, median 3.0 s, longest 9.0 s  \
             1 of `connect failed`, 2 of `timeout`"
        );
        assert!(table(&[round]).ends_with(
            "| TFTP | 30 % | 1 of 4 | 3.0 | 9.0 | 1 of `connect failed`, 2 of `timeout` |\n"
        ));
    }
}
