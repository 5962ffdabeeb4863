//! One look at a rule for upgrades: what it names, and whether that is attempted.

use onhook_params::ValueId;
use onhook_upgrade::{Decision, Stage, Target};

use super::plan::Planned;
use super::{Asked, Phase, UpgradeGate, tell};
use crate::phone::Cx;
use crate::rule::Cold;
use crate::{Effect, Phone, UpgradeNotice};

impl Phone {
    /// Looks at the rule and starts what is due.
    pub(super) fn check_upgrade(&mut self, cx: &mut Cx<'_>) {
        let asked = self
            .extras
            .firmware_mut()
            .and_then(|firmware| firmware.asked.take());
        let mut cold = cx
            .shared
            .cold
            .pop()
            .unwrap_or_else(|| Box::new(Cold::new()));
        let planned = self.plan_upgrade(asked, &mut cold, cx);
        if let Some(Asked::Given(rule)) = asked {
            cx.shared.values.release(rule);
        }
        match planned {
            Planned::Nothing | Planned::Assignments => self.end_check(asked, cold, cx),
            Planned::Fault(fault, target) => {
                tell(UpgradeNotice::Fault(fault), cx);
                cold.retire(cx.shared);
                if let Some(stage) = self.decide(asked, target) {
                    let target = of_rule(asked, target);
                    self.begin(target, stage, cx);
                    self.end_attempt(target, fault.outcome().into(), cx);
                }
            }
            Planned::Load(request, load, target) => {
                cold.next = Some(Ok(request));
                self.consider(asked, load, target, cold, cx);
            }
        }
    }

    /// Ends a check that leads to no load; an alternative without a URL assigns alone.
    fn end_check(&mut self, asked: Option<Asked>, mut cold: Box<Cold>, cx: &mut Cx<'_>) {
        self.nothing_to_do(asked, cx);
        self.find_changes(&mut cold, cx.shared);
        if cold.changes.is_empty() {
            cold.retire(cx.shared);
        } else {
            self.assign_first(None, None, cold, cx);
        }
    }

    /// There is nothing to upgrade to; whoever asked is told so.
    fn nothing_to_do(&mut self, asked: Option<Asked>, cx: &mut Cx<'_>) {
        if let Some(firmware) = self.extras.firmware_mut()
            && is_of_rule(asked)
        {
            firmware.machine.rest();
        }
        if asked.is_some() {
            tell(UpgradeNotice::NotNeeded, cx);
        }
    }

    /// Attempts a load, unless it runs already or is left alone.
    fn consider(
        &mut self,
        asked: Option<Asked>,
        load: ValueId,
        target: Target,
        mut cold: Box<Cold>,
        cx: &mut Cx<'_>,
    ) {
        let running = self.model(cx.shared).map(|model| &*model.software_version);
        //= R-FW-2
        //= R-UPG-8
        let runs = running == Some(cx.shared.values.expose(load));
        let slots = self.extras.firmware().and_then(|firmware| firmware.slots);
        let stage = match (runs, slots) {
            (true, _) => {
                self.nothing_to_do(asked, cx);
                None
            }
            (false, Some(_)) => self.decide(asked, target),
            (false, None) => {
                self.without_slots(asked, target, cx);
                None
            }
        };
        let Some(stage) = stage else {
            cx.shared.values.release(load);
            cold.retire(cx.shared);
            return;
        };
        let target = of_rule(asked, target);
        self.begin(target, stage, cx);
        self.find_changes(&mut cold, cx.shared);
        if !cold.changes.is_empty() {
            self.assign_first(target, Some(load), cold, cx);
            return;
        }
        self.put_attempt(Phase::Beginning, target, Some(load), cold, cx);
        self.transfer_or_activate(cx);
    }

    /// Stores what the rule assigns before anything else (R-RULE-10).
    fn assign_first(
        &mut self,
        target: Option<Target>,
        load: Option<ValueId>,
        cold: Box<Cold>,
        cx: &mut Cx<'_>,
    ) {
        let op = self.next_op();
        //= R-RULE-10
        self.put_attempt(Phase::Assigning(op), target, load, cold, cx);
        cx.out.push(Effect::Commit(op));
    }

    /// A phone without slots says once for each target that it cannot upgrade.
    fn without_slots(&mut self, asked: Option<Asked>, target: Target, cx: &mut Cx<'_>) {
        if asked.is_some() {
            tell(UpgradeNotice::Refused(UpgradeGate::NoSlots), cx);
            return;
        }
        let Some(firmware) = self.extras.firmware_mut() else {
            return;
        };
        if let Decision::Attempt(_) = firmware.machine.decide(target) {
            let never = onhook_schedule::DelayList::default();
            firmware.machine.failed(target, &never, 0, cx.now.mono);
            tell(UpgradeNotice::Refused(UpgradeGate::NoSlots), cx);
        }
    }

    /// Whether a target is attempted; what somebody asks for always is.
    fn decide(&mut self, asked: Option<Asked>, target: Target) -> Option<Stage> {
        let firmware = self.extras.firmware_mut()?;
        //= R-FW-14
        if !is_of_rule(asked) {
            return Some(Stage::First);
        }
        match (asked, firmware.machine.decide(target)) {
            (Some(_), _) => Some(Stage::First),
            (None, Decision::Attempt(stage)) => Some(stage),
            (None, Decision::Leave) => None,
        }
    }

    fn begin(&mut self, target: Option<Target>, stage: Stage, cx: &mut Cx<'_>) {
        if let Some(firmware) = self.extras.firmware_mut() {
            firmware.machine.start(target, stage, cx.now.mono);
        }
    }
}

/// Whether it is Upgrade_Rule that is looked at, and not a rule that came with a request.
const fn is_of_rule(asked: Option<Asked>) -> bool {
    match asked {
        Some(Asked::Given(_)) => false,
        Some(Asked::Rule) | None => true,
    }
}

/// The target as the memory of the rule knows it.
fn of_rule(asked: Option<Asked>, target: Target) -> Option<Target> {
    is_of_rule(asked).then_some(target)
}
