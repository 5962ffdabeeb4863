//! Lists of delays and the daily time.

use onhook_device::ErrorRetryZero;
use onhook_params::Scope;
use onhook_schedule::{DelayList, HhMm, ScheduleError};

use super::checks::{RETRY_ZERO, UNREACHABLE_DELAY, ZERO_DELAY};
use super::finding::{Check, Finding};

const BAD: &str = "A value that is no schedule is ignored: the one before stays.";

/// Looks at a list of delays; `retries` says that it counts failures.
pub(super) fn delays(text: &str, scope: &Scope, retries: bool) -> Vec<Finding> {
    let list = match DelayList::parse(text) {
        Ok(list) => list,
        Err(error) => return vec![invalid(&error)],
    };
    let mut findings = Vec::new();
    let mut offset = 0;
    for (index, element) in (0..list.len()).zip(text.split(',')) {
        let range = offset..offset + element.len();
        offset = range.end + 1;
        let is_zero = DelayList::parse(element)
            .ok()
            .and_then(|one| one.element(0))
            .is_some_and(|delay| delay.is_zero());
        if !is_zero {
            continue;
        }
        findings.push(if retries {
            let meaning = match scope.readings.error_retry_zero {
                ErrorRetryZero::Never => "the phone does not try again by itself",
                ErrorRetryZero::Immediate => "the phone tries again at once, without end",
            };
            RETRY_ZERO.found(
                range,
                format!("a retry delay of 0: {meaning}"),
                "write how long to wait, for example 60,120,240,480,960",
            )
        } else {
            ZERO_DELAY.found(
                range,
                "a delay of 0: the schedule ends here",
                "leave it out if the schedule should go on",
            )
        });
        if index + 1 < list.len() {
            findings.push(UNREACHABLE_DELAY.found(
                offset..text.len(),
                "what stands here is never used",
                "take away the 0 before it, or this",
            ));
        }
        break;
    }
    findings
}

/// Looks at the daily time.
pub(super) fn time_of_day(text: &str) -> Vec<Finding> {
    if text.is_empty() {
        return Vec::new();
    }
    HhMm::parse(text).err().iter().map(invalid).collect()
}

fn invalid(error: &ScheduleError) -> Finding {
    Check::error(error.code().name(), BAD).found(
        error.offset()..error.offset(),
        "the value cannot be read",
        format!("write {}", error.expected()),
    )
}
