//! Why a rule cannot be used.

use std::fmt;

use onhook_conditions::{ConditionError, ConditionErrorCode};
use thiserror::Error;

/// What is wrong with a rule; the names never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RuleErrorCode {
    /// A string has no closing quote.
    UnclosedString,
    /// `(` without its `)`.
    UnclosedParenthesis,
    /// A group in parentheses is followed by neither `?` nor `!`.
    MissingMark,
    /// A second condition or assignment list, or a condition behind assignments.
    WrongOrder,
    /// An assignment is not `name = "value"`.
    BadAssignment,
    /// `[` without its `]`.
    UnclosedOptions,
    /// A word in the option list is no option.
    UnknownOption,
    /// An option of another kind of rule.
    MisplacedOption,
    /// An option without its argument.
    MissingArgument,
    /// A quote in the wrong place of an argument.
    BadArgument,
    /// The argument of `--post` or `--alias` is no letter a to p.
    BadLetter,
    /// Options without a URL.
    MissingUrl,
    /// A scheme other than tftp, http and https.
    BadScheme,
    /// A server name with characters that no server name has.
    BadServer,
    /// A port that is not 1..=65535 in decimal.
    BadPort,
    /// A URL without a path.
    MissingPath,
    /// A path with a control character.
    BadPath,
    /// `--post` with a tftp URL.
    PostNeedsHttp,
    /// `--delta` and `--status` together.
    ConflictingOptions,
    /// Assignments in a report rule.
    MisplacedAssignments,
    /// A report rule with more than two reports.
    TooManyReports,
    /// Text behind the URL.
    TrailingText,
    /// The condition is wrong, or a comparison that was reached cannot be made.
    Condition(ConditionErrorCode),
}

impl RuleErrorCode {
    /// The stable name for JSON output and tests, for example `bad-port`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnclosedString => "unclosed-string",
            Self::UnclosedParenthesis => "unclosed-parenthesis",
            Self::MissingMark => "missing-mark",
            Self::WrongOrder => "wrong-order",
            Self::BadAssignment => "bad-assignment",
            Self::UnclosedOptions => "unclosed-options",
            Self::UnknownOption => "unknown-option",
            Self::MisplacedOption => "misplaced-option",
            Self::MissingArgument => "missing-argument",
            Self::BadArgument => "bad-argument",
            Self::BadLetter => "bad-letter",
            Self::MissingUrl => "missing-url",
            Self::BadScheme => "bad-scheme",
            Self::BadServer => "bad-server",
            Self::BadPort => "bad-port",
            Self::MissingPath => "missing-path",
            Self::BadPath => "bad-path",
            Self::PostNeedsHttp => "post-needs-http",
            Self::ConflictingOptions => "conflicting-options",
            Self::MisplacedAssignments => "misplaced-assignments",
            Self::TooManyReports => "too-many-reports",
            Self::TrailingText => "trailing-text",
            Self::Condition(code) => code.name(),
        }
    }

    /// The problem in words, for people.
    #[must_use]
    pub const fn problem(self) -> &'static str {
        match self {
            Self::UnclosedString => "a string is not closed",
            Self::UnclosedParenthesis => "a parenthesis is not closed",
            Self::MissingMark => "a group in parentheses is neither a condition nor assignments",
            Self::WrongOrder => "the parts of an alternative stand in the wrong order",
            Self::BadAssignment => "an assignment cannot be read",
            Self::UnclosedOptions => "the option list is not closed",
            Self::UnknownOption => "this is no option",
            Self::MisplacedOption => "the option does not belong into this kind of rule",
            Self::MissingArgument => "the option has no argument",
            Self::BadArgument => "the argument has a quote in the wrong place",
            Self::BadLetter => "the argument names no general-purpose parameter",
            Self::MissingUrl => "the options have no URL",
            Self::BadScheme => "the scheme is unknown",
            Self::BadServer => "the server cannot be read",
            Self::BadPort => "the port cannot be read",
            Self::MissingPath => "the URL has no path",
            Self::BadPath => "the path holds a control character",
            Self::PostNeedsHttp => "the option `--post` stands with a tftp URL",
            Self::ConflictingOptions => "the options exclude each other",
            Self::MisplacedAssignments => "assignments do not belong into a report rule",
            Self::TooManyReports => "the rule has more than two reports",
            Self::TrailingText => "something follows the URL",
            Self::Condition(code) => code.problem(),
        }
    }
}

impl fmt::Display for RuleErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A syntax error of a rule, or a type or format error of a condition that was reached.
///
/// Quotes nothing of the rule, which may hold keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("rule, byte {offset}: {}; expected {expected}", .code.problem())]
pub struct RuleError {
    code: RuleErrorCode,
    offset: usize,
    expected: &'static str,
}

impl RuleError {
    pub(crate) const fn new(code: RuleErrorCode, offset: usize, expected: &'static str) -> Self {
        Self {
            code,
            offset,
            expected,
        }
    }

    /// The error of a condition whose text begins at `base`.
    pub(crate) fn of_condition(error: &ConditionError, base: usize) -> Self {
        Self::new(
            RuleErrorCode::Condition(error.code()),
            base + error.offset(),
            error.expected(),
        )
    }

    /// The same error in a text that begins `bytes` earlier.
    pub(crate) const fn behind(mut self, bytes: usize) -> Self {
        self.offset += bytes;
        self
    }

    /// What is wrong.
    #[must_use]
    pub const fn code(&self) -> RuleErrorCode {
        self.code
    }

    /// Byte offset in the expanded text; its length if something is missing at the end.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What should stand there.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}
