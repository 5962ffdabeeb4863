//! The phone on its own: it boots, resyncs, keeps its schedule, restarts, is told to read its configuration again and to
//! end, and tells a service manager about it.
#![cfg(test)]

mod ending;
mod facts;
mod journal;
mod life;
mod manager;
mod permissions;
mod reload;
mod told;
mod unit;

use onhook_tests::{Agent, Peer, Reply, Sink, Site, profile};
use serde_json::Value;

/// The file that the factory rule asks for.
const FILE: &str = "/8841-3PCC.xml";

/// A phone that learns its server from option 66 and resyncs at once after boot.
struct Bench {
    agent: Agent,
    site: Site,
    sink: Sink,
}

impl Bench {
    fn new() -> Self {
        let agent = Agent::new().unwrap();
        let site = Site::start().unwrap();
        let sink = Sink::start().unwrap();
        let text = format!(
            "[syslog]\nserver = \"{}\"\n[options]\nstatic = {{ \"66\" = \"{}\" }}\n",
            sink.address().unwrap(),
            site.url(""),
        );
        agent.configure(&text).unwrap();
        let bench = Self { agent, site, sink };
        bench.set("Resync_Random_Delay", "0");
        bench.set("Resync_Error_Retry_Delay", "1");
        bench
    }

    #[track_caller]
    fn set(&self, name: &str, value: &str) {
        let ended = self.agent.run(&["params", "set", name, value]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    fn get(&self, name: &str) -> String {
        let ended = self.agent.run(&["params", "get", name]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.out.trim_end().to_owned()
    }

    fn serve(&self, values: &[(&str, &str)]) {
        let text = profile(values.iter().copied());
        self.site.put(FILE, Reply::Body(text.into()));
    }

    fn run(&self) -> Peer {
        self.agent.start(&["run", "--events", "-"]).unwrap()
    }

    fn status(&self) -> Value {
        let status = self.agent.status().unwrap();
        assert_eq!(status["schema"], "onhook.status/1");
        status
    }
}

/// Waits for an event.
#[track_caller]
fn event(running: &mut Peer, name: &str) -> Value {
    let wanted = format!("\"event\":\"{name}\"");
    let line = running.line(|line| line.contains(&wanted)).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// The events so far, by name.
fn events(running: &Peer) -> Vec<String> {
    let name = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event"].as_str().unwrap().to_owned()
    };
    running.out().lines().map(name).collect()
}
