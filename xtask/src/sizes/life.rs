//! An idle phone, from its start to its first packet and to rest.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Starts that are timed.
const STARTS: usize = 21;
/// Longest wait for a packet.
const DEADLINE: Duration = Duration::from_secs(10);
/// How often the phone is asked whether it rests.
const LOOK: Duration = Duration::from_millis(20);
/// An error of TFTP that ends the request: code 1, file not found.
const NO_FILE: &[u8] = b"\0\x05\0\x01none\0";

/// What was measured.
pub(super) struct Life {
    pub(super) resident_kb: u64,
    /// Shared pages count in parts.
    pub(super) proportional_kb: u64,
    /// Memory that the process has written to, which nobody can share.
    pub(super) private_dirty_kb: u64,
    /// Pages of the program file that no other process maps right now, which the kernel can drop at any time.
    pub(super) private_clean_kb: u64,
    /// From the start of the process to its first request: fastest, median and slowest start.
    pub(super) first_packet_ms: [f64; 3],
}

/// A phone that ends with this value.
struct Phone(Child);

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Starts the phone several times with a TFTP server that has no file for it.
pub(super) fn measure(program: &Path, folder: &Path, more: &str) -> Result<Life> {
    let server = UdpSocket::bind(("127.0.0.1", 0))?;
    server.set_read_timeout(Some(DEADLINE))?;
    let config = folder.join("agent.toml");
    let state = folder.join("state");
    let text = format!(
        "[state]\ndir = {state:?}\n[options]\nstatic = {{ \"66\" = \"tftp://{}\" }}\n{more}",
        server.local_addr()?
    );
    fs::write(&config, text)?;
    if state.exists() {
        fs::remove_dir_all(&state)?;
    }
    set(program, &config, "Resync_Random_Delay", "0")?;
    let mut times = Vec::with_capacity(STARTS);
    for _ in 1..STARTS {
        let (phone, time) = start(program, &config, &server)?;
        times.push(time);
        drop(phone);
    }
    let (phone, time) = start(program, &config, &server)?;
    times.push(time);
    times.sort_by(f64::total_cmp);
    rest(program, &config)?;
    let id = phone.0.id();
    let memory = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))
        .context("reading the memory of the phone, which needs Linux")?;
    let kb = |key: &str| -> Result<u64> {
        let line = memory.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number
            .with_context(|| format!("no {key} in {memory}"))?
            .parse()?)
    };
    let time = |at: usize| times.get(at).copied().unwrap_or_default();
    Ok(Life {
        resident_kb: kb("Rss:")?,
        proportional_kb: kb("Pss:")?,
        private_dirty_kb: kb("Private_Dirty:")?,
        private_clean_kb: kb("Private_Clean:")?,
        first_packet_ms: [time(0), time(STARTS / 2), time(STARTS - 1)],
    })
}

/// Starts a phone; the milliseconds until it asks the server for its profile.
fn start(program: &Path, config: &Path, server: &UdpSocket) -> Result<(Phone, f64)> {
    let mut packet = [0; 1024];
    server.set_nonblocking(true)?;
    while server.recv(&mut packet).is_ok() {}
    server.set_nonblocking(false)?;
    let begin = Instant::now();
    let phone = Phone(
        command(program, config, &["run"])
            .spawn()
            .context("starting the phone")?,
    );
    let (_, peer) = server
        .recv_from(&mut packet)
        .context("the phone did not ask for its profile")?;
    let time = begin.elapsed().as_secs_f64() * 1e3;
    server.send_to(NO_FILE, peer)?;
    Ok((phone, time))
}

/// Waits until the phone has nothing to do but to wait for its next resync.
fn rest(program: &Path, config: &Path) -> Result<()> {
    let end = Instant::now() + DEADLINE;
    while Instant::now() < end {
        let output = command(program, config, &["status", "--json"])
            .stdout(Stdio::piped())
            .output()?;
        let status = String::from_utf8_lossy(&output.stdout);
        if status.contains("\"state\": \"waiting") || status.contains("\"state\": \"error") {
            return Ok(());
        }
        std::thread::park_timeout(LOOK);
    }
    bail!("the phone did not come to rest")
}

fn set(program: &Path, config: &Path, name: &str, value: &str) -> Result<()> {
    let status = command(program, config, &["params", "set", name, value]).status()?;
    anyhow::ensure!(status.success(), "{name} could not be set");
    Ok(())
}

fn command(program: &Path, config: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .arg("--config")
        .arg(config)
        .env_remove("NOTIFY_SOCKET")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
