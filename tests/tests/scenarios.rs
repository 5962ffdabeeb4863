//! Scenarios with the real program.
#![cfg(test)]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use onhook_tests::{Ended, Peer, program, violations};
use serde_json::Value;
use tempfile::TempDir;

/// A row that fails, one that passes, and one that waits.
const MIXED: &str = r#"
[given]
params = { Profile_Rule = "[--key s3cret] {http}/p.xml", Resync_Random_Delay = "0" }

[[scenario]]
id = "good"
rules = ["R-RULE-13"]
step = [{ do = "boot" }, { expect = "outcome", is = "B.fnf" }]

[[scenario]]
id = "bad/one"
step = [{ do = "boot" }, { expect = "outcome", is = "A.*" }]

[[scenario]]
id = "later"
pending = "a wonder"
step = [{ do = "boot" }]
"#;

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// A folder with one file of scenarios.
fn folder(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("rows.toml"), text).unwrap();
    dir
}

fn run(dir: &Path, args: &[&str]) -> Ended {
    let mut command = Command::new(program("onhook-harness").unwrap());
    command.arg("run").args(args).current_dir(dir);
    Peer::start(&mut command).unwrap().end().unwrap()
}

#[track_caller]
fn assert_fits(schema: &str, document: &Value) {
    let wrong = violations(schema, document).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_and_other_files_keep_to_the_published_shape() {
    let mut files = 0;
    for entry in fs::read_dir(table()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let document: Value = toml::from_str(&text).unwrap();
        assert_fits("onhook.scenario/1", &document);
        files += 1;
    }
    assert!(files >= 7, "{files}");
    for (text, fits) in [
        (MIXED, true),
        ("id = \"t\"\nstep = [{ do = \"boot\" }]", true),
        ("id = \"t\"\nstep = [{ do = \"boots\" }]", false),
        (
            "id = \"t\"\nstep = [{ do = \"boot\", for = \"1s\" }]",
            false,
        ),
        ("id = \"t\"\nsteps = []", false),
    ] {
        let document: Value = toml::from_str(text).unwrap();
        let wrong = violations("onhook.scenario/1", &document).unwrap();
        assert_eq!(wrong.is_empty(), fits, "{text}\n{wrong:?}");
    }
}

#[test]
fn a_run_prints_its_rows_and_one_that_fails_can_be_replayed() {
    let dir = folder(MIXED);
    let ended = run(dir.path(), &["."]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in [
        "pass          good  [virtual]\n",
        "fail          bad/one  [virtual]\n    ./rows.toml:",
        "expect the event resync.done with outcome A.*: nothing came until 0s; seen: the event resync.done",
        "a resync starts: the phone has started (Resync_On_Reset is `Yes`)",
        "skip          later  [virtual]\n    pending: a wonder\n",
        "\n1 passed, 1 failed, 1 skipped\n",
    ] {
        assert!(ended.out.contains(part), "{part}\n{}", ended.out);
    }
    let replay = ended
        .out
        .lines()
        .find_map(|line| line.split_once("replay: "));
    let (_, replay) = replay.unwrap();
    assert_eq!(
        replay,
        "onhook-harness replay onhook-journals/bad_one.virtual.journal"
    );
    let journal = dir.path().join("onhook-journals/bad_one.virtual.journal");
    let journal = fs::read_to_string(journal).unwrap();
    assert!(!journal.contains("s3cret") && !ended.out.contains("s3cret"));
    let mut command = Command::new(program("onhook-harness").unwrap());
    let words: Vec<&str> = replay.split(' ').skip(1).collect();
    command.args(words).current_dir(dir.path());
    let ended = Peer::start(&mut command).unwrap().end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("the same as recorded"), "{ended:?}");
}

#[test]
fn the_document_of_a_run_keeps_to_its_schema() {
    let dir = folder(MIXED);
    let ended = run(dir.path(), &["rows.toml", "--json", "--seed", "7"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_fits("onhook.run/1", &document);
    assert_eq!(document["seed"], 7);
    let verdicts: Vec<_> = document["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["pass", "fail", "skip"]);
    assert_eq!(document["rows"][0]["rules"][0], "R-RULE-13");
}

#[test]
fn mistakes_are_usage_and_all_of_them_are_told() {
    let dir = folder("id = \"a\"\nstep = [{ do = \"boot\" }]\n");
    for (name, text) in [
        ("b.toml", "id = \"a\"\nstep = [{ do = \"boot\" }]\n"),
        ("c.toml", "id = \"c\"\nstep = [{ do = \"bot\" }]\n"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let ended = run(dir.path(), &["."]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for line in [
        "error: ./c.toml:2:16: `do`: unknown word `bot`: did you mean `boot`?\n",
        "error: ./rows.toml:1:1: the id `a` is taken: ./b.toml:1 has it\n",
    ] {
        assert!(ended.err.contains(line), "{}", ended.err);
    }
    let ended = run(dir.path(), &["nowhere.toml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("cannot read nowhere.toml"), "{ended:?}");
    let empty = tempfile::tempdir().unwrap();
    let ended = run(empty.path(), &["."]);
    assert!(
        ended.err.contains("there is no file *.toml in ."),
        "{ended:?}"
    );
}

#[test]
fn reports_go_to_the_files_that_are_named() {
    let dir = folder(MIXED);
    let args = ["rows.toml", "--junit", "junit.xml", "--html", "run.html"];
    let ended = run(dir.path(), &args);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let read = |name| fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(read("junit.xml").contains("<testcase name=\"bad/one\" classname=\"virtual\""));
    let page = read("run.html");
    assert!(page.contains("<svg ") && !page.contains("s3cret"), "{page}");
    assert!(page.contains("onhook-harness replay onhook-journals/bad_one.virtual.journal"));
    let ended = run(dir.path(), &["rows.toml", "--junit", "no/such/junit.xml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.err.contains("cannot write no/such/junit.xml"),
        "{ended:?}"
    );
}

/// Rows of the table that take a moment on the real program, of each kind one.
const QUICK: [&str; 7] = [
    "R-RULE-8/first-true",
    "R-SM-18/next-key",
    "R-URL-1/schemes",
    "R-FLS-2/factory",
    "R-IDLE-2/registration",
    "R-LOG-3/request",
    "R-RULE-12/assignments",
];

#[test]
fn rows_hold_on_the_real_program_too() {
    let dir = tempfile::tempdir().unwrap();
    let table = table();
    let mut args = vec![table.to_str().unwrap(), "--dut", "virtual,agent"];
    for id in QUICK {
        args.extend(["--only", id]);
    }
    program("onhook-agent").unwrap();
    let ended = run(dir.path(), &args);
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    let passed = format!("\n{} passed, 0 failed\n", 2 * QUICK.len());
    assert!(ended.out.ends_with(&passed), "{}", ended.out);
    let ended = run(dir.path(), &["--only", "R-NO-1", table.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("no row is called R-NO-1"), "{ended:?}");
}

#[test]
fn a_row_that_fails_on_the_real_program_leaves_a_journal_too() {
    let dir = folder(MIXED);
    let ended = run(dir.path(), &["rows.toml", "--dut", "agent"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.out.contains("1 passed, 1 failed, 1 skipped"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("a resync starts: the phone has started"),
        "{}",
        ended.out
    );
    let journal = "onhook-journals/bad_one.agent.journal";
    let mut command = Command::new(program("onhook-harness").unwrap());
    command.args(["replay", journal]).current_dir(dir.path());
    let ended = Peer::start(&mut command).unwrap().end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_server_of_the_real_program_fails_as_the_row_says() {
    let dir = folder(
        r#"
        id = "faults"
        given.params = { Profile_Rule = "{http}/p.xml", Resync_Random_Delay = "0", Resync_Error_Retry_Delay = "1" }
        given.files = { "/p.xml" = { set = { GPP_A = "x" } } }
        step = [
          { do = "fault", fault = "status=503" },
          { do = "boot" },
          { expect = "event", event = "profile.failed", fields = { err = "http status 503" } },
          { do = "fault", fault = "truncate=9", path = "/p.xml" },
          { do = "clear-fault" },
          { expect = "event", event = "profile.failed", within = "0..4s", fields = { err = "transfer incomplete" } },
          { do = "clear-fault", path = "/p.xml" },
          { expect = "event", event = "profile.applied", within = "0..4s" },
          { expect = "param", name = "GPP_A", is = "x" },
        ]
        "#,
    );
    let ended = run(dir.path(), &["rows.toml", "--dut", "agent"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn what_the_real_program_cannot_do_is_skipped_with_its_reason() {
    let dir = folder(
        r#"
        [[scenario]]
        id = "long"
        step = [{ do = "boot" }, { do = "wait", for = "1h" }]
        [[scenario]]
        id = "foreign"
        given.params = { Profile_Rule = "http://prov.example/p.xml" }
        step = [{ do = "boot" }]
        [[scenario]]
        id = "clock"
        given.clock = "2030-01-01T00:00"
        step = [{ do = "boot" }]
        [[scenario]]
        id = "fault"
        step = [{ do = "fault", fault = "refused" }, { do = "boot" }]
        [[scenario]]
        id = "elsewhere"
        step = [{ do = "fault", fault = "redirect=http://prov.example/p.xml" }, { do = "boot" }]
        "#,
    );
    let ended = run(dir.path(), &["rows.toml", "--dut", "agent"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for why in [
        "it takes 1h at least, and 20s is the limit",
        "it names a server of its own",
        "the clock of this host",
        "the server cannot fail with `refused` for *",
        "\n0 passed, 0 failed, 5 skipped\n",
    ] {
        assert!(ended.out.contains(why), "{why}\n{}", ended.out);
    }
    let args = ["rows.toml", "--dut", "agent", "--agent", "nowhere"];
    let ended = run(dir.path(), &args);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.err.contains("there is no program nowhere"),
        "{ended:?}"
    );
}

#[test]
fn a_run_that_is_ended_in_the_middle_writes_its_report() {
    let dir = folder(
        r#"
        [[scenario]]
        id = "first"
        step = [{ do = "boot" }]
        [[scenario]]
        id = "second"
        step = [{ do = "boot" }, { do = "wait", for = "19s" }]
        [[scenario]]
        id = "third"
        step = [{ do = "boot" }]
        "#,
    );
    let mut command = Command::new(program("onhook-harness").unwrap());
    command
        .args(["run", "rows.toml", "--dut", "agent", "--junit", "junit.xml"])
        .current_dir(dir.path());
    let mut running = Peer::start(&mut command).unwrap();
    running.line(|line| line.contains("first")).unwrap();
    let id = running.id().to_string();
    let kill = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(kill.success());
    let ended = running.end().unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("ended before its end"), "{ended:?}");
    let junit = fs::read_to_string(dir.path().join("junit.xml")).unwrap();
    assert!(junit.contains("tests=\"2\""), "{junit}");
}

/// A free port of loopback, most likely still free in a moment.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_phone_that_is_only_known_by_its_commands_is_tested_too() {
    let dir = folder(
        r#"
        id = "outside"
        given.params = { Profile_Rule = "{http}/p.xml", Resync_Random_Delay = "0" }
        given.files = { "/p.xml" = { set = { GPP_A = "x" } }, "/q.xml" = { set = {} } }
        step = [
          { do = "boot" },
          { expect = "request", url = "/p.xml", prvst = 0 },
          { expect = "syslog", text = "*Successful resync*" },
          { do = "resync", rule = "{http}/q.xml" },
          { expect = "request", url = "{http}/q.xml" },
          { do = "set", params = { Profile_Rule = "{http}/q.xml" } },
          { do = "power-cycle" },
          { expect = "request", url = "/q.xml" },
        ]
        "#,
    );
    // The phone: the real program, started and ended by a script; one that was killed may hold its lock for a moment more.
    let agent = program("onhook-agent").unwrap();
    let agent = agent.display();
    let cycle = format!(
        "test -f pid && kill -9 $(cat pid) && flock phone/lock true; '{agent}' run --state-dir phone >log 2>&1 & echo $! > pid; \
         for i in $(seq 2000); do '{agent}' status --state-dir phone >status 2>&1 && exit 0; done; exit 1"
    );
    let resync = format!("'{agent}' ctl resync \"$ONHOOK_RULE\" --state-dir phone >resync");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(dir.path());
        Peer::start(&mut command).unwrap().end().unwrap()
    };
    assert_eq!(shell(&format!("({cycle}) >/dev/null 2>&1")).code, Some(0));
    let ports = [port(), 0, 0, 0].map(|port| port.to_string()).join(",");
    let commands = ["--power-cycle", &cycle, "--resync", &resync];
    let mut args = vec!["rows.toml", "--dut", "external", "--ports", &ports];
    args.extend(commands);
    let ended = run(dir.path(), &args);
    let more = run(
        dir.path(),
        &["rows.toml", "--dut", "external", "--ports", &ports],
    );
    shell("kill -9 $(cat pid)");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.out.contains("pass          outside  [external]"),
        "{ended:?}"
    );
    // Without the commands it says which one is missing.
    assert!(more.out.contains("give --resync"), "{more:?}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ports = format!("{},0,0,0", address.port());
    let ended = run(
        dir.path(),
        &["rows.toml", "--dut", "external", "--ports", &ports],
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let why = format!("cannot listen on {address} for HTTP");
    assert!(ended.out.contains(&why), "{ended:?}");
}
