//! All readings with their words: what configuration, command lines, explanations, documents and tests know of them.

use thiserror::Error;

use super::{
    DhcpOptionList, EmptyElement, ErrorRetryDefault, ErrorRetryZero, ForcedResync, LogTemplates,
    ProfileRuleDefault, Readings, SrvWeightMode, TriggerMode, TriggerUrlValue, UpgradeNoServer,
};

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

/// One reading, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Its name.
    pub name: &'static str,
    /// What it decides.
    pub about: &'static str,
    /// The words for its values.
    pub values: Vec<&'static str>,
}

const OPTION_LISTS: [(&str, DhcpOptionList); 3] = [
    ("66,160,159,150,60,43,125", DhcpOptionList::Long),
    ("160,159,66,150", DhcpOptionList::Article),
    ("66,160,159,150", DhcpOptionList::Spa),
];

const WEIGHT_MODES: [(&str, SrvWeightMode); 2] = [
    ("rfc2782", SrvWeightMode::Rfc2782),
    ("low_first", SrvWeightMode::LowFirst),
];

/// What is done with a reading.
enum Visit<'v> {
    /// It is set to the choice of this word.
    Set(&'v str),
    /// It is looked at.
    Word,
    /// The words of its choices are collected.
    Words(&'v mut Vec<&'static str>),
}

impl Readings {
    /// The names of all readings, as written in the configuration, and what each decides.
    pub const ABOUT: [(&'static str, &'static str); 13] = [
        (
            "random_delay_unit_s",
            "seconds of one unit of Resync_Random_Delay",
        ),
        (
            "error_retry_zero",
            "what an error retry delay of 0 means: no further try, or one after a second",
        ),
        (
            "zero_retry_keeps_periodic",
            "whether a running schedule survives a failure that is not retried",
        ),
        (
            "dhcp_options_default",
            "factory value of DHCP_Option_To_Use",
        ),
        ("log_templates", "factory texts of the log messages"),
        (
            "trigger_url_value",
            "an action URL in a trigger: never true, or one resync each time it is set",
        ),
        (
            "forced_resync",
            "Forced_Resync_Delay: a count of idle seconds, or the longest wait for idle lines",
        ),
        (
            "triggers",
            "a true trigger starts a resync, or lets the scheduled ones pass",
        ),
        (
            "upgrade_no_server",
            "an Upgrade_Rule without server: that of the profile stands in, or an error",
        ),
        ("empty_element", "what <Name/> does to a value"),
        ("profile_rule_default", "factory value of Profile_Rule"),
        (
            "error_retry_default",
            "factory value of Resync_Error_Retry_Delay",
        ),
        (
            "srv_weight_mode",
            "SRV records of one priority: a larger weight is chosen more often, or the lowest goes first",
        ),
    ];

    /// The names alone.
    #[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
    pub const NAMES: [&'static str; 13] = {
        let mut names = [""; 13];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ABOUT[at].0;
            at += 1;
        }
        names
    };

    /// All readings.
    #[must_use]
    pub fn all() -> Vec<Reading> {
        let reading = |(name, about): (&'static str, &'static str)| {
            let mut values = Vec::new();
            // Every name is one of a reading: a test says so.
            let _ = Self::default().visit(name, &mut Visit::Words(&mut values));
            Reading {
                name,
                about,
                values,
            }
        };
        Self::ABOUT.into_iter().map(reading).collect()
    }

    /// Sets one reading by name.
    ///
    /// # Errors
    /// The name or the value is unknown; nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ReadingError> {
        self.visit(name, &mut Visit::Set(value)).map(|_| ())
    }

    /// The value of one reading, in the words of [`Readings::set`].
    ///
    /// # Errors
    /// The name is unknown.
    pub fn word(mut self, name: &str) -> Result<&'static str, ReadingError> {
        self.visit(name, &mut Visit::Word)
    }

    /// Does something with one reading, and gives the word for what it is then.
    fn visit(&mut self, name: &str, visit: &mut Visit<'_>) -> Result<&'static str, ReadingError> {
        let flag = [("true", true), ("false", false)];
        match name {
            "random_delay_unit_s" => choose(
                name,
                visit,
                &[("1", 1), ("20", 20)],
                &mut self.random_delay_unit_s,
            ),
            "error_retry_zero" => {
                let choices = [
                    ("never", ErrorRetryZero::Never),
                    ("immediate", ErrorRetryZero::Immediate),
                ];
                choose(name, visit, &choices, &mut self.error_retry_zero)
            }
            "zero_retry_keeps_periodic" => {
                choose(name, visit, &flag, &mut self.zero_retry_keeps_periodic)
            }
            "dhcp_options_default" => {
                choose(name, visit, &OPTION_LISTS, &mut self.dhcp_options_default)
            }
            "log_templates" => {
                let choices = [
                    ("chapter", LogTemplates::Chapter),
                    ("screens", LogTemplates::Screens),
                ];
                choose(name, visit, &choices, &mut self.log_templates)
            }
            "trigger_url_value" => {
                let choices = [
                    ("error", TriggerUrlValue::Error),
                    ("resync-once", TriggerUrlValue::ResyncOnce),
                ];
                choose(name, visit, &choices, &mut self.trigger_url_value)
            }
            "forced_resync" => {
                let choices = [
                    ("idle-countdown", ForcedResync::IdleCountdown),
                    ("max-wait", ForcedResync::MaxWait),
                ];
                choose(name, visit, &choices, &mut self.forced_resync)
            }
            "triggers" => {
                let choices = [("fire", TriggerMode::Fire), ("gate", TriggerMode::Gate)];
                choose(name, visit, &choices, &mut self.triggers)
            }
            "upgrade_no_server" => {
                let choices = [
                    ("provisioning-server", UpgradeNoServer::ProvisioningServer),
                    ("error", UpgradeNoServer::Error),
                ];
                choose(name, visit, &choices, &mut self.upgrade_no_server)
            }
            "empty_element" => {
                let choices = [("keep", EmptyElement::Keep), ("clear", EmptyElement::Clear)];
                choose(name, visit, &choices, &mut self.empty_element)
            }
            "profile_rule_default" => {
                let choices = [
                    ("/$PSN.xml", ProfileRuleDefault::Series),
                    ("/spa$PSN.cfg", ProfileRuleDefault::SpaSeries),
                ];
                choose(name, visit, &choices, &mut self.profile_rule_default)
            }
            "error_retry_default" => {
                let choices = [
                    ("3600", ErrorRetryDefault::Hour),
                    (ErrorRetryDefault::DOUBLING, ErrorRetryDefault::Doubling),
                ];
                choose(name, visit, &choices, &mut self.error_retry_default)
            }
            "srv_weight_mode" => choose(name, visit, &WEIGHT_MODES, &mut self.srv_weight_mode),
            other => Err(ReadingError::unknown(other)),
        }
    }
}

/// Does something with a reading whose choices are these, and gives the word for its choice.
fn choose<T: Copy + PartialEq>(
    name: &str,
    visit: &mut Visit<'_>,
    choices: &[(&'static str, T)],
    reading: &mut T,
) -> Result<&'static str, ReadingError> {
    if let Visit::Words(words) = visit {
        words.extend(choices.iter().map(|(word, _)| *word));
    }
    let chosen = choices.iter().find(|(word, choice)| match visit {
        Visit::Set(value) => word == value,
        Visit::Word | Visit::Words(_) => *choice == *reading,
    });
    let Some((word, choice)) = chosen else {
        let words: Vec<_> = choices
            .iter()
            .map(|(word, _)| format!("`{word}`"))
            .collect();
        return Err(ReadingError::Value {
            name: name.to_owned(),
            value: match visit {
                Visit::Set(value) => (*value).to_owned(),
                Visit::Word | Visit::Words(_) => String::new(),
            },
            allowed: words.join(" or "),
        });
    };
    *reading = *choice;
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_takes_each_of_its_words_and_no_other() {
        let all = Readings::all();
        assert_eq!(
            all.iter().map(|r| r.name).collect::<Vec<_>>(),
            Readings::NAMES
        );
        for Reading {
            name,
            about,
            values,
        } in all
        {
            assert!(values.len() >= 2 && !about.is_empty(), "{name}: {values:?}");
            let mut seen = Vec::new();
            for value in values {
                let mut readings = Readings::default();
                readings.set(name, value).unwrap();
                assert_eq!(readings.word(name).unwrap(), value);
                assert!(
                    !seen.contains(&readings),
                    "{name} = {value} changes nothing"
                );
                seen.push(readings);
            }
            assert!(seen.contains(&Readings::default()), "{name}");
            let error = Readings::default().set(name, "nonsense").unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        assert!(Readings::default().set("nope", "1").is_err());
        assert!(Readings::default().word("nope").is_err());
    }
}
