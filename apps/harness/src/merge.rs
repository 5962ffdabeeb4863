//! `merge`: shards of a storm, or of a fleet, as one report.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cli::storm::MergeArgs;
use crate::failure::{Done, FAILED, note};
use crate::places::Places;
use crate::{fleet, input, storm};

/// What a report says of itself.
#[derive(Deserialize)]
struct Kind {
    schema: String,
}

/// Adds the reports of shards up.
pub(crate) fn merge(args: &MergeArgs) -> Done {
    let mut files = Vec::new();
    for from in &args.reports {
        files.push((from, input::bytes(from)?));
    }
    let mut kinds = Vec::new();
    for (from, content) in &files {
        let kind: Kind = serde_json::from_slice(content)
            .with_context(|| format!("{} is no report of a storm or a fleet", name(from)))?;
        kinds.push(kind.schema);
    }
    let first = kinds.first().cloned().unwrap_or_default();
    for ((from, _), kind) in files.iter().zip(&kinds) {
        if *kind != first {
            bail_kinds(from, kind, &first)?;
        }
    }
    if first.starts_with("onhook.fleet/") {
        let reports = all(&files, "a fleet")?;
        let sum = onhook_fleet::merge(&reports)
            .map_err(|error| anyhow!("{}{error}", whose(&files, error.number())))?;
        return merged_fleet(&sum, args);
    }
    let reports = all(&files, "a storm")?;
    let sum = onhook_storm::merge(&reports)
        .map_err(|error| anyhow!("{}{error}", whose(&files, error.number())))?;
    merged_storm(&sum, args)
}

/// The file of a report by its number, which the sum could not be made with.
fn whose(files: &Files<'_>, number: Option<usize>) -> String {
    let file = number.and_then(|number| files.get(number.checked_sub(1)?));
    file.map(|(from, _)| format!("{}: ", name(from)))
        .unwrap_or_default()
}

/// What was read, and from where.
type Files<'f> = [(&'f OsString, zeroize::Zeroizing<Vec<u8>>)];

fn name(from: &OsString) -> std::path::Display<'_> {
    Path::new(from).display()
}

fn bail_kinds(from: &OsString, kind: &str, first: &str) -> anyhow::Result<()> {
    bail!(
        "{} is of the kind {kind}, the first report of the kind {first}: they do not add up",
        name(from)
    )
}

fn all<T: DeserializeOwned>(files: &Files<'_>, of: &str) -> anyhow::Result<Vec<T>> {
    files
        .iter()
        .map(|(from, content)| {
            serde_json::from_slice(content)
                .with_context(|| format!("{} is no report of {of}", name(from)))
        })
        .collect()
}

fn places(args: &MergeArgs) -> Places<'_> {
    Places {
        out: args.out.as_ref(),
        html: args.html.as_ref(),
        json: false,
    }
}

/// Writes the sum, and judges it as a run is judged; a sum that lacks shards is not good.
fn merged_fleet(report: &onhook_fleet::Report, args: &MergeArgs) -> Done {
    let thresholds = fleet::thresholds(&args.threshold)?;
    let to = places(args);
    fleet::finish(report, &thresholds, &to)?;
    if !report.is_whole() {
        note("the sum is not judged good: reports of other shards are missing");
        return Ok(ExitCode::from(FAILED));
    }
    Ok(fleet::judged(report, &thresholds, to.is_for_programs()))
}

/// The same for a storm.
fn merged_storm(report: &onhook_storm::Report, args: &MergeArgs) -> Done {
    let thresholds = fleet::read::<onhook_storm::Report>(&args.threshold)?;
    let to = places(args);
    storm::finish(report, &thresholds, &to)?;
    let status = storm::judged(report, &thresholds, &to);
    if !report.is_whole() {
        note("the sum is not judged good: reports of other shards are missing");
        return Ok(ExitCode::from(FAILED));
    }
    Ok(status)
}
