//! One phone with its flash, its clock and its power.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use onhook_device::{Identity, Now, Outcome, WallTime};
use onhook_discovery::Found;
use onhook_fetch::Endpoint;
use onhook_params::{Entry, Mark, ParamId, ParamSet, Scope, Secrecy, secrecy};
use onhook_phone::{
    Boot, Committed, Cx, Discovered, Effect, Fact, Input, Means, Model, ModelId, OpId, Phone,
    PhoneSetup, Request, Searched, Shared, StateChange, StateRecord, render,
};

use super::chance::Chance;
use super::oracle::Oracle;
use super::server::Answer;
use super::{Event, World, mono};
use crate::sim::decoded;

/// One phone of a world.
pub(super) struct Seat {
    pub(super) phone: Phone,
    pub(super) oracle: Oracle,
    pub(super) scope: Scope,
    pub(super) on: bool,
    /// How far the wall clock is ahead of the world's, in seconds; `None` until it is set.
    pub(super) ahead_s: Option<i64>,
    /// Counts power-ups; what was under way in an earlier one is lost.
    life: u32,
    boot_ms: u64,
    /// What the clocks of the world show at its beginning, in Unix seconds.
    begin: i64,
    setup: PhoneSetup,
    /// Whether it may ask beyond its options.
    searches: bool,
    durable: BTreeMap<ParamId, Entry>,
    record: StateRecord,
    /// Commits and records that are under way and not durable yet, in order.
    commits: Vec<(OpId, Vec<Entry>)>,
    saves: Vec<(OpId, StateChange)>,
}

impl Seat {
    pub(super) fn new(
        seed: u64,
        begin: i64,
        scope: Scope,
        idle_settle_s: u8,
        shared: &mut Shared,
    ) -> Self {
        let identity = Identity::default();
        let model: ModelId = shared.add_model(Model {
            idle_settle_s,
            ..Model::of(&identity, scope)
        });
        let setup = PhoneSetup::new(0, model, identity.mac, seed);
        Self {
            phone: Phone::new(&setup, ParamSet::default()),
            oracle: Oracle::default(),
            scope,
            on: false,
            ahead_s: Some(0),
            life: 0,
            boot_ms: 0,
            begin,
            setup,
            searches: false,
            durable: BTreeMap::new(),
            record: StateRecord::default(),
            commits: Vec::new(),
            saves: Vec::new(),
        }
    }

    /// Lets the phone ask beyond its options.
    pub(super) fn may_search(&mut self) {
        self.searches = true;
    }

    /// Puts a setting into flash before the first boot.
    pub(super) fn preset(&mut self, name: &str, value: &str, shared: &mut Shared) {
        let Some(id) = ParamId::lookup(name, &self.scope) else {
            return;
        };
        let Ok(text) = id.canonical(value, &self.scope) else {
            return;
        };
        if text == id.default(&self.scope) {
            return;
        }
        let value = shared.values.intern(&text, secrecy(id));
        let entry = Entry {
            id,
            access: None,
            mark: Mark::None,
            value,
        };
        self.durable.insert(id, entry);
    }

    pub(super) fn now(&self, now_ms: u64) -> Now {
        let since = i64::try_from(now_ms / 1000).unwrap_or(0);
        Now {
            mono: mono(now_ms, self.boot_ms),
            wall: self.ahead_s.map(|ahead| WallTime {
                unix_s: self.begin + since + ahead,
                offset_s: 0,
            }),
        }
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let deadline = self.phone.deadline().filter(|_| self.on)?;
        Some(self.boot_ms.saturating_add(deadline.as_millis()))
    }

    pub(super) fn handle(
        &mut self,
        input: Input,
        now: Now,
        shared: &mut Shared,
        out: &mut Vec<Effect>,
    ) {
        self.phone.handle(input, &mut Cx { now, shared, out });
    }

    /// Whether an input of a life arrives; what it completes becomes durable with it.
    pub(super) fn arrives(&mut self, life: u32, input: &Input) -> bool {
        if life != self.life || !self.on {
            return false;
        }
        match input {
            Input::CommitDone(op, Committed::Durable) => {
                while self.commits.iter().any(|(under_way, _)| under_way == op) {
                    self.store_commit();
                }
            }
            Input::CommitDone(op, Committed::Failed) => {
                self.commits.retain(|(under_way, _)| under_way != op);
            }
            Input::StateSaved(op, Committed::Durable) => {
                while self.saves.iter().any(|(under_way, _)| under_way == op) {
                    self.store_record();
                }
            }
            Input::StateSaved(op, Committed::Failed) => {
                self.saves.retain(|(under_way, _)| under_way != op);
            }
            Input::Boot(..)
            | Input::Timer
            | Input::Line(..)
            | Input::Registration(..)
            | Input::ClockSet
            | Input::OptionsLearned(_)
            | Input::Fact(_)
            | Input::Command(..)
            | Input::FetchStarted(..)
            | Input::FetchDone(..)
            | Input::Searched(..) => {}
        }
        true
    }

    fn store_commit(&mut self) {
        if self.commits.is_empty() {
            return;
        }
        let (_, entries) = self.commits.remove(0);
        for entry in entries {
            // Texts stay for the life of the world.
            if entry.is_inherited() {
                self.durable.remove(&entry.id);
            } else {
                self.durable.insert(entry.id, entry);
            }
        }
    }

    fn store_record(&mut self) {
        if !self.saves.is_empty() {
            let (_, change) = self.saves.remove(0);
            self.record.apply(change);
        }
    }

    /// Whether the phone holds what is durable, but for what is under way.
    pub(super) fn check_durable(&self, _shared: &Shared) -> Option<String> {
        if !self.commits.is_empty() {
            return None;
        }
        let held = self.phone.params().own();
        let same = held.len() == self.durable.len()
            && held
                .iter()
                .zip(self.durable.values())
                .all(|(held, kept)| held == kept);
        (!same).then(|| "the phone holds other parameters than its flash".to_owned())
    }

    /// Boots the phone, unless it runs.
    pub(super) fn power_on(&mut self, now_ms: u64, shared: &mut Shared) -> Option<Input> {
        if self.on {
            return None;
        }
        self.on = true;
        self.life += 1;
        self.boot_ms = now_ms;
        let mut params = ParamSet::default();
        let entries: Vec<Entry> = self.durable.values().copied().collect();
        params.apply(&entries, &mut shared.values);
        self.phone = Phone::new(&self.setup, params);
        if self.searches {
            let means = Means {
                domain: shared.values.intern("example.com", Secrecy::Plain),
                directory: true,
            };
            let now = self.now(now_ms);
            let out = &mut Vec::new();
            self.handle(Input::Fact(Fact::Means(means)), now, shared, out);
        }
        self.oracle.booted(&self.record);
        Some(Input::Boot(Boot::Normal, self.record))
    }

    /// Cuts the power: of what is being written some is on the medium, in order, and the rest is not.
    pub(super) fn power_cut(&mut self, chance: &mut Chance, _shared: &mut Shared) {
        if !self.on {
            return;
        }
        self.on = false;
        while !self.commits.is_empty() && chance.one_in(2) {
            self.store_commit();
        }
        while !self.saves.is_empty() && chance.one_in(2) {
            self.store_record();
        }
        self.commits.clear();
        self.saves.clear();
    }

    /// A completion that nobody waits for; a fetch that would change a parameter.
    pub(super) fn stale(&self, chance: &mut Chance, shared: &mut Shared) -> Input {
        let op = OpId::from_number(1_000_000 + u32::try_from(chance.below(5)).unwrap_or(0));
        match chance.below(4) {
            0 => Input::FetchDone(
                op,
                Ok(decoded(
                    [("GPP_D", "stale")].into_iter(),
                    &self.scope,
                    shared,
                )),
            ),
            1 => Input::FetchDone(op, Err(Outcome::Connect.into())),
            2 => Input::CommitDone(op, Committed::Durable),
            _ => Input::StateSaved(op, Committed::Durable),
        }
    }
}

/// Frees what an input holds that reaches no phone.
pub(super) fn lose(input: Input, shared: &mut Shared) {
    if let Input::FetchDone(_, Ok(decoded)) = input {
        shared.drop_decoded(decoded);
    }
}

impl World {
    /// Carries out one effect of a phone that has power.
    pub(super) fn execute(&mut self, seat: usize, effect: Effect) {
        let now_ms = self.now_ms;
        let Some(place) = self.seats.get_mut(seat).filter(|place| place.on) else {
            return;
        };
        let now = place.now(now_ms);
        let fault = place.oracle.effect(&effect, &place.record, now);
        let life = place.life;
        match effect {
            Effect::Fetch(op, request) => self.fetch(seat, op, &request),
            Effect::Commit(op) => {
                let entries = place.phone.commit_entries(op).to_vec();
                for value in entries.iter().filter_map(|entry| entry.value) {
                    self.shared.values.retain(value);
                }
                place.commits.push((op, entries));
                let committed = ended(&mut self.chance);
                let at = now_ms + self.chance.below(3000);
                self.push(
                    at,
                    seat,
                    Event::Input(life, Input::CommitDone(op, committed)),
                );
            }
            Effect::Search(op, _) => {
                let found = Found {
                    servers: Vec::new(),
                    rule: Some("http://h/found?$PRVST".to_owned()),
                };
                let found = Discovered::intern(&found, &mut self.shared.values);
                let searched = match (self.chance.below(3), found) {
                    (0, _) | (_, None) => Searched::Failed,
                    (1, Some(_)) => Searched::Nothing,
                    (_, Some(found)) => Searched::Found(found),
                };
                let at = now_ms + self.chance.below(5000);
                self.push(at, seat, Event::Input(life, Input::Searched(op, searched)));
            }
            Effect::SaveState(op, change) => {
                place.saves.push((op, change));
                let committed = ended(&mut self.chance);
                let at = now_ms + self.chance.below(1000);
                self.push(
                    at,
                    seat,
                    Event::Input(life, Input::StateSaved(op, committed)),
                );
            }
            Effect::Log(line) => {
                let message = render::message(&place.phone, &self.shared, now, &line);
                if message.is_some_and(|message| message.text.contains("CANARY")) {
                    self.fault(Some("a message shows a secret".to_owned()));
                }
            }
            Effect::Restart(_) => {
                place.power_cut(&mut self.chance, &mut self.shared);
                let at = now_ms + 20_000 + self.chance.below(20_000);
                self.push(at, seat, Event::Act(super::Act::PowerOn));
            }
            Effect::Cancel(_) | Effect::Notice(_) => {}
        }
        self.fault(fault);
    }

    fn fetch(&mut self, seat: usize, op: OpId, request: &Request) {
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        let (life, scope) = (place.life, place.scope);
        let url = render::url(request, &self.shared.values);
        let fault = place.oracle.request(&url);
        if url.contains("CANARY") {
            self.fault(Some("a URL shows a secret".to_owned()));
        }
        self.fault(fault);
        let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        let started = self.now_ms + self.chance.below(2000);
        let input = Input::FetchStarted(op, Endpoint { ip });
        self.push(started, seat, Event::Input(life, input));
        let done = started + 1000 * self.server.delay(&mut self.chance);
        let result = match self.server.answer(&mut self.chance) {
            Answer::Fails(outcome) => Err(outcome.into()),
            Answer::Sets(settings) => Ok(decoded(settings.into_iter(), &scope, &mut self.shared)),
        };
        self.push(done, seat, Event::Input(life, Input::FetchDone(op, result)));
    }
}

/// How a write ends: rarely it fails.
fn ended(chance: &mut Chance) -> Committed {
    if chance.one_in(60) {
        Committed::Failed
    } else {
        Committed::Durable
    }
}
