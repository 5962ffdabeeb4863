//! The resync machine of the phone: events in, actions carried out.

use onhook_device::Outcome;
use onhook_params::View;
use onhook_resync::{Action, Event, RuleSlot, State};

use crate::phone::{Cx, NO_ACCOUNT_WANTED};
use crate::policy::Settings;
use crate::{Effect, Notice, Pending, Phone, StateChange};

impl Phone {
    /// Hands one event to the resync machine and carries out what it answers.
    pub(crate) fn step(&mut self, event: Event, cx: &mut Cx<'_>) {
        let action = if let Event::RuleDone(outcome) = event {
            self.rule_done(outcome, cx)
        } else {
            self.machine(event, cx)
        };
        self.carry_out(action, cx);
    }

    /// Carries out what the machine answers, and what it answers to that.
    pub(crate) fn carry_out(&mut self, mut action: Action, cx: &mut Cx<'_>) {
        loop {
            action = match action {
                Action::None => break,
                Action::RunRule { slot, starts } => {
                    if let Some(cause) = starts {
                        self.answer_pending(slot, cx);
                        self.begin_search(slot, &mut cx.shared.values);
                        if let Some(restarts) = &mut self.restarts {
                            restarts.begin();
                        }
                        cx.out
                            .push(Effect::Notice(Notice::ResyncStarted(cause, slot)));
                    }
                    if self.trust_before_rule(slot, cx) {
                        break;
                    }
                    match self.run_rule(slot, cx) {
                        Some(outcome) => self.rule_done(outcome, cx),
                        None => break,
                    }
                }
                Action::Finished(outcome) => {
                    self.finished(outcome, cx);
                    self.resync.next_pending(cx.now.mono)
                }
                Action::ApplyNow => {
                    self.overdue = true;
                    self.release_held(cx);
                    break;
                }
                Action::TimedOut => match self.time_out(cx) {
                    Some(outcome) => self.machine(Event::RuleDone(outcome), cx),
                    None => break,
                },
                Action::Refused(gate) => {
                    cx.out.push(Effect::Notice(Notice::Refused(gate)));
                    break;
                }
            };
        }
        self.restart_if_idle(cx);
    }

    /// Whether a transfer of the phone is under way: a resync, or what may run beside none (section 18, invariant 1).
    pub(crate) fn is_transferring(&self) -> bool {
        matches!(self.resync.state(), State::Running(_))
            || self.is_fetching_trust()
            || self.is_upgrading()
            || self.is_reporting()
            || self.is_reporting_problem()
    }

    fn finished(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        self.warned |= NO_ACCOUNT_WANTED;
        cx.out.push(Effect::Notice(Notice::ResyncDone(outcome)));
        self.save_servers(outcome.is_success(), cx);
        //= R-SM-20
        if outcome.is_success() {
            self.rebase_report(cx.shared);
            self.restart_after_success(cx);
            self.brought_up(outcome, cx);
            //= R-FW-1
            self.want_upgrade_check(cx);
        }
    }

    /// Tells that requests which waited are refused, because provisioning was disabled meanwhile.
    fn drop_pending(&mut self, cx: &mut Cx<'_>) {
        if let Some(rule) = self.given.take() {
            cx.shared.values.release(rule);
        }
        let gate = onhook_resync::Gate::ProvisionDisabled;
        cx.out.push(Effect::Notice(Notice::Refused(gate)));
    }

    /// The request in the state record is being answered.
    fn answer_pending(&mut self, slot: RuleSlot, cx: &mut Cx<'_>) {
        let answered = match self.pending_saved {
            Some(Pending::Configured) => slot != RuleSlot::Given,
            Some(Pending::TriggerUrl(_)) => slot == RuleSlot::Given,
            None => false,
        };
        if answered {
            self.pending_saved = None;
            let op = self.next_op();
            cx.out
                .push(Effect::SaveState(op, StateChange::Pending(None)));
        }
    }

    /// Hands one event to the resync machine with the policy that the parameters spell now.
    pub(crate) fn machine(&mut self, event: Event, cx: &mut Cx<'_>) -> Action {
        if let Event::RuleDone(outcome) = event
            && let Some(action) = self.resync.next_rule(outcome)
        {
            return action;
        }
        let admitted = match event {
            Event::Timer | Event::Boot { .. } | Event::UpgradeFailed => self.is_admitted(cx),
            Event::Explicit(_)
            | Event::LinesIdle
            | Event::LinesBusy
            | Event::LinesSettled
            | Event::RuleDone(_)
            | Event::Held
            | Event::Released
            | Event::TriggerTrue
            | Event::ClockChanged
            | Event::ScheduleChanged
            | Event::ErrorRetryChanged
            | Event::EnableChanged
            | Event::Occupied
            | Event::Free => true,
        };
        let Some(model) = cx.shared.models.get(self.model) else {
            return Action::None;
        };
        let view = View {
            values: &cx.shared.values,
            bases: &cx.shared.bases,
            scope: &model.scope,
        };
        let policy = Settings {
            params: &self.params,
            view,
            wall: cx.now.wall,
            settles: model.idle_settle_s > 0,
            admitted,
        };
        let before = self.resync.provisioned();
        let pending = self.resync.has_pending();
        let action = self.resync.handle(event, cx.now.mono, &policy);
        if pending && self.resync.state() == State::Dormant {
            self.drop_pending(cx);
        }
        if self.resync.provisioned() && !before && !matches!(event, Event::Boot { .. }) {
            let op = self.next_op();
            let change =
                StateChange::Provisioned(self.unsaved_servers(true, &mut cx.shared.values));
            cx.out.push(Effect::SaveState(op, change));
        }
        action
    }
}
