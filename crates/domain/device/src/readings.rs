//! One value for each documented contradiction, filled from a release preset.

mod registry;

pub use registry::{Reading, ReadingError};

use crate::{Family, Release};

/// What an error retry delay of 0 means (R-SCHED-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorRetryZero {
    /// No retry.
    Never,
    /// Retry at once, with a floor of one second.
    Immediate,
}

/// What Forced_Resync_Delay does (R-SCHED-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ForcedResync {
    /// A counter that runs while all lines are idle must reach zero.
    IdleCountdown,
    /// A resync waits for idle lines, but at most this long.
    MaxWait,
}

/// What a Resync_Trigger does (R-TRIG-2..4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TriggerMode {
    /// A true trigger starts a resync.
    Fire,
    /// Triggers hold back scheduled resyncs unless one is true.
    Gate,
}

/// What an action URL in a Resync_Trigger means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TriggerUrlValue {
    /// It never fires, with one warning.
    Error,
    /// It starts one explicit resync each time a new value is set.
    ResyncOnce,
}

/// What an Upgrade_Rule without a server means (R-UPG-2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum UpgradeNoServer {
    /// The server of the last profile stands in.
    ProvisioningServer,
    /// It is an error.
    Error,
}

/// What `<Name/>` does to the value (D-XML-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum EmptyElement {
    /// The value stays.
    Keep,
    /// The value becomes empty, as with `<Name></Name>`.
    Clear,
}

/// Which factory log templates apply (D-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LogTemplates {
    /// The parameter chapter of 11.3.
    Chapter,
    /// The screens of the 10.4 article.
    Screens,
}

/// Which default list of DHCP options applies (D-23).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum DhcpOptionList {
    /// `66,160,159,150,60,43,125`
    Long,
    /// `160,159,66,150`
    Article,
    /// `66,160,159,150`
    Spa,
}

/// Which factory Profile_Rule applies (D-27).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ProfileRuleDefault {
    /// `/$PSN.xml`
    Series,
    /// `/spa$PSN.cfg`
    SpaSeries,
}

/// Which factory Resync_Error_Retry_Delay applies (D-37).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorRetryDefault {
    /// `3600`
    Hour,
    /// The list of newer guides, from a minute to a day.
    Doubling,
}

impl ErrorRetryDefault {
    /// The list of newer guides, in seconds.
    pub const DOUBLING: &'static str = "60,120,240,480,960,1920,3840,7680,15360,30720,61440,86400";
}

/// What the weights of SRV records mean (R-DNS-4, A-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum SrvWeightMode {
    /// A larger weight is chosen more often (RFC 2782).
    #[default]
    Rfc2782,
    /// A lower weight goes first, as a text of the vendor says.
    LowFirst,
}

/// The reading chosen for each contradiction between the manuals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Readings {
    /// Seconds per unit of Resync_Random_Delay: 1 or 20 (R-SCHED-10).
    pub random_delay_unit_s: u32,
    /// Retry delay 0.
    pub error_retry_zero: ErrorRetryZero,
    /// Whether a running schedule survives a failure with retry delay 0 (D-36).
    pub zero_retry_keeps_periodic: bool,
    /// Default list of DHCP options.
    pub dhcp_options_default: DhcpOptionList,
    /// Factory log templates.
    pub log_templates: LogTemplates,
    /// An action URL as trigger.
    pub trigger_url_value: TriggerUrlValue,
    /// Forced_Resync_Delay.
    pub forced_resync: ForcedResync,
    /// Resync_Trigger_1 and 2.
    pub triggers: TriggerMode,
    /// Upgrade_Rule without a server.
    pub upgrade_no_server: UpgradeNoServer,
    /// `<Name/>`.
    pub empty_element: EmptyElement,
    /// Factory Profile_Rule.
    pub profile_rule_default: ProfileRuleDefault,
    /// Factory Resync_Error_Retry_Delay.
    pub error_retry_default: ErrorRetryDefault,
    /// Weights of SRV records.
    pub srv_weight_mode: SrvWeightMode,
}

impl Readings {
    /// Fills every reading from a family and a release preset.
    #[must_use]
    pub const fn preset(family: Family, release: Release) -> Self {
        let old = matches!(release, Release::R10_4);
        let spa = matches!(family, Family::Spa);
        Self {
            random_delay_unit_s: if old || spa { 20 } else { 1 },
            error_retry_zero: if old || spa {
                ErrorRetryZero::Immediate
            } else {
                ErrorRetryZero::Never
            },
            zero_retry_keeps_periodic: true,
            dhcp_options_default: if spa {
                DhcpOptionList::Spa
            } else if old {
                DhcpOptionList::Article
            } else {
                DhcpOptionList::Long
            },
            log_templates: if old {
                LogTemplates::Screens
            } else {
                LogTemplates::Chapter
            },
            trigger_url_value: if old {
                TriggerUrlValue::ResyncOnce
            } else {
                TriggerUrlValue::Error
            },
            forced_resync: ForcedResync::IdleCountdown,
            triggers: TriggerMode::Fire,
            upgrade_no_server: UpgradeNoServer::ProvisioningServer,
            empty_element: EmptyElement::Keep,
            profile_rule_default: if spa {
                ProfileRuleDefault::SpaSeries
            } else {
                ProfileRuleDefault::Series
            },
            error_retry_default: ErrorRetryDefault::Hour,
            srv_weight_mode: SrvWeightMode::Rfc2782,
        }
    }
}

impl Default for Readings {
    fn default() -> Self {
        Self::preset(Family::Mpp, Release::R11_3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_differ_where_the_manuals_do() {
        let new = Readings::preset(Family::Mpp, Release::R11_3);
        let old = Readings::preset(Family::Mpp, Release::R10_4);
        let spa = Readings::preset(Family::Spa, Release::R11_3);
        assert_eq!(
            (
                new.random_delay_unit_s,
                old.random_delay_unit_s,
                spa.random_delay_unit_s
            ),
            (1, 20, 20)
        );
        assert_eq!(new.error_retry_zero, ErrorRetryZero::Never);
        assert_eq!(old.error_retry_zero, ErrorRetryZero::Immediate);
        assert_eq!(spa.error_retry_zero, ErrorRetryZero::Immediate);
        assert_eq!(spa.dhcp_options_default, DhcpOptionList::Spa);
        assert_eq!(old.trigger_url_value, TriggerUrlValue::ResyncOnce);
    }
}
