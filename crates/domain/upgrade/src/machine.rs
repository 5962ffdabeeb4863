//! Targets, attempts and retries of one phone.

use onhook_device::{MonoTime, Outcome};
use onhook_schedule::{DelayList, Purpose, draw};

use crate::{Lasting, Memory, Refusal, Target, Tried};

/// Whether an attempt is the first for its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Stage {
    /// The first.
    First,
    /// One after a failure.
    Retry,
}

impl Stage {
    /// The value of `$UPGST`.
    #[must_use]
    pub const fn upgst(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Retry => 2,
        }
    }
}

/// What becomes of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It is left alone: it has had its result, or its retry is pending.
    Leave,
    /// It is attempted.
    Attempt(Stage),
}

/// What follows a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Armed {
    /// Another attempt at this time.
    Retry(MonoTime),
    /// Nothing, until the target changes or the phone restarts.
    Nothing,
}

/// The upgrades of one phone.
///
/// ```text
/// check wanted -> attempt | nothing      the rule names a target that is due, or does not
/// attempt -> restart                     verified
/// attempt -> retry pending | nothing     failed
/// retry pending -> check wanted          timer
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Upgrade {
    memory: Memory,
    /// What it was before the switch that is under way.
    before: Memory,
    /// The target of the rule that failed last, if its retry is pending or never comes.
    failed: Option<Target>,
    retry_at: Option<MonoTime>,
    /// Start of the last attempt in this life.
    started: Option<MonoTime>,
    draws: u32,
    error_index: u16,
    stage: Stage,
    check: bool,
    /// A retry has come due, and no attempt has had a result since.
    retry_due: bool,
}

impl Upgrade {
    /// The machine of a phone that has come up with `running`, the digest of its load's name; `fell_back` says that the
    /// boot loader gave the load up that was to come up.
    #[must_use]
    pub fn at_boot(memory: Memory, running: u64, fell_back: bool) -> Self {
        let mut machine = Self {
            memory,
            before: Memory::default(),
            failed: None,
            retry_at: None,
            started: None,
            draws: 0,
            error_index: 0,
            stage: Stage::First,
            check: false,
            retry_due: false,
        };
        let Some(load) = machine.memory.switch.take() else {
            return machine;
        };
        machine.memory.missed = None;
        if load == running {
            return machine;
        }
        let given_up = fell_back || memory.missed == Some(load);
        machine.memory.last = given_up.then_some(Lasting::BootFailed);
        if let Some(tried) = memory.tried.filter(|tried| tried.target.load == load) {
            //= R-FW-9
            let failed = Tried {
                result: Lasting::BootFailed,
                ..tried
            };
            machine.memory.tried = given_up.then_some(failed);
        }
        if !given_up {
            // Power failed before the boot loader was told: once more.
            machine.memory.missed = Some(load);
        }
        machine
    }

    /// What is to be remembered over restarts.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Whether the attempt under way, or the last one, was the first for its target.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Start of the last attempt since boot.
    #[must_use]
    pub const fn started(&self) -> Option<MonoTime> {
        self.started
    }

    /// When the retry is due.
    #[must_use]
    pub const fn retry_at(&self) -> Option<MonoTime> {
        self.retry_at
    }

    /// Whether the rule is to be looked at.
    #[must_use]
    pub const fn wants_check(&self) -> bool {
        self.check
    }

    /// The rule is to be looked at as soon as the phone may upgrade (R-FW-1).
    pub const fn want_check(&mut self) {
        self.check = true;
    }

    /// There is nothing to upgrade to, or nothing may be upgraded. A retry stays pending, or due, in case its target is named again.
    pub const fn rest(&mut self) {
        self.check = false;
    }

    /// The deadline may have passed.
    pub fn expire(&mut self, now: MonoTime) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.retry_due = true;
            self.check = true;
        }
    }

    /// What becomes of the target that the rule names now, which is not the load that runs. It answers a check.
    pub fn decide(&mut self, target: Target) -> Decision {
        self.check = false;
        if self.has_result(target) {
            return Decision::Leave;
        }
        //= R-UPG-7
        match (self.failed == Some(target), self.retry_due) {
            (true, true) => Decision::Attempt(Stage::Retry),
            (true, false) => Decision::Leave,
            (false, _) => {
                self.error_index = 0;
                self.retry_at = None;
                self.retry_due = false;
                self.failed = None;
                Decision::Attempt(Stage::First)
            }
        }
    }

    /// Whether a target of the rule has had a result that is remembered.
    fn has_result(&self, target: Target) -> bool {
        //= R-UPG-3
        //= R-UPG-9
        //= R-FW-4
        self.memory.tried.is_some_and(|tried| match tried.result {
            //= R-FW-9
            Lasting::BootFailed => {
                tried.target.rule == target.rule && tried.target.load == target.load
            }
            Lasting::Upgraded | Lasting::BelowLimit | Lasting::WrongModel => tried.target == target,
        })
    }

    /// An attempt starts; `target` is that of the rule, `None` for one by request with a rule of its own.
    pub const fn start(&mut self, target: Option<Target>, stage: Stage, now: MonoTime) {
        if target.is_some() {
            // It stands in for the retry that was pending, which is due again if it ends without a result.
            self.check = false;
            self.retry_at = None;
            self.retry_due = true;
        }
        self.stage = stage;
        self.started = Some(now);
    }

    /// An attempt for a target of the rule failed at `now`; one that has had its result is not tried again. `list` is Upgrade_Error_Retry_Delay, `seed` that of the phone.
    pub fn failed(
        &mut self,
        target: Target,
        list: &DelayList<'_>,
        seed: u64,
        now: MonoTime,
    ) -> Armed {
        // Somebody asked for it: that it failed once more changes nothing.
        if self.has_result(target) {
            return Armed::Nothing;
        }
        self.failed = Some(target);
        self.retry_due = false;
        self.arm(list, seed, now)
    }

    /// Upgrade_Error_Retry_Delay changed: a pending retry begins anew (R-SM-29).
    pub fn retry_changed(&mut self, list: &DelayList<'_>, seed: u64, now: MonoTime) -> Armed {
        self.error_index = 0;
        //= R-SM-29
        match self.retry_at {
            Some(_) => self.arm(list, seed, now),
            None => Armed::Nothing,
        }
    }

    fn arm(&mut self, list: &DelayList<'_>, seed: u64, now: MonoTime) -> Armed {
        let index = u32::from(self.error_index);
        self.error_index = self.error_index.saturating_add(1);
        self.retry_at = list
            .element(index)
            .filter(|delay| !delay.is_zero())
            .map(|delay| {
                let number = draw(seed, Purpose::Upgrade, u64::from(self.draws));
                self.draws = self.draws.wrapping_add(1);
                now.plus_secs(delay.seconds(number))
            });
        //= R-FW-5
        self.retry_at.map_or(Armed::Nothing, Armed::Retry)
    }

    /// An attempt was refused; `target` is that of the rule, `None` for one by request. The memory has changed.
    pub const fn refused(&mut self, target: Option<Target>, refusal: Refusal) {
        let result = match refusal {
            Refusal::BelowLimit => Lasting::BelowLimit,
            Refusal::WrongModel => Lasting::WrongModel,
        };
        self.ended(target, result);
    }

    /// A load is verified, and the restart that comes now brings it up. The memory has changed.
    pub const fn switching(&mut self, target: Option<Target>, load: u64) {
        if self.memory.switch.is_none() {
            self.before = self.memory;
        }
        self.memory.switch = Some(load);
        self.ended(target, Lasting::Upgraded);
    }

    /// The boot loader could not be told: no restart follows. The memory has changed.
    pub const fn switch_failed(&mut self) {
        if self.memory.switch.is_some() {
            self.memory = self.before;
        }
    }

    const fn ended(&mut self, target: Option<Target>, result: Lasting) {
        self.memory.last = Some(result);
        if let Some(target) = target {
            self.memory.tried = Some(Tried { target, result });
            self.failed = None;
            self.retry_at = None;
            self.retry_due = false;
            self.error_index = 0;
        }
    }

    /// What `$UPGERR` shows of the last attempt that outlasts a restart.
    #[must_use]
    pub const fn last(&self) -> Option<Outcome> {
        match self.memory.last {
            Some(last) => Some(last.outcome()),
            None => None,
        }
    }
}
