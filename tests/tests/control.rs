//! What software of a device does over the control socket of a real phone.
#![cfg(test)]

use std::process::Command;
use std::time::Duration;

use onhook_tests::{Agent, Peer, Reply, Site, profile, signal, tool, until, violations};
use serde_json::Value;

fn phone(site: &Site) -> (Agent, Peer) {
    let profile = profile([("GPP_A", "new"), ("GPP_B", "too")]);
    site.put("/phone.xml", Reply::Body(profile.into_bytes()));
    let agent = Agent::new().unwrap();
    let set = agent.run(&["params", "set", "Resync_On_Reset", "No"]);
    assert_eq!(set.unwrap().code, Some(0));
    let rule = site.url("/phone.xml");
    let set = agent
        .run(&["params", "set", "Profile_Rule", &rule])
        .unwrap();
    assert_eq!(set.code, Some(0), "{set:?}");
    let running = agent.start(&["run"]).unwrap();
    until("the phone", || agent.status().ok()).unwrap();
    (agent, running)
}

#[test]
fn events_are_followed_over_the_socket_and_no_value_is_among_them() {
    let site = Site::start().unwrap();
    let (agent, running) = phone(&site);
    let mut follower = agent.start(&["ctl", "events"]).unwrap();
    // The first line that comes is of something that happened when the follower was there.
    until("a follower", || {
        let told = agent.run(&["ctl", "sip-error", "2", "x20"]).ok()?;
        assert_eq!(told.code, Some(0), "{told:?}");
        follower
            .line_within(Duration::from_millis(300), |_| true)
            .ok()
    })
    .unwrap();
    let secret = agent.run(&[
        "ctl",
        "resync",
        &format!("[--uid u --pwd canary] {}", site.url("/phone.xml")),
    ]);
    assert_eq!(secret.unwrap().code, Some(0));
    follower
        .line(|line| line.contains("resync.report"))
        .unwrap();
    signal("TERM", follower.id()).unwrap();
    let ended = follower.end().unwrap();
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        let wrong = violations("onhook.event/1", line).unwrap();
        assert!(wrong.is_empty(), "{line}: {wrong:?}");
    }
    assert_eq!(lines[0]["event"], "sip.error");
    assert_eq!(lines[0]["line"], 2);
    assert_eq!(lines[0]["code"], "X20");
    assert!(!ended.out.contains("canary"), "{}", ended.out);
    let status = agent.status().unwrap();
    assert_eq!(status["sip_errors"].as_array().unwrap().len(), 1);
    for (line, code, why) in [
        ("0", "X20", "there is no line 0"),
        ("17", "404", "there is no line 17"),
        ("1", "X2", "300 to 699"),
    ] {
        let refused = agent.run(&["ctl", "sip-error", line, code]).unwrap();
        assert_ne!(refused.code, Some(0));
        assert!(refused.err.contains(why), "{refused:?}");
    }
    let follower = agent.start(&["ctl", "events"]).unwrap();
    let _ = running.kill().unwrap();
    let ended = follower.end().unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

//= R-DOM-1 type=test
//= R-RAD-1 type=test
#[test]
fn the_device_asks_where_it_may_register() {
    let site = Site::start().unwrap();
    let (agent, _running) = phone(&site);
    let asked = |server: &str| agent.run(&["ctl", "may-use", server]).unwrap();
    assert_eq!(asked("sip.elsewhere.test").code, Some(0));
    let listed = ["Restricted_Access_Domains", "voip.test, 192.0.2.1"];
    let set = agent.run(&["params", "set", listed[0], listed[1]]).unwrap();
    assert_eq!(set.code, Some(0), "{set:?}");
    for server in ["voip.test", "SIP.voip.test", "192.0.2.1"] {
        assert_eq!(asked(server).code, Some(0), "{server}");
    }
    for server in ["sip.elsewhere.test", "evilvoip.test", "192.0.2.11", ""] {
        let refused = asked(server);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("Restricted_Access_Domains"));
    }
}

#[test]
fn the_example_for_integrators_does_what_it_says() {
    let Some(python) = tool("python3") else {
        return;
    };
    let site = Site::start().unwrap();
    let (agent, _running) = phone(&site);
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/examples/integrator.py"
    );
    let mut command = Command::new(python);
    command.arg(example).arg(agent.state().join("control.sock"));
    let ended = Peer::start(&mut command).unwrap().end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(
        lines,
        [
            "a resync waits for busy-lines",
            "resync: applied changed: GPP_A, GPP_B",
            "line 2 failed with X20: no answer came in time",
        ]
    );
}

#[test]
fn the_page_of_the_socket_has_every_request() {
    let page = include_str!("../../docs/control-socket.md");
    let source = include_str!("../../crates/adapters/system/src/request.rs");
    let reader = source.split("match ask.as_str() {").nth(1).unwrap();
    let reader = reader.split("_ => return Err(\"ask\")").next().unwrap();
    let words: Vec<&str> = reader
        .lines()
        .filter_map(|line| {
            let word = line.strip_prefix("            \"")?;
            word.split_once("\" =>").map(|(word, _)| word)
        })
        .collect();
    assert!(words.len() > 15, "{words:?}");
    for word in words {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
}
