//! The parameters that code names: one constant for each element of the provisioning and system pages.
//!
//! A constant has the name of its element, in capitals and with single underscores between words.

use onhook_device::Family;

pub use crate::generated::table::ids::*;

use super::{ParamId, Scope};

/// GPP_A to GPP_P.
pub const GPP: [ParamId; 16] = [
    GPP_A, GPP_B, GPP_C, GPP_D, GPP_E, GPP_F, GPP_G, GPP_H, GPP_I, GPP_J, GPP_K, GPP_L, GPP_M,
    GPP_N, GPP_O, GPP_P,
];

//= R-SEC-2
/// GPP_SA to GPP_SD, the secret ones: no page, report or message shows them.
pub const GPP_SECRET: [ParamId; 4] = [GPP_SA, GPP_SB, GPP_SC, GPP_SD];

/// Profile_Rule, then B, C and D, in the order in which they are applied (R-APP-3).
pub const PROFILE_RULES: [ParamId; 4] =
    [PROFILE_RULE, PROFILE_RULE_B, PROFILE_RULE_C, PROFILE_RULE_D];

/// The two triggers.
pub const RESYNC_TRIGGERS: [ParamId; 2] = [RESYNC_TRIGGER_1, RESYNC_TRIGGER_2];

/// User_ID of a line, 1..=16.
#[must_use]
pub fn user_id(line: u8) -> Option<ParamId> {
    indexed(USER_ID_1, line)
}

/// The parameter of a one-index row that has the given index.
fn indexed(first: ParamId, index: u8) -> Option<ParamId> {
    let pattern = first.pattern();
    let offset = (pattern.first..=pattern.last).position(|n| n == index)?;
    ParamId::from_raw(pattern.base.checked_add(u16::try_from(offset).ok()?)?)
}

/// The message template of a request, which the families call differently.
#[must_use]
pub const fn log_request(scope: &Scope) -> ParamId {
    match scope.family {
        Family::Mpp => LOG_REQUEST_MSG,
        Family::Spa => LOG_RESYNC_REQUEST_MSG,
    }
}

/// The message template of a success.
#[must_use]
pub const fn log_success(scope: &Scope) -> ParamId {
    match scope.family {
        Family::Mpp => LOG_SUCCESS_MSG,
        Family::Spa => LOG_RESYNC_SUCCESS_MSG,
    }
}

/// The message template of a failure.
#[must_use]
pub const fn log_failure(scope: &Scope) -> ParamId {
    match scope.family {
        Family::Mpp => LOG_FAILURE_MSG,
        Family::Spa => LOG_RESYNC_FAILURE_MSG,
    }
}
