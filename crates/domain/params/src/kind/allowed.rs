//! What a parameter allows, in words.

use std::fmt;

use super::{Kind, limits, longest};
use crate::registry::{Choices, Pattern};

/// How many choices are listed before the list is cut.
const LISTED: usize = 12;

/// Prints what a pattern allows, as the object of "write".
pub(crate) struct Allowed(pub(crate) &'static Pattern);

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = self.0;
        match pattern.kind {
            Kind::Bool => f.write_str("Yes or No"),
            Kind::Enum => choices(f, "one of ", pattern.values()),
            Kind::Uns8 => unsigned(f, pattern, u8::MAX.into()),
            Kind::Uns16 | Kind::Port => unsigned(f, pattern, u16::MAX.into()),
            Kind::Uns32 => unsigned(f, pattern, u32::MAX),
            Kind::Sig8 => f.write_str("a number from -128 to 127, decimal or 0x hexadecimal"),
            Kind::Sig16 => f.write_str("a number from -32768 to 32767, decimal or 0x hexadecimal"),
            Kind::Sig32 => {
                f.write_str("a number from -2147483648 to 2147483647, decimal or 0x hexadecimal")
            }
            Kind::Int => f.write_str("a number, decimal or 0x hexadecimal"),
            Kind::Decimal => f.write_str("a number such as 0.5"),
            Kind::Time => {
                let range = limits(pattern, u32::MAX);
                write!(
                    f,
                    "a number such as 0.5 from {} to {}",
                    range.start(),
                    range.end()
                )
            }
            Kind::PwrLevel => f.write_str("a level in dBm such as -13.5"),
            Kind::DelayList => f.write_str(
                "seconds up to 4294967295, each with an optional random part, such as 600,1200+30",
            ),
            Kind::Hhmm => f.write_str("four digits from 0000 to 2359, or 2400"),
            Kind::Ip => f.write_str("an IPv4 address such as 192.0.2.1"),
            Kind::FqdnPort => {
                f.write_str("a host name or address of at most 63 characters, with :port if needed")
            }
            Kind::Set => choices(f, "words joined by |, out of ", pattern.values()),
            Kind::CadScript => f.write_str("a cadence such as 60(2/4)"),
            Kind::FreqScript => f.write_str("frequencies and levels such as 350@-19,440@-19"),
            Kind::ToneScript => f.write_str("a tone such as 350@-19,440@-19;10(*/0/1+2)"),
            Kind::DstRule => f.write_str("a rule such as start=3/-1/7/2;end=10/-1/7/2;save=1"),
            Kind::Str
            | Kind::UserId
            | Kind::FqdnList
            | Kind::IntList
            | Kind::Url
            | Kind::Condition
            | Kind::ProfileRule
            | Kind::UpgradeRule
            | Kind::ReportRule
            | Kind::Version
            | Kind::Ikm
            | Kind::Password
            | Kind::Phone
            | Kind::StarCode
            | Kind::PhoneTemplate
            | Kind::ResponseTemplate
            | Kind::DialPlan
            | Kind::DictionaryScript
            | Kind::LedScript => f.write_str("a text"),
        }?;
        match (pattern.min_len(), longest(pattern)) {
            (Some(least), Some(most)) => write!(f, ", {least} to {most} characters"),
            (Some(least), None) => write!(f, ", at least {least} characters"),
            (None, Some(most)) => write!(f, ", at most {most} characters"),
            (None, None) => Ok(()),
        }
    }
}

fn unsigned(f: &mut fmt::Formatter<'_>, pattern: &Pattern, most: u32) -> fmt::Result {
    let range = limits(pattern, most);
    let (least, most) = (range.start(), range.end());
    write!(
        f,
        "a number from {least} to {most}, decimal or 0x hexadecimal"
    )
}

fn choices(f: &mut fmt::Formatter<'_>, lead: &str, values: Choices) -> fmt::Result {
    f.write_str(lead)?;
    let all = values.clone().count();
    for (i, value) in values.take(LISTED).enumerate() {
        write!(f, "{}`{value}`", if i == 0 { "" } else { ", " })?;
    }
    match all.saturating_sub(LISTED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
