//! `tftp-512` and `tftp-1428`: a file of 32 MiB in lock-step from tftpd-hpa, beside other clients.
//!
//! Server and client are pinned to one processor. With two free processors a lock-step transfer is bimodal: each packet
//! wakes a halted processor, and the time measures that.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use onhook_fetch::port::{Fetch, ResolveError, Resolver};
use onhook_fetch::{BodySink, Endpoint, Head, Refused, Request, Scheme};
use onhook_tftp::{LocalPorts, Offer, TftpFetch};
use serde_json::json;

use crate::measure::Timing;
use crate::peers;
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};

/// What the benchmarks measure.
pub(crate) const ABOUT: &str =
    "a file of 32 MiB from tftpd-hpa, one block at a time, both ends on one processor";

const FILE: &str = "file.bin";
const FILE_BYTES: usize = 32 << 20;
const OURS: &str = "onhook, as a whole process";

/// The other clients: name, and its arguments for a port and a block size; `None` if it cannot be asked for that.
type Client = (&'static str, fn(u16, u16) -> Option<Vec<String>>);
const CLIENTS: [Client; 4] = [
    ("curl", |port, size| {
        let url = format!("tftp://127.0.0.1:{port}/{FILE}");
        let size = size.to_string();
        Some(words(&[
            "-s",
            "--tftp-blksize",
            &size,
            "-o",
            "/dev/null",
            &url,
        ]))
    }),
    ("atftp", |port, size| {
        let (port, option) = (port.to_string(), format!("blksize {size}"));
        Some(words(&[
            "-g",
            "-r",
            FILE,
            "-l",
            "/dev/null",
            "--option",
            &option,
            "127.0.0.1",
            &port,
        ]))
    }),
    ("tftp", |port, size| {
        let port = port.to_string();
        let fixed = [
            "-4",
            "-m",
            "binary",
            "127.0.0.1",
            &port,
            "-c",
            "get",
            FILE,
            "/dev/null",
        ];
        (size == 512).then(|| words(&fixed))
    }),
    ("busybox", |port, size| {
        let (port, size) = (port.to_string(), size.to_string());
        Some(words(&[
            "tftp",
            "-g",
            "-b",
            &size,
            "-r",
            FILE,
            "-l",
            "/dev/null",
            "127.0.0.1",
            &port,
        ]))
    }),
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Runs the benchmark with one block size.
pub(crate) fn run(name: &'static str, block_size: u16, plan: &Plan) -> anyhow::Result<Benchmark> {
    let mut benchmark = Benchmark {
        name,
        about: ABOUT,
        counts: json!({ "bytes": FILE_BYTES, "block_size": block_size }),
        line: format!("{FILE_BYTES} bytes in blocks of {block_size}"),
        sides: Vec::new(),
        peers: Vec::new(),
    };
    if let Some(why) = missing(plan) {
        benchmark.line = format!("skipped: {why}");
        return Ok(benchmark);
    }
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let server = Server::start(folder.path())?;
    let program = std::env::current_exe().context("finding the own program")?;
    let mut own = Vec::new();
    let mut others: Vec<Other> = CLIENTS
        .iter()
        .map(|(name, arguments)| Other::new(name, arguments(server.port, block_size)))
        .collect();
    for _ in 0..plan.rounds {
        let get = [
            "get",
            &format!("127.0.0.1:{}", server.port),
            FILE,
            &block_size.to_string(),
        ];
        own.push(peers::timed(pinned(&program).args(get))?);
        for other in &mut others {
            other.run()?;
        }
    }
    let own = Timing::of(own);
    benchmark.peers = others
        .into_iter()
        .map(|other| {
            let about = "as a whole process, the file thrown away";
            Peer::new(other.name, about, OURS, &own, other.timing())
        })
        .collect();
    benchmark.sides.push(Side {
        name: OURS,
        about: "the transport of the agent, the file thrown away",
        timing: own,
    });
    Ok(benchmark)
}

/// Another client with what it took.
struct Other {
    name: &'static str,
    /// Its arguments, or why it is left out.
    arguments: Result<Vec<String>, String>,
    times: Vec<f64>,
}

impl Other {
    fn new(name: &'static str, arguments: Option<Vec<String>>) -> Self {
        let arguments = match (arguments, peers::find(name)) {
            (None, _) => Err("it has no block size but 512".to_owned()),
            (Some(_), None) => Err("it is not installed".to_owned()),
            (Some(arguments), Some(_)) => Ok(arguments),
        };
        Self {
            name,
            arguments,
            times: Vec::new(),
        }
    }

    fn run(&mut self) -> anyhow::Result<()> {
        if let Ok(arguments) = &self.arguments {
            let mut command = pinned(Path::new(self.name));
            self.times.push(peers::timed(command.args(arguments))?);
        }
        Ok(())
    }

    fn timing(self) -> Result<Timing, String> {
        self.arguments.map(|_| Timing::of(self.times))
    }
}

/// Why the benchmark cannot be run.
fn missing(plan: &Plan) -> Option<String> {
    if !plan.peers {
        return Some("it needs a server of others: give --peers".to_owned());
    }
    let tool = ["in.tftpd", "taskset"]
        .into_iter()
        .find(|tool| peers::find(tool).is_none());
    tool.map(|tool| format!("{tool} is not installed"))
}

/// A program on the processor that all of them share.
fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// tftpd-hpa over one folder; ended when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        // The server drops to a user that must be able to look in.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder, open).context("opening the scratch folder")?;
        let mut file = std::fs::File::create(folder.join(FILE)).context("making the file")?;
        let block: Vec<u8> = (0..4096_u32).map(|n| (n * 31 % 251) as u8).collect();
        for _ in 0..FILE_BYTES / block.len() {
            file.write_all(&block).context("writing the file")?;
        }
        let port = free_port().context("looking for a free port")?;
        let child = pinned(Path::new("in.tftpd"))
            .args(["-L", "-4", "-u", "nobody", "-a"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("-s")
            .arg(folder)
            .stderr(Stdio::null())
            .spawn()
            .context("starting in.tftpd")?;
        let server = Self { child, port };
        server.await_answer()?;
        Ok(server)
    }

    /// Waits until a request for a file that is not there is refused.
    fn await_answer(&self) -> anyhow::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        for _ in 0..50 {
            // Before the server is up ICMP refuses it, which is as good as silence.
            let _ = socket.send_to(b"\0\x01nothing\0octet\0", (Ipv4Addr::LOCALHOST, self.port));
            if socket.recv(&mut [0; 600]).is_ok() {
                return Ok(());
            }
        }
        bail!("in.tftpd does not answer; it needs root to change its root folder")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> std::io::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}

/// Fetches a file once and throws it away: what the benchmark times.
pub(crate) fn get(server: SocketAddr, file: &str, block_size: u16) -> anyhow::Result<()> {
    let offer = Offer {
        block_size,
        ..Offer::default()
    };
    let transport = TftpFetch::with_offer(Arc::new(NoNames), LocalPorts::ephemeral(), offer);
    let request = Request {
        scheme: Scheme::Tftp,
        host: server.ip().to_string(),
        port: server.port(),
        path: format!("/{file}"),
        service: None,
        allowed_domains: String::new(),
        user_agent: String::new(),
        user: None,
        password: None,
        post: None,
        limit: 1 << 40,
        timeout: Duration::from_secs(600),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting")?;
    let fetched = runtime.block_on(transport.get(&request, &mut Nowhere));
    fetched.map(drop).context("fetching")
}

struct NoNames;

#[async_trait]
impl Resolver for NoNames {
    async fn resolve(&self, host: &str) -> Result<Vec<std::net::IpAddr>, ResolveError> {
        match host.parse() {
            Ok(address) => Ok(vec![address]),
            Err(_) => Err(ResolveError::NoAddress(None)),
        }
    }
}

struct Nowhere;

#[async_trait]
impl BodySink for Nowhere {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, _head: &Head) {}

    fn chunk(&mut self, _bytes: &[u8]) -> Result<(), Refused> {
        Ok(())
    }
}
