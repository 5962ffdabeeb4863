//! One phone with its flash, its clock and its power.

use std::collections::BTreeMap;

use onhook_device::{Identity, Now, Outcome, WallTime};
use onhook_params::{Entry, Mark, ParamId, ParamSet, Scope, Secrecy, ValueId, known, secrecy};
use onhook_phone::{
    Boot, Committed, Cx, Effect, Fact, Input, Means, Model, ModelId, OpId, Phone, PhoneSetup,
    RestartKind, Servers, Shared, StateChange, StateRecord,
};

use super::chance::Chance;
use super::firmware::Shelf;
use super::mono;
use super::oracle::Oracle;
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
    pub(super) life: u32,
    boot_ms: u64,
    /// What the clocks of the world show at its beginning, in Unix seconds.
    begin: i64,
    setup: PhoneSetup,
    /// Whether it may ask beyond its options.
    searches: bool,
    durable: BTreeMap<ParamId, Entry>,
    pub(super) record: StateRecord,
    /// Commits and records that are under way and not durable yet, in order.
    pub(super) commits: Vec<(OpId, Vec<Entry>)>,
    pub(super) saves: Vec<(OpId, StateChange)>,
    /// The slots for firmware, of a phone that has any.
    pub(super) shelf: Option<Shelf>,
    /// The factory state is being restored, or is restored until the next boot.
    pub(super) erasing: Option<OpId>,
    pub(super) erased: bool,
    idle_settle_s: u8,
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
            shelf: None,
            erasing: None,
            erased: false,
            idle_settle_s,
        }
    }

    /// Gives the phone slots, and settings of upgrades.
    pub(super) fn give_slots(&mut self, seed: u64, shared: &mut Shared) {
        let mut shelf = Shelf::new(seed, self.scope, self.idle_settle_s, shared);
        for (name, value) in shelf.first_settings() {
            self.preset(name, value, shared);
        }
        self.shelf = Some(shelf);
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
    pub(super) fn arrives(
        &mut self,
        life: u32,
        input: &Input,
        now_ms: u64,
        shared: &mut Shared,
    ) -> bool {
        if life != self.life || !self.on {
            return false;
        }
        let now = self.now(now_ms).mono;
        if let Some(shelf) = &mut self.shelf {
            shelf.arrives(input, now);
        }
        match input {
            Input::CommitDone(op, Committed::Durable) => {
                if let Some(shelf) = &mut self.shelf {
                    shelf.params_changed();
                }
                while self.commits.iter().any(|(under_way, _)| under_way == op) {
                    self.store_commit();
                }
            }
            Input::CommitDone(op, Committed::Failed) => {
                self.commits.retain(|(under_way, _)| under_way != op);
            }
            Input::StateSaved(op, Committed::Durable) => {
                while self.saves.iter().any(|(under_way, _)| under_way == op) {
                    self.store_record(shared);
                }
            }
            Input::StateSaved(op, Committed::Failed) => {
                self.saves.retain(|(under_way, _)| under_way != op);
            }
            Input::Erased(op, committed) if self.erasing == Some(*op) => {
                self.erasing = None;
                if *committed == Committed::Durable {
                    self.erase();
                }
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
            | Input::TrustDone(..)
            | Input::Searched(..)
            | Input::Upgraded(..)
            | Input::Reported(..)
            | Input::Activated(..)
            | Input::Erased(..) => {}
        }
        true
    }

    /// Restores the factory state; what is written afterwards in this life is lost.
    fn erase(&mut self) {
        self.durable.clear();
        self.record = StateRecord::default();
        self.commits.clear();
        self.saves.clear();
        self.erased = true;
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

    fn store_record(&mut self, shared: &mut Shared) {
        if self.saves.is_empty() {
            return;
        }
        let (_, change) = self.saves.remove(0);
        self.record.apply(change, &mut shared.values);
        // The use that the change counted while it was under way.
        for host in hosts(change) {
            shared.values.release(host);
        }
    }

    /// Whether the phone holds what is durable, but for what is under way.
    pub(super) fn check_durable(&self, _shared: &Shared) -> Option<String> {
        if !self.commits.is_empty() || self.erased {
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
        self.erased = false;
        self.erasing = None;
        let record = self.record;
        let slots = self
            .shelf
            .as_mut()
            .map(|shelf| shelf.power_on(&record, shared));
        if let Some((model, _)) = slots {
            self.setup.model = model;
        }
        self.phone = Phone::new(&self.setup, params);
        if let Some((_, told)) = slots {
            let now = self.now(now_ms);
            self.handle(told, now, shared, &mut Vec::new());
        }
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

    /// What is wrong with a restart that comes now.
    pub(super) fn restart_fault(&self, effect: &Effect) -> Option<String> {
        if *effect != Effect::Restart(RestartKind::Cold) || self.erased {
            return None;
        }
        if self.record.restarting.is_none() {
            return Some("the phone restarts before its reason is durable".to_owned());
        }
        let switches = self.record.upgrades.switch.is_some();
        let ready = self.shelf.as_ref().is_some_and(Shelf::is_ready);
        (switches != ready).then(|| "the phone restarts with another load than it says".to_owned())
    }

    /// What is wrong with an upgrade that seems to be under way.
    pub(super) fn upgrade_fault(&mut self, shared: &Shared) -> Option<String> {
        if let (Some(shelf), Some(view)) = (&mut self.shelf, self.phone.view(shared)) {
            shelf.rule_is(self.phone.params().text(known::UPGRADE_RULE, view));
        }
        let waits =
            self.shelf.as_ref().is_some_and(Shelf::is_under_way) || !self.commits.is_empty();
        let lines = self.phone.busy_lines() != 0 || self.idle_settle_s > 0;
        let stuck = self.phone.is_upgrading() && !waits && !lines && !self.erased;
        stuck.then(|| "an upgrade waits for nothing".to_owned())
    }

    /// Cuts the power: of what is being written some is on the medium, in order, and the rest is not.
    pub(super) fn power_cut(&mut self, chance: &mut Chance, shared: &mut Shared) {
        if !self.on {
            return;
        }
        self.on = false;
        if let Some(shelf) = &mut self.shelf {
            shelf.power_cut();
        }
        if self.erasing.take().is_some() && chance.one_in(2) {
            self.erase();
        }
        while !self.commits.is_empty() && chance.one_in(2) {
            self.store_commit();
        }
        while !self.saves.is_empty() && chance.one_in(2) {
            self.store_record(shared);
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

/// The texts that a change of the record holds.
pub(super) fn hosts(change: StateChange) -> impl Iterator<Item = ValueId> {
    let servers = match change {
        StateChange::Servers(servers) | StateChange::Provisioned(servers) => servers,
        StateChange::Restarting(..)
        | StateChange::Booted
        | StateChange::Pending(_)
        | StateChange::Customization(_)
        | StateChange::Switching(..)
        | StateChange::Upgrades(_) => Servers::default(),
    };
    [servers.profile, servers.network].into_iter().flatten()
}

/// Frees what an input holds that reaches no phone.
pub(super) fn lose(input: Input, shared: &mut Shared) {
    if let Input::FetchDone(_, Ok(decoded)) = input {
        shared.drop_decoded(decoded);
    }
}
