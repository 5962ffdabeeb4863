//! A report as one file for a browser.

use onhook_figures::{Colour, Curve, Page, Plot, percentiles, thinned};

use crate::{Report, Threshold};

/// The report with pictures, in one file that asks for no other.
#[must_use]
pub fn page(report: &Report, thresholds: &[Threshold]) -> String {
    let heading = format!("{} phones", report.totals.phones);
    let mut page = Page::new(
        &heading,
        report.is_whole().then(|| report.is_good(thresholds)),
    );
    page.code(&report.run.rule);
    page.thresholds(report, thresholds);
    for plot in plots(report) {
        page.plot(&plot);
    }
    page.lines("In words", &report.text(&[]));
    page.finish()
}

/// The pictures.
fn plots(report: &Report) -> [Plot; 4] {
    let seconds = &report.seconds;
    let sums = |series: &[u64]| {
        thinned(series, (0.0, 1.0), |part| {
            part.iter().sum::<u64>() as f64 / part.len() as f64
        })
    };
    let slowest = thinned(&seconds.slowest_us, (0.0, 1.0), |part| {
        part.iter().copied().max().unwrap_or(0) as f64 / 1000.0
    });
    let plot = |title: &str, below: &str, curves: Vec<Curve>| Plot {
        title: title.to_owned(),
        below: below.to_owned(),
        curves,
    };
    let since = "seconds since the start";
    [
        plot(
            "Requests a second",
            since,
            vec![Curve::new(
                "requests",
                Colour::Blue,
                sums(&seconds.requests),
            )],
        ),
        plot(
            "Resyncs a second",
            since,
            vec![
                Curve::new("succeeded", Colour::Green, sums(&seconds.succeeded)),
                Curve::new("failed", Colour::Red, sums(&seconds.failed)),
            ],
        ),
        plot(
            "Slowest resync that ended in each second, in milliseconds",
            since,
            vec![Curve::new("slowest", Colour::Blue, slowest)],
        ),
        plot(
            "Latency by percentile, in milliseconds",
            "percent of the resyncs that took no longer",
            vec![
                Curve::new(
                    "from when it was due to its end",
                    Colour::Blue,
                    percentiles(&report.latency),
                ),
                Curve::new("begun late by", Colour::Red, percentiles(&report.lateness)),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn a_page_asks_for_nothing_and_shows_what_was_given_as_text() {
        let mut report = report(1, &[(0, 1000), (1, 5000)]);
        report.run.rule = "http://h/<script>".to_owned();
        let threshold = Threshold::read::<Report>("p99<1ms").unwrap();
        let html = page(&report, std::slice::from_ref(&threshold));
        assert!(html.contains("&lt;script&gt;"), "{html}");
        for none in ["<script", "http-equiv=refresh", " src=", "url(", "href="] {
            assert!(!html.contains(none), "{none}");
        }
        let wide = html.matches("<svg role=img ").count() / 2;
        assert_eq!(wide, 4, "each for a wide window and for a narrow one");
        assert!(html.contains("<tr class=bad>"), "{html}");
        assert!(
            !report.is_whole() && !html.contains(": bad</title>"),
            "{html}"
        );
        report.shards.done = (1..=report.shards.of).collect();
        let html = page(&report, &[threshold]);
        assert!(html.contains(": bad</title>"), "{html}");
    }
}
