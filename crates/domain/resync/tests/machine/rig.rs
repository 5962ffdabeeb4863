//! A machine with its parameters and a clock.

use onhook_device::{MonoTime, Outcome, Readings};
use onhook_resync::{Action, BootCause, Cause, Daily, Event, Policy, Resync, RuleSlot, Written};

/// A machine with its parameters and a clock.
pub(crate) struct Rig {
    pub(crate) machine: Resync,
    pub(crate) readings: Readings,
    pub(crate) enable: bool,
    pub(crate) on_reset: bool,
    pub(crate) after_upgrade: bool,
    pub(crate) random_delay: u32,
    pub(crate) periodic: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) forced_delay: u32,
    pub(crate) admitted: bool,
    pub(crate) settles: bool,
    pub(crate) daily: Option<Daily>,
    pub(crate) now_s: u64,
}

impl Default for Rig {
    fn default() -> Self {
        Self {
            machine: Resync::new(7),
            readings: Readings::default(),
            enable: true,
            on_reset: true,
            after_upgrade: true,
            random_delay: 0,
            periodic: "3600",
            retry: "3600",
            forced_delay: 0,
            admitted: true,
            settles: false,
            daily: None,
            now_s: 0,
        }
    }
}

impl Policy for Rig {
    fn provision_enable(&self) -> bool {
        self.enable
    }
    fn resync_on_reset(&self) -> bool {
        self.on_reset
    }
    fn resync_after_upgrade(&self) -> bool {
        self.after_upgrade
    }
    fn random_delay(&self) -> u32 {
        self.random_delay
    }
    fn periodic(&self) -> Written<'_> {
        written(self.periodic)
    }
    fn daily(&self) -> Option<Daily> {
        self.daily
    }
    fn error_retry(&self) -> Written<'_> {
        written(self.retry)
    }
    fn forced_delay(&self) -> u32 {
        self.forced_delay
    }
    fn settles(&self) -> bool {
        self.settles
    }
    fn admitted(&self) -> bool {
        self.admitted
    }
    fn readings(&self) -> &Readings {
        &self.readings
    }
}

impl Rig {
    pub(crate) fn at(&mut self, now_s: u64, event: Event) -> Action {
        self.now_s = now_s;
        self.send(event)
    }

    pub(crate) fn send(&mut self, event: Event) -> Action {
        let mut machine = std::mem::replace(&mut self.machine, Resync::new(0));
        let action = machine.handle(event, MonoTime::from_secs(self.now_s), self);
        self.machine = machine;
        action
    }

    pub(crate) fn boot(&mut self, cause: BootCause, provisioned: bool) -> Action {
        self.send(Event::Boot {
            cause,
            provisioned,
            pending: false,
        })
    }

    /// Ends the running sequence with one outcome for its first rule; the others are blank.
    pub(crate) fn end(&mut self, outcome: Outcome) -> Action {
        let mut action = self.send(Event::RuleDone(outcome));
        while let Action::RunRule { .. } = action {
            action = self.send(Event::RuleDone(Outcome::Skipped));
        }
        action
    }

    /// The seconds at which the next timer is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.machine.deadline().map(MonoTime::as_secs)
    }

    /// Lets the next timer expire and expects an attempt of this cause.
    #[track_caller]
    pub(crate) fn expire(&mut self, cause: Cause) {
        let at = self.next().expect("a timer runs");
        assert_eq!(self.at(at, Event::Timer), starts(cause));
    }
}

pub(crate) fn starts(cause: Cause) -> Action {
    Action::RunRule {
        slot: RuleSlot::A,
        starts: Some(cause),
    }
}

const fn written(text: &str) -> Written<'_> {
    Written {
        text,
        otherwise: "3600",
    }
}
