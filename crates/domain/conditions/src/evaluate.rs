//! Reads the operands of one comparison and compares them.

use crate::error::ConditionErrorCode as Code;
use crate::error::{ConditionError, ConditionErrorCode};
use crate::operand::{Comparison, Form, Operand, RelOp};
use crate::version::{Version, VersionError};

/// Sees every comparison that an evaluation reaches, in order.
pub trait Recorder {
    /// Takes note of one comparison, true, false or failed.
    fn comparison(&mut self, compared: &Compared<'_>);
}

impl Recorder for () {
    fn comparison(&mut self, _compared: &Compared<'_>) {}
}

/// As what two operands were compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// Two signed 64-bit integers.
    Integer,
    /// Two versions, or a dotted version and an integer.
    Version,
    /// Two strings.
    Text,
    /// The word `true`.
    Literal,
}

/// One comparison that an evaluation reached, for `explain`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compared<'t> {
    /// Where the comparison starts, in bytes from the start of the parsed text.
    pub offset: usize,
    /// The left side; the software version if [`Compared::form`] is [`Form::ImplicitLeft`].
    pub left: Operand<'t>,
    /// The operator.
    pub op: RelOp,
    /// The right side.
    pub right: Operand<'t>,
    /// How the comparison is written, which tells whether the left side was given.
    pub form: Form,
    /// As what the sides were compared; `None` if they could not be.
    pub kind: Option<Kind>,
    /// Whether the comparison is true, or why it failed.
    pub result: Result<bool, ConditionErrorCode>,
}

/// Evaluates one comparison and shows it to the recorder.
pub(crate) fn compare(
    comparison: &Comparison<'_>,
    swver: &str,
    recorder: &mut dyn Recorder,
) -> Result<bool, ConditionError> {
    let left = match comparison.form {
        Form::Full | Form::True => comparison.left,
        //= R-COND-6
        Form::ImplicitLeft => Operand::Bare(swver),
    };
    let outcome = sides(comparison, left);
    recorder.comparison(&Compared {
        offset: comparison.left_offset,
        left,
        op: comparison.op,
        right: comparison.right,
        form: comparison.form,
        kind: outcome.ok().map(|(kind, _)| kind),
        result: outcome.map(|(_, result)| result).map_err(|e| e.code()),
    });
    outcome.map(|(_, result)| result)
}

/// What an operand is once it has been read.
enum Value<'t> {
    Text(&'t str),
    Integer(i64),
    Version(Version<'t>),
}

fn sides(comparison: &Comparison<'_>, left: Operand<'_>) -> Result<(Kind, bool), ConditionError> {
    let op = comparison.op;
    let left = match comparison.form {
        Form::True => return Ok((Kind::Literal, true)),
        Form::Full => read(left, comparison.left_offset)?,
        // The text of the software version is not part of the condition: an error in it
        // is shown at the operator.
        Form::ImplicitLeft => read(left, 0).map_err(|error| {
            ConditionError::new(
                error.code(),
                comparison.left_offset,
                "a software version of the phone that can be read",
            )
        })?,
    };
    let right = read(comparison.right, comparison.right_offset)?;
    let versions = |left: &Version<'_>, right: &Version<'_>| -> Result<(Kind, bool), _> {
        let order = left.compare(right).map_err(|_| {
            //= R-VER-9
            ConditionError::new(
                Code::VersionFormats,
                comparison.right_offset,
                "a version of the same format on both sides",
            )
        })?;
        Ok((Kind::Version, op.holds(order)))
    };
    //= R-COND-2
    match (&left, &right) {
        (Value::Text(left), Value::Text(right)) => text(left, op, right)
            .map(|result| (Kind::Text, result))
            .ok_or_else(|| {
                ConditionError::new(
                    Code::StringOrder,
                    comparison.right_offset,
                    "`=`, `!=`, `eq` or `ne` between strings",
                )
            }),
        //= R-COND-4
        (Value::Text(_), Value::Integer(_) | Value::Version(_))
        | (Value::Integer(_) | Value::Version(_), Value::Text(_)) => Err(ConditionError::new(
            Code::MixedKinds,
            comparison.right_offset,
            "quotes around both sides or around none",
        )),
        (Value::Integer(left), Value::Integer(right)) => {
            Ok((Kind::Integer, op.holds(left.cmp(right))))
        }
        (Value::Integer(left), Value::Version(right)) => {
            versions(&one_part(*left, right, comparison.left_offset)?, right)
        }
        (Value::Version(left), Value::Integer(right)) => {
            versions(left, &one_part(*right, left, comparison.right_offset)?)
        }
        (Value::Version(left), Value::Version(right)) => versions(left, right),
    }
}

/// Whether `left op right` holds for strings; `None` for an ordering operator (R-COND-3).
fn text(left: &str, op: RelOp, right: &str) -> Option<bool> {
    //= R-COND-3
    //= R-VER-10
    match op {
        RelOp::Equal => Some(left == right),
        RelOp::NotEqual => Some(left != right),
        RelOp::Less | RelOp::LessOrEqual | RelOp::Greater | RelOp::GreaterOrEqual => None,
    }
}

fn read(operand: Operand<'_>, offset: usize) -> Result<Value<'_>, ConditionError> {
    let bare = match operand {
        Operand::Text(text) => return Ok(Value::Text(text)),
        Operand::Bare(bare) => bare,
    };
    if operand.looks_like_integer() {
        //= R-COND-9
        return bare.parse().map(Value::Integer).map_err(|_| {
            ConditionError::new(
                Code::NumberTooLarge,
                offset,
                "an integer of at most 64 bits with sign",
            )
        });
    }
    //= R-COND-8
    Version::parse(bare)
        .map(Value::Version)
        .map_err(|error| match error {
            VersionError::Malformed { expected, .. } => {
                ConditionError::new(Code::UnreadableOperand, offset + error.offset(), expected)
            }
            VersionError::TooLarge { .. } => ConditionError::new(
                Code::NumberTooLarge,
                offset + error.offset(),
                "a number of at most 64 bits",
            ),
            VersionError::FormatsDiffer => {
                ConditionError::new(Code::VersionFormats, offset, "one version")
            }
        })
}

/// Makes a dotted version of one part from an integer that stands beside `other`.
fn one_part(
    integer: i64,
    other: &Version<'_>,
    offset: usize,
) -> Result<Version<'static>, ConditionError> {
    match (u64::try_from(integer), other) {
        (Ok(number), Version::Dotted(_) | Version::Mpp(_)) => Ok(Version::one_part(number)),
        (Err(_), Version::Dotted(_)) => Err(ConditionError::new(
            Code::NegativeVersion,
            offset,
            "an integer of 0 or more beside a dotted version",
        )),
        (Err(_), Version::Mpp(_)) => Err(ConditionError::new(
            Code::VersionFormats,
            offset,
            "a version of the same format on both sides",
        )),
    }
}
