//! A report as Prometheus reads it.

use std::fmt::Write as _;

use crate::Report;

/// The figures of a run in the text format of Prometheus, version 0.0.4.
#[must_use]
pub fn metrics(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let totals = &report.totals;
    let resyncs = totals.succeeded + totals.failed;
    for (name, kind, help, value) in [
        ("phones", "gauge", "Phones that are played.", totals.phones),
        (
            "requests_total",
            "counter",
            "Requests that phones began.",
            totals.requests,
        ),
        (
            "files_total",
            "counter",
            "Files that were read.",
            totals.files,
        ),
        (
            "received_bytes_total",
            "counter",
            "Bytes of these files as received.",
            totals.bytes,
        ),
        (
            "messages_total",
            "counter",
            "Messages for syslog.",
            totals.messages,
        ),
        (
            "restarts_total",
            "counter",
            "Restarts that profiles wanted.",
            totals.restarts,
        ),
    ] {
        writeln!(out, "# HELP onhook_fleet_{name} {help}")?;
        writeln!(out, "# TYPE onhook_fleet_{name} {kind}")?;
        writeln!(out, "onhook_fleet_{name} {value}")?;
    }
    writeln!(
        out,
        "# HELP onhook_fleet_resyncs_total Resyncs that ended, by outcome."
    )?;
    writeln!(out, "# TYPE onhook_fleet_resyncs_total counter")?;
    for (outcome, count) in &report.outcomes {
        writeln!(
            out,
            "onhook_fleet_resyncs_total{{outcome=\"{outcome}\"}} {count}"
        )?;
    }
    let latency = &report.latency;
    writeln!(
        out,
        "# HELP onhook_fleet_resync_seconds From when a resync was due to its end."
    )?;
    writeln!(out, "# TYPE onhook_fleet_resync_seconds summary")?;
    for (name, quantile) in [
        ("p50", "0.5"),
        ("p90", "0.9"),
        ("p99", "0.99"),
        ("p99.9", "0.999"),
    ] {
        let us = latency
            .percentiles_us
            .get(name)
            .copied()
            .unwrap_or_default();
        let seconds = us as f64 / 1e6;
        writeln!(
            out,
            "onhook_fleet_resync_seconds{{quantile=\"{quantile}\"}} {seconds}"
        )?;
    }
    let sum = latency.mean_us as f64 * latency.count as f64 / 1e6;
    writeln!(out, "onhook_fleet_resync_seconds_sum {sum}")?;
    writeln!(out, "onhook_fleet_resync_seconds_count {resyncs}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn every_line_is_a_comment_or_a_name_with_a_number() {
        let mut told = report(1, &[(0, 250_000), (1, 500_000)]);
        told.outcomes.insert("A.applied".to_owned(), 1);
        let text = metrics(&told);
        for line in text.lines() {
            let number = line.rsplit(' ').next().unwrap();
            assert!(
                line.starts_with("# ") || number.parse::<f64>().is_ok(),
                "{line}"
            );
        }
        assert!(text.contains("onhook_fleet_resyncs_total{outcome=\"A.applied\"} 1\n"));
        assert!(
            text.contains("onhook_fleet_resync_seconds_count 2\n"),
            "{text}"
        );
        assert!(text.ends_with('\n'));
    }
}
