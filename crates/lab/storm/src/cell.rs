//! One cell: some phones, their share of the server, and their time.

use std::net::{IpAddr, Ipv4Addr};

use onhook_device::{Identity, Mac, MonoTime, Now, Outcome};
use onhook_driver::Wheel;
use onhook_fetch::Endpoint;
use onhook_params::{Delta, Entry, Mark, ParamSet, known, secrecy};
use onhook_phone::{
    Boot, Committed, Cx, Effect, Input, Model, Notice, OpId, Phone, PhoneSetup, RestartKind,
    Shared, StateRecord, Told,
};
use onhook_schedule::phone_seed;
use onhook_trial::discovered;

use crate::Storm;
use crate::server::{Answer, Server};
use crate::storm::{Progress, Setting};
use crate::tally::Tally;

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
    /// Whether the last resync succeeded, and whether any did.
    in_sync: bool,
    ever: bool,
}

pub(crate) struct Cell {
    shared: Shared,
    seats: Vec<Seat>,
    wheel: Wheel,
    server: Server,
    /// Failures by the number that events carry.
    failures: Vec<Outcome>,
    out: Vec<Effect>,
    empty: Delta,
    now_ms: u64,
    tally: Tally,
}

impl Cell {
    /// The cell of some phones, numbered from `first`.
    pub(crate) fn new(
        storm: &Storm,
        setting: &Setting,
        cell: u32,
        (first, phones): (u32, u32),
        tally: Tally,
    ) -> Self {
        let mut shared = Shared::with_seed(storm.seed);
        let identity = Identity {
            family: setting.scope.family,
            release: setting.scope.release,
            ..Identity::default()
        };
        let model = shared.add_model(Model::of(&identity, setting.scope));
        let entries = setting.params.iter().map(|(id, text)| Entry {
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
                    in_sync: false,
                    ever: false,
                }
            })
            .collect();
        let mut cell = Self {
            server: Server::new(
                &storm.scenario,
                storm.seed,
                u64::from(cell),
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
            tally,
        };
        if !setting.options.is_empty() {
            (0..phones).for_each(|phone| cell.learn(phone, &setting.options));
        }
        cell
    }

    /// Lets so many milliseconds pass; `None` if somebody does not want to wait for the end.
    pub(crate) fn run(mut self, end_ms: u64, progress: &Progress) -> Option<Tally> {
        let mut due = Vec::new();
        let mut since_sweep = 0;
        while let Some(next) = self.wheel.next().filter(|at| at.as_millis() < end_ms) {
            if progress.is_stopped() {
                return None;
            }
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
        self.tally.phones = self.seats.len() as u64;
        let provisioned = self.seats.iter().filter(|seat| seat.phone.provisioned());
        self.tally.provisioned = provisioned.count() as u64;
        Some(self.tally)
    }

    /// Tells a phone what DHCP says of the server.
    fn learn(&mut self, phone: u32, options: &[(u8, String)]) {
        let Some(seat) = self.seats.get(phone as usize) else {
            return;
        };
        let Some(view) = seat.phone.view(&self.shared) else {
            return;
        };
        let order = seat.phone.params().text(known::DHCP_OPTION_TO_USE, view);
        let order = order.to_owned();
        let found = discovered(options, &order, &mut self.shared);
        self.handle(phone, Input::OptionsLearned(found));
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
        self.tally.boots += 1;
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
        self.tally.inputs += 1;
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
                self.tally.request(self.now_ms, &answer);
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
                self.tally.starts(self.now_ms, cause);
            }
            Effect::Notice(Notice::ResyncDone(outcome)) => {
                self.tally.ends(self.now_ms, outcome);
                self.sync(phone, outcome.is_success());
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

    /// Notes whether a phone has what the server wants it to have.
    fn sync(&mut self, phone: u32, in_sync: bool) {
        let Some(seat) = self.seats.get_mut(phone as usize) else {
            return;
        };
        if std::mem::replace(&mut seat.in_sync, in_sync) != in_sync {
            let first = !seat.ever;
            seat.ever |= in_sync;
            self.tally.sync(self.now_ms, in_sync, first);
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
