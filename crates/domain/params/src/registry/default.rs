//! What the factory sets.

use onhook_device::{
    DhcpOptionList, ErrorRetryDefault, Family, LogTemplates, ProfileRuleDefault, Release,
};

use super::{ParamId, Scope, known};

impl ParamId {
    /// The factory value of the parameter in a scope; empty where none is known.
    #[must_use]
    pub fn default(self, scope: &Scope) -> &'static str {
        //= D-37
        if self == known::RESYNC_ERROR_RETRY_DELAY
            && scope.readings.error_retry_default == ErrorRetryDefault::Doubling
        {
            return ErrorRetryDefault::DOUBLING;
        }
        let pattern = self.pattern();
        let factory = pattern.factory();
        let text = match column(self, scope) {
            Column::Usual => None,
            Column::R10_4 => factory.default_10_4.get(),
            Column::Spa => factory.default_spa.get(),
        };
        let text = text.or_else(|| factory.default.get()).unwrap_or_default();
        // The registry writes so that a line key starts with the extension of its own number.
        if text == "{n}" {
            pattern.index_text(self)
        } else {
            text
        }
    }
}

/// Which column of the registry holds the factory value.
enum Column {
    Usual,
    R10_4,
    Spa,
}

/// A reading decides where there is one; else the family, then the release.
fn column(id: ParamId, scope: &Scope) -> Column {
    if id == known::DHCP_OPTION_TO_USE {
        //= D-23
        return match scope.readings.dhcp_options_default {
            DhcpOptionList::Long => Column::Usual,
            DhcpOptionList::Article => Column::R10_4,
            DhcpOptionList::Spa => Column::Spa,
        };
    }
    if id == known::PROFILE_RULE {
        //= D-27
        //= R-URL-10
        return match scope.readings.profile_rule_default {
            ProfileRuleDefault::Series => Column::Usual,
            ProfileRuleDefault::SpaSeries => Column::Spa,
        };
    }
    if [
        known::LOG_REQUEST_MSG,
        known::LOG_SUCCESS_MSG,
        known::LOG_FAILURE_MSG,
    ]
    .contains(&id)
    {
        //= D-6
        return match scope.readings.log_templates {
            LogTemplates::Chapter => Column::Usual,
            LogTemplates::Screens => Column::R10_4,
        };
    }
    match (scope.family, scope.release) {
        (Family::Spa, _) => Column::Spa,
        (Family::Mpp, Release::R10_4) => Column::R10_4,
        (Family::Mpp, Release::R11_3) => Column::Usual,
    }
}
