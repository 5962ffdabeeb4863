//! The report as one JSON document.

use serde::Serialize;

use crate::verdict::{Report, Row};

/// The document of `run --json`.
#[derive(Serialize, Debug)]
pub struct Document<'r> {
    schema: &'static str,
    seed: u64,
    interrupted: bool,
    rows: Vec<RowDocument<'r>>,
}

/// One row of it.
#[derive(Serialize, Debug)]
struct RowDocument<'r> {
    id: &'r str,
    title: &'r str,
    rules: &'r [String],
    source: &'r str,
    file: &'r str,
    line: usize,
    dut: &'static str,
    verdict: &'static str,
    why: &'r str,
    replay: Option<&'r str>,
    story: &'r [String],
}

/// The report as a document that serialises.
#[must_use]
pub fn document(report: &Report) -> Document<'_> {
    Document {
        schema: "onhook.run/1",
        seed: report.seed,
        interrupted: report.interrupted,
        rows: report.rows.iter().map(row).collect(),
    }
}

fn row(row: &Row) -> RowDocument<'_> {
    RowDocument {
        id: &row.id,
        title: &row.title,
        rules: &row.rules,
        source: &row.source,
        file: &row.file,
        line: row.line,
        dut: row.dut.name(),
        verdict: row.verdict.name(),
        why: &row.why,
        replay: row.replay.as_deref(),
        story: &row.story,
    }
}
