//! Which scenarios look at packets, of which virtual time has none.

use crate::dut::Halt;
use crate::language::{Do, Expect, Expected, Fault, Pattern, Scenario, What};

/// Refuses what happens to packets or is seen in them.
pub(crate) fn check(scenario: &Scenario) -> Result<(), Halt> {
    for step in &scenario.steps {
        let what = match &step.what {
            What::Do(Do::Fault(_, Fault::Wire(words))) => format!("`{words}`"),
            What::Expect(Expect {
                what: Expected::Happens(Pattern::Request { head: Some(_), .. }),
                ..
            }) => "the head of a request".to_owned(),
            What::Do(_) | What::Expect(_) => continue,
        };
        return Err(Halt::Cannot(format!(
            "line {}: virtual time has no packets, and {what} is about them",
            step.line
        )));
    }
    Ok(())
}
