//! Curves as SVG.

use plotters::prelude::*;

use crate::Distribution;
use crate::page::escaped;

/// Width and height of a picture for a wide window, and for a narrow one.
const SIZES: [(&str, (u32, u32)); 2] = [("wide", (860, 260)), ("narrow", (430, 260))];
/// Points that a curve has at most.
const POINTS: usize = 430;

/// Where a curve goes.
pub type Points = Vec<(f64, f64)>;

/// What a curve is drawn with; pages have a darker and a lighter one of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// For what is neither good nor bad.
    Blue,
    /// For what is good.
    Green,
    /// For what is bad.
    Red,
    /// One more.
    Orange,
    /// One more.
    Purple,
    /// One more.
    Grey,
}

impl Colour {
    /// All of them, each with itself on a dark page.
    pub(crate) const ALL: [(Self, &'static str); 6] = [
        (Self::Blue, "#6aa9f0"),
        (Self::Orange, "#e8a04c"),
        (Self::Green, "#57c27a"),
        (Self::Purple, "#b894f2"),
        (Self::Red, "#ff8a80"),
        (Self::Grey, "#a8a8a8"),
    ];

    /// A colour for each of several things.
    #[must_use]
    pub fn of(number: usize) -> Self {
        let place = number % Self::ALL.len();
        Self::ALL
            .get(place)
            .map_or(Self::Blue, |(colour, _)| *colour)
    }

    /// Its word in the styles of a page.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Purple => "purple",
            Self::Grey => "grey",
        }
    }

    pub(crate) const fn rgb(self) -> RGBColor {
        match self {
            Self::Blue => RGBColor(0x1f, 0x5f, 0xa8),
            Self::Green => RGBColor(0x17, 0x69, 0x2f),
            Self::Red => RGBColor(0xb3, 0x26, 0x1e),
            Self::Orange => RGBColor(0xa8, 0x5b, 0x00),
            Self::Purple => RGBColor(0x6b, 0x3f, 0xb5),
            Self::Grey => RGBColor(0x5c, 0x5c, 0x5c),
        }
    }
}

/// One curve.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// What it shows.
    pub name: String,
    /// What it is drawn with.
    pub colour: Colour,
    /// From left to right.
    pub points: Points,
}

impl Curve {
    /// A curve through points.
    #[must_use]
    pub fn new(name: &str, colour: Colour, points: Points) -> Self {
        Self {
            name: name.to_owned(),
            colour,
            points,
        }
    }
}

/// Curves in one picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Plot {
    /// What is to be seen.
    pub title: String,
    /// What goes from left to right.
    pub below: String,
    /// What is drawn.
    pub curves: Vec<Curve>,
}

/// A series with no more points than a picture can show; `of` makes one number of several slots. `slot` is the width of one on the axis,
/// and `first` where the series begins.
pub fn thinned(series: &[u64], (first, slot): (f64, f64), of: impl Fn(&[u64]) -> f64) -> Points {
    let width = series.len().div_ceil(POINTS).max(1);
    let parts = series.chunks(width).enumerate();
    parts
        .map(|(n, part)| ((n * width) as f64 * slot + first, of(part)))
        .collect()
}

/// Percent of all, and the milliseconds that so many did not exceed.
#[must_use]
pub fn percentiles(spans: &Distribution) -> Points {
    let (mut points, mut sum) = (Points::new(), 0);
    for (us, count) in &spans.counts {
        let ms = *us as f64 / 1000.0;
        points.push((sum as f64 * 100.0 / spans.count as f64, ms));
        sum += count;
        points.push((sum as f64 * 100.0 / spans.count as f64, ms));
    }
    points
}

impl Plot {
    /// The picture in each size, of which a page shows one; words instead if there is nothing to draw.
    pub(crate) fn svg(&self) -> String {
        if self.curves.iter().all(|curve| curve.points.is_empty()) {
            return "<p>nothing to show</p>\n".to_owned();
        }
        let pictures = SIZES.iter().map(|(class, size)| {
            let mut svg = String::new();
            let named = format!(
                "<svg role=img aria-label=\"{}\" class={class} ",
                escaped(&self.title)
            );
            match self.drawn(&mut svg, *size) {
                // The size stands in the file; the page fits it to the window.
                Ok(()) => svg.replacen("<svg ", &named, 1),
                Err(error) => format!("<p>{}</p>\n", escaped(&error.to_string())),
            }
        });
        self.key() + &pictures.collect::<String>()
    }

    /// Which curve is which, above the picture, where it covers nothing.
    fn key(&self) -> String {
        if self.curves.len() < 2 {
            return String::new();
        }
        let names = self.curves.iter().map(|curve| {
            let (class, name) = (curve.colour.class(), escaped(&curve.name));
            format!("<span class={class}></span>{name}")
        });
        format!("<p class=key>{}</p>\n", names.collect::<String>())
    }

    /// What the axes reach to.
    fn extent(&self) -> ((f64, f64), f64) {
        let all = || self.curves.iter().flat_map(|curve| &curve.points);
        let most = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(0.0, f64::max);
        let first = all().map(|point| point.0).fold(f64::INFINITY, f64::min);
        let last = most(|point| point.0).max(first + 1.0);
        ((first, last), most(|point| point.1).max(1.0) * 1.05)
    }

    fn drawn(&self, svg: &mut String, size: (u32, u32)) -> Result<(), Box<dyn std::error::Error>> {
        let ((first, last), height) = self.extent();
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .margin_right(24)
            .x_label_area_size(38)
            .y_label_area_size(64)
            .build_cartesian_2d(first..last, 0.0..height)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_labels(size.0 as usize / 80)
            .x_desc(self.below.as_str())
            .x_label_formatter(&|x| plain(*x))
            .y_label_formatter(&|y| plain(*y))
            .draw()?;
        for curve in &self.curves {
            let style = curve.colour.rgb().stroke_width(2);
            let points = curve.points.iter().copied();
            chart.draw_series(LineSeries::new(points, style))?;
        }
        area.present()?;
        Ok(())
    }
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

    #[test]
    fn long_series_are_thinned_without_losing_their_peak() {
        let mut series = vec![1_u64; 10_000];
        series[7777] = 99;
        let points = thinned(&series, (5.0, 0.5), |part| {
            part.iter().copied().max().unwrap_or(0) as f64
        });
        assert!(points.len() <= POINTS);
        let peak = points.iter().find(|point| point.1 > 98.0).unwrap();
        assert!((peak.0 - (5.0 + 7777.0 / 2.0)).abs() < 12.0, "{peak:?}");
    }

    #[test]
    fn a_plot_is_drawn_for_wide_and_narrow_windows_and_names_its_curves() {
        let plot = Plot {
            title: "a < b".to_owned(),
            below: "time".to_owned(),
            curves: vec![
                Curve::new("<one>", Colour::of(0), vec![(0.0, 1.0), (1.0, 2.0)]),
                Curve::new("two", Colour::of(1), vec![(0.0, 2.0)]),
            ],
        };
        let svg = plot.svg();
        for part in [
            "<svg role=img aria-label=\"a &lt; b\" class=wide ",
            "class=narrow ",
            "&lt;one&gt;",
        ] {
            assert!(svg.contains(part), "{part} {svg}");
        }
        assert!(!svg.contains("<one>"));
        let nothing = Plot {
            curves: vec![Curve::new("x", Colour::Blue, Points::new())],
            ..plot
        };
        assert_eq!(nothing.svg(), "<p>nothing to show</p>\n");
    }
}
