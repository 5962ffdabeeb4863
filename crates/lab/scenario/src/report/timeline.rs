//! What was seen of a phone, over time, as a picture.

use std::fmt::Write as _;
use std::time::Duration;

use super::xml::escaped;
use crate::dut::{Observation, Seen};
use crate::judge::name;
use crate::language::words;
use crate::verdict::Row;

/// Marks of one picture at most; the first ones are drawn.
const MARKS: usize = 1000;

/// Where time begins and ends, in units of the picture.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 980.0;

/// Lanes from top to bottom.
const LANES: [&str; 5] = ["power", "requests", "answers", "timers", "messages"];

const LANE: f64 = 22.0;

/// The lane of something seen, and the look of its mark; `None` if it is not drawn.
fn lane(seen: &Seen) -> Option<(usize, &'static str)> {
    match seen {
        Seen::Power(_) => Some((0, "power")),
        Seen::Reboot { .. } => Some((0, "reboot")),
        Seen::Request { .. } => Some((1, "request")),
        Seen::Answer { how, .. } => Some((2, if how == "a profile" { "good" } else { "bad" })),
        Seen::Event { name, .. } => match name.as_str() {
            "resync.done" => Some((2, "done")),
            "timer.armed" => Some((3, "timer")),
            _ => None,
        },
        Seen::Syslog { .. } => Some((4, "message")),
    }
}

/// The picture of a row as SVG.
pub(super) fn picture(row: &Row) -> String {
    let last = row.seen.iter().map(|seen| seen.at).max();
    let end = row.took.max(last.unwrap_or_default());
    let end = end.max(Duration::from_secs(1));
    let x = |at: Duration| LEFT + (RIGHT - LEFT) * at.as_secs_f64() / end.as_secs_f64();
    let height = LANE * (LANES.len() as f64 + 1.0);
    let mut out = format!(
        "<svg viewBox=\"0 0 1000 {height}\" role=\"img\" aria-label=\"what was seen over time\">\n"
    );
    for (number, lane) in LANES.iter().enumerate() {
        let y = LANE * (number as f64 + 0.5);
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "<text x=\"0\" y=\"{:.1}\">{lane}</text><line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
            y + 4.0
        );
    }
    for tick in 0..=4_u32 {
        let at = end * tick / 4;
        let _ = writeln!(
            out,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x(at),
            height - 6.0,
            words(at)
        );
    }
    for observation in row.seen.iter().take(MARKS) {
        mark(observation, end, &x, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn mark(observation: &Observation, end: Duration, x: &dyn Fn(Duration) -> f64, out: &mut String) {
    let Observation { at, seen } = observation;
    let Some((lane, look)) = lane(seen) else {
        return;
    };
    let y = LANE * (lane as f64 + 0.5);
    let title = escaped(&format!("{}: {}", words(*at), name(seen)));
    let left = x(*at);
    let armed = match seen {
        Seen::Event { fields, .. } => fields.get("in_s").and_then(|text| text.parse().ok()),
        Seen::Power(_)
        | Seen::Reboot { .. }
        | Seen::Request { .. }
        | Seen::Answer { .. }
        | Seen::Syslog { .. } => None,
    };
    let _ = match armed.map(Duration::from_secs) {
        Some(span) => writeln!(
            out,
            "<rect class=\"{look}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"6\"><title>{title}</title></rect>",
            y - 3.0,
            (x(at.saturating_add(span).min(end)) - left).max(2.0)
        ),
        None => writeln!(
            out,
            "<circle class=\"{look}\" cx=\"{left:.1}\" cy=\"{y:.1}\" r=\"5\"><title>{title}</title></circle>"
        ),
    };
}
