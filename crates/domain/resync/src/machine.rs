//! States and transitions (transports.md 9.2).

use onhook_device::{MonoTime, Outcome};
use onhook_schedule::{Purpose, uniform};

use crate::{Action, BootCause, Cause, Event, Gate, Policy, Request, RuleSlot, State, TimerKind};

/// Longest duration of a whole resync in milliseconds, without waiting for idle lines.
const WHOLE_LIMIT_MS: u64 = 15 * 60 * 1000;

/// The resync machine of one phone.
///
/// ```text
/// Off -> BootDelay | Waiting | Dormant      boot
/// BootDelay, Waiting, ErrorWait -> Due      timer or request
/// Due -> Running                            as soon as all lines are idle
/// Running -> Waiting                        success, or failure without retry
/// Running -> ErrorWait                      failure
/// any -> Dormant -> Waiting                 Provision_Enable
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resync {
    pub(crate) seed: u64,
    pub(crate) timer: Option<(TimerKind, MonoTime)>,
    /// End of the running resync; [`MonoTime::MAX`] while it is held.
    run_limit: MonoTime,
    /// What was left of the limit when the run was held.
    limit_left_ms: u64,
    booted: MonoTime,
    /// The boot stands in for a first attempt.
    last_attempt: MonoTime,
    pub(crate) draws: u32,
    pub(crate) error_index: u32,
    pub(crate) periodic_index: u32,
    pub(crate) state: State,
    boot: BootCause,
    /// The running resync, or the last one.
    cause: Cause,
    best: Outcome,
    lines_busy: bool,
    pub(crate) provisioned: bool,
    pending_configured: bool,
    pending_given: bool,
    /// Resync_Periodic changed during the running resync.
    periodic_changed: bool,
    /// Resync_Error_Retry_Delay changed during the running resync.
    retry_changed: bool,
}

impl Resync {
    /// A machine before boot; `seed` decides all random delays of this phone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            timer: None,
            run_limit: MonoTime::MAX,
            limit_left_ms: 0,
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
            provisioned: false,
            pending_configured: false,
            pending_given: false,
            periodic_changed: false,
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
            State::Off | State::Dormant | State::Due(_) => None,
            State::Running(_) => Some(self.run_limit).filter(|at| *at != MonoTime::MAX),
            State::BootDelay | State::Waiting | State::ErrorWait => self.timer.map(|(_, at)| at),
        }
    }

    /// Takes one event.
    pub fn handle(&mut self, event: Event, now: MonoTime, policy: &Policy<'_>) -> Action {
        match event {
            Event::Boot { cause, provisioned } => self.boot(cause, provisioned, now, policy),
            Event::Timer => self.expire(now),
            Event::Explicit(request) => self.explicit(request, now, policy),
            Event::LinesIdle => {
                self.lines_busy = false;
                self.start_if_idle(now)
            }
            Event::LinesBusy => {
                self.lines_busy = true;
                Action::None
            }
            Event::RuleDone(outcome) => self.rule_done(outcome, now, policy),
            Event::Held => {
                self.limit_left_ms = self.run_limit.as_millis().saturating_sub(now.as_millis());
                self.run_limit = MonoTime::MAX;
                Action::None
            }
            Event::Released => {
                self.run_limit = now.plus_millis(self.limit_left_ms);
                Action::None
            }
            Event::PeriodicChanged => {
                self.periodic_index = 0;
                self.periodic_changed = true;
                //= R-SM-29
                if self.provisioned && self.state == State::Waiting {
                    self.arm_periodic(now, policy);
                }
                Action::None
            }
            Event::ErrorRetryChanged => {
                self.error_index = 0;
                self.retry_changed = true;
                if self.state == State::ErrorWait {
                    self.arm_retry(now, policy);
                }
                Action::None
            }
            Event::EnableChanged => self.enable_changed(now, policy),
        }
    }

    fn boot(
        &mut self,
        cause: BootCause,
        provisioned: bool,
        now: MonoTime,
        policy: &Policy<'_>,
    ) -> Action {
        let lines_busy = self.lines_busy;
        *self = Self {
            lines_busy,
            provisioned,
            boot: cause,
            booted: now,
            last_attempt: now,
            state: State::Waiting,
            ..Self::new(self.seed)
        };
        //= R-SM-1
        if !policy.provision_enable {
            self.state = State::Dormant;
            return Action::None;
        }
        let resync = match cause {
            //= R-SM-2
            BootCause::PowerOn => policy.resync_on_reset,
            //= R-SM-3
            BootCause::Upgrade => policy.resync_after_upgrade,
            //= R-RBT-3
            BootCause::Provisioning => false,
            BootCause::Foreground => return Action::None,
        };
        if !resync {
            self.arm_without_resync(now, policy);
            return Action::None;
        }
        //= R-SM-4
        let most_ms = u64::from(policy.random_delay)
            .saturating_mul(u64::from(policy.readings.random_delay_unit_s))
            .saturating_mul(1000);
        let delay = uniform(self.draw(Purpose::BootDelay), most_ms);
        self.timer = Some((TimerKind::BootDelay, now.plus_millis(delay)));
        self.state = State::BootDelay;
        self.expire(now)
    }

    /// Arms what runs when a boot is not followed by a resync.
    fn arm_without_resync(&mut self, now: MonoTime, policy: &Policy<'_>) {
        //= R-SM-6
        if self.provisioned {
            self.arm_periodic(now, policy);
        }
    }

    fn expire(&mut self, now: MonoTime) -> Action {
        if let State::Running(_) = self.state {
            return if self.run_limit <= now {
                self.run_limit = MonoTime::MAX;
                Action::TimedOut
            } else {
                Action::None
            };
        }
        let (State::BootDelay | State::Waiting | State::ErrorWait, Some((kind, at))) =
            (self.state, self.timer)
        else {
            return Action::None;
        };
        if at > now {
            return Action::None;
        }
        self.timer = None;
        self.state = State::Due(kind.cause(self.boot));
        self.start_if_idle(now)
    }

    fn explicit(&mut self, request: Request, now: MonoTime, policy: &Policy<'_>) -> Action {
        if self.state == State::Off {
            return Action::Refused(Gate::NotBooted);
        }
        //= R-SCHED-14
        if !policy.provision_enable {
            return Action::Refused(Gate::ProvisionDisabled);
        }
        match request {
            Request::Configured => self.pending_configured = true,
            Request::Given => self.pending_given = true,
        }
        self.start_if_idle(now)
    }

    /// Starts what is due, unless a resync runs or a line is active.
    fn start_if_idle(&mut self, now: MonoTime) -> Action {
        //= R-RBT-1
        if matches!(self.state, State::Running(_)) || self.lines_busy {
            return Action::None;
        }
        let due = match self.state {
            State::Due(cause) => Some(cause),
            State::Off
            | State::Dormant
            | State::BootDelay
            | State::Waiting
            | State::ErrorWait
            | State::Running(_) => None,
        };
        if self.pending_configured || due.is_some() {
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
            return self.start(RuleSlot::Given, Cause::Explicit, now);
        }
        Action::None
    }

    fn start(&mut self, slot: RuleSlot, cause: Cause, now: MonoTime) -> Action {
        self.state = State::Running(slot);
        self.cause = cause;
        //= R-RULE-16
        // What no rule changes is a resync that skipped everything, a success.
        self.best = Outcome::Skipped;
        self.periodic_changed = false;
        self.retry_changed = false;
        self.last_attempt = now;
        self.run_limit = now.plus_millis(WHOLE_LIMIT_MS);
        Action::RunRule {
            slot,
            starts: Some(cause),
        }
    }

    fn rule_done(&mut self, outcome: Outcome, now: MonoTime, policy: &Policy<'_>) -> Action {
        let State::Running(slot) = self.state else {
            return Action::None;
        };
        //= R-RULE-14
        //= R-APP-4
        if !outcome.is_success() {
            return self.finish(slot, outcome, now, policy);
        }
        if weight(outcome) > weight(self.best) {
            self.best = outcome;
        }
        match slot.next() {
            //= R-SM-5
            //= R-APP-3
            Some(next) => {
                self.state = State::Running(next);
                Action::RunRule {
                    slot: next,
                    starts: None,
                }
            }
            None => self.finish(slot, self.best, now, policy),
        }
    }

    fn finish(
        &mut self,
        slot: RuleSlot,
        outcome: Outcome,
        now: MonoTime,
        policy: &Policy<'_>,
    ) -> Action {
        self.run_limit = MonoTime::MAX;
        let success = outcome.is_success();
        self.provisioned |= success;
        self.state = match self.timer {
            Some((TimerKind::Retry, _)) => State::ErrorWait,
            Some((TimerKind::BootDelay, _)) => State::BootDelay,
            Some((TimerKind::Periodic, _)) | None => State::Waiting,
        };
        //= R-SM-30
        if !policy.provision_enable {
            self.sleep();
        } else if slot == RuleSlot::Given {
            //= R-SM-24
            let rearm = match self.timer {
                None => success,
                //= R-SM-29
                Some((TimerKind::Periodic, _)) => self.periodic_changed,
                Some((TimerKind::BootDelay | TimerKind::Retry, _)) => false,
            };
            if rearm {
                self.arm_periodic(now, policy);
            } else if self.retry_changed && self.state == State::ErrorWait {
                self.arm_retry(now, policy);
            }
        } else if success {
            //= R-SCHED-4
            self.error_index = 0;
            self.arm_periodic(now, policy);
        } else {
            self.arm_retry(now, policy);
        }
        Action::Finished(outcome)
    }

    /// Starts what was asked for while a resync ran. The caller asks after each [`Action::Finished`].
    pub fn next_pending(&mut self, now: MonoTime) -> Action {
        self.start_if_idle(now)
    }

    fn enable_changed(&mut self, now: MonoTime, policy: &Policy<'_>) -> Action {
        match (self.state, policy.provision_enable) {
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

    fn sleep(&mut self) {
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
