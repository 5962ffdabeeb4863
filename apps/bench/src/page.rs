//! The results as one page with bars, which asks for no other file.

use crate::aims::Verdict;
use crate::measure::Timing;
use crate::report::{Benchmark, Compared, Report, words};

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let count = |verdict| {
        report
            .aims
            .iter()
            .filter(|aim| aim.verdict == verdict)
            .count()
    };
    let aims: String = report
        .aims
        .iter()
        .map(|aim| {
            let (class, verdict) = match aim.verdict {
                Verdict::Met => ("good", aim.verdict.words()),
                Verdict::NotMet => ("bad", aim.verdict.words()),
                Verdict::NotMeasured => ("open", aim.verdict.words()),
            };
            let what = escaped(aim.what);
            let (found, wanted) = (aim.found(), aim.wanted());
            format!(
                "<tr><td>{what}<td class=n>{found}<td>{wanted}<td class={class}>{verdict}</tr>\n"
            )
        })
        .collect();
    let benchmarks: String = report.benchmarks.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Onhook beside others</title>\n<style>\n{STYLE}</style>\n<h1>Onhook beside others</h1>\n\
         <p>Seconds depend on the machine and on who else uses it: compare what stands beside each other. Shorter bars are better.</p>\n\
         <h2>Aimed at: {met} met, {missed} not met, {open} not measured</h2>\n\
         <div class=wide><table><tr><th>what<th>found<th>aimed at<th></tr>\n{aims}</table></div>\n{benchmarks}</html>\n",
        met = count(Verdict::Met),
        missed = count(Verdict::NotMet),
        open = count(Verdict::NotMeasured),
    )
}

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #8884; --ours: #1668a5; --theirs: #8a8f98; --good: #1b7f3b; --bad: #c0271d }\n\
@media (prefers-color-scheme: dark) { :root { --ours: #57a8e6; --theirs: #7d838d; --good: #5cc47e; --bad: #ff7b70 } }\n\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }\n\
h2 { margin: 2.2rem 0 .3rem; font-size: 1.2rem }\n\
p { margin: .2rem 0 .6rem }\n\
.wide { overflow-x: auto }\n\
table { border-collapse: collapse }\n\
td, th { text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--line); vertical-align: top }\n\
.n { text-align: right; font-variant-numeric: tabular-nums }\n\
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 } .open, small { opacity: .7 }\n\
.row { display: grid; grid-template-columns: 14rem 1fr; gap: 0 1rem; align-items: center; margin: .35rem 0 }\n\
.bar { height: 1.1rem; min-width: 2px; background: var(--theirs) } .ours { background: var(--ours) }\n\
@media (max-width: 40rem) { .row { grid-template-columns: 1fr } }\n";

/// One benchmark: its bars, and what each of them is.
fn section(benchmark: &Benchmark) -> String {
    let sides = benchmark.sides.iter();
    let sides = sides.map(|side| (side.name, side.about, Ok(&side.timing), true));
    let peers = benchmark.peers.iter().map(|peer| {
        let result = match &peer.result {
            Compared::Measured { timing, .. } => Ok(timing),
            Compared::Skipped { why } => Err(&**why),
        };
        (peer.name, peer.about, result, false)
    });
    let mut rows: Vec<(&str, &str, Result<&Timing, &str>, bool)> = sides.chain(peers).collect();
    // A peer that is compared with two sides has been measured once.
    rows.dedup_by(|one, other| one.0 == other.0 && same(&one.2, &other.2));
    let timings = rows.iter().filter_map(|row| row.2.ok());
    let longest = timings.map(|timing| timing.median_s).fold(0.0, f64::max);
    let bars: String = rows
        .iter()
        .map(|(name, about, result, is_ours)| {
            let about = escaped(about);
            let name = escaped(name);
            let (bar, words) = match result {
                Ok(timing) => (bar(timing, longest, *is_ours), words(timing)),
                Err(why) => (String::new(), format!("not measured: {}", escaped(why))),
            };
            format!("<div class=row><span>{name}</span><div>{bar}<small>{words}<br>{about}</small></div></div>\n")
        })
        .collect();
    format!(
        "<h2>{}</h2>\n<p>{}</p>\n<p><small>{}</small></p>\n{bars}",
        escaped(benchmark.name),
        escaped(benchmark.about),
        escaped(&benchmark.line)
    )
}

fn same(one: &Result<&Timing, &str>, other: &Result<&Timing, &str>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one.median_s.total_cmp(&other.median_s).is_eq(),
        (Err(one), Err(other)) => one == other,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

fn bar(timing: &Timing, longest: f64, is_ours: bool) -> String {
    let class = if is_ours { "bar ours" } else { "bar" };
    let width = if longest > 0.0 {
        timing.median_s / longest * 100.0
    } else {
        0.0
    };
    format!("<div class='{class}' style='width:{width:.1}%'></div>")
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Peer, Side};
    use serde_json::json;

    #[test]
    fn bars_are_as_long_as_what_they_show_and_names_are_text() {
        let of = |seconds| Timing::of(vec![seconds]);
        let ours = of(1.0);
        let peers = vec![
            Peer::new("<b>", "a & b", "ours", &ours, Ok(of(4.0))),
            Peer::new("<b>", "a & b", "ours too", &ours, Ok(of(4.0))),
            Peer::new(
                "gone",
                "",
                "ours",
                &ours,
                Err("it is <not> there".to_owned()),
            ),
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
        assert!(page.contains("<div class='bar ours' style='width:25.0%'>"));
        assert_eq!(
            page.matches("<div class='bar' style='width:100.0%'>")
                .count(),
            1
        );
        assert!(page.contains("<span>&lt;b&gt;</span>") && page.contains("a &amp; b"));
        assert!(page.contains("not measured: it is &lt;not&gt; there"));
        assert!(page.contains("Aimed at: 1 met, 1 not met, 0 not measured"));
        assert!(!page.contains("<b>") && !page.contains("://"));
    }
}
