//! `soak`: a phone whose status page is asked for again and again, while it keeps its schedule.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// Seconds between two resyncs of the phone.
const PERIOD: Duration = Duration::from_secs(5);
/// How late a resync may be.
const LATE: Duration = Duration::from_secs(1);
/// How much memory may have grown since the first quarter of the time, in KiB.
const GROWTH_KIB: u64 = 1024;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

type Times = Arc<Mutex<Vec<Instant>>>;

/// Asks the status page `rate` times a second; an error if memory grows, or a resync is late.
pub(crate) fn soak(agent: &Path, rate: u32, seconds: u64) -> anyhow::Result<()> {
    ensure!(
        rate > 0 && seconds >= 12,
        "at least one request a second, and 12 seconds"
    );
    let home = tempfile::tempdir()?;
    let (server, resyncs) = serve()?;
    let mut phone = Phone::start(agent, home.path(), server)?;
    let mut connection = phone.connect()?;
    let (begun, span) = (Instant::now(), Duration::from_secs(seconds));
    let (mut count, mut slowest) = (0_u32, Duration::ZERO);
    let mut early = None;
    let resting = phone.rss_kib()?;
    while begun.elapsed() < span {
        let due = Duration::from_secs(1) * count / rate;
        thread::park_timeout(due.saturating_sub(begun.elapsed()));
        let asked = Instant::now();
        connection.get("/admin/info/status")?;
        slowest = slowest.max(asked.elapsed());
        count += 1;
        if early.is_none() && begun.elapsed() > span / 4 {
            early = Some(phone.rss_kib()?);
        }
    }
    let (early, late) = (early.unwrap_or(resting), phone.rss_kib()?);
    let times = resyncs.lock().unwrap_or_else(PoisonError::into_inner);
    let gaps = times.windows(2).filter_map(|pair| match pair {
        [one, other] => Some(other.duration_since(*one)),
        _ => None,
    });
    let worst = gaps
        .map(|gap| gap.abs_diff(PERIOD))
        .max()
        .unwrap_or_default();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "requests: {count} in {seconds} s, the slowest {} ms",
        slowest.as_millis()
    )?;
    writeln!(
        out,
        "RSS: {resting} KiB at rest, {early} KiB after a quarter, {late} KiB at the end"
    )?;
    writeln!(
        out,
        "resyncs: {}, at most {} ms off",
        times.len(),
        worst.as_millis()
    )?;
    ensure!(
        late <= early + GROWTH_KIB,
        "memory grew by {} KiB",
        late - early
    );
    let expected = seconds / PERIOD.as_secs();
    ensure!(times.len() as u64 + 1 >= expected, "resyncs are missing");
    ensure!(worst <= LATE, "a resync was {} ms off", worst.as_millis());
    ensure!(
        u64::from(count) * 20 >= u64::from(rate) * seconds * 19,
        "the machine was too slow"
    );
    Ok(())
}

/// Serves the same profile to everybody, and notes when.
fn serve() -> anyhow::Result<(SocketAddr, Times)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let times = Times::default();
    let noted = Arc::clone(&times);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Instant::now());
            let body = "<flat-profile><GPP_A>1</GPP_A></flat-profile>";
            let mut head = [0; 4096];
            // A phone that has gone is missed in the count.
            let _ = stream.read(&mut head);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    Ok((address, times))
}

struct Phone {
    child: Child,
    pages: SocketAddr,
}

impl Phone {
    fn start(agent: &Path, home: &Path, server: SocketAddr) -> anyhow::Result<Self> {
        let command = || {
            let mut command = Command::new(agent);
            command
                .current_dir(home)
                .env("ONHOOK__STATE__DIR", home.join("state"))
                .env("ONHOOK__WEB__LISTEN", "127.0.0.1:0")
                .env("ONHOOK__OPTIONS__SOURCE", "static");
            command
        };
        for (name, value) in [
            ("Profile_Rule", format!("http://{server}/p.xml")),
            ("Resync_Periodic", PERIOD.as_secs().to_string()),
            ("Resync_Random_Delay", "0".to_owned()),
        ] {
            let set = command().args(["params", "set", name, &value]).status();
            ensure!(
                set.context("the agent cannot be started")?.success(),
                "{name} cannot be set"
            );
        }
        let mut child = command().arg("run").stderr(Stdio::piped()).spawn()?;
        let log = child.stderr.take().context("no log")?;
        let mut lines = BufReader::new(log).lines();
        let pages = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let behind = line.split_once("the pages are at http://")?.1.to_owned();
            behind.trim_end_matches('/').parse().ok()
        });
        // A full pipe would hold the phone up.
        thread::spawn(move || lines.for_each(drop));
        let Some(pages) = pages else {
            child.kill()?;
            bail!("the agent has no pages: build it with the feature web");
        };
        Ok(Self { child, pages })
    }

    fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.pages)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER))?;
        Ok(Connection {
            host: self.pages,
            stream: BufReader::new(stream),
        })
    }

    fn rss_kib(&mut self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .context("no VmRSS")?
            .parse()
            .context("VmRSS is no number")
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection that stays open.
struct Connection {
    host: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn get(&mut self, path: &str) -> anyhow::Result<()> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut length, mut line) = (0, String::new());
        self.stream.read_line(&mut line)?;
        ensure!(line.starts_with("HTTP/1.1 200"), "the page answers {line}");
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse()?;
                }
                Some(_) => {}
                None => break,
            }
        }
        let read = std::io::copy(&mut self.stream.by_ref().take(length), &mut std::io::sink())?;
        ensure!(read == length, "the page ended early");
        Ok(())
    }
}
