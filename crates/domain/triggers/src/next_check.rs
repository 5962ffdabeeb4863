//! When a condition can next change, so that nobody asks it each second.

use std::num::NonZeroU64;
use std::ops::Range;

use onhook_conditions::{Comparison, Form, Operand};
use onhook_macros::{Expanded, Insertion, MacroName, Substring};

/// The next second, whatever it brings.
const NEXT_SECOND: NonZeroU64 = NonZeroU64::MIN;

/// Seconds until a comparison of the condition can change, if nothing but the time goes on; `None` for never.
///
/// `moving` says which timers grow by one each second: PRVTMR and UPGTMR always, REGTMRn while that line is not
/// registered. No change is ever missed. A comparison of one moving timer with something that stands still gives
/// the second of its next change; a timer that is glued to other text or cut gives the next second.
#[must_use]
pub fn next_check(condition: &Expanded, moving: impl Fn(MacroName) -> bool) -> Option<NonZeroU64> {
    let moves = |insertion: &&Insertion| moving(insertion.name);
    let mut timers = condition.insertions().iter().filter(moves).peekable();
    timers.peek()?;
    let Ok(parsed) = onhook_conditions::parse(condition.text()) else {
        // Digits more or less turn no text into a condition; a cut timer may vanish and come back.
        return (!timers.all(is_whole)).then_some(NEXT_SECOND);
    };
    let mut next: Option<NonZeroU64> = None;
    let mut timer = timers.next();
    //= R-TRIG-6
    // Looking then sees what looking each second would see.
    // Both lists are in order of the text, so one walk finds which timer stands where.
    for comparison in parsed.comparisons() {
        let (left, right) = sides(&comparison);
        let mut found = [false; 2];
        while let Some(insertion) = timer
            && insertion.output.start < right.end
        {
            let side = [&left, &right]
                .into_iter()
                .position(|side| *side == insertion.output);
            match side.and_then(|side| found.get_mut(side)) {
                Some(place) if is_whole(insertion) => *place = true,
                _ => return Some(NEXT_SECOND),
            }
            timer = timers.next();
        }
        let change = match found {
            [false, false] => None,
            [true, false] => change(comparison.left, comparison.right),
            [false, true] => change(comparison.right, comparison.left),
            // Both grow, so they keep their distance.
            [true, true] => None,
        };
        next = match (next, change) {
            (Some(next), Some(change)) => Some(next.min(change)),
            (next, change) => next.or(change),
        };
    }
    match timer {
        Some(_) => Some(NEXT_SECOND),
        None => next,
    }
}

fn is_whole(insertion: &Insertion) -> bool {
    insertion.part == Substring::WHOLE
}

/// Where the operands stand in the text, without quotes; the left one is empty if it is not written.
fn sides(comparison: &Comparison<'_>) -> (Range<usize>, Range<usize>) {
    let range = |operand: Operand<'_>, offset: usize| {
        let start = match operand {
            Operand::Text(_) => offset + 1,
            Operand::Bare(_) => offset,
        };
        start..start + operand.text().len()
    };
    match comparison.form {
        Form::Full => (
            range(comparison.left, comparison.left_offset),
            range(comparison.right, comparison.right_offset),
        ),
        Form::ImplicitLeft | Form::True => {
            let right = range(comparison.right, comparison.right_offset);
            (right.start..right.start, right)
        }
    }
}

/// Seconds until a growing timer stands differently to something that stands still.
///
/// The order changes when the timer reaches the whole part of the other side, and once more behind it.
fn change(timer: Operand<'_>, still: Operand<'_>) -> Option<NonZeroU64> {
    let Ok(now) = timer.text().parse::<u64>() else {
        return Some(NEXT_SECOND);
    };
    // A dotted version is passed where its first number is; what has no number never changes its order.
    let digits = still.text().split(['.', '(']).next().unwrap_or("");
    let there: u64 = digits.parse().ok()?;
    let ahead = there.saturating_sub(now);
    match NonZeroU64::new(ahead) {
        Some(ahead) => Some(ahead),
        None if there == now => Some(NEXT_SECOND),
        None => None,
    }
}
