//! How much the parser looks at, counted in unit tests: bounds that hold on every machine.

use std::cell::Cell;

use crate::parse;

thread_local! {
    static LOOKED: Cell<usize> = const { Cell::new(0) };
}

/// Counts bytes that the parser looked at.
pub(crate) fn looked(bytes: usize) {
    LOOKED.with(|count| count.set(count.get() + bytes));
}

#[test]
fn sixty_four_kib_of_anything_are_looked_at_a_few_times() {
    let size = 64 * 1024;
    let parts = [
        "1 eq 1 and ",
        "\"a\" ne \"\" and ",
        "true and ",
        "<1.0 and ",
        " ",
        "1",
        "\"",
        "(",
        "2.0(a) ge 1 and ",
        "2.0(",
        "!",
        "and ",
        "1-1",
    ];
    for part in parts {
        let repeated = part.repeat(size / part.len());
        for text in [
            format!("{repeated}1 eq 1"),
            format!("1 eq 1 and {repeated}"),
            repeated.clone(),
        ] {
            LOOKED.with(|count| count.set(0));
            if let Ok(condition) = parse(&text) {
                let _ = condition.eval("2.0", &mut ());
            }
            let effort = LOOKED.with(Cell::get);
            assert!(
                effort > 0 && effort <= 16 * text.len(),
                "{part}: {} times",
                effort / text.len()
            );
        }
    }
}
