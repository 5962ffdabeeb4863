//! Arming the timers of the resync machine.

use onhook_device::MonoTime;
use onhook_schedule::{Purpose, draw};

use crate::{Policy, Resync, State, TimerKind};

impl Resync {
    /// Arms the periodic timer with the element whose turn it is.
    pub(crate) fn arm_periodic(&mut self, now: MonoTime, policy: &Policy<'_>) {
        let index = self.periodic_index;
        self.periodic_index = index.saturating_add(1);
        self.state = State::Waiting;
        self.timer = None;
        //= R-SCHED-5
        if let Some(delay) = policy
            .periodic
            .element(index)
            .filter(|delay| !delay.is_zero())
        {
            let at = now.plus_secs(delay.seconds(self.draw(Purpose::Periodic)));
            self.timer = Some((TimerKind::Periodic, at));
        }
    }

    /// Arms the error retry with the element whose turn it is, or what stands in for a delay of 0.
    pub(crate) fn arm_retry(&mut self, now: MonoTime, policy: &Policy<'_>) {
        //= R-SM-9
        let index = self.error_index;
        self.error_index = index.saturating_add(1);
        self.state = State::ErrorWait;
        if let Some(delay) = policy
            .error_retry
            .element(index)
            .filter(|delay| !delay.is_zero())
        {
            let at = now.plus_secs(delay.seconds(self.draw(Purpose::ErrorRetry)));
            self.timer = Some((TimerKind::Retry, at));
            return;
        }
        //= R-SCHED-6
        if policy.retries_at_once() {
            self.timer = Some((TimerKind::Retry, now.plus_secs(1)));
            return;
        }
        self.state = State::Waiting;
        self.timer = None;
        //= R-SM-7
        if self.provisioned && policy.readings.zero_retry_keeps_periodic {
            // The same element as before: a failure does not move the list on.
            self.periodic_index = self.periodic_index.saturating_sub(1);
            self.arm_periodic(now, policy);
        }
    }

    pub(crate) fn draw(&mut self, purpose: Purpose) -> u64 {
        let n = self.draws;
        self.draws = n.wrapping_add(1);
        draw(self.seed, purpose, u64::from(n))
    }
}
