//! Reports for people.

use std::fmt::Write as _;

use onhook_figures::{Threshold, span};

use crate::Report;

/// Missing cells that are told by number.
const TOLD: usize = 8;

/// A moment of a storm.
pub(crate) fn moment(second: u64) -> String {
    let (day, hour) = (second / 86_400 + 1, second / 3600 % 24);
    let (minute, second) = (second / 60 % 60, second % 60);
    match second {
        0 => format!("day {day} {hour:02}:{minute:02}"),
        _ => format!("day {day} {hour:02}:{minute:02}:{second:02}"),
    }
}

/// Requests a second of a minute; below ten, with a tenth.
fn figure(in_a_minute: u64) -> String {
    match in_a_minute {
        0..600 => format!("{:.1}", in_a_minute as f64 / 60.0),
        _ => (in_a_minute / 60).to_string(),
    }
}

impl Report {
    /// What happened, in lines, and what came of the thresholds.
    #[must_use]
    pub fn text(&self, thresholds: &[Threshold]) -> String {
        let mut out = String::new();
        // Writing into a String does not fail.
        let _ = self.write(&mut out, thresholds);
        out
    }

    fn write(&self, out: &mut String, thresholds: &[Threshold]) -> std::fmt::Result {
        let totals = &self.totals;
        writeln!(
            out,
            "{} phones, {} days, seed {}: cells {} of {}{}",
            totals.phones,
            self.days,
            self.seed,
            self.cells.done.len(),
            self.cells.of,
            if self.interrupted {
                ", interrupted"
            } else {
                ""
            }
        )?;
        if !self.is_whole() {
            let missing: Vec<u32> = self.missing().take(TOLD + 1).collect();
            let first = missing.iter().take(TOLD);
            let first: Vec<String> = first.map(u32::to_string).collect();
            let others = if missing.len() > TOLD {
                " and others"
            } else {
                ""
            };
            let told = format!("{}{others}", first.join(", "));
            writeln!(
                out,
                "a part of the storm: `merge` adds the others; not in it: cells {told}"
            )?;
        }
        writeln!(
            out,
            "{} resyncs, {} requests; {} phones provisioned",
            totals.resyncs(),
            totals.requests,
            totals.provisioned
        )?;
        for (title, sums) in [("causes", &totals.started), ("outcomes", &totals.ended)] {
            let sums: Vec<String> = sums.iter().map(|(key, n)| format!("{key} {n}")).collect();
            writeln!(out, "{title}: {}", sums.join(", "))?;
        }
        for (name, figure) in self.busy() {
            writeln!(out, "{name}: {figure}")?;
        }
        let latency = self.latencies().map(|(name, us)| format!("{name} {us}"));
        writeln!(out, "latency: {}", latency.join(", "))?;
        let synced = self.synced().map(|(name, us)| format!("{name} {us}"));
        writeln!(out, "in sync: {}", synced.join(", "))?;
        for threshold in thresholds {
            let (holds, found) = threshold.judge(self);
            let verdict = if holds { "holds" } else { "FAILED" };
            writeln!(out, "{threshold}: {verdict} ({found})")?;
        }
        Ok(())
    }

    /// When the server had most to do. Queues are known at the ends of minutes, and of the seconds of the close-up.
    fn busy(&self) -> Vec<(String, String)> {
        let mut busy = Vec::new();
        if let Some((at, most)) = self.minutes.peak(&self.minutes.requests) {
            let each = figure(most);
            let at = moment(at);
            busy.push((
                "busiest minute".to_owned(),
                format!("{most} requests, {each} a second, {at}"),
            ));
        }
        if let Some((at, most)) = self.seconds.peak(&self.seconds.requests) {
            let hour = match self.seconds.from_s {
                0 => "busiest second of the first hour".to_owned(),
                from_s => format!("busiest second of the hour from {} on", moment(from_s)),
            };
            busy.push((hour, format!("{most} requests, {}", moment(at))));
        }
        if let Some((at, most)) = self.most_waiting() {
            let at = match most {
                0 => String::new(),
                _ => format!(", {}", moment(at)),
            };
            busy.push((
                "most waiting as a minute ends".to_owned(),
                format!("{most}{at}"),
            ));
        }
        busy
    }

    /// The second at whose end most requests waited for their turn, as far as that is known, and how many.
    #[must_use]
    pub fn most_waiting(&self) -> Option<(u64, u64)> {
        let [minutes, seconds] = [&self.minutes, &self.seconds].map(|series| {
            let (at, most) = series.peak(&series.waiting)?;
            Some((at + series.slot_s, most))
        });
        match (minutes, seconds) {
            (Some(minutes), Some(seconds)) if seconds.1 < minutes.1 => Some(minutes),
            (minutes, seconds) => seconds.or(minutes),
        }
    }

    /// Latencies by percentile.
    fn latencies(&self) -> [(&'static str, String); 5] {
        ["p50", "p90", "p99", "p99.9", "max"].map(|name| {
            let us = self.latency.percentiles_us.get(name).copied();
            (name, span(us.unwrap_or_default()))
        })
    }

    /// After what time phones had been in sync.
    fn synced(&self) -> [(&'static str, String); 3] {
        [("half", 50.0), ("99 %", 99.0), ("all", 100.0)].map(|(name, percent)| {
            let after = self.synced_us(percent);
            (
                name,
                after.map_or("never".to_owned(), |us| format!("after {}", span(us))),
            )
        })
    }

    /// The figures that settings are compared by, each with its name.
    pub(crate) fn figures(&self) -> Vec<(String, String)> {
        let (ended, failed) = self.totals.ended();
        let mut figures = self.busy();
        for (name, latency) in self.latencies() {
            figures.push((format!("latency {name}"), latency));
        }
        for (name, after) in self.synced() {
            figures.push((format!("in sync, {name}"), after));
        }
        figures.push(("requests".to_owned(), self.totals.requests.to_string()));
        figures.push((
            "resyncs that failed".to_owned(),
            format!("{failed} of {ended}"),
        ));
        figures
    }
}

/// Columns below each other, the first one of names.
pub(crate) fn columns(head: &[String], rows: &[Vec<String>]) -> String {
    let all = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let width = |column: usize| {
        let cells = all().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for row in all() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing into a String does not fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
