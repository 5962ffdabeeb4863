//! `storm`: many phones in virtual time.

mod setting;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, anyhow};
use onhook_figures::Threshold;
use onhook_storm::{
    Capacity, Comparison, Progress, Report, Shard, Storm, capacity_page, comparison_page, page,
};
use tokio::runtime::Builder;

use crate::cli::storm::StormArgs;
use crate::failure::{Done, FAILED, note};
use crate::places::Places;
use crate::stop::StopSignals;
use crate::{fleet, progress};

/// Simulates a storm or a shard of it, compares settings, or finds the capacity that a server needs.
pub(crate) fn storm(args: &StormArgs) -> Done {
    let storm = setting::storm(args)?;
    let variants = setting::variants(args, &storm)?;
    let thresholds = fleet::read::<Report>(&args.threshold)?;
    let shard = args.shard.as_ref().map(|shard| shard.read());
    let shard = shard.transpose()?;
    let to = Places {
        out: args.out.as_ref(),
        html: args.html.as_ref(),
        json: args.json,
    };
    to.check()?;
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if args.find_capacity {
        return find(storm, thresholds, threads, &to);
    }
    if !variants.is_empty() {
        let compared = play(move |progress| Comparison::run(&storm, &variants, threads, progress));
        let comparison = compared??;
        to.write(
            || comparison.to_json(),
            || comparison_page(&comparison, &thresholds),
            || comparison.text(&thresholds),
        )?;
        let good = comparison.is_good(&thresholds);
        return Ok(status(good, comparison.interrupted));
    }
    let shard = shard.map(|(number, of)| Shard { number, of });
    let report = play(move |progress| storm.run(shard, threads, progress))??;
    finish(&report, &thresholds, &to)?;
    Ok(judged(&report, &thresholds, &to))
}

/// Finds a capacity; that there is none, or no answer, is exit status 1.
fn find(storm: Storm, thresholds: Vec<Threshold>, threads: usize, to: &Places<'_>) -> Done {
    if thresholds.is_empty() {
        return Err(anyhow!(
            "--find-capacity: say what has to hold, for example with --threshold 'p99<500ms'"
        )
        .into());
    }
    let found = play(move |progress| Capacity::find(&storm, &thresholds, threads, progress))??;
    to.write(
        || found.to_json(),
        || capacity_page(&found),
        || found.text(),
    )?;
    Ok(status(found.least.is_some(), found.interrupted))
}

/// Runs something long, shows how far it is, and ends it early when somebody asks for that.
fn play<T: Send + 'static>(
    work: impl FnOnce(&Progress) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let mut signals = StopSignals::catch()?;
        let watched = Arc::new(Progress::default());
        let shown = Arc::clone(&watched);
        let shown = progress::show(move || {
            let (done, of) = shown.cells();
            format!("{done} of {of} cells")
        });
        let done = Arc::clone(&watched);
        let mut work = tokio::task::spawn_blocking(move || work(&done));
        let ended = tokio::select! {
            ended = &mut work => ended,
            () = signals.first() => {
                watched.stop();
                work.await
            }
        };
        drop(shown);
        ended.context("the simulation ended early: this is a fault of the program")
    })
}

/// Writes the report, and tells it unless the report itself goes to standard output.
pub(crate) fn finish(
    report: &Report,
    thresholds: &[Threshold],
    to: &Places<'_>,
) -> anyhow::Result<()> {
    to.write(
        || report.to_json(),
        || page(report, thresholds),
        || report.text(thresholds),
    )
}

/// The exit status; what failed is told on stderr if the report itself is for programs.
pub(crate) fn judged(report: &Report, thresholds: &[Threshold], to: &Places<'_>) -> ExitCode {
    for threshold in thresholds.iter().filter(|_| to.is_for_programs()) {
        let (holds, found) = threshold.judge(report);
        if !holds {
            note(&format!("{threshold} does not hold: {found}"));
        }
    }
    status(report.is_good(thresholds), report.interrupted)
}

fn status(good: bool, interrupted: bool) -> ExitCode {
    if interrupted {
        note("ended early: the report holds what had come to its end");
    }
    match good && !interrupted {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    }
}
