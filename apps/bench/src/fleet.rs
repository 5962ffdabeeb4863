//! `fleet-shared` and `fleet-own`: whole resyncs of many phones against nginx, beside wrk.
//!
//! A resync connects, fetches, decrypts, inflates, reads, compares, commits in memory, and logs to syslog; wrk throws what it fetches away. All
//! programs share all processors: the phones of a fleet are dealt out to two threads, which read their files too.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use onhook_crypto::{Digest, encrypt};
use serde_json::{Value, json};

use crate::beside::beside;
use crate::content::{KEY, gzipped, of_site};
use crate::measure::Timing;
use crate::peers::{Cost, cpu_seconds};
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};
use crate::web::{Server, missing};

/// Phones of a round; those of a program that was not optimized mean nothing.
const PHONES: u32 = if cfg!(debug_assertions) { 100 } else { 10_000 };
/// Values in each profile.
const VALUES: usize = 1000;
/// Requests at the same time, of both clients.
const AT_ONCE: u32 = 64;
/// Seconds that wrk asks in a round.
const WRK_S: f64 = 2.0;
pub(crate) const OURS: &str = "onhook-harness fleet";

/// One benchmark.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    own: bool,
}

/// One file for all.
pub(crate) const SHARED: Kind = Kind {
    name: "fleet-shared",
    about: "whole resyncs of 10,000 phones from nginx, 1,000 encrypted, gzipped values in one file",
    own: false,
};
/// A file with a key for each phone.
pub(crate) const OWN: Kind = Kind {
    name: "fleet-own",
    about: "whole resyncs of 10,000 phones from nginx, 1,000 encrypted, gzipped values in a file with a key for each phone",
    own: true,
};

/// Lets both clients take turns.
pub(crate) fn run(kind: &Kind, plan: &Plan) -> anyhow::Result<Benchmark> {
    let mut benchmark = Benchmark {
        name: kind.name,
        about: kind.about,
        counts: json!({ "phones": PHONES, "values": VALUES }),
        line: String::new(),
        sides: Vec::new(),
        peers: Vec::new(),
    };
    if let Some(why) = missing(plan, &["nginx", "wrk"]) {
        return Ok(benchmark.skipped(&why));
    }
    let harness = match beside("onhook-harness")? {
        Ok(harness) => harness,
        Err(why) => return Ok(benchmark.skipped(&why)),
    };
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let server = Server::start_anywhere(folder.path())?;
    let bytes = write_files(kind, &folder.path().join("root"))?;
    benchmark.counts = json!({ "phones": PHONES, "values": VALUES, "bytes": bytes });
    // What is sent there is dropped when nobody reads, as datagrams are.
    let sink = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("a socket for messages")?;
    let site = format!("http://127.0.0.1:{}", server.port);
    let rule = match kind.own {
        false => format!("[--key {KEY}] {site}/shared.cfg"),
        true => format!("[--key $MA] {site}/$MA.cfg"),
    };
    let url = match kind.own {
        false => format!("{site}/shared.cfg"),
        true => format!("{site}/000e08000000.cfg"),
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        ours.push(own(&harness, &rule, sink.local_addr()?)?);
        theirs.push(wrk(&url)?);
    }
    let seconds = |all: &[Cost]| Timing::of(all.iter().map(|one| one.seconds).collect());
    let cpu = |all: &[Cost]| Timing::of(all.iter().map(|one| one.cpu_seconds).collect());
    let timing = seconds(&ours);
    let about = "one connection a request, the same file each time, thrown away";
    let peer = Peer::new("wrk", about, OURS, &timing, Ok(seconds(&theirs)));
    benchmark.peers.push(peer.with_cpu(Some(cpu(&theirs))));
    benchmark.sides.push(Side {
        name: OURS,
        about: "for each resync as many seconds as all of them took",
        timing,
        cpu: Some(cpu(&ours)),
    });
    Ok(benchmark)
}

/// What each of so many cost of what is told in seconds for one, and of the processor since a time.
fn each(seconds: f64, count: f64, cpu_before: f64) -> anyhow::Result<Cost> {
    Ok(Cost {
        seconds,
        cpu_seconds: (cpu_seconds()? - cpu_before) / count,
    })
}

/// Writes what phones fetch; returns the size of the first file.
fn write_files(kind: &Kind, root: &Path) -> anyhow::Result<usize> {
    let file = |salt: u64, key: &str| {
        let xml = of_site(VALUES, salt);
        let [.., a, b, c, d, e, f, g, h] = salt.to_be_bytes();
        encrypt(
            &gzipped(&xml),
            key.as_bytes(),
            Digest::Sha256,
            [a, b, c, d, e, f, g, h],
        )
    };
    if !kind.own {
        let shared = file(1, KEY);
        fs::write(root.join("shared.cfg"), &shared)?;
        return Ok(shared.len());
    }
    let mut bytes = 0;
    for index in 0..PHONES {
        let mac = format!("000e08{index:06x}");
        let own = file(u64::from(index), &mac);
        bytes = own.len();
        fs::write(root.join(format!("{mac}.cfg")), own)?;
    }
    Ok(bytes)
}

/// What one resync of ours costs; the start of the program costs no seconds.
fn own(harness: &Path, rule: &str, syslog: SocketAddr) -> anyhow::Result<Cost> {
    let before = cpu_seconds()?;
    let output = Command::new(harness)
        .args(["fleet", "--json", "--threads", "2", "--rule", rule])
        .args(["--phones", &PHONES.to_string()])
        .args(["--at-once", &AT_ONCE.to_string()])
        .args(["--set", "Resync_Random_Delay=0"])
        .args(["--set", &format!("Syslog_Server={syslog}")])
        .stdin(Stdio::null())
        .output()
        .context("starting the fleet")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("reading what the fleet reports; it says: {said}"))?;
    let figure = |path: &str| {
        let figure = report.pointer(path).and_then(Value::as_f64);
        figure.with_context(|| format!("the fleet reports no {path}"))
    };
    let count = f64::from(PHONES);
    // A failure of one phone is one of all.
    if figure("/totals/succeeded")? != count || figure("/totals/files")? != count {
        bail!("the fleet failed: {said}{report}");
    }
    each(figure("/elapsed_ms")? / 1000.0 / count, count, before)
}

/// What one request of wrk costs.
fn wrk(url: &str) -> anyhow::Result<Cost> {
    let before = cpu_seconds()?;
    let at_once = format!("-c{AT_ONCE}");
    let output = Command::new("wrk")
        .args(["-t1", &at_once, &format!("-d{WRK_S}s")])
        .args(["-H", "Connection: close", url])
        .output()
        .context("starting wrk")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let rate = said
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"));
    let rate: Option<f64> = rate.and_then(|rate| rate.trim().parse().ok());
    match rate {
        Some(rate) if rate > 0.0 => each(1.0 / rate, rate * WRK_S, before),
        Some(_) | None => bail!("wrk says nothing of use: {said}"),
    }
}
