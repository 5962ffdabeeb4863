//! What the parameters say to the resync machine.

use onhook_device::{Readings, WallTime};
use onhook_params::types::Unsigned;
use onhook_params::{ParamId, ParamSet, View, known};
use onhook_resync::{Daily, Policy, RuleSlot, Written};
use onhook_schedule::{HhMm, resync_at_window_minutes};

use crate::Phone;
use crate::local::zone;

/// What the parameters and readings say about resyncs at one moment.
pub(crate) struct Settings<'v> {
    pub(crate) params: &'v ParamSet,
    pub(crate) view: View<'v>,
    /// The wall clock; `None` until it has been set.
    pub(crate) wall: Option<WallTime>,
    /// Whether idle lines have to settle.
    pub(crate) settles: bool,
    /// What the triggers say.
    pub(crate) admitted: bool,
}

impl Settings<'_> {
    fn number(&self, id: ParamId) -> u32 {
        Unsigned::parse(self.params.text(id, self.view)).map_or(0, Unsigned::get)
    }

    fn is_yes(&self, id: ParamId) -> bool {
        self.params.is_yes(id, self.view)
    }

    fn list(&self, id: ParamId) -> Written<'_> {
        Written {
            text: self.params.text(id, self.view),
            otherwise: id.default(self.view.scope),
        }
    }
}

impl Policy for Settings<'_> {
    fn provision_enable(&self) -> bool {
        self.is_yes(known::PROVISION_ENABLE)
    }

    fn resync_on_reset(&self) -> bool {
        self.is_yes(known::RESYNC_ON_RESET)
    }

    fn resync_after_upgrade(&self) -> bool {
        self.is_yes(known::RESYNC_AFTER_UPGRADE_ATTEMPT)
    }

    fn random_delay(&self) -> u32 {
        self.number(known::RESYNC_RANDOM_DELAY)
    }

    fn periodic(&self) -> Written<'_> {
        self.list(known::RESYNC_PERIODIC)
    }

    fn daily(&self) -> Option<Daily> {
        //= R-SCHED-8
        let at = HhMm::parse(self.params.text(known::RESYNC_AT_HHMM, self.view)).ok()?;
        let spread = self.number(known::RESYNC_AT_RANDOM_DELAY);
        Some(Daily {
            at,
            //= R-SCHED-9
            window_s: 60 * resync_at_window_minutes(spread),
            zone: zone(self.params, self.wall, self.view),
            unix_s: self.wall.map(|wall| wall.unix_s),
        })
    }

    fn error_retry(&self) -> Written<'_> {
        self.list(known::RESYNC_ERROR_RETRY_DELAY)
    }

    fn forced_delay(&self) -> u32 {
        self.number(known::FORCED_RESYNC_DELAY)
    }

    fn settles(&self) -> bool {
        self.settles
    }

    fn admitted(&self) -> bool {
        self.admitted
    }

    fn readings(&self) -> &Readings {
        &self.view.scope.readings
    }
}

impl Phone {
    /// The rule that a slot stands for now, not expanded; it may hold a key. What options say stands in for the factory
    /// Profile_Rule (R-DHCP-6).
    pub fn rule_text<'v>(&self, slot: RuleSlot, view: View<'v>) -> &'v str {
        let id = match slot {
            RuleSlot::A => match self.discovered_rule(view) {
                Some(rule) => return rule,
                None => known::PROFILE_RULE,
            },
            RuleSlot::B => known::PROFILE_RULE_B,
            RuleSlot::C => known::PROFILE_RULE_C,
            RuleSlot::D => known::PROFILE_RULE_D,
            RuleSlot::Given => return self.given.map_or("", |id| view.values.expose(id)),
        };
        self.params.text(id, view)
    }
}
