//! Profile, upgrade and report rules and their URLs: parse, select, bind.
//!
//! [`select()`] checks a whole expanded text and tries its alternatives from left to
//! right, in one pass over borrowed slices; [`parse`] is for tools that look at all
//! of them. Neither allocates. [`parse_report`] does the same for report rules. Arguments that name a secret register stay references
//! ([`Piece::Secret`]) until the caller binds them.
//!
//! Deliberately unknown here: macro values, parameters, which server DHCP or an
//! earlier profile named, transfers, what happens after a failure.
//!
//! Requirement families: R-RULE, R-ASSIGN, R-URL, R-OPT, R-UPG-1, R-COND-12,
//! R-COND-13, R-REPORT-1 to 3, R-SEC-3.

mod alternative;
mod argument;
mod assignments;
mod cursor;
#[cfg(test)]
mod effort;
mod error;
mod mask;
mod options;
mod report;
mod rule;
mod stand_in;
mod url;

pub use alternative::{Alternative, Guard};
pub use argument::{Argument, Piece};
pub use assignments::{Assignment, AssignmentIter, Assignments, Target};
pub use error::{RuleError, RuleErrorCode};
pub use mask::{credential_spans, masked, sensitive_spans};
pub use options::Options;
pub use report::{Content, Report, ReportRule, Reports, parse_report};
pub use rule::{Alternatives, Rule, RuleKind, Selection, parse, select};
pub use stand_in::with_server;
pub use url::{NamedServer, Url};
