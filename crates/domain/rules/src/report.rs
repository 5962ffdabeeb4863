//! Report rules: up to two reports, each with a condition, options and a URL (rules.md 7).

use std::fmt;
use std::ops::Range;

use onhook_conditions::Recorder;
use onhook_macros::SecretSlot;

use crate::alternative::{Guard, Reading, read_groups};
use crate::cursor::Cursor;
use crate::options::Allowed;
use crate::url::ends_url;
use crate::{Options, RuleError, RuleErrorCode, Url};

/// Most reports that one rule names.
const MOST: u32 = 2;

/// What a report holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Content {
    /// The whole configuration.
    Full,
    /// What changed (`--delta`).
    Delta,
    /// Status data (`--status`).
    Status,
    /// What helps to find a problem; no option asks for it.
    Problem,
}

impl Content {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Delta => "delta",
            Self::Status => "status",
            Self::Problem => "problem",
        }
    }
}

/// One report of a rule: when, what and where to.
#[derive(Clone, Debug)]
pub struct Report<'t> {
    /// Its place in the rule, counted from 1.
    pub index: u32,
    /// Its byte range in the rule, without white space around it and without the `;` that ends it.
    pub range: Range<usize>,
    /// Its condition; without one it is always sent.
    pub guard: Option<Guard<'t>>,
    /// The options of the transfer, and those that choose the content.
    pub options: Options<'t>,
    /// Where it is sent.
    pub url: Url<'t>,
}

impl<'t> Report<'t> {
    /// What it holds.
    #[must_use]
    pub const fn content(&self) -> Content {
        //= R-REPORT-2
        match (self.options.delta, self.options.status) {
            (true, _) => Content::Delta,
            (false, true) => Content::Status,
            (false, false) => Content::Full,
        }
    }

    /// Whether it is sent when it is due.
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

    fn parse(
        cursor: &mut Cursor<'t>,
        slots: &'t [SecretSlot],
        index: u32,
        reading: &mut Reading<'_>,
    ) -> Result<Self, RuleError> {
        let start = cursor.at();
        let (guard, assignments) = read_groups(cursor, reading)?;
        if assignments.is_some() {
            return Err(RuleError::new(
                RuleErrorCode::MisplacedAssignments,
                start,
                "a condition, options and a URL; a report assigns nothing",
            ));
        }
        cursor.skip_space();
        let open = cursor.at();
        let options = if cursor.peek() == Some(b'[') {
            Options::parse(cursor, Allowed::Report, slots)?
        } else {
            Options::default()
        };
        //= R-REPORT-2
        if options.delta && options.status {
            return Err(RuleError::new(
                RuleErrorCode::ConflictingOptions,
                open,
                "either `--delta` or `--status`",
            ));
        }
        cursor.skip_space();
        let url_at = cursor.at();
        let run = cursor.take_while(|b| !ends_url(b));
        //= R-REPORT-1
        // The last `;` of the run ends the report, the others belong to the path.
        let url = run.strip_suffix(';').unwrap_or(run);
        if url.is_empty() {
            return Err(RuleError::new(
                RuleErrorCode::MissingUrl,
                url_at,
                "the URL that the report is sent to",
            ));
        }
        Ok(Self {
            index,
            range: start..url_at + url.len(),
            guard,
            options,
            url: Url::parse_at(url, url_at)?,
        })
    }
}

/// An expanded report rule without syntax errors.
#[derive(Clone, Copy)]
pub struct ReportRule<'t> {
    text: &'t str,
    slots: &'t [SecretSlot],
}

/// Checks an expanded report rule as a whole.
///
/// `slots` are those of the expansion, as for [`parse`](crate::parse). Allocates nothing.
///
/// # Errors
/// The first syntax error. A report rule has no alternatives and no assignments, names at most two
/// reports, and of the options only `--key`, `--uid`, `--pwd`, `--delta` and `--status`.
pub fn parse_report<'t>(
    text: &'t str,
    slots: &'t [SecretSlot],
) -> Result<ReportRule<'t>, RuleError> {
    let rule = ReportRule { text, slots };
    let mut reports = rule.reports();
    while reports.advance(&mut Reading::Check)?.is_some() {}
    Ok(rule)
}

impl<'t> ReportRule<'t> {
    /// The reports from left to right; none if the rule is blank.
    #[must_use]
    pub const fn reports(&self) -> Reports<'t> {
        Reports {
            rule: *self,
            rest: Cursor::new(self.text),
            index: 0,
        }
    }
}

impl fmt::Debug for ReportRule<'_> {
    /// Gives the length, never the text, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportRule")
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// Reads the reports of a rule one by one.
#[derive(Clone)]
pub struct Reports<'t> {
    rule: ReportRule<'t>,
    rest: Cursor<'t>,
    index: u32,
}

impl<'t> Reports<'t> {
    fn advance(&mut self, reading: &mut Reading<'_>) -> Result<Option<Report<'t>>, RuleError> {
        let cursor = &mut self.rest;
        cursor.skip_space();
        let at = cursor.at();
        match cursor.peek() {
            //= R-RULE-5
            None | Some(b'#') => return Ok(None),
            Some(b'|') => {
                return Err(RuleError::new(
                    RuleErrorCode::TrailingText,
                    at,
                    "white space or `;` between two reports, which are no alternatives",
                ));
            }
            //= R-REPORT-1
            Some(_) if self.index == MOST => {
                return Err(RuleError::new(
                    RuleErrorCode::TooManyReports,
                    at,
                    "the end of the rule behind its second report",
                ));
            }
            Some(_) => {}
        }
        self.index += 1;
        Report::parse(cursor, self.rule.slots, self.index, reading).map(Some)
    }
}

impl<'t> Iterator for Reports<'t> {
    type Item = Report<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        // The rule was checked when it was parsed.
        self.advance(&mut Reading::Trust).ok().flatten()
    }
}

impl fmt::Debug for Reports<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
