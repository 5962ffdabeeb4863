//! Which benchmarks run, and where their results go.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::catalog::{ENTRIES, Entry};
use crate::plan::Plan;
use crate::{content, page, pipeline, report};

/// Names all benchmarks.
pub(crate) fn list() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for entry in &ENTRIES {
        writeln!(out, "{}  {}", entry.name, entry.about)?;
    }
    Ok(())
}

fn known(name: &str) -> anyhow::Result<&'static Entry> {
    if let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name) {
        return Ok(entry);
    }
    bail!("no benchmark is called `{name}`; `onhook-bench list` names them all")
}

/// Refuses benchmarks that work on no file.
pub(crate) fn pipeline_only(name: &str) -> anyhow::Result<()> {
    known(name)?;
    if name != pipeline::NAME {
        bail!(
            "`{name}` works on no file of its own; only `{}` does",
            pipeline::NAME
        );
    }
    Ok(())
}

/// Runs benchmarks, all of them if none is named, and tells the results.
pub(crate) fn run(
    names: &[String],
    json: Option<PathBuf>,
    html: Option<PathBuf>,
    plan: &Plan,
) -> anyhow::Result<()> {
    let wanted: Vec<&Entry> = if names.is_empty() {
        ENTRIES.iter().collect()
    } else {
        names
            .iter()
            .map(|name| known(name))
            .collect::<Result<_, _>>()?
    };
    let (mut results, mut failed) = (Vec::new(), Vec::new());
    for entry in wanted {
        match (entry.run)(plan) {
            Ok(result) => results.push(result),
            // The others take long, and are worth telling.
            Err(error) => {
                writeln!(std::io::stderr(), "onhook-bench: {}: {error:#}", entry.name)?;
                failed.push(entry.name);
            }
        }
    }
    tell(&report::Report::new(results), json, html)?;
    if !failed.is_empty() {
        bail!("failed, and left out: {}", failed.join(", "));
    }
    Ok(())
}

/// Tells results, and writes them where they are wanted.
fn tell(
    report: &report::Report,
    json: Option<PathBuf>,
    html: Option<PathBuf>,
) -> anyhow::Result<()> {
    if let Some(path) = html {
        std::fs::write(&path, page::page(report))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    let Some(path) = json else {
        return report.print(&mut std::io::stdout());
    };
    let text = serde_json::to_string_pretty(report).context("writing the result as JSON")?;
    if path.as_os_str() == "-" {
        writeln!(std::io::stdout(), "{text}")?;
        return Ok(());
    }
    std::fs::write(&path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    report.print(&mut std::io::stdout())
}

/// Does the work of the pipeline once and prints its counts.
pub(crate) fn once(name: &str, file: Option<PathBuf>) -> anyhow::Result<()> {
    pipeline_only(name)?;
    let counts = match file {
        Some(path) => {
            let body =
                std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            pipeline::once(&body, None)?
        }
        None => {
            let sample = content::sample();
            pipeline::once(&sample.file, Some(sample.xml_bytes))?
        }
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&counts)?)?;
    Ok(())
}
