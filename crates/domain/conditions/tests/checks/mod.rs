//! How the tests evaluate a condition and state what must come of it.

use onhook_conditions::ConditionErrorCode as Code;
use onhook_conditions::{ConditionError, parse};

pub(crate) const MPP: &str = "sip88xx.11-3-2MPP0001-609";

pub(crate) fn eval(text: &str, swver: &str) -> Result<bool, ConditionError> {
    parse(text)?.eval(swver, &mut ())
}

#[track_caller]
pub(crate) fn check_all(swver: &str, cases: &[(&str, Result<bool, Code>)]) {
    for (text, expected) in cases {
        let result = eval(text, swver).map_err(|error| error.code());
        assert_eq!(result, *expected, "`{text}` with {swver}");
    }
}
