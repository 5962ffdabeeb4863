//! The two triggers together.

use onhook_device::TriggerMode;

use crate::Verdict;

/// Whether the triggers start a resync, as though the periodic timer had expired.
///
/// When that may be evaluated is not decided here (R-TRIG-6).
#[must_use]
pub fn fires(mode: TriggerMode, triggers: [Verdict; 2]) -> bool {
    match mode {
        //= R-TRIG-2
        //= R-TRIG-7
        TriggerMode::Fire => triggers.contains(&Verdict::True),
        TriggerMode::Gate => false,
    }
}

/// Whether the triggers let a resync pass that comes due by power-up, retry, the daily time or the
/// periodic timer; `explicit` is a request from outside.
#[must_use]
pub fn admits(mode: TriggerMode, explicit: bool, triggers: [Verdict; 2]) -> bool {
    match mode {
        //= R-TRIG-4
        TriggerMode::Fire => true,
        //= R-TRIG-3
        TriggerMode::Gate => {
            //= R-TRIG-5
            // What cannot be read counts as unset: a typing error locks no phone out.
            let is_set = |trigger: &Verdict| matches!(trigger, Verdict::True | Verdict::False);
            explicit || triggers.contains(&Verdict::True) || !triggers.iter().any(is_set)
        }
    }
}
