//! What an unknown word may have meant.

/// Says which known word is nearest, or which there are; to be put behind an error that names the unknown one.
///
/// Near is a word that takes at most one edit, and one more for each three characters.
#[must_use]
pub fn suggest(word: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min();
    match nearest {
        Some((edits, candidate)) if edits <= 1 + word.chars().count() / 3 => {
            format!(": did you mean `{candidate}`?")
        }
        Some(_) | None => format!(": known are {}", known.join(", ")),
    }
}

/// The number of single-character edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let edit = corner + usize::from(x != y);
            corner = *cell;
            left = edit.min(left + 1).min(corner + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("sevrer", "server", 2),
            ("mac", "macs", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_word_is_meant_and_none_if_all_are_far() {
        let known = ["server", "serial", "mac"];
        for (word, said) in [
            ("sevrer", ": did you mean `server`?"),
            ("mca", ": did you mean `mac`?"),
            ("x", ": known are server, serial, mac"),
        ] {
            assert_eq!(suggest(word, &known), said, "{word}");
        }
    }
}
