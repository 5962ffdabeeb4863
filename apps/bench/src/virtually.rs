//! `storm-day`, `storm-week` and `subnet-share`: many phones in virtual time, as a whole process.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::beside::beside;
use crate::measure::Timing;
use crate::peers::{cpu_seconds, peak_kib};
use crate::plan::Plan;
use crate::report::{Benchmark, Side};

pub(crate) const OURS: &str = "onhook-harness, as a whole process";

/// A storm of so many days.
pub(crate) struct Storm {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    days: u32,
    /// It takes minutes, so one round has to do.
    once: bool,
}

/// One day.
pub(crate) const DAY: Storm = Storm {
    name: "storm-day",
    about: "a million phones in virtual time for a day, hourly `3600+600`, two alternatives with a condition, 1 % failures with a retry list",
    days: 1,
    once: false,
};
/// One week.
pub(crate) const WEEK: Storm = Storm {
    name: "storm-week",
    about: "the same for seven days, one round",
    days: 7,
    once: true,
};
/// The name of the benchmark of a subnet.
pub(crate) const SUBNET: &str = "subnet-share";
/// What it measures.
pub(crate) const ABOUT_SUBNET: &str = "200 phones that get a load of 20 MiB from a server of 10 MB/s, sharing it and each alone, in virtual time";

/// A build that was not optimized shows the form of the results alone.
const PHONES: u32 = if cfg!(debug_assertions) {
    100
} else {
    1_000_000
};
const SCENARIO: &str = r#"
capacity = 0.0
latency_ms = 50
failures = 0.01
failure = "unavailable"
[params]
Profile_Rule = "($SWVER ge sip88xx.11-0-0)? http://prov.example/$MA.xml | http://prov.example/old.xml"
Resync_Periodic = "3600+600"
Resync_Error_Retry_Delay = "60,120,240,480"
"#;

fn begun(name: &'static str, about: &'static str, counts: Value) -> Benchmark {
    Benchmark {
        name,
        about,
        counts,
        line: String::new(),
        sides: Vec::new(),
        peers: Vec::new(),
    }
}

/// Runs a storm.
pub(crate) fn storm(storm: &Storm, plan: &Plan) -> anyhow::Result<Benchmark> {
    let counts = json!({ "phones": PHONES, "days": storm.days });
    let mut benchmark = begun(storm.name, storm.about, counts);
    let harness = match beside("onhook-harness")? {
        Ok(harness) => harness,
        Err(why) => return Ok(benchmark.skipped(&why)),
    };
    let (mut seconds, mut cpu, mut peak) = (Vec::new(), Vec::new(), 0);
    let rounds = if storm.once { 1 } else { plan.rounds };
    for _ in 0..rounds {
        let before = cpu_seconds()?;
        let start = Instant::now();
        peak = peak.max(run(&harness, storm.days)?);
        seconds.push(start.elapsed().as_secs_f64());
        cpu.push(cpu_seconds()? - before);
    }
    let (timing, cpu) = (Timing::of(seconds), Timing::of(cpu));
    benchmark.line = format!(
        "{PHONES} phones, {} days; {:.1} s on all processors, {:.1} s of them; at most {peak} KiB",
        storm.days, timing.median_s, cpu.median_s
    );
    benchmark.counts = json!({ "phones": PHONES, "days": storm.days, "peak_kib": peak });
    benchmark.sides.push(Side {
        name: OURS,
        about: "the engine of each phone, a model of the server",
        timing,
        cpu: Some(cpu),
    });
    Ok(benchmark)
}

/// Runs one storm to its end; the most memory that it had, in KiB.
fn run(harness: &Path, days: u32) -> anyhow::Result<u64> {
    let mut child = Command::new(harness)
        .args(["storm", "--scenario", "-", "--out", "/dev/null"])
        .args(["--phones", &PHONES.to_string(), "--days", &days.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("starting the harness")?;
    let mut input = child.stdin.take().context("its input")?;
    input.write_all(SCENARIO.as_bytes())?;
    drop(input);
    let (id, mut peak) = (child.id(), 0);
    let (tell, ended) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait()));
    let status = loop {
        match ended.recv_timeout(Duration::from_millis(20)) {
            Ok(status) => break status?,
            Err(RecvTimeoutError::Disconnected) => bail!("nobody waits for the harness"),
            // A program that has just ended tells no memory.
            Err(RecvTimeoutError::Timeout) => peak = peak.max(peak_kib(id).unwrap_or_default()),
        }
    };
    ensure!(status.success(), "the harness failed: {status}");
    Ok(peak)
}

/// Runs the benchmark of a subnet.
pub(crate) fn subnet(_plan: &Plan) -> anyhow::Result<Benchmark> {
    let mut benchmark = begun(SUBNET, ABOUT_SUBNET, json!({}));
    let harness = match beside("onhook-harness")? {
        Ok(harness) => harness,
        Err(why) => return Ok(benchmark.skipped(&why)),
    };
    let [sharing, alone] = [&[][..], &["--no-sharing"]].map(|more| {
        let output = Command::new(&harness)
            .args(["subnet", "--phones", "200", "--load-size", "20MiB"])
            .args(["--server", "10MB/s", "--link", "100Mb/s", "--out", "-"])
            .args(more)
            .output()
            .context("starting the harness")?;
        if !output.status.success() {
            bail!("the harness failed: {}", output.status);
        }
        serde_json::from_slice::<Value>(&output.stdout).context("reading what it found")
    });
    let figure = |of: &Value, path: &str| {
        let figure = of.pointer(path).and_then(Value::as_f64);
        figure.with_context(|| format!("the harness tells no {path}"))
    };
    let (sharing, alone) = (sharing?, alone?);
    let loads = figure(&sharing, "/server/loads")?;
    let sharing = figure(&sharing, "/last_ms")?;
    let alone = figure(&alone, "/last_ms")?;
    benchmark.counts =
        json!({ "phones": 200, "loads": loads, "sharing_ms": sharing, "alone_ms": alone });
    benchmark.line = format!(
        "the server sends {loads} loads, all have theirs after {sharing} ms; {alone} ms if each asks alone"
    );
    Ok(benchmark)
}
