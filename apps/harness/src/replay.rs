//! `replay`: what a phone did, step by step, and why.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use onhook_replay::{Kind, Summary, Teller, Told};
use serde::Serialize;

use crate::cli::replay::ReplayArgs;
use crate::failure::{Done, FAILED};
use crate::output;

/// Replays a journal; effects that are not the same are exit status 1.
pub(crate) fn replay(args: &ReplayArgs) -> Done {
    let mut story = Vec::new();
    let mut cut = false;
    let name = Path::new(&args.journal).display();
    let mut teller = Teller::default();
    let mut lines = open(&args.journal)?;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = lines.read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {name}"))? == 0 {
            break;
        }
        let whole = line.last() == Some(&b'\n');
        let text = std::str::from_utf8(&line).unwrap_or("").trim_end();
        match teller.line(text) {
            Ok(told) if args.json => story.push(told),
            Ok(told) => output::print(&render(&told))?,
            // Power went while it was written.
            Err(_) if !whole && teller.summary().lives > 0 => cut = true,
            Err(error) => return Err(anyhow!("{name}:{number}: {error}").into()),
        }
    }
    let summary = teller.summary();
    if summary.lives == 0 {
        return Err(anyhow!("{name} holds no journal").into());
    }
    if args.json {
        output::document(&Document {
            schema: "onhook.replay/1",
            same: summary.is_same(),
            summary,
            cut,
            story,
        })?;
    } else {
        output::print(&ending(&summary, cut))?;
    }
    Ok(if summary.is_same() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    same: bool,
    #[serde(flatten)]
    summary: Summary,
    cut: bool,
    story: Vec<Told>,
}

fn open(from: &OsStr) -> anyhow::Result<Box<dyn BufRead>> {
    if from == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let path = Path::new(from);
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

fn render(told: &Told) -> String {
    let mut text = match told.kind {
        Kind::Life => format!("{}\n", told.what),
        Kind::Step => format!("{:12.3}  {}\n", told.t, told.what),
        Kind::Gap => format!("{:12}  {}\n", "", told.what),
    };
    for sentence in &told.then {
        text.push_str(&format!("{:16}{sentence}\n", ""));
    }
    if let Some(difference) = &told.difference {
        text.push_str(&format!(
            "{:12}  line {}: the phone does something else here\n",
            "", told.line
        ));
        for (sign, effects) in [('-', &difference.recorded), ('+', &difference.replayed)] {
            for effect in effects {
                text.push_str(&format!("{:12}  {sign} {effect}\n", ""));
            }
        }
    }
    text
}

fn ending(summary: &Summary, cut: bool) -> String {
    let Summary {
        lives,
        inputs,
        effects,
        differences,
        gaps,
    } = summary;
    let mut text = format!("{lives} starts, {inputs} inputs, {effects} effects: ");
    text.push_str(&match (differences, gaps) {
        (0, 0) => "the same as recorded".to_owned(),
        (0, gaps) => format!("the same as recorded, but {gaps} lines are missing or not replayed"),
        (differences, 0) => format!("{differences} inputs with other effects than recorded"),
        (differences, gaps) => format!(
            "{differences} inputs with other effects than recorded; {gaps} lines are missing or not replayed"
        ),
    });
    text.push('\n');
    if cut {
        text.push_str("the last line is cut off and was left out\n");
    }
    text
}
