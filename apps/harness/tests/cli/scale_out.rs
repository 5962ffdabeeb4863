//! Parts of a run in processes of their own: what is lost is played again, and the sum is that of the whole.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{Ended, harness, run, until};
use crate::serving::{Serving, site};

/// A folder of `dist/scale-out`, or a file in it.
fn manifest(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/scale-out");
    folder.join(name)
}

/// Three cells of phones that ask twice a day.
const STORM: [&str; 6] = [
    "storm",
    "--phones",
    "20050",
    "--set",
    "Resync_Periodic=50000",
    "--set=failures=0.1",
];

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Runs `shell.sh`.
fn shell(parts: &str, folder: &Path, args: &[&str]) -> Ended {
    let output = Command::new("sh")
        .arg(manifest("shell.sh"))
        .args([parts, folder.to_str().unwrap()])
        .args(args)
        .env("HARNESS", env!("CARGO_BIN_EXE_onhook-harness"))
        .env_remove("RUST_LOG")
        .output();
    output.unwrap().into()
}

#[test]
fn a_part_that_was_killed_is_played_again_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let whole = place("alone.json");
    assert_eq!(run(&[&STORM[..], &["--out", &whole]].concat()).status, 0);
    let start = |part: u32| {
        let (shard, out) = (format!("{part}/4"), place(&format!("part-{part}.json")));
        let args = [&STORM[..], &["--shard", &shard, "--out", &out]].concat();
        harness(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut all: Vec<_> = (1..=4).map(start).collect();
    // The third is lost.
    all[2].kill().unwrap();
    for child in &mut all {
        child.wait().unwrap();
    }
    let parts: Vec<String> = (1..=4)
        .map(|part| place(&format!("part-{part}.json")))
        .collect();
    let left: Vec<&str> = parts.iter().map(String::as_str).collect();
    let lacking = run(&["merge", left[0], left[1], left[3]]);
    assert_eq!(lacking.status, 1, "{lacking:?}");
    assert!(
        lacking.text().contains("not in it: cells 2\n"),
        "{lacking:?}"
    );
    assert!(
        lacking
            .stderr
            .contains("reports of other shards are missing")
    );
    assert!(start(3).wait().unwrap().success());
    let sum = place("sum.json");
    let (page, threshold) = (place("sum.html"), "failures<20%");
    let merged = [
        &["merge"],
        &left[..],
        &["--out", &sum, "--html", &page, "--threshold", threshold],
    ];
    let merged = run(&merged.concat());
    assert_eq!(merged.status, 0, "{merged:?}");
    assert!(
        merged.text().contains("failures<20%: holds ("),
        "{merged:?}"
    );
    assert_eq!(text(sum.as_ref()), text(whole.as_ref()), "byte for byte");
    assert!(text(page.as_ref()).contains("<svg role=img "));
    let strict = [
        &["merge"],
        &left[..],
        &["--threshold", "failures<1%", "--out", "-"],
    ];
    let strict = run(&strict.concat());
    assert_eq!(strict.status, 1);
    assert!(
        strict.stderr.contains("failures<1% does not hold: 9."),
        "{strict:?}"
    );
    assert_eq!(strict.text(), text(whole.as_ref()));
}

/// What of the report of a fleet does not depend on how fast machines are.
fn counts(report: &Path) -> Value {
    let report: Value = serde_json::from_str(&text(report)).unwrap();
    let of = |name: &str| report[name].clone();
    Value::from(vec![
        of("run"),
        of("totals"),
        of("outcomes"),
        of("causes"),
        of("shards"),
    ])
}

#[test]
fn a_part_of_a_fleet_that_was_killed_is_played_again_and_counts_the_same() {
    let root = site(31);
    let log = root.path().join("access.log");
    let log = log.to_str().unwrap();
    let server = Serving::start(root.path(), &["--access-log", log]);
    let rule = format!("http://{}/$MA.xml", server.address);
    let fleet = [
        "fleet",
        "--phones",
        "32",
        "--rule",
        &rule,
        "--ramp",
        "1.5",
        "--set",
        "Resync_Random_Delay=0",
        "--threshold",
        "failures<=100%",
    ];
    let out = tempfile::tempdir().unwrap();
    let undisturbed = out.path().join("undisturbed");
    let ended = shell("3", &undisturbed, &fleet);
    // Of the last phone there is no file.
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(
        ended.text().contains("failures<=0: FAILED (1)"),
        "{ended:?}"
    );
    let folder = out.path().join("disturbed");
    fs::create_dir(&folder).unwrap();
    let place = |part: u32| {
        folder
            .join(format!("part-{part}.json"))
            .display()
            .to_string()
    };
    let asked = text(log.as_ref()).lines().count();
    let (lost, two) = ("2/3", place(2));
    let mut child = harness(&[&fleet[..], &["--shard", lost, "--out", &two]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It is killed when it has begun.
    until("request", || {
        (text(log.as_ref()).lines().count() > asked).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    // What plays the others plays it too, and what there is already is left alone.
    let ended = shell("3", &folder, &fleet);
    assert_eq!(ended.status, 1, "{ended:?}");
    let whole = counts(&folder.join("whole.json"));
    assert_eq!(whole, counts(&undisturbed.join("whole.json")));
    assert_eq!(whole[1]["provisioned"], 31);
    let before = text(place(1).as_ref());
    fs::remove_file(place(3)).unwrap();
    shell("3", &folder, &fleet);
    assert_eq!(text(place(1).as_ref()), before);
    assert_eq!(counts(&folder.join("whole.json")), whole);
}

#[test]
fn the_script_plays_all_parts_and_only_what_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let ended = shell("3", &results, &STORM);
    assert_eq!(ended.status, 0, "{ended:?}");
    let alone = run(&[&STORM[..], &["--out", "-"]].concat());
    assert_eq!(text(&results.join("whole.json")), alone.text());
    assert!(text(&results.join("whole.html")).contains("<svg role=img "));
    // One is lost, and one was ended early.
    fs::remove_file(results.join("part-1.json")).unwrap();
    let second = results.join("part-2.json");
    let cut = text(&second).replace("\"interrupted\": false", "\"interrupted\": true");
    fs::write(&second, cut).unwrap();
    fs::remove_file(results.join("whole.json")).unwrap();
    assert_eq!(shell("3", &results, &STORM).status, 0);
    assert_eq!(text(&results.join("whole.json")), alone.text());
    // What cannot be played is lost, and told with the place of its log.
    let other = folder.path().join("other");
    let ended = shell("2", &other, &["storm", "--set", "No_Such=1"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("part 1 is lost: see "), "{ended:?}");
    assert!(text(&other.join("part-1.log")).contains("No_Such"));
    assert_eq!(shell("2", &other, &[]).status, 2);
}

/// The lists of arguments in a manifest, which are JSON in YAML and in the language of Nomad.
fn arguments(name: &str) -> Vec<Vec<String>> {
    let text = text(&manifest(name));
    let lists = ["args: [", "args = ["].into_iter().flat_map(|begin| {
        let rests = text.split(begin).skip(1);
        rests.map(|rest| format!("[{}]", rest.split_once(']').unwrap().0))
    });
    lists
        .map(|list| serde_json::from_str(&list).unwrap())
        .collect()
}

#[test]
fn the_commands_of_the_manifests_play_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("storm.toml");
    fs::write(
        &scenario,
        "[params]\nProfile_Rule = 'http://h/x'\nResync_Periodic = '50000'\n",
    )
    .unwrap();
    let merges = arguments("kubernetes-merge.yaml");
    for (name, variable) in [
        ("kubernetes.yaml", "JOB_COMPLETION_INDEX"),
        ("nomad.hcl", "NOMAD_ALLOC_INDEX"),
    ] {
        let results = folder.path().join(name);
        fs::create_dir(&results).unwrap();
        let here = |args: &[String], index: &str| -> Vec<String> {
            let here = |arg: &String| {
                arg.replace("/results", results.to_str().unwrap())
                    .replace("/scenario/storm.toml", scenario.to_str().unwrap())
                    .replace("/local/storm.toml", scenario.to_str().unwrap())
                    .replace(&format!("$({variable})"), index)
                    .replace(&format!("${{{variable}}}"), index)
                    // The same with less to do.
                    .replace("1000000", "25000")
                    .replace("sync-max<30m", "sync-max<1m")
            };
            let mut args: Vec<String> = args.iter().map(here).collect();
            if let Some(days) = args.iter().position(|arg| arg == "7") {
                args[days] = "1".to_owned();
            }
            args
        };
        let lists = arguments(name);
        let [storm] = lists.as_slice() else {
            panic!("{lists:?}");
        };
        for index in 0..8 {
            let index = index.to_string();
            let args = here(storm, &index);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let output = harness(&args).env(variable, &index).output().unwrap();
            let ended = Ended::from(output);
            assert_eq!(ended.status, 0, "{name} {ended:?}");
        }
        let merge = here(&merges[0], "");
        let merge: Vec<&str> = merge.iter().map(String::as_str).collect();
        let ended = run(&merge);
        assert_eq!(ended.status, 0, "{name} {ended:?}");
        assert!(
            ended
                .text()
                .contains("25000 phones, 1 days, seed 1: cells 3 of 3"),
            "{ended:?}"
        );
        // Without an index nobody guesses which part is meant.
        let args = here(storm, "0");
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ended = Ended::from(harness(&args).env_remove(variable).output().unwrap());
        assert_eq!(ended.status, 2);
        assert!(
            ended
                .stderr
                .contains(&format!("no environment variable {variable}")),
            "{ended:?}"
        );
    }
}

#[test]
fn the_manifests_say_the_same_number_everywhere() {
    let of = |name: &str, before: &str| -> Vec<String> {
        let text = text(&manifest(name));
        let found = text.split(before).skip(1).map(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest[..digits].to_owned()
        });
        found.filter(|digits| !digits.is_empty()).collect()
    };
    for (name, before) in [
        ("kubernetes.yaml", "completions: "),
        ("kubernetes.yaml", "parallelism: "),
        ("kubernetes.yaml", "env:JOB_COMPLETION_INDEX/"),
        ("nomad.hcl", "count = "),
        ("nomad.hcl", "env:NOMAD_ALLOC_INDEX/"),
    ] {
        assert_eq!(of(name, before), ["8"], "{name} {before}");
    }
    // Nomad starts what the image starts, with a command of its own behind it.
    assert!(!text(&manifest("nomad.hcl")).contains("command ="));
}

#[test]
fn parts_that_were_played_with_other_arguments_are_not_added_up() {
    let folder = tempfile::tempdir().unwrap();
    let storm = |phones| ["storm", "--phones", phones, "--days", "1"];
    assert_eq!(shell("2", folder.path(), &storm("300")).status, 0);
    assert_eq!(shell("2", folder.path(), &storm("300")).status, 0);
    for (parts, phones) in [("2", "301"), ("3", "300")] {
        let refused = shell(parts, folder.path(), &storm(phones));
        assert_eq!(refused.status, 2, "{refused:?}");
        assert!(refused.stderr.contains("take another folder"));
    }
}

#[test]
fn the_manifests_of_kubernetes_are_yaml() {
    let reader = "import sys, yaml, json\nprint(json.dumps(list(yaml.safe_load_all(sys.stdin))))";
    let read = |name: &str| -> Option<Value> {
        let output = Command::new("python3")
            .args(["-c", reader])
            .stdin(fs::File::open(manifest(name)).unwrap())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("ModuleNotFoundError") {
            return None;
        }
        assert!(output.status.success(), "{name}: {text}");
        Some(serde_json::from_slice(&output.stdout).unwrap())
    };
    let (Some(job), Some(merge)) = (read("kubernetes.yaml"), read("kubernetes-merge.yaml")) else {
        println!("skipped: python3 with yaml is not installed");
        return;
    };
    assert_eq!(job[2]["spec"]["completionMode"], "Indexed");
    for (document, name) in [
        (&job[2], "kubernetes.yaml"),
        (&merge[0], "kubernetes-merge.yaml"),
    ] {
        let pod = &document["spec"]["template"]["spec"];
        let args: Vec<String> =
            serde_json::from_value(pod["containers"][0]["args"].clone()).unwrap();
        assert_eq!(args, arguments(name)[0], "as the other tests read them");
        assert_eq!(
            pod["volumes"][0]["persistentVolumeClaim"]["claimName"],
            "onhook-results"
        );
    }
}

#[test]
fn what_is_ended_by_a_signal_tells_what_was_done() {
    // More than anybody waits for.
    let args = ["storm", "--phones", "1000000", "--days", "60", "--json"];
    for signal in ["-INT", "-TERM"] {
        let mut child = harness(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        // Until then it would end without a word.
        until("handler", || catches(&text(status.as_ref())).then_some(()));
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut said = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let ended: Ended = child.wait_with_output().unwrap().into();
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.stderr.contains("ended early"), "{ended:?}");
        let document = crate::schema::checked(&said, "storm");
        assert_eq!(document["interrupted"], true);
    }
}

/// Whether a process catches SIGINT and SIGTERM.
fn catches(status: &str) -> bool {
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap_or("0").trim(), 16).unwrap();
    let bits = 1 << 1 | 1 << 14;
    caught & bits == bits
}
