//! What a boot loader and a phone tell each other: which slot comes up, and what each holds.

use std::fmt;
use std::str::FromStr;

use onhook_crypto::sha256;
use thiserror::Error;

use crate::Digest;

//= R-FW-9
/// How often a load may come up without being confirmed.
pub const MOST_BOOTS: u8 = 3;
/// Largest record, in bytes.
pub const BOOT_RECORD_LIMIT: usize = 1024;

/// One of the two places for a load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Slot {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// `a` or `b`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Slot {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.name() == word)
            .ok_or_else(|| format!("`{word}` is no slot: use `a` or `b`"))
    }
}

/// A load that is whole in its slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldLoad {
    /// The name of the load.
    pub name: String,
    /// The SHA-256 of its manifest.
    pub identity: Digest,
    /// Its security counter.
    pub counter: u32,
    /// Whether the boot loader has given it up (R-FW-9).
    pub failed: bool,
}

/// What a slot holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Held {
    /// Nobody has said: what was there when the phone was made, or nothing.
    #[default]
    Unknown,
    /// A part of the load with this identity.
    Part(Digest),
    /// A load.
    Whole(HeldLoad),
}

/// What boot loader and phone keep between them; each changes it only while the other does not run.
///
/// ```text
/// settled -> trial(0)          activate: the other slot is to come up
/// trial(n) -> trial(n+1)       boot, as long as n < 3: the other slot comes up
/// trial(3) -> settled          boot: the load is given up, the slot that was good comes up
/// trial(n) -> settled          confirm: the slot that came up is the good one
/// trial(0) -> settled          booted: the good slot came up, and the boot loader may never have been told of the other one
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BootRecord {
    /// What slot A holds.
    pub a: Held,
    /// What slot B holds.
    pub b: Held,
    /// The slot that came up last.
    pub running: Slot,
    /// The slot that is known to come up.
    pub good: Slot,
    /// How often the other slot has come up since it was to be tried; `None` if none is to be tried.
    pub trial: Option<u8>,
    /// Whether it is not known which slot a boot loader will start that does not read this record: it was being told when the power failed,
    /// or has refused.
    pub unsure: bool,
    /// The lowest security counter of a load that is taken.
    pub floor: u32,
}

/// The record cannot be changed so now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BadStep {
    /// The slot that is to be written or tried holds the only load that is known to come up.
    #[error(
        "the load that runs is not confirmed yet, and the other slot holds the only one that is known to come up"
    )]
    OnTrial,
    /// There is no whole load in the other slot.
    #[error("the other slot holds no whole load")]
    NothingThere,
    /// The load in the other slot has a lower security counter than one that was confirmed.
    #[error(
        "the load in the other slot has the security counter {counter}; this phone takes none below {floor}"
    )]
    BelowFloor {
        /// The counter of the load.
        counter: u32,
        /// The lowest that the phone takes.
        floor: u32,
    },
}

/// A text is no record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the boot record is damaged")]
pub struct BadRecord;

impl BootRecord {
    /// What a slot holds.
    #[must_use]
    pub const fn held(&self, slot: Slot) -> &Held {
        match slot {
            Slot::A => &self.a,
            Slot::B => &self.b,
        }
    }

    const fn held_mut(&mut self, slot: Slot) -> &mut Held {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// The slot that does not run.
    #[must_use]
    pub const fn inactive(&self) -> Slot {
        self.running.other()
    }

    /// Whether the load that runs has still to be confirmed.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.running != self.good
    }

    /// The boot loader starts a slot; the record is to be durable before that.
    pub fn boot(&mut self) -> Slot {
        let other = self.good.other();
        let whole = matches!(self.held(other), Held::Whole(_));
        //= R-FW-9
        // Whoever reads the record has been told.
        self.unsure = false;
        self.running = match self.trial {
            Some(boots) if boots < MOST_BOOTS && whole => {
                self.trial = Some(boots + 1);
                other
            }
            Some(_) => {
                self.give_up();
                self.good
            }
            None => self.good,
        };
        self.running
    }

    fn give_up(&mut self) {
        self.trial = None;
        let other = self.good.other();
        if let Held::Whole(load) = self.held_mut(other) {
            load.failed = true;
        }
    }

    /// A boot loader that keeps no such record has started this slot.
    pub fn booted(&mut self, slot: Slot) {
        if self.trial.is_some() && slot == self.good {
            match self.unsure {
                // The power failed before it heard of the load, which has done nothing wrong.
                true => self.trial = None,
                false => self.give_up(),
            }
        }
        self.unsure = false;
        self.running = slot;
        if slot != self.good && self.trial.is_none() {
            self.trial = Some(1);
            if let Held::Whole(load) = self.held_mut(slot) {
                load.failed = false;
            }
        }
    }

    /// The slot that does not run is about to be written: from now on it holds nothing whole.
    ///
    /// # Errors
    /// It must not be written now.
    pub fn begin(&mut self, load: Digest) -> Result<(), BadStep> {
        //= R-FW-8
        if self.is_on_trial() {
            return Err(BadStep::OnTrial);
        }
        // A load that was to be tried and is overwritten is not.
        self.take_back();
        *self.held_mut(self.inactive()) = Held::Part(load);
        Ok(())
    }

    /// All of a load is in the slot that does not run, and verified there.
    pub fn finish(&mut self, load: HeldLoad) {
        *self.held_mut(self.inactive()) = Held::Whole(load);
    }

    /// No other slot is to be tried any more.
    pub fn take_back(&mut self) {
        self.trial = None;
        self.unsure = false;
    }

    /// The slot that does not run is to come up next.
    ///
    /// # Errors
    /// It holds no whole load, or one that is older than the phone may run.
    pub fn activate(&mut self) -> Result<(), BadStep> {
        let inactive = self.inactive();
        if inactive == self.good {
            // Back to the one that is known to come up.
            self.take_back();
            return Ok(());
        }
        let floor = self.floor;
        let Held::Whole(load) = self.held_mut(inactive) else {
            return Err(BadStep::NothingThere);
        };
        //= R-FW-10
        if load.counter < floor {
            let counter = load.counter;
            return Err(BadStep::BelowFloor { counter, floor });
        }
        load.failed = false;
        self.trial = Some(0);
        self.unsure = false;
        Ok(())
    }

    /// The load that runs is good; whether anything has changed.
    pub fn confirm(&mut self) -> bool {
        let before = (self.good, self.trial, self.floor);
        if self.is_on_trial() {
            self.good = self.running;
            self.take_back();
        }
        //= R-FW-10
        if let Held::Whole(load) = self.held(self.running) {
            self.floor = self.floor.max(load.counter);
        }
        before != (self.good, self.trial, self.floor)
    }

    /// The record as text, with a check sum.
    #[must_use]
    pub fn encode(&self) -> String {
        let held = |held: &Held| match held {
            Held::Unknown => "unknown".to_owned(),
            Held::Part(load) => format!("part {load}"),
            Held::Whole(load) => {
                let HeldLoad {
                    name,
                    identity,
                    counter,
                    failed,
                } = load;
                let word = if *failed { "failed" } else { "whole" };
                format!("{word} {identity} {counter} {name}")
            }
        };
        let trial = self.trial.map_or("none".to_owned(), |n| n.to_string());
        // Only while it is so: older programs know no such line.
        let unsure = if self.unsure { "unsure yes\n" } else { "" };
        let text = format!(
            "onhook-boot 1\nrunning {}\ngood {}\ntrial {trial}\nfloor {}\na {}\nb {}\n{unsure}",
            self.running,
            self.good,
            self.floor,
            held(&self.a),
            held(&self.b)
        );
        let sum = Digest(sha256(text.as_bytes()));
        format!("{text}sum {sum}\n")
    }

    /// Reads a record.
    ///
    /// # Errors
    /// It is not what [`Self::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadRecord> {
        Self::read(bytes).ok_or(BadRecord)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        if text.len() > BOOT_RECORD_LIMIT {
            return None;
        }
        let (body, sum) = text.rsplit_once("sum ")?;
        let expected = Digest(sha256(body.as_bytes())).to_string();
        if sum.strip_suffix('\n')? != expected {
            return None;
        }
        let mut lines = body.lines();
        let mut value = |word: &str| lines.next()?.strip_prefix(word)?.strip_prefix(' ');
        if value("onhook-boot")? != "1" {
            return None;
        }
        let record = Self {
            running: value("running")?.parse().ok()?,
            good: value("good")?.parse().ok()?,
            trial: match value("trial")? {
                "none" => None,
                boots => Some(boots.parse().ok()?),
            },
            floor: value("floor")?.parse().ok()?,
            a: held(value("a")?)?,
            b: held(value("b")?)?,
            unsure: false,
        };
        let unsure = match lines.next() {
            None => false,
            Some("unsure yes") => true,
            Some(_) => return None,
        };
        Some(Self { unsure, ..record })
    }
}

fn held(text: &str) -> Option<Held> {
    let mut words = text.split(' ');
    let word = words.next()?;
    if word == "unknown" {
        return Some(Held::Unknown);
    }
    let identity = Digest::read(words.next()?)?;
    match word {
        "part" => Some(Held::Part(identity)),
        "whole" | "failed" => Some(Held::Whole(HeldLoad {
            identity,
            counter: words.next()?.parse().ok()?,
            name: words.next()?.to_owned(),
            failed: word == "failed",
        })),
        _ => None,
    }
}
