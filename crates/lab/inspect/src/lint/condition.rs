//! What a condition compares.

use std::ops::Range;

use onhook_conditions::{
    Comparison, Condition, ConditionError, ConditionErrorCode, Form, Operand, RelOp,
};
use onhook_macros::{Expanded, Insertion, MacroName};
use onhook_rules::RuleErrorCode;

use super::checks::{
    AND_OPERATOR, EMPTY_MACRO, MIXED_KINDS, OR_OPERATOR, QUOTED_VERSION, UNQUOTED_MACRO,
    UNQUOTED_TEXT,
};
use super::finding::{Check, Severity};
use super::source::{Findings, View};

/// One side of a comparison.
struct Side<'c> {
    operand: Operand<'c>,
    /// In the expanded text, quotes included.
    range: Range<usize>,
}

/// Looks at the comparisons of a condition whose text begins at `base` of the expansion, reached or not.
///
/// `worst` says how bad a missing operand is.
pub(super) fn comparisons(
    view: &View<'_>,
    out: &mut Findings,
    condition: &Condition<'_>,
    base: usize,
    worst: Severity,
) {
    let swver = view.source.swver();
    for comparison in condition.comparisons() {
        let [left, right] = [
            side(comparison.left, base + comparison.left_offset),
            side(comparison.right, base + comparison.right_offset),
        ];
        let whole = base + comparison.left_offset..right.range.end;
        let mut sides = vec![right];
        if comparison.form == Form::Full {
            sides.insert(0, left);
        }
        if is_empty_operand(view, out, &sides, worst) || mixed(view, out, &sides) {
            continue;
        }
        versions_in_quotes(view, out, &sides, &comparison);
        // What is left is asked of the language itself, one comparison at a time.
        let text = view.expanded.text().get(whole.clone()).unwrap_or("");
        let result = onhook_conditions::parse(text).and_then(|one| one.eval(&swver, &mut ()));
        if let Err(error) = result
            && !joined_otherwise(view, out, &whole)
        {
            failure(view, out, &whole, &error);
        }
    }
}

/// A comparison that fails when it is reached.
fn failure(view: &View<'_>, out: &mut Findings, whole: &Range<usize>, error: &ConditionError) {
    let at = whole.start + error.offset();
    let range = view.map.range(&(at..whole.end.max(at)));
    if error.code() == ConditionErrorCode::UnreadableOperand {
        out.add(
            UNQUOTED_TEXT,
            range,
            "this is neither an integer nor a version",
            "put quotes around both sides if they are strings",
        );
        return;
    }
    let check = Check::error(
        error.code().name(),
        RuleErrorCode::Condition(error.code()).problem(),
    );
    out.add(
        check,
        range,
        "the comparison fails when it is reached",
        format!("write {}", error.expected()),
    );
}

fn side(operand: Operand<'_>, start: usize) -> Side<'_> {
    let quotes = match operand {
        Operand::Text(_) => 2,
        Operand::Bare(_) => 0,
    };
    Side {
        operand,
        range: start..start + operand.text().len() + quotes,
    }
}

/// The macros whose values lie in a range, empty ones included.
fn inside<'e>(
    expanded: &'e Expanded,
    range: &Range<usize>,
) -> impl Iterator<Item = &'e Insertion> + use<'e> {
    let all = expanded.insertions();
    let first = all.partition_point(|insertion| insertion.output.start < range.start);
    let end = range.end;
    all.iter()
        .skip(first)
        .take_while(move |insertion| insertion.output.end <= end)
}

/// An operand that is nothing but a macro without a value.
fn is_empty_operand(
    view: &View<'_>,
    out: &mut Findings,
    sides: &[Side<'_>],
    worst: Severity,
) -> bool {
    let mut found = false;
    for side in sides {
        let empty = inside(view.expanded, &side.range)
            .find(|insertion| insertion.output == side.range && view.source.is_empty(insertion));
        if let Some(insertion) = empty {
            let name = insertion.name;
            out.add(
                EMPTY_MACRO.at(worst),
                view.map.range(&side.range),
                format!("`${name}` has no value here, and then its operand is missing"),
                format!("write `\"${name}\"` and a string on the other side, or give it a value"),
            );
            found = true;
        }
    }
    found
}

/// A string beside something that is none.
fn mixed(view: &View<'_>, out: &mut Findings, sides: &[Side<'_>]) -> bool {
    let [left, right] = sides else {
        return false;
    };
    let bare = match (left.operand, right.operand) {
        (Operand::Text(_), Operand::Bare(_)) => right,
        (Operand::Bare(_), Operand::Text(_)) => left,
        (Operand::Text(_), Operand::Text(_)) | (Operand::Bare(_), Operand::Bare(_)) => {
            return false;
        }
    };
    let range = view.map.range(&bare.range);
    let written = view.source.show(range.clone());
    let is_macro = written.starts_with('$') || inside(view.expanded, &bare.range).next().is_some();
    let (check, message, fix) = if is_macro {
        (
            UNQUOTED_MACRO,
            format!("`{written}` stands without quotes beside a string"),
            format!("write `\"{written}\"`"),
        )
    } else {
        (
            MIXED_KINDS,
            format!("`{written}` stands beside a string and is none"),
            format!("write `\"{written}\"`, or take the quotes of the other side away"),
        )
    };
    out.add(check, range, message, fix);
    true
}

/// A version that is compared as a text.
fn versions_in_quotes(
    view: &View<'_>,
    out: &mut Findings,
    sides: &[Side<'_>],
    comparison: &Comparison<'_>,
) {
    let all_text = sides
        .iter()
        .all(|side| matches!(side.operand, Operand::Text(_)));
    let version = sides.iter().find(|side| {
        inside(view.expanded, &side.range).any(|insertion| {
            matches!(insertion.name, MacroName::SwVer | MacroName::HwVer)
                && insertion.output.len() + 2 == side.range.len()
        })
    });
    let is_equality = matches!(comparison.op, RelOp::Equal | RelOp::NotEqual);
    if let (true, true, Some(side)) = (all_text, is_equality, version) {
        let range = view.map.range(&side.range);
        let written = view.source.show(range.clone());
        out.add(
            QUOTED_VERSION,
            range,
            format!("`{written}` is compared as a text"),
            "take the quotes of both sides away to compare versions",
        );
    }
}

/// Whether comparisons are joined in a way that the language does not have; if so, it is noted.
///
/// `range` is where the condition stands in the expanded text, or the rest of the text if it has no end.
pub(super) fn joined_otherwise(view: &View<'_>, out: &mut Findings, range: &Range<usize>) -> bool {
    let text = view.expanded.text().get(range.clone()).unwrap_or("");
    let Some((at, word)) = wrong_word(text) else {
        return false;
    };
    let place = view
        .map
        .range(&(range.start + at..range.start + at + word.len()));
    let (check, fix) = match word {
        "||" | "or" | "OR" | "Or" => (
            OR_OPERATOR,
            "write two alternatives with `|` between them, or use the other trigger",
        ),
        _ => (AND_OPERATOR, "write `and`"),
    };
    out.add(check, place, format!("`{word}` joins no comparisons"), fix);
    true
}

/// The first word outside quotes that other languages join comparisons with.
fn wrong_word(text: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    // Every second part stands in quotes.
    for (number, part) in text.split('"').enumerate() {
        if number % 2 == 0 {
            let symbol = ["||", "&&"]
                .into_iter()
                .filter_map(|symbol| Some((part.find(symbol)?, symbol)))
                .min();
            let mut words = part.split([' ', '\t', '\r', '\n', '(', ')']);
            let word = words.find(|word| matches!(*word, "or" | "OR" | "Or" | "And" | "not" | ","));
            let word = word.map(|word| {
                let start = word.as_ptr().addr() - part.as_ptr().addr();
                (start, word)
            });
            if let Some((start, word)) = [symbol, word].into_iter().flatten().min() {
                let start = at + start;
                return text
                    .get(start..start + word.len())
                    .map(|word| (start, word));
            }
        }
        at += part.len() + 1;
    }
    None
}
