//! What changes beside a resync: triggers, upgrades, the clock and the parameters behind timers.

use onhook_device::MonoTime;

use crate::{Action, Cause, Policy, Resync, State, TimerKind};

impl Resync {
    /// Something wants a resync that only a waiting machine takes.
    pub(crate) fn start_from_wait(
        &mut self,
        cause: Cause,
        now: MonoTime,
        policy: &dyn Policy,
    ) -> Action {
        match self.state {
            State::Waiting | State::ErrorWait if policy.provision_enable() => {
                self.become_due(cause, now, policy)
            }
            State::Waiting
            | State::ErrorWait
            | State::Off
            | State::Dormant
            | State::BootDelay
            | State::Due(_)
            | State::Running(_) => Action::None,
        }
    }

    /// An attempt to upgrade failed, and no restart follows.
    pub(crate) fn upgrade_failed(&mut self, now: MonoTime, policy: &dyn Policy) -> Action {
        //= R-SCHED-14
        let retries = self.state == State::ErrorWait;
        if retries || !policy.resync_after_upgrade() || !policy.admitted() {
            return Action::None;
        }
        self.start_from_wait(Cause::UpgradeFailed, now, policy)
    }

    /// The wall clock was set, or has jumped.
    pub(crate) fn clock_set(&mut self, now: MonoTime, policy: &dyn Policy) -> Action {
        let daily = matches!(self.timer, Some((TimerKind::Daily, _)));
        //= R-SM-27
        let awaited = self.clock_awaited && policy.daily().is_some();
        match self.state {
            State::Waiting if daily || awaited => self.arm_schedule(now, policy),
            // A given rule leaves the timers alone, but for what they follow.
            State::Running(_) => self.schedule_changed |= daily || awaited,
            State::Waiting
            | State::Off
            | State::Dormant
            | State::BootDelay
            | State::ErrorWait
            | State::Due(_) => {}
        }
        Action::None
    }

    /// Resync_Periodic, Resync_At or what local time depends on changed.
    pub(crate) fn schedule_set(&mut self, now: MonoTime, policy: &dyn Policy) -> Action {
        self.periodic_index = 0;
        self.schedule_changed = true;
        //= R-SM-29
        if self.state == State::Waiting {
            self.timer = None;
            self.arm_without_resync(now, policy);
        }
        Action::None
    }

    /// Resync_Error_Retry_Delay changed.
    pub(crate) fn error_retry_set(&mut self, now: MonoTime, policy: &dyn Policy) -> Action {
        self.error_index = 0;
        self.retry_changed = true;
        if self.state == State::ErrorWait {
            self.arm_retry(now, policy);
        }
        Action::None
    }

    /// Provision_Enable may have changed.
    pub(crate) fn enable_set(&mut self, policy: &dyn Policy, now: MonoTime) -> Action {
        match (self.state, policy.provision_enable()) {
            (State::Off | State::Running(_), _) | (State::Dormant, false) => {}
            (State::Dormant, true) => {
                self.state = State::Waiting;
                self.arm_without_resync(now, policy);
            }
            (State::BootDelay | State::Waiting | State::ErrorWait | State::Due(_), true) => {}
            (State::BootDelay | State::Waiting | State::ErrorWait | State::Due(_), false) => {
                self.sleep();
            }
        }
        Action::None
    }
}
