//! Contradictions are found before anything is run.

use crate::common::{GIVEN, report};

#[track_caller]
fn contradicts(steps: &str, why: &str) {
    let text = format!("id = \"t\"\nstep = [\n{steps}\n]\n{GIVEN}");
    match report(&text) {
        Ok(report) => panic!("it was run: {:?}", report.rows),
        Err(problems) => {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(told.len() == 1 && told[0].contains(why), "{told:?}");
        }
    }
}

#[test]
fn what_can_never_be_is_refused() {
    for (steps, why) in [
        (
            "{ expect = \"request\" }",
            "t.toml:3:1: t: expect a request: the phone has never had power",
        ),
        ("{ do = \"resync\" }", "the phone has no power"),
        (
            "{ do = \"boot\" },\n{ do = \"boot\" }",
            "t.toml:4:1: t: boot: it has power already: write power-cycle",
        ),
        (
            "{ do = \"boot\" },\n{ do = \"power-off\" },\n{ do = \"power-off\" }",
            "no power",
        ),
        (
            "{ do = \"boot\" },\n{ do = \"clear-fault\", path = \"/a\" }",
            "it does not fail there",
        ),
        (
            "{ do = \"boot\" },\n{ do = \"remove-file\", path = \"/a\" }",
            "the server has no such file",
        ),
        (
            "{ do = \"boot\" },\n{ expect = \"no-request\", for = \"900s\" },\n\
             { expect = \"request\", within = \"60..100s\", after = \"boot\" }",
            "t.toml:5:1: t: expect a request within 1m..1m40s after the boot: this can never be: the window closes 1m40s \
             after the first step at the latest, and the steps before take 15m at least",
        ),
        (
            "{ do = \"boot\", as = \"on\" },\n{ do = \"wait\", for = \"1h\" },\n\
             { expect = \"request\", at = \"30m\", after = \"on\" }",
            "this can never be",
        ),
    ] {
        contradicts(steps, why);
    }
}
