//! What is due: waiting for idle lines, merging causes, starting.

use onhook_device::{ForcedResync, MonoTime};

use crate::{Action, Cause, Event, Gate, Policy, Request, Resync, RuleSlot, State};

/// Longest duration of a whole resync in milliseconds, without waiting for idle lines.
const WHOLE_LIMIT_MS: u64 = 15 * 60 * 1000;

impl Resync {
    /// Lines became active, or all of them idle.
    pub(crate) fn lines(&mut self, busy: bool, now: MonoTime, policy: &dyn Policy) -> Action {
        self.lines_busy = busy;
        //= R-IDLE-3
        self.settling = !busy && policy.settles();
        //= R-SCHED-11
        if !busy {
            self.quiet_from = now.plus_secs(u64::from(policy.forced_delay()));
        }
        if let State::Due(_) = self.state {
            self.limit = match (policy.readings().forced_resync, busy) {
                (ForcedResync::IdleCountdown, true) => MonoTime::MAX,
                (ForcedResync::IdleCountdown, false) => self.quiet_from,
                (ForcedResync::MaxWait, true) => self.limit,
                (ForcedResync::MaxWait, false) if self.settling => self.limit,
                (ForcedResync::MaxWait, false) => now,
            };
        }
        self.start_if_ready(now)
    }

    /// Lines have been idle long enough for what was deferred.
    pub(crate) fn settled(&mut self, now: MonoTime, policy: &dyn Policy) -> Action {
        self.settling = false;
        if matches!(self.state, State::Due(_))
            && policy.readings().forced_resync == ForcedResync::MaxWait
            && !self.lines_busy
        {
            self.limit = now;
        }
        self.start_if_ready(now)
    }

    /// An automatic resync is due.
    pub(crate) fn become_due(
        &mut self,
        cause: Cause,
        now: MonoTime,
        policy: &dyn Policy,
    ) -> Action {
        self.timer = None;
        self.wait_for_lines(cause, now, policy);
        self.start_if_ready(now)
    }

    /// Lets what is due wait as long as lines want it to.
    pub(crate) fn wait_for_lines(&mut self, cause: Cause, now: MonoTime, policy: &dyn Policy) {
        self.state = State::Due(cause);
        //= R-SM-13
        let deferred = self.lines_busy || self.settling;
        self.limit = match (policy.readings().forced_resync, self.lines_busy) {
            (ForcedResync::IdleCountdown, true) => MonoTime::MAX,
            (ForcedResync::IdleCountdown, false) => self.quiet_from,
            (ForcedResync::MaxWait, _) if deferred => {
                now.plus_secs(u64::from(policy.forced_delay()))
            }
            (ForcedResync::MaxWait, _) => now,
        };
    }

    pub(crate) fn explicit(
        &mut self,
        request: Request,
        now: MonoTime,
        policy: &dyn Policy,
    ) -> Action {
        if self.state == State::Off {
            return Action::Refused(Gate::NotBooted);
        }
        //= R-SCHED-14
        //= R-SIP-3
        if !policy.provision_enable() {
            return Action::Refused(Gate::ProvisionDisabled);
        }
        match request {
            //= R-SM-25
            //= R-SIP-4
            //= R-SIP-5
            Request::Configured => self.pending_configured = true,
            Request::Given => self.pending_given = true,
        }
        self.start_if_ready(now)
    }

    /// Starts what may start now: explicit requests wait for idle lines only.
    pub(crate) fn start_if_ready(&mut self, now: MonoTime) -> Action {
        //= R-SM-26
        if self.occupied {
            return Action::None;
        }
        let due = match self.state {
            //= R-SM-26
            State::Running(_) => return Action::None,
            State::Due(cause) => Some(cause),
            State::Off | State::Dormant | State::BootDelay | State::Waiting | State::ErrorWait => {
                None
            }
        };
        let ready = due.is_some() && self.limit <= now;
        //= R-RBT-1
        if (self.lines_busy || self.settling) && !ready {
            return Action::None;
        }
        if self.pending_configured || ready {
            let explicit = self.pending_configured.then_some(Cause::Explicit);
            self.pending_configured = false;
            let cause = match (due, explicit) {
                (Some(due), Some(explicit)) => due.merge(explicit),
                (Some(cause), None) | (None, Some(cause)) => cause,
                (None, None) => return Action::None,
            };
            //= R-SCHED-12
            self.timer = None;
            return self.start(RuleSlot::A, cause, now);
        }
        if self.pending_given {
            self.pending_given = false;
            self.postponed = due;
            return self.start(RuleSlot::Given, Cause::Explicit, now);
        }
        Action::None
    }

    fn start(&mut self, slot: RuleSlot, cause: Cause, now: MonoTime) -> Action {
        self.state = State::Running(slot);
        self.cause = cause;
        //= R-RULE-16
        // What no rule changes is a resync that skipped everything, a success.
        self.best = onhook_device::Outcome::Skipped;
        self.schedule_changed = false;
        self.retry_changed = false;
        self.held = false;
        self.forced = self.lines_busy;
        self.last_attempt = now;
        self.limit = now.plus_millis(WHOLE_LIMIT_MS);
        Action::RunRule {
            slot,
            starts: Some(cause),
        }
    }

    /// The running rule waits for idle lines, or goes on: the limit of the resync stands still meanwhile.
    pub(crate) fn hold(&mut self, event: Event, now: MonoTime, policy: &dyn Policy) -> Action {
        let running = matches!(self.state, State::Running(_));
        if !running || self.held == (event == Event::Held) {
            return Action::None;
        }
        if event == Event::Held {
            let left = self.limit.as_millis().saturating_sub(now.as_millis());
            self.limit_left_ms = u32::try_from(left).unwrap_or(u32::MAX);
            self.held = true;
            //= R-SM-14
            self.limit = match policy.readings().forced_resync {
                ForcedResync::IdleCountdown => MonoTime::MAX,
                // It has waited before it began.
                ForcedResync::MaxWait if self.forced => now,
                ForcedResync::MaxWait => now.plus_secs(u64::from(policy.forced_delay())),
            };
        } else {
            self.held = false;
            self.limit = now.plus_millis(u64::from(self.limit_left_ms));
        }
        Action::None
    }
}
