//! Files over TFTP beside other clients and servers, as whole processes.
//!
//! Server and client are pinned to one processor. With two free processors a lock-step transfer is bimodal: each packet
//! wakes a halted processor, and the time measures that.

mod get;
mod relay;
mod servers;

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::json;

use crate::measure::Timing;
use crate::peers::{self, Cost};
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};
use relay::Relay;
use servers::{Kind, Server, folder};

pub(crate) use get::{NoNames, Nowhere, get, serve};

const FILE: &str = "file.bin";
pub(crate) const OURS: &str = "onhook, as a whole process";
pub(crate) const PAIR: &str = "onhook with its own server";

/// One way to fetch a file.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    server: Kind,
    file_bytes: usize,
    block_size: u16,
    window: u16,
    /// One of so many packets is lost; `None` for none.
    loss: Option<u64>,
}

/// In lock-step, blocks of 512.
pub(crate) const BY_512: Task = Task {
    name: "tftp-512",
    about: "a file of 32 MiB from tftpd-hpa in blocks of 512, one at a time, both ends on one processor",
    server: Kind::Hpa,
    file_bytes: 32 << 20,
    block_size: 512,
    window: 1,
    loss: None,
};
/// In lock-step, blocks of 1,428.
pub(crate) const BY_1428: Task = Task {
    name: "tftp-1428",
    about: "a file of 32 MiB from tftpd-hpa in blocks of 1,428, one at a time, both ends on one processor",
    server: Kind::Hpa,
    file_bytes: 32 << 20,
    block_size: 1428,
    window: 1,
    loss: None,
};
/// Windows of 16.
pub(crate) const WINDOW_16: Task = Task {
    name: "tftp-window-16",
    about: "a file of 32 MiB from atftpd in windows of 16 blocks of 1,428, both ends on one processor",
    server: Kind::Atftpd,
    file_bytes: 32 << 20,
    block_size: 1428,
    window: 16,
    loss: None,
};
/// Windows of 64.
pub(crate) const WINDOW_64: Task = Task {
    name: "tftp-window-64",
    about: "a file of 32 MiB from atftpd in windows of 64 blocks of 1,428, both ends on one processor",
    server: Kind::Atftpd,
    file_bytes: 32 << 20,
    block_size: 1428,
    window: 64,
    loss: None,
};
/// Over a line that loses packets.
pub(crate) const LOSS: Task = Task {
    name: "tftp-loss",
    about: "a file of 256 KiB from tftpd-hpa, one block of 1,428 at a time, one of 100 packets lost in each direction",
    server: Kind::Hpa,
    file_bytes: 256 << 10,
    block_size: 1428,
    window: 1,
    loss: Some(100),
};

/// The other clients: name, and its arguments for a port and a task; why not, if it cannot be asked for that.
type Client = (
    &'static str,
    fn(u16, &Task) -> Result<Vec<String>, &'static str>,
);
const NO_WINDOW: &str = "it has no windows";
const CLIENTS: [Client; 4] = [
    ("curl", |port, task| {
        let url = format!("tftp://127.0.0.1:{port}/{FILE}");
        let size = task.block_size.to_string();
        let arguments = ["-s", "--tftp-blksize", &size, "-o", "/dev/null", &url];
        if task.window > 1 {
            return Err(NO_WINDOW);
        }
        Ok(words(&arguments))
    }),
    ("atftp", |port, task| {
        let port = port.to_string();
        let mut arguments = words(&["-g", "-r", FILE, "-l", "/dev/null"]);
        arguments.extend([
            "--option".to_owned(),
            format!("blksize {}", task.block_size),
        ]);
        if task.window > 1 {
            let window = format!("windowsize {}", task.window);
            arguments.extend(["--option".to_owned(), window]);
        }
        arguments.extend(words(&["127.0.0.1", &port]));
        Ok(arguments)
    }),
    ("tftp", |port, task| {
        let port = port.to_string();
        let fixed = ["-4", "-m", "binary", "127.0.0.1", &port];
        if task.block_size != 512 || task.window > 1 {
            return Err("it has no options");
        }
        Ok(words(
            &[&fixed[..], &["-c", "get", FILE, "/dev/null"]].concat(),
        ))
    }),
    ("busybox", |port, task| {
        let (port, size) = (port.to_string(), task.block_size.to_string());
        let fixed = ["tftp", "-g", "-b", &size, "-r", FILE, "-l", "/dev/null"];
        if task.window > 1 {
            return Err(NO_WINDOW);
        }
        Ok(words(&[&fixed[..], &["127.0.0.1", &port]].concat()))
    }),
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Runs one task.
pub(crate) fn run(task: &Task, plan: &Plan) -> anyhow::Result<Benchmark> {
    let blocks = task.file_bytes / usize::from(task.block_size) + 1;
    let mut benchmark = Benchmark {
        name: task.name,
        about: task.about,
        counts: json!({
            "bytes": task.file_bytes,
            "block_size": task.block_size,
            "window": task.window,
            "blocks": blocks,
        }),
        line: format!(
            "{} bytes in {blocks} blocks of {}",
            task.file_bytes, task.block_size
        ),
        sides: Vec::new(),
        peers: Vec::new(),
    };
    if let Some(why) = missing(task, plan) {
        return Ok(benchmark.skipped(&why));
    }
    let folder = folder(task.file_bytes)?;
    let server = Server::start(task.server, folder.path())?;
    let own_server = Server::start(Kind::Ours, folder.path())?;
    let relay = task.loss.map(|one_of| Relay::start(server.port, one_of));
    let relay = relay.transpose().context("starting the bad line")?;
    let port = relay.as_ref().map_or(server.port, |relay| relay.port);
    let program = std::env::current_exe().context("finding the own program")?;
    let (mut own, mut pair) = (Costs::default(), Costs::default());
    let mut others: Vec<Other> = CLIENTS
        .iter()
        .map(|(name, arguments)| Other::new(name, arguments(port, task)))
        .collect();
    for round in 0..plan.rounds {
        let afresh = || {
            if let Some(relay) = &relay {
                relay.seed(u64::from(round) + 1);
            }
        };
        afresh();
        own.add(peers::cost(&mut ours(&program, port, task))?);
        for other in &mut others {
            afresh();
            other.run()?;
        }
        if relay.is_none() {
            pair.add(peers::cost(&mut ours(&program, own_server.port, task))?);
        }
    }
    let (own, own_cpu) = own.timings();
    let pairs = relay.is_none().then(|| pair.timings());
    for other in others {
        let about = "as a whole process, the file thrown away";
        let (name, result) = (other.name, other.timings());
        if let (Ok((timing, _)), Some((pair, _))) = (&result, &pairs) {
            let against = Peer::new(name, about, PAIR, pair, Ok(timing.clone()));
            benchmark.peers.push(against);
        }
        let cpu = result.as_ref().ok().map(|(_, cpu)| cpu.clone());
        let timing = result.map(|(timing, _)| timing);
        let peer = Peer::new(name, about, OURS, &own, timing);
        benchmark.peers.push(peer.with_cpu(cpu));
    }
    benchmark.sides.push(Side {
        name: OURS,
        about: "the transport of the agent, the file thrown away",
        timing: own,
        cpu: Some(own_cpu),
    });
    if let Some((timing, cpu)) = pairs {
        benchmark.sides.push(Side {
            name: PAIR,
            about: "the same transport, and the server of the lab instead of the other one",
            timing,
            cpu: Some(cpu),
        });
    }
    Ok(benchmark)
}

/// Our client.
fn ours(program: &Path, port: u16, task: &Task) -> Command {
    let mut command = pinned(program);
    command.args(["get", &format!("127.0.0.1:{port}"), FILE]);
    command.args([task.block_size.to_string(), task.window.to_string()]);
    command
}

/// What some runs of a program cost.
#[derive(Default)]
struct Costs {
    seconds: Vec<f64>,
    cpu_seconds: Vec<f64>,
}

impl Costs {
    fn add(&mut self, cost: Cost) {
        self.seconds.push(cost.seconds);
        self.cpu_seconds.push(cost.cpu_seconds);
    }

    fn timings(self) -> (Timing, Timing) {
        (Timing::of(self.seconds), Timing::of(self.cpu_seconds))
    }
}

/// Another client with what it cost.
struct Other {
    name: &'static str,
    /// Its arguments, or why it is left out.
    arguments: Result<Vec<String>, String>,
    costs: Costs,
}

impl Other {
    fn new(name: &'static str, arguments: Result<Vec<String>, &str>) -> Self {
        let arguments = arguments.map_err(str::to_owned).and_then(|arguments| {
            let found = peers::find(name).map(|_| arguments);
            found.ok_or_else(|| "it is not installed".to_owned())
        });
        Self {
            name,
            arguments,
            costs: Costs::default(),
        }
    }

    fn run(&mut self) -> anyhow::Result<()> {
        if let Ok(arguments) = &self.arguments {
            let mut command = pinned(Path::new(self.name));
            self.costs.add(peers::cost(command.args(arguments))?);
        }
        Ok(())
    }

    fn timings(self) -> Result<(Timing, Timing), String> {
        self.arguments.map(|_| self.costs.timings())
    }
}

/// Why a task cannot be run.
fn missing(task: &Task, plan: &Plan) -> Option<String> {
    if !plan.peers {
        return Some("it needs a server of others: give --peers".to_owned());
    }
    if task.server.program().is_none() {
        return Some(format!("{} is not installed", task.server.name()));
    }
    let pins = peers::find("taskset").is_some();
    (!pins).then(|| "taskset is not installed".to_owned())
}

/// A program on the processor that all of them share.
fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}
