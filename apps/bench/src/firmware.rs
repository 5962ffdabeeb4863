//! `load-fetch`: a load of 64 MiB from nginx, checked, written and on the medium, beside curl, sha256sum and sync.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use onhook_ed25519::SigningKey;
use onhook_upgrade::{Draft, Hasher, Signature, signed};
use serde_json::json;

use crate::beside::beside;
use crate::measure::Timing;
use crate::peers;
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};
use crate::web::{Server, missing};

/// What it is called.
pub(crate) const NAME: &str = "load-fetch";
/// What it measures.
pub(crate) const ABOUT: &str = "a firmware load of 64 MiB from nginx over HTTP: fetched, its digests checked, written to a slot, flushed and read back";

const SIZE: usize = 64 << 20;
const BLOCK: u32 = 256 * 1024;
const LOAD: &str = "sip88xx.12-0-1MPP0001-100";
pub(crate) const OURS: &str = "onhook-agent";

/// Ours beside curl.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Benchmark> {
    let mut benchmark = Benchmark {
        name: NAME,
        about: ABOUT,
        counts: json!({ "bytes": SIZE, "block": BLOCK }),
        line: String::new(),
        sides: Vec::new(),
        peers: Vec::new(),
    };
    let tools = ["nginx", "taskset", "curl", "sha256sum", "sync"];
    if let Some(why) = missing(plan, &tools) {
        return Ok(benchmark.skipped(&why));
    }
    let agent = match beside(OURS)? {
        Ok(agent) => agent,
        Err(why) => return Ok(benchmark.skipped(&why)),
    };
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let server = Server::start(folder.path(), None)?;
    let digest = put_load(folder.path())?;
    let (mut ours, mut theirs, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let (seconds, peak) = upgrade(&agent, folder.path(), server.port, round)?;
        ours.push(seconds);
        peaks.push(peak);
        let line = format!(
            "curl -s -o slot.img http://127.0.0.1:{}/rootfs.img && echo '{digest}  slot.img' | sha256sum -c --quiet && sync slot.img",
            server.port
        );
        let shell = ["-c", &line];
        theirs.push(peers::timed(
            Command::new("sh").args(shell).current_dir(folder.path()),
        )?);
        fs::remove_file(folder.path().join("slot.img"))?;
    }
    peaks.sort_unstable();
    let peak = peaks.last().copied().unwrap_or_default();
    benchmark.counts = json!({ "bytes": SIZE, "block": BLOCK, "peak_kib": peak });
    benchmark.line = format!("RSS of the agent: at most {peak} KiB");
    let timing = Timing::of(ours);
    let about = "curl -o FILE && sha256sum FILE && sync FILE: three processes and a shell";
    let result = Ok(Timing::of(theirs));
    benchmark
        .peers
        .push(Peer::new("curl", about, OURS, &timing, result));
    benchmark.sides.push(Side {
        name: OURS,
        about: "from `ctl upgrade` to the event that the load is in its slot",
        timing,
        cpu: None,
    });
    Ok(benchmark)
}

/// Puts a load and its key into the folder; the digest of its component.
fn put_load(folder: &Path) -> anyhow::Result<String> {
    let bytes: Vec<u8> = (0..SIZE).map(|n| (n * 31 + n / 4093) as u8).collect();
    let mut hasher = Hasher::new(BLOCK);
    hasher.update(&bytes);
    let component = hasher.finish("rootfs.img".to_owned());
    let digest = component.sha256.to_string();
    fs::write(folder.join("root/rootfs.img"), bytes)?;
    let draft = Draft {
        name: LOAD.to_owned(),
        family: "sip88xx".to_owned(),
        version: "12-0-1MPP0001-100".to_owned(),
        counter: 0,
        block_size: BLOCK,
        components: vec![component],
    };
    let (key, _) = SigningKey::generate()?;
    let message = draft.text()?;
    let signature = Signature {
        key: key.public().id(),
        bytes: key.sign(message.as_bytes()),
    };
    let manifest = signed(&message, &signature);
    fs::write(folder.join("root").join(format!("{LOAD}.loads")), manifest)?;
    fs::write(folder.join("key.pem"), key.public().to_pem())?;
    Ok(digest)
}

/// A phone that runs; ended when it is dropped.
struct Phone {
    child: Child,
    events: BufReader<ChildStdout>,
}

impl Phone {
    fn event(&mut self, name: &str) -> anyhow::Result<String> {
        let wanted = format!("\"event\":\"{name}\"");
        let mut line = String::new();
        while self.events.read_line(&mut line)? > 0 {
            if line.contains(&wanted) {
                return Ok(line);
            }
            line.clear();
        }
        bail!("the phone ended before {name}")
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One upgrade of a phone from the factory: seconds, and its largest memory in KiB.
fn upgrade(agent: &Path, folder: &Path, port: u16, round: u32) -> anyhow::Result<(f64, u64)> {
    let home = folder.join(format!("phone-{round}"));
    fs::create_dir(&home)?;
    let at = |name: &str| home.join(name).display().to_string();
    let config = home.join("agent.toml");
    // A boot loader that cannot be told keeps the phone from ending before its memory is looked at.
    let text = format!(
        "[state]\ndir = \"{}\"\n[web]\nlisten = \"off\"\n[firmware]\nkeys = \"{}\"\nslot_a = \"{}\"\nslot_b = \"{}\"\nrunning = \"a\"\nhook = \"/bin/false\"\n",
        at("state"),
        folder.join("key.pem").display(),
        at("a.img"),
        at("b.img")
    );
    fs::write(&config, text)?;
    let word = |words: &[&str]| {
        let mut command = Command::new(agent);
        command.args(words).arg("--config").arg(&config);
        command
    };
    // A phone that shares loads listens for a second whether another one has it.
    for set in [
        ("Resync_Random_Delay", "0"),
        ("Profile_Rule", ""),
        ("Peer_Firmware_Sharing", "No"),
    ] {
        peers::timed(&mut word(&["params", "set", set.0, set.1]))?;
    }
    let mut child = word(&["run", "--events", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting the agent")?;
    let events = child.stdout.take().context("no events")?;
    let events = BufReader::new(events);
    let mut phone = Phone { child, events };
    phone.event("resync.done")?;
    let url = format!("http://127.0.0.1:{port}/{LOAD}.loads");
    let start = Instant::now();
    peers::timed(&mut word(&["ctl", "upgrade", &url]))?;
    let done = phone.event("upgrade.done")?;
    let seconds = start.elapsed().as_secs_f64();
    if !done.contains("A.upgraded") {
        bail!("the load was not taken: {done}");
    }
    let peak = peers::peak_kib(phone.child.id())?;
    drop(phone);
    forget(&home)?;
    Ok((seconds, peak))
}

/// Removes what an upgrade has left, and waits until the medium has nothing more to do for it.
fn forget(home: &PathBuf) -> anyhow::Result<()> {
    fs::remove_dir_all(home)?;
    peers::timed(&mut Command::new("sync"))?;
    std::thread::park_timeout(Duration::from_millis(50));
    Ok(())
}
