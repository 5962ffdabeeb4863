//! Doing again what a journal tells.

use std::net::IpAddr;

use onhook_device::{Family, Mac, MonoTime, Now, Release, WallTime};
use onhook_params::{ParamSet, Scope, Secrecy};
use onhook_phone::{CaOver, Cx, Effect, Model, Phone, PhoneSetup, Shared};
use thiserror::Error;

use crate::hide::Hide;
use crate::input::Input;
use crate::line::{Life, Line, SCHEMA, Step};
use crate::writer::texts;

/// A line that cannot be used.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// It is no line of a journal.
    #[error("this is no line of a journal: {0}")]
    Line(#[from] serde_json::Error),
    /// It is of another version.
    #[error(
        "the journal has the form `{0}`, this program reads `{SCHEMA}`: replay it with the program that wrote it"
    )]
    Schema(String),
    /// A value is none.
    #[error("`{value}` is no {what}")]
    Value {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// A parameter is unknown.
    #[error(
        "this program does not know the parameter `{0}`: replay it with the program that wrote it"
    )]
    Param(String),
    /// An input names what is unknown.
    #[error(
        "the input names something that this program does not know: replay it with the program that wrote it"
    )]
    Input,
    /// It stands before the first life.
    #[error("a journal begins with the start of a phone: lines are missing before this one")]
    NoLife,
}

/// What one line led to.
#[derive(Debug)]
pub enum Replayed {
    /// The phone starts.
    Life(Box<Life>),
    /// It took an input.
    Step {
        /// The input.
        input: Input,
        /// The time.
        now: Now,
        /// What the phone wanted done.
        effects: Vec<Effect>,
        /// The same as texts.
        texts: Vec<String>,
        /// What the journal says; `None` if that is the same.
        recorded: Option<Vec<String>>,
    },
    /// Lines are missing: nothing is told until the next life.
    Missed(u64),
    /// A step after lines that are missing.
    Skipped,
}

/// A phone that lives again.
#[derive(Default)]
pub struct Replay {
    living: Option<Living>,
    broken: bool,
}

struct Living {
    phone: Phone,
    shared: Shared,
    scope: Scope,
}

impl Replay {
    /// Takes the next line of a journal, without its end.
    ///
    /// # Errors
    /// The line is none of a journal, or names what this program does not know; the phone stays as it was.
    pub fn line(&mut self, line: &str) -> Result<Replayed, ReplayError> {
        match serde_json::from_str(line)? {
            Line::Life(life) => {
                self.living = Some(Living::begin(&life)?);
                self.broken = false;
                Ok(Replayed::Life(life))
            }
            Line::Missed(count) => {
                self.broken = true;
                Ok(Replayed::Missed(count))
            }
            Line::Step(_) if self.broken => Ok(Replayed::Skipped),
            Line::Step(step) => {
                let living = self.living.as_mut().ok_or(ReplayError::NoLife)?;
                living.step(step)
            }
        }
    }

    /// The phone as it is after the last line, with what its ids name.
    #[must_use]
    pub fn phone(&self) -> Option<(&Phone, &Shared)> {
        let living = self.living.as_ref()?;
        Some((&living.phone, &living.shared))
    }
}

impl Living {
    fn begin(life: &Life) -> Result<Self, ReplayError> {
        if life.schema != SCHEMA {
            return Err(ReplayError::Schema(life.schema.clone()));
        }
        let family: Family = parsed("family", &life.family)?;
        let release: Release = parsed("release", &life.release)?;
        let mut scope = Scope::new(family, release);
        for (name, value) in &life.readings {
            let set = scope.readings.set(name, value);
            set.map_err(|error| ReplayError::Value {
                what: "reading",
                value: error.to_string(),
            })?;
        }
        let ca_over: CaOver = match life.ca_over.as_str() {
            "" => CaOver::Any,
            word => parsed("transport of a custom CA", word)?,
        };
        let mut shared = Shared::default();
        let model = shared.add_model(Model {
            product_name: life.product_name.clone(),
            series: life.series.clone(),
            software_version: life.software_version.clone(),
            hardware_version: life.hardware_version.clone(),
            scope,
            idle_settle_s: life.idle_settle_s,
            ca_over,
            pin_server: life.pin_server,
        });
        let values = &mut shared.values;
        let mut entries = Vec::with_capacity(life.params.len());
        for param in &life.params {
            let entry = param.entry(values, &scope);
            entries.push(entry.ok_or_else(|| ReplayError::Param(param.name.clone()))?);
        }
        let params = ParamSet::of(&entries, values);
        let mut address = |text: &Option<String>| -> Result<_, ReplayError> {
            let ip = text.as_ref().map(|text| parsed::<IpAddr>("address", text));
            let ip = ip.transpose()?;
            Ok(ip.and_then(|ip| values.intern(&ip.to_string(), Secrecy::Plain)))
        };
        let setup = PhoneSetup {
            index: life.index,
            model,
            mac: parsed::<Mac>("MAC address", &life.mac)?,
            ip: address(&life.ip)?,
            external_ip: address(&life.external_ip)?,
            serial: values.intern(&life.serial, Secrecy::Plain),
            client_certificate: life.client_certificate,
            seed: life.seed,
        };
        Ok(Self {
            phone: Phone::new(&setup, params),
            shared,
            scope,
        })
    }

    fn step(&mut self, step: Step) -> Result<Replayed, ReplayError> {
        let input = step.input.live(&mut self.shared, &self.scope);
        let live = input.ok_or(ReplayError::Input)?;
        let now = Now {
            mono: MonoTime::from_millis(step.t_ms),
            wall: step.wall.map(|wall| WallTime {
                unix_s: wall.unix_s,
                offset_s: wall.offset_s,
            }),
        };
        let mut effects = Vec::new();
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
            out: &mut effects,
        };
        self.phone.handle(live, &mut cx);
        let texts = texts(&effects, &self.phone, &self.shared, &Hide::Replayed);
        let recorded = (texts != step.effects).then_some(step.effects);
        self.shared.sweep();
        Ok(Replayed::Step {
            input: step.input,
            now,
            effects,
            texts,
            recorded,
        })
    }
}

fn parsed<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, ReplayError> {
    text.parse().map_err(|_| ReplayError::Value {
        what,
        value: text.to_owned(),
    })
}
