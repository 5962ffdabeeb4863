//! `serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::common::{harness, run};
use crate::schema::checked;

/// Within which the program has ended once it was told to.
const BOUND: Duration = Duration::from_secs(2);

/// A running server; a test that succeeds ends it.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    /// The first line.
    listening: Value,
}

impl Serving {
    fn start(root: &Path, args: &[&str]) -> Self {
        let fixed = [
            "serve",
            "--json",
            "--http",
            "127.0.0.1:0",
            "--root",
            root.to_str().unwrap(),
        ];
        let mut child = harness(&[fixed.as_slice(), args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut serving = Self {
            child,
            out,
            listening: Value::Null,
        };
        serving.listening = serving.event();
        assert_eq!(serving.listening["event"], "listening");
        serving
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn event(&mut self) -> Value {
        let line = self.line();
        assert!(
            line.starts_with("{\"schema\":\"onhook.serve-event/1\","),
            "{line}"
        );
        checked(&line, "serve-event")
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.listening["http"].as_str().unwrap()).unwrap()
    }

    fn get(&self, target: &str) -> String {
        let mut stream = self.connect();
        write!(
            stream,
            "GET {target} HTTP/1.0\r\nUser-Agent: phone\r\nAuthorization: canary\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal, and gives the exit status and what was still said on both outputs.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let (done, ended) = mpsc::channel();
        let mut errors = self.child.stderr.take().unwrap();
        let id = self.child.id();
        let waiting = thread::spawn(move || {
            let mut rest = String::new();
            self.out.read_to_string(&mut rest).unwrap();
            let mut error_text = String::new();
            errors.read_to_string(&mut error_text).unwrap();
            done.send(()).unwrap();
            (self.child.wait().unwrap().code(), rest, error_text)
        });
        if ended.recv_timeout(BOUND).is_err() {
            let _ = Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .status();
            panic!("still running {BOUND:?} after {signal}");
        }
        waiting.join().unwrap()
    }
}

#[test]
fn requests_and_syslog_messages_are_events() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.xml"), "<flat-profile/>").unwrap();
    let mut serving = Serving::start(dir.path(), &["--syslog", "127.0.0.1:0"]);
    assert!(serving.get("/a.xml?q").ends_with("\r\n\r\n<flat-profile/>"));
    let event = serving.event();
    assert_eq!(
        (&event["event"], &event["target"]),
        (&"request".into(), &"/a.xml?q".into())
    );
    assert_eq!(
        (&event["status"], &event["bytes"]),
        (&200.into(), &15.into())
    );
    assert_eq!(event["user_agent"], "phone");
    assert!(!event.to_string().contains("canary"));

    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    phone
        .send_to(
            b"<134>Requesting\x1b resync",
            serving.listening["syslog"].as_str().unwrap(),
        )
        .unwrap();
    let event = serving.event();
    assert_eq!(
        (&event["facility"], &event["severity"]),
        (&"local0".into(), &"info".into())
    );
    assert_eq!(event["text"], "Requesting\\u{1b} resync");
    assert_eq!(
        serving.end("-TERM"),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn https_shows_its_address_and_writes_the_certificate_to_trust() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    let tls = ["--https", "127.0.0.1:0", "--tls-name", "prov.test"];
    let out = ["--tls-ca-out", ca.to_str().unwrap()];
    let mut serving = Serving::start(dir.path(), &[tls.as_slice(), &out].concat());
    let address = serving.listening["https"].as_str().unwrap().to_owned();
    let pem = std::fs::read_to_string(&ca).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert!(!pem.contains("KEY"), "{pem}");
    let mode = std::fs::metadata(&ca).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);

    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let event = serving.event();
    assert_eq!(event["event"], "handshake-failed");
    let reason = event["reason"].as_str().unwrap();
    assert!(reason.contains("plain HTTP"), "{reason}");
    assert!(serving.get("/none").starts_with("HTTP/1.0 404 "));
    assert_eq!(serving.event()["tls"], Value::Null);
    serving.end("-TERM");
}

#[test]
fn people_see_addresses_a_hint_and_then_the_lines_of_the_access_log() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("root")).unwrap();
    let log = dir.path().join("log");
    let mut child = harness(&[
        "serve",
        "--http",
        "127.0.0.1:0",
        "--syslog",
        "127.0.0.1:0",
        "--root",
    ])
    .arg(dir.path().join("root"))
    .arg("--access-log")
    .arg(&log)
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let serving = lines.next().unwrap();
    let url = serving.rsplit(' ').next().unwrap().to_owned();
    assert!(
        serving.starts_with("serving ") && url.starts_with("http://127.0.0.1:"),
        "{serving}"
    );
    assert!(lines.next().unwrap().starts_with("syslog at 127.0.0.1:"));
    let hint = lines.next().unwrap();
    assert!(
        hint.starts_with(&format!("try: onhook-agent resync '{url}")),
        "{hint}"
    );

    let address = url
        .strip_prefix("http://")
        .unwrap()
        .strip_suffix('/')
        .unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /none HTTP/1.0\r\n\r\n").unwrap();
    let line = lines.next().unwrap();
    assert!(
        line.contains("\"GET /none HTTP/1.0\" 404 ") && line.ends_with("- (no such file)"),
        "{line}"
    );
    assert_eq!(std::fs::read_to_string(&log).unwrap(), format!("{line}\n"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn signals_end_it_in_time_whatever_clients_do() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(dir.path().join("big")).unwrap();
        file.set_len(64_000_000).unwrap();
        let serving = Serving::start(dir.path(), &[]);
        let idle = serving.connect();
        let mut slow_head = serving.connect();
        slow_head.write_all(b"GET /").unwrap();
        let mut slow_body = serving.connect();
        slow_body.write_all(b"GET /big HTTP/1.0\r\n\r\n").unwrap();
        slow_body.read_exact(&mut [0; 16]).unwrap();
        let (status, rest, errors) = serving.end(signal);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{signal}");
        assert_eq!(
            checked(rest.lines().last().unwrap(), "serve-event")["note"],
            "client did not take the whole answer"
        );
        drop((idle, slow_head, slow_body));
    }
}

#[test]
fn an_output_that_nobody_reads_neither_stops_the_server_nor_holds_up_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let serving = Serving::start(dir.path(), &[]);
    let target = format!("/{}", "x".repeat(8_000));
    // More than a pipe holds, and nobody reads it.
    for _ in 0..40 {
        assert!(serving.get(&target).starts_with("HTTP/1.0 404 "));
    }
    let id = serving.child.id();
    let (done, ended) = mpsc::channel();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .unwrap()
            .success()
    );
    thread::spawn(move || {
        let mut serving = serving;
        done.send(serving.child.wait().unwrap().code()).unwrap();
    });
    let code = ended.recv_timeout(BOUND);
    let _ = Command::new("kill")
        .args(["-KILL", &id.to_string()])
        .stderr(Stdio::null())
        .status();
    assert_eq!(code, Ok(Some(0)));
}

#[test]
fn it_ends_when_the_reader_of_its_output_has_left() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(dir.path(), &[]);
    let address = serving.listening["http"].as_str().unwrap().to_owned();
    drop(serving.out);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /a HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
}

#[test]
fn logs_go_to_stderr_in_text_or_json() {
    for format in ["text", "json"] {
        let dir = tempfile::tempdir().unwrap();
        symlink("loop", dir.path().join("loop")).unwrap();
        let serving = Serving::start(dir.path(), &["--log-format", format]);
        assert!(serving.get("/loop").starts_with("HTTP/1.0 500 "));
        let (_, _, errors) = serving.end("-TERM");
        assert!(
            errors.contains("WARN")
                && errors.contains("cannot be read")
                && !errors.contains('\x1b'),
            "{errors}"
        );
        assert_eq!(
            serde_json::from_str::<Value>(&errors).is_ok(),
            format == "json",
            "{errors}"
        );
    }
}

#[test]
fn what_cannot_be_served_is_a_usage_error_that_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap();
    for (args, said) in [
        (vec!["--root", "/nonexistent"], "No such file"),
        (vec!["--root", "/dev/null"], "not a directory"),
        (vec!["--root", root, "--http", "off"], "nothing to serve"),
        (vec!["--root", root, "--http", "8000"], "127.0.0.1:8000"),
        (vec!["--root", root, "--tls-name", "h"], "--https"),
        (vec!["--root", root, "--client-ca", "f"], "--https"),
        (
            vec!["--root", root, "--https", "127.0.0.1:0", "--tls-key", "k"],
            "--tls-cert",
        ),
        (
            vec![
                "--root",
                root,
                "--https",
                "127.0.0.1:0",
                "--client-ca",
                "/nonexistent/ca",
            ],
            "cannot read /nonexistent/ca",
        ),
        (
            vec![
                "--root",
                root,
                "--http",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0",
                "--tls-ca-out",
                "/nonexistent/ca",
            ],
            "/nonexistent/ca",
        ),
        (
            vec!["--root", root, "--http", "192.0.2.1:0"],
            "cannot listen on 192.0.2.1:0 for HTTP",
        ),
        (
            vec![
                "--root",
                root,
                "--http",
                "127.0.0.1:0",
                "--access-log",
                "/nonexistent/log",
            ],
            "access log /nonexistent/log",
        ),
    ] {
        let ended = run(&[["serve"].as_slice(), &args].concat());
        assert_eq!((ended.status, ended.text()), (2, ""), "{args:?}");
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
    }
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let used = other.local_addr().unwrap().to_string();
    let ended = run(&["serve", "--root", root, "--http", "off", "--syslog", &used]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("for syslog"), "{}", ended.stderr);
}

#[test]
fn tftp_is_served_beside_http_and_its_requests_are_events() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.xml"), "<x/>").unwrap();
    let mut serving = Serving::start(dir.path(), &["--tftp", "127.0.0.1:0"]);
    let address = serving.listening["tftp"].as_str().unwrap().to_owned();
    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    phone
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    phone.send_to(b"\0\x01a.xml\0octet\0", address).unwrap();
    let mut buffer = [0; 600];
    let (length, tid) = phone.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"\0\x03\0\x01<x/>");
    phone.send_to(b"\0\x04\0\x01", tid).unwrap();
    let event = serving.event();
    assert_eq!(event["version"], "TFTP");
    assert_eq!(event["method"], "RRQ");
    assert_eq!(
        (&event["bytes"], &event["status"]),
        (&4.into(), &Value::Null)
    );
    serving.end("-TERM");
}

#[test]
fn faults_are_events_and_mark_the_requests_that_met_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.xml"), "<flat-profile/>").unwrap();
    let busy = "status=503,path=a.xml,times=1,name=busy";
    let tls = ["--https", "127.0.0.1:0", "--fault", "tls=alert"];
    let mut serving = Serving::start(dir.path(), &[&["--fault", busy], &tls[..]].concat());
    assert!(serving.get("/a.xml").starts_with("HTTP/1.0 503 "));
    let fault = serving.event();
    assert_eq!(
        (&fault["event"], &fault["protocol"]),
        (&"fault".into(), &"http".into())
    );
    assert_eq!(
        (&fault["name"], &fault["target"]),
        (&"busy".into(), &"/a.xml".into())
    );
    assert_eq!(serving.event()["fault"]["effect"], "status=503");
    assert!(serving.get("/a.xml").ends_with("<flat-profile/>"));
    assert!(serving.event().get("fault").is_none());

    let address = serving.listening["https"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"hello").unwrap();
    assert_eq!(serving.event()["target"], Value::Null);
    let failed = serving.event();
    assert_eq!(
        (&failed["event"], &failed["fault"]["name"]),
        (&"handshake-failed".into(), &"fault-2".into())
    );
    serving.end("-TERM");
}

#[test]
fn a_fault_that_is_none_and_a_view_without_a_terminal_are_usage_errors() {
    for (args, said) in [
        (["--fault", "statsu=503"], "did you mean `status`?"),
        (["--fault", "drop,path=a,on=tftp"], "at offset 12"),
        (["--seed", "x"], "--seed"),
        (["--live", "--http=127.0.0.1:0"], "--live needs a terminal"),
    ] {
        let ended = run(&[&["serve", "--root", "."][..], &args].concat());
        assert_eq!((ended.status, ended.text()), (2, ""), "{args:?}");
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
    }
}
