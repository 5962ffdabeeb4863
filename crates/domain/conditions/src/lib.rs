//! Conditions and version numbers: parse, evaluate, explain.
//!
//! [`parse`] checks the syntax of a whole condition such as
//! `$REGTMR1 gt 300 and $PRVTMR ge 600` after its macros were expanded.
//! [`Condition::eval`] works from left to right and shows each comparison it
//! reaches to a [`Recorder`]. [`Version`] reads and orders software versions of
//! both formats. Nothing here allocates.
//!
//! Deliberately unknown here: macros and their values, the parentheses and the
//! `?` that rules put around a condition, what a true condition leads to. The
//! running software version is an argument.
//!
//! Requirement families: R-COND (conditions), R-VER (versions).

mod condition;
#[cfg(test)]
mod effort;
mod error;
mod evaluate;
mod operand;
mod pieces;
mod syntax;
mod version;

pub use condition::{Condition, evaluate, parse};
pub use error::{ConditionError, ConditionErrorCode, ErrorClass};
pub use evaluate::{Compared, Kind, Recorder};
pub use operand::{Comparison, Form, Operand, RelOp};
pub use version::{Dotted, Mpp, Version, VersionError};
