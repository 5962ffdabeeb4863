//! `http-fetch` and `tls-fetch`: files from nginx, a fresh connection each, beside wrk and `openssl s_time`.
//!
//! The clients share one processor and the server has another, so that neither waits for the other's turn. A round lets each client ask for about a
//! second, one request after the other.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use onhook_fetch::port::Fetch as _;
use onhook_fetch::{Request, Scheme};
use onhook_http::{HttpFetch, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime};
use serde_json::json;

use crate::measure::Timing;
use crate::peers;
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};
use crate::tftp::{NoNames, Nowhere};

/// The names of the benchmarks.
pub(crate) const HTTP: &str = "http-fetch";
pub(crate) const TLS: &str = "tls-fetch";
/// What the first one measures.
pub(crate) const ABOUT_HTTP: &str =
    "69,000 bytes from nginx over HTTP, a connection for each request, one after the other";
/// What the second one measures.
pub(crate) const ABOUT_TLS: &str = "a few bytes from nginx over TLS 1.3, a full handshake (ECDSA P-256, verified) for each request";

const FILE: (&str, usize) = ("file.xml", 69_000);
const SMALL: (&str, usize) = ("small.xml", 27);
pub(crate) const OURS: &str = "onhook";
/// How long each client asks in a round.
const SPAN: &str = "1";

/// Over HTTP, beside wrk.
pub(crate) fn http(plan: &Plan) -> anyhow::Result<Benchmark> {
    let benchmark = begun(HTTP, ABOUT_HTTP, FILE.1);
    if let Some(why) = missing(plan, &["nginx", "taskset", "wrk"]) {
        return Ok(benchmark.skipped(&why));
    }
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let server = Server::start(folder.path(), None)?;
    let url = format!("http://127.0.0.1:{}/{}", server.port, FILE.0);
    let header = "Connection: close";
    let wrk = ["wrk", "-t1", "-c1", "-d1s", "-H", header, &url].map(str::to_owned);
    compare(benchmark, plan, &own(&url, None)?, &wrk, "wrk", &|said| {
        let line = said.lines().find(|line| line.contains("requests in"))?;
        line.split_whitespace().next()?.parse().ok()
    })
}

/// Over TLS, beside `openssl s_time`.
pub(crate) fn tls(plan: &Plan) -> anyhow::Result<Benchmark> {
    let benchmark = begun(TLS, ABOUT_TLS, SMALL.1);
    if let Some(why) = missing(plan, &["nginx", "taskset", "openssl"]) {
        return Ok(benchmark.skipped(&why));
    }
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    certify(folder.path())?;
    let server = Server::start(folder.path(), Some("ssl"))?;
    let ca = folder.path().join("ca.pem").display().to_string();
    let (place, path) = (
        format!("127.0.0.1:{}", server.port),
        format!("/{}", SMALL.0),
    );
    let s_time = [
        "openssl", "s_time", "-new", "-time", SPAN, "-tls1_3", "-verify", "3", "-CAfile", &ca,
        "-www", &path, "-connect", &place,
    ]
    .map(str::to_owned);
    let own = own(&format!("https://{place}{path}"), Some(&ca))?;
    compare(
        benchmark,
        plan,
        &own,
        &s_time,
        "openssl s_time -new",
        &|said| {
            let line = said.lines().find(|line| line.contains("connections in"))?;
            line.split_whitespace().next()?.parse().ok()
        },
    )
}

fn begun(name: &'static str, about: &'static str, bytes: usize) -> Benchmark {
    Benchmark {
        name,
        about,
        counts: json!({ "bytes": bytes }),
        line: String::new(),
        sides: Vec::new(),
        peers: Vec::new(),
    }
}

/// Our client as a command.
fn own(url: &str, ca: Option<&str>) -> anyhow::Result<Vec<String>> {
    let program = std::env::current_exe().context("finding the own program")?;
    let program = program.display().to_string();
    let mut words = vec![program, "load".to_owned(), url.to_owned(), SPAN.to_owned()];
    words.extend(ca.map(str::to_owned));
    Ok(words)
}

pub(crate) fn missing(plan: &Plan, tools: &[&str]) -> Option<String> {
    if !plan.peers {
        return Some("it needs a server of others: give --peers".to_owned());
    }
    let tool = tools.iter().find(|tool| peers::find(tool).is_none());
    tool.map(|tool| format!("{tool} is not installed"))
}

/// Lets both clients take turns.
fn compare(
    mut benchmark: Benchmark,
    plan: &Plan,
    own: &[String],
    other: &[String],
    name: &'static str,
    count: &dyn Fn(&str) -> Option<f64>,
) -> anyhow::Result<Benchmark> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        ours.push(Asked::by(own, &|said| said.trim().parse().ok())?);
        theirs.push(Asked::by(other, count)?);
    }
    let seconds = |asked: &[Asked]| Timing::of(asked.iter().map(|asked| asked.seconds).collect());
    let cpu = |asked: &[Asked]| Timing::of(asked.iter().map(|asked| asked.cpu).collect());
    let timing = seconds(&ours);
    let about = "for each request as many seconds as its run took";
    let peer = Peer::new(name, about, OURS, &timing, Ok(seconds(&theirs)));
    benchmark.peers.push(peer.with_cpu(Some(cpu(&theirs))));
    benchmark.sides.push(Side {
        name: OURS,
        about: "the transport of the agent, the body thrown away",
        timing,
        cpu: Some(cpu(&ours)),
    });
    Ok(benchmark)
}

/// What one request cost a client, in seconds.
struct Asked {
    /// Of the clock.
    seconds: f64,
    /// Of the processor.
    cpu: f64,
}

impl Asked {
    /// Runs a client on the first processor; `count` finds the number of requests in what it says.
    fn by(client: &[String], count: &dyn Fn(&str) -> Option<f64>) -> anyhow::Result<Self> {
        let started = Instant::now();
        let output = Command::new("sh")
            .args(["-c", "taskset -c 0 \"$@\" && times", "sh"])
            .args(client)
            .stdin(Stdio::null())
            .output()
            .context("starting sh")?;
        let elapsed = started.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stdout);
        let (said, children) = said.trim_end().rsplit_once('\n').unwrap_or_default();
        // The line before is the time of the shell itself.
        let said = said.rsplit_once('\n').map_or("", |(said, _)| said);
        let cpu: Option<f64> = children.split_whitespace().map(minutes).sum();
        let (Some(requests), Some(cpu)) = (count(said).filter(|n| *n > 0.0), cpu) else {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("{client:?} says nothing of use: {said}{children} {error}");
        };
        Ok(Self {
            seconds: elapsed / requests,
            cpu: cpu / requests,
        })
    }
}

/// Seconds of a text such as `0m1.23s`.
fn minutes(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

/// An authority and a certificate for 127.0.0.1.
fn certify(folder: &Path) -> anyhow::Result<()> {
    let key = [
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ];
    let root = [
        "-x509",
        "-days",
        "30",
        "-subj",
        "/CN=Bench",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    let server = [
        "-subj",
        "/CN=bench",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
    ];
    let sign = [
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-set_serial",
        "2",
        "-days",
        "30",
        "-extfile",
        "server.ext",
        "-out",
        "server.pem",
    ];
    fs::write(folder.join("server.ext"), "subjectAltName=IP:127.0.0.1\n")?;
    for words in [
        [&key[..], &root].concat(),
        [&key[..], &server].concat(),
        sign.to_vec(),
    ] {
        peers::timed(Command::new("openssl").args(words).current_dir(folder))?;
    }
    Ok(())
}

/// nginx, on the second processor unless it may be anywhere; ended when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn start(folder: &Path, ssl: Option<&str>) -> anyhow::Result<Self> {
        Self::start_by(&["taskset", "-c", "1", "nginx"], folder, ssl)
    }

    /// On any processor.
    pub(crate) fn start_anywhere(folder: &Path) -> anyhow::Result<Self> {
        Self::start_by(&["nginx"], folder, None)
    }

    fn start_by(words: &[&str], folder: &Path, ssl: Option<&str>) -> anyhow::Result<Self> {
        let root = folder.join("root");
        fs::create_dir(&root).context("making the folder of files")?;
        for (name, bytes) in [FILE, SMALL] {
            fs::write(root.join(name), "x".repeat(bytes)).context("making a file")?;
        }
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?;
        let port = socket.local_addr()?.port();
        drop(socket);
        let secure =
            "ssl_certificate server.pem; ssl_certificate_key server.key; ssl_protocols TLSv1.3;";
        let secure = ssl.map_or("", |_| secure);
        let ssl = ssl.unwrap_or_default();
        let text = format!(
            "daemon off; master_process off; worker_processes 1; pid nginx.pid; events {{ }}\n\
             http {{ access_log off; root root; sendfile on; tcp_nopush on;\n\
             client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
             server {{ listen 127.0.0.1:{port} {ssl}; {secure} }} }}\n"
        );
        fs::write(folder.join("nginx.conf"), text)?;
        let (program, rest) = words.split_first().context("a program")?;
        let child = Command::new(program)
            .args(rest)
            .args(["-c", "nginx.conf", "-e", "stderr", "-p"])
            .arg(folder)
            .stderr(Stdio::null())
            .spawn()
            .context("starting nginx")?;
        let server = Self { child, port };
        for _ in 0..100 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(server);
            }
            thread::park_timeout(Duration::from_millis(20));
        }
        bail!("nginx does not listen")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks for a file again and again, and prints how often it came.
pub(crate) fn print_load(url: &str, seconds: f64, ca: Option<&Path>) -> anyhow::Result<()> {
    let count = load(url, seconds, ca)?;
    writeln!(std::io::stdout(), "{count}")?;
    Ok(())
}

/// Asks for a file again and again, and returns how often it came: what the benchmarks time.
fn load(url: &str, seconds: f64, ca: Option<&Path>) -> anyhow::Result<u64> {
    let (scheme, rest) = url.split_once("://").context("a URL has a scheme")?;
    let (server, path) = rest.split_once('/').context("a URL has a path")?;
    let (host, port) = server.split_once(':').context("a URL has a port")?;
    let scheme: Scheme = scheme.parse().ok().context("an unknown scheme")?;
    let mut fetch = HttpFetch::new(Arc::new(NoNames), 1);
    if let Some(ca) = ca {
        let anchors = TrustAnchors::from_pem(&fs::read(ca)?)?;
        fetch = fetch.with_tls(Arc::new(Tls::new(
            anchors,
            NameCheck::UrlHost,
            Arc::new(Today),
        )?));
    }
    let request = Request {
        scheme,
        host: host.to_owned(),
        port: port.parse()?,
        path: format!("/{path}"),
        service: None,
        proxy: None,
        allowed_domains: String::new(),
        user_agent: "Cisco-CP-8841-3PCC/11.3.2 (000e08012345)".to_owned(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 1 << 30,
        timeout: Duration::from_secs(60),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting")?;
    runtime.block_on(async {
        let (end, mut count) = (Instant::now() + Duration::from_secs_f64(seconds), 0);
        while Instant::now() < end {
            fetch.get(&request, &mut Nowhere).await?;
            count += 1;
        }
        Ok(count)
    })
}

/// The clock of the system.
struct Today;

impl TrustedTime for Today {
    fn now(&self) -> TrustTime {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH);
        TrustTime::Known(since.map_or(0, |since| since.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn times_of_a_shell_are_read() {
        assert_eq!(minutes("1m2.50s"), Some(62.5));
        assert_eq!(minutes("0m0.000000s"), Some(0.0));
        assert_eq!(minutes("12"), None);
    }
}
