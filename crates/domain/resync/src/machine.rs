//! States and transitions (transports.md 9.2).

use onhook_device::{MonoTime, Outcome};
use onhook_schedule::{Purpose, uniform};

use crate::{Action, BootCause, Cause, Event, Policy, RuleSlot, State, TimerKind};

/// The resync machine of one phone.
///
/// ```text
/// Off -> BootDelay | Waiting | Dormant      boot
/// BootDelay, Waiting, ErrorWait -> Due      timer, trigger or request
/// Due -> Running                            as soon as lines allow it
/// Running -> Waiting                        success, or failure without retry
/// Running -> ErrorWait                      failure
/// any -> Dormant -> Waiting                 Provision_Enable
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resync {
    pub(crate) seed: u64,
    pub(crate) timer: Option<(TimerKind, MonoTime)>,
    /// End of the running resync, or of its waiting while it is held, or when what is due may start;
    /// [`MonoTime::MAX`] for never.
    pub(crate) limit: MonoTime,
    /// What was left of the limit when the run was held.
    pub(crate) limit_left_ms: u32,
    /// When lines will have been idle for Forced_Resync_Delay, if they stay idle.
    pub(crate) quiet_from: MonoTime,
    booted: MonoTime,
    /// The boot stands in for a first attempt.
    pub(crate) last_attempt: MonoTime,
    pub(crate) draws: u32,
    pub(crate) error_index: u16,
    pub(crate) periodic_index: u16,
    pub(crate) state: State,
    boot: BootCause,
    /// The running resync, or the last one.
    pub(crate) cause: Cause,
    pub(crate) best: Outcome,
    pub(crate) lines_busy: bool,
    /// Lines have been idle for less than the settle time.
    pub(crate) settling: bool,
    /// Another transfer of the phone is under way.
    pub(crate) occupied: bool,
    pub(crate) provisioned: bool,
    pub(crate) pending_configured: bool,
    pub(crate) pending_given: bool,
    /// What was due when a given rule started.
    pub(crate) postponed: Option<Cause>,
    /// The running rule waits for idle lines.
    pub(crate) held: bool,
    /// The running resync has waited for idle lines as long as it may.
    pub(crate) forced: bool,
    /// The daily time waits for the clock to be set.
    pub(crate) clock_awaited: bool,
    /// The schedule changed during the running resync.
    pub(crate) schedule_changed: bool,
    /// Resync_Error_Retry_Delay changed during the running resync.
    pub(crate) retry_changed: bool,
}

impl Resync {
    /// A machine before boot; `seed` decides all random delays of this phone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            timer: None,
            limit: MonoTime::MAX,
            limit_left_ms: 0,
            quiet_from: MonoTime::ZERO,
            booted: MonoTime::ZERO,
            last_attempt: MonoTime::ZERO,
            draws: 0,
            error_index: 0,
            periodic_index: 0,
            state: State::Off,
            boot: BootCause::PowerOn,
            cause: Cause::Boot,
            best: Outcome::Skipped,
            lines_busy: false,
            settling: false,
            occupied: false,
            provisioned: false,
            pending_configured: false,
            pending_given: false,
            postponed: None,
            held: false,
            forced: false,
            clock_awaited: false,
            schedule_changed: false,
            retry_changed: false,
        }
    }

    /// Where the machine stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether a resync has succeeded since factory reset.
    #[must_use]
    pub const fn provisioned(&self) -> bool {
        self.provisioned
    }

    /// The cause of the running resync, or of the last one.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// How the phone came up.
    #[must_use]
    pub const fn boot_cause(&self) -> BootCause {
        self.boot
    }

    /// What all random delays of this phone are drawn from.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// When the phone came up.
    #[must_use]
    pub const fn booted(&self) -> MonoTime {
        self.booted
    }

    /// Whether a request waits for the running resync or for idle lines.
    #[must_use]
    pub const fn has_pending(&self) -> bool {
        self.pending_configured || self.pending_given
    }

    /// Whether a line is active.
    #[must_use]
    pub const fn lines_busy(&self) -> bool {
        self.lines_busy
    }

    /// The timer that decides the next automatic resync.
    #[must_use]
    pub const fn timer(&self) -> Option<(TimerKind, MonoTime)> {
        self.timer
    }

    /// When the last attempt started; before any attempt since boot, boot itself (R-MACRO-22).
    #[must_use]
    pub const fn last_attempt(&self) -> MonoTime {
        //= R-MACRO-22
        self.last_attempt
    }

    /// When [`Event::Timer`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<MonoTime> {
        match self.state {
            State::Off | State::Dormant => None,
            // The end of the other transfer starts it.
            State::Due(_) if self.occupied => None,
            State::Due(_) | State::Running(_) => Some(self.limit).filter(|at| *at != MonoTime::MAX),
            State::BootDelay | State::Waiting | State::ErrorWait => self.timer.map(|(_, at)| at),
        }
    }

    /// Takes one event.
    pub fn handle(&mut self, event: Event, now: MonoTime, policy: &dyn Policy) -> Action {
        match event {
            Event::Boot {
                cause,
                provisioned,
                pending,
            } => {
                self.pending_configured = pending;
                self.boot(cause, provisioned, now, policy)
            }
            Event::Timer => self.expire(now, policy),
            Event::Explicit(request) => self.explicit(request, now, policy),
            Event::LinesIdle => self.lines(false, now, policy),
            Event::LinesBusy => self.lines(true, now, policy),
            Event::LinesSettled => self.settled(now, policy),
            Event::RuleDone(outcome) => self.rule_done(outcome, now, policy),
            Event::Held | Event::Released => self.hold(event, now, policy),
            //= R-SM-16
            Event::TriggerTrue => self.start_from_wait(Cause::Trigger, now, policy),
            Event::UpgradeFailed => self.upgrade_failed(now, policy),
            Event::ClockChanged => self.clock_set(now, policy),
            Event::ScheduleChanged => self.schedule_set(now, policy),
            Event::ErrorRetryChanged => self.error_retry_set(now, policy),
            Event::EnableChanged => self.enable_set(policy, now),
            Event::Occupied => {
                self.occupied = true;
                Action::None
            }
            Event::Free => {
                self.occupied = false;
                self.start_if_ready(now)
            }
        }
    }

    fn boot(
        &mut self,
        cause: BootCause,
        provisioned: bool,
        now: MonoTime,
        policy: &dyn Policy,
    ) -> Action {
        let (lines_busy, pending) = (self.lines_busy, self.pending_configured);
        *self = Self {
            lines_busy,
            provisioned,
            pending_configured: pending,
            boot: cause,
            booted: now,
            last_attempt: now,
            state: State::Waiting,
            ..Self::new(self.seed)
        };
        //= R-SM-1
        if !policy.provision_enable() {
            self.sleep();
            return Action::None;
        }
        if pending {
            return self.start_if_ready(now);
        }
        let resync = match cause {
            //= R-SM-2
            BootCause::PowerOn => policy.resync_on_reset(),
            //= R-SM-3
            BootCause::Upgrade => policy.resync_after_upgrade(),
            //= R-RBT-3
            BootCause::Provisioning => false,
            BootCause::Foreground => return Action::None,
        };
        //= R-SM-15
        if !resync || !policy.admitted() {
            self.arm_without_resync(now, policy);
            return Action::None;
        }
        //= R-SM-4
        let most_ms = u64::from(policy.random_delay())
            .saturating_mul(u64::from(policy.readings().random_delay_unit_s))
            .saturating_mul(1000);
        let delay = uniform(self.draw(Purpose::BootDelay), most_ms);
        self.timer = Some((TimerKind::BootDelay, now.plus_millis(delay)));
        self.state = State::BootDelay;
        self.expire(now, policy)
    }

    /// Goes on to the next rule of the sequence after one that succeeded; `None` if the resync ends with it, which is
    /// the business of [`Event::RuleDone`]. Nothing of the parameters decides this.
    pub fn next_rule(&mut self, outcome: Outcome) -> Option<Action> {
        let State::Running(slot) = self.state else {
            return None;
        };
        //= R-RULE-14
        //= R-APP-4
        //= R-SM-19
        if !outcome.is_success() {
            return None;
        }
        if weight(outcome) > weight(self.best) {
            self.best = outcome;
        }
        //= R-SM-5
        //= R-APP-3
        let next = slot.next()?;
        self.state = State::Running(next);
        Some(Action::RunRule {
            slot: next,
            starts: None,
        })
    }

    fn rule_done(&mut self, outcome: Outcome, now: MonoTime, policy: &dyn Policy) -> Action {
        if let Some(action) = self.next_rule(outcome) {
            return action;
        }
        match self.state {
            State::Running(slot) if outcome.is_success() => {
                self.finish(slot, self.best, now, policy)
            }
            //= R-OUT-4
            State::Running(slot) => self.finish(slot, outcome, now, policy),
            State::Off
            | State::Dormant
            | State::BootDelay
            | State::Waiting
            | State::ErrorWait
            | State::Due(_) => Action::None,
        }
    }

    fn finish(
        &mut self,
        slot: RuleSlot,
        outcome: Outcome,
        now: MonoTime,
        policy: &dyn Policy,
    ) -> Action {
        self.limit = MonoTime::MAX;
        self.held = false;
        let success = outcome.is_success();
        self.provisioned |= success;
        self.state = match self.timer {
            Some((TimerKind::Retry, _)) => State::ErrorWait,
            Some((TimerKind::BootDelay, _)) => State::BootDelay,
            Some((TimerKind::Periodic | TimerKind::Daily, _)) | None => State::Waiting,
        };
        let postponed = self.postponed.take();
        //= R-SM-30
        if !policy.provision_enable() {
            self.sleep();
        } else if slot == RuleSlot::Given {
            self.finish_given(success, postponed, now, policy);
        //= R-OUT-1
        } else if success {
            //= R-SCHED-4
            self.error_index = 0;
            self.arm_schedule(now, policy);
        } else {
            self.arm_retry(now, policy);
        }
        Action::Finished(outcome)
    }

    /// A given rule leaves the timers alone, unless none runs or what they follow has changed.
    fn finish_given(
        &mut self,
        success: bool,
        postponed: Option<Cause>,
        now: MonoTime,
        policy: &dyn Policy,
    ) {
        if let Some(cause) = postponed {
            // Whoever asks for what is pending starts it.
            self.wait_for_lines(cause, now, policy);
            return;
        }
        //= R-SM-24
        let rearm = match self.timer {
            None => success || self.clock_awaited && self.schedule_changed,
            //= R-SM-29
            Some((TimerKind::Periodic | TimerKind::Daily, _)) => self.schedule_changed,
            Some((TimerKind::BootDelay | TimerKind::Retry, _)) => false,
        };
        if rearm {
            self.arm_schedule(now, policy);
        } else if self.retry_changed && self.state == State::ErrorWait {
            self.arm_retry(now, policy);
        }
    }

    /// Starts what was asked for while a resync ran. The caller asks after each [`Action::Finished`].
    pub fn next_pending(&mut self, now: MonoTime) -> Action {
        self.start_if_ready(now)
    }

    pub(crate) fn sleep(&mut self) {
        self.state = State::Dormant;
        self.timer = None;
        // Whoever enables provisioning again finds the lists as after a boot.
        self.periodic_index = 0;
        self.error_index = 0;
        self.pending_configured = false;
        self.pending_given = false;
    }
}

/// How much a success says: something applied, a missing file accepted, nothing to do.
fn weight(outcome: Outcome) -> u8 {
    if outcome == Outcome::Applied {
        2
    } else {
        u8::from(outcome == Outcome::FnfOk)
    }
}
