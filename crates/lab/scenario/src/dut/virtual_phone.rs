//! The engine in virtual time: its state in memory, its server scripted, its journal written.

mod doing;
mod effects;
mod life;
mod notified;
pub(crate) mod packets;
mod places;
mod slots;

use std::collections::{BTreeMap, VecDeque};
use std::hash::RandomState;
use std::net::IpAddr;
use std::time::Duration;

use onhook_device::{MonoTime, Now, WallTime};
use onhook_journal::Writer;
use onhook_params::{Mark, ParamId, Scope, UserAccess, Value};
use onhook_phone::{Cx, Effect, Input, OpId, Phone, Shared, State, StateRecord};
use onhook_sip::{Setup, UserAgent};

use self::slots::Firmware;
use super::scripted::Scripted;
use super::{Dut, Halt, Observation, Seen, Slack, Timer};
use crate::language::{Do, Given};

/// The host that serves the virtual phone.
const HOST: &str = "prov.example";

/// What is as good as the certificate of its authority.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

/// More inputs than this are a phone that never comes to rest.
const INPUTS: u64 = 2_000_000;

/// A parameter as it is stored.
struct Stored {
    access: Option<UserAccess>,
    mark: Mark,
    text: Option<String>,
}

/// A transfer under way.
struct Asking {
    op: OpId,
    url: String,
    /// The fields of the event at its end.
    ends: BTreeMap<String, String>,
}

/// What nobody but the network knows.
#[derive(Default)]
struct Known {
    options: BTreeMap<u8, String>,
    address: Option<IpAddr>,
    external: Option<IpAddr>,
    certificate: bool,
}

/// A phone in virtual time.
pub struct VirtualPhone {
    given: Given,
    seed: u64,
    /// How often it booted.
    lives: u64,
    phone: Option<Phone>,
    shared: Shared,
    stored: BTreeMap<ParamId, Stored>,
    record: StateRecord,
    server: Scripted,
    firmware: Firmware,
    known: Known,
    /// What the wall clock shows at the first step, in Unix seconds.
    wall: Option<i64>,
    boot_ms: u64,
    now_ms: u64,
    /// By time, then in the order in which a phone takes what comes at one instant.
    queue: BTreeMap<(u64, u64), Input>,
    pushed: u64,
    handled: u64,
    /// The transfer under way.
    asking: Option<Asking>,
    restarting: bool,
    seen: VecDeque<Observation>,
    out: Vec<Effect>,
    /// What takes NOTIFYs, and how many there were.
    sip: UserAgent,
    notified: u64,
    writer: Option<Writer>,
    hasher: RandomState,
    journal: String,
}

impl VirtualPhone {
    /// A phone without power.
    ///
    /// # Errors
    /// A parameter refuses its value.
    pub fn new(given: &Given, seed: u64) -> Result<Self, Halt> {
        let mut phone = Self {
            given: given.clone(),
            seed,
            lives: 0,
            phone: None,
            shared: Shared::default(),
            stored: BTreeMap::new(),
            record: StateRecord::default(),
            server: Scripted {
                files: BTreeMap::new(),
                faults: Vec::new(),
            },
            firmware: Firmware::of(given),
            known: Known {
                options: given.options.clone(),
                ..Known::default()
            },
            wall: given.clock.seconds(),
            boot_ms: 0,
            now_ms: 0,
            queue: BTreeMap::new(),
            pushed: 0,
            handled: 0,
            asking: None,
            restarting: false,
            seen: VecDeque::new(),
            out: Vec::new(),
            sip: UserAgent::new(
                Setup {
                    reports: true,
                    problem_reports: true,
                    ..Setup::default()
                },
                [0; 32],
            ),
            notified: 0,
            writer: None,
            hasher: RandomState::new(),
            journal: String::new(),
        };
        for (path, content) in &given.files {
            let path = phone.place(path);
            phone.server.files.insert(path, content.clone());
        }
        for (name, value) in &given.params {
            let (id, text) = phone.canonical(name, value)?;
            let stored = Stored {
                access: None,
                mark: Mark::None,
                text: Some(text),
            };
            phone.stored.insert(id, stored);
        }
        Ok(phone)
    }

    const fn scope(&self) -> &Scope {
        &self.given.scope
    }

    /// A parameter with its value, addresses filled in.
    fn canonical(&self, name: &str, value: &str) -> Result<(ParamId, String), Halt> {
        let broken = |why: String| Halt::Broken(format!("{name}: {why}"));
        let id = ParamId::lookup(name, self.scope())
            .ok_or_else(|| broken("this phone has no such parameter".to_owned()))?;
        let value = self.place(value);
        let text = id.canonical(&value, self.scope());
        Ok((
            id,
            text.map_err(|why| broken(why.to_string()))?.into_owned(),
        ))
    }

    fn now(&self) -> Now {
        let seconds = i64::try_from(self.now_ms / 1000).unwrap_or(i64::MAX);
        Now {
            mono: MonoTime::from_millis(self.now_ms - self.boot_ms),
            wall: self.wall.map(|wall| WallTime {
                unix_s: wall.saturating_add(seconds),
                offset_s: 0,
            }),
        }
    }

    fn push(&mut self, at_ms: u64, input: Input) {
        let order = u64::from(input.class()) << 48 | self.pushed;
        self.pushed += 1;
        self.queue.insert((at_ms, order), input);
    }

    /// Notes what is seen now.
    fn see(&mut self, seen: Seen) {
        let at = Duration::from_millis(self.now_ms);
        self.seen.push_back(Observation { at, seen });
    }

    /// Takes the next thing that comes, if it comes by `end_ms`.
    fn step(&mut self, end_ms: u64) -> bool {
        let queued = self.queue.keys().next().map(|(at, _)| *at);
        let deadline = self.phone.as_ref().and_then(Phone::deadline);
        let timer = deadline.map(|at| self.boot_ms.saturating_add(at.as_millis()));
        let notified = self.sip.deadline().map(MonoTime::as_millis);
        let next = [queued, timer, notified].into_iter().flatten().min();
        let Some(at) = next.filter(|at| *at <= end_ms) else {
            return false;
        };
        self.now_ms = self.now_ms.max(at);
        if let Some(act) = self.sip.elapse(MonoTime::from_millis(self.now_ms)) {
            self.act(act);
            return true;
        }
        match queued.filter(|queued| *queued <= self.now_ms) {
            Some(_) => {
                if let Some((_, input)) = self.queue.pop_first() {
                    self.handle(input);
                }
            }
            None => self.handle(Input::Timer),
        }
        true
    }

    /// Hands one input to the phone and carries out its effects.
    fn handle(&mut self, input: Input) {
        let now = self.now();
        let Some(phone) = &mut self.phone else {
            return;
        };
        self.handled += 1;
        if let Some(writer) = &mut self.writer {
            writer.input(now, &input, &self.shared);
        }
        if let Input::Upgraded(..) = input {
            self.firmware.loaded();
        }
        let mut answered = None;
        if let Input::FetchDone(op, result) = &input {
            let failure = result.err().map(|told| told.outcome.to_string());
            answered = Some((*op, failure));
        }
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
            out: &mut self.out,
        };
        phone.handle(input, &mut cx);
        if let Some(line) = self
            .writer
            .as_mut()
            .and_then(|writer| writer.effects(&self.out, phone, &self.shared))
        {
            self.journal.push_str(&line);
            self.journal.push('\n');
        }
        if let Some((op, failure)) = answered
            && let Some(Asking { url, ends, .. }) = self.asking.take_if(|asked| asked.op == op)
        {
            let how = failure.unwrap_or_else(|| "a profile".to_owned());
            self.see(Seen::Answer { url, how });
            let name = "fetch.done".to_owned();
            self.see(Seen::Event { name, fields: ends });
        }
        let mut out = std::mem::take(&mut self.out);
        for effect in out.drain(..) {
            self.execute(effect, now);
        }
        self.out = out;
        self.shared.sweep();
        if std::mem::take(&mut self.restarting) {
            self.boot();
        }
    }

    /// A value in its canonical spelling; empty without power.
    fn value(&self, name: &str) -> String {
        let id = ParamId::lookup(name, self.scope());
        let view = self
            .phone
            .as_ref()
            .and_then(|phone| phone.view(&self.shared));
        match (id, &self.phone, view) {
            (Some(id), Some(phone), Some(view)) => match phone.params().value(id, view) {
                Value::Plain(text) => text.to_owned(),
                Value::Secret(value) => self.shared.values.expose(value).to_owned(),
            },
            _ => String::new(),
        }
    }
}

impl Dut for VirtualPhone {
    fn slack(&self) -> Slack {
        Slack {
            early: Duration::ZERO,
            late: Duration::ZERO,
            soon: Duration::ZERO,
        }
    }

    fn perform(&mut self, at: Duration, action: &Do) -> Result<Duration, Halt> {
        self.now_ms = self.now_ms.max(millis(at));
        self.carry_out(action)?;
        Ok(Duration::from_millis(self.now_ms))
    }

    fn next(&mut self, until: Duration) -> Result<Option<Observation>, Halt> {
        let end_ms = millis(until);
        loop {
            if let Some(seen) = self.seen.pop_front() {
                return Ok(Some(seen));
            }
            if self.handled > INPUTS {
                return Err(Halt::Broken(format!(
                    "the phone never comes to rest: it has taken {INPUTS} inputs"
                )));
            }
            if !self.step(end_ms) {
                self.now_ms = self.now_ms.max(end_ms);
                return Ok(None);
            }
        }
    }

    fn place(&self, text: &str) -> String {
        text.replace("{http}", "http://prov.example")
            .replace("{https}", "https://prov.example")
            .replace("{tftp}", "tftp://prov.example")
            .replace("{host}", HOST)
            .replace("{log}", "log.example")
            .replace("{port}", "80")
            .replace("{authority}", AUTHORITY)
    }

    fn param(&mut self, name: &str) -> Result<String, Halt> {
        Ok(self.value(name))
    }

    fn state(&mut self) -> Result<String, Halt> {
        let state = self.phone.as_ref().map_or(State::Off, Phone::state);
        Ok(match state {
            State::Off => "off",
            State::Dormant => "dormant",
            State::BootDelay => "boot-delay",
            State::Waiting => "waiting",
            State::ErrorWait => "error-wait",
            State::Due(_) => "due",
            State::Running(_) => "running",
        }
        .to_owned())
    }

    fn timer(&mut self) -> Result<Option<Timer>, Halt> {
        let timer = self.phone.as_ref().and_then(Phone::timer);
        let now = self.now().mono;
        Ok(timer.map(|(kind, at)| Timer {
            name: kind.name().to_owned(),
            left: at.since(now),
        }))
    }

    fn journal(&mut self) -> Option<String> {
        Some(self.journal.clone())
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
