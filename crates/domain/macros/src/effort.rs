//! How much compiling looks at, counted in unit tests: bounds that hold on every machine.

use std::cell::Cell;

use crate::{Expanded, MacroName, MacroSource, Template};

thread_local! {
    static LOOKED: Cell<usize> = const { Cell::new(0) };
}

/// Counts bytes that the compiler looked at.
pub(crate) fn looked(bytes: usize) {
    LOOKED.with(|count| count.set(count.get() + bytes));
}

/// Counts how often a value is asked for.
struct Counting(Cell<usize>);

impl MacroSource for Counting {
    fn push_value(&self, _name: MacroName, out: &mut String) {
        self.0.set(self.0.get() + 1);
        out.push_str("value");
    }
}

#[test]
fn sixty_four_kib_of_anything_are_looked_at_a_few_times() {
    let size = 64 * 1024;
    for part in [
        "$", "$$", "$A", "$(", "$(A", "$(A:", "$(A:1:2:", "$(A)", "$(A:1)", "$STRANGE", "%", "%s",
        "a", "$(A:1", "é$", "$SA",
    ] {
        for text in [
            part.repeat(size / part.len()),
            format!("$({}", "A".repeat(size)),
        ] {
            LOOKED.with(|count| count.set(0));
            let template = Template::compile(&text);
            let effort = LOOKED.with(Cell::get);
            assert!(
                effort > 0 && effort <= 8 * text.len(),
                "{part}: {} times",
                effort / text.len()
            );
            // Each value is asked for once, and nothing that it brings is looked at again.
            let source = Counting(Cell::new(0));
            let mut out = Expanded::new();
            template.expand(&source, &mut out);
            assert_eq!(source.0.get(), out.insertions().len());
            assert!(out.text().len() <= text.len() + "value".len() * source.0.get());
            assert_eq!(LOOKED.with(Cell::get), effort);
        }
    }
}
