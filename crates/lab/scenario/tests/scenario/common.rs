//! Running small scenarios in virtual time.

use std::time::Duration;

use onhook_scenario::{
    Dut, DutKind, Halt, Options, Problem, Report, Row, Run, Scenario, Verdict, read, run,
};

/// A phone that resyncs at once with one rule, and the file for it.
pub(crate) const GIVEN: &str = r#"
given.params = { Resync_Random_Delay = "0", Profile_Rule = "{http}/p.xml", Resync_Error_Retry_Delay = "60" }
given.files = { "/p.xml" = { set = { GPP_A = "x" } } }
"#;

/// Nobody ends the run, and there is nothing but virtual time.
#[derive(Default)]
pub(crate) struct Alone {
    /// Rows after which somebody wants it to end.
    pub(crate) most: Option<usize>,
    pub(crate) ended: usize,
}

impl Run for Alone {
    fn make(&mut self, kind: DutKind, _: &Scenario) -> Result<Box<dyn Dut>, Halt> {
        Err(Halt::Cannot(format!("no {}", kind.name())))
    }

    fn is_stopped(&self) -> bool {
        self.most.is_some_and(|most| self.ended >= most)
    }

    fn ended(&mut self, _: &mut Row) {
        self.ended += 1;
    }
}

pub(crate) fn options(duts: &[DutKind]) -> Options {
    Options {
        duts: duts.to_vec(),
        seed: 1,
        patience: Duration::from_secs(20),
    }
}

/// Reads a file and runs it.
pub(crate) fn report(text: &str) -> Result<Report, Vec<Problem>> {
    let scenarios = read("t.toml", text)?;
    run(
        &scenarios,
        &options(&[DutKind::Virtual]),
        &mut Alone::default(),
    )
}

/// The row of one scenario with these steps and [`GIVEN`].
#[track_caller]
pub(crate) fn row(steps: &str) -> Row {
    let text = format!("id = \"t\"\nstep = [\n{steps}\n]\n{GIVEN}");
    match report(&text) {
        Ok(mut report) => report.rows.remove(0),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// The steps pass.
#[track_caller]
pub(crate) fn passes(steps: &str) {
    let row = row(steps);
    assert_eq!(row.verdict, Verdict::Pass, "{steps}\n{}", row.why);
}

/// The steps fail, and this is said of it.
#[track_caller]
pub(crate) fn fails(steps: &str, why: &str) {
    let row = row(steps);
    assert_eq!(row.verdict, Verdict::Fail, "{steps}");
    assert!(row.why.contains(why), "{steps}\n{}", row.why);
}
