//! The report as one page that needs nothing else.

use std::fmt::Write as _;

use super::text;
use super::timeline::picture;
use super::xml::escaped;
use crate::language::words;
use crate::verdict::{Report, Row, Verdict};

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
summary { cursor: pointer; padding: .2rem 0 }
details { border-bottom: 1px solid #ddd }
.verdict { display: inline-block; min-width: 8rem; font-weight: 600 }
.pass .verdict { color: #176b34 } .fail .verdict { color: #b00020 } .skip .verdict, .needs-handset .verdict { color: #6b6b6b }
.id { font-family: ui-monospace, monospace }
pre { white-space: pre-wrap; background: #f6f6f6; padding: .6rem; overflow-x: auto }
table { border-collapse: collapse } td { padding: 0 1rem 0 0; vertical-align: top } td.at { text-align: right; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto; font-size: 11px } svg line { stroke: #ccc } svg .tick { fill: #666; text-anchor: middle }
svg .power { fill: #666 } svg .reboot { fill: #d9822b } svg .request { fill: #1f6feb } svg .good { fill: #2da44e } svg .bad { fill: #cf222e }
svg .done { fill: none; stroke: #222; stroke-width: 1.5 } svg .timer { fill: #8250df } svg .message { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #181818 } pre { background: #222 } details { border-color: #333 } svg text { fill: #bbb } svg line { stroke: #444 }
  svg .done { stroke: #ddd } .pass .verdict { color: #57c27a } .fail .verdict { color: #ff7b86 }
}
";

/// The report as a page; it is well-formed XML too.
#[must_use]
pub fn html(report: &Report) -> String {
    let ending = escaped(text::ending(report).trim_end());
    let mut out =
        String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/>");
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width\"/><title>Scenarios: {ending}</title><style>{STYLE}</style></head>\n\
         <body>\n<h1>Scenarios</h1>\n<p>{ending}. Seed {}.</p>\n",
        report.seed
    );
    for row in &report.rows {
        details(row, report.seed, &mut out);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn details(row: &Row, seed: u64, out: &mut String) {
    let open = match row.verdict {
        Verdict::Fail => " open=\"open\"",
        Verdict::Pass | Verdict::Skip | Verdict::NeedsHandset => "",
    };
    let verdict = row.verdict.name();
    let _ = write!(
        out,
        "<details class=\"{verdict}\"{open}><summary><span class=\"verdict\">{verdict}</span> <span class=\"id\">{}</span> {} ({})</summary>\n\
         <p>{}:{}",
        escaped(&row.id),
        escaped(&row.title),
        row.dut.name(),
        escaped(&row.file),
        row.line,
    );
    for (word, text) in [
        ("rules", row.rules.join(", ")),
        ("source", row.source.clone()),
    ] {
        if !text.is_empty() {
            let _ = write!(out, "; {word}: {}", escaped(&text));
        }
    }
    out.push_str("</p>\n");
    if !row.why.is_empty() {
        let _ = writeln!(out, "<p><strong>{}</strong></p>", escaped(&row.why));
    }
    if !row.steps.is_empty() {
        out.push_str("<table>\n");
        for step in &row.steps {
            let at = step.at.map_or_else(|| "failed".to_owned(), words);
            let text = escaped(&step.text);
            let _ = writeln!(out, "<tr><td class=\"at\">{at}</td><td>{text}</td></tr>");
        }
        out.push_str("</table>\n");
        out.push_str(&picture(row));
    }
    if !row.story.is_empty() {
        let story = escaped(&row.story.join("\n"));
        let _ = writeln!(
            out,
            "<p>What the phone did, and why:</p>\n<pre>{story}</pre>"
        );
    }
    if let Some(replay) = &row.replay {
        let replay = escaped(replay);
        let _ = writeln!(out, "<p>Seed {seed}. Replay: <code>{replay}</code></p>");
    }
    out.push_str("</details>\n");
}
