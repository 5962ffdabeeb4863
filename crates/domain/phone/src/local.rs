//! Local time of the phone.

use onhook_device::{Now, WallTime};
use onhook_params::{ParamSet, View, known};
use onhook_schedule::{DstRule, Zone};

use crate::{Phone, Shared};

impl Phone {
    /// The time with the offset that local time has for the phone.
    #[must_use]
    pub fn localized(&self, now: Now, shared: &Shared) -> Now {
        let wall = match self.view(shared) {
            Some(view) => now
                .wall
                .map(|wall| zone(&self.params, Some(wall), view).local(wall.unix_s)),
            None => now.wall,
        };
        Now { wall, ..now }
    }
}

/// The local time of the phone: Time_Zone with its rule of daylight saving time. While Time_Zone has its
/// factory value, the offset of the clock counts.
pub(crate) fn zone(params: &ParamSet, clock: Option<WallTime>, view: View<'_>) -> Zone {
    let clock = Zone::fixed(clock.map_or(0, |clock| clock.offset_s));
    //= R-SCHED-8
    let name = params.text(known::TIME_ZONE, view);
    if name == known::TIME_ZONE.default(view.scope) {
        return clock;
    }
    let Ok(zone) = Zone::parse(name) else {
        return clock;
    };
    //= R-TYP-18
    let rule = params.text(known::DAYLIGHT_SAVING_TIME_RULE, view);
    match DstRule::parse(rule) {
        Ok(rule) if params.is_yes(known::DAYLIGHT_SAVING_TIME_ENABLE, view) => zone.with_dst(rule),
        Ok(_) | Err(_) => zone,
    }
}
