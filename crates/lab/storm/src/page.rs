//! Reports as one file for a browser.

use onhook_figures::{Colour, Curve, Page, Plot, Points, Threshold, percentiles, thinned};

use crate::capacity::Capacity;
use crate::compare::Comparison;
use crate::text::moment;
use crate::{Report, Series};

/// Reports that are drawn together, each with its name.
type Named<'r> = [(String, &'r Report)];

/// The report with pictures, in one file that asks for no other.
#[must_use]
pub fn page(report: &Report, thresholds: &[Threshold]) -> String {
    // The sum of all parts is judged, and no part of it.
    let judged = report.is_whole() && (!thresholds.is_empty() || report.interrupted);
    let good = judged.then(|| report.is_good(thresholds));
    let heading = format!("{} phones, {} days", report.totals.phones, report.days);
    let mut page = Page::new(&heading, good);
    if !report.is_whole() {
        page.words("This is a part of the storm.");
    }
    page.thresholds(report, thresholds);
    page.table(&[], &scenario(report));
    let figures = report.figures().into_iter();
    page.section("Figures");
    let rows: Vec<Vec<String>> = figures.map(|(name, figure)| vec![name, figure]).collect();
    page.table(&[], &rows);
    for plot in plots(&[("requests".to_owned(), report)]) {
        page.plot(&plot);
    }
    page.lines("In words", &report.text(&[]));
    page.finish()
}

const ENDED: &str = "It was ended early: what follows is what was played before.";

/// Settings side by side, in one file that asks for no other.
#[must_use]
pub fn comparison_page(comparison: &Comparison, thresholds: &[Threshold]) -> String {
    let judged = !thresholds.is_empty() || comparison.interrupted;
    let good = judged.then(|| comparison.is_good(thresholds));
    let names: Vec<&str> = comparison
        .runs
        .iter()
        .map(|run| run.name.as_str())
        .collect();
    let mut page = Page::new(&names.join(" against "), good);
    if let Some(run) = comparison.runs.first() {
        let (phones, days, seed) = (run.report.phones, run.report.days, run.report.seed);
        page.words(&format!(
            "{phones} phones, {days} days, seed {seed}, the same for each."
        ));
    }
    if comparison.interrupted {
        page.words(ENDED);
    }
    let (head, rows) = comparison.table(thresholds);
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    page.table(&head, &rows);
    let runs = comparison.runs.iter();
    let named: Vec<_> = runs.map(|run| (run.name.clone(), &run.report)).collect();
    for plot in plots(&named) {
        page.plot(&plot);
    }
    page.finish()
}

/// A search for a capacity, in one file that asks for no other.
#[must_use]
pub fn capacity_page(capacity: &Capacity) -> String {
    let heading = format!("The server for {} phones", capacity.phones);
    let mut page = Page::new(&heading, None);
    page.words(&format!("{}.", capacity.answer()));
    if capacity.interrupted {
        page.words(ENDED);
    }
    if !capacity.monotonic {
        page.words(
            "More capacity was worse somewhere: chance decides here, so look at other seeds.",
        );
    }
    let bounded = || capacity.tried.iter().filter(|tried| tried.capacity > 0.0);
    let curve = |name: &str, colour, of: fn(&crate::Tried) -> f64| {
        let points = bounded().map(|tried| (tried.capacity, of(tried)));
        Curve::new(name, colour, points.collect())
    };
    let below = "answers a second that the server can give".to_owned();
    page.plot(&Plot {
        title: "Latency in milliseconds".to_owned(),
        below: below.clone(),
        curves: vec![
            curve("p50", Colour::Blue, |tried| tried.p50_us as f64 / 1e3),
            curve("p99", Colour::Orange, |tried| tried.p99_us as f64 / 1e3),
        ],
    });
    page.plot(&Plot {
        title: "Most requests that wait for their turn".to_owned(),
        below,
        curves: vec![curve("waiting", Colour::Blue, |tried| {
            tried.most_waiting as f64
        })],
    });
    page.section("What was tried");
    let (head, rows) = capacity.table();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    page.table(&head, &rows);
    page.section("What it holds under");
    page.points(capacity.assumptions.iter().map(String::as_str));
    page.finish()
}

/// What was simulated.
fn scenario(report: &Report) -> Vec<Vec<String>> {
    let scenario = &report.scenario;
    let capacity = match scenario.capacity > 0.0 {
        true => format!("{} answers a second", scenario.capacity),
        false => "without bounds".to_owned(),
    };
    let outages = scenario.outages.iter().map(|outage| {
        let (from, to) = (moment(outage.from_s), moment(outage.to_s));
        format!("{from} to {to}")
    });
    let outages: Vec<String> = outages.collect();
    let mut rows = vec![
        ("capacity", capacity),
        (
            "latency of an idle server",
            format!("{} ms", scenario.latency_ms),
        ),
        (
            "answers that fail",
            format!("{} %", (scenario.failures * 1e6).round() / 1e4),
        ),
        (
            "phones get power over",
            format!("{} s", scenario.power_on_s),
        ),
        ("seed", report.seed.to_string()),
    ];
    if !outages.is_empty() {
        rows.push(("no server", outages.join(", ")));
    }
    let params = scenario.params.iter();
    let params = params.map(|(name, value)| vec![name.clone(), value.clone()]);
    let rows = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value]);
    rows.chain(params).collect()
}

/// The pictures of one report, or of several in the same ones.
fn plots(reports: &Named<'_>) -> Vec<Plot> {
    let close = |report: &Report| report.seconds.clone();
    let whole = |report: &Report| report.minutes.clone();
    let mut plots = Vec::new();
    let from = reports
        .first()
        .map_or(0, |(_, report)| report.seconds.from_s);
    let slots = reports
        .iter()
        .map(|(_, report)| settled(&report.seconds))
        .max();
    let slots = slots.unwrap_or(0);
    if slots > 0 {
        let title = |what: &str| match from {
            0 => format!("At the beginning: {what}"),
            _ => format!("From {} on: {what}", moment(from)),
        };
        plots.push(over_time(
            title("requests a second"),
            reports,
            close,
            slots,
            |series| (&series.requests, highest),
        ));
        plots.push(over_time(
            title("requests waiting for their turn"),
            reports,
            close,
            slots,
            |series| (&series.waiting, highest),
        ));
        plots.push(over_time(
            title("phones in sync"),
            reports,
            close,
            slots,
            |series| (&series.in_sync, lowest),
        ));
    }
    let all = usize::MAX;
    let whole_time = |what: &str, of: fn(&Series) -> (&Vec<u64>, Of)| {
        over_time(format!("All the time: {what}"), reports, whole, all, of)
    };
    plots.push(whole_time("requests in a minute", |series| {
        (&series.requests, highest)
    }));
    plots.push(whole_time("requests waiting for their turn", |series| {
        (&series.waiting, highest)
    }));
    plots.push(whole_time("resyncs that failed in a minute", |series| {
        (&series.failed, highest)
    }));
    plots.push(whole_time("retries in a minute", |series| {
        (&series.retries, highest)
    }));
    plots.push(whole_time("phones in sync", |series| {
        (&series.in_sync, lowest)
    }));
    plots.push(by_percent(
        "Latency by percentile, in milliseconds",
        "percent of the requests that took no longer",
        reports,
        |report| percentiles(&report.latency),
    ));
    plots
}

/// How several slots become one number.
type Of = fn(&[u64]) -> f64;

fn highest(slots: &[u64]) -> f64 {
    slots.iter().copied().max().unwrap_or(0) as f64
}

fn lowest(slots: &[u64]) -> f64 {
    slots.iter().copied().min().unwrap_or(0) as f64
}

/// Slots of a close-up until the phones are in sync and nobody waits, with some room behind; at least a minute.
fn settled(series: &Series) -> usize {
    let mut changes = series.in_sync.windows(2);
    let synced = changes.rposition(|two| two.first() != two.last());
    let synced = synced.map(|slot| slot + 1);
    let queue = series.waiting.iter().rposition(|number| *number > 0);
    let until = synced.max(queue).unwrap_or(0);
    (until + until / 4 + 1).max(60).min(series.requests.len())
}

/// A colour for each report, and its place in time.
fn over_time(
    title: String,
    reports: &Named<'_>,
    series: impl Fn(&Report) -> Series,
    slots: usize,
    of: impl Fn(&Series) -> (&Vec<u64>, Of),
) -> Plot {
    let length = reports.iter().map(|(_, report)| {
        let series = series(report);
        let slots = series.requests.len().min(slots) as u64;
        slots * series.slot_s
    });
    let (unit, seconds) = match length.max().unwrap_or(0) {
        0..=600 => ("seconds", 1.0),
        601..=10_800 => ("minutes", 60.0),
        10_801..=259_200 => ("hours", 3600.0),
        _ => ("days", 86_400.0),
    };
    let curves = reports.iter().enumerate().map(|(place, (name, report))| {
        let series = series(report);
        let (numbers, of) = of(&series);
        let numbers = numbers.get(..slots.min(numbers.len())).unwrap_or_default();
        let (first, slot) = (series.from_s as f64, series.slot_s as f64);
        let points = thinned(numbers, (first / seconds, slot / seconds), of);
        Curve::new(name, Colour::of(place), points)
    });
    Plot {
        title,
        below: format!("{unit} since the beginning"),
        curves: curves.collect(),
    }
}

fn by_percent(
    title: &str,
    below: &str,
    reports: &Named<'_>,
    of: impl Fn(&Report) -> Points,
) -> Plot {
    let curves = reports.iter().enumerate();
    let curves =
        curves.map(|(place, (name, report))| Curve::new(name, Colour::of(place), of(report)));
    Plot {
        title: title.to_owned(),
        below: below.to_owned(),
        curves: curves.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Progress, Scenario, Storm, Variant};

    fn storm() -> Storm {
        let mut scenario = Scenario {
            capacity: 5.0,
            ..Scenario::default()
        };
        let rule = "[--key s3cr3t] http://h/<script>$MA";
        scenario.set("Profile_Rule", rule).unwrap();
        scenario.set("GPP_SA", "t0ps3cr3t").unwrap();
        Storm {
            phones: 30,
            days: 1,
            seed: 1,
            scenario,
            cell: 1000,
        }
    }

    #[track_caller]
    fn asks_for_nothing(html: &str) {
        for none in [
            "<script",
            "http-equiv=refresh",
            " src=",
            "url(",
            "href=",
            "s3cr3t",
        ] {
            assert!(!html.contains(none), "{none}");
        }
    }

    #[test]
    fn pages_ask_for_nothing_and_hold_no_secret() {
        let (storm, progress) = (storm(), Progress::default());
        let report = storm.run(None, 1, &progress).unwrap();
        let threshold = Threshold::read::<Report>("p99<1ms").unwrap();
        let html = page(&report, std::slice::from_ref(&threshold));
        asks_for_nothing(&html);
        assert!(html.contains("<tr class=bad>") && html.contains("&lt;script&gt;"));
        assert!(html.contains(": bad</title>"));
        let mut part = report.clone();
        part.cells.done.clear();
        let part = page(&part, std::slice::from_ref(&threshold));
        assert!(!part.contains(": bad</title>") && part.contains("a part of the storm"));
        assert_eq!(html.matches("<svg role=img ").count(), 2 * 9);
        let variants = [("<a>", "2"), ("b", "600")].map(|(name, delay)| Variant {
            name: name.to_owned(),
            changes: vec![("Resync_Random_Delay".to_owned(), delay.to_owned())],
        });
        let comparison = Comparison::run(&storm, &variants, 1, &progress).unwrap();
        let html = comparison_page(&comparison, &[]);
        asks_for_nothing(&html);
        assert!(
            html.contains("<th scope=col>&lt;a&gt;<th scope=col>b"),
            "{html}"
        );
        let found = Capacity::find(&storm, &[threshold], 1, &progress).unwrap();
        asks_for_nothing(&capacity_page(&found));
        for json in [report.to_json(), comparison.to_json(), found.to_json()] {
            assert!(!json.unwrap().contains("s3cr3t"));
        }
        assert!(!format!("{storm:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_close_up_ends_when_the_phones_have_settled() {
        let mut series = Series::new(0, 1, 3600);
        assert_eq!(settled(&series), 60);
        series.in_sync.iter_mut().skip(400).for_each(|n| *n = 5);
        assert_eq!(settled(&series), 501);
        // All are in sync from the beginning, but for an outage in between.
        series.in_sync.fill(5);
        series.in_sync[1000..2000].fill(1);
        assert_eq!(settled(&series), 2501);
        series.waiting[3599] = 1;
        assert_eq!(settled(&series), 3600);
    }
}
