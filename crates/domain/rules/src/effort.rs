//! How much a parser looks at, counted in unit tests: bounds that hold on every machine.

use std::cell::Cell;

thread_local! {
    static LOOKED: Cell<usize> = const { Cell::new(0) };
}

/// Counts bytes that a parser looked at.
pub(crate) fn looked(bytes: usize) {
    LOOKED.with(|count| count.set(count.get() + bytes));
}

/// The bytes that a piece of work looks at.
pub(crate) fn of(work: impl FnOnce()) -> usize {
    LOOKED.with(|count| count.set(0));
    work();
    LOOKED.with(Cell::get)
}

mod tests {
    use super::*;
    use crate::{RuleKind, parse, parse_report};

    const KIB: usize = 1024;

    /// Texts of about this size that are hard in one way each.
    fn hard(size: usize) -> Vec<String> {
        let repeated = [
            "/a|",
            "(1 eq 2)?/a|",
            "(((",
            "()",
            "[",
            "]",
            "\"",
            "\"a\"",
            "|",
            "| ",
            "#",
            " ",
            "/",
            "(1 eq 1 and ",
            "--key ",
            "/--key",
        ];
        let mut texts: Vec<String> = repeated
            .iter()
            .map(|part| part.repeat(size / part.len()))
            .collect();
        let between = |head: &str, part: &str, tail: &str| {
            format!("{head}{}{tail}", part.repeat(size / part.len()))
        };
        texts.push(between("(", "a = \"1\"; ", ")! /a"));
        texts.push(between("(", "1 eq 1 and ", "1 eq 1)? /a"));
        texts.push(between("[", "--uid u ", "] /a"));
        texts.push(between("[--key \"", "x", "\"] /a"));
        texts.push(between("http://h/", "a", ""));
        texts.push(between("http://", "h", ":1/a"));
        texts.push(between("/a ", " ", "|"));
        texts.push(between(&"(".repeat(1000), "x", &")".repeat(1000)));
        texts.push(between("(\"", "(", "\" eq \"\")? /a"));
        texts
    }

    #[test]
    fn sixty_four_kib_of_anything_are_looked_at_a_few_times() {
        for text in hard(64 * KIB) {
            let effort = of(|| {
                if let Ok(rule) = parse(RuleKind::Profile, &text, &[]) {
                    let _ = rule.select("2.0", &mut ());
                    let _ = rule.first_unreachable();
                }
                let _ = parse_report(&text, &[]);
                let _ = crate::masked(&text);
            });
            let head: String = text.chars().take(20).collect();
            assert!(effort > 0, "{head}");
            assert!(
                effort <= 16 * text.len(),
                "{head}: {} times",
                effort / text.len()
            );
        }
    }

    #[test]
    fn ten_thousand_alternatives_are_read_and_the_last_one_is_selected() {
        let text = format!("{}/b", "(1 eq 2)?/a|".repeat(10_000));
        let rule = parse(RuleKind::Profile, &text, &[]).unwrap();
        let effort = of(|| {
            let selected = rule.select("", &mut ()).unwrap();
            assert!(matches!(selected, crate::Selection::Act(a) if a.index == 10_001));
        });
        assert!(effort <= 8 * text.len(), "{}", effort / text.len());
    }
}
