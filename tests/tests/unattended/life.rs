//! Boot, schedule, commands and restarts.

use onhook_tests::{Content, until};
use serde_json::Value;

use crate::{Bench, FILE, event, events};

#[test]
fn a_phone_provisions_itself_after_boot_and_tells_so() {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "provisioned"), ("Resync_Periodic", "3600+0")]);
    let mut running = bench.run();
    let report = event(&mut running, "resync.report");
    assert_eq!(report["report"]["cause"], "boot");
    assert_eq!(report["report"]["prvst"], 0);
    assert_eq!(report["report"]["rules"][0]["param"], "Profile_Rule");
    assert_eq!(report["report"]["rules"][0]["url"], bench.site.url(FILE));

    let who = "CP-8841-3PCC 00:0e:08:01:23:45 --";
    let url = bench.site.url(FILE);
    for text in [
        format!("{who} Requesting resync {url}"),
        format!("{who} Successful resync {url} -- OK"),
    ] {
        let message = bench.sink.next().unwrap();
        assert_eq!((message.priority, message.text), (134, text));
    }

    let status = bench.status();
    assert_eq!(status["state"], "waiting");
    assert_eq!(status["provisioned"], true);
    assert_eq!(status["last"]["outcome"], "applied");
    assert_eq!(status["last"], report["report"]);
    assert_eq!(status["next"][0]["timer"], "periodic");
    let left = status["next"][0]["in_s"].as_u64().unwrap();
    assert!((3500..=3600).contains(&left), "{status:#}");
    assert_eq!(bench.get("GPP_A"), "provisioned");
    let sent: Vec<Value> = running
        .out()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["event"] == "log.sent")
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0]["server"], bench.sink.address().unwrap());
    assert_eq!(bench.sink.rest().unwrap(), []);
}

#[test]
fn a_phone_keeps_its_schedule_and_recovers_from_failures() {
    let bench = Bench::new();
    let mut running = bench.run();
    let failed = event(&mut running, "resync.done");
    assert_eq!(failed["err"], "file not found");
    let armed = event(&mut running, "timer.armed");
    assert_eq!(
        (&armed["timer"], &armed["in_s"]),
        (&"retry".into(), &1.into())
    );
    assert_eq!(bench.status()["provisioned"], false);

    bench.serve(&[("Resync_Periodic", "1")]);
    for (cause, prvst) in [("retry", 2), ("periodic", 1), ("periodic", 1)] {
        let started = event(&mut running, "resync.started");
        assert_eq!(
            (&started["cause"], &started["prvst"]),
            (&cause.into(), &prvst.into())
        );
        assert_eq!(event(&mut running, "resync.done")["err"], "OK");
    }
}

#[test]
fn a_parameter_set_beside_a_running_phone_takes_effect_at_once() {
    let bench = Bench::new();
    bench.serve(&[("Resync_Periodic", "7200")]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    bench.set("Resync_Periodic", "300");
    let left = bench.status()["next"][0]["in_s"].as_u64().unwrap();
    assert!((200..=300).contains(&left), "{left}");
    assert_eq!(bench.get("Resync_Periodic"), "300");

    for (name, value, says) in [
        ("Resync_Periodic", "soon", "write seconds up to 4294967295"),
        ("Provision_Enable", "maybe", "write Yes or No"),
        ("Resync_Periodc", "60", "did you mean `Resync_Periodic`?"),
    ] {
        let ended = bench.agent.run(&["params", "set", name, value]).unwrap();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(says), "{ended:?}");
        assert!(ended.err.contains(name), "{ended:?}");
    }
    assert_eq!(bench.get("Resync_Periodic"), "300");
    assert_eq!(bench.get("Provision_Enable"), "Yes");

    let ended = bench.agent.run(&["params", "reset"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    until("the factory state", || {
        bench.agent.changed().unwrap().is_empty().then_some(())
    })
    .unwrap();
}

#[test]
fn a_phone_that_was_killed_starts_again() {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "before")]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    running.kill().unwrap();
    assert!(
        bench.agent.state().join("control.sock").exists(),
        "the old socket stays"
    );

    bench.serve(&[("GPP_A", "after")]);
    let mut running = bench.run();
    let report = event(&mut running, "resync.report");
    assert_eq!(report["report"]["cause"], "boot");
    assert_eq!(bench.get("GPP_A"), "after");
    assert_eq!(bench.status()["provisioned"], true);
}

//= R-RBT-3 type=test
#[test]
fn a_change_that_needs_a_restart_restarts_the_phone_without_another_resync() {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "x"), ("Web_Server_Port", "8081")]);
    let mut running = bench.run();
    let id = running.id();
    assert_eq!(event(&mut running, "reboot")["kind"], "cold");
    // The next life arms its timer at boot. Without a random delay a resync would start before that.
    let armed = event(&mut running, "timer.armed");
    assert_eq!(armed["timer"], "periodic");
    let status = bench.status();
    assert_eq!(status["last"], Value::Null, "a new life");
    assert_eq!(status["history"][0]["reason"], "Provisioning");

    // Whatever the phone does next comes after the request of this test.
    let ended = bench.agent.run(&["resync", "--json"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    event(&mut running, "resync.report");
    let events = events(&running);
    let second: Vec<_> = events.iter().skip_while(|name| *name != "reboot").collect();
    let starts = second.iter().filter(|name| **name == "resync.started");
    assert_eq!(starts.count(), 1, "{second:?}");
    assert_eq!(bench.site.asked().len(), 2);
    assert_eq!(running.id(), id);
    let expected: Content = [
        ("GPP_A", "x"),
        ("Resync_Error_Retry_Delay", "1"),
        ("Resync_Random_Delay", "0"),
        ("Web_Server_Port", "8081"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    assert_eq!(bench.agent.changed().unwrap(), expected);
}

//= R-SM-20 type=test
#[test]
fn a_report_tells_of_the_restart_also_when_the_phone_was_provisioned_before() {
    let bench = Bench::new();
    // The first success is remembered. A restart is not: whoever resyncs in the foreground restarts, or does not.
    for (port, writes) in [("8081", 1), ("8082", 0)] {
        bench.serve(&[("Web_Server_Port", port)]);
        let (ended, document) = bench.agent.resync(&bench.site.url(FILE)).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(document["reboot"], "cold", "{port}");
        assert_eq!(document["state_writes"], writes, "{port}");
    }
    bench.serve(&[("Web_Server_Port", "8083")]);
    let mut running = bench.run();
    let report = event(&mut running, "resync.report");
    assert_eq!(report["report"]["reboot"], "cold");
    assert_eq!(report["report"]["state_writes"], 1);
    event(&mut running, "reboot");
}

//= R-DHCP-7 type=test
#[test]
fn another_server_of_the_network_is_told_and_refused_by_a_pinned_phone() {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "first")]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    drop(running);
    for (pin, refused) in [("true", true), ("false", false)] {
        let text = format!(
            "[options]\nstatic = {{ \"66\" = \"http://127.0.0.9:9\" }}\n[security]\npin_server = {pin}\n"
        );
        bench.agent.configure(&text).unwrap();
        let mut running = bench.run();
        let told = event(&mut running, "server.changed");
        assert_eq!(told["old"], "127.0.0.1");
        assert_eq!(told["new"], "127.0.0.9");
        assert_eq!(told["refused"], refused);
        let failed = event(&mut running, "profile.failed");
        let err = if refused {
            "no server"
        } else {
            "connect failed"
        };
        assert_eq!(failed["err"], err);
    }
}
