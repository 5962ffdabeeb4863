//! What the parameters say to the resync machine.

use onhook_params::types::Unsigned;
use onhook_params::{ParamId, ParamSet, View, known};
use onhook_resync::{Daily, Policy, RuleSlot, Written};
use onhook_schedule::{HhMm, Zone, resync_at_window_minutes};

use crate::Phone;

/// What the parameters and readings say about resyncs; `clock` tells local time, `admitted` what the triggers say.
pub(crate) fn policy<'v>(
    params: &ParamSet,
    view: View<'v>,
    clock: impl Fn() -> (Zone, Option<i64>),
    admitted: bool,
) -> Policy<'v> {
    let list = |id: ParamId| Written {
        text: params.text(id, view),
        otherwise: id.default(view.scope),
    };
    let number = |id: ParamId| Unsigned::parse(params.text(id, view)).map_or(0, Unsigned::get);
    Policy {
        provision_enable: params.is_yes(known::PROVISION_ENABLE, view),
        resync_on_reset: params.is_yes(known::RESYNC_ON_RESET, view),
        resync_after_upgrade: params.is_yes(known::RESYNC_AFTER_UPGRADE_ATTEMPT, view),
        random_delay: number(known::RESYNC_RANDOM_DELAY),
        periodic: list(known::RESYNC_PERIODIC),
        //= R-SCHED-8
        daily: HhMm::parse(params.text(known::RESYNC_AT_HHMM, view))
            .ok()
            .map(|at| (at, clock()))
            .map(|(at, (zone, unix_s))| Daily {
                at,
                //= R-SCHED-9
                window_s: 60 * resync_at_window_minutes(number(known::RESYNC_AT_RANDOM_DELAY)),
                zone,
                unix_s,
            }),
        forced_delay: number(known::FORCED_RESYNC_DELAY),
        admitted,
        error_retry: list(known::RESYNC_ERROR_RETRY_DELAY),
        readings: &view.scope.readings,
    }
}

impl Phone {
    /// Which rule text a slot stands for.
    pub(crate) fn rule_text<'v>(&self, slot: RuleSlot, view: View<'v>) -> &'v str {
        let id = match slot {
            RuleSlot::A => known::PROFILE_RULE,
            RuleSlot::B => known::PROFILE_RULE_B,
            RuleSlot::C => known::PROFILE_RULE_C,
            RuleSlot::D => known::PROFILE_RULE_D,
            RuleSlot::Given => return self.given.map_or("", |id| view.values.expose(id)),
        };
        self.params.text(id, view)
    }
}
