//! One attempt: assignments, refusals, transfer, and how it ends.

use std::net::IpAddr;

use onhook_device::Outcome;
use onhook_params::{ValueId, known};
use onhook_resync::Event;
use onhook_upgrade::{Armed, Refusal, Target, refusal};

use super::{Attempt, Phase, UpgradeGate, retry_list, tell};
use crate::phone::Cx;
use crate::restart::Restart;
use crate::rule::Cold;
use crate::{Committed, Effect, LogOp, OpId, Phone, RebootReason, Subject, Told, UpgradeNotice};

impl Phone {
    pub(super) fn put_attempt(
        &mut self,
        phase: Phase,
        target: Option<Target>,
        load: Option<ValueId>,
        cold: Box<Cold>,
        cx: &mut Cx<'_>,
    ) {
        self.extras.need_firmware().attempt = Some(Attempt {
            phase,
            target,
            load,
            cold,
        });
        self.machine(Event::Occupied, cx);
    }

    /// Refuses the load by its name, finds it in its slot already, or fetches it.
    pub(super) fn transfer_or_activate(&mut self, cx: &mut Cx<'_>) {
        let Some(load) = self.attempt().and_then(|attempt| attempt.load) else {
            return;
        };
        let Some((view, model)) = self.view(cx.shared).zip(self.model(cx.shared)) else {
            return;
        };
        let limit = self.params.text(known::DOWNGRADE_REV_LIMIT, view);
        let refused = refusal(view.values.text(load), &model.software_version, limit);
        if let Some(refused) = refused {
            self.fail_attempt(refused.outcome().into(), cx);
            return;
        }
        let slots = self.extras.firmware().and_then(|firmware| firmware.slots);
        //= R-FW-3
        //= R-UPG-4
        if slots.and_then(|slots| slots.inactive) == Some(load) {
            self.verified(cx);
            return;
        }
        let op = self.next_op();
        let request = self.attempt_mut().and_then(|attempt| {
            attempt.phase = Phase::Fetching(op);
            attempt.cold.next.take()
        });
        if let Some(Ok(request)) = request {
            self.put_request(request, cx);
            //= R-MACRO-21
            self.set_result(None, cx.shared);
            let stage = self.upgrade_stage();
            tell(UpgradeNotice::Started(stage, request), cx);
            cx.out.push(Effect::Upgrade(op, request));
        }
    }

    /// Goes on with an attempt whose assignments are stored, unless a line has become busy or upgrades disabled meanwhile.
    pub(super) fn go_on_upgrading(&mut self, cx: &mut Cx<'_>) {
        let begins = self.attempt().map(|attempt| attempt.phase) == Some(Phase::Beginning);
        if !begins || self.stores_edit() {
            return;
        }
        //= R-UPG-10
        if !self.may_ever_upgrade(cx) {
            self.drop_attempt(cx);
            tell(UpgradeNotice::Refused(UpgradeGate::Disabled), cx);
            self.step(Event::Free, cx);
            return;
        }
        //= R-UPG-5
        if !self.are_lines_deferring() {
            self.transfer_or_activate(cx);
        }
    }

    /// Takes the address of a transfer; whether it was this one.
    pub(crate) fn upgrade_started(
        &mut self,
        op: OpId,
        ip: Option<IpAddr>,
        cx: &mut Cx<'_>,
    ) -> bool {
        let mine = self
            .attempt_mut()
            .filter(|attempt| attempt.phase == Phase::Fetching(op));
        let Some(attempt) = mine else {
            return false;
        };
        attempt.phase = Phase::Receiving(op);
        if let Some(request) = &mut self.request {
            request.ip = ip;
        }
        //= R-FW-12
        self.log(Subject::Upgrade, LogOp::Request, cx);
        true
    }

    /// Takes the end of a transfer: the load is verified and in its slot, or why not.
    pub(crate) fn upgraded(&mut self, op: OpId, result: Result<(), Told>, cx: &mut Cx<'_>) {
        let phase = self.attempt().map(|attempt| attempt.phase);
        if phase != Some(Phase::Fetching(op)) && phase != Some(Phase::Receiving(op)) {
            self.count_stale();
            if let Err(Told {
                said: Some(said), ..
            }) = result
            {
                cx.shared.values.release(said);
            }
            return;
        }
        match result {
            Ok(()) => self.verified(cx),
            //= R-FW-8
            //= R-FW-15
            // Whatever Resync_Fails_On_FNF says.
            Err(told) => self.fail_attempt(told, cx),
        }
    }

    /// The load is in its slot: the restart that brings it up is due.
    fn verified(&mut self, cx: &mut Cx<'_>) {
        let Some(firmware) = self.extras.firmware_mut() else {
            return;
        };
        let Some(attempt) = &mut firmware.attempt else {
            return;
        };
        let Some(load) = attempt.load else {
            return;
        };
        attempt.phase = Phase::Verified;
        let values = &mut cx.shared.values;
        if let Some(slots) = &mut firmware.slots
            && slots.inactive != Some(load)
        {
            values.retain(load);
            if let Some(old) = slots.inactive.replace(load) {
                values.release(old);
            }
        }
        // One use for the result, one for what `$UPGERR` shows.
        values.retain(load);
        values.retain(load);
        let told = Told {
            outcome: Outcome::Upgraded,
            said: Some(load),
        };
        //= R-SM-31
        self.set_result(Some(told), cx.shared);
        self.set_upgrade_error(Some(told), cx);
        //= R-FW-12
        self.log(Subject::Upgrade, LogOp::Success, cx);
        tell(UpgradeNotice::Done(Outcome::Upgraded), cx);
        // A factory reset comes before it.
        if matches!(self.restart, Restart::No | Restart::Pending | Restart::Due) {
            self.restart = Restart::Due;
            self.restart_reason = RebootReason::Upgrade;
        }
        self.step(Event::Free, cx);
    }

    /// The boot loader knows, or could not be told.
    pub(crate) fn activated(&mut self, op: OpId, committed: Committed, cx: &mut Cx<'_>) {
        if self.attempt().map(|attempt| attempt.phase) != Some(Phase::Activating(op)) {
            self.count_stale();
            return;
        }
        // A factory reset that came meanwhile restarts when it is done.
        if self.restart != Restart::Switching {
            if let Some(attempt) = self.attempt_mut() {
                attempt.phase = match committed {
                    Committed::Durable => Phase::Active,
                    Committed::Failed => Phase::Verified,
                };
            }
            return;
        }
        if committed == Committed::Durable {
            if let Some(attempt) = self.attempt_mut() {
                attempt.phase = Phase::Active;
            }
            // A call may have begun meanwhile.
            self.restart = Restart::Ready;
            self.restart_if_idle(cx);
            return;
        }
        self.restart = Restart::No;
        if let Some(firmware) = self.extras.firmware_mut() {
            firmware.machine.switch_failed();
            let memory = firmware.machine.memory();
            self.save_upgrades(memory, cx);
        }
        // The restart whose reason is durable does not come.
        let op = self.next_op();
        cx.out
            .push(Effect::SaveState(op, crate::StateChange::Booted));
        self.fail_attempt(Outcome::Flash.into(), cx);
    }

    /// Where the restart stands that a load in its slot wants, if there is one.
    pub(crate) fn restart_of_upgrade(&mut self) -> Option<Restart> {
        let restart = match self.attempt()?.phase {
            Phase::Beginning | Phase::Assigning(_) | Phase::Fetching(_) | Phase::Receiving(_) => {
                return None;
            }
            Phase::Verified => Restart::Due,
            Phase::Activating(_) => Restart::Switching,
            Phase::Active => Restart::Ready,
        };
        self.restart_reason = RebootReason::Upgrade;
        Some(restart)
    }

    /// Tells the boot loader of the verified load, if there is one; whether there is.
    pub(crate) fn activate(&mut self, cx: &mut Cx<'_>) -> bool {
        let op = self.next_op();
        let Some(attempt) = self
            .attempt_mut()
            .filter(|attempt| attempt.phase == Phase::Verified)
        else {
            return false;
        };
        attempt.phase = Phase::Activating(op);
        cx.out.push(Effect::Activate(op));
        true
    }

    /// Takes the end of the commit of assignments; whether it was that of an upgrade rule.
    pub(crate) fn upgrade_assigned(
        &mut self,
        op: OpId,
        committed: Committed,
        cx: &mut Cx<'_>,
    ) -> bool {
        let mine = self
            .attempt_mut()
            .filter(|attempt| attempt.phase == Phase::Assigning(op));
        let Some(attempt) = mine else {
            return false;
        };
        let fetches = attempt.cold.next.is_some();
        let changes = std::mem::take(&mut attempt.cold.changes);
        let wanted = std::mem::take(&mut attempt.cold.wanted);
        if committed == Committed::Durable {
            self.want_restart(&wanted, &changes, cx.shared);
            if self.apply(&changes, cx) {
                self.machine(Event::Explicit(onhook_resync::Request::Given), cx);
            }
            // A rule that sets itself counts from the next look on: two that set each other would never end.
            if let Some(firmware) = self.extras.firmware_mut() {
                firmware.machine.rest();
            }
        }
        cx.shared.release(&wanted);
        match (committed, fetches) {
            (Committed::Durable, true) => {
                if let Some(attempt) = self.attempt_mut() {
                    attempt.phase = Phase::Beginning;
                }
                self.go_on_upgrading(cx);
            }
            (Committed::Failed, true) => self.fail_attempt(Outcome::Internal.into(), cx),
            (_, false) => {
                self.drop_attempt(cx);
                self.step(Event::Free, cx);
            }
        }
        true
    }

    fn fail_attempt(&mut self, told: Told, cx: &mut Cx<'_>) {
        let target = self.attempt().and_then(|attempt| attempt.target);
        self.drop_attempt(cx);
        self.end_attempt(target, told, cx);
    }

    /// Logs and remembers a failure, and lets what waits go on.
    pub(super) fn end_attempt(&mut self, target: Option<Target>, told: Told, cx: &mut Cx<'_>) {
        let outcome = told.outcome;
        tell(UpgradeNotice::Done(outcome), cx);
        let fetched = self.request.as_ref().map(|request| request.scheme);
        let told = Told {
            outcome: fetched.map_or(outcome, |scheme| told_outcome(outcome, scheme)),
            ..told
        };
        if let Some(said) = told.said {
            cx.shared.values.retain(said);
        }
        self.set_result(Some(told), cx.shared);
        self.set_upgrade_error(Some(told), cx);
        self.log(Subject::Upgrade, LogOp::Failure, cx);
        self.remember_failure(target, outcome, cx);
        self.step(Event::Free, cx);
        //= R-SCHED-14
        if matches!(self.restart, Restart::No | Restart::Pending) {
            self.step(Event::UpgradeFailed, cx);
        }
    }

    fn remember_failure(&mut self, target: Option<Target>, outcome: Outcome, cx: &mut Cx<'_>) {
        let seed = self.resync.seed();
        let Some((model, firmware)) = cx
            .shared
            .models
            .get(self.model)
            .zip(self.extras.firmware_mut())
        else {
            return;
        };
        if let Some(refused) = Refusal::of(outcome) {
            firmware.machine.refused(target, refused);
            let memory = firmware.machine.memory();
            self.save_upgrades(memory, cx);
        } else if let Some(target) = target {
            let list = retry_list(&self.params, cx, model);
            let armed = firmware.machine.failed(target, &list, seed, cx.now.mono);
            if let Armed::Retry(at) = armed {
                tell(UpgradeNotice::Retry(at), cx);
            }
        }
    }

    fn set_upgrade_error(&mut self, told: Option<Told>, cx: &mut Cx<'_>) {
        let Some(firmware) = self.extras.firmware_mut() else {
            return;
        };
        if let Some(said) = std::mem::replace(&mut firmware.error, told).and_then(|old| old.said) {
            cx.shared.values.release(said);
        }
    }

    pub(super) fn attempt(&self) -> Option<&Attempt> {
        self.extras.firmware()?.attempt.as_ref()
    }

    fn attempt_mut(&mut self) -> Option<&mut Attempt> {
        self.extras.firmware_mut()?.attempt.as_mut()
    }

    fn drop_attempt(&mut self, cx: &mut Cx<'_>) {
        let attempt = self
            .extras
            .firmware_mut()
            .and_then(|firmware| firmware.attempt.take());
        if let Some(attempt) = attempt {
            attempt.retire(cx.shared);
        }
    }
}

/// What a message says of a load that could not be fetched: over HTTP the cause stays in the event stream (12.4).
const fn told_outcome(outcome: Outcome, scheme: onhook_fetch::Scheme) -> Outcome {
    let over_http = !matches!(scheme, onhook_fetch::Scheme::Tftp);
    let untold = matches!(
        outcome,
        Outcome::Dns
            | Outcome::Connect
            | Outcome::Timeout
            | Outcome::Truncated
            | Outcome::HttpProtocol
    );
    if over_http && untold {
        Outcome::HttpGet
    } else {
        outcome
    }
}
