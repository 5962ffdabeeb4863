//! The value types of parameters.

mod allowed;
mod name;

use onhook_schedule::{DelayList, DstRule, HhMm};

use crate::registry::Pattern;
use crate::types::{
    Cadence, Decimal, Frequencies, HostPort, HostPortError, Level, Signed, Tone, Unsigned, choice,
    ipv4, is_set_of,
};

pub(crate) use allowed::Allowed;

/// The value type of a parameter (R-TYP-2..19).
///
/// Kinds without a rule of their own take any text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// `Yes` or `No`.
    Bool,
    /// One of the published choices.
    Enum,
    /// Unsigned number of 8 bits.
    Uns8,
    /// Unsigned number of 16 bits.
    Uns16,
    /// Unsigned number of 32 bits.
    Uns32,
    /// Signed number of 8 bits.
    Sig8,
    /// Signed number of 16 bits.
    Sig16,
    /// Signed number of 32 bits.
    Sig32,
    /// Number of unpublished size.
    Int,
    /// Port number.
    Port,
    /// Number with a decimal point.
    Decimal,
    /// Time with a decimal point.
    Time,
    /// Level in dBm with one decimal.
    PwrLevel,
    /// Comma list of delays in seconds, each with an optional random part.
    DelayList,
    /// Time of day in four digits.
    Hhmm,
    /// IPv4 address.
    Ip,
    /// Text.
    Str,
    /// User name of a SIP address.
    UserId,
    /// Host name or address with an optional port.
    FqdnPort,
    /// Comma list of host names.
    FqdnList,
    /// Comma list of numbers.
    IntList,
    /// URL.
    Url,
    /// Condition of a trigger.
    Condition,
    /// Rule that names profiles to fetch.
    ProfileRule,
    /// Rule that names firmware to fetch.
    UpgradeRule,
    /// Rule that names where reports go.
    ReportRule,
    /// Firmware version.
    Version,
    /// Input keying material of RFC 8188.
    Ikm,
    /// Password with a published length.
    Password,
    /// Telephone number.
    Phone,
    /// Activation code such as `*98`.
    StarCode,
    /// Patterns of telephone numbers.
    PhoneTemplate,
    /// Patterns of response codes.
    ResponseTemplate,
    /// Members joined by bars.
    Set,
    /// Cadence of a ring or a lamp.
    CadScript,
    /// Frequencies and levels.
    FreqScript,
    /// Frequencies, levels and cadence of a tone.
    ToneScript,
    /// Start, end and size of daylight saving time.
    DstRule,
    /// Dial plan.
    DialPlan,
    /// Languages and their dictionaries.
    DictionaryScript,
    /// Colour and pattern of a lamp.
    LedScript,
}

/// The choices of [`Kind::Bool`].
const YES_NO: [&str; 2] = ["Yes", "No"];

/// How a text misses its value type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    /// It is longer than allowed.
    TooLong,
    /// Anything else.
    Bad,
}

impl Kind {
    /// Whether an empty text is a value; if not, it restores the factory value (D-XML-2).
    #[must_use]
    pub const fn is_string_like(self) -> bool {
        match self {
            Self::Bool
            | Self::Enum
            | Self::Uns8
            | Self::Uns16
            | Self::Uns32
            | Self::Sig8
            | Self::Sig16
            | Self::Sig32
            | Self::Int
            | Self::Port
            | Self::Decimal
            | Self::Time
            | Self::PwrLevel
            | Self::DelayList
            | Self::Hhmm => false,
            Self::Ip
            | Self::Str
            | Self::UserId
            | Self::FqdnPort
            | Self::FqdnList
            | Self::IntList
            | Self::Url
            | Self::Condition
            | Self::ProfileRule
            | Self::UpgradeRule
            | Self::ReportRule
            | Self::Version
            | Self::Ikm
            | Self::Password
            | Self::Phone
            | Self::StarCode
            | Self::PhoneTemplate
            | Self::ResponseTemplate
            | Self::Set
            | Self::CadScript
            | Self::FreqScript
            | Self::ToneScript
            | Self::DstRule
            | Self::DialPlan
            | Self::DictionaryScript
            | Self::LedScript => true,
        }
    }

    /// The longest text of the kind in characters, where the kind itself has a limit.
    pub(crate) const fn max_len(self) -> Option<u16> {
        match self {
            //= R-TYP-8
            Self::UserId => Some(63),
            //= R-TYP-10
            Self::Phone | Self::PhoneTemplate | Self::ResponseTemplate => Some(39),
            Self::StarCode => Some(7),
            //= R-TYP-15
            //= R-TYP-16
            //= R-TYP-17
            Self::CadScript | Self::FreqScript | Self::ToneScript => Some(127),
            Self::Bool
            | Self::Enum
            | Self::Uns8
            | Self::Uns16
            | Self::Uns32
            | Self::Sig8
            | Self::Sig16
            | Self::Sig32
            | Self::Int
            | Self::Port
            | Self::Decimal
            | Self::Time
            | Self::PwrLevel
            | Self::DelayList
            | Self::Hhmm
            | Self::Ip
            | Self::Str
            | Self::FqdnPort
            | Self::FqdnList
            | Self::IntList
            | Self::Url
            | Self::Condition
            | Self::ProfileRule
            | Self::UpgradeRule
            | Self::ReportRule
            | Self::Version
            | Self::Ikm
            | Self::Password
            | Self::Set
            | Self::DstRule
            | Self::DialPlan
            | Self::DictionaryScript
            | Self::LedScript => None,
        }
    }
}

/// Whether a text that is not empty has the form of its kind and the published range and length.
pub(crate) fn check(pattern: &Pattern, text: &str) -> Result<(), Miss> {
    check_length(pattern, text)?;
    let unsigned =
        |most| Unsigned::parse(text).is_some_and(|n| n.is_within(&limits(pattern, most)));
    let signed = |bits| Signed::parse(text, bits).is_some();
    let good = match pattern.kind {
        Kind::Bool => choice(YES_NO, text).is_some(),
        // Without a published list nothing can be held against a text.
        Kind::Enum => pattern.values().is_empty() || choice(pattern.values(), text).is_some(),
        Kind::Uns8 => unsigned(u8::MAX.into()),
        Kind::Uns16 | Kind::Port => unsigned(u16::MAX.into()),
        Kind::Uns32 => unsigned(u32::MAX),
        Kind::Sig8 => signed(8),
        Kind::Sig16 => signed(16),
        Kind::Sig32 => signed(32),
        Kind::Int => signed(64),
        Kind::Decimal => Decimal::parse(text).is_some(),
        Kind::Time => Decimal::parse_unsigned(text)
            .is_some_and(|time| time.is_within(&limits(pattern, u32::MAX))),
        Kind::PwrLevel => Level::parse(text).is_some(),
        //= R-TYP-12
        Kind::DelayList => DelayList::parse(text).is_ok(),
        //= R-TYP-13
        Kind::Hhmm => HhMm::parse(text).is_ok(),
        Kind::Ip => ipv4(text).is_some(),
        Kind::FqdnPort => match HostPort::parse(text) {
            Ok(_) => true,
            Err(HostPortError::TooLong) => return Err(Miss::TooLong),
            Err(HostPortError::Bad) => false,
        },
        Kind::CadScript => Cadence::parse(text).is_some(),
        Kind::FreqScript => Frequencies::parse(text).is_some(),
        Kind::ToneScript => Tone::parse(text).is_some(),
        //= R-TYP-18
        Kind::DstRule => DstRule::parse(text).is_ok(),
        //= R-TYP-19
        Kind::ProfileRule
        | Kind::UpgradeRule
        | Kind::ReportRule
        | Kind::Condition
        | Kind::DialPlan => true,
        Kind::Set => pattern.values().is_empty() || is_set_of(pattern.values(), text),
        Kind::Str
        | Kind::UserId
        | Kind::FqdnList
        | Kind::IntList
        | Kind::Url
        | Kind::Version
        | Kind::Ikm
        | Kind::Password
        | Kind::Phone
        | Kind::StarCode
        | Kind::PhoneTemplate
        | Kind::ResponseTemplate
        | Kind::DictionaryScript
        | Kind::LedScript => true,
    };
    if good { Ok(()) } else { Err(Miss::Bad) }
}

fn check_length(pattern: &Pattern, text: &str) -> Result<(), Miss> {
    //= R-TYP-5
    let length = text.chars().count();
    if longest(pattern).is_some_and(|most| length > usize::from(most)) {
        return Err(Miss::TooLong);
    }
    if pattern
        .min_len()
        .is_some_and(|least| length < usize::from(least))
    {
        return Err(Miss::Bad);
    }
    Ok(())
}

fn longest(pattern: &Pattern) -> Option<u16> {
    pattern.max_len().or(pattern.kind.max_len())
}

fn limits(pattern: &Pattern, most: u32) -> std::ops::RangeInclusive<u32> {
    pattern.min().unwrap_or(0)..=pattern.max().map_or(most, |max| max.min(most))
}

/// The published spelling of a choice, if the text is one in any case.
pub(crate) fn spelling(pattern: &Pattern, text: &str) -> Option<&'static str> {
    //= R-TYP-2
    //= R-TYP-3
    if pattern.kind == Kind::Bool {
        choice(YES_NO, text)
    } else if pattern.kind == Kind::Enum {
        choice(pattern.values(), text)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-10 type=test
    fn users_telephone_numbers_and_patterns_have_published_lengths() {
        for (kind, most) in [
            (Kind::UserId, 63),
            (Kind::Phone, 39),
            (Kind::StarCode, 7),
            (Kind::PhoneTemplate, 39),
            (Kind::ResponseTemplate, 39),
        ] {
            let pattern = Pattern {
                kind,
                ..Pattern::BLANK
            };
            assert_eq!(check(&pattern, &"é".repeat(most)), Ok(()));
            assert_eq!(check(&pattern, &"é".repeat(most + 1)), Err(Miss::TooLong));
        }
    }
}
