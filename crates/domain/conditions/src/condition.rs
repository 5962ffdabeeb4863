//! The entry points: parse once, evaluate when needed.

use crate::error::ConditionError;
use crate::evaluate::{Recorder, compare};
use crate::operand::Comparison;
use crate::syntax::Comparisons;

/// A condition whose syntax has been checked; it borrows the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition<'t> {
    text: &'t str,
}

/// Checks the syntax of a whole condition, macros already expanded, no parentheses around it.
///
/// Nothing is evaluated: operands that cannot be read or compared are found when
/// [`Condition::eval`] reaches them (R-COND-8).
///
/// # Errors
/// The text is not a list of comparisons joined by `and`; the class is always
/// [`ErrorClass::Syntax`](crate::ErrorClass::Syntax).
pub fn parse(text: &str) -> Result<Condition<'_>, ConditionError> {
    //= R-COND-8
    // The whole list is read, so that an error behind a false comparison is still found.
    for comparison in Comparisons::new(text) {
        comparison?;
    }
    Ok(Condition { text })
}

/// Reads and evaluates a condition in one pass: what [`parse`] and [`Condition::eval`] do in two.
///
/// `swver` and the recorder are those of [`Condition::eval`]; the recorder may see comparisons before a syntax error
/// is found.
///
/// # Errors
/// A syntax error anywhere; else the type or format error of a comparison that was reached.
pub fn evaluate(
    text: &str,
    swver: &str,
    recorder: &mut dyn Recorder,
) -> Result<bool, ConditionError> {
    let mut result = Ok(true);
    for comparison in Comparisons::new(text) {
        //= R-COND-8
        // The rest is read for its syntax alone.
        let comparison = comparison?;
        if result == Ok(true) {
            result = compare(&comparison, swver, recorder);
        }
    }
    result
}

impl<'t> Condition<'t> {
    /// The text as given to [`parse`].
    #[must_use]
    pub const fn text(&self) -> &'t str {
        self.text
    }

    /// All comparisons in the order written, reached or not.
    pub fn comparisons(&self) -> impl Iterator<Item = Comparison<'t>> + use<'t> {
        Comparisons::new(self.text).filter_map(Result::ok)
    }

    /// Evaluates from left to right, stops at the first false comparison (R-COND-8).
    ///
    /// `swver` is the running software version (`$SWVER`), the left side of a comparison
    /// that has none. The recorder sees each comparison that was reached, also a failing one.
    ///
    /// # Errors
    /// A comparison that was reached has a type or format error.
    pub fn eval(&self, swver: &str, recorder: &mut dyn Recorder) -> Result<bool, ConditionError> {
        //= R-COND-1
        for comparison in Comparisons::new(self.text) {
            //= R-COND-8
            if !compare(&comparison?, swver, recorder)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
