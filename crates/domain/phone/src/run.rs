//! Carrying out a rule: assign, fetch, hold, commit, log.

use std::net::IpAddr;

use onhook_device::Outcome;
use onhook_params::known;
use onhook_resync::{Event, RuleSlot};

use crate::phone::{Cx, NO_ACCOUNT_WANTED};
use crate::rule::{Cold, Phase, RuleFault, to_u32};
use crate::search::asks_for_code;
use crate::{
    Committed, DecodedId, Effect, LogOp, Notice, OpId, Phone, Request, Shared, Subject, Told,
};

impl Phone {
    /// Starts a rule; `Some` if it ended at once.
    pub(crate) fn run_rule(&mut self, slot: RuleSlot, cx: &mut Cx<'_>) -> Option<Outcome> {
        if let Some(view) = self.view(cx.shared) {
            let rule = self.rule_text(slot, view);
            //= R-SM-5
            // Most phones have one rule: the others cost nothing.
            if rule.is_empty() {
                return Some(Outcome::Skipped);
            }
            //= R-OOB-4
            if asks_for_code(rule) {
                cx.out.push(Effect::Notice(Notice::ActivationCode));
                return Some(Outcome::Skipped);
            }
        }
        let mut cold = cx
            .shared
            .cold
            .pop()
            .unwrap_or_else(|| Box::new(Cold::new()));
        cold.slot = slot;
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        let plan = self.plan(slot, &mut expanded, &mut cold, cx);
        cx.shared.expanded = Some(expanded);
        if let Err(fault) = plan {
            cold.retire(cx.shared);
            return Some(self.refuse(slot, fault, cx));
        }
        self.assign_or_fetch(cold, cx)
    }

    /// Stores the assignments, if they change anything, and goes on; `Some` if the rule ended at once.
    fn assign_or_fetch(&mut self, mut cold: Box<Cold>, cx: &mut Cx<'_>) -> Option<Outcome> {
        self.find_changes(&mut cold, cx.shared);
        if cold.changes.is_empty() {
            return self.fetch_or_end(cold, cx);
        }
        //= R-RBT-4
        if self.must_hold() {
            self.hold(cold, Phase::HoldingAssignments, cx);
            return None;
        }
        //= R-RULE-10
        let op = self.next_op();
        cold.phase = Phase::Assigning(op);
        self.cold = Some(cold);
        cx.out.push(Effect::Commit(op));
        None
    }

    /// What of the wanted settings differs from what the phone holds now.
    pub(crate) fn find_changes(&self, cold: &mut Cold, shared: &Shared) {
        cold.changes.clear();
        if let Some(view) = self.view(shared) {
            self.params.changes(&cold.wanted, view, &mut cold.changes);
        }
    }

    /// Waits for idle lines, or for the end of a local edit; the limit of the resync stands still.
    fn hold(&mut self, mut cold: Box<Cold>, phase: Phase, cx: &mut Cx<'_>) {
        cold.phase = phase;
        self.cold = Some(cold);
        self.overdue = false;
        cx.out.push(Effect::Notice(Notice::Held));
        self.machine(Event::Held, cx);
    }

    /// Ends a rule that fails before any request.
    fn refuse(&mut self, slot: RuleSlot, fault: RuleFault, cx: &mut Cx<'_>) -> Outcome {
        let outcome = fault.outcome();
        cx.out.push(Effect::Notice(Notice::RuleFault(slot, fault)));
        self.set_result(Some(outcome.into()), cx.shared);
        //= R-LOG-5
        self.log(Subject::Resync, LogOp::Failure, cx);
        cx.out.push(Effect::Notice(Notice::RuleDone {
            slot,
            outcome,
            changed: 0,
        }));
        outcome
    }

    /// Goes on after the assignments; `Some` if there is nothing to fetch.
    fn fetch_or_end(&mut self, mut cold: Box<Cold>, cx: &mut Cx<'_>) -> Option<Outcome> {
        let slot = cold.slot;
        let Some(next) = cold.next.take() else {
            //= R-RULE-12
            let changed = cold.changed;
            let outcome = if changed > 0 {
                Outcome::Applied
            } else {
                Outcome::Skipped
            };
            cold.retire(cx.shared);
            if changed > 0 {
                cx.out.push(Effect::Notice(Notice::RuleDone {
                    slot,
                    outcome,
                    changed,
                }));
            }
            return Some(outcome);
        };
        let mut request = match next {
            Ok(request) => request,
            Err(fault) => {
                cold.retire(cx.shared);
                return Some(self.refuse(slot, fault, cx));
            }
        };
        //= R-MACRO-21
        self.set_result(None, cx.shared);
        if let Some(register) = cold.post {
            request.body = self.body(register, &request, cx);
        }
        self.ask(cold, request, cx);
        None
    }

    /// Starts a fetch; the uses of the request's texts pass to the phone.
    fn ask(&mut self, mut cold: Box<Cold>, request: Request, cx: &mut Cx<'_>) {
        self.put_request(request, cx);
        let op = self.next_op();
        let slot = cold.slot;
        cold.phase = Phase::Fetching(op);
        self.cold = Some(cold);
        cx.out
            .push(Effect::Notice(Notice::RuleStarted(slot, request)));
        cx.out.push(Effect::Fetch(op, request));
    }

    pub(crate) fn fetch_started(&mut self, op: OpId, ip: Option<IpAddr>, cx: &mut Cx<'_>) {
        if self.upgrade_started(op, ip, cx) {
            return;
        }
        let waiting = self
            .cold
            .as_mut()
            .filter(|cold| cold.phase == Phase::Fetching(op));
        let Some(cold) = waiting else {
            self.count_stale();
            return;
        };
        cold.phase = Phase::Receiving(op);
        if let Some(request) = &mut self.request {
            request.ip = ip;
        }
        //= R-HTTP-20
        self.log(Subject::Resync, LogOp::Request, cx);
    }

    pub(crate) fn fetch_done(
        &mut self,
        op: OpId,
        result: Result<DecodedId, Told>,
        cx: &mut Cx<'_>,
    ) {
        let phase = self.phase();
        let waiting = phase == Some(Phase::Fetching(op)) || phase == Some(Phase::Receiving(op));
        let Some(mut cold) = self.cold.take_if(|_| waiting) else {
            self.count_stale();
            match result {
                Ok(decoded) => cx.shared.drop_decoded(decoded),
                Err(told) => told
                    .said
                    .into_iter()
                    .for_each(|said| cx.shared.values.release(said)),
            }
            return;
        };
        match result {
            Err(told) => {
                if let Some(request) = self.next_server(&mut cold, told.outcome, cx) {
                    self.set_result(Some(told), cx.shared);
                    self.log(Subject::Resync, LogOp::Failure, cx);
                    self.set_result(None, cx.shared);
                    self.ask(cold, request, cx);
                    return;
                }
                let outcome = self.accept_missing(told.outcome, cx.shared);
                self.end_rule(cold, Told { outcome, ..told }, cx);
            }
            //= R-OUT-5
            Ok(decoded) => {
                cx.shared.release(&cold.wanted);
                cold.wanted = cx.shared.take_decoded(decoded).unwrap_or_default();
                if self.must_hold() {
                    self.hold(cold, Phase::Holding, cx);
                } else {
                    self.commit_or_end(cold, cx);
                }
            }
        }
    }

    /// Goes on with what was held.
    pub(crate) fn release_held(&mut self, cx: &mut Cx<'_>) {
        let held = matches!(
            self.phase(),
            Some(Phase::Holding | Phase::HoldingAssignments)
        );
        let ready = held && !self.must_hold();
        let Some(cold) = self.cold.take_if(|_| ready) else {
            return;
        };
        self.machine(Event::Released, cx);
        if cold.phase == Phase::Holding {
            self.commit_or_end(cold, cx);
        } else if let Some(outcome) = self.assign_or_fetch(cold, cx) {
            self.step(Event::RuleDone(outcome), cx);
        }
    }

    /// File not found is a success if Resync_Fails_On_FNF is No.
    fn accept_missing(&self, outcome: Outcome, shared: &Shared) -> Outcome {
        //= R-OUT-2
        let accepted = outcome == Outcome::Fnf
            && self
                .view(shared)
                .is_some_and(|view| !self.params.is_yes(known::RESYNC_FAILS_ON_FNF, view));
        //= R-RULE-13
        if accepted { Outcome::FnfOk } else { outcome }
    }

    fn commit_or_end(&mut self, mut cold: Box<Cold>, cx: &mut Cx<'_>) {
        self.find_changes(&mut cold, cx.shared);
        if cold.changes.is_empty() {
            self.end_rule(cold, Outcome::Applied.into(), cx);
            return;
        }
        //= R-FLS-1
        let op = self.next_op();
        cold.phase = Phase::Committing(op);
        self.cold = Some(cold);
        cx.out.push(Effect::Commit(op));
    }

    pub(crate) fn commit_done(&mut self, op: OpId, committed: Committed, cx: &mut Cx<'_>) {
        if self.upgrade_assigned(op, committed, cx) {
            return;
        }
        let waiting = self.cold.as_ref().is_some_and(|cold| {
            matches!(cold.phase, Phase::Assigning(mine) | Phase::Committing(mine) if mine == op)
        });
        let Some(mut cold) = self.cold.take_if(|_| waiting) else {
            self.count_stale();
            return;
        };
        if committed == Committed::Failed {
            self.end_rule(cold, Outcome::Internal.into(), cx);
            return;
        }
        let changes = std::mem::take(&mut cold.changes);
        cold.changed = cold.changed.saturating_add(to_u32(changes.len()));
        self.want_restart(&cold.wanted, &changes, cx.shared);
        let asked = self.apply(&changes, cx);
        if asked {
            // It runs when this resync is over.
            self.machine(Event::Explicit(onhook_resync::Request::Given), cx);
        }
        cold.changes = changes;
        cold.changes.clear();
        if cold.timed_out {
            self.end_rule(cold, Outcome::Timeout.into(), cx);
            return;
        }
        match cold.phase {
            Phase::Assigning(_) => {
                if let Some(outcome) = self.fetch_or_end(cold, cx) {
                    self.step(Event::RuleDone(outcome), cx);
                }
            }
            Phase::Committing(_)
            | Phase::Fetching(_)
            | Phase::Receiving(_)
            | Phase::HoldingAssignments
            | Phase::Holding => {
                self.end_rule(cold, Outcome::Applied.into(), cx);
            }
        }
    }

    /// Logs the result of a request, tells it, and lets the machine go on.
    fn end_rule(&mut self, cold: Box<Cold>, told: Told, cx: &mut Cx<'_>) {
        self.log_result(cold, told, cx);
        self.step(Event::RuleDone(told.outcome), cx);
    }

    fn log_result(&mut self, cold: Box<Cold>, told: Told, cx: &mut Cx<'_>) {
        let (slot, changed) = (cold.slot, cold.changed);
        let outcome = told.outcome;
        cold.retire(cx.shared);
        self.set_result(Some(told), cx.shared);
        if outcome == Outcome::Applied {
            self.remember_server(&mut cx.shared.values);
        }
        let op = if outcome.is_success() {
            LogOp::Success
        } else {
            LogOp::Failure
        };
        self.log(Subject::Resync, op, cx);
        cx.out.push(Effect::Notice(Notice::RuleDone {
            slot,
            outcome,
            changed,
        }));
        //= R-HTTP-8
        if outcome == Outcome::Auth && self.wants_account(cx.shared) {
            cx.out.push(Effect::Notice(Notice::AccountWanted));
        }
    }

    /// Whether a profile account answers servers that want to know who asks.
    #[must_use]
    pub fn uses_account(&self, shared: &Shared) -> bool {
        self.view(shared).is_some_and(|view| {
            let kind = self.params.text(known::PROFILE_AUTHENTICATION_TYPE, view);
            kind == "Basic Http Authentication"
        })
    }

    /// Whether the user should set the profile account up: nothing could be answered, for the first time since boot.
    fn wants_account(&self, shared: &Shared) -> bool {
        let unanswered = |request: &Request| request.user.is_none() && request.password.is_none();
        let enabled = |view| {
            let kind = self.params.text(known::PROFILE_AUTHENTICATION_TYPE, view);
            kind != "Disabled"
        };
        self.warned & NO_ACCOUNT_WANTED == 0
            && self.request.as_deref().is_some_and(unanswered)
            && self.view(shared).is_some_and(enabled)
    }

    /// Ends the running rule because the resync takes too long; a commit under way is waited for.
    pub(crate) fn time_out(&mut self, cx: &mut Cx<'_>) -> Option<Outcome> {
        if self.give_search_up() || self.give_trust_up(cx) {
            return Some(Outcome::Timeout);
        }
        let (Phase::Fetching(op) | Phase::Receiving(op)) = self.phase()? else {
            if let Some(cold) = &mut self.cold {
                cold.timed_out = true;
            }
            return None;
        };
        let cold = self.cold.take()?;
        cx.out.push(Effect::Cancel(op));
        self.log_result(cold, Outcome::Timeout.into(), cx);
        Some(Outcome::Timeout)
    }

    fn phase(&self) -> Option<Phase> {
        self.cold.as_ref().map(|cold| cold.phase)
    }
}
