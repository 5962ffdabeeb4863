//! Why a phone decided what it did: its journal told in words.

use onhook_replay::{Kind, Teller};

/// How many steps before the end are told.
const LAST: usize = 12;

/// The last steps of a journal, one sentence each.
pub(crate) fn tell(journal: &str) -> Vec<String> {
    let mut teller = Teller::default();
    let mut steps: Vec<Vec<String>> = Vec::new();
    for line in journal.lines() {
        let told = match teller.line(line) {
            Ok(told) => told,
            Err(error) => {
                steps.push(vec![format!("the journal cannot be told: {error}")]);
                break;
            }
        };
        let mut step = vec![match told.kind {
            Kind::Step => format!("{:.3} s after the boot: {}", told.t, told.what),
            Kind::Life | Kind::Gap => told.what,
        }];
        step.extend(told.then.into_iter().map(|said| format!("  {said}")));
        steps.push(step);
    }
    let from = steps.len().saturating_sub(LAST);
    steps.drain(..from);
    steps.into_iter().flatten().collect()
}
