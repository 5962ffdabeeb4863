//! What changed parameters mean to the machines.

use onhook_params::{Entry, ParamId, known};
use onhook_resync::Event;

use crate::Phone;
use crate::phone::Cx;
use crate::watch::trigger_number;

// The first two bits are the triggers, by number.
const TRIGGERS: u16 = 3;
const SCHEDULE: u16 = 4;
const ERROR_RETRY: u16 = 8;
const ENABLE: u16 = 16;
const UPGRADE: u16 = 32;
const UPGRADE_RETRY: u16 = 64;
const CUSTOM_CA: u16 = 128;
const REPORT: u16 = 256;
const PROBLEM: u16 = 512;

/// What a parameter decides at once, as bits.
fn meaning(id: ParamId) -> u16 {
    match id {
        known::RESYNC_PERIODIC
        | known::RESYNC_AT_HHMM
        | known::RESYNC_AT_RANDOM_DELAY
        | known::TIME_ZONE
        | known::DAYLIGHT_SAVING_TIME_RULE
        | known::DAYLIGHT_SAVING_TIME_ENABLE => SCHEDULE,
        known::RESYNC_ERROR_RETRY_DELAY => ERROR_RETRY,
        known::PROVISION_ENABLE => ENABLE,
        known::UPGRADE_RULE | known::UPGRADE_ENABLE => UPGRADE,
        known::UPGRADE_ERROR_RETRY_DELAY => UPGRADE_RETRY,
        known::CUSTOM_CA_RULE => CUSTOM_CA,
        known::REPORT_RULE
        | known::REPORT_TO_SERVER
        | known::PERIODIC_UPLOAD_TO_SERVER
        | known::UPLOAD_DELAY_ON_LOCAL_CHANGE => REPORT,
        known::PRT_MAX_TIMER => PROBLEM,
        id => trigger_number(id).map_or(0, u16::from),
    }
}

impl Phone {
    /// Takes durable entries into the set and lets the machines know what changed; whether an action URL in a trigger
    /// asks for a resync with its rule.
    #[must_use]
    pub(crate) fn apply(&mut self, changes: &[Entry], cx: &mut Cx<'_>) -> bool {
        // A parameter that gets the value it has, perhaps with another right, has not changed.
        let touched = changes
            .iter()
            .map(|change| (meaning(change.id), change))
            .filter(|(bits, change)| *bits != 0 && self.params.own_value(change.id) != change.value)
            .fold(0, |all, (bits, _)| all | bits);
        self.note_for_report(changes, touched & REPORT != 0, cx.shared);
        self.params.apply(changes, &mut cx.shared.values);
        for (bit, event) in [
            (ENABLE, Event::EnableChanged),
            (SCHEDULE, Event::ScheduleChanged),
            (ERROR_RETRY, Event::ErrorRetryChanged),
        ] {
            if touched & bit != 0 {
                self.machine(event, cx);
            }
        }
        if touched & CUSTOM_CA != 0 {
            self.ca_rule_changed();
        }
        if touched & UPGRADE != 0 {
            self.want_upgrade_check(cx);
        }
        if touched & UPGRADE_RETRY != 0 {
            self.upgrade_retry_changed(cx);
        }
        if touched & REPORT != 0 {
            self.report_settings_changed(cx);
        }
        if touched & PROBLEM != 0 {
            self.problem_timer_changed(cx);
        }
        let triggers = u8::try_from(touched & TRIGGERS).unwrap_or_default();
        //= R-TRIG-5
        self.warned &= !triggers;
        let [first, second] = [1, 2]
            .map(|number: u8| triggers & number != 0 && self.take_trigger_url(number, cx.shared));
        first || second
    }
}
