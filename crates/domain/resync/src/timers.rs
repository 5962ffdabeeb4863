//! Arming the timers of the resync machine.

use onhook_device::MonoTime;
use onhook_schedule::{Purpose, draw, next_daily, uniform};

use crate::{Action, Daily, Policy, Resync, State, TimerKind};

impl Resync {
    /// The deadline may have passed.
    pub(crate) fn expire(&mut self, now: MonoTime, policy: &dyn Policy) -> Action {
        match self.state {
            State::Running(_) if self.limit <= now => {
                self.limit = MonoTime::MAX;
                match self.held {
                    true => Action::ApplyNow,
                    false => Action::TimedOut,
                }
            }
            State::Due(_) => self.start_if_ready(now),
            State::BootDelay | State::Waiting | State::ErrorWait => match self.timer {
                Some((kind, at)) if at <= now => self.timer_due(kind, now, policy),
                Some(_) | None => Action::None,
            },
            State::Off | State::Dormant | State::Running(_) => Action::None,
        }
    }

    fn timer_due(&mut self, kind: TimerKind, now: MonoTime, policy: &dyn Policy) -> Action {
        //= R-SM-15
        // The boot delay asked the triggers before it began.
        if policy.admitted() || kind == TimerKind::BootDelay {
            return self.become_due(kind.cause(self.boot_cause()), now, policy);
        }
        // The same element once more.
        if kind == TimerKind::Retry {
            self.error_index = self.error_index.saturating_sub(1);
            self.arm_retry(now, policy);
        } else {
            self.periodic_index = self.periodic_index.saturating_sub(1);
            self.arm_schedule(now, policy);
        }
        Action::None
    }

    /// Arms what runs when a boot is not followed by a resync.
    pub(crate) fn arm_without_resync(&mut self, now: MonoTime, policy: &dyn Policy) {
        //= R-SM-6
        //= R-SCHED-8
        if self.provisioned || policy.daily().is_some() {
            self.arm_schedule(now, policy);
        }
    }

    /// Arms the daily time if there is one, else the periodic timer.
    pub(crate) fn arm_schedule(&mut self, now: MonoTime, policy: &dyn Policy) {
        self.state = State::Waiting;
        self.timer = None;
        self.clock_awaited = false;
        //= R-SM-8
        match policy.daily() {
            Some(daily) => self.arm_daily(&daily, now),
            None => self.arm_periodic(now, policy),
        }
    }

    fn arm_daily(&mut self, daily: &Daily, now: MonoTime) {
        //= R-SCHED-8
        let Some(unix_s) = daily.unix_s else {
            self.clock_awaited = true;
            return;
        };
        //= R-SCHED-9
        let drawn = |day: i64| {
            let number = draw(self.seed, Purpose::DailyWindow, day.cast_unsigned());
            u32::try_from(uniform(number, u64::from(daily.window_s))).unwrap_or(0)
        };
        let start = next_daily(unix_s, &daily.zone, daily.at, drawn);
        let wait = u64::try_from(start.saturating_sub(unix_s)).unwrap_or(0);
        self.timer = Some((TimerKind::Daily, now.plus_secs(wait)));
    }

    /// Arms the periodic timer with the element whose turn it is.
    fn arm_periodic(&mut self, now: MonoTime, policy: &dyn Policy) {
        let index = self.periodic_index;
        self.periodic_index = index.saturating_add(1);
        //= R-SCHED-5
        if let Some(delay) = policy
            .periodic()
            .list()
            .element(u32::from(index))
            .filter(|delay| !delay.is_zero())
        {
            let at = now.plus_secs(delay.seconds(self.draw(Purpose::Periodic)));
            self.timer = Some((TimerKind::Periodic, at));
        }
    }

    /// Arms the error retry with the element whose turn it is, or what stands in for a delay of 0.
    pub(crate) fn arm_retry(&mut self, now: MonoTime, policy: &dyn Policy) {
        //= R-SM-9
        //= R-SM-10
        let index = self.error_index;
        self.error_index = index.saturating_add(1);
        self.state = State::ErrorWait;
        if let Some(delay) = policy
            .error_retry()
            .list()
            .element(u32::from(index))
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
        if self.provisioned && policy.readings().zero_retry_keeps_periodic {
            // The same element as before: a failure does not move the list on.
            self.periodic_index = self.periodic_index.saturating_sub(1);
            self.arm_schedule(now, policy);
        }
    }

    pub(crate) fn draw(&mut self, purpose: Purpose) -> u64 {
        let n = self.draws;
        self.draws = n.wrapping_add(1);
        draw(self.seed, purpose, u64::from(n))
    }
}
