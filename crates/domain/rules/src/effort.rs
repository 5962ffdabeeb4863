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
    use crate::{RuleKind, parse, parse_report, select};

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
            "://",
            "a://b:c@",
            "@",
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
            let efforts = [
                of(|| {
                    let _ = select(RuleKind::Profile, &text, &[], "2.0", &mut ());
                }),
                of(|| {
                    let rule = parse(RuleKind::Profile, &text, &[]);
                    rule.ok().and_then(|rule| rule.first_unreachable());
                }),
                of(|| {
                    let _ = parse_report(&text, &[]);
                }),
                of(|| drop(crate::masked(&text))),
                of(|| drop(crate::with_server(&text, "h"))),
            ];
            let head: String = text.chars().take(20).collect();
            assert!(efforts.iter().sum::<usize>() > 0, "{head}");
            for (at, effort) in efforts.into_iter().enumerate() {
                let times = effort / text.len();
                assert!(times <= 12, "{head}: work {at} looks {times} times");
            }
        }
    }

    #[test]
    fn ten_thousand_alternatives_are_read_and_the_last_one_is_selected() {
        let text = format!("{}/b", "(1 eq 2)?/a|".repeat(10_000));
        let effort = of(|| {
            let selected = select(RuleKind::Profile, &text, &[], "", &mut ()).unwrap();
            assert!(matches!(selected, crate::Selection::Act(a) if a.index == 10_001));
        });
        assert!(effort <= 8 * text.len(), "{}", effort / text.len());
    }
}
