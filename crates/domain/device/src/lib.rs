//! Who the phone is, and the words every other crate shares.
//!
//! Holds the identity of a device, the readings of contradictory manuals with
//! their release presets, the time types, the outcome taxonomy with the `$ERR`
//! texts, and secret bytes with the handles that stand in for them.
//!
//! Deliberately unknown here: parameters, rules, transports, storage, clocks.
//! Nothing in this crate reads the time or the environment.
//!
//! Requirement families: R-OUT (outcomes), R-SM-31 (`$ERR`), the readings.

mod identity;
mod outcome;
mod readings;
mod secret;
mod sip_error;
mod source;
mod suggest;
mod time;

pub use identity::{Family, Identity, Mac, MacError, Release};
pub use outcome::{Class, Outcome, TlsFailure};
pub use readings::{
    DhcpOptionList, EmptyElement, ErrorRetryDefault, ErrorRetryZero, ForcedResync, LogTemplates,
    ProfileRuleDefault, Reading, ReadingError, Readings, SrvWeightMode, TriggerMode,
    TriggerUrlValue, UpgradeNoServer,
};
pub use secret::{Secret, SecretRef};
pub use sip_error::{SipError, SipErrorError};
pub use source::source_of;
pub use suggest::suggest;
pub use time::{MonoTime, Now, WallTime, days_from_civil};
