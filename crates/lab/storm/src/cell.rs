//! One cell: some phones, their share of the server, and their time.

use std::net::{IpAddr, Ipv4Addr};

use onhook_device::{Identity, Mac, MonoTime, Now, Outcome};
use onhook_driver::Wheel;
use onhook_fetch::Endpoint;
use onhook_params::{Delta, Entry, Mark, ParamId, ParamSet, secrecy};
use onhook_phone::{
    Boot, Committed, Cx, Effect, Input, Model, Notice, OpId, Phone, PhoneSetup, RestartKind,
    Shared, StateRecord, Told,
};
use onhook_schedule::phone_seed;

use crate::report::Report;
use crate::server::{Answer, Server};
use crate::{Scenario, Storm};

/// How long a restart takes.
const REBOOT_MS: u64 = 60_000;

/// What comes at its time, in the order in which a phone takes what comes at one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    PowerOn,
    /// The deadline that the phone had when it was armed for the nth time.
    Timer,
    Answered,
}

/// The wheel carries a number with each phone: what comes, in the upper bits, and which one of these.
const KIND_SHIFT: u32 = 30;

impl What {
    const fn numbered(self, number: u32) -> u32 {
        (self as u32) << KIND_SHIFT | number & ((1 << KIND_SHIFT) - 1)
    }

    const fn of(carried: u32) -> Self {
        match carried >> KIND_SHIFT {
            0 => Self::PowerOn,
            1 => Self::Timer,
            _ => Self::Answered,
        }
    }
}

struct Seat {
    phone: Phone,
    boot_ms: u64,
    record: StateRecord,
    /// The deadline for which a timer is on its way, and how many were before it.
    armed: Option<MonoTime>,
    timers: u32,
    /// What the last request is answered with; 0 for a success.
    failure: u16,
    asked: OpId,
}

pub(crate) struct Cell<'s> {
    shared: Shared,
    seats: Vec<Seat>,
    wheel: Wheel,
    server: Server,
    /// Failures by the number that events carry.
    failures: Vec<Outcome>,
    out: Vec<Effect>,
    empty: Delta,
    now_ms: u64,
    report: &'s mut Report,
}

impl<'s> Cell<'s> {
    /// The cell of some phones, numbered from `first`.
    pub(crate) fn new(
        storm: &Storm,
        settings: &[(ParamId, String)],
        cell: u64,
        first: u32,
        phones: u32,
        report: &'s mut Report,
    ) -> Self {
        let mut shared = Shared::with_seed(storm.seed);
        let identity = Identity::default();
        let model = shared.add_model(Model::of(&identity, Scenario::scope()));
        let entries = settings.iter().map(|(id, text)| Entry {
            id: *id,
            access: None,
            mark: Mark::None,
            value: shared.values.intern(text, secrecy(*id)),
        });
        let entries: Vec<Entry> = entries.collect();
        let base = shared.bases.add(entries);
        let mut wheel = Wheel::default();
        let seats = (0..phones)
            .map(|n| {
                let index = first + n;
                let [.., a, b, c, d] = index.to_be_bytes();
                let setup =
                    PhoneSetup::new(index, model, Mac([0x00, 0x0e, a, b, c, d]), storm.seed);
                let spread = u64::from(storm.scenario.power_on_s) * 1000;
                let at_ms = match spread {
                    0 => 0,
                    _ => phone_seed(!storm.seed, u64::from(index)) % spread,
                };
                wheel.insert(MonoTime::from_millis(at_ms), n, What::PowerOn.numbered(0));
                Seat {
                    phone: Phone::new(&setup, ParamSet::new(base)),
                    boot_ms: at_ms,
                    record: StateRecord::default(),
                    armed: None,
                    timers: 0,
                    failure: 0,
                    asked: OpId::from_number(0),
                }
            })
            .collect();
        Self {
            server: Server::new(
                &storm.scenario,
                storm.seed,
                cell,
                u64::from(phones),
                u64::from(storm.phones),
            ),
            shared,
            seats,
            wheel,
            failures: Vec::new(),
            out: Vec::new(),
            empty: Delta::default(),
            now_ms: 0,
            report,
        }
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn run(mut self, end_ms: u64) {
        let mut due = Vec::new();
        let mut since_sweep = 0;
        while let Some(next) = self.wheel.next().filter(|at| at.as_millis() < end_ms) {
            self.now_ms = next.as_millis();
            self.wheel.expire(next, &mut due);
            // The wheel keeps no order among them.
            due.sort_unstable();
            for (phone, carried) in due.drain(..) {
                self.comes(phone, carried);
                since_sweep += 1;
            }
            if since_sweep >= 1024 {
                since_sweep = 0;
                self.shared.sweep();
            }
        }
        self.report.totals.phones += self.seats.len() as u64;
        let provisioned = self.seats.iter().filter(|seat| seat.phone.provisioned());
        self.report.totals.provisioned += provisioned.count() as u64;
    }

    fn comes(&mut self, phone: u32, carried: u32) {
        let Some(seat) = self.seats.get_mut(phone as usize) else {
            return;
        };
        match What::of(carried) {
            What::PowerOn => self.power_on(phone),
            What::Timer => {
                if carried == What::Timer.numbered(seat.timers) && seat.armed.take().is_some() {
                    self.handle(phone, Input::Timer);
                }
            }
            What::Answered => {
                let (op, failure) = (seat.asked, seat.failure);
                self.answered(phone, op, failure);
            }
        }
    }

    fn power_on(&mut self, phone: u32) {
        let Some(seat) = self.seats.get_mut(phone as usize) else {
            return;
        };
        seat.boot_ms = self.now_ms;
        let record = seat.record;
        self.report.totals.boots += 1;
        self.handle(phone, Input::Boot(Boot::Normal, record));
    }

    fn answered(&mut self, phone: u32, op: OpId, failure: u16) {
        let failure = usize::from(failure)
            .checked_sub(1)
            .and_then(|n| self.failures.get(n).copied());
        let result = match failure {
            Some(outcome) => Err(Told::from(outcome)),
            None => Ok(self.shared.put_decoded(&self.empty)),
        };
        self.handle(phone, Input::FetchDone(op, result));
    }

    fn handle(&mut self, phone: u32, input: Input) {
        let Some(seat) = self.seats.get_mut(phone as usize) else {
            return;
        };
        self.report.totals.inputs += 1;
        let mono = MonoTime::from_millis(self.now_ms.saturating_sub(seat.boot_ms));
        let now = Now { mono, wall: None };
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
            out: &mut self.out,
        };
        seat.phone.handle(input, &mut cx);
        let mut out = std::mem::take(&mut self.out);
        for effect in out.drain(..) {
            self.execute(phone, effect);
        }
        self.out = out;
        let Some(seat) = self.seats.get_mut(phone as usize) else {
            return;
        };
        let deadline = seat.phone.deadline();
        if deadline != seat.armed {
            seat.armed = deadline;
            seat.timers = seat.timers.wrapping_add(1);
            if let Some(at) = deadline {
                let at = MonoTime::from_millis(seat.boot_ms + at.as_millis());
                self.wheel
                    .insert(at, phone, What::Timer.numbered(seat.timers));
            }
        }
    }

    fn execute(&mut self, phone: u32, effect: Effect) {
        match effect {
            Effect::Fetch(op, _) => {
                let answer = self.server.ask(self.now_ms);
                self.report.request(self.now_ms, &answer);
                self.answer_later(phone, op, &answer);
                let endpoint = Endpoint {
                    ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
                };
                self.handle(phone, Input::FetchStarted(op, endpoint));
            }
            Effect::Commit(op) => self.handle(phone, Input::CommitDone(op, Committed::Durable)),
            Effect::SaveState(op, change) => {
                if let Some(seat) = self.seats.get_mut(phone as usize) {
                    seat.record.apply(change, &mut self.shared.values);
                }
                self.handle(phone, Input::StateSaved(op, Committed::Durable));
            }
            Effect::Notice(Notice::ResyncStarted(cause, _)) => {
                self.report.starts(self.now_ms, cause);
            }
            Effect::Notice(Notice::ResyncDone(outcome)) => {
                self.report.ends(self.now_ms, outcome);
            }
            // The phone itself goes on.
            Effect::Restart(RestartKind::Warm) => {}
            Effect::Restart(RestartKind::Cold) => {
                let at = MonoTime::from_millis(self.now_ms + REBOOT_MS);
                self.wheel.insert(at, phone, What::PowerOn.numbered(0));
            }
            // None of these phones has a rule for one.
            Effect::FetchTrust(op, ..) => {
                self.handle(phone, Input::TrustDone(op, Err(Outcome::NoServer.into())));
            }
            // Nobody tells these phones of other places.
            Effect::ForgetTrust
            | Effect::Search(..)
            | Effect::Cancel(_)
            | Effect::Log(_)
            | Effect::Notice(_) => {}
            // They have no slots, and nobody asks for the factory state.
            Effect::Upgrade(..) | Effect::Activate(_) | Effect::Erase(_) => {}
            // The server takes reports beside profiles.
            Effect::Report(op, ..) => self.handle(phone, Input::Reported(op, Ok(()))),
        }
    }

    fn answer_later(&mut self, phone: u32, op: OpId, answer: &Answer) {
        let number = answer.failure.map_or(0, |failure| {
            let known = self.failures.iter().position(|known| *known == failure);
            let at = known.unwrap_or_else(|| {
                self.failures.push(failure);
                self.failures.len() - 1
            });
            u16::try_from(at + 1).unwrap_or(u16::MAX)
        });
        if let Some(seat) = self.seats.get_mut(phone as usize) {
            seat.asked = op;
            seat.failure = number;
            let at = MonoTime::from_millis(answer.at_ms);
            self.wheel.insert(at, phone, What::Answered.numbered(0));
        }
    }
}
