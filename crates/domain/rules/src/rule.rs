//! A whole rule and the selection of its alternative.

use std::fmt;

use onhook_conditions::Recorder;
use onhook_macros::SecretSlot;

use crate::alternative::Reading;
use crate::cursor::Cursor;
use crate::{Alternative, RuleError};

/// Which parameter a rule stands in, which decides its options.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RuleKind {
    /// Profile_Rule and B, C, D, or a rule given with a request.
    Profile,
    /// Upgrade_Rule.
    Upgrade,
}

impl RuleKind {
    /// The name used on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Upgrade => "upgrade",
        }
    }
}

/// An expanded rule without syntax errors.
#[derive(Clone, Copy)]
pub struct Rule<'t> {
    kind: RuleKind,
    text: &'t str,
    slots: &'t [SecretSlot],
}

/// What a rule asks for.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "boxing would allocate in every resync"
)]
pub enum Selection<'t> {
    /// The rule is blank or no alternative matched: the parameter is skipped, which is a success.
    Skip,
    /// Carry this out: assignments first, then the fetch (R-RULE-10).
    Act(Alternative<'t>),
}

/// Checks an expanded rule as a whole.
///
/// `slots` are those of the expansion: references that lie in the argument of `--key`, `--uid` or
/// `--pwd` are bound later, the others are plain text (R-MACRO-17). Allocates nothing.
///
/// # Errors
/// The first syntax error, also in an alternative that would not be reached.
pub fn parse<'t>(
    kind: RuleKind,
    text: &'t str,
    slots: &'t [SecretSlot],
) -> Result<Rule<'t>, RuleError> {
    let rule = Rule { kind, text, slots };
    //= R-RULE-15
    let mut alternatives = rule.alternatives();
    while alternatives.advance(&mut Reading::Check)?.is_some() {}
    Ok(rule)
}

/// Checks an expanded rule as a whole and selects its first alternative whose condition is true or which has none,
/// in one pass.
///
/// `slots` are those of [`parse`]. `swver` is the value of SWVER, the left side of legacy comparisons. The recorder
/// sees every comparison that is reached. Allocates nothing.
///
/// # Errors
/// The first syntax error, also in an alternative that is not reached; else a comparison that was reached compares
/// things that do not compare.
pub fn select<'t>(
    kind: RuleKind,
    text: &'t str,
    slots: &'t [SecretSlot],
    swver: &str,
    recorder: &mut dyn Recorder,
) -> Result<Selection<'t>, RuleError> {
    let mut alternatives = Rule { kind, text, slots }.alternatives();
    //= R-RULE-8
    //= R-RULE-9
    let mut judge = Reading::Judge {
        swver,
        recorder,
        verdict: Ok(true),
    };
    let mut selected = Ok(Selection::Skip);
    while let Some(alternative) = alternatives.advance(&mut judge)? {
        let Reading::Judge { verdict, .. } = &mut judge else {
            continue;
        };
        //= R-RULE-11
        if *verdict == Ok(false) {
            *verdict = Ok(true);
            continue;
        }
        //= R-RULE-12
        selected = verdict.map(|_| Selection::Act(alternative));
        // The rest is read for its syntax alone.
        judge = Reading::Check;
    }
    selected
}

impl<'t> Rule<'t> {
    /// The kind of the rule.
    #[must_use]
    pub const fn kind(&self) -> RuleKind {
        self.kind
    }

    /// The alternatives from left to right; none if the rule is blank.
    #[must_use]
    pub const fn alternatives(&self) -> Alternatives<'t> {
        Alternatives {
            rule: *self,
            rest: Some(Cursor::new(self.text)),
            index: 0,
        }
    }

    /// The number of the first alternative that can never be reached, counted from 1 (R-RULE-9).
    #[must_use]
    pub fn first_unreachable(&self) -> Option<u32> {
        let mut alternatives = self.alternatives();
        alternatives.find(|alternative| alternative.guard.is_none())?;
        alternatives.next().map(|alternative| alternative.index)
    }
}

impl fmt::Debug for Rule<'_> {
    /// Names the kind, never the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("kind", &self.kind)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// Reads the alternatives of a rule one by one.
#[derive(Clone)]
pub struct Alternatives<'t> {
    rule: Rule<'t>,
    rest: Option<Cursor<'t>>,
    index: u32,
}

impl<'t> Alternatives<'t> {
    fn advance(&mut self, reading: &mut Reading<'_>) -> Result<Option<Alternative<'t>>, RuleError> {
        let Some(mut cursor) = self.rest.take() else {
            return Ok(None);
        };
        if self.index == 0 {
            cursor.skip_space();
            //= R-RULE-5
            //= R-RULE-11
            //= R-APP-9
            if matches!(cursor.peek(), None | Some(b'#')) {
                return Ok(None);
            }
        }
        self.index = self.index.saturating_add(1);
        let Rule { kind, slots, .. } = self.rule;
        let alternative = Alternative::parse(&mut cursor, kind, slots, self.index, reading)?;
        if cursor.peek() == Some(b'|') {
            cursor.bump();
            self.rest = Some(cursor);
        }
        Ok(Some(alternative))
    }
}

impl<'t> Iterator for Alternatives<'t> {
    type Item = Alternative<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        // The rule was checked when it was parsed.
        self.advance(&mut Reading::Trust).ok().flatten()
    }
}

impl fmt::Debug for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
