//! One value for each documented contradiction, filled from a release preset.

use thiserror::Error;

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
}

/// A reading that does not exist, or a value that it does not have.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ReadingError {
    /// No reading has this name.
    #[error("reading `{name}` is unknown; the readings are: {known}")]
    Unknown {
        /// What was given.
        name: String,
        /// All names.
        known: String,
    },
    /// The reading exists, the value does not.
    #[error("reading `{name}` cannot be `{value}`: use {allowed}")]
    Value {
        /// The reading.
        name: String,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
}

impl ReadingError {
    fn unknown(name: &str) -> Self {
        Self::Unknown {
            name: name.to_owned(),
            known: Readings::NAMES.join(", "),
        }
    }
}

impl Readings {
    /// The names of all readings, as written in the configuration.
    pub const NAMES: [&'static str; 12] = [
        "random_delay_unit_s",
        "error_retry_zero",
        "zero_retry_keeps_periodic",
        "dhcp_options_default",
        "log_templates",
        "trigger_url_value",
        "forced_resync",
        "triggers",
        "upgrade_no_server",
        "empty_element",
        "profile_rule_default",
        "error_retry_default",
    ];

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
        }
    }

    /// Sets one reading by name.
    ///
    /// # Errors
    /// The name or the value is unknown; nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ReadingError> {
        self.visit(name, Some(value)).map(|_| ())
    }

    /// The value of one reading, in the words of [`Readings::set`].
    ///
    /// # Errors
    /// The name is unknown.
    pub fn word(mut self, name: &str) -> Result<&'static str, ReadingError> {
        self.visit(name, None)
    }

    /// Sets one reading if there is a value, and gives the word for what it is then.
    fn visit(&mut self, name: &str, value: Option<&str>) -> Result<&'static str, ReadingError> {
        let flag = [("true", true), ("false", false)];
        match name {
            "random_delay_unit_s" => choose(
                name,
                value,
                &[("1", 1), ("20", 20)],
                &mut self.random_delay_unit_s,
            ),
            "error_retry_zero" => {
                let choices = [
                    ("never", ErrorRetryZero::Never),
                    ("immediate", ErrorRetryZero::Immediate),
                ];
                choose(name, value, &choices, &mut self.error_retry_zero)
            }
            "zero_retry_keeps_periodic" => {
                choose(name, value, &flag, &mut self.zero_retry_keeps_periodic)
            }
            "dhcp_options_default" => {
                let choices = [
                    ("66,160,159,150,60,43,125", DhcpOptionList::Long),
                    ("160,159,66,150", DhcpOptionList::Article),
                    ("66,160,159,150", DhcpOptionList::Spa),
                ];
                choose(name, value, &choices, &mut self.dhcp_options_default)
            }
            "log_templates" => {
                let choices = [
                    ("chapter", LogTemplates::Chapter),
                    ("screens", LogTemplates::Screens),
                ];
                choose(name, value, &choices, &mut self.log_templates)
            }
            "trigger_url_value" => {
                let choices = [
                    ("error", TriggerUrlValue::Error),
                    ("resync-once", TriggerUrlValue::ResyncOnce),
                ];
                choose(name, value, &choices, &mut self.trigger_url_value)
            }
            "forced_resync" => {
                let choices = [
                    ("idle-countdown", ForcedResync::IdleCountdown),
                    ("max-wait", ForcedResync::MaxWait),
                ];
                choose(name, value, &choices, &mut self.forced_resync)
            }
            "triggers" => {
                let choices = [("fire", TriggerMode::Fire), ("gate", TriggerMode::Gate)];
                choose(name, value, &choices, &mut self.triggers)
            }
            "upgrade_no_server" => {
                let choices = [
                    ("provisioning-server", UpgradeNoServer::ProvisioningServer),
                    ("error", UpgradeNoServer::Error),
                ];
                choose(name, value, &choices, &mut self.upgrade_no_server)
            }
            "empty_element" => {
                let choices = [("keep", EmptyElement::Keep), ("clear", EmptyElement::Clear)];
                choose(name, value, &choices, &mut self.empty_element)
            }
            "profile_rule_default" => {
                let choices = [
                    ("/$PSN.xml", ProfileRuleDefault::Series),
                    ("/spa$PSN.cfg", ProfileRuleDefault::SpaSeries),
                ];
                choose(name, value, &choices, &mut self.profile_rule_default)
            }
            "error_retry_default" => {
                let choices = [
                    ("3600", ErrorRetryDefault::Hour),
                    (ErrorRetryDefault::DOUBLING, ErrorRetryDefault::Doubling),
                ];
                choose(name, value, &choices, &mut self.error_retry_default)
            }
            other => Err(ReadingError::unknown(other)),
        }
    }
}

/// Sets a reading to the choice that `value` names, if there is one, and gives the word for its choice.
fn choose<T: Copy + PartialEq>(
    name: &str,
    value: Option<&str>,
    choices: &[(&'static str, T)],
    reading: &mut T,
) -> Result<&'static str, ReadingError> {
    let chosen = choices.iter().find(|(word, choice)| match value {
        Some(value) => *word == value,
        None => *choice == *reading,
    });
    let Some((word, choice)) = chosen else {
        let words: Vec<_> = choices
            .iter()
            .map(|(word, _)| format!("`{word}`"))
            .collect();
        return Err(ReadingError::Value {
            name: name.to_owned(),
            value: value.unwrap_or_default().to_owned(),
            allowed: words.join(" or "),
        });
    };
    *reading = *choice;
    Ok(word)
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

    #[test]
    fn every_reading_is_set_by_name_and_refuses_other_values() {
        for (name, value) in [
            ("random_delay_unit_s", "20"),
            ("error_retry_zero", "immediate"),
            ("zero_retry_keeps_periodic", "false"),
            ("dhcp_options_default", "160,159,66,150"),
            ("log_templates", "screens"),
            ("trigger_url_value", "resync-once"),
            ("forced_resync", "max-wait"),
            ("triggers", "gate"),
            ("upgrade_no_server", "error"),
            ("empty_element", "clear"),
            ("profile_rule_default", "/spa$PSN.cfg"),
            ("error_retry_default", ErrorRetryDefault::DOUBLING),
        ] {
            let mut readings = Readings::default();
            assert_ne!(readings.word(name).unwrap(), value);
            readings.set(name, value).unwrap();
            assert_eq!(readings.word(name).unwrap(), value);
            assert_ne!(readings, Readings::default(), "{name}");
            assert!(readings.set(name, "nonsense").is_err(), "{name}");
        }
        assert!(Readings::default().set("nope", "1").is_err());
        assert!(Readings::default().word("nope").is_err());
    }
}
