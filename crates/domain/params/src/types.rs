//! What the texts of parameters mean: one type for each published value type (R-TYP-2..18).
//!
//! Each type is read by `parse`, and what has been read is printed in its one canonical spelling. Profiles
//! are not rewritten: what is stored is the text given (R-TYP-1). Lists of delays, times of day, time zones and
//! rules of daylight saving time are types of `onhook-schedule`.

mod address;
mod cadence;
mod choice;
mod few;
mod number;
mod patterns;
mod tone;

pub use address::{HostPort, HostPortError, ipv4};
pub use cadence::{Cadence, Section, Segment, Span};
pub use choice::{choice, is_set_of, yes_no};
pub use few::Few;
pub use number::{Decimal, Level, Signed, Unsigned};
pub use patterns::Patterns;
pub use tone::{Component, Frequencies, Mix, Tone, ToneSegment};
