//! State directories that cannot be used.

use std::fs;

use onhook_tests::{Agent, Reply, Site, profile};

use super::{Bench, assert_refused, good};

// A directory without read permission is not tried: it can be read by root, who may run this test.

#[test]
fn a_file_in_the_place_of_the_directory_is_told() {
    let agent = Agent::new().unwrap();
    fs::write(agent.state(), "a file").unwrap();
    let path = agent.state().display().to_string();
    for command in [
        &["run"][..],
        &["resync", "http://127.0.0.1:9/a"],
        &["params", "list"],
        &["params", "set", "GPP_A", "x"],
        &["params", "reset"],
    ] {
        let ended = agent.run(command).unwrap();
        let says = [
            path.as_str(),
            "remove it, or choose another state directory",
        ];
        assert_refused(&ended, 2, &says);
    }
    assert_eq!(fs::read_to_string(agent.state()).unwrap(), "a file");
}

#[test]
fn a_directory_in_use_is_named_and_the_running_agent_does_the_work() {
    let agent = Agent::new().unwrap();
    let site = Site::start().unwrap();
    site.put("/a.xml", Reply::Body(profile(good()).into()));
    let set = agent
        .run(&["params", "set", "Resync_On_Reset", "No"])
        .unwrap();
    assert_eq!(set.code, Some(0), "{set:?}");
    let running = agent.start(&["run"]).unwrap();
    let state = onhook_tests::until("an answer", || agent.status().ok()).unwrap();
    assert_eq!(state["last"], serde_json::Value::Null);

    let rule = site.url("/a.xml");
    let path = agent.state().display().to_string();
    for command in [
        &["run"][..],
        &["resync", &rule, "--offline"],
        &["params", "set", "GPP_A", "x", "--offline"],
        &["params", "reset", "--offline"],
    ] {
        let ended = agent.run(command).unwrap();
        let says = [path.as_str(), "in use by another process", "stop it"];
        assert_refused(&ended, 2, &says);
    }
    assert_eq!(site.asked(), []);

    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["outcome"], "applied");
    let mut expected = good();
    expected.insert("Resync_On_Reset".to_owned(), "No".to_owned());
    assert_eq!(agent.changed().unwrap(), expected);
    assert_eq!(agent.status().unwrap()["last"]["rules"][0]["url"], rule);
    let (ended, document) = agent.resync(&site.url("/missing.xml")).unwrap();
    assert_eq!(
        ended.code,
        Some(1),
        "a failure comes through too: {ended:?}"
    );
    assert_eq!(document["err"], "file not found");
    running.kill().unwrap();
}

#[test]
fn a_damaged_file_is_named_and_a_reset_sets_it_aside() {
    let bench = Bench::new();
    let file = bench.agent.state().join("params.bin");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    let path = file.display().to_string();
    let ended = bench
        .agent
        .run(&["resync", "http://127.0.0.1:9/a"])
        .unwrap();
    assert_refused(&ended, 1, &[&path, "damaged", "onhook-agent params reset"]);
    assert_eq!(fs::read(&file).unwrap(), bytes, "it is left for repair");

    let ended = bench.agent.run(&["params", "reset"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let aside = bench.agent.state().join("params.bin.damaged");
    assert_eq!(fs::read(aside).unwrap(), bytes);
    let (ended, _) = bench.agent.resync(&bench.site.url("/good.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(bench.agent.changed().unwrap(), good());
}

//= R-FLS-1 type=test
#[test]
fn a_damaged_file_gives_way_to_the_one_before_it() {
    let bench = Bench::new();
    let set = ["params", "set", "GPP_P", "newest"];
    assert_eq!(bench.agent.run(&set).unwrap().code, Some(0));
    let file = bench.agent.state().join("params.bin");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&file, &bytes).unwrap();
    let ended = bench.agent.run(&["params", "list", "--changed"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.err.contains("params.bin") && ended.err.contains("the last change may be lost"),
        "{ended:?}"
    );
    assert_eq!(
        bench.agent.changed().unwrap(),
        good(),
        "what was before the set"
    );
    let (ended, _) = bench.agent.resync(&bench.site.url("/good.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn asking_an_agent_that_does_not_run_says_how_to_start_it() {
    let bench = Bench::new();
    let ended = bench.agent.run(&["status"]).unwrap();
    let socket = bench.agent.state().join("control.sock");
    let says = [socket.to_str().unwrap(), "onhook-agent run"];
    assert_refused(&ended, 1, &says);
}

#[test]
fn a_phone_whose_provisioning_is_switched_off_says_so() {
    let bench = Bench::new();
    let set = ["params", "set", "Provision_Enable", "No"];
    assert_eq!(bench.agent.run(&set).unwrap().code, Some(0));
    let rule = bench.site.url("/good.xml");
    let ended = bench.agent.run(&["resync", &rule]).unwrap();
    assert_refused(&ended, 1, &["Provision_Enable is No", "set it to Yes"]);
    assert_eq!(bench.site.asked().len(), 1);
}
