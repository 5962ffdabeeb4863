//! The report as JUnit XML, for what shows tests.

use std::fmt::Write as _;
use std::time::Duration;

use super::text;
use super::xml::escaped;
use crate::verdict::{Report, Row, Verdict};

/// The report as one suite; the time of a row is that of its phone.
#[must_use]
pub fn junit(report: &Report) -> String {
    let skipped = report.count(Verdict::Skip) + report.count(Verdict::NeedsHandset);
    let time: Duration = report.rows.iter().map(|row| row.took).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "<testsuite name=\"onhook\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\" time=\"{:.3}\">",
        report.rows.len(),
        report.count(Verdict::Fail),
        time.as_secs_f64()
    );
    for row in &report.rows {
        case(row, report.seed, &mut out);
    }
    out.push_str("</testsuite>\n</testsuites>\n");
    out
}

fn case(row: &Row, seed: u64, out: &mut String) {
    let _ = write!(
        out,
        "<testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3}\"",
        escaped(&row.id),
        row.dut.name(),
        escaped(&row.file),
        row.line,
        row.took.as_secs_f64()
    );
    let why = escaped(&row.why);
    match row.verdict {
        Verdict::Pass => out.push_str("/>\n"),
        Verdict::Skip | Verdict::NeedsHandset => {
            let _ = writeln!(out, "><skipped message=\"{why}\"/></testcase>");
        }
        Verdict::Fail => {
            let all = escaped(&text::row(row, seed));
            let _ = writeln!(
                out,
                "><failure message=\"{why}\">{all}</failure></testcase>"
            );
        }
    }
}
