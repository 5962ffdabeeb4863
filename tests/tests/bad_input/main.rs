//! Whatever is wrong with a file, a server, a network, a rule or a configuration: a clear message, and nothing stored.
#![cfg(test)]

mod configuration;
mod contents;
mod directory;
mod network;
mod servers;
mod tftp;
mod tls;

use std::fs;

use onhook_tests::{Agent, Content, Datagram, Ended, Reply, Sink, Site, profile};
use serde_json::Value;

/// A provisioned phone that tells a syslog server, and a web server that can misbehave.
struct Bench {
    agent: Agent,
    site: Site,
    sink: Sink,
}

/// How a resync has to fail.
#[derive(Clone, Copy)]
struct Failure<'a> {
    /// The outcome of the rule.
    outcome: &'a str,
    /// The text of `$ERR`.
    err: &'a str,
    /// What the message for the operator says, among other things.
    says: &'a [&'a str],
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            agent: Agent::new().unwrap(),
            site: Site::start().unwrap(),
            sink: Sink::start().unwrap(),
        };
        let server = bench.sink.address().unwrap();
        let text = format!("[syslog]\nserver = \"{server}\"\n");
        bench.agent.configure(&text).unwrap();
        bench.put("/good.xml", profile(good()));
        let (ended, _) = bench.agent.resync(&bench.site.url("/good.xml")).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(bench.agent.changed().unwrap(), good());
        assert_eq!(bench.sink.rest().unwrap().len(), 2);
        bench
    }

    fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.site.put(path, Reply::Body(body.into()));
    }

    /// Makes a provisioned phone of it again.
    #[track_caller]
    fn reset(&self) {
        fs::remove_dir_all(self.agent.state()).unwrap();
        let (ended, _) = self.agent.resync(&self.site.url("/good.xml")).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(self.agent.changed().unwrap(), good());
        self.sink.rest().unwrap();
    }

    /// Resyncs with a file that must be refused.
    #[track_caller]
    fn refuses(&self, reply: Reply, key: Option<&str>, failure: &Failure<'_>) {
        self.site.put("/bad.xml", reply);
        let url = self.site.url("/bad.xml");
        let rule = key.map_or(url.clone(), |key| format!("[--key {key}] {url}"));
        self.fails(&rule, failure);
    }

    /// Resyncs with a rule that must fail, and looks at everything that a failure must leave alone.
    #[track_caller]
    fn fails(&self, rule: &str, failure: &Failure<'_>) {
        let before = fs::read(self.agent.state().join("params.bin")).unwrap();
        let (ended, document) = self.agent.resync(rule).unwrap();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(document["outcome"], "failed", "{document:#}");
        assert_eq!(document["err"], failure.err, "{document:#}");
        assert_eq!(document["class"], failure.outcome[..1], "{document:#}");
        assert_eq!(
            document["rules"][0]["outcome"], failure.outcome,
            "{document:#}"
        );
        assert_eq!(document["changes"], Value::Object(serde_json::Map::new()));
        assert_eq!(document["flash_writes"], 0);
        assert_eq!(document["state_writes"], 0);
        let message = document["rules"][0]["message"].as_str().unwrap();
        for word in failure.says {
            assert!(message.contains(word), "no `{word}` in: {message}");
        }

        let told = self.sink.rest().unwrap().pop();
        let text = format!(
            "CP-8841-3PCC 00:0e:08:01:23:45 -- Resync failed: {}",
            failure.err
        );
        assert_eq!(
            told,
            Some(Datagram {
                priority: 131,
                text
            })
        );

        //= R-OUT-5 type=test
        assert_eq!(self.agent.changed().unwrap(), good());
        let after = fs::read(self.agent.state().join("params.bin")).unwrap();
        assert!(before == after, "the stored file changed");
        self.left_nothing();
    }

    #[track_caller]
    fn left_nothing(&self) {
        let left: Vec<_> = self.agent.stored().unwrap().into_keys().collect();
        assert_eq!(left, ["clock", "lock", "params.bin", "state.bin"]);
        assert_eq!(self.agent.litter().unwrap(), onhook_tests::Files::new());
    }
}

/// What the phone holds before anything goes wrong.
fn good() -> Content {
    [("GPP_A", "kept"), ("Resync_Periodic", "7200")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// A command failed with this status and said all of this on standard error.
#[track_caller]
fn assert_refused(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.out, "", "a refusal belongs on standard error");
    assert!(ended.err.starts_with("error: "), "{ended:?}");
    for word in says {
        assert!(ended.err.contains(word), "no `{word}` in: {}", ended.err);
    }
}
