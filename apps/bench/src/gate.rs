//! `gate`: the instructions that a unit of work takes, as valgrind counts them, beside those that were written down.
//!
//! Instructions do not depend on who else uses the machine. What a program takes to start is left out: each work is done once and
//! twice as often, and the difference counts.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::aims::figure;
use crate::{engine, language, peers, pipeline, stages};

/// A work whose instructions are counted, and how many units of it are done.
struct Work {
    name: &'static str,
    times: u32,
    run: fn(u32) -> anyhow::Result<()>,
}

const WORKS: [Work; 6] = [
    Work {
        name: language::RULE,
        times: 1000,
        run: language::work_rule,
    },
    Work {
        name: language::CONDITION,
        times: 10_000,
        run: language::work_condition,
    },
    Work {
        name: engine::NAME,
        times: 500,
        run: engine::work,
    },
    Work {
        name: pipeline::NAME,
        times: 3,
        run: pipeline::work,
    },
    Work {
        name: stages::INFLATE,
        times: 10,
        run: stages::work_inflate,
    },
    Work {
        name: stages::AES,
        times: 10,
        run: stages::work_aes,
    },
];

/// How far a count may be from what is written down: one part in so many. Another processor has other ways to copy memory.
const TOLERANCE: u64 = 33;

/// What is written down.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    /// The processor.
    machine: String,
    /// Instructions for a unit of each work.
    instructions: BTreeMap<String, u64>,
}

/// Counts, and compares or writes down; whether nothing differs.
pub(crate) fn gate(path: &Path, write: bool) -> anyhow::Result<bool> {
    ensure!(
        !cfg!(debug_assertions),
        "a build that is not optimized has other instructions: build with --release"
    );
    ensure!(
        peers::find("valgrind").is_some(),
        "valgrind is not installed: it counts the instructions"
    );
    let mut instructions = BTreeMap::new();
    for work in &WORKS {
        let once = counted(work.name, work.times)?;
        let twice = counted(work.name, work.times * 2)?;
        let each = twice.saturating_sub(once) / u64::from(work.times);
        instructions.insert(work.name.to_owned(), each);
    }
    let machine = std::env::consts::ARCH.to_owned();
    let found = Baseline {
        machine,
        instructions,
    };
    if write {
        let text = serde_json::to_string_pretty(&found)? + "\n";
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let written: Baseline =
        serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    ensure!(
        written.machine == found.machine,
        "{} is of {}, and this is {}: write your own with --write --baseline FILE",
        path.display(),
        written.machine,
        found.machine
    );
    let mut out = std::io::stdout();
    let mut is_good = true;
    for (line, fits) in compare(&written.instructions, &found.instructions) {
        writeln!(out, "{line}")?;
        is_good &= fits;
    }
    Ok(is_good)
}

/// A line for each work, and whether it takes what is written down.
fn compare(written: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) -> Vec<(String, bool)> {
    let names = written.keys().chain(found.keys());
    let mut names: Vec<&String> = names.collect();
    names.sort();
    names.dedup();
    let judge = |name: &&String| match (written.get(*name), found.get(*name)) {
        (Some(written), Some(found)) => {
            let change = (*found as f64 / *written as f64 - 1.0) * 100.0;
            let fits = found.abs_diff(*written) <= written / TOLERANCE;
            let verdict = match fits {
                true => "as before",
                false if found > written => "MORE: find out why, or write it down with --write",
                false => "fewer: write it down with --write, so that it stays so",
            };
            let (found, written) = (figure(*found as f64), figure(*written as f64));
            let line = format!(
                "{name}: {found} instructions, written down {written} ({change:+.1} %): {verdict}"
            );
            (line, fits)
        }
        (None, _) => (
            format!("{name}: not written down: do so with --write"),
            false,
        ),
        (_, None) => (
            format!("{name}: not measured any more: write it down with --write"),
            false,
        ),
    };
    names.iter().map(judge).collect()
}

/// The instructions of the whole program for so many units.
fn counted(name: &str, times: u32) -> anyhow::Result<u64> {
    let program = std::env::current_exe().context("finding the own program")?;
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        .arg(program)
        .args(["work", name, &times.to_string()])
        .output()
        .context("starting valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {said}");
    refs(&said).with_context(|| format!("valgrind counted nothing: {said}"))
}

/// The count in what valgrind says: `==1== I refs: 1,234`.
fn refs(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| {
        let mut words = line.split_whitespace().skip(1);
        words.next() == Some("I") && words.next() == Some("refs:")
    })?;
    line.rsplit(' ').next()?.replace(',', "").parse().ok()
}

/// Does a work so many times.
pub(crate) fn work(name: &str, times: u32) -> anyhow::Result<()> {
    match WORKS.iter().find(|work| work.name == name) {
        Some(work) => (work.run)(times),
        None => bail!("the instructions of `{name}` are not counted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
        let list = list.iter();
        list.map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn a_count_that_leaves_its_place_either_way_is_told() {
        let written = counts(&[
            ("a", 3300),
            ("b", 3300),
            ("c", 3300),
            ("d", 3300),
            ("gone", 1),
        ]);
        let found = counts(&[
            ("a", 3400),
            ("b", 3401),
            ("c", 3200),
            ("d", 3199),
            ("new", 1),
        ]);
        let lines = compare(&written, &found);
        let fits: Vec<_> = lines.iter().map(|(_, fits)| *fits).collect();
        assert_eq!(fits, [true, false, true, false, false, false]);
        assert!(lines[1].0.contains("(+3.1 %): MORE"), "{}", lines[1].0);
        assert!(lines[3].0.contains("fewer"), "{}", lines[3].0);
        assert!(lines[4].0.contains("not measured any more"));
        assert!(lines[5].0.contains("not written down"));
    }

    #[test]
    fn valgrind_is_understood() {
        let said = "==7== Cachegrind\n==7== \n==7== I refs:        1,234,567\n";
        assert_eq!(refs(said), Some(1_234_567));
        assert_eq!(refs("==7== I   refs:      42\n"), Some(42));
        assert_eq!(refs("==7== nothing"), None);
    }

    #[test]
    fn each_work_can_be_done() {
        for name in WORKS.iter().map(|work| work.name) {
            work(name, 1).unwrap();
        }
        assert!(work("nonsense", 1).is_err());
    }
}
