//! The simulated world: phones, servers, flash, clocks, lines and power in virtual time, all from one seed.
//!
//! [`run`] plays one seed and says whether anything happened that must not (the oracle). The same seed gives the same
//! trace, byte for byte.

mod chance;
mod execute;
mod firmware;
mod oracle;
mod script;
mod seat;
mod server;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use onhook_device::{Family, MonoTime, Release};
use onhook_params::{Scope, Values};
use onhook_phone::{Effect, Input, Shared};

use chance::Chance;
use script::Act;
use seat::Seat;
use server::Server;

use crate::sim::MIDNIGHT;

/// Steps at one instant after which the world is stuck.
const MOST_AT_ONCE: u32 = 2000;
/// How long a world lives, in seconds, unless it is a busy one.
const LIFE_S: u64 = 36 * 3600;
/// How many inputs a busy one has.
const MOST_INPUTS: u64 = 1500;

/// When worlds begin: on a usual day, or before clocks change in spring or autumn.
const BEGINNINGS: [i64; 4] = [
    MIDNIGHT,
    MIDNIGHT,
    MIDNIGHT - 240 * 86_400 + 43_200,
    MIDNIGHT - 30 * 86_400 + 43_200,
];

/// How one seed went.
#[derive(Debug)]
pub struct Played {
    /// What happened that must not, and when.
    pub violation: Option<String>,
    /// Every input and effect, if asked for.
    pub trace: String,
    /// Seconds that phones lived, together.
    pub phone_seconds: u64,
    /// Inputs that phones handled.
    pub inputs: u64,
}

/// Plays one seed.
#[must_use]
pub fn run(seed: u64, trace: bool) -> Played {
    let mut world = World::new(seed, trace);
    world.play();
    let phone_seconds = world.now_ms / 1000 * world.seats.len() as u64;
    let ended = format!(" (second {})", world.now_ms / 1000);
    Played {
        violation: world.violation.map(|what| what + &ended),
        trace: world.trace.unwrap_or_default(),
        phone_seconds,
        inputs: world.inputs,
    }
}

/// Something that comes at its time.
#[derive(Debug)]
enum Event {
    /// For the life of a phone with this number; it is lost if the power was cut meanwhile.
    Input(u32, Input),
    /// Somebody or something acts on the phone.
    Act(Act),
}

struct World {
    seed: u64,
    shared: Shared,
    seats: Vec<Seat>,
    queue: BTreeMap<(u64, u64), (usize, Event)>,
    sequence: u64,
    now_ms: u64,
    chance: Chance,
    server: Server,
    out: Vec<Effect>,
    trace: Option<String>,
    violation: Option<String>,
    inputs: u64,
}

impl World {
    fn new(seed: u64, trace: bool) -> Self {
        let mut chance = Chance::new(seed);
        let mut shared = Shared::with_seed(seed);
        // A text may come back under another id, sooner than among many phones.
        shared.values = Values::forgetful(seed, 1 + (seed % 64) as usize);
        let begin = chance.of(&BEGINNINGS).unwrap_or(MIDNIGHT);
        let seats = (0..=usize::from(chance.one_in(4)))
            .map(|_| {
                let mut scope = Scope::new(
                    if chance.one_in(8) {
                        Family::Spa
                    } else {
                        Family::Mpp
                    },
                    if chance.one_in(4) {
                        Release::R10_4
                    } else {
                        Release::R11_3
                    },
                );
                script::readings(&mut scope.readings, &mut chance);
                let settle_s = chance.of(&[0, 0, 0, 5, 60]).unwrap_or(0);
                Seat::new(seed, begin, scope, settle_s, &mut shared)
            })
            .collect();
        let server = Server::new(&mut chance);
        let mut world = Self {
            seed,
            shared,
            seats,
            queue: BTreeMap::new(),
            sequence: 0,
            now_ms: 0,
            chance,
            server,
            out: Vec::new(),
            trace: trace.then(String::new),
            violation: None,
            inputs: 0,
        };
        for seat in 0..world.seats.len() {
            world.plan(seat);
        }
        world
    }

    /// Decides what happens to a phone, and when.
    fn plan(&mut self, seat: usize) {
        for (name, value) in script::configuration(&mut self.chance) {
            if let Some(place) = self.seats.get_mut(seat) {
                place.preset(name, value, &mut self.shared);
            }
        }
        if self.chance.one_in(4)
            && let Some(place) = self.seats.get_mut(seat)
        {
            place.may_search();
        }
        // Another source: worlds without slots stay as they are.
        let mut firmware = Chance::new(self.seed ^ 0x0f00 ^ seat as u64);
        if firmware.one_in(2) {
            if let Some(place) = self.seats.get_mut(seat) {
                place.give_slots(self.seed, &mut self.shared);
            }
            for (at_s, act) in script::firmware_acts(LIFE_S, &mut firmware) {
                self.push(at_s * 1000, seat, Event::Act(act));
            }
        }
        self.push(0, seat, Event::Act(Act::PowerOn));
        for (at_s, act) in script::acts(LIFE_S, &mut self.chance) {
            self.push(at_s * 1000, seat, Event::Act(act));
        }
    }

    fn push(&mut self, at_ms: u64, seat: usize, event: Event) {
        // Of one instant: acts, then inputs by class, each in order of arrival.
        let class = match &event {
            Event::Act(_) => 0,
            Event::Input(_, input) => 1 + u64::from(input.class()),
        };
        self.sequence += 1;
        self.queue
            .insert((at_ms, class << 56 | self.sequence), (seat, event));
    }

    fn play(&mut self) {
        let mut at_once = 0;
        while self.violation.is_none() && self.inputs < MOST_INPUTS {
            let queued = self.queue.keys().next().map(|(at, _)| *at);
            let timer = self
                .seats
                .iter()
                .enumerate()
                .filter_map(|(n, seat)| Some((seat.deadline_ms()?, n)))
                .min();
            let next = [queued, timer.map(|(at, _)| at)]
                .into_iter()
                .flatten()
                .min();
            let Some(at) = next.filter(|at| *at <= LIFE_S * 1000) else {
                break;
            };
            at_once = if at > self.now_ms { 0 } else { at_once + 1 };
            if at_once > MOST_AT_ONCE {
                self.violation = Some("time stands still".to_owned());
                break;
            }
            self.now_ms = self.now_ms.max(at);
            if queued.is_some_and(|queued| queued <= self.now_ms) {
                if let Some((_, (seat, event))) = self.queue.pop_first() {
                    self.happen(seat, event);
                }
            } else if let Some((_, seat)) = timer {
                self.handle(seat, Input::Timer);
            }
            self.shared.sweep();
        }
    }

    fn happen(&mut self, seat: usize, event: Event) {
        match event {
            Event::Act(act) => self.act(seat, act),
            Event::Input(life, input) => {
                let place = self.seats.get_mut(seat);
                let now_ms = self.now_ms;
                if place.is_some_and(|place| place.arrives(life, &input, now_ms, &mut self.shared))
                {
                    self.handle(seat, input);
                } else {
                    seat::lose(input, &mut self.shared);
                }
            }
        }
    }

    /// Hands one input to a phone and carries out its effects.
    fn handle(&mut self, seat: usize, input: Input) {
        self.inputs += 1;
        self.note(seat, "<", &input);
        let Some(place) = self.seats.get_mut(seat).filter(|place| place.on) else {
            seat::lose(input, &mut self.shared);
            return;
        };
        let now = place.now(self.now_ms);
        place.oracle.input(&input, &place.phone, now.mono);
        let mut out = std::mem::take(&mut self.out);
        place.handle(input, now, &mut self.shared, &mut out);
        for effect in out.drain(..) {
            self.note(seat, ">", &effect);
            self.execute(seat, effect);
            // Power fails between any two effects.
            if self.chance.one_in(6000) {
                let seconds = self.chance.below(200);
                self.act(seat, Act::PowerCut(seconds));
            }
        }
        self.out = out;
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        if self.violation.is_none() && place.on {
            let fault = place.oracle.after(&place.phone, &self.shared, now);
            self.violation = fault
                .or_else(|| place.upgrade_fault(&self.shared))
                .or_else(|| place.check_durable(&self.shared));
        }
    }

    fn note(&mut self, seat: usize, way: &str, what: &dyn std::fmt::Debug) {
        if let Some(trace) = &mut self.trace {
            // Writing to a String cannot fail.
            let _ = writeln!(trace, "{} {seat} {way} {what:?}", self.now_ms);
        }
    }

    fn fault(&mut self, what: Option<String>) {
        if self.violation.is_none() {
            self.violation = what;
        }
    }
}

/// A moment of the world on the clock of a phone that booted at another.
fn mono(now_ms: u64, boot_ms: u64) -> MonoTime {
    MonoTime::from_millis(now_ms.saturating_sub(boot_ms))
}
