//! What can be wrong with a condition.

use std::fmt;

use thiserror::Error;

/// The three ways in which a condition can be wrong, as the rules tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorClass {
    /// The text is no condition; found by [`parse`](crate::parse), reached or not.
    Syntax,
    /// Operands of kinds that cannot be compared that way; found when reached.
    Type,
    /// An operand that cannot be read, or two version formats; found when reached.
    Format,
}

/// Says exactly what is wrong with a condition; the names never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ConditionErrorCode {
    /// The condition holds nothing but white space.
    Empty,
    /// An operand is missing, or something else stands in its place.
    MissingOperand,
    /// A comparison operator is missing, or something else stands in its place.
    MissingOperator,
    /// Something other than `and` follows a comparison.
    MissingAnd,
    /// A string has no closing quote.
    UnterminatedString,
    /// A comparison without left side compares with an integer or a string.
    LegacyNeedsVersion,
    /// A string is compared with something that is no string.
    MixedKinds,
    /// Strings are ordered; they can only be equal or not.
    StringOrder,
    /// A bare operand is neither an integer nor a version.
    UnreadableOperand,
    /// Digits do not fit in 64 bits.
    NumberTooLarge,
    /// A negative integer stands beside a dotted version.
    NegativeVersion,
    /// An MPP version stands beside a dotted one.
    VersionFormats,
}

impl ConditionErrorCode {
    /// Whether this is a syntax, a type or a format error.
    #[must_use]
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::Empty
            | Self::MissingOperand
            | Self::MissingOperator
            | Self::MissingAnd
            | Self::UnterminatedString
            | Self::LegacyNeedsVersion => ErrorClass::Syntax,
            Self::MixedKinds | Self::StringOrder => ErrorClass::Type,
            Self::UnreadableOperand
            | Self::NumberTooLarge
            | Self::NegativeVersion
            | Self::VersionFormats => ErrorClass::Format,
        }
    }

    /// The stable name for JSON output and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "condition-empty",
            Self::MissingOperand => "condition-missing-operand",
            Self::MissingOperator => "condition-missing-operator",
            Self::MissingAnd => "condition-missing-and",
            Self::UnterminatedString => "condition-unterminated-string",
            Self::LegacyNeedsVersion => "condition-legacy-needs-version",
            Self::MixedKinds => "condition-mixed-kinds",
            Self::StringOrder => "condition-string-order",
            Self::UnreadableOperand => "condition-unreadable-operand",
            Self::NumberTooLarge => "condition-number-too-large",
            Self::NegativeVersion => "condition-negative-version",
            Self::VersionFormats => "condition-version-formats",
        }
    }

    /// The problem in words, for people.
    #[must_use]
    pub const fn problem(self) -> &'static str {
        match self {
            Self::Empty => "the condition is empty",
            Self::MissingOperand => "an operand is missing",
            Self::MissingOperator => "a comparison operator is missing",
            Self::MissingAnd => "the comparison does not end here",
            Self::UnterminatedString => "a string is not closed",
            Self::LegacyNeedsVersion => "a comparison without left side tests the software version",
            Self::MixedKinds => "a string is compared with something else",
            Self::StringOrder => "strings have no order",
            Self::UnreadableOperand => "an operand is neither an integer nor a version",
            Self::NumberTooLarge => "a number does not fit in 64 bits",
            Self::NegativeVersion => "a negative integer stands beside a dotted version",
            Self::VersionFormats => "two version formats are compared",
        }
    }
}

impl fmt::Display for ConditionErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A condition that cannot be parsed or evaluated: what, where, and what belongs there.
///
/// It never repeats the text of the condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("condition, byte {offset}: {}; expected {expected}", .code.problem())]
pub struct ConditionError {
    code: ConditionErrorCode,
    offset: usize,
    expected: &'static str,
}

impl ConditionError {
    pub(crate) const fn new(
        code: ConditionErrorCode,
        offset: usize,
        expected: &'static str,
    ) -> Self {
        Self {
            code,
            offset,
            expected,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn code(&self) -> ConditionErrorCode {
        self.code
    }

    /// Whether this is a syntax, a type or a format error.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.code.class()
    }

    /// Where it is, in bytes from the start of the parsed text, at most its length.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What should stand there, for people.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}
