//! The report for a terminal.

use crate::language::words;
use crate::verdict::{Report, Row, Verdict};

/// One row: a line if it passed, and everything that helps if it failed.
#[must_use]
pub fn row(row: &Row, seed: u64) -> String {
    let title = match row.title.is_empty() {
        true => String::new(),
        false => format!("  {}", row.title),
    };
    let mut text = format!(
        "{:13} {}  [{}]{title}\n",
        row.verdict.name(),
        row.id,
        row.dut.name()
    );
    match row.verdict {
        Verdict::Pass => {}
        Verdict::Skip | Verdict::NeedsHandset => text.push_str(&format!("    {}\n", row.why)),
        Verdict::Fail => {
            text.push_str(&format!("    {}:{}\n    {}\n", row.file, row.line, row.why));
            for step in &row.steps {
                let at = step.at.map_or("failed".to_owned(), words);
                text.push_str(&format!("    {at:>12}  {}\n", step.text));
            }
            if !row.story.is_empty() {
                text.push_str("    what the phone did, and why:\n");
                for line in &row.story {
                    text.push_str(&format!("      {line}\n"));
                }
            }
            if !row.rules.is_empty() {
                text.push_str(&format!("    rules: {}\n", row.rules.join(", ")));
            }
            text.push_str(&format!("    seed: {seed}\n"));
            if let Some(replay) = &row.replay {
                text.push_str(&format!("    replay: {replay}\n"));
            }
        }
    }
    text
}

/// The last line.
#[must_use]
pub fn ending(report: &Report) -> String {
    let mut parts = vec![
        format!("{} passed", report.count(Verdict::Pass)),
        format!("{} failed", report.count(Verdict::Fail)),
    ];
    for (verdict, word) in [
        (Verdict::Skip, "skipped"),
        (Verdict::NeedsHandset, "need a handset"),
    ] {
        let count = report.count(verdict);
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    if report.interrupted {
        parts.push("ended before its end".to_owned());
    }
    format!("{}\n", parts.join(", "))
}
