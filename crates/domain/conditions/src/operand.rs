//! The parts of a comparison as they are written.

use std::cmp::Ordering;

/// One side of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand<'t> {
    /// The characters between two double quotes.
    Text(&'t str),
    /// Anything unquoted; read as an integer or a version when reached.
    Bare(&'t str),
}

impl<'t> Operand<'t> {
    /// The characters of the operand, without quotes.
    #[must_use]
    pub const fn text(&self) -> &'t str {
        match self {
            Self::Text(text) | Self::Bare(text) => text,
        }
    }

    /// Whether the operand is written as an integer: digits, perhaps behind one `-`.
    pub(crate) fn looks_like_integer(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Bare(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
            }
        }
    }
}

/// A comparison operator; words and symbols mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RelOp {
    /// `=` or `eq`.
    Equal,
    /// `!=`, `ne` or the legacy `!`.
    NotEqual,
    /// `<` or `lt`.
    Less,
    /// `<=` or `le`.
    LessOrEqual,
    /// `>` or `gt`.
    Greater,
    /// `>=` or `ge`.
    GreaterOrEqual,
}

impl RelOp {
    /// Reads a word operator; only lower case counts.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        //= R-COND-10
        match word {
            "eq" => Some(Self::Equal),
            "ne" => Some(Self::NotEqual),
            "lt" => Some(Self::Less),
            "le" => Some(Self::LessOrEqual),
            "gt" => Some(Self::Greater),
            "ge" => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    /// The symbol, for example `>=`.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether the comparison is true when the left side stands in this order to the right.
    #[must_use]
    pub const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// How a comparison is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Form {
    /// Both sides are given.
    Full,
    /// Only the right side is given; the software version stands in for the left (R-COND-6).
    ImplicitLeft,
    /// The bare word `true`.
    True,
}

/// One comparison as written; offsets are bytes from the start of the parsed text.
///
/// The word `true` is shown as `true = true`. With [`Form::ImplicitLeft`] the left
/// operand is an empty [`Operand::Bare`] at the offset of the operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comparison<'t> {
    /// How it is written.
    pub form: Form,
    /// The left side.
    pub left: Operand<'t>,
    /// Where the left side starts.
    pub left_offset: usize,
    /// The operator.
    pub op: RelOp,
    /// The right side.
    pub right: Operand<'t>,
    /// Where the right side starts.
    pub right_offset: usize,
}
