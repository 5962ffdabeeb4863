//! `fleet`: many live phones against somebody's server.

mod cast;
mod metrics;

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use anyhow::{Context, anyhow};
use onhook_dns::DnsResolver;
use onhook_driver::{Fetchers, Uploaders};
use onhook_figures::Measured;
use onhook_fleet::{Capacity, Fleet, Plan, Report, Shard, Sip, Threshold, Transports};
use onhook_http::{HttpFetch, Tls};
use onhook_schedule::phone_seed;
use onhook_system::{RealClock, key, system_time};
use onhook_tftp::{LocalPorts, TftpFetch};
use tokio::runtime::Builder;

use crate::cli::fleet::FleetArgs;
use crate::failure::{Done, FAILED, note};
use crate::output;
use crate::places::Places;
use crate::progress;
use crate::stop::StopSignals;
use crate::try_out::trust;

/// Plays a fleet, or a shard of it; thresholds decide the exit status.
pub(crate) fn fleet(args: &FleetArgs) -> Done {
    let plan = plan(args)?;
    plan.check()?;
    let to = Places {
        out: args.out.as_ref(),
        html: args.html.as_ref(),
        json: args.json,
    };
    to.check()?;
    let thresholds = thresholds(&args.threshold)?;
    if args.list {
        return list(&plan);
    }
    let cast = cast::of(args)?;
    let tls = trust(args.ca.as_deref(), None, cast.scope.family)?;
    let listeners = u64::from(args.metrics.is_some()) + u64::from(args.sip.is_some());
    Capacity::of_this_process().check(&plan, threads(args) as u64, listeners)?;
    let fleet = Fleet { plan, cast };
    let report = play(args, &fleet, tls)?;
    finish(&report, &thresholds, &to)?;
    Ok(judged(&report, &thresholds, to.is_for_programs()))
}

/// Runs the phones, with whoever wants to look at them meanwhile.
fn play(args: &FleetArgs, fleet: &Fleet, tls: Arc<Tls>) -> anyhow::Result<Report> {
    let live = fleet.live();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let report = runtime.block_on(async {
        let mut signals = StopSignals::catch()?;
        if let Some(address) = args.metrics {
            metrics::serve(address, live.clone()).await?;
        }
        let so_far = live.clone();
        let shown = progress::show(move || {
            let totals = so_far.totals();
            format!(
                "{} phones: {} requests, {} resyncs succeeded, {} failed",
                totals.phones, totals.requests, totals.succeeded, totals.failed
            )
        });
        let resolver = Arc::new(DnsResolver::default());
        let tftp = Arc::new(TftpFetch::new(resolver.clone(), LocalPorts::ephemeral()));
        let (names, seed, made) = (resolver.clone(), fleet.plan.seed, AtomicU64::new(0));
        let make = move |source: Option<IpAddr>| {
            // One transport draws each nonce once, and there is one for each request.
            let number = made.fetch_add(1, Ordering::Relaxed);
            let web = HttpFetch::new(names.clone(), phone_seed(seed, number));
            transports(web.with_tls(Arc::clone(&tls)), source, &tftp)
        };
        let transports = Transports {
            make: Arc::new(make),
            resolver: resolver.clone(),
            sip: match args.sip {
                Some(address) => Some(Sip {
                    address,
                    key: *key().context("--sip: no key")?,
                    system_time,
                }),
                None => None,
            },
            threads: threads(args),
        };
        let clock = Arc::new(RealClock::start("UTC")?);
        let report = fleet.run(transports, clock, &live, signals.first()).await;
        drop(shown);
        anyhow::Ok(report?)
    });
    // A transfer that was given up may still wait for its end.
    runtime.shutdown_background();
    report
}

fn threads(args: &FleetArgs) -> usize {
    let asked = args.threads.map(NonZeroUsize::get);
    asked.unwrap_or_else(|| available_parallelism().map_or(1, NonZeroUsize::get))
}

fn plan(args: &FleetArgs) -> anyhow::Result<Plan> {
    let source = args.source.as_deref().map(str::parse);
    let sources = source
        .transpose()
        .map_err(|why: String| anyhow!("--source: {why}"))?;
    let shard = args.shard.as_ref().map(|shard| shard.read());
    let shard = shard.transpose()?;
    let shard = shard.map(|(number, of)| Shard { number, of });
    Ok(Plan {
        phones: args.phones,
        shard,
        seed: args.seed,
        first_mac: args.first_mac.parse().context("--first-mac")?,
        ramp_ms: args.ramp,
        duration_ms: args.duration,
        sources,
        at_once: args.at_once,
    })
}

/// The transports of a phone that comes from an address.
fn transports(
    web: HttpFetch,
    source: Option<IpAddr>,
    tftp: &Arc<TftpFetch>,
) -> (Fetchers, Uploaders) {
    let web = Arc::new(match source {
        Some(source) => web.from_address(source),
        None => web,
    });
    let fetchers = Fetchers {
        http: Some(web.clone()),
        https: Some(web.clone()),
        tftp: Some(tftp.clone()),
    };
    let uploaders = Uploaders {
        http: Some(web.clone()),
        https: Some(web),
        tftp: Some(tftp.clone()),
    };
    (fetchers, uploaders)
}

/// What has to hold: without anything asked for, that nothing fails.
pub(crate) fn thresholds(asked: &[String]) -> anyhow::Result<Vec<Threshold>> {
    if asked.is_empty() {
        return Ok(vec![Threshold::no_failures()]);
    }
    read::<Report>(asked)
}

/// Conditions for reports of one kind.
pub(crate) fn read<R: Measured>(asked: &[String]) -> anyhow::Result<Vec<Threshold>> {
    let read = |text: &String| Threshold::read::<R>(text).context("--threshold");
    asked.iter().map(read).collect()
}

fn list(plan: &Plan) -> Done {
    let mut text = String::new();
    for member in plan.members() {
        let source = member.source.map_or("-".to_owned(), |ip| ip.to_string());
        let line = format!(
            "{} {} {} {source}\n",
            member.index, member.mac, member.serial
        );
        text.push_str(&line);
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the report, and tells it unless the report itself goes to standard output.
pub(crate) fn finish(
    report: &Report,
    thresholds: &[Threshold],
    to: &Places<'_>,
) -> anyhow::Result<()> {
    to.write(
        || report.to_json(),
        || onhook_fleet::page(report, thresholds),
        || report.text(thresholds),
    )
}

/// The exit status; what failed is told on stderr if the report itself is for programs.
pub(crate) fn judged(report: &Report, thresholds: &[Threshold], machine: bool) -> ExitCode {
    for threshold in thresholds.iter().filter(|_| machine) {
        let (holds, found) = threshold.judge(report);
        if !holds {
            note(&format!("{threshold} does not hold: {found}"));
        }
    }
    match report.is_good(thresholds) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    }
}
