//! One cell: some phones, their share of the server, and their time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{IpAddr, Ipv4Addr};

use onhook_device::{Identity, Mac, MonoTime, Now, Outcome};
use onhook_fetch::Endpoint;
use onhook_params::{Delta, Entry, Mark, ParamId, ParamSet, secrecy};
use onhook_phone::{
    Boot, Committed, Cx, Effect, Input, Model, Notice, OpId, Phone, PhoneSetup, Shared,
    StateRecord, Told,
};
use onhook_schedule::phone_seed;

use crate::report::Report;
use crate::server::{Answer, Server};
use crate::{Scenario, Storm};

/// Something that comes at its time; of one instant in order of phone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at_ms: u64,
    phone: u32,
    what: What,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum What {
    PowerOn,
    /// The deadline that the phone had then.
    Timer,
    Answered(OpId, u16),
}

struct Seat {
    phone: Phone,
    boot_ms: u64,
    record: StateRecord,
    /// The deadline for which an event is on its way.
    armed: Option<MonoTime>,
}

pub(crate) struct Cell<'s> {
    shared: Shared,
    seats: Vec<Seat>,
    queue: BinaryHeap<Reverse<Event>>,
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
        let mut queue = BinaryHeap::new();
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
                queue.push(Reverse(Event {
                    at_ms,
                    phone: n,
                    what: What::PowerOn,
                }));
                Seat {
                    phone: Phone::new(&setup, ParamSet::new(base)),
                    boot_ms: at_ms,
                    record: StateRecord::default(),
                    armed: None,
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
            queue,
            failures: Vec::new(),
            out: Vec::new(),
            empty: Delta::default(),
            now_ms: 0,
            report,
        }
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn run(mut self, end_ms: u64) {
        let mut since_sweep = 0;
        while let Some(Reverse(event)) = self.queue.pop() {
            if event.at_ms >= end_ms {
                break;
            }
            self.now_ms = event.at_ms;
            match event.what {
                What::PowerOn => self.power_on(event.phone),
                What::Timer => {
                    let due = self
                        .seats
                        .get_mut(event.phone as usize)
                        .is_some_and(|seat| {
                            let at = seat.armed.map(|at| seat.boot_ms + at.as_millis());
                            let due = at == Some(event.at_ms);
                            if due {
                                seat.armed = None;
                            }
                            due
                        });
                    if due {
                        self.handle(event.phone, Input::Timer);
                    }
                }
                What::Answered(op, failure) => self.answered(event.phone, op, failure),
            }
            since_sweep += 1;
            if since_sweep == 1024 {
                since_sweep = 0;
                self.shared.sweep();
            }
        }
        self.report.totals.phones += self.seats.len() as u64;
        let provisioned = self.seats.iter().filter(|seat| seat.phone.provisioned());
        self.report.totals.provisioned += provisioned.count() as u64;
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
            if let Some(at) = deadline {
                self.queue.push(Reverse(Event {
                    at_ms: seat.boot_ms + at.as_millis(),
                    phone,
                    what: What::Timer,
                }));
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
                    seat.record.apply(change);
                }
                self.handle(phone, Input::StateSaved(op, Committed::Durable));
            }
            Effect::Notice(Notice::ResyncStarted(cause, _)) => {
                self.report.starts(self.now_ms, cause);
            }
            Effect::Notice(Notice::ResyncDone(outcome)) => {
                self.report.ends(self.now_ms, outcome);
            }
            Effect::Restart(_) => {
                self.queue.push(Reverse(Event {
                    at_ms: self.now_ms + 60_000,
                    phone,
                    what: What::PowerOn,
                }));
            }
            Effect::Cancel(_) | Effect::Log(_) | Effect::Notice(_) => {}
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
        self.queue.push(Reverse(Event {
            at_ms: answer.at_ms,
            phone,
            what: What::Answered(op, number),
        }));
    }
}
