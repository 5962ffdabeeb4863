//! `store-commit` and `store-commit-one`: a changed configuration, from memory to the medium.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use onhook_flash_store::FlashStore;
use onhook_params::port::{ConfigStore as _, StoredParam};
use onhook_params::{ParamId, Scope};
use redb::{Database, TableDefinition};
use serde_json::json;

use crate::measure::Timing;
use crate::peers::find;
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};

/// Changing all parameters.
pub(crate) const ALL: Change = Change {
    name: "store-commit",
    about: "one durable commit that changes 1,000 parameters; every store on the same file system",
    parameters: PARAMETERS,
};
/// Changing one of them.
pub(crate) const ONE: Change = Change {
    name: "store-commit-one",
    about: "one durable commit that changes one parameter of 1,000; every store on the same file system",
    parameters: 1,
};

/// What a commit changes.
pub(crate) struct Change {
    /// The name of the benchmark.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) about: &'static str,
    parameters: usize,
}

const PARAMETERS: usize = 1_000;
/// Commits in one round.
const COMMITS: u32 = 7;
const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("params");

/// Changes of some parameters in the n-th commit.
fn changes(n: u32, parameters: usize) -> Vec<StoredParam> {
    ParamId::all(&Scope::default())
        .take(parameters)
        .enumerate()
        .map(|(at, id)| StoredParam {
            id,
            value: Some(format!("value {n} of {at}").into()),
            access: None,
            user_set: false,
        })
        .collect()
}

/// Runs a benchmark.
pub(crate) fn run(change: &Change, plan: &Plan) -> anyhow::Result<Benchmark> {
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let ours = Ours::open(&folder.path().join("ours"))?;
    let (file, script) = (folder.path().join("db"), folder.path().join("commit.py"));
    std::fs::write(&script, include_str!("../peers/commit.py"))
        .with_context(|| format!("writing {}", script.display()))?;
    let database = Database::create(folder.path().join("redb")).context("opening redb")?;
    ours.commit(u32::MAX, PARAMETERS)?;
    commit_redb(&database, u32::MAX, PARAMETERS)?;
    let parameters = change.parameters;
    let (mut times, mut redb, mut sqlite) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = Bytes::default();
    let python = match (plan.peers, find("python3")) {
        (false, _) => Err("--peers was not given".to_owned()),
        (true, None) => Err("python3 is not installed".to_owned()),
        (true, Some(python)) => Ok(python),
    };
    for round in 0..plan.rounds {
        let before = written();
        times.push(middle(|n| ours.commit(round * COMMITS + n, parameters))?);
        bytes.ours = each(before);
        if let Ok(python) = &python {
            let before = written();
            redb.push(middle(|n| {
                commit_redb(&database, round * COMMITS + n, parameters)
            })?);
            bytes.redb = each(before);
            let (seconds, written) = commit_sqlite(python, &script, &file, parameters)?;
            sqlite.push(seconds);
            bytes.sqlite = Some(written);
        }
    }
    let file_bytes = std::fs::metadata(folder.path().join("ours/params.bin"))
        .context("looking at the file")?
        .len();
    let timing = Timing::of(times);
    let rate = 1.0 / timing.median_s;
    let why = python.as_ref().err().cloned();
    let measured = |times: Vec<f64>| match &why {
        Some(why) => Err(why.clone()),
        None => Ok(Timing::of(times)),
    };
    Ok(Benchmark {
        name: change.name,
        about: change.about,
        counts: json!({
            "parameters": PARAMETERS,
            "changed": parameters,
            "file_bytes": file_bytes,
            "syncs": 2,
            "written": { "ours": bytes.ours, "redb": bytes.redb, "sqlite": bytes.sqlite },
        }),
        line: format!(
            "{parameters} of {PARAMETERS} parameters, a file of {file_bytes} bytes and 2 syncs a commit, {rate:.0} commits a second; \
             written for a commit: {bytes}"
        ),
        peers: vec![
            Peer::new(
                "redb",
                "one write transaction of as many inserts, durability immediate",
                "ours",
                &timing,
                measured(redb),
            ),
            Peer::new(
                "SQLite",
                "one transaction of as many rows, synchronous=FULL, rollback journal, from Python",
                "ours",
                &timing,
                measured(sqlite),
            ),
        ],
        sides: vec![Side {
            name: "ours",
            about: "read, merge, write, flush, rename twice, flush the directory",
            timing,
            cpu: None,
        }],
    })
}

/// What one commit of the last round made the system write, where it tells.
#[derive(Default)]
struct Bytes {
    ours: Option<u64>,
    redb: Option<u64>,
    sqlite: Option<u64>,
}

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [
            ("ours", self.ours),
            ("redb", self.redb),
            ("SQLite", self.sqlite),
        ];
        let known = all
            .into_iter()
            .filter_map(|(name, bytes)| Some((name, bytes?)));
        for (at, (name, bytes)) in known.enumerate() {
            write!(f, "{}{name} {bytes} bytes", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Bytes that this process has had written to media.
fn written() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/self/io").ok()?;
    let line = counters
        .lines()
        .find(|line| line.starts_with("write_bytes:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Bytes for each commit of a round since a count.
fn each(before: Option<u64>) -> Option<u64> {
    Some((written()? - before?) / u64::from(COMMITS))
}

/// Seconds of the middle commit of a round.
fn middle(mut commit: impl FnMut(u32) -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let times = (0..COMMITS)
        .map(&mut commit)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Timing::of(times).median_s)
}

struct Ours {
    store: FlashStore,
    runtime: tokio::runtime::Runtime,
}

impl Ours {
    fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: FlashStore::open(path, Scope::default())?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .context("starting the runtime")?,
        })
    }

    fn commit(&self, n: u32, parameters: usize) -> anyhow::Result<f64> {
        let changes = changes(n, parameters);
        let start = Instant::now();
        let written = self.runtime.block_on(self.store.commit(changes))?;
        let seconds = start.elapsed().as_secs_f64();
        ensure!(written, "nothing was written");
        Ok(seconds)
    }
}

fn commit_redb(database: &Database, n: u32, parameters: usize) -> anyhow::Result<f64> {
    let changes: Vec<(String, String)> = (0..parameters)
        .map(|at| (format!("parameter_{at}"), format!("value {n} of {at}")))
        .collect();
    let start = Instant::now();
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(TABLE)?;
        for (name, value) in &changes {
            table.insert(name.as_str(), value.as_str())?;
        }
    }
    transaction.commit()?;
    Ok(start.elapsed().as_secs_f64())
}

fn commit_sqlite(
    python: &Path,
    script: &Path,
    file: &Path,
    parameters: usize,
) -> anyhow::Result<(f64, u64)> {
    let output = Command::new(python)
        .args([script, file])
        .args([PARAMETERS, parameters, COMMITS as usize].map(|n| n.to_string()))
        .output()
        .context("starting python3")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut words = said.split_whitespace();
    let seconds = words.next().and_then(|word| word.parse().ok());
    let written = words.next().and_then(|word| word.parse().ok());
    seconds
        .zip(written)
        .with_context(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
