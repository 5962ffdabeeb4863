//! Every JSON output begins with its schema and keeps to it.
#![cfg(test)]

use std::process::{Command, Stdio};

use onhook_tests::{Agent, Ended, Peer, Reply, Site, profile, program, until, violations};
use serde_json::{Value, json};

/// Parses a document, and checks how it begins and that it fits.
#[track_caller]
fn check(ended: &Ended, schema: &str) -> Value {
    let beginning = format!("{{\n  \"schema\": \"{schema}\",");
    assert!(ended.out.starts_with(&beginning), "{ended:?}");
    let document = serde_json::from_str(&ended.out).unwrap();
    assert_fits(schema, &document);
    document
}

#[track_caller]
fn assert_fits(schema: &str, document: &Value) {
    let wrong = violations(schema, document).unwrap();
    assert!(wrong.is_empty(), "{document:#}\n{}", wrong.join("\n"));
}

fn site() -> Site {
    let site = Site::start().unwrap();
    let good = profile([("GPP_A", "x"), ("Web_Server_Port", "8081"), ("Nope", "y")]);
    site.put("/good.xml", Reply::Body(good.into()));
    site.put("/bad.xml", Reply::Body("<flat-profile>".into()));
    site
}

#[test]
fn resyncs_keep_to_their_schema_however_they_end() {
    let agent = Agent::new().unwrap();
    let site = site();
    for (rule, outcome) in [
        (site.url("/good.xml"), "applied"),
        (site.url("/bad.xml"), "failed"),
        (site.url("/missing.xml"), "failed"),
        ("(\"a\" eq \"b\")? http://h/a".to_owned(), "skipped"),
        ("[--key".to_owned(), "failed"),
        ("/no-server.xml".to_owned(), "failed"),
    ] {
        let ended = agent.run(&["resync", &rule, "--json"]).unwrap();
        let document = check(&ended, "onhook.resync/1");
        assert_eq!(document["outcome"], outcome, "{rule}");
    }
    let set = ["params", "set", "Resync_Fails_On_FNF", "No"];
    assert_eq!(agent.run(&set).unwrap().code, Some(0));
    let ended = agent
        .run(&["resync", &site.url("/missing.xml"), "--json"])
        .unwrap();
    assert_eq!(check(&ended, "onhook.resync/1")["outcome"], "fnf_ok");
}

#[test]
fn parameters_keep_to_their_schema() {
    let agent = Agent::new().unwrap();
    let ended = agent
        .run(&["params", "list", "--changed", "--json"])
        .unwrap();
    assert_eq!(check(&ended, "onhook.params/1")["changes"], json!({}));
    let ended = agent.run(&["params", "list", "--json"]).unwrap();
    let all = check(&ended, "onhook.params/1");
    assert_eq!(all["changes"]["Resync_Periodic"], "3600");
    let ended = agent
        .run(&["params", "get", "Resync_Periodic", "--json"])
        .unwrap();
    let one = check(&ended, "onhook.params/1");
    let ended = agent
        .run(&["params", "export", "--format", "json"])
        .unwrap();
    let export = check(&ended, "onhook.export/1");
    assert_eq!(export["values"]["Resync_Periodic"], "3600");
    assert_eq!(one["changes"], json!({ "Resync_Periodic": "3600" }));
}

#[test]
fn a_status_and_the_event_stream_keep_to_their_schemas() {
    let agent = Agent::new().unwrap();
    let site = site();
    let set = ["params", "set", "Resync_On_Reset", "No"];
    assert_eq!(agent.run(&set).unwrap().code, Some(0));
    let mut running = agent.start(&["run", "--events", "-"]).unwrap();
    let status = || {
        let ended = agent.run(&["status", "--json"]).unwrap();
        (ended.code == Some(0)).then_some(ended)
    };
    let before = check(&until("an answer", status).unwrap(), "onhook.status/1");
    assert_eq!(before["last"], Value::Null);

    for rule in ["/bad.xml", "/missing.xml", "/no\u{20}such", "/good.xml"] {
        agent.resync(&site.url(rule)).unwrap();
    }
    let set = ["params", "set", "GPP_B", "y"];
    // The last profile makes the phone restart, which refuses edits for a moment.
    until("an edit", || {
        (agent.run(&set).unwrap().code == Some(0)).then_some(())
    })
    .unwrap();
    running.line(|line| line.contains("edit.done")).unwrap();
    let after = check(&until("an answer", status).unwrap(), "onhook.status/1");
    assert_eq!(after["provisioned"], true);
    assert_eq!(after["history"][0]["reason"], "Provisioning");

    let ended = running.kill().unwrap();
    let mut seen = Vec::new();
    for line in ended.out.lines() {
        let event = serde_json::from_str(line).unwrap();
        assert_fits("onhook.event/1", &event);
        seen.push(event["event"].as_str().unwrap().to_owned());
    }
    for event in [
        "resync.started",
        "fetch.started",
        "fetch.done",
        "profile.applied",
        "profile.failed",
        "rule.fault",
        "resync.done",
        "resync.report",
        "timer.armed",
        "log.sent",
        "edit.done",
        "reboot",
    ] {
        assert!(seen.iter().any(|name| name == event), "{event}: {seen:?}");
    }
}

#[test]
fn requests_to_the_running_phone_keep_to_their_schema() {
    let agent = Agent::new().unwrap();
    let _running = agent.boot().unwrap();
    for (args, waits_for) in [
        (&["external-ip", "203.0.113.7"][..], Value::Null),
        (&["mobility", "logout"], Value::Null),
        (&["line", "1", "busy"], Value::Null),
        (&["resync"], json!("busy-lines")),
        (&["reboot"], json!("busy-lines")),
    ] {
        let ended = agent.run(&[&["ctl"], args, &["--json"]].concat()).unwrap();
        let document = check(&ended, "onhook.ctl/1");
        assert_eq!(document["done"], waits_for.is_null(), "{args:?}");
        assert_eq!(document["waits_for"], waits_for, "{args:?}");
    }
    let ended = agent.run(&["status", "--json"]).unwrap();
    let status = check(&ended, "onhook.status/1");
    assert_eq!(status["external_ip"], "203.0.113.7");
    assert_eq!(status["client_certificate"], false);
    assert_eq!(status["mobility"], json!({ "status": "", "user": "" }));
    let ended = agent.run(&["ctl", "line", "1", "idle"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // A resync that ended is a document of its own kind.
    let site = site();
    let url = site.url("/good.xml");
    until("a phone that is up again", || {
        let ended = agent.run(&["ctl", "resync", &url, "--json"]).unwrap();
        (ended.code == Some(0)).then(|| check(&ended, "onhook.resync/1"))
    })
    .unwrap();
}

#[test]
fn a_merged_configuration_keeps_to_its_schema() {
    let agent = Agent::new().unwrap();
    agent
        .configure("[mobility]\nuser = \"4711\"\npassword = \"canary\"\n")
        .unwrap();
    let ended = agent.run(&["run", "--print-config", "--json"]).unwrap();
    let document = check(&ended, "onhook.config/1");
    assert!(!ended.out.contains("canary"), "{}", ended.out);
    let settings = document["settings"].as_array().unwrap();
    let setting = |key: &str| {
        settings
            .iter()
            .find(|setting| setting["key"] == key)
            .unwrap()
    };
    assert_eq!(setting("mobility.password")["value"], "***");
    let source = setting("mobility.user")["source"].as_str().unwrap();
    assert!(source.ends_with("agent.toml:2"), "{source}");
    assert_eq!(setting("device.external_ip")["value"], Value::Null);
}

#[test]
fn results_of_benchmarks_keep_to_their_schema() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("result.html");
    let mut bench = Command::new(program("onhook-bench").unwrap());
    bench.args([
        "run",
        "resync-pipeline",
        "--rounds",
        "5",
        "--peers",
        "--json",
        "-",
        "--html",
    ]);
    bench.arg(&page);
    // Without a path no peer is found, and each says so.
    bench.env("PATH", "");
    let ended = Peer::start(bench.stdin(Stdio::null()))
        .unwrap()
        .end()
        .unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_fits("onhook.bench/1", &document);
    let benchmark = &document["benchmarks"][0];
    assert_eq!(benchmark["name"], "resync-pipeline");
    assert_eq!(benchmark["sides"][0]["timing"]["rounds"], 5);
    let peers = benchmark["peers"].as_array().unwrap();
    assert!(
        peers.iter().any(|peer| peer["skipped"].is_object()),
        "{peers:?}"
    );
    let verdict = |what: &str| {
        let aims = document["aims"].as_array().unwrap();
        let aim = aims.iter().find(|aim| aim["what"] == what).unwrap();
        aim["verdict"].clone()
    };
    assert_eq!(verdict("peak heap for each byte of XML"), "met");
    let beside = "the same beside a C program: speed";
    assert_eq!(verdict(beside), "not-measured");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(beside) && page.contains("<div class=own"));
}

#[test]
fn reports_of_subnets_keep_to_their_schema() {
    for more in [&[][..], &["--no-sharing"], &["--root-dies", "3"]] {
        let output = Command::new(program("onhook-harness").unwrap())
            .args([
                "subnet",
                "--phones",
                "12",
                "--load-size",
                "1MiB",
                "--out",
                "-",
            ])
            .args(more)
            .output()
            .unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_fits("onhook.subnet/1", &document);
        let dies = more.len() == 2;
        assert_eq!(output.status.code(), Some(i32::from(dies)), "{document:#}");
        assert_eq!(document["complete"], 12 - i32::from(dies));
    }
}

#[test]
fn documents_that_break_a_schema_are_noticed() {
    let agent = Agent::new().unwrap();
    let (_, good) = agent.resync(&site().url("/good.xml")).unwrap();
    assert_fits("onhook.resync/1", &good);
    for (pointer, member, value) in [
        ("", "surprise", Some(json!(1))),
        ("", "flash_writes", Some(json!(-1))),
        ("", "flash_writes", Some(json!("1"))),
        ("", "reboot", Some(json!("perhaps"))),
        ("", "schema", Some(json!("onhook.resync/2"))),
        ("", "changes", None),
        ("/changes", "GPP_A", Some(json!(7))),
        ("/rules/0", "bytes", None),
        ("/rules/0", "surprise", Some(json!(1))),
        ("/rules/0", "url", Some(json!(1))),
        ("/warnings/0", "line", Some(json!(0))),
        ("/next/0", "timer", Some(json!("lunch"))),
    ] {
        let mut bad = good.clone();
        let object = bad.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => object.insert(member.to_owned(), value),
            None => object.shift_remove(member),
        };
        let wrong = violations("onhook.resync/1", &bad).unwrap();
        assert_eq!(wrong.len(), 1, "{pointer} {member}: {wrong:?}");
        assert!(
            wrong[0].contains(member) || wrong[0].contains("constant"),
            "{wrong:?}"
        );
    }
    let event = json!({ "t": 1.5, "wall": null, "event": "fetch.done", "ok": true });
    assert_eq!(violations("onhook.event/1", &event).unwrap().len(), 1);
    assert_eq!(violations("onhook.nothing/1", &event).unwrap().len(), 1);
}
