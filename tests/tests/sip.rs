//! The real phone, notified by the real harness: over UDP and TCP, with and without a login; and over TLS.
#![cfg(test)]

use std::net::UdpSocket;
use std::process::{Command, Stdio};

use onhook_tests::{
    Agent, Authority, Ended, Peer, Reply, Site, profile, program, tool, until, violations,
};
use serde_json::Value;

const USER: &str = "4081001141";
const PASSWORD: &str = "canary-of-sip";

/// A phone that listens, with a server of its own.
struct Bench {
    agent: Agent,
    site: Site,
    running: Peer,
    at: String,
}

fn set(agent: &Agent, name: &str, value: &str) {
    let ended = agent.run(&["params", "set", name, value]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

fn bench(params: &[(&str, &str)], config: &str) -> Bench {
    let agent = Agent::new().unwrap();
    let site = Site::start().unwrap();
    for path in ["/p.xml", "/one.xml"] {
        site.put(path, Reply::Body(profile([("GPP_A", path)]).into()));
    }
    agent
        .configure(&format!("[sip]\nlisten = \"127.0.0.1:0\"\n{config}"))
        .unwrap();
    set(&agent, "Profile_Rule", &site.url("/p.xml"));
    set(&agent, "Resync_Random_Delay", "0");
    set(&agent, "User_ID_1_", USER);
    set(&agent, "Password_1_", PASSWORD);
    for (name, value) in params {
        set(&agent, name, value);
    }
    let running = agent.boot().unwrap();
    let status = agent.status().unwrap();
    let at = status["listen"]["sip"].as_str().unwrap().to_owned();
    let bench = Bench {
        agent,
        site,
        running,
        at,
    };
    bench.asked(&["/p.xml"]);
    bench
}

impl Bench {
    /// Waits until exactly these have been asked for.
    fn asked(&self, paths: &[&str]) {
        until("the requests", || {
            let asked = self.site.asked().len();
            assert!(asked <= paths.len(), "{asked} requests");
            (asked == paths.len()).then_some(())
        })
        .unwrap();
        let asked: Vec<String> = self
            .site
            .asked()
            .into_iter()
            .map(|asked| asked.path)
            .collect();
        assert_eq!(asked, paths);
    }

    fn notify(&self, more: &[&str]) -> (Ended, Value) {
        let mut command = Command::new(program("onhook-harness").unwrap());
        command
            .args(["notify", &format!("{USER}@{}", self.at), "--json"])
            .args(more)
            .env("PIN", PASSWORD)
            .stdin(Stdio::null());
        let ended = Peer::start(&mut command).unwrap().end().unwrap();
        let document: Value = serde_json::from_str(&ended.out).unwrap();
        let wrong = violations("onhook.notify/1", &document).unwrap();
        assert!(wrong.is_empty(), "{document:#}\n{wrong:?}");
        assert!(!ended.out.contains(PASSWORD) && !ended.err.contains(PASSWORD));
        (ended, document)
    }

    /// Notifies with the right login; it has to be accepted.
    fn accepted(&self, more: &[&str]) {
        let login = ["--uid", USER, "--pwd-env", "PIN"];
        let (ended, document) = self.notify(&[&login, more].concat());
        assert_eq!(ended.code, Some(0), "{document:#}");
        assert_eq!(document["status"], 200);
    }

    fn refused(&self, more: &[&str], status: u16) -> Value {
        let (ended, document) = self.notify(more);
        assert_eq!(ended.code, Some(1), "{document:#}");
        assert_eq!(document["status"], status, "{document:#}");
        document
    }
}

//= R-SIP-1 type=test
//= R-SIP-9 type=test
#[test]
fn a_phone_is_told_to_resync_and_to_restart_by_whoever_has_its_password() {
    let mut bench = bench(&[], "");
    let document = bench.refused(&["--event", "resync"], 401);
    assert_eq!(document["logged_in"], false);
    let wrong = ["--event", "resync", "--uid", USER, "--pwd", "guess"];
    let document = bench.refused(&wrong, 401);
    assert_eq!(document["algorithm"], "SHA-256");
    let document = bench.refused(&["--event", "presence"], 489);
    assert!(
        document["allow_events"]
            .as_str()
            .unwrap()
            .starts_with("resync, ")
    );
    bench.asked(&["/p.xml"]);
    bench.accepted(&["--event", "resync"]);
    bench.asked(&["/p.xml", "/p.xml"]);
    // Another kind waits until the last one is five seconds old.
    let one = bench.site.url("/one.xml");
    bench.accepted(&["--event", "resync", "--profile", &one, "--transport", "tcp"]);
    bench.asked(&["/p.xml", "/p.xml", "/one.xml"]);
    bench.accepted(&["--event", "restart_now"]);
    bench
        .running
        .line(|line| line.contains("\"warm\""))
        .unwrap();
    bench.accepted(&["--event", "reboot_now"]);
    bench.asked(&["/p.xml", "/p.xml", "/one.xml", "/p.xml"]);
    let status = bench.agent.status().unwrap();
    assert_eq!(status["history"][0]["reason"], "SIP Triggered");
    // A request is seen before its answer is applied.
    until("the profile", || {
        (bench.agent.changed().unwrap()["GPP_A"] == "/p.xml").then_some(())
    })
    .unwrap();
    drop(bench.agent);
}

//= R-SIP-14 type=test
#[test]
fn a_flood_of_wrong_logins_leaves_the_phone_and_its_schedule_alone() {
    let bench = bench(
        &[
            ("Auth_Resync-Reboot_1_", "Yes"),
            ("Resync_Periodic", "7200"),
        ],
        "",
    );
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..10_000 {
        let text = format!(
            "NOTIFY sip:{USER}@{at} SIP/2.0\r\nVia: SIP/2.0/UDP a.test;branch=z9hG4bK{n};rport\r\nFrom: <sip:a@a.test>\r\n\
             To: <sip:b@b.test>\r\nCall-ID: {n}\r\nCSeq: {n} NOTIFY\r\nEvent: reboot_now\r\nAuthorization: Digest \
             username=\"{USER}\", realm=\"phone\", nonce=\"{n}\", uri=\"sip:x\", response=\"{n:032}\"\r\nContent-Length: 0\r\n\r\n",
            at = bench.at
        );
        socket.send_to(text.as_bytes(), &bench.at).unwrap();
    }
    let status = bench.agent.status().unwrap();
    assert_eq!(status["next"][0]["timer"], "periodic");
    assert_eq!(status["history"].as_array().unwrap().len(), 0);
    bench.asked(&["/p.xml"]);
    // From the same address as the flood: it gets its challenge when there is one again.
    let accepted = || {
        let login = ["--event", "resync", "--uid", USER, "--pwd-env", "PIN"];
        (bench.notify(&login).0.code == Some(0)).then_some(())
    };
    until("an answer", accepted).unwrap();
    bench.asked(&["/p.xml", "/p.xml"]);
}

#[test]
fn without_the_key_nobody_listens_and_a_taken_port_is_told() {
    let agent = Agent::new().unwrap();
    let _running = agent.boot().unwrap();
    assert_eq!(agent.status().unwrap()["listen"], serde_json::json!({}));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let other = Agent::new().unwrap();
    other
        .configure(&format!("[sip]\nlisten = \"{address}\"\n"))
        .unwrap();
    let ended = other.run(&["run"]).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains(&address), "{ended:?}");
    for (config, why) in [
        (
            "listen = \"5060\"",
            "sip.listen: `5060` is no address with a port",
        ),
        ("tls_listen = \"127.0.0.1:0\"", "TLS needs a certificate"),
        ("check_sync_alias = \"perhaps\"", "sip.check_sync_alias"),
    ] {
        other.configure(&format!("[sip]\n{config}\n")).unwrap();
        let ended = other.run(&["run"]).unwrap();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(why), "{ended:?}");
    }
}

#[test]
fn over_tls_the_phone_shows_its_certificate() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let authority = Authority::new(openssl.clone()).unwrap();
    authority
        .issue("phone", "subjectAltName=IP:127.0.0.1\n")
        .unwrap();
    let path = |name: &str| authority.path(name).display().to_string();
    let config = format!(
        "tls_listen = \"127.0.0.1:0\"\n[tls]\nclient_certificate = {:?}\nclient_key = {:?}\n",
        path("phone.pem"),
        path("phone.key")
    );
    let bench = bench(&[("Auth_Resync-Reboot_1_", "No")], &config);
    let status = bench.agent.status().unwrap();
    let at = status["listen"]["sips"].as_str().unwrap();
    let mut command = Command::new(openssl);
    command
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-verify_ip",
            "127.0.0.1",
            "-connect",
            at,
            "-CAfile",
        ])
        .arg(authority.path("ca.pem"))
        .stdin(Stdio::piped());
    let mut client = Peer::start(&mut command).unwrap();
    client
        .give(
            "NOTIFY sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS a.test;branch=z9hG4bK1\r\nFrom: <sip:a@a.test>\r\n\
             To: <sip:b@b.test>\r\nCall-ID: 1\r\nCSeq: 1 NOTIFY\r\nEvent: resync\r\nContent-Length: 0\r\n\r\n",
        )
        .unwrap();
    client
        .line(|line| line.starts_with("SIP/2.0 200 OK"))
        .unwrap();
    bench.asked(&["/p.xml", "/p.xml"]);
}
