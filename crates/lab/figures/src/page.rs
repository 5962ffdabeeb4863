//! One file for a browser.

use std::fmt::Write as _;

use plotters::style::RGBColor;

use crate::plot::{Colour, Plot};
use crate::{Measured, Threshold};

/// A page that grows from above, and asks for no other file.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    body: String,
}

/// One of several bars.
#[derive(Clone, Debug)]
pub struct Bar<'b> {
    /// Whose it is.
    pub name: &'b str,
    /// What is beside it.
    pub about: &'b str,
    /// What it says, in words.
    pub words: String,
    /// How long it is; `None` if there is nothing to show.
    pub length: Option<f64>,
    /// Whether it is the one that the others stand beside.
    pub own: bool,
}

impl Page {
    /// A page with a heading, and whether what it tells is good, if that was asked.
    #[must_use]
    pub fn new(heading: &str, good: Option<bool>) -> Self {
        let heading = escaped(heading);
        let (title, h1) = match good {
            None => (heading.clone(), heading),
            Some(good) => {
                let verdict = if good { "good" } else { "bad" };
                let h1 = format!("{heading}, <span class={verdict}>{verdict}</span>");
                (format!("{heading}: {verdict}"), h1)
            }
        };
        Self {
            title,
            body: format!("<h1>{h1}</h1>\n"),
        }
    }

    /// A text.
    pub fn words(&mut self, text: &str) {
        self.push(format_args!("<p>{}</p>\n", escaped(text)));
    }

    /// A text of a program, such as a rule.
    pub fn code(&mut self, text: &str) {
        self.push(format_args!("<p><code>{}</code></p>\n", escaped(text)));
    }

    /// A title above what follows.
    pub fn section(&mut self, title: &str) {
        self.push(format_args!("<h2>{}</h2>\n", escaped(title)));
    }

    /// Points that are told one by one.
    pub fn points<'t>(&mut self, points: impl IntoIterator<Item = &'t str>) {
        self.body.push_str("<ul>\n");
        for point in points {
            self.push(format_args!("<li>{}</li>\n", escaped(point)));
        }
        self.body.push_str("</ul>\n");
    }

    /// A table; the first cell of each row says what the others are. `head` may be empty.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        self.body.push_str("<div class=scroll><table>\n");
        if !head.is_empty() {
            self.body.push_str("<tr>");
            for cell in head {
                self.push(format_args!("<th scope=col>{}", escaped(cell)));
            }
            self.body.push_str("</tr>\n");
        }
        for row in rows {
            self.body.push_str("<tr>");
            for (place, cell) in row.iter().enumerate() {
                let kind = if place == 0 { "th scope=row" } else { "td" };
                self.push(format_args!("<{kind}>{}", escaped(cell)));
            }
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</table></div>\n");
    }

    /// What had to hold of a report, and whether it does.
    pub fn thresholds<R: Measured>(&mut self, report: &R, thresholds: &[Threshold]) {
        let rows = thresholds.iter().map(|threshold| {
            let (holds, found) = threshold.judge(report);
            let word = if holds { "holds" } else { "failed" };
            let cells = vec![threshold.to_string(), word.to_owned(), found];
            (Some(holds), cells)
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            self.verdicts(&rows);
        }
    }

    /// A table of what was asked for, with whether it is good, if that is known; the first cell of each row says what it is.
    pub fn verdicts(&mut self, rows: &[(Option<bool>, Vec<String>)]) {
        self.body.push_str("<div class=scroll><table>\n");
        for (good, cells) in rows {
            self.body.push_str(match good {
                Some(true) => "<tr class=good>",
                Some(false) => "<tr class=bad>",
                None => "<tr>",
            });
            for (place, cell) in cells.iter().enumerate() {
                let cell = escaped(cell);
                match place {
                    0 => self.push(format_args!("<td><code>{cell}</code>")),
                    _ => self.push(format_args!("<td>{cell}")),
                }
            }
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</table></div>\n");
    }

    /// Bars under each other, the longest as wide as the page.
    pub fn bars(&mut self, bars: &[Bar<'_>]) {
        let lengths = bars.iter().filter_map(|bar| bar.length);
        let longest = lengths.fold(f64::MIN_POSITIVE, f64::max);
        for bar in bars {
            let name = escaped(bar.name);
            self.push(format_args!("<div class=bar><span>{name}</span><div>"));
            if let Some(length) = bar.length {
                let class = if bar.own { "own" } else { "other" };
                let width = length / longest * 100.0;
                self.push(format_args!(
                    "<div class={class} style='width:{width:.1}%'></div>"
                ));
            }
            let words = escaped(&bar.words);
            let about = escaped(bar.about);
            self.push(format_args!(
                "<small>{words}<br>{about}</small></div></div>\n"
            ));
        }
    }

    /// A picture with its title.
    pub fn plot(&mut self, plot: &Plot) {
        self.section(&plot.title);
        self.body.push_str(&plot.svg());
    }

    /// Lines as a program prints them.
    pub fn lines(&mut self, title: &str, text: &str) {
        self.section(title);
        self.push(format_args!("<pre>{}</pre>\n", escaped(text)));
    }

    /// The whole file.
    #[must_use]
    pub fn finish(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\n\
             <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{}</title>\n<style>\n{STYLE}{}</style>\n{}</html>\n",
            self.title,
            colours(),
            self.body
        )
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a String does not fail.
        let _ = self.body.write_fmt(text);
    }
}

const STYLE: &str = "\
:root { color-scheme: light dark }\n\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }\n\
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .3rem }\n\
.scroll { overflow-x: auto } table { border-collapse: collapse }\n\
td, th { padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; font-variant-numeric: tabular-nums }\n\
td { min-width: 5.5rem } th { font-weight: 600 } th[scope=row] { font-weight: 400; color: #555; min-width: 6rem }\n\
.good { color: #17692f } .bad { color: #b3261e } code { overflow-wrap: anywhere }\n\
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: .8rem }\n\
svg { max-width: 100%; height: auto; display: block } .key { margin: .3rem 0 }\n\
.key span { display: inline-block; width: 1.2em; height: .2em; margin: 0 .4em 0 1em; vertical-align: middle }\n\
.bar { display: grid; grid-template-columns: 14rem 1fr; gap: 0 1rem; margin: .35rem 0 }\n\
.own, .other { height: 1.1rem; min-width: 2px; background: #8a8f98 } .own { background: #1668a5 } small { color: #777 }\n\
svg.narrow { display: none }\n\
@media (max-width: 40rem) { svg.wide { display: none } svg.narrow { display: block; width: 100% } .bar { grid-template-columns: 1fr } }\n";

/// The colours of keys, and what a dark page has otherwise: the pictures name colours of their own, which are taken for others.
fn colours() -> String {
    let mut rules = String::new();
    let mut dark = String::from(
        "@media (prefers-color-scheme: dark) {\n\
         body { color: #ddd; background: #181818 } pre { background: #242424 } th[scope=row] { color: #aaa }\n\
         .good { color: #57c27a } .bad { color: #ff8a80 } .own { background: #57a8e6 } small { color: #999 }\n\
         svg [fill=\"#FFFFFF\"] { fill: #181818 } svg text { fill: #ccc } svg [stroke=\"#FFFFFF\"] { stroke: none }\n\
         svg [stroke=\"#000000\"] { stroke: #888 }\n",
    );
    for (colour, light) in Colour::ALL {
        let (RGBColor(r, g, b), class) = (colour.rgb(), colour.class());
        let own = format!("#{r:02X}{g:02X}{b:02X}");
        // Writing into a String does not fail.
        let _ = writeln!(rules, ".key .{class} {{ background: {own} }}");
        let _ = writeln!(
            dark,
            ".key .{class} {{ background: {light} }} svg [stroke=\"{own}\"] {{ stroke: {light} }}"
        );
    }
    rules + &dark + "}\n"
}

/// Text that means nothing to a browser.
pub(crate) fn escaped(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Curve, Plot};

    #[test]
    fn a_page_asks_for_nothing_and_shows_what_was_given_as_text() {
        let nasty = "<script src=x>'\"&";
        let mut page = Page::new(nasty, Some(false));
        page.words(nasty);
        page.code(nasty);
        page.points([nasty]);
        page.table(&[nasty], &[vec![nasty.to_owned(), nasty.to_owned()]]);
        page.lines(nasty, nasty);
        page.verdicts(&[(Some(true), vec![nasty.to_owned(); 2])]);
        page.bars(&[Bar {
            name: nasty,
            about: nasty,
            words: nasty.to_owned(),
            length: Some(1.0),
            own: true,
        }]);
        page.plot(&Plot {
            title: nasty.to_owned(),
            below: nasty.to_owned(),
            curves: vec![Curve::new(nasty, Colour::Blue, vec![(0.0, 1.0)]); 2],
        });
        let html = page.finish();
        for none in [
            "<script", "refresh", " src=x>'", "url(", "href=", "@import", "<link", "<img",
        ] {
            assert!(!html.contains(none), "{none} {html}");
        }
        assert!(html.contains("<title>&lt;script src=x&gt;&#39;&quot;&amp;: bad</title>"));
    }

    #[test]
    fn bars_are_as_long_as_what_they_show() {
        let bar = |length, own| Bar {
            name: "x",
            about: "",
            words: String::new(),
            length,
            own,
        };
        let mut page = Page::new("bars", None);
        page.bars(&[
            bar(Some(1.0), true),
            bar(Some(4.0), false),
            bar(None, false),
        ]);
        let html = page.finish();
        assert!(html.contains("<div class=own style='width:25.0%'>"));
        assert_eq!(
            html.matches("<div class=other style='width:100.0%'>")
                .count(),
            1
        );
        assert_eq!(html.matches("<div class=bar>").count(), 3);
    }

    #[test]
    fn a_dark_page_names_every_colour_that_pictures_use() {
        let curves = Colour::ALL
            .iter()
            .map(|(colour, _)| Curve::new("x", *colour, vec![(0.0, 1.0), (1.0, 2.0)]));
        let plot = Plot {
            title: String::new(),
            below: "x".to_owned(),
            curves: curves.collect(),
        };
        let colours = colours();
        let dark = colours.split_once("@media").unwrap().1;
        for part in plot.svg().split('"').filter(|part| {
            let digits = part.strip_prefix('#').unwrap_or_default();
            digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())
        }) {
            let text = part == "#000000";
            assert!(
                text || dark.contains(part),
                "{part} has no dark counterpart"
            );
        }
    }
}
