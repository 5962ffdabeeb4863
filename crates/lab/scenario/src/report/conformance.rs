//! The page of conformance: every row with its verdicts, and every rule with its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::language::DutKind;
use crate::verdict::{Report, Row, Verdict};

/// One row with its verdicts by device.
struct Line<'r> {
    row: &'r Row,
    verdicts: BTreeMap<DutKind, &'static str>,
}

/// The report as Markdown. It holds nothing that changes from run to run as long as the verdicts do not.
#[must_use]
pub fn conformance(report: &Report) -> String {
    let duts: BTreeSet<DutKind> = report.rows.iter().map(|row| row.dut).collect();
    let lines = lines(report);
    let mut out = String::from(
        "# Conformance\n\n\
         What a phone has to do, row by row, and what came of it. `onhook-harness run tests/conformance --dut virtual,agent --conformance \
         docs/conformance.md` writes this page;\n[scenarios.md](scenarios.md) tells how rows are written. `pending` waits for a part that is not built, \
         `needs-handset` can only be shown by a phone that one can touch, and `-` is a row\nthat is not for this device: it takes too long where time \
         is real, or needs what the device cannot be told.\n\n",
    );
    // Writing into a String cannot fail.
    let _ = writeln!(out, "| | {} |", names(&duts).join(" | "));
    let _ = writeln!(out, "|---|{}", "---|".repeat(duts.len()));
    for verdict in ["pass", "**fail**", "pending", "needs-handset", "-"] {
        let count = |dut: &DutKind| {
            let is = |line: &&Line<'_>| line.verdicts.get(dut) == Some(&verdict);
            lines.iter().filter(is).count().to_string()
        };
        let counts: Vec<String> = duts.iter().map(count).collect();
        let _ = writeln!(out, "| {verdict} | {} |", counts.join(" | "));
    }
    let mut file = "";
    for line in &lines {
        if line.row.file != file {
            file = &line.row.file;
            let name = Path::new(file).file_stem().unwrap_or_default();
            let _ = write!(
                out,
                "\n## {}\n\n| row | what holds | rules | {} | source |\n|---|---|---|{}---|\n",
                name.to_string_lossy(),
                names(&duts).join(" | "),
                "---|".repeat(duts.len())
            );
        }
        let cells: Vec<&str> = duts
            .iter()
            .map(|dut| line.verdicts.get(dut).copied().unwrap_or("-"))
            .collect();
        let Row {
            id,
            title,
            rules,
            source,
            ..
        } = line.row;
        let _ = writeln!(
            out,
            "| `{id}` | {} | {} | {} | {} |",
            cell(title),
            rules.join(", "),
            cells.join(" | "),
            cell(source)
        );
    }
    index(&lines, &mut out);
    out
}

/// Rows in order, each with what came of it on each device.
fn lines(report: &Report) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for row in &report.rows {
        let word = match row.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "**fail**",
            Verdict::NeedsHandset => "needs-handset",
            Verdict::Skip if row.pending => "pending",
            Verdict::Skip => "-",
        };
        // The rows of one scenario stand together.
        match lines.last_mut().filter(|line| line.row.id == row.id) {
            Some(line) => {
                line.verdicts.insert(row.dut, word);
            }
            None => lines.push(Line {
                row,
                verdicts: [(row.dut, word)].into(),
            }),
        }
    }
    lines
}

fn index(lines: &[Line<'_>], out: &mut String) {
    let mut rules: BTreeMap<(&str, u32, &str), Vec<&str>> = BTreeMap::new();
    for line in lines {
        for rule in &line.row.rules {
            let (area, number) = rule.rsplit_once('-').unwrap_or((rule, ""));
            let key = (area, number.parse().unwrap_or(u32::MAX), rule.as_str());
            rules.entry(key).or_default().push(&line.row.id);
        }
    }
    out.push_str("\n## Rules\n\n| rule | rows |\n|---|---|\n");
    for ((_, _, rule), rows) in &rules {
        let rows: Vec<String> = rows.iter().map(|row| format!("`{row}`")).collect();
        let _ = writeln!(out, "| {rule} | {} |", rows.join(" "));
    }
}

fn names(duts: &BTreeSet<DutKind>) -> Vec<&'static str> {
    duts.iter().map(|dut| dut.name()).collect()
}

/// A text inside of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
