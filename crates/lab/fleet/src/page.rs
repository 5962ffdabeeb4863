//! A report as one file for a browser.

use plotters::prelude::*;

use crate::{Report, Threshold};

/// Width and height of a picture.
const SIZE: (u32, u32) = (860, 260);
/// Points that a curve has at most.
const POINTS: usize = 430;

type Points = Vec<(f64, f64)>;

/// One curve.
struct Curve {
    name: &'static str,
    colour: RGBColor,
    points: Points,
}

/// The report with pictures, in one file that asks for no other.
#[must_use]
pub fn page(report: &Report, thresholds: &[Threshold]) -> String {
    let verdict = if report.is_good(thresholds) {
        "good"
    } else {
        "bad"
    };
    let rows: String = thresholds
        .iter()
        .map(|threshold| {
            let (holds, found) = threshold.judge(report);
            let (class, word) = if holds {
                ("good", "holds")
            } else {
                ("bad", "failed")
            };
            let threshold = escaped(&threshold.to_string());
            format!("<tr class={class}><td><code>{threshold}</code><td>{word}<td>{found}</tr>\n")
        })
        .collect();
    let pictures: String = pictures(report)
        .iter()
        .map(|(title, svg)| format!("<h2>{title}</h2>\n{svg}\n"))
        .collect();
    format!(
        "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{phones} phones: {verdict}</title>\n<style>\n{STYLE}</style>\n\
         <h1>{phones} phones, <span class={verdict}>{verdict}</span></h1>\n\
         <p><code>{rule}</code></p>\n<table>\n{rows}</table>\n{pictures}\
         <h2>In words</h2>\n<pre>{text}</pre>\n</html>\n",
        phones = report.totals.phones,
        rule = escaped(&report.run.rule),
        text = escaped(&report.text(&[])),
    )
}

const STYLE: &str = "\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }\n\
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .3rem }\n\
table { border-collapse: collapse } td { padding: .2rem .9rem .2rem 0 }\n\
.good { color: #17692f } .bad { color: #b3261e }\n\
pre { white-space: pre-wrap; background: #f4f4f4; padding: .8rem } svg { max-width: 100%; height: auto; display: block }\n";

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Titles and pictures.
fn pictures(report: &Report) -> Vec<(&'static str, String)> {
    let seconds = &report.seconds;
    let blue = RGBColor(0x1f, 0x5f, 0xa8);
    let green = RGBColor(0x17, 0x69, 0x2f);
    let red = RGBColor(0xb3, 0x26, 0x1e);
    let sums = |series: &[u64]| {
        thinned(series, |part| {
            part.iter().sum::<u64>() as f64 / part.len() as f64
        })
    };
    let slowest = thinned(&seconds.slowest_us, |part| {
        part.iter().copied().max().unwrap_or(0) as f64 / 1000.0
    });
    let curve = |name, colour, points| Curve {
        name,
        colour,
        points,
    };
    let drawings = [
        (
            "Requests a second",
            "seconds since the start",
            vec![curve("requests", blue, sums(&seconds.requests))],
        ),
        (
            "Resyncs a second",
            "seconds since the start",
            vec![
                curve("succeeded", green, sums(&seconds.succeeded)),
                curve("failed", red, sums(&seconds.failed)),
            ],
        ),
        (
            "Slowest resync that ended in each second, in milliseconds",
            "seconds since the start",
            vec![curve("slowest", blue, slowest)],
        ),
        (
            "Latency by percentile, in milliseconds",
            "percent of the resyncs that took no longer",
            vec![
                curve(
                    "from when it was due to its end",
                    blue,
                    by_percent(&report.latency),
                ),
                curve("begun late by", red, by_percent(&report.lateness)),
            ],
        ),
    ];
    drawings
        .into_iter()
        .map(|(title, below, curves)| (title, draw(below, &curves)))
        .collect()
}

/// A series with no more points than a picture can show; `of` makes one number of several seconds.
fn thinned(series: &[u64], of: impl Fn(&[u64]) -> f64) -> Points {
    let width = series.len().div_ceil(POINTS).max(1);
    let parts = series.chunks(width).enumerate();
    parts
        .map(|(n, part)| ((n * width) as f64, of(part)))
        .collect()
}

fn by_percent(spans: &crate::Distribution) -> Points {
    let (mut points, mut sum) = (Points::new(), 0);
    for (us, count) in &spans.counts {
        let ms = *us as f64 / 1000.0;
        points.push((sum as f64 * 100.0 / spans.count as f64, ms));
        sum += count;
        points.push((sum as f64 * 100.0 / spans.count as f64, ms));
    }
    points
}

/// One picture; words instead if there is nothing to draw.
fn draw(below: &str, curves: &[Curve]) -> String {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    if all().next().is_none() {
        return "<p>nothing to show</p>".to_owned();
    }
    let mut svg = String::new();
    let most = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(0.0, f64::max);
    let (width, height) = (
        most(|point| point.0).max(1.0),
        most(|point| point.1).max(1.0),
    );
    match drawn(&mut svg, below, curves, (width, height * 1.05)) {
        // The size stands in the file; the page fits it to the window.
        Ok(()) => svg.replacen("<svg ", "<svg role=img ", 1),
        Err(error) => format!("<p>{}</p>", escaped(&error.to_string())),
    }
}

fn drawn(
    svg: &mut String,
    below: &str,
    curves: &[Curve],
    (width, height): (f64, f64),
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .x_label_area_size(38)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..width, 0.0..height)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(below)
        .x_label_formatter(&|x| plain(*x))
        .y_label_formatter(&|y| plain(*y))
        .draw()?;
    for curve in curves {
        let colour = curve.colour;
        chart
            .draw_series(LineSeries::new(
                curve.points.iter().copied(),
                colour.stroke_width(2),
            ))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    if curves.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(RGBColor(0xcc, 0xcc, 0xcc))
            .draw()?;
    }
    area.present()?;
    Ok(())
}

/// A number without decimals that say nothing.
fn plain(number: f64) -> String {
    if number.fract().abs() < 1e-9 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn a_page_asks_for_nothing_and_shows_what_was_given_as_text() {
        let mut report = report(1, &[(0, 1000), (1, 5000)]);
        report.run.rule = "http://h/<script>".to_owned();
        let html = page(&report, &["p99<1ms".parse().unwrap()]);
        assert!(html.contains("&lt;script&gt;"), "{html}");
        for none in ["<script", "http-equiv=refresh", " src=", "url(", "href="] {
            assert!(!html.contains(none), "{none}");
        }
        assert_eq!(html.matches("<svg ").count(), 4);
        assert!(html.contains("<tr class=bad>"), "{html}");
    }

    #[test]
    fn long_series_are_thinned_without_losing_their_peak() {
        let mut series = vec![1_u64; 10_000];
        series[7777] = 99;
        let points = thinned(&series, |part| {
            part.iter().copied().max().unwrap_or(0) as f64
        });
        assert!(points.len() <= POINTS);
        assert!(points.iter().any(|point| point.1 > 98.0));
    }
}
