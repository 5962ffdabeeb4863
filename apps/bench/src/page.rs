//! The results as one page with bars, which asks for no other file.

use onhook_figures::{Bar, Page};

use crate::aims::Verdict;
use crate::report::{Benchmark, Compared, Report, words};

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let mut page = Page::new("Onhook beside others", None);
    page.words(
        "Seconds depend on the machine and on who else uses it: compare what stands beside each other. Shorter bars are better.",
    );
    let count = |verdict| {
        let aims = report.aims.iter();
        aims.filter(|aim| aim.verdict == verdict).count()
    };
    page.section(&format!(
        "Aimed at: {} met, {} not met, {} not measured",
        count(Verdict::Met),
        count(Verdict::NotMet),
        count(Verdict::NotMeasured)
    ));
    let aims = report.aims.iter().map(|aim| {
        let good = match aim.verdict {
            Verdict::Met => Some(true),
            Verdict::NotMet => Some(false),
            Verdict::NotMeasured => None,
        };
        let words = aim.verdict.words().to_owned();
        (
            good,
            vec![aim.what.to_owned(), aim.found(), aim.wanted(), words],
        )
    });
    page.verdicts(&aims.collect::<Vec<_>>());
    for benchmark in &report.benchmarks {
        section(&mut page, benchmark);
    }
    page.finish()
}

/// One benchmark: its bars, and what each of them is.
fn section(page: &mut Page, benchmark: &Benchmark) {
    page.section(benchmark.name);
    page.words(benchmark.about);
    page.words(&benchmark.line);
    let sides = benchmark.sides.iter().map(|side| Bar {
        name: side.name,
        about: side.about,
        words: words(&side.timing),
        length: Some(side.timing.median_s),
        own: true,
    });
    let mut bars: Vec<Bar<'_>> = sides.collect();
    for peer in &benchmark.peers {
        // Who is compared with two sides was measured once.
        if bars.iter().any(|bar| !bar.own && bar.name == peer.name) {
            continue;
        }
        bars.push(Bar {
            name: peer.name,
            about: peer.about,
            words: match &peer.result {
                Compared::Measured { timing, .. } => words(timing),
                Compared::Skipped { why } => format!("not measured: {why}"),
            },
            length: peer.timing().map(|timing| timing.median_s),
            own: false,
        });
    }
    page.bars(&bars);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Timing;
    use crate::report::{Peer, Side};
    use serde_json::json;

    #[test]
    fn each_peer_has_a_bar_and_each_aim_a_verdict() {
        let of = |seconds| Timing::of(vec![seconds]);
        let ours = of(1.0);
        let gone = Err("it is not there".to_owned());
        let peers = vec![
            Peer::new("peer", "", "ours", &ours, Ok(of(4.0))),
            Peer::new("peer", "", "ours too", &ours, Ok(of(4.0))),
            Peer::new("gone", "", "ours", &ours, gone),
        ];
        let benchmark = Benchmark {
            name: "rule-select",
            about: "",
            counts: json!({ "allocations": 0 }),
            line: String::new(),
            sides: vec![Side {
                name: "ours",
                about: "",
                timing: ours,
                cpu: None,
            }],
            peers,
        };
        let page = page(&Report::new(vec![benchmark]));
        assert!(page.contains("<div class=own style='width:25.0%'>"));
        assert_eq!(page.matches("<div class=other").count(), 1);
        assert!(page.contains("not measured: it is not there"));
        assert!(page.contains("Aimed at: 1 met, 1 not met, 0 not measured"));
        assert_eq!(page.matches("<tr class=bad>").count(), 1);
    }
}
