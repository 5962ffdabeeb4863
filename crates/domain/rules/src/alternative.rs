//! One alternative of a rule.

use std::fmt;
use std::ops::Range;

use onhook_conditions::{Condition, ErrorClass, Recorder};
use onhook_fetch::Scheme;
use onhook_macros::SecretSlot;

use crate::cursor::Cursor;
use crate::url::ends_url;
use crate::{Assignments, Options, RuleError, RuleErrorCode, RuleKind, Url};

/// The condition of an alternative, without its parentheses.
#[derive(Clone)]
pub struct Guard<'t> {
    /// The text between the parentheses.
    pub text: &'t str,
    /// Byte offset of the text in the rule.
    pub offset: usize,
}

/// What is done with the text of a condition as it is passed over.
pub(crate) enum Reading<'r> {
    /// Its syntax is checked.
    Check,
    /// Nothing: it was checked before.
    Trust,
    /// It is checked and evaluated.
    Judge {
        swver: &'r str,
        recorder: &'r mut dyn Recorder,
        /// Whether it is true; stays as it is without a condition.
        verdict: Result<bool, RuleError>,
    },
}

impl Reading<'_> {
    /// Reads a condition that begins at `offset` in the rule.
    fn condition(&mut self, text: &str, offset: usize) -> Result<(), RuleError> {
        let in_rule = |error| RuleError::of_condition(&error, offset);
        match self {
            //= R-RULE-15
            Self::Check => onhook_conditions::parse(text).map(|_| ()).map_err(in_rule),
            Self::Trust => Ok(()),
            Self::Judge {
                swver,
                recorder,
                verdict,
            } => match onhook_conditions::evaluate(text, swver, *recorder) {
                //= R-RULE-15
                Err(error) if error.class() == ErrorClass::Syntax => Err(in_rule(error)),
                //= R-COND-13
                result => {
                    *verdict = result.map_err(in_rule);
                    Ok(())
                }
            },
        }
    }
}

impl<'t> Guard<'t> {
    /// The condition, whose syntax was checked with the rule; its offsets count from [`Guard::offset`].
    ///
    /// # Errors
    /// None for the guard of a rule that was parsed.
    pub fn condition(&self) -> Result<Condition<'t>, RuleError> {
        onhook_conditions::parse(self.text).map_err(|e| RuleError::of_condition(&e, self.offset))
    }

    /// Whether the condition is true; `swver` is the value of SWVER.
    pub(crate) fn holds(
        &self,
        swver: &str,
        recorder: &mut dyn Recorder,
    ) -> Result<bool, RuleError> {
        //= R-COND-13
        onhook_conditions::evaluate(self.text, swver, recorder)
            .map_err(|e| RuleError::of_condition(&e, self.offset))
    }
}

impl fmt::Debug for Guard<'_> {
    /// Names the place, never the text, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// One alternative: what guards it and what it does.
///
/// With neither assignments nor URL it does nothing, which is a success (R-RULE-12).
#[derive(Clone, Debug)]
pub struct Alternative<'t> {
    /// Its place in the rule, counted from 1.
    pub index: u32,
    /// Its byte range in the rule, without white space around it.
    pub range: Range<usize>,
    /// Its condition; without one it is always selected.
    pub guard: Option<Guard<'t>>,
    /// What is set before the fetch.
    pub assignments: Assignments<'t>,
    /// The options of the fetch.
    pub options: Options<'t>,
    /// What is fetched.
    pub url: Option<Url<'t>>,
}

impl<'t> Alternative<'t> {
    /// Reads an alternative and leaves the cursor at the `|`, the `#` or the end behind it.
    pub(crate) fn parse(
        cursor: &mut Cursor<'t>,
        kind: RuleKind,
        slots: &'t [SecretSlot],
        index: u32,
        reading: &mut Reading<'_>,
    ) -> Result<Self, RuleError> {
        cursor.skip_space();
        let start = cursor.at();
        //= R-RULE-1
        let (guard, assignments) = read_groups(cursor, reading)?;
        let mut end = cursor.at();
        cursor.skip_space();
        let bracket = cursor.peek() == Some(b'[');
        let options = if bracket {
            Options::parse(cursor, kind.into(), slots)?
        } else {
            Options::default()
        };
        cursor.skip_space();
        let url_at = cursor.at();
        let url_text = cursor.take_while(|b| !ends_url(b));
        let url = if url_text.is_empty() {
            None
        } else {
            end = cursor.at();
            Some(Url::parse_at(url_text, url_at)?)
        };
        match &url {
            None if bracket => {
                return Err(RuleError::new(
                    RuleErrorCode::MissingUrl,
                    url_at,
                    "a URL behind the options",
                ));
            }
            //= R-OPT-5
            //= R-RULE-15
            Some(url) if options.post.is_some() && url.scheme == Scheme::Tftp => {
                return Err(RuleError::new(
                    RuleErrorCode::PostNeedsHttp,
                    url_at,
                    "`http://` or `https://`, which `--post` needs",
                ));
            }
            Some(_) | None => {}
        }
        cursor.skip_space();
        if let Some(next) = cursor.peek()
            && !ends_url(next)
        {
            return Err(RuleError::new(
                RuleErrorCode::TrailingText,
                cursor.at(),
                "`|`, a comment or the end of the rule behind the URL",
            ));
        }
        Ok(Self {
            index,
            range: start..end,
            guard,
            assignments: assignments.unwrap_or(Assignments::none()),
            options,
            url,
        })
    }

    /// Whether the alternative is selected when it is reached; one without a condition always is.
    ///
    /// `swver` is the value of SWVER, the left side of legacy comparisons.
    ///
    /// # Errors
    /// A comparison that was reached compares things that do not compare.
    pub fn holds(&self, swver: &str, recorder: &mut dyn Recorder) -> Result<bool, RuleError> {
        self.guard
            .as_ref()
            .map_or(Ok(true), |guard| guard.holds(swver, recorder))
    }
}

/// Reads the condition and the assignments, and passes over the white space before what follows.
pub(crate) fn read_groups<'t>(
    cursor: &mut Cursor<'t>,
    reading: &mut Reading<'_>,
) -> Result<(Option<Guard<'t>>, Option<Assignments<'t>>), RuleError> {
    let mut guard = None;
    let mut assignments = None;
    loop {
        let mut ahead = *cursor;
        ahead.skip_space();
        if ahead.peek() != Some(b'(') {
            return Ok((guard, assignments));
        }
        let open = ahead.at();
        let inside = ahead.group()?;
        ahead.skip_space();
        //= R-RULE-2
        match ahead.peek() {
            //= R-COND-12
            Some(b'?') if guard.is_none() && assignments.is_none() => {
                let offset = open + 1;
                reading.condition(inside, offset)?;
                guard = Some(Guard {
                    text: inside,
                    offset,
                });
            }
            Some(b'!') if assignments.is_none() => {
                assignments = Some(Assignments::parse(inside, open + 1)?);
            }
            Some(b'?' | b'!') => {
                return Err(RuleError::new(
                    RuleErrorCode::WrongOrder,
                    open,
                    "one condition, then one list of assignments, then options and URL",
                ));
            }
            _ => {
                return Err(RuleError::new(
                    RuleErrorCode::MissingMark,
                    ahead.at(),
                    "`?` behind a condition or `!` behind assignments",
                ));
            }
        }
        ahead.bump();
        *cursor = ahead;
    }
}
