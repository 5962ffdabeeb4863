//! The custom CA of a phone: from a rule, from a request, and not from anything else.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Peer, Reply, Site, profile, program, until, violations};
use serde_json::Value;
use tempfile::TempDir;

/// A server over TLS whose authority nobody believes yet, and one over plain HTTP that hands it out.
struct Lab {
    folder: TempDir,
    site: Site,
    /// `https://host:port`
    secure: String,
    _serving: Peer,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let www = folder.path().join("www");
        fs::create_dir(&www).unwrap();
        fs::write(www.join("b.xml"), profile([("GPP_B", "over TLS")])).unwrap();
        let mut harness = Command::new(program("onhook-harness").unwrap());
        harness
            .args(["serve", "--json", "--http", "off"])
            .args(["--https", "127.0.0.1:0", "--root", "www"])
            .args(["--tls-ca-out", "ca.pem"])
            .current_dir(folder.path())
            .stdin(Stdio::null());
        let mut serving = Peer::start(&mut harness).unwrap();
        let listening: Value = serde_json::from_str(&serving.line(|_| true).unwrap()).unwrap();
        let secure = format!("https://{}", listening["https"].as_str().unwrap());
        let site = Site::start().unwrap();
        let ca = fs::read(folder.path().join("ca.pem")).unwrap();
        site.put("/ca.pem", Reply::Body(ca));
        site.put("/bad.pem", Reply::Body("<html>no certificate".into()));
        Self {
            folder,
            site,
            secure,
            _serving: serving,
        }
    }

    fn ca(&self) -> String {
        self.site.url("/ca.pem")
    }

    fn profile_over_tls(&self) -> String {
        format!("{}/b.xml", self.secure)
    }
}

/// A running phone that resyncs when it is told to, and has booted.
fn running(agent: &Agent) -> Peer {
    let peer = agent.start(&["run", "--events", "-"]).unwrap();
    let answers = || agent.run(&["status"]).unwrap().code == Some(0);
    until("an answer", || answers().then_some(())).unwrap();
    peer
}

#[track_caller]
fn set(agent: &Agent, name: &str, value: &str) {
    let ended = agent.run(&["params", "set", name, value]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Whether a profile over TLS is applied by the running phone.
fn believes(agent: &Agent, lab: &Lab) -> bool {
    let ended = agent
        .run(&["ctl", "resync", &lab.profile_over_tls()])
        .unwrap();
    assert!(
        ended.code == Some(0) || ended.out.contains("certificate"),
        "{ended:?}"
    );
    ended.code == Some(0)
}

fn custom_ca(agent: &Agent) -> Value {
    let status = agent.status().unwrap();
    let wrong = violations("onhook.status/1", &status).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    status["custom_ca"].clone()
}

//= R-TLS-1 type=test
//= R-TLS-8 type=test
//= R-TLS-9 type=test
//= V-111 type=test
#[test]
fn a_ca_that_the_first_rule_names_is_believed_by_the_second() {
    let (lab, agent) = (Lab::new(), Agent::new().unwrap());
    let (ended, refused) = agent.resync(&lab.profile_over_tls()).unwrap();
    assert_eq!(refused["err"], "certificate verify failed", "{ended:?}");

    let (rule, second) = (lab.ca(), lab.profile_over_tls());
    let first = profile([("Custom_CA_Rule", &*rule), ("Profile_Rule_B", &*second)]);
    lab.site.put("/a.xml", Reply::Body(first.into()));
    set(&agent, "Profile_Rule", &lab.site.url("/a.xml"));
    let ended = agent.run(&["resync", "--json"]).unwrap();
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["outcome"], "applied", "{document:#}");
    let rules = document["rules"].as_array().unwrap();
    let outcomes: Vec<_> = rules.iter().map(|rule| &rule["outcome"]).collect();
    assert_eq!(outcomes, ["A.applied", "A.applied"]);
    assert_eq!(document["changes"]["GPP_B"], "over TLS");
    assert_eq!(document["warnings"].as_array().map(Vec::len), Some(0));
    let said = document["messages"].to_string();
    assert!(said.contains("custom CA"), "{said}");
    let paths = lab.site.asked().into_iter().map(|asked| asked.path);
    assert_eq!(paths.collect::<Vec<_>>(), ["/a.xml", "/ca.pem"]);
    // It is believed by whoever starts from this directory, without another fetch.
    let (_, again) = agent.resync(&lab.profile_over_tls()).unwrap();
    assert_eq!(again["outcome"], "applied");
    assert_eq!(lab.site.asked().len(), 2);
    assert_eq!(agent.stored().unwrap()["trust.bin"], 0o600);
}

//= R-TLS-8 type=test
//= R-TLS-10 type=test
#[test]
fn a_bad_file_keeps_the_old_and_an_emptied_rule_removes_it() {
    let (lab, agent) = (Lab::new(), Agent::new().unwrap());
    set(&agent, "Resync_On_Reset", "No");
    let mut phone = running(&agent);
    assert_eq!(custom_ca(&agent)["last"], Value::Null);
    assert!(!believes(&agent, &lab));
    set(&agent, "Custom_CA_Rule", &lab.ca());
    let installed = |line: &str| line.contains("\"ca.installed\"");
    let event: Value = serde_json::from_str(&phone.line(installed).unwrap()).unwrap();
    let wrong = violations("onhook.event/1", &event).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(believes(&agent, &lab));
    let good = custom_ca(&agent);
    assert_eq!(good["last"], "succeeded");
    assert_eq!(good["installed"]["url"], event["url"]);
    assert_eq!(good["installed"]["fingerprint"], event["fingerprint"]);

    set(&agent, "Custom_CA_Rule", &lab.site.url("/bad.pem"));
    phone
        .line(|line| line.contains("\"ca.unchanged\""))
        .unwrap();
    let bad = custom_ca(&agent);
    assert_eq!(
        (&bad["last"], &bad["err"]),
        (&"failed".into(), &"parse failed".into())
    );
    assert_eq!(bad["installed"], good["installed"]);
    let text = agent.run(&["status"]).unwrap().out;
    assert!(
        text.contains("custom CA: last provisioning failed (parse failed), "),
        "{text}"
    );
    assert!(believes(&agent, &lab));

    // The next start believes what is stored, whatever the server has.
    drop(phone);
    let mut phone = running(&agent);
    assert!(believes(&agent, &lab));
    set(&agent, "Custom_CA_Rule", "");
    phone.line(|line| line.contains("\"ca.removed\"")).unwrap();
    assert!(!believes(&agent, &lab));
    let gone = || !agent.stored().unwrap().contains_key("trust.bin");
    until("no trust.bin", || gone().then_some(())).unwrap();
    assert!(
        agent
            .run(&["status"])
            .unwrap()
            .out
            .contains("custom CA: Not Installed")
    );
}

#[test]
fn a_url_of_a_request_is_used_once_and_not_stored() {
    let (lab, agent) = (Lab::new(), Agent::new().unwrap());
    set(&agent, "Resync_On_Reset", "No");
    let phone = running(&agent);
    let ended = agent.run(&["ctl", "update-ca"]).unwrap();
    assert!(ended.err.contains("Custom_CA_Rule is empty"), "{ended:?}");
    let ended = agent
        .run(&["ctl", "update-ca", &lab.site.url("/bad.pem")])
        .unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("this is no certificate"), "{ended:?}");
    let ended = agent.run(&["ctl", "update-ca", &lab.ca()]).unwrap();
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{ended:?}");
    assert!(believes(&agent, &lab));
    let ended = agent.run(&["params", "get", "Custom_CA_Rule"]).unwrap();
    assert_eq!(ended.out.trim(), "");
    assert_eq!(custom_ca(&agent)["installed"]["source"], "request");
    // It lasts over a start, and no longer than to the factory state.
    drop(phone);
    let phone = running(&agent);
    assert!(believes(&agent, &lab));
    let ended = agent.run(&["ctl", "factory-reset"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let fresh = || custom_ca(&agent)["installed"].is_null();
    until("the factory state", || fresh().then_some(())).unwrap();
    assert!(!agent.stored().unwrap().contains_key("trust.bin"));
    drop(phone);
}

//= R-FLS-2 type=test
//= R-TLS-8 type=test
#[test]
fn without_a_running_phone_a_reset_and_an_emptied_rule_end_it_too() {
    let lab = Lab::new();
    for how in [
        &["params", "reset"][..],
        &["params", "set", "Custom_CA_Rule", ""],
    ] {
        let agent = Agent::new().unwrap();
        let ca = lab.ca();
        let first = profile([("Custom_CA_Rule", &*ca)]);
        lab.site.put("/a.xml", Reply::Body(first.into()));
        set(&agent, "Profile_Rule", &lab.site.url("/a.xml"));
        assert_eq!(agent.run(&["resync"]).unwrap().code, Some(0));
        assert!(agent.stored().unwrap().contains_key("trust.bin"));
        assert_eq!(agent.run(how).unwrap().code, Some(0));
        let (_, refused) = agent.resync(&lab.profile_over_tls()).unwrap();
        assert_eq!(refused["err"], "certificate verify failed", "{how:?}");
        assert!(!agent.stored().unwrap().contains_key("trust.bin"));
    }
}

//= R-TLS-10 type=test
#[test]
fn a_setting_refuses_what_does_not_come_over_https() {
    let (lab, agent) = (Lab::new(), Agent::new().unwrap());
    set(&agent, "Resync_On_Reset", "No");
    let trust = lab.folder.path().join("ca.pem");
    let config = |trust: &Path| {
        let trust = trust.display().to_string();
        format!("[security]\nca_over = \"https\"\n[tls]\ntrust = {trust:?}\n")
    };
    agent.configure(&config(&trust)).unwrap();
    let _phone = running(&agent);
    let ended = agent.run(&["ctl", "update-ca", &lab.ca()]).unwrap();
    assert!(ended.err.contains("security.ca_over"), "{ended:?}");
    assert_eq!(lab.site.asked(), []);
    // The same file over TLS, from a server that is believed already.
    let served = lab.folder.path().join("www/ca.pem");
    fs::copy(&trust, served).unwrap();
    let url = format!("{}/ca.pem", lab.secure);
    let ended = agent.run(&["ctl", "update-ca", &url]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// A stored CA that nothing can read must not keep the phone from coming up.
#[test]
fn a_damaged_record_is_none() {
    let agent = Agent::new().unwrap();
    set(&agent, "Resync_On_Reset", "No");
    fs::write(agent.state().join("trust.bin"), "OHCA damaged").unwrap();
    let phone = running(&agent);
    assert!(custom_ca(&agent)["installed"].is_null());
    drop(phone);
}
