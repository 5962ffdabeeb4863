//! Firmware upgrades of the phone: when its rule is looked at, and what becomes of an attempt (transports.md section 10).

mod attempt;
mod check;
mod plan;

use onhook_device::MonoTime;
use onhook_params::{Entry, ValueId, Values, known};
use onhook_resync::{BootCause, State};
use onhook_schedule::DelayList;
use onhook_upgrade::{Memory, Stage, Target, Upgrade, digest};

use crate::phone::Cx;
use crate::restart::Restart;
use crate::rule::Cold;
use crate::{
    Boot, Effect, Notice, OpId, Phone, Shared, StateChange, StateRecord, Told, UpgradeNotice,
};

/// What is in the slots for firmware besides the load that runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Slots {
    /// The name of the load in the slot that does not run, if that is whole; counts one use, which passes to the phone.
    pub inactive: Option<ValueId>,
    /// Whether the boot loader has given up the load in that slot (R-FW-9); stays so until the slot is written anew.
    pub fell_back: bool,
}

/// What refuses an upgrade.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum UpgradeGate {
    /// The phone has not booted yet.
    NotBooted,
    /// Upgrade_Enable is No.
    Disabled,
    /// The phone has no slots for firmware.
    NoSlots,
}

impl UpgradeGate {
    /// The word used in JSON and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotBooted => "not-booted",
            Self::Disabled => "disabled",
            Self::NoSlots => "no-slots",
        }
    }
}

/// What somebody asks to upgrade to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// What Upgrade_Rule names.
    Rule,
    /// What this rule names, which is not stored.
    Given(ValueId),
}

/// Where an attempt stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// It is about to begin, as soon as lines let it.
    Beginning,
    /// The assignments of the rule are being stored.
    Assigning(OpId),
    /// The address, or the end, of the transfer is awaited.
    Fetching(OpId),
    /// The end of the transfer is awaited, whose request has been logged.
    Receiving(OpId),
    /// The load is in its slot, and the restart is to come.
    Verified,
    /// The boot loader is being told.
    Activating(OpId),
    /// It brings the load up with the next boot.
    Active,
}

/// One attempt.
#[derive(Debug)]
struct Attempt {
    phase: Phase,
    /// That of the rule; `None` for one by request with a rule of its own.
    target: Option<Target>,
    /// The name of the load, which counts one use; `None` for assignments alone.
    load: Option<ValueId>,
    /// What is fetched, and what the rule assigns.
    cold: Box<Cold>,
}

impl Attempt {
    fn retire(self, shared: &mut Shared) {
        if let Some(load) = self.load {
            shared.values.release(load);
        }
        self.cold.retire(shared);
    }
}

/// What a phone keeps for upgrades, once it has slots or a rule for them.
#[derive(Debug)]
pub(crate) struct Firmware {
    machine: Upgrade,
    slots: Option<Slots>,
    asked: Option<Asked>,
    attempt: Option<Attempt>,
    /// What `$UPGERR` shows; its text counts one use.
    error: Option<Told>,
}

impl Default for Firmware {
    fn default() -> Self {
        Self {
            machine: Upgrade::at_boot(Memory::default(), 0, false),
            slots: None,
            asked: None,
            attempt: None,
            error: None,
        }
    }
}

impl Phone {
    /// Takes what is in the slots.
    pub(crate) fn learn_slots(&mut self, slots: Option<Slots>, values: &mut Values) {
        let firmware = self.extras.need_firmware();
        let old = std::mem::replace(&mut firmware.slots, slots);
        if let Some(load) = old.and_then(|slots| slots.inactive) {
            values.release(load);
        }
    }

    /// Whether there are slots for firmware.
    #[must_use]
    pub fn has_slots(&self) -> bool {
        let firmware = self.extras.firmware();
        firmware.is_some_and(|firmware| firmware.slots.is_some())
    }

    /// Takes what the record says of upgrades, before anything of the boot asks for it.
    pub(crate) fn recall_firmware(&mut self, boot: Boot, record: &StateRecord, cx: &mut Cx<'_>) {
        if let Some(host) = record.server {
            cx.shared.values.retain(host);
        }
        if let Some(old) = std::mem::replace(&mut self.served_by, record.server) {
            cx.shared.values.release(old);
        }
        if record.upgrades != Memory::default() {
            self.extras.need_firmware();
        }
        let running = self
            .model(cx.shared)
            .map_or(0, |model| digest(&model.software_version));
        if let Some(firmware) = self.extras.firmware_mut() {
            let fell_back = firmware
                .slots
                .as_mut()
                .is_some_and(|slots| std::mem::take(&mut slots.fell_back));
            firmware.machine = Upgrade::at_boot(record.upgrades, running, fell_back);
            firmware.error = firmware.machine.last().map(Told::from);
            let memory = firmware.machine.memory();
            let booted = Memory {
                switch: None,
                ..record.upgrades
            };
            if memory != booted && boot == Boot::Normal {
                self.save_upgrades(memory, cx);
            }
        }
    }

    /// Ends what a restart ends.
    pub(crate) fn forget_firmware(&mut self, cx: &mut Cx<'_>) {
        let Some(firmware) = self.extras.firmware_mut() else {
            return;
        };
        if let Some(Asked::Given(rule)) = firmware.asked.take() {
            cx.shared.values.release(rule);
        }
        if let Some(said) = firmware.error.take().and_then(|told| told.said) {
            cx.shared.values.release(said);
        }
        if let Some(attempt) = firmware.attempt.take() {
            attempt.retire(cx.shared);
        }
    }

    fn save_upgrades(&mut self, memory: Memory, cx: &mut Cx<'_>) {
        let op = self.next_op();
        let change = StateChange::Upgrades(memory);
        cx.out.push(Effect::SaveState(op, change));
    }

    /// Upgrade_Rule is to be looked at as soon as the phone may upgrade, if it says anything.
    pub(crate) fn want_upgrade_check(&mut self, cx: &mut Cx<'_>) {
        let Some(view) = self.view(cx.shared) else {
            return;
        };
        let blank = self.params.text(known::UPGRADE_RULE, view).is_empty();
        if !blank && self.resync.boot_cause() != BootCause::Foreground {
            self.extras.need_firmware().machine.want_check();
        } else if let Some(firmware) = self.extras.firmware_mut() {
            firmware.machine.rest();
        }
    }

    /// Upgrade_Error_Retry_Delay changed.
    pub(crate) fn upgrade_retry_changed(&mut self, cx: &mut Cx<'_>) {
        let seed = self.resync.seed();
        let Some((model, firmware)) = cx
            .shared
            .models
            .get(self.model)
            .zip(self.extras.firmware_mut())
        else {
            return;
        };
        let list = retry_list(&self.params, cx, model);
        let armed = firmware.machine.retry_changed(&list, seed, cx.now.mono);
        if let onhook_upgrade::Armed::Retry(at) = armed {
            tell(UpgradeNotice::Retry(at), cx);
        }
    }

    /// Somebody asks for an upgrade: to what the rule names, or to what a rule of its own names.
    pub(crate) fn ask_upgrade(&mut self, given: Option<ValueId>, cx: &mut Cx<'_>) {
        let slots = self.extras.firmware().and_then(|firmware| firmware.slots);
        let refused = match (self.may_ever_upgrade(cx), slots) {
            _ if self.resync.state() == State::Off => Some(UpgradeGate::NotBooted),
            //= R-UPG-10
            (false, _) => Some(UpgradeGate::Disabled),
            (true, None) => Some(UpgradeGate::NoSlots),
            (true, Some(_)) => None,
        };
        if let Some(gate) = refused {
            if let Some(rule) = given {
                cx.shared.values.release(rule);
            }
            tell(UpgradeNotice::Refused(gate), cx);
            return;
        }
        let asked = given.map_or(Asked::Rule, Asked::Given);
        let firmware = self.extras.need_firmware();
        if let Some(Asked::Given(old)) = firmware.asked.replace(asked) {
            cx.shared.values.release(old);
        }
    }

    /// Whether Upgrade_Enable lets the phone upgrade at all.
    fn may_ever_upgrade(&self, cx: &Cx<'_>) -> bool {
        //= R-UPG-10
        //= R-SM-1
        self.view(cx.shared)
            .is_some_and(|view| self.params.is_yes(known::UPGRADE_ENABLE, view))
    }

    /// Looks at what somebody asked for, then at the rule, if the phone may upgrade now.
    pub(crate) fn upgrade_if_free(&mut self, cx: &mut Cx<'_>) {
        self.go_on_upgrading(cx);
        while let Some(firmware) = self.extras.firmware() {
            let asked = firmware.asked.is_some();
            let wanted = asked || firmware.machine.wants_check();
            if !wanted || !self.is_free_to_upgrade(asked) {
                return;
            }
            self.check_or_rest(cx);
        }
    }

    fn check_or_rest(&mut self, cx: &mut Cx<'_>) {
        if self.may_ever_upgrade(cx) {
            self.check_upgrade(cx);
            return;
        }
        let Some(firmware) = self.extras.firmware_mut() else {
            return;
        };
        firmware.machine.rest();
        if let Some(asked) = firmware.asked.take() {
            if let Asked::Given(rule) = asked {
                cx.shared.values.release(rule);
            }
            tell(UpgradeNotice::Refused(UpgradeGate::Disabled), cx);
        }
    }

    /// Whether an upgrade may start: all lines idle, no resync under way, and none that comes first.
    fn is_free_to_upgrade(&self, asked: bool) -> bool {
        //= R-SM-26
        let resync = match self.resync.state() {
            State::Off | State::Running(_) => false,
            // The profiles of the boot may name another load.
            State::BootDelay => asked,
            // What is due beside idle lines waits for them to stay so.
            State::Dormant | State::Waiting | State::ErrorWait | State::Due(_) => true,
        };
        //= R-UPG-5
        //= R-IDLE-6
        resync
            && !self.are_lines_deferring()
            && matches!(self.restart, Restart::No | Restart::Pending)
            && !self.stores_edit()
            && !self.is_transferring()
    }

    /// Whether a load is being fetched, or what comes before that.
    #[must_use]
    pub fn is_upgrading(&self) -> bool {
        self.attempt().is_some_and(|attempt| match attempt.phase {
            //= R-FW-16
            // Calls that begin meanwhile end none of these.
            Phase::Beginning | Phase::Assigning(_) | Phase::Fetching(_) | Phase::Receiving(_) => {
                true
            }
            Phase::Verified | Phase::Activating(_) | Phase::Active => false,
        })
    }

    /// Whether the assignments of an upgrade rule are being stored.
    pub(crate) fn is_assigning_for_upgrade(&self) -> bool {
        self.attempt()
            .is_some_and(|attempt| matches!(attempt.phase, Phase::Assigning(_)))
    }

    /// The memory of upgrades, if the restart under way is to bring up a verified load.
    pub(crate) fn switching(&mut self, values: &Values) -> Option<Memory> {
        let firmware = self.extras.firmware_mut()?;
        let attempt = firmware.attempt.as_ref()?;
        if attempt.phase != Phase::Verified {
            return None;
        }
        let load = digest(values.text(attempt.load?));
        firmware.machine.switching(attempt.target, load);
        Some(firmware.machine.memory())
    }

    /// When a retry is due.
    pub(crate) fn upgrade_deadline(&self) -> MonoTime {
        self.extras
            .firmware()
            .and_then(|firmware| firmware.machine.retry_at())
            .unwrap_or(MonoTime::MAX)
    }

    /// The deadline may have passed.
    pub(crate) fn upgrade_due(&mut self, now: MonoTime) {
        if let Some(firmware) = self.extras.firmware_mut() {
            firmware.machine.expire(now);
        }
    }

    /// `$UPGTMR` counts from here.
    pub(crate) fn last_upgrade(&self) -> MonoTime {
        //= R-MACRO-22
        self.extras
            .firmware()
            .and_then(|firmware| firmware.machine.started())
            .unwrap_or_else(|| self.resync.booted())
    }

    /// `$UPGST`
    pub(crate) fn upgrade_stage(&self) -> Stage {
        let firmware = self.extras.firmware();
        firmware.map_or(Stage::First, |firmware| firmware.machine.stage())
    }

    /// What `$UPGERR` shows.
    pub(crate) fn upgrade_error(&self) -> Option<Told> {
        self.extras.firmware()?.error
    }

    /// The entries that the commit `op` of an upgrade rule's assignments has to make durable.
    pub(crate) fn upgrade_changes(&self, op: OpId) -> &[Entry] {
        match self.attempt() {
            Some(attempt) if attempt.phase == Phase::Assigning(op) => &attempt.cold.changes,
            Some(_) | None => &[],
        }
    }
}

fn tell(notice: UpgradeNotice, cx: &mut Cx<'_>) {
    cx.out.push(Effect::Notice(Notice::Upgrade(notice)));
}

/// Upgrade_Error_Retry_Delay.
fn retry_list<'v>(
    params: &'v onhook_params::ParamSet,
    cx: &'v Cx<'_>,
    model: &'v crate::Model,
) -> DelayList<'v> {
    let view = onhook_params::View {
        values: &cx.shared.values,
        bases: &cx.shared.bases,
        scope: &model.scope,
    };
    let text = params.text(known::UPGRADE_ERROR_RETRY_DELAY, view);
    //= R-SCHED-3
    DelayList::parse(text)
        .or_else(|_| DelayList::parse(known::UPGRADE_ERROR_RETRY_DELAY.default(&model.scope)))
        .unwrap_or_default()
}
