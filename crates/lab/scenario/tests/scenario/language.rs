//! What is wrong in a file is told with its place and what to write.

use onhook_scenario::{DutKind, read};

#[track_caller]
fn told(text: &str) -> Vec<String> {
    match read("t.toml", text) {
        Ok(_) => panic!("it can be read: {text}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// A scenario with one more step.
fn step(step: &str) -> String {
    format!("id = \"t\"\nstep = [\n  {{ do = \"boot\" }},\n  {step},\n]\n")
}

/// A scenario with one more line.
fn with(line: &str) -> String {
    format!("id = \"t\"\nstep = [{{ do = \"boot\" }}]\n{line}\n")
}

#[test]
fn mistakes_of_files_are_told_with_their_place() {
    for (text, expected) in [
        (
            "id = ",
            "t.toml:1:6: not TOML: string values must be quoted, expected literal string",
        ),
        (
            "",
            "t.toml:1:1: there is no scenario: write `id` and [[step]], or several under [[scenario]]",
        ),
        (
            "idd = \"t\"",
            "t.toml:1:1: unknown key `idd`: did you mean `id`?",
        ),
        ("id = \"t\"", "t.toml:1:1: `step` is missing"),
        (
            "id = \"t\"\nstep = []",
            "t.toml:2:8: `step`: write 1 to 1000 steps",
        ),
        (
            "[[scenario]]\nid = \"t\"\nsteps = 1",
            "t.toml:3:1: unknown key `steps`: did you mean `step`?",
        ),
        (
            "x = 1\n[[scenario]]\nid = \"t\"",
            "t.toml:1:1: unknown key `x`: known are given, scenario",
        ),
        (
            &with("rules = [\"R-TRIG-1\", \"trig\"]"),
            "t.toml:3:22: `rules`: `trig` is no rule: write an id such as R-SCHED-6",
        ),
        (
            &with("dut = [\"agnet\"]"),
            "t.toml:3:8: `dut`: unknown word `agnet`: did you mean `agent`?",
        ),
        (
            &with("given.release = \"11.4\""),
            "t.toml:3:17: `release`: release `11.4` is unknown: use `11.3` or `10.4`",
        ),
        (
            &with("given.readings = { triger = \"gate\" }"),
            "t.toml:3:20: unknown key `triger`: did you mean `triggers`?",
        ),
        (
            &with("given.params = { Profile_Ruel = \"/x\" }"),
            "t.toml:3:18: a mpp phone of release 11.3 has no parameter `Profile_Ruel`: did you mean `Profile_Rule`?",
        ),
        (
            &with("given.options = { 66 = \"\" }"),
            "t.toml:3:24: `66`: `` names no server: its value is empty",
        ),
        (
            &with("given.files = { \"p.xml\" = \"\" }"),
            "t.toml:3:17: `p.xml` is no path: write one that begins with /, or a whole URL",
        ),
        (
            &with("given.files = { \"/p\" = { set = {}, text = \"\" } }"),
            "t.toml:3:36: write `set` or `text`, not both",
        ),
        (
            &with("given.clock = \"2026-02-31T00:00\""),
            "t.toml:3:15: `clock`: `2026-02-31T00:00` is no time: write one of UTC such as 2026-11-23T09:30, or unset",
        ),
        (
            &with("given.slots = { othr = \"x\" }"),
            "t.toml:3:17: unknown key `othr`: did you mean `other`?",
        ),
        (
            &with("given.slots = true"),
            "t.toml:3:15: `slots`: write a table, { key = value }",
        ),
        (
            &with("given.idle_settle_s = 61"),
            "t.toml:3:23: `idle_settle_s`: write a whole number, 0 to 60",
        ),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
}

/// Steps, and what is said of them.
const STEPS: &[(&str, &str)] = &[
    ("{ }", "4:3: a step begins with `do` or `expect`"),
    (
        "{ d = \"boot\" }",
        "4:3: a step begins with `do` or `expect`: did you mean `do`?",
    ),
    (
        "{ do = \"boot\", expect = \"request\" }",
        "4:18: write `do` or `expect`, not both in one step",
    ),
    (
        "{ do = \"boots\" }",
        "4:10: `do`: unknown word `boots`: did you mean `boot`?",
    ),
    (
        "{ do = \"wait\", form = \"1s\" }",
        "4:18: unknown key `form`: did you mean `for`?",
    ),
    ("{ do = \"wait\" }", "4:3: `for` is missing"),
    (
        "{ do = \"wait\", for = \"1\" }",
        "4:24: `for`: `1` is no span of time: write a span such as 90s, 1h30m or 250ms",
    ),
    (
        "{ do = \"wait\", for = 1 }",
        "4:24: `for`: write a text in quotes",
    ),
    (
        "{ do = \"line\", line = 17, is = \"busy\" }",
        "4:25: `line`: write a whole number, 1 to 16",
    ),
    (
        "{ do = \"line\", line = 1, is = \"bussy\" }",
        "4:33: `is`: unknown word `bussy`: did you mean `busy`?",
    ),
    (
        "{ do = \"fault\", fault = \"stauts=503\" }",
        "4:27: `fault`: unknown fault `stauts`: did you mean `status`?",
    ),
    (
        "{ do = \"set\", params = { Resync_Periodic = \"soon\" } }",
        "4:46: `Resync_Periodic`: ",
    ),
    (
        "{ expect = \"request\", within = \"5s..1s\" }",
        "4:34: `within`: the window is empty: 5s is after 1s",
    ),
    (
        "{ expect = \"request\", within = \"1s\", at = \"1s\" }",
        "4:40: write `within` or `at`, not both",
    ),
    (
        "{ expect = \"request\", after = \"boot\" }",
        "4:25: `after` says from where a window counts: write `within` too",
    ),
    (
        "{ expect = \"request\", within = \"1s\", after = \"bot\" }",
        "4:48: `after`: no step before this one is called `bot`: did you mean `boot`?",
    ),
    (
        "{ expect = \"request\", url = \"p.xml\" }",
        "4:31: `url`: write a path that begins with /, a whole URL, or *",
    ),
    (
        "{ expect = \"request\", method = \"get\" }",
        "4:34: `method`: unknown word `get`",
    ),
    (
        "{ expect = \"request\", head = \"*\" }",
        "4:32: `head`: write a list in square brackets",
    ),
    (
        "{ do = \"fault\", fault = \"oack=blksize\" }",
        "4:27: `fault`: ",
    ),
    (
        "{ expect = \"request\", prvst = 3 }",
        "4:33: `prvst`: write a whole number, -1 to 2",
    ),
    (
        "{ expect = \"param\", name = \"GPP_Z\", is = \"\" }",
        "4:23: a mpp phone of release 11.3 has no parameter `GPP_Z`",
    ),
    (
        "{ expect = \"param\", name = \"GPP_A\" }",
        "4:3: write `is` with a value, or `like` with a form",
    ),
    (
        "{ expect = \"state\", is = \"wating\" }",
        "4:28: `is`: unknown word `wating`: did you mean `waiting`?",
    ),
    (
        "{ expect = \"event\", event = \"resync.started.\" }",
        "4:31: `event`: unknown word `resync.started.`: did you mean `resync.started`?",
    ),
    (
        "{ do = \"resync\", as = \"boot\" }",
        "4:3: the name `boot` is taken: choose another",
    ),
];

#[test]
fn mistakes_of_steps_are_told_with_their_place() {
    for (text, expected) in STEPS {
        let problems = told(&step(text));
        let start = format!("t.toml:{expected}");
        assert!(
            problems.len() == 1 && problems[0].starts_with(&start),
            "{text}\n{problems:?}\n{start}"
        );
    }
}

#[test]
fn every_scenario_of_a_file_is_looked_at() {
    let text = "[[scenario]]\nid = \"a\"\n[[scenario]]\nid = \"b\"\nstep = [{ do = \"boot\" }]\n\
                [[scenario]]\nid = \"b\"\nstep = [{ do = \"boot\" }]\n";
    assert_eq!(
        told(text),
        [
            "t.toml:1:1: `step` is missing",
            "t.toml:6:1: the id `b` is taken: line 3 has it"
        ]
    );
}

#[test]
fn what_is_given_in_the_file_is_given_in_each_scenario_and_the_scenario_wins() {
    let text = r#"
        [given]
        release = "10.4"
        params = { GPP_A = "file", GPP_B = "file" }
        [[scenario]]
        id = "a"
        dut = ["agent"]
        step = [{ do = "boot" }]
        [[scenario]]
        id = "b"
        given.params = { GPP_B = "own" }
        given.readings = { triggers = "gate", random_delay_unit_s = 1 }
        [[scenario.step]]
        do = "boot"
        [[scenario.step]]
        expect = "request"
        within = "3600..4200s"
    "#;
    let scenarios = read("t.toml", text).unwrap();
    let [a, b] = scenarios.as_slice() else {
        panic!("{}", scenarios.len());
    };
    assert_eq!(a.duts, [DutKind::Agent]);
    assert_eq!(b.duts.len(), 3);
    assert_eq!(a.given.params["GPP_B"], "file");
    assert_eq!(
        (
            b.given.params["GPP_A"].as_str(),
            b.given.params["GPP_B"].as_str()
        ),
        ("file", "own")
    );
    assert_eq!(a.given.scope.release.name(), "10.4");
    assert_eq!(b.given.scope.readings.word("triggers").unwrap(), "gate");
    assert_eq!(b.steps.len(), 2);
    assert_eq!(b.steps[1].to_string(), "expect a request within 1h..1h10m");
}

/// The published shape of a file.
const SCHEMA: &str = include_str!("../../../../../docs/schemas/scenario.schema.json");

#[test]
fn every_word_and_key_that_is_published_is_known() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let steps = schema["$defs"]["step"]["oneOf"].as_array().unwrap();
    let mut words = 0;
    for published in steps {
        let properties = published["properties"].as_object().unwrap();
        let verb = ["do", "expect"]
            .into_iter()
            .find(|verb| properties.contains_key(*verb));
        let verb = verb.unwrap();
        let word = properties[verb]["const"].as_str().unwrap();
        words += 1;
        for key in properties.keys().filter(|key| *key != verb) {
            let text = step(&format!("{{ {verb} = \"{word}\", {key} = [] }}"));
            let problems = told(&text);
            assert!(!problems[0].contains("unknown"), "{problems:?}");
        }
        let problems = told(&step(&format!("{{ {verb} = \"{word}\", nobody = 1 }}")));
        let known = problems[0].contains("unknown key `nobody`");
        assert!(known, "{problems:?}");
    }
    assert_eq!(
        words, 38,
        "a word that is not published, or one that is new"
    );
}

/// The manual.
const MANUAL: &str = include_str!("../../../../../docs/scenarios.md");

#[test]
fn the_manual_names_every_word_and_its_example_passes() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    for published in schema["$defs"]["step"]["oneOf"].as_array().unwrap() {
        for verb in ["do", "expect"] {
            if let Some(word) = published["properties"][verb]["const"].as_str() {
                assert!(
                    MANUAL.contains(&format!("`{word}`")),
                    "{word} is not in the manual"
                );
            }
        }
    }
    for word in schema["$defs"]["given"]["properties"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(
            MANUAL.contains(&format!("`{word}`")),
            "{word} is not in the manual"
        );
    }
    let example = MANUAL.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let report = crate::common::report(example).unwrap();
    let row = &report.rows[0];
    assert_eq!(row.verdict, onhook_scenario::Verdict::Pass, "{}", row.why);
    let shown = onhook_scenario::report::row(row, 1) + &onhook_scenario::report::ending(&report);
    assert!(MANUAL.contains(&shown), "{shown}");
}
