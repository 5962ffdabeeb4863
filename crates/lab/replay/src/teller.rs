//! One line of a journal after the other.

use onhook_journal::{Life, Replay, ReplayError, Replayed};
use serde::Serialize;

use crate::{decision, event};

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A phone starts.
    Life,
    /// Something happened to it.
    Step,
    /// Lines are missing, or cannot be replayed because lines before them are missing.
    Gap,
}

/// One line of a journal in words.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Told {
    /// The line, counted from 1.
    pub line: u64,
    /// What it is.
    pub kind: Kind,
    /// Seconds since the start of the phone.
    pub t: f64,
    /// Unix seconds of the wall clock; `None` if it is not known.
    pub unix_s: Option<i64>,
    /// What happened.
    pub what: String,
    /// What the phone did and why, one sentence each.
    pub then: Vec<String>,
    /// Where the phone does something else than the journal says.
    pub difference: Option<Difference>,
}

/// Effects that are not the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// What the journal says.
    pub recorded: Vec<String>,
    /// What the replay gives.
    pub replayed: Vec<String>,
}

/// How far the replay agrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Starts of the phone.
    pub lives: u64,
    /// Inputs that were handed in.
    pub inputs: u64,
    /// Effects that were compared.
    pub effects: u64,
    /// Inputs with other effects than the journal says.
    pub differences: u64,
    /// Lines that are missing, and steps that could not be replayed because of them.
    pub gaps: u64,
}

impl Summary {
    /// Whether everything was replayed, to the same effects.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.differences == 0 && self.gaps == 0
    }
}

/// Replays a journal and tells it.
#[derive(Default)]
pub struct Teller {
    replay: Replay,
    life: Option<Box<Life>>,
    line: u64,
    summary: Summary,
}

impl Teller {
    /// Tells the next line, given without its end.
    ///
    /// # Errors
    /// The line is none of a journal, or names what this program does not know.
    pub fn line(&mut self, text: &str) -> Result<Told, ReplayError> {
        self.line += 1;
        let replayed = self.replay.line(text)?;
        Ok(match replayed {
            Replayed::Life(life) => {
                self.summary.lives += 1;
                let told = self.quiet(Kind::Life, begins(&life));
                self.life = Some(life);
                told
            }
            Replayed::Missed(count) => {
                self.summary.gaps = self.summary.gaps.saturating_add(count);
                let what = format!(
                    "{count} lines are missing here: the replay goes on when the phone starts again"
                );
                self.quiet(Kind::Gap, what)
            }
            Replayed::Skipped => {
                self.summary.gaps += 1;
                self.quiet(
                    Kind::Gap,
                    "not replayed: lines before it are missing".to_owned(),
                )
            }
            Replayed::Step {
                input,
                now,
                effects,
                texts,
                recorded,
            } => {
                self.summary.inputs += 1;
                self.summary.effects += texts.len() as u64;
                self.summary.differences += u64::from(recorded.is_some());
                let then = match (self.replay.phone(), &self.life) {
                    (Some((phone, shared)), Some(life)) => {
                        let seen = decision::Seen {
                            phone,
                            shared,
                            life,
                            now,
                        };
                        seen.decisions(&input, &effects)
                    }
                    _ => Vec::new(),
                };
                Told {
                    line: self.line,
                    kind: Kind::Step,
                    t: std::time::Duration::from_millis(now.mono.as_millis()).as_secs_f64(),
                    unix_s: now.wall.map(|wall| wall.unix_s),
                    what: event::words(&input),
                    then,
                    difference: recorded.map(|recorded| Difference {
                        recorded,
                        replayed: texts,
                    }),
                }
            }
        })
    }

    /// How far the replay agrees so far.
    #[must_use]
    pub const fn summary(&self) -> Summary {
        self.summary
    }

    fn quiet(&self, kind: Kind, what: String) -> Told {
        Told {
            line: self.line,
            kind,
            t: 0.0,
            unix_s: None,
            what,
            then: Vec::new(),
            difference: None,
        }
    }
}

fn begins(life: &Life) -> String {
    format!(
        "a {} starts, {}, load {}, release {}, recorded by {}",
        life.product_name, life.mac, life.software_version, life.release, life.program
    )
}
