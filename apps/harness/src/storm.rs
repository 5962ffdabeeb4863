//! `storm`: many phones in virtual time.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, anyhow};
use onhook_storm::{Report, Scenario, Shard, Storm};

use crate::cli::storm::StormArgs;
use crate::failure::Done;
use crate::output::Readers;
use crate::{input, output};

/// Simulates a storm, or a shard of it.
pub(crate) fn storm(args: &StormArgs) -> Done {
    let scenario = match &args.scenario {
        None => Scenario::default(),
        Some(from) => {
            let content = input::bytes(from)?;
            let name = Path::new(from).display();
            let text =
                std::str::from_utf8(&content).with_context(|| format!("{name} is not UTF-8"))?;
            Scenario::parse(text).map_err(|error| anyhow!("{name}: {error}"))?
        }
    };
    let storm = Storm {
        phones: args.phones,
        days: args.days,
        seed: args.seed,
        scenario,
    };
    let shard = args.shard.map(|shard| Shard {
        number: shard.number,
        of: shard.of,
    });
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let report = storm.run(shard, threads)?;
    finish(&report, args.out.as_deref())
}

/// Writes the report, and says the most important of it unless the report itself goes to standard output.
pub(crate) fn finish(report: &Report, out: Option<&OsStr>) -> Done {
    if let Some(out) = out {
        output::write(out, report.to_json()?.as_bytes(), Readers::Everybody)?;
    }
    if out.is_none_or(|out| out != "-") {
        output::print(&summary(report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(report: &Report) -> String {
    let totals = &report.totals;
    let mut lines = vec![format!(
        "{} phones, {} days, seed {}: cells {} of {}",
        totals.phones,
        report.days,
        report.seed,
        report.cells.done.len(),
        report.cells.of
    )];
    if !report.is_whole() {
        lines.push("a part of the storm: `merge` adds the others".to_owned());
    }
    lines.push(format!(
        "{} resyncs, {} requests; {} phones provisioned",
        totals.started.values().sum::<u64>(),
        totals.requests,
        totals.provisioned
    ));
    for (title, sums) in [("causes", &totals.started), ("outcomes", &totals.ended)] {
        let sums: Vec<String> = sums.iter().map(|(key, n)| format!("{key} {n}")).collect();
        lines.push(format!("{title}: {}", sums.join(", ")));
    }
    if let Some((minute, requests)) = report.peak() {
        lines.push(format!(
            "busiest minute: {requests} requests, {} a second, day {} {:02}:{:02}",
            requests / 60,
            minute / 1440 + 1,
            minute / 60 % 24,
            minute % 60
        ));
    }
    lines.join("\n") + "\n"
}
