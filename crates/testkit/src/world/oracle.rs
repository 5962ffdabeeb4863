//! What must hold after every step, whatever happened (transports.md, section 18, and the rules of the machine).

use onhook_device::{ErrorRetryZero, ForcedResync, MonoTime, Now, TriggerMode};
use onhook_discovery::Customization;
use onhook_params::{View, known};
use onhook_phone::{
    Cause, Command, Committed, Effect, Input, LineUse, LogOp, Notice, OpId, Origin, Pending, Phone,
    RestartKind, RuleSlot, Shared, State, StateRecord, TimerKind,
};
use onhook_schedule::DelayList;

/// What a phone has done in this life, as far as that decides what it may do next.
#[derive(Default)]
pub(super) struct Oracle {
    fetch: Option<OpId>,
    /// A logged request that has no logged result.
    logged: bool,
    cause: Option<Cause>,
    slot: Option<RuleSlot>,
    /// Start of the last attempt, and end of the last failed one.
    started: Option<MonoTime>,
    failed: Option<MonoTime>,
    /// Failures in a row of the configured rules; `None` once the list was changed among them.
    failures: Option<u32>,
    /// Explicit requests that nothing has answered.
    wants_configured: bool,
    wants_given: bool,
    /// A resync of the configured rules has succeeded since factory reset, or was recorded.
    provisioned: bool,
    /// The timer when a given rule started, until parameters change or something else starts.
    timer_before: Option<Option<(TimerKind, MonoTime)>>,
    /// The given rule has failed.
    given_failed: bool,
    /// The timer after the last input.
    timer: Option<(TimerKind, MonoTime)>,
    /// A resync has ended since.
    ended: bool,
    /// Wall time of the last daily start, until the clock or the schedule changes.
    daily: Option<i64>,
    /// A page changed a rule, and no resync has followed.
    page: Page,
    /// A resync that a trigger wants has waited for lines.
    trigger_waited: bool,
    /// Wall time at which a daily start came due that waits for lines.
    daily_due: Option<i64>,
    /// A daily start was due when the clock changed: by the new time it may come once more.
    due_before: bool,
    emergency: u16,
    /// Since when lines have been idle; `None` while one is busy.
    idle_since: Option<MonoTime>,
    /// A line has been busy since boot.
    called: bool,
    /// What the record asked for at boot, until it is answered.
    pending: Option<Pending>,
    /// The factory state is restored.
    erased: bool,
}

/// Where an edit of a rule on a page stands.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Untouched,
    /// It has been asked for.
    Asked,
    /// It is being stored.
    Storing,
    /// It is durable, so that a resync has to follow.
    Stored,
}

impl Oracle {
    pub(super) fn booted(&mut self, record: &StateRecord) {
        *self = Self {
            provisioned: record.provisioned,
            failures: Some(0),
            idle_since: Some(MonoTime::ZERO),
            pending: record.pending,
            ..Self::default()
        };
    }

    /// Notes an input before the phone gets it.
    pub(super) fn input(&mut self, input: &Input, phone: &Phone, now: MonoTime) {
        match input {
            Input::Line(line, line_use) => {
                let bit = 1_u16 << (line - 1);
                self.emergency &= !bit;
                if *line_use == LineUse::Emergency {
                    self.emergency |= bit;
                }
                let busy = match line_use {
                    LineUse::Idle => phone.busy_lines() & !bit,
                    LineUse::Busy | LineUse::Emergency => phone.busy_lines() | bit,
                };
                self.called |= busy != 0;
                self.idle_since = match (busy, phone.busy_lines()) {
                    (0, 0) => self.idle_since,
                    (0, _) => Some(now),
                    _ => None,
                };
            }
            Input::Command(Origin::Page, Command::Set(id, _))
                if known::PROFILE_RULES.contains(id) =>
            {
                self.page = Page::Asked;
            }
            Input::Command(_, Command::Resync) => self.wants_configured = true,
            Input::Command(_, Command::ResyncWith(_)) => self.wants_given = true,
            Input::ClockSet => {
                // The daily time moves with it.
                self.timer_before = None;
                self.daily = None;
                self.due_before = phone.state() == State::Due(Cause::Daily);
            }
            Input::FetchDone(op, _) if self.fetch == Some(*op) => self.fetch = None,
            Input::Erased(_, Committed::Durable) => self.erased = true,
            Input::Upgraded(op, _) | Input::Reported(op, _) => {
                self.fetch.take_if(|fetch| fetch == op);
            }
            Input::TrustDone(op, _) if self.fetch == Some(*op) => self.fetch = None,
            Input::Boot(..)
            | Input::Timer
            | Input::Registration(..)
            | Input::OptionsLearned(_)
            | Input::Fact(_)
            | Input::Command(..)
            | Input::FetchStarted(..)
            | Input::FetchDone(..)
            | Input::TrustDone(..)
            | Input::Searched(..)
            | Input::CommitDone(..)
            | Input::StateSaved(..)
            | Input::Activated(..)
            | Input::Erased(..) => {}
        }
    }

    /// Looks at an effect before it is carried out.
    pub(super) fn effect(
        &mut self,
        effect: &Effect,
        record: &StateRecord,
        now: Now,
    ) -> Option<String> {
        let fault = |what: &str| Some(what.to_owned());
        match effect {
            Effect::Fetch(op, _)
            | Effect::FetchTrust(op, ..)
            | Effect::Upgrade(op, _)
            | Effect::Report(op, ..) => {
                if self.fetch.replace(*op).is_some() {
                    return fault("two fetches at once");
                }
            }
            Effect::ForgetTrust => {}
            Effect::Search(..) if self.fetch.is_some() => {
                return fault("a search during a fetch");
            }
            Effect::Search(..)
                if matches!(
                    record.customization,
                    Customization::Aborted | Customization::Acquired
                ) =>
            {
                return fault("a phone that was brought up searches");
            }
            Effect::Search(..) => {}
            Effect::Cancel(_) => self.fetch = None,
            Effect::Log(line) => {
                let result = line.op != LogOp::Request;
                if !result && std::mem::replace(&mut self.logged, true) {
                    return fault("two requests were logged without a result between them");
                }
                if result {
                    self.logged = false;
                }
            }
            Effect::Restart(_) if self.fetch.is_some() && !self.erased => {
                return fault("the phone restarts during a fetch");
            }
            Effect::Restart(_) => {
                if self.emergency != 0 {
                    return fault("the phone restarts in an emergency call");
                }
                if *effect == Effect::Restart(RestartKind::Warm) {
                    return None;
                }
                if self.page == Page::Stored && record.pending.is_none() && !self.erased {
                    return fault(
                        "the phone restarts without having saved that a resync is to follow",
                    );
                }
            }
            Effect::Notice(notice) => return self.notice(notice, now),
            Effect::Commit(_) if self.page == Page::Asked => self.page = Page::Storing,
            Effect::Erase(_) if self.emergency != 0 => {
                return fault("the factory state is restored in an emergency call");
            }
            Effect::Commit(_) | Effect::SaveState(..) | Effect::Activate(_) | Effect::Erase(_) => {}
        }
        None
    }

    /// A request leaves the phone; profile rules of the world carry `$PRVST` in their URL.
    pub(super) fn request(&mut self, url: &str) -> Option<String> {
        let (_, told) = url.split_once('?')?;
        let cause = self.cause?;
        // R-SCHED-13, written down once more.
        let right = match cause {
            Cause::Explicit => told == "-1",
            Cause::Boot | Cause::AfterUpgrade => told == "0",
            Cause::Periodic | Cause::Daily | Cause::Trigger | Cause::UpgradeFailed => told == "1",
            Cause::Retry => told == "2",
        };
        (!right).then(|| format!("PRVST is {told} in a resync of cause {}", cause.name()))
    }

    fn notice(&mut self, notice: &Notice, now: Now) -> Option<String> {
        match notice {
            Notice::ResyncStarted(cause, slot) => self.starts(*cause, *slot, now),
            Notice::ResyncDone(outcome) => {
                let configured = self.slot != Some(RuleSlot::Given);
                if configured && outcome.is_success() {
                    self.provisioned = true;
                    self.failures = Some(0);
                    self.failed = None;
                } else if configured {
                    self.failures = self.failures.map(|n| n + 1);
                    self.failed = Some(now.mono);
                } else if outcome.is_success() {
                    self.provisioned = true;
                }
                self.given_failed = !configured && !outcome.is_success();
                self.slot = None;
                self.ended = true;
                None
            }
            Notice::RuleDone { changed: 1.., .. } | Notice::EditDone(_) => {
                self.page = match (self.page, notice) {
                    (Page::Storing, Notice::EditDone(Committed::Durable)) => Page::Stored,
                    (page @ (Page::Storing | Page::Stored), Notice::RuleDone { .. }) => page,
                    (Page::Stored, _) => Page::Stored,
                    _ => Page::Untouched,
                };
                // Whatever a value decides may be another matter now.
                self.failures = None;
                self.daily = None;
                self.timer_before = None;
                None
            }
            Notice::Refused(_) => {
                self.wants_configured = false;
                self.wants_given = false;
                None
            }
            Notice::RuleStarted(..)
            | Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TriggerFault(..)
            | Notice::Held
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::AccountWanted
            | Notice::TrustStarted(..)
            | Notice::TrustFault(..)
            | Notice::TrustDone(..)
            | Notice::TrustForgotten
            | Notice::TimerArmed(..)
            | Notice::EditBusy
            | Notice::EraseFailed
            | Notice::ServerChanged(..)
            | Notice::Upgrade(_)
            | Notice::Report(_)
            | Notice::ProblemReport(_) => None,
        }
    }

    fn starts(&mut self, cause: Cause, slot: RuleSlot, now: Now) -> Option<String> {
        let before = self.started.replace(now.mono);
        self.cause = Some(cause);
        self.slot = Some(slot);
        self.timer_before = None;
        if slot != RuleSlot::Given {
            self.page = Page::Untouched;
            self.pending = self
                .pending
                .filter(|pending| *pending != Pending::Configured);
        }
        let fault = |what: &str| Some(format!("{what} (cause {})", cause.name()));
        match (cause, slot) {
            (Cause::Explicit, RuleSlot::Given) => {
                self.wants_given = false;
                self.timer_before = Some(self.timer).filter(|_| !self.ended);
                if matches!(self.pending, Some(Pending::TriggerUrl(_))) {
                    self.pending = None;
                }
            }
            (Cause::Explicit, _) => self.wants_configured = false,
            (Cause::Boot | Cause::AfterUpgrade, _) => {}
            (Cause::Periodic, _) if !self.provisioned => {
                return fault("a periodic resync before the first success");
            }
            (Cause::Trigger, _) => {
                let close = before.is_some_and(|before| now.mono.since(before).as_secs() < 60);
                // What waited for lines became true earlier.
                if !std::mem::take(&mut self.trigger_waited) && close {
                    return fault("a trigger started an attempt within a minute of the last");
                }
            }
            (Cause::Daily, _) => {
                let counts = !std::mem::take(&mut self.due_before);
                let due = self.daily_due.take().or(now.wall.map(|wall| wall.unix_s));
                let at = due.filter(|_| counts);
                let last = std::mem::replace(&mut self.daily, at);
                // The window is at most two hours long, and clocks change by one.
                if let (Some(at), Some(last)) = (at, last)
                    && at - last < 20 * 3600
                {
                    return fault("two daily resyncs in one day");
                }
            }
            (Cause::Periodic | Cause::Retry | Cause::UpgradeFailed, _) => {}
        }
        None
    }

    /// Looks at the phone when an input has been handled and its effects carried out.
    pub(super) fn after(&mut self, phone: &Phone, shared: &Shared, now: Now) -> Option<String> {
        self.trigger_waited |= phone.state() == State::Due(Cause::Trigger);
        if phone.state() == State::Due(Cause::Daily) {
            self.daily_due = self.daily_due.or(now.wall.map(|wall| wall.unix_s));
        }
        self.timer = phone.timer();
        self.ended = false;
        // A trigger may have come true behind it, or an upgrade failed, which ends the other timers.
        let triggered = phone.state() == State::Due(Cause::Trigger)
            || self.cause == Some(Cause::UpgradeFailed)
            || phone.state() == State::Due(Cause::UpgradeFailed);
        if std::mem::take(&mut self.given_failed)
            && !triggered
            && let Some(before) = self.timer_before.take()
            && before != self.timer
            // One that was due at that moment has had its turn behind it.
            && before.is_none_or(|(_, at)| at > now.mono)
        {
            return Some("a given rule that failed changed a timer".to_owned());
        }
        let view = phone.view(shared)?;
        let enabled = phone.params().is_yes(known::PROVISION_ENABLE, view);
        let running = matches!(phone.state(), State::Running(_));
        if !enabled && !running && phone.timer().is_some() {
            return Some("a timer runs although provisioning is disabled".to_owned());
        }
        if !enabled {
            self.page = Page::Untouched;
            self.wants_configured = false;
            self.wants_given = false;
            self.pending = None;
        }
        // Idle lines settle at a whole second.
        let settle_s = phone.model(shared)?.idle_settle_s;
        let settle_s = u64::from(settle_s) + u64::from(settle_s > 0);
        let settled = self
            .idle_since
            .is_some_and(|since| since.plus_secs(settle_s) <= now.mono);
        // The custom CA and an upgrade come first.
        let fetches = self.fetch.is_some() || phone.is_upgrading();
        let idle = settled && !running && !fetches && phone.state() != State::Off;
        if idle && (self.wants_configured || self.wants_given) {
            return Some("an explicit request was lost".to_owned());
        }
        if idle && self.pending == Some(Pending::Configured) {
            return Some("the resync that was to follow the restart was lost".to_owned());
        }
        self.waits(phone, settled, view)
    }

    /// How long it waits for the next attempt.
    fn waits(&self, phone: &Phone, settled: bool, view: View<'_>) -> Option<String> {
        let readings = &view.scope.readings;
        let text = |id| phone.params().text(id, view);
        if let State::Due(cause) = phone.state()
            && self.fetch.is_none()
            && !phone.is_upgrading()
        {
            //= R-SCHED-11 type=test
            let quiet = readings.forced_resync == ForcedResync::IdleCountdown
                && self.called
                && self.idle_since.is_some();
            if phone.busy_lines() == 0 && phone.deadline().is_none() {
                return Some(format!("a resync of cause {} waits for ever", cause.name()));
            }
            if settled && !quiet {
                return Some(format!(
                    "a resync of cause {} waits for nothing",
                    cause.name()
                ));
            }
        }
        let (kind, at) = phone.timer()?;
        if phone.state() == State::ErrorWait && readings.triggers == TriggerMode::Fire {
            let (Some(failed), Some(failures)) = (self.failed, self.failures) else {
                return None;
            };
            let list = DelayList::parse(text(known::RESYNC_ERROR_RETRY_DELAY)).ok()?;
            let element = list.element(failures.checked_sub(1)?);
            let zero = element.is_none_or(|element| element.is_zero());
            let wait = at.since(failed);
            if zero && readings.error_retry_zero == ErrorRetryZero::Never {
                return Some("a retry although the delay is 0".to_owned());
            }
            if let Some(element) = element.filter(|_| !zero) {
                let (least, most) = (
                    u64::from(element.base),
                    u64::from(element.base) + u64::from(element.span),
                );
                let seconds = wait.as_secs();
                if kind != TimerKind::Retry || seconds < least || seconds > most {
                    return Some(format!(
                        "failure {failures} is retried after {seconds} s instead of {least} to {most}"
                    ));
                }
            }
        }
        None
    }
}
