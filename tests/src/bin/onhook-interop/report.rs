//! What a run found: lines for people, and the document.

use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::time::Duration;

use crate::peers::Peer;

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// What had to come.
    Pass,
    /// Something else.
    Fail(String),
    /// It was not done, for this reason.
    Skip(String),
}

/// One case of one peer.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    /// What had to come of it.
    pub(crate) expected: String,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

/// All cases of one peer.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) peer: &'static str,
    /// Empty if the program is not there.
    pub(crate) version: String,
    pub(crate) rows: Vec<Row>,
}

impl Visit {
    /// A peer of which nothing could be asked.
    pub(crate) fn without(peer: &'static Peer, version: String, verdict: &Verdict) -> Self {
        let row = |case: &crate::case::Case| Row {
            case: case.name,
            expected: case.expected(),
            verdict: verdict.clone(),
            took: Duration::ZERO,
        };
        Self {
            peer: peer.name,
            version,
            rows: peer.cases.iter().copied().flatten().map(row).collect(),
        }
    }

    fn count(&self, is: fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| is(&row.verdict)).count()
    }
}

/// How many passed, failed and were left out.
pub(crate) fn counts(visits: &[Visit]) -> [usize; 3] {
    let sum = |is: fn(&Verdict) -> bool| visits.iter().map(|visit| visit.count(is)).sum();
    [sum(is_pass), sum(is_fail), sum(is_skip)]
}

/// A line for a case that was done.
pub(crate) fn line(visit: &Visit, row: &Row) -> String {
    let (word, why) = match &row.verdict {
        Verdict::Pass => ("pass", String::new()),
        Verdict::Fail(why) => ("FAIL", format!("\n  {}", why.replace('\n', "\n  "))),
        Verdict::Skip(why) => ("skip", format!("  {why}")),
    };
    let who = format!("{} {}", visit.peer, visit.version);
    let seconds = row.took.as_secs_f64();
    format!("{word}  {who:29} {:36} {seconds:6.2} s{why}", row.case)
}

/// The part of the document about servers.
pub(crate) fn document(visits: &[Visit]) -> String {
    let mut text =
        String::from("| server | version | passed | failed | skipped |\n|---|---|---|---|---|\n");
    for visit in visits {
        let [passed, failed, skipped] = [is_pass, is_fail, is_skip].map(|is| visit.count(is));
        let (peer, version) = (visit.peer, &visit.version);
        writeln!(
            text,
            "| {peer} | {version} | {passed} | {failed} | {skipped} |"
        )
        .ok();
    }
    for visit in visits {
        write!(
            text,
            "\n### {}\n\n| case | what has to come of it | found |\n|---|---|---|\n",
            visit.peer
        )
        .ok();
        for row in &visit.rows {
            let found = match &row.verdict {
                Verdict::Pass => "pass".to_owned(),
                Verdict::Fail(_) => "**fail**".to_owned(),
                Verdict::Skip(why) => format!("skipped: {why}"),
            };
            writeln!(text, "| {} | {} | {found} |", row.case, row.expected).ok();
        }
    }
    text
}

/// Prints a line.
#[expect(
    clippy::print_stdout,
    reason = "the result of a command goes to standard output"
)]
pub(crate) fn say(text: &str) {
    println!("{text}");
    // A closed pipe shows at the next line.
    stdout().flush().ok();
}

fn is_pass(verdict: &Verdict) -> bool {
    *verdict == Verdict::Pass
}

fn is_fail(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail(_))
}

fn is_skip(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Skip(_))
}
