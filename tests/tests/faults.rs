//! Faults of the real server, met by the real phone.
#![cfg(test)]

use std::fs;
use std::process::Command;

use onhook_tests::{Agent, Lab, Peer, profile, program};

const KEY: &str = "correct horse";

/// `onhook-harness encrypt` of a profile.
fn encrypted(lab: &Lab) -> Vec<u8> {
    let (plain, file) = (lab.place("plain.xml"), lab.place("file.enc"));
    fs::write(&plain, profile([("GPP_A", "x")])).unwrap();
    let mut command = Command::new(program("onhook-harness").unwrap());
    let command = command
        .args(["encrypt", "--key", KEY, "-o"])
        .arg(&file)
        .arg(&plain);
    let ended = Peer::start(command).unwrap().end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    fs::read(file).unwrap()
}

#[test]
fn a_busy_server_refuses_once_and_the_next_resync_is_good() {
    let agent = Agent::new().unwrap();
    let log = agent.place("access.log");
    let mut lab = Lab::start(&[
        "--fault",
        "status=503,retry-after=60,path=*.xml,times=1,name=busy",
        "--access-log",
        log.to_str().unwrap(),
    ])
    .unwrap();
    lab.put("a.xml", profile([("GPP_A", "x")])).unwrap();
    let rule = lab.url("http", "a.xml").unwrap();
    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(document["err"], "http status 503", "{document:#}");
    let fault = lab.event("fault").unwrap();
    assert_eq!(
        (&fault["name"], &fault["effect"]),
        (&"busy".into(), &"status=503".into())
    );
    assert_eq!(lab.event("request").unwrap()["fault"]["name"], "busy");
    let (_, document) = agent.resync(&rule).unwrap();
    assert_eq!(document["outcome"], "applied", "{document:#}");
    assert!(lab.event("request").unwrap().get("fault").is_none());
    let log = fs::read_to_string(log).unwrap();
    assert_eq!(
        log.matches(" [fault busy: status=503]\n").count(),
        1,
        "{log}"
    );
}

#[test]
fn a_file_of_another_key_cannot_be_decrypted_and_changes_nothing() {
    let agent = Agent::new().unwrap();
    let lab = Lab::start(&["--fault", "wrong-key,times=1"]).unwrap();
    lab.put("a.enc", encrypted(&lab)).unwrap();
    let rule = format!("[--key \"{KEY}\"] {}", lab.url("http", "a.enc").unwrap());
    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(document["err"], "decrypt failed", "{document:#}");
    assert_eq!(agent.changed().unwrap().len(), 0);
    let (_, document) = agent.resync(&rule).unwrap();
    assert_eq!(document["outcome"], "applied", "{document:#}");
}

#[test]
fn a_tftp_server_answers_an_error_with_a_text() {
    let agent = Agent::new().unwrap();
    let mut lab = Lab::start(&["--fault", "error=2,text=go away,on=tftp"]).unwrap();
    lab.put("a.xml", "<flat-profile/>").unwrap();
    let (ended, document) = agent.resync(&lab.url("tftp", "a.xml").unwrap()).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(document["err"], "tftp error 2: go away", "{document:#}");
    assert_eq!(lab.event("fault").unwrap()["protocol"], "tftp");
}

#[test]
fn a_phone_refuses_an_expired_certificate() {
    let agent = Agent::new().unwrap();
    let ca = agent.place("ca.pem");
    let tls = [
        "--https",
        "127.0.0.1:0",
        "--tls-ca-out",
        ca.to_str().unwrap(),
    ];
    let lab = Lab::start(&[&tls[..], &["--fault", "tls=expired,times=1"]].concat()).unwrap();
    lab.put("a.xml", "<flat-profile/>").unwrap();
    agent
        .configure(&format!("[tls]\ntrust = {ca:?}\n"))
        .unwrap();
    let rule = lab.url("https", "a.xml").unwrap();
    let (_, document) = agent.resync(&rule).unwrap();
    assert_eq!(document["err"], "certificate verify failed", "{document:#}");
    let (ended, _) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
