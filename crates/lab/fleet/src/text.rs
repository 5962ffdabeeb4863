//! A report for people.

use std::fmt::Write as _;

use onhook_figures::span;

use crate::{Report, Threshold};

/// How many kinds of failures are told.
const TOLD: usize = 5;

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
        let seconds = self.elapsed_ms as f64 / 1000.0;
        writeln!(
            out,
            "{} phones, seed {}, {seconds:.1} s{}",
            totals.phones,
            self.run.seed,
            if self.interrupted {
                ", interrupted"
            } else {
                ""
            }
        )?;
        if !self.is_whole() {
            let done: Vec<String> = self.shards.done.iter().map(u32::to_string).collect();
            let (done, of) = (done.join(", "), self.shards.of);
            writeln!(out, "shard {done} of {of}: `merge` adds the others")?;
        }
        if totals.booted < totals.phones {
            let off = totals.phones - totals.booted;
            writeln!(out, "{off} phones had no power yet at the end")?;
        }
        writeln!(
            out,
            "{} resyncs: {} succeeded, {} failed, {} had not ended; {} phones provisioned",
            self.resyncs() + totals.unfinished,
            totals.succeeded,
            totals.failed,
            totals.unfinished,
            totals.provisioned
        )?;
        writeln!(
            out,
            "{:.1} resyncs a second, {} requests, {} files with {} bytes, {} messages ({} dropped), {} restarts",
            self.rate(),
            totals.requests,
            totals.files,
            totals.bytes,
            totals.messages,
            totals.messages_dropped,
            totals.restarts
        )?;
        for (title, spans) in [("latency", &self.latency), ("begun late", &self.lateness)] {
            let named = ["p50", "p90", "p99", "p99.9", "max"].map(|name| {
                let us = spans.percentiles_us.get(name).copied().unwrap_or_default();
                format!("{name} {}", span(us))
            });
            writeln!(out, "{title}: {}", named.join(", "))?;
        }
        for (title, sums) in [("causes", &self.causes), ("outcomes", &self.outcomes)] {
            let sums: Vec<String> = sums.iter().map(|(key, n)| format!("{key} {n}")).collect();
            writeln!(out, "{title}: {}", sums.join(", "))?;
        }
        self.write_faults(out)?;
        for threshold in thresholds {
            let (holds, found) = threshold.judge(self);
            let verdict = if holds { "holds" } else { "FAILED" };
            writeln!(out, "{threshold}: {verdict} ({found})")?;
        }
        Ok(())
    }

    fn write_faults(&self, out: &mut String) -> std::fmt::Result {
        if let Some((from, to)) = self.outage() {
            let failed: u64 = self.seconds.failed.iter().take(to).skip(from).sum();
            writeln!(
                out,
                "from second {from} to {to} nothing succeeded and {failed} resyncs failed"
            )?;
        }
        let mut faults: Vec<_> = self.faults.iter().collect();
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.count));
        for fault in faults.iter().take(TOLD) {
            writeln!(
                out,
                "failed {} times with {} ({}), first phone {} after {}: {}",
                fault.count,
                fault.outcome,
                fault.err,
                fault.phone,
                span(fault.at_ms * 1000),
                fault.message
            )?;
        }
        if let Some(more) = faults.len().checked_sub(TOLD).filter(|more| *more > 0) {
            writeln!(
                out,
                "and {more} more kinds of failures: see the JSON report"
            )?;
        }
        Ok(())
    }
}
