//! SIGHUP: the configuration is read again.

use onhook_tests::{Reply, Site, profile, signal};
use serde_json::Value;

use crate::manager::Manager;
use crate::{Bench, FILE, event};

/// A running phone, its manager and the text of its configuration.
struct Reloaded {
    bench: Bench,
    manager: Manager,
    running: onhook_tests::Peer,
}

impl Reloaded {
    fn start() -> Self {
        let mut bench = Bench::new();
        bench.serve(&[("GPP_A", "first")]);
        let manager = Manager::of(&mut bench.agent);
        let mut running = bench.run();
        event(&mut running, "resync.report");
        manager.told("STATUS=last resync: OK");
        Self {
            bench,
            manager,
            running,
        }
    }

    /// Gives the phone another configuration and waits until it has read it.
    fn reload(&self, text: &str) {
        self.bench.agent.configure(text).unwrap();
        signal("HUP", self.running.id()).unwrap();
        let lines = self.manager.next();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0], "RELOADING=1");
        let time = lines[1].strip_prefix("MONOTONIC_USEC=").unwrap();
        assert!(time.parse::<u64>().unwrap() > 0);
        assert_eq!(self.manager.next(), ["READY=1"]);
    }

    /// Ends the phone; what it has logged.
    fn log(self) -> String {
        signal("TERM", self.running.id()).unwrap();
        let ended = self.running.end().unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.err
    }
}

fn config(site: &Site, syslog: &str, more: &str) -> String {
    format!(
        "[syslog]\nserver = \"{syslog}\"\n[options]\nstatic = {{ \"66\" = \"{}\" }}\n{more}",
        site.url("")
    )
}

#[test]
fn what_may_change_takes_effect_without_a_restart() {
    let phone = Reloaded::start();
    let (site, sink) = (Site::start().unwrap(), onhook_tests::Sink::start().unwrap());
    let rule = "/$EXTIP-$EMS-$MUID.xml";
    let text = profile([("GPP_A", "second"), ("Profile_Rule", rule)]);
    site.put(FILE, Reply::Body(text.into()));
    site.put(
        "/203.0.113.7-mobile-4711.xml",
        Reply::Body(profile([("GPP_A", "third")]).into()),
    );
    let facts = "[device]\nexternal_ip = \"203.0.113.7\"\n[mobility]\nstatus = \"mobile\"\nuser = \"4711\"\n";
    phone.reload(&config(&site, &sink.address().unwrap(), facts));
    let asked = phone.bench.site.asked().len();
    for _ in 0..2 {
        let ended = phone.bench.agent.run(&["resync"]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_eq!(
        phone.bench.site.asked().len(),
        asked,
        "the old server is left alone"
    );
    let paths: Vec<_> = site.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, [FILE, "/203.0.113.7-mobile-4711.xml"]);
    assert!(sink.next().unwrap().text.contains("Requesting"));
    let status = phone.bench.status();
    assert_eq!(status["external_ip"], "203.0.113.7");
    assert_eq!(status["mobility"]["user"], "4711");
    let log = phone.log();
    assert!(log.contains("the configuration was read again"), "{log}");
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn a_configuration_that_cannot_be_used_changes_nothing() {
    let phone = Reloaded::start();
    let bad = [
        (
            "[syslog]\nserver = \"x\"\n[options\n",
            "agent.toml:3:9: not TOML",
        ),
        (
            "[device]\nexternal_ip = \"here\"\n",
            "agent.toml:2: device.external_ip",
        ),
        (
            "[tls]\ntrust = \"/no/such/file\"\n",
            "agent.toml:2: tls.trust: /no/such/file",
        ),
        (
            "[options]\nstatic = { 66 = \"http://\" }\n",
            "agent.toml:2: options.static.66",
        ),
    ];
    for (text, _) in bad {
        phone.reload(text);
    }
    let good = config(&phone.bench.site, &phone.bench.sink.address().unwrap(), "");
    phone.bench.agent.configure(&good).unwrap();
    assert_eq!(phone.bench.status()["external_ip"], Value::Null);
    let ended = phone.bench.agent.run(&["resync"]).unwrap();
    assert_eq!(
        ended.code,
        Some(0),
        "the old server is still asked: {ended:?}"
    );
    let log = phone.log();
    assert_eq!(
        log.matches("the configuration stays as it was: ").count(),
        4,
        "{log}"
    );
    for (_, says) in bad {
        assert!(log.contains(says), "no {says}: {log}");
    }
}

#[test]
fn what_waits_for_the_next_start_is_named() {
    let phone = Reloaded::start();
    let site = &phone.bench.site;
    let fixed = "[device]\nmac = \"00:0e:08:ff:ff:ff\"\n[readings]\ntriggers = \"gate\"\n[tftp]\nlocal_ports = \"ephemeral\"\n";
    phone.reload(&config(site, &phone.bench.sink.address().unwrap(), fixed));
    phone.bench.sink.rest().unwrap();
    let ended = phone.bench.agent.run(&["resync"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = phone.bench.sink.next().unwrap();
    assert!(told.text.contains("00:0e:08:01:23:45"), "{told:?}");
    let log = phone.log();
    for key in ["device.mac", "readings.triggers", "tftp.local_ports"] {
        let line = format!("{key} has changed: it takes effect when the agent is started again");
        assert!(log.contains(&line), "{log}");
    }
    assert!(!log.contains("device.serial"), "{log}");
}

#[test]
fn a_running_resync_goes_on() {
    let phone = Reloaded::start();
    phone.bench.site.put("/slow", Reply::Silence);
    let asked = phone.bench.site.asked().len();
    let url = phone.bench.site.url("/slow");
    let waiting = phone.bench.agent.start(&["resync", &url]).unwrap();
    phone.bench.site.await_asked(asked + 1).unwrap();
    phone.manager.told("STATUS=resync running");
    let text = config(&phone.bench.site, &phone.bench.sink.address().unwrap(), "");
    phone.reload(&text);
    assert_eq!(phone.bench.status()["state"], "running");
    assert_eq!(phone.bench.site.asked().len(), asked + 1);
    drop(waiting);
}
