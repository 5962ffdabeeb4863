//! The words for value types.

use super::Kind;

impl Kind {
    /// The word that the registry uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Enum => "enum",
            Self::Uns8 => "uns8",
            Self::Uns16 => "uns16",
            Self::Uns32 => "uns32",
            Self::Sig8 => "sig8",
            Self::Sig16 => "sig16",
            Self::Sig32 => "sig32",
            Self::Int => "int",
            Self::Port => "port",
            Self::Decimal => "decimal",
            Self::Time => "time",
            Self::PwrLevel => "pwrlevel",
            Self::DelayList => "delay_list",
            Self::Hhmm => "hhmm",
            Self::Ip => "ip",
            Self::Str => "str",
            Self::UserId => "userid",
            Self::FqdnPort => "fqdn_port",
            Self::FqdnList => "fqdn_list",
            Self::IntList => "int_list",
            Self::Url => "url",
            Self::Condition => "condition",
            Self::ProfileRule => "profile_rule",
            Self::UpgradeRule => "upgrade_rule",
            Self::ReportRule => "report_rule",
            Self::Version => "version",
            Self::Ikm => "ikm",
            Self::Password => "password",
            Self::Phone => "phone",
            Self::StarCode => "starcode",
            Self::PhoneTemplate => "phone_template",
            Self::ResponseTemplate => "response_template",
            Self::Set => "set",
            Self::CadScript => "cadscript",
            Self::FreqScript => "freqscript",
            Self::ToneScript => "tonescript",
            Self::DstRule => "dst_rule",
            Self::DialPlan => "dialplan",
            Self::DictionaryScript => "dictionary_script",
            Self::LedScript => "led_script",
        }
    }
}
