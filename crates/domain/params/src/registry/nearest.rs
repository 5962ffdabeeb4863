//! A guess at what a misspelt element name was meant to be.

use super::{ParamId, Scope};

/// Longer names are not compared; the longest element has 47 bytes.
const LONGEST: usize = 64;

/// How many edits may lie between a name and the guess.
const EDITS: usize = 3;

impl ParamId {
    /// The known parameter whose name is nearest to `name`, ignoring case and at most three edits away.
    ///
    /// Short names allow fewer edits. For diagnostics: it compares with every name of the scope, which
    /// takes about a millisecond.
    #[must_use]
    pub fn nearest(name: &str, scope: &Scope) -> Option<Self> {
        if name.len() > LONGEST {
            return None;
        }
        let wanted = name.to_ascii_lowercase();
        let mut best = None;
        let mut limit = EDITS.min(name.len() / 3);
        let mut known = String::with_capacity(LONGEST);
        for id in Self::all(scope) {
            known.clear();
            id.push_name(&mut known);
            known.make_ascii_lowercase();
            let Some(edits) = distance(wanted.as_bytes(), known.as_bytes(), limit) else {
                continue;
            };
            best = Some(id);
            if edits == 0 {
                break;
            }
            limit = edits - 1;
        }
        best
    }
}

/// The edit distance of two texts of at most `LONGEST` bytes, if it is within `limit`.
fn distance(a: &[u8], b: &[u8], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: [usize; LONGEST + 1] = std::array::from_fn(|i| i);
    let row = row.get_mut(..=b.len())?;
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        let mut least = previous;
        let (first, rest) = row.split_first_mut()?;
        *first = previous;
        for (cell, right) in rest.iter_mut().zip(b) {
            let replaced = diagonal + usize::from(left != right);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(previous + 1);
            previous = *cell;
            least = least.min(previous);
        }
        if least > limit {
            return None;
        }
    }
    row.last().copied().filter(|edits| *edits <= limit)
}
