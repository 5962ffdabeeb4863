//! Servers whose certificates, handshakes or connections are wrong, and certificates of the phone that are of no use.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use onhook_tests::{Authority, EC, Peer, profile, signal, tool, violations};
use serde_json::Value;

use super::{Bench, Failure, assert_refused, good};

const HERE: &str = "subjectAltName=IP:127.0.0.1\n";
const CLIENT: &str = "extendedKeyUsage=clientAuth\n";

/// A provisioned phone that trusts an authority, and this authority.
pub(super) struct Tls {
    pub(super) bench: Bench,
    pub(super) authority: Authority,
}

impl Tls {
    /// `None` after saying that the test is skipped.
    pub(super) fn new() -> Option<Self> {
        let openssl = tool("openssl")?;
        let authority = Authority::new(openssl).unwrap();
        authority.issue("server", HERE).unwrap();
        fs::write(authority.path("good.xml"), profile(good())).unwrap();
        let bench = Bench::new();
        let tls = Self { bench, authority };
        tls.configure("");
        Some(tls)
    }

    /// Adds lines to the section `[tls]`, which trusts the authority.
    fn configure(&self, more: &str) {
        let ca = self.authority.path("ca.pem");
        self.write(&format!("trust = {ca:?}\n{more}"));
    }

    fn write(&self, section: &str) {
        let server = self.bench.sink.address().unwrap();
        let text = format!("[syslog]\nserver = \"{server}\"\n[tls]\n{section}");
        self.bench.agent.configure(&text).unwrap();
    }

    /// A line of the section `[tls]`, for a file of the authority.
    fn line(&self, key: &str, name: &str) -> String {
        format!("{key} = {:?}\n", self.authority.path(name))
    }

    fn identity(&self, certificate: &str, key: &str) -> String {
        let certificate = self.line("client_certificate", certificate);
        format!("{certificate}{}", self.line("client_key", key))
    }

    /// A resync from such a server must fail.
    #[track_caller]
    fn refuses(&self, name: &str, options: &str, failure: &Failure<'_>) {
        let (_server, port) = self.authority.serve(name, options).unwrap();
        let url = format!("https://127.0.0.1:{port}/good.xml");
        self.bench.fails(&url, failure);
    }

    /// A resync from a server that is in order must succeed.
    #[track_caller]
    fn accepts(&self, name: &str, options: &str) {
        let (_server, port) = self.authority.serve(name, options).unwrap();
        let url = format!("https://127.0.0.1:{port}/good.xml");
        let (ended, document) = self.bench.agent.resync(&url).unwrap();
        assert_eq!(ended.code, Some(0), "{document:#}");
        self.bench.sink.rest().unwrap();
    }
}

const fn chain<'a>(says: &'a [&'a str]) -> Failure<'a> {
    Failure {
        outcome: "C.tls",
        err: "certificate verify failed",
        says,
    }
}

pub(super) const fn handshake<'a>(says: &'a [&'a str]) -> Failure<'a> {
    Failure {
        outcome: "C.tls",
        err: "tls handshake failed",
        says,
    }
}

/// A certificate without extensions, which openssl makes when it is not told any.
fn version_1(authority: &Authority, name: &str) {
    authority.request(name, EC, "/CN=127.0.0.1").unwrap();
    let sign = format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 9 -out {name}.pem");
    authority.openssl(&sign).unwrap();
}

//= R-TLS-1 type=test
#[test]
fn a_server_whom_nobody_vouches_for_is_refused() {
    let Some(tls) = Tls::new() else {
        return;
    };
    tls.accepts("server", "");
    // An authority that was made anew has the name of the one before.
    let says = ["the issuer's name but not the signature", "present root"];
    let stranger = Authority::new(tool("openssl").unwrap()).unwrap();
    stranger.issue("server", HERE).unwrap();
    let (_server, port) = stranger.serve("server", "").unwrap();
    let url = format!("https://127.0.0.1:{port}/good.xml");
    tls.bench.fails(&url, &chain(&says));

    let says = ["issued by nobody whom the phone trusts", "root certificate"];
    let own = "req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=127.0.0.1 -keyout own.key -out own.pem \
               -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=IP:127.0.0.1";
    tls.authority.openssl(own).unwrap();
    tls.refuses("own", "", &chain(&says));

    tls.write("");
    tls.refuses("server", "", &chain(&["trusts no certificate authority"]));
    tls.configure("");
    version_1(&tls.authority, "plain");
    tls.refuses("plain", "", &chain(&["X.509 version 1", "-extfile"]));
}

//= R-TLS-2 type=test
#[test]
fn a_certificate_of_another_server_is_refused() {
    let Some(tls) = Tls::new() else {
        return;
    };
    tls.authority
        .issue("other", "subjectAltName=DNS:other.test,IP:192.0.2.1\n")
        .unwrap();
    let failure = Failure {
        outcome: "C.tls",
        err: "certificate name mismatch",
        says: &[
            "other.test",
            "192.0.2.1",
            "not for 127.0.0.1",
            "use the name of the server in the URL",
        ],
    };
    tls.refuses("other", "", &failure);
}

//= R-TLS-7 type=test
#[test]
fn a_certificate_counts_in_its_time_alone() {
    let Some((tls, faketime)) = Tls::new().zip(tool("faketime")) else {
        return;
    };
    let nine_days_from = |days: &str, name: &str| {
        tls.authority.request(name, EC, "/CN=server").unwrap();
        fs::write(tls.authority.path("extensions"), HERE).unwrap();
        let sign = format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 9 -extfile extensions -out {name}.pem"
        );
        let mut command = Command::new(&faketime);
        command.args([days, "openssl"]).args(sign.split(' '));
        tls.authority.run(&mut command).unwrap();
    };
    nine_days_from("-400 days", "old");
    let says = ["expired at", "for the phone it is", "renew the certificate"];
    tls.refuses("old", "", &chain(&says));
    nine_days_from("+3 days", "early");
    nine_days_from("-10 days", "recent");
    let says = ["is valid from", "check the clocks"];
    tls.refuses("early", "", &chain(&says));
    tls.authority.request("turned", EC, "/CN=server").unwrap();
    tls.authority.sign("turned", HERE, -1).unwrap();
    tls.refuses("turned", "", &chain(&["ends before it begins"]));

    let mut tls = tls;
    let unset = ["faketime", "-f", "@1970-01-02 00:00:00"].map(Into::into);
    tls.bench
        .agent
        .set_variable("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    tls.bench.agent.run_under(unset.to_vec());
    // A clock that was never set stops no good server.
    tls.accepts("server", "");
    tls.refuses("old", "", &chain(&["expired at"]));
    // The last success was later than the end of this one; a phone that never had one could not know.
    tls.refuses("recent", "", &chain(&["expired at"]));
    fs::remove_file(tls.bench.agent.state().join("clock")).unwrap();
    tls.accepts("recent", "");
    assert!(!tls.bench.agent.state().join("clock").exists());
}

/// Ends a phone, and what it was started under, which hands no signal on.
fn end(phone: Peer) {
    let id = phone.id();
    let inner = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let inner = inner.split_whitespace().map(|id| id.parse().unwrap());
    let inner: Vec<u32> = inner.collect();
    for id in if inner.is_empty() { vec![id] } else { inner } {
        signal("TERM", id).unwrap();
    }
    assert_eq!(phone.end().unwrap().code, Some(0));
}

//= R-TLS-7 type=test
#[test]
fn an_event_tells_of_a_certificate_that_was_believed_with_an_unset_clock() {
    let Some((mut tls, _)) = Tls::new().zip(tool("faketime")) else {
        return;
    };
    let (_server, port) = tls.authority.serve("server", "").unwrap();
    let agent = &mut tls.bench.agent;
    agent.set_variable("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let url = format!("https://127.0.0.1:{port}/good.xml");
    let ended = agent.run(&["params", "set", "Profile_Rule", &url]);
    assert_eq!(ended.unwrap().code, Some(0));
    let unset = ["faketime", "-f", "@1970-01-02 00:00:00"].map(Into::into);
    for (clock, count) in [(&[][..], 0), (&unset, 1)] {
        agent.run_under(clock.to_vec());
        let mut phone = agent.start(&["run", "--events", "-"]).unwrap();
        let lines = RefCell::new(Vec::new());
        let kept = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            let is_last = line["event"] == "resync.report";
            lines.borrow_mut().push(line);
            is_last
        };
        phone.line(kept).unwrap();
        end(phone);
        let lines = lines.into_inner();
        assert_eq!(lines.last().unwrap()["report"]["class"], "A", "{lines:#?}");
        let told = lines.iter();
        let told: Vec<_> = told
            .filter(|line| line["event"] == "tls.unset-clock")
            .collect();
        assert_eq!(told.len(), count, "{lines:#?}");
        for event in told {
            assert_eq!(event["server"], format!("127.0.0.1:{port}"));
            let wrong = violations("onhook.event/1", event).unwrap();
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            let place = |event: &str| lines.iter().position(|line| line["event"] == event);
            assert!(place("tls.unset-clock") < place("fetch.done"));
        }
    }
}

#[test]
fn a_server_that_refuses_the_first_words_is_told() {
    let Some(tls) = Tls::new() else {
        return;
    };
    let old = "-tls1_1 -cipher DEFAULT@SECLEVEL=0";
    tls.refuses(
        "server",
        old,
        &handshake(&["no version or cipher", "enable TLS 1.2"]),
    );
    let Some(tls) = Tls::new() else {
        return;
    };
    tls.authority
        .issue("name", "subjectAltName=DNS:localhost\n")
        .unwrap();
    let options = "-servername elsewhere.test -servername_fatal -cert2 name.pem -key2 name.key";
    let (_server, port) = tls.authority.serve("name", options).unwrap();
    let url = format!("https://localhost:{port}/good.xml");
    let says = ["does not know the name", "correct the host"];
    tls.bench.fails(&url, &handshake(&says));
}

//= R-TLS-5 type=test
#[test]
fn a_server_that_wants_another_certificate_or_any_is_told() {
    let Some(tls) = Tls::new() else {
        return;
    };
    let stranger = Authority::new(tool("openssl").unwrap()).unwrap();
    stranger.issue("phone", CLIENT).unwrap();
    tls.authority.issue("phone", CLIENT).unwrap();
    let pair = |authority: &Authority| {
        let path = |name| authority.path(name);
        let (certificate, key) = (path("phone.pem"), path("phone.key"));
        format!("client_certificate = {certificate:?}\nclient_key = {key:?}\n")
    };
    for version in ["-tls1_2", "-tls1_3"] {
        let options = format!("{version} -Verify 1 -verify_return_error -CAfile ca.pem");
        tls.configure("");
        let says = [
            "wants a certificate of the phone",
            "install a client certificate",
        ];
        tls.refuses("server", &options, &handshake(&says));
        tls.configure(&pair(&stranger));
        let says = [
            "refuses the certificate of the phone",
            "let the server trust its issuer",
        ];
        tls.refuses("server", &options, &handshake(&says));
        tls.configure(&pair(&tls.authority));
        tls.accepts("server", &options);
    }
}

#[test]
fn plain_http_and_tls_do_not_mix() {
    let Some(tls) = Tls::new() else {
        return;
    };
    let plain = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}/good.xml", plain.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        stream.read_exact(&mut [0]).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            .unwrap();
    });
    let says = ["not TLS", "plain HTTP", "use an http URL"];
    tls.bench.fails(&url, &handshake(&says));
    server.join().unwrap();

    let (_server, port) = tls.authority.serve("server", "").unwrap();
    let failure = Failure {
        outcome: "C.http",
        err: "http protocol error",
        says: &["/good.xml", "not one for HTTPS"],
    };
    tls.bench
        .fails(&format!("http://127.0.0.1:{port}/good.xml"), &failure);
}

#[test]
fn certificates_and_keys_that_are_of_no_use_are_told_before_anything_is_fetched() {
    let Some(tls) = Tls::new() else {
        return;
    };
    for name in ["phone", "other"] {
        tls.authority.issue(name, CLIENT).unwrap();
    }
    version_1(&tls.authority, "plain");
    let locked = "pkey -in phone.key -aes256 -passout pass:canary -out locked.key";
    tls.authority.openssl(locked).unwrap();
    fs::write(tls.authority.path("empty.pem"), "").unwrap();
    fs::write(tls.authority.path("text.pem"), "no certificate\n").unwrap();
    let path = |name: &str| tls.authority.path(name).display().to_string();
    for (section, key, says) in [
        (
            tls.line("trust", "empty.pem"),
            "tls.trust",
            vec![path("empty.pem"), "no certificate".into()],
        ),
        (
            tls.line("trust", "text.pem"),
            "tls.trust",
            vec![path("text.pem"), "no certificate".into()],
        ),
        (
            tls.line("custom_ca", "phone.key"),
            "tls.custom_ca",
            vec![path("phone.key"), "certificate".into()],
        ),
        (
            tls.identity("phone.pem", "other.key"),
            "tls.client_certificate",
            vec![path("phone.pem"), path("other.key"), "does not fit".into()],
        ),
        (
            tls.identity("plain.pem", "plain.key"),
            "tls.client_certificate",
            vec![path("plain.pem"), "X.509 version 1".into()],
        ),
        (
            tls.identity("phone.pem", "locked.key"),
            "tls.client_certificate",
            vec![path("locked.key"), "encrypted".into()],
        ),
        (
            tls.identity("empty.pem", "phone.key"),
            "tls.client_certificate",
            vec![path("empty.pem"), "certificate".into()],
        ),
    ] {
        tls.write(&section);
        let ended = tls
            .bench
            .agent
            .run(&["resync", "https://127.0.0.1:9/a"])
            .unwrap();
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        assert_refused(&ended, 2, &says);
        assert_refused(&ended, 2, &[&format!("agent.toml:4: {key}: ")]);
        for secret in ["canary", "PRIVATE KEY", "MIG"] {
            assert!(!ended.err.contains(secret), "{ended:?}");
        }
        assert_eq!(tls.bench.sink.rest().unwrap(), []);
    }
    tls.write("");
    assert_eq!(tls.bench.agent.changed().unwrap(), good());
}
