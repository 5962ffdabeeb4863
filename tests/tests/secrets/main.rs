//! Secrets go into the store and to the server, and nowhere else.
#![cfg(test)]

mod lab;

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onhook_tests::{
    Agent, Digest, Ended, Files, Reply, Sink, Site, encrypt, files, profile, replay, signal, tool,
    until,
};

/// Stands in every secret of these tests.
const CANARY: &str = "c4n4ry";
const KEY: &str = "c4n4ry-Key-1";
const OTHER_KEY: &str = "c4n4ry-Key-2";
const USER: &str = "c4n4ry-user";
const PASSWORD: &str = "c4n4ry-pass";

/// Everything that the phone said, with where it said it.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn add(&mut self, place: &str, ended: &Ended) {
        self.0
            .push((format!("{place}, standard output"), ended.out.clone()));
        self.0
            .push((format!("{place}, standard error"), ended.err.clone()));
    }

    /// Runs a command that must end with this status.
    #[track_caller]
    fn run(&mut self, agent: &Agent, command: &[&str], code: i32) {
        let ended = agent.run(command).unwrap();
        assert_eq!(ended.code, Some(code), "{command:?}: {ended:?}");
        assert!(!ended.out.is_empty() || !ended.err.is_empty() || code == 0);
        self.add(command[0], &ended);
    }

    /// Runs a command that must end with this status and reads its last word, a secret, from standard input.
    #[track_caller]
    fn run_reading(&mut self, agent: &Agent, command: &[&str], input: &str, code: i32) {
        let ended = agent.run_reading(command, input).unwrap();
        assert_eq!(ended.code, Some(code), "{command:?}: {ended:?}");
        self.add(command[0], &ended);
    }

    #[track_caller]
    fn assert_silent_about_secrets(&self) {
        for (place, text) in &self.0 {
            for form in forms() {
                if let Some(at) = text.find(&form) {
                    let around = text[..at].lines().next_back().unwrap_or_default();
                    panic!("{place} tells a secret behind: {around}");
                }
            }
        }
    }
}

/// How a secret may look: as it is, in header lines, and as bytes in debug output.
fn forms() -> Vec<String> {
    let bytes: Vec<_> = CANARY.bytes().map(|b| b.to_string()).collect();
    let hex: String = CANARY.bytes().map(|b| format!("{b:02x}")).collect();
    let credentials = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    vec![CANARY.to_owned(), bytes.join(", "), hex, credentials]
}

/// A profile full of secrets; its log messages and its rule ask for them.
fn secrets() -> String {
    profile([
        ("GPP_SA", "c4n4ry-sa"),
        ("GPP_SD", "c4n4ry-sd"),
        ("Admin_Password", "c4n4ry-Admin"),
        ("User_Password", "c4n4ry-User"),
        ("Password_1_", "c4n4ry-sip"),
        ("IKM_HTTP_Encrypt_Content", "c4n4ry-ikm"),
        (
            "Profile_Rule",
            "[--key c4n4ry-rule --pwd=c4n4ry-rule] http://127.0.0.1:1/a.xml",
        ),
        (
            "XML_Directory_Service_URL",
            "http://u:c4n4ry-url@127.0.0.1:1/d",
        ),
        ("Log_Request_Msg", "asking $SA $(SA) $GPP_SA $SD"),
        ("Log_Success_Msg", "done $SA $(SA:1) $ERR"),
        ("Log_Failure_Msg", "failed $SA $SD $ERR"),
    ])
}

/// Files and rules that fail, each with a secret in the place that is wrong.
fn broken() -> Vec<(&'static str, Reply)> {
    let body = |text: &str| Reply::Body(text.into());
    vec![
        (
            "/tag.xml",
            body("<flat-profile><GPP_SA>c4n4ry</GPP_SB></flat-profile>"),
        ),
        (
            "/entity.xml",
            body("<flat-profile><GPP_SA>&c4n4ry;</GPP_SA></flat-profile>"),
        ),
        (
            "/attribute.xml",
            body("<flat-profile><GPP_SA x=c4n4ry>c4n4ry</GPP_SA></flat-profile>"),
        ),
        ("/text.xml", body("c4n4ry")),
        (
            "/denied.xml",
            Reply::Status(401, "WWW-Authenticate: Basic realm=\"c\"\r\n"),
        ),
        ("/failing.xml", Reply::Status(500, "")),
    ]
}

/// Values that a phone does not take, and places where none belongs.
fn mistakes() -> String {
    let long = format!("{CANARY}{}", "x".repeat(200));
    format!(
        "<flat-profile>\n<User_Password>{long}</User_Password>\n<User_Password>c4n4ry</User_Password>\n\
         <GPP_SA><b>c4n4ry</b></GPP_SA>\n<Admin_Passwort>c4n4ry</Admin_Passwort>\n\
         <GPP_SB ua=\"c4n4ry\">c4n4ry & more</GPP_SB>\n</flat-profile>\n"
    )
}

struct Bench {
    agent: Agent,
    site: Site,
    sink: Sink,
}

impl Bench {
    /// A phone that logs everything, under a mask that allows everybody everything.
    fn new(openssl: &std::path::Path) -> Self {
        let mut agent = Agent::new().unwrap();
        let open = ["sh", "-c", "umask 000; exec \"$0\" \"$@\""];
        agent.run_under(open.map(Into::into).to_vec());
        agent.set_variable("RUST_LOG", "trace");
        let sink = Sink::start().unwrap();
        let server = sink.address().unwrap();
        let text = format!("[syslog]\nserver = \"{server}\"\n");
        agent.configure(&text).unwrap();

        let site = Site::start().unwrap();
        let file = encrypt(openssl, KEY, Digest::Sha256, secrets().as_bytes()).unwrap();
        site.put("/secrets.xml", Reply::Guarded(file.clone()));
        site.put("/open.xml", Reply::Body(file));
        site.put("/mistakes.xml", Reply::Body(mistakes().into()));
        site.put("/sealed.xml", Reply::Records(b"c4n4ry is no body".to_vec()));
        for (path, reply) in broken() {
            site.put(path, reply);
        }
        Self { agent, site, sink }
    }

    /// Rules that succeed.
    fn good(&self) -> Vec<String> {
        let credentials = format!("--key {KEY} --uid {USER} --pwd {PASSWORD}");
        vec![
            format!("[{credentials}] {}", self.site.url("/secrets.xml")),
            format!("(GPP_SB=\"c4n4ry\")! {}", self.site.url("/mistakes.xml")),
            format!("[--key \"{KEY}\"] {}", self.site.url("/open.xml")),
        ]
    }

    /// Rules that fail.
    fn bad(&self) -> Vec<String> {
        let options = format!("[--key {OTHER_KEY} --uid {USER} --pwd {PASSWORD}]");
        let mut rules: Vec<_> = broken()
            .iter()
            .map(|(path, _)| format!("{options} {}", self.site.url(path)))
            .collect();
        rules.extend(broken().iter().map(|(path, _)| self.site.url(path)));
        rules.extend([
            format!("{options} {}", self.site.url("/open.xml")),
            format!("[--key $SA] {}", self.site.url("/open.xml")),
            self.site.url("/$SA/$(SD)"),
            format!("[--key {KEY} {}", self.site.url("/open.xml")),
            format!("[--kee {KEY}] {}", self.site.url("/open.xml")),
            self.site.url("/sealed.xml"),
            format!(
                "[--alias d --post d --key {KEY}] {}",
                self.site.url("/text.xml")
            ),
            format!("(\"$SA\" eq \"{KEY}\" )) ? x"),
            format!("http://{USER}:{PASSWORD}@127.0.0.1/a"),
            format!("[--key {KEY} --pwd {PASSWORD}] http://127.0.0.1:1/a"),
        ]);
        rules
    }

    /// Runs everything that may tell a secret.
    fn exercise(&self, said: &mut Said) {
        let agent = &self.agent;
        for json in [&["--json"][..], &[]] {
            for (rules, code) in [(self.good(), 0), (self.bad(), 1)] {
                for rule in rules {
                    let command = [&["resync", "-"], json].concat();
                    said.run_reading(agent, &command, &rule, code);
                }
            }
            for words in [
                &["list"][..],
                &["list", "--changed"],
                &["get", "GPP_SA"],
                &["get", "Profile_Rule"],
            ] {
                said.run(agent, &[&["params"], words, json].concat(), 0);
            }
        }
        for words in [
            &["list", "--long"][..],
            &["export"],
            &["export", "--changed", "--format", "json"],
        ] {
            said.run(agent, &[&["params"], words].concat(), 0);
        }
        let long = format!("{CANARY}{}", "x".repeat(200));
        for (name, value, code) in [
            ("User_Password", long.as_str(), 2),
            ("GPP_SC", "c4n4ry", 0),
            ("Profile_Rule", "[--key c4n4ry] http://127.0.0.1:1/b", 0),
            ("Admin_Passwort", "c4n4ry", 2),
        ] {
            said.run_reading(agent, &["params", "set", name, "-"], value, code);
        }
    }

    /// The secrets did get where they belong, or the tests above show nothing.
    fn assert_secrets_were_used(&self) {
        let stored = fs::read(self.agent.state().join("params.bin")).unwrap();
        let stored = String::from_utf8_lossy(&stored);
        for secret in [
            "c4n4ry-sa",
            "c4n4ry-Admin",
            "c4n4ry-User",
            "c4n4ry-sip",
            "c4n4ry-url",
        ] {
            assert!(stored.contains(secret), "{secret} was not stored");
        }
        let sent = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let sent = Some(format!("Basic {sent}"));
        let asked = self.site.asked();
        assert!(
            asked.iter().any(|asked| asked.authorization == sent),
            "{asked:?}"
        );
        let in_paths = asked.iter().any(|asked| asked.path.contains(CANARY));
        //= R-LOG-6 type=test
        assert!(!in_paths, "{asked:?}");
    }

    /// All messages that came to syslog.
    fn take_messages(&self, said: &mut Said) {
        let messages = self.sink.rest().unwrap();
        assert!(messages.len() > 10, "{messages:?}");
        for message in messages {
            said.0.push(("syslog".to_owned(), message.text));
        }
    }
}

//= R-SEC-3 type=test
#[test]
fn no_secret_is_told_in_the_foreground() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let bench = Bench::new(&openssl);
    let mut said = Said::default();
    bench.exercise(&mut said);
    bench.take_messages(&mut said);
    bench.assert_secrets_were_used();
    said.assert_silent_about_secrets();
    assert_private(&bench.agent, &["clock", "lock", "params.bin", "state.bin"]);
}

//= R-SEC-3 type=test
#[test]
fn no_secret_is_told_by_a_running_agent() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let bench = Bench::new(&openssl);
    let agent = &bench.agent;
    let mut said = Said::default();
    let set = ["params", "set", "Resync_On_Reset", "No"];
    said.run(agent, &set, 0);
    let events = agent.place("events").display().to_string();
    let journal = agent.place("journal").display().to_string();
    let run = [
        "--log-format",
        "json",
        "run",
        "--events",
        &events,
        "--journal",
        &journal,
    ];
    let running = agent.start(&run).unwrap();
    until("an answer", || agent.status().ok()).unwrap();
    bench.exercise(&mut said);
    said.run(agent, &["status", "--json"], 0);
    said.run(agent, &["status"], 0);
    assert_private(
        agent,
        &["clock", "control.sock", "lock", "params.bin", "state.bin"],
    );

    signal("TERM", running.id()).unwrap();
    let ended = running.end().unwrap();
    assert!(
        ended.err.contains("\"level\":\"WARN\""),
        "it logs: {ended:?}"
    );
    said.add("run", &ended);
    let stream = fs::read_to_string(&events).unwrap();
    assert!(stream.lines().count() > 100, "{stream}");
    said.0.push(("events".to_owned(), stream));
    let recorded = fs::read_to_string(&journal).unwrap();
    assert!(recorded.lines().count() > 100, "{recorded}");
    said.0.push(("journal".to_owned(), recorded));
    let replayed = replay(&journal, &[]).unwrap();
    // Secrets decide nothing: the same phone does the same with their stand-ins.
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    said.add("replay", &replayed);
    bench.take_messages(&mut said);
    bench.assert_secrets_were_used();
    said.assert_silent_about_secrets();
    let own = files(&agent.place("")).unwrap();
    assert_eq!((own["events"], own["journal"]), (0o600, 0o600));
}

/// Nobody but the owner can read the state.
#[track_caller]
fn assert_private(agent: &Agent, names: &[&str]) {
    let expected: Files = names
        .iter()
        .map(|name| ((*name).to_owned(), 0o600))
        .collect();
    assert_eq!(agent.stored().unwrap(), expected);
    assert_eq!(files(&agent.place("")).unwrap()["state"], 0o700);
}
