//! SIGTERM and SIGINT: the phone ends within 2 s, whatever it waits for.

use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::process::Command;
use std::time::{Duration, Instant};

use onhook_tests::tftp_site::{Step, TftpSite, data};
use onhook_tests::{Agent, Ended, Peer, Reply, profile, signal, skip, until};

use crate::{Bench, FILE, event};

/// How long an ending may take.
const ENDING: Duration = Duration::from_secs(2);

/// Ends a phone, and looks at what it leaves.
#[track_caller]
fn ends(agent: &Agent, running: Peer, name: &str) -> Ended {
    let socket = agent.state().join("control.sock");
    assert!(socket.exists());
    let told = Instant::now();
    signal(name, running.id()).unwrap();
    let ended = running.end().unwrap();
    let code = (ended.code, ended.signal);
    assert_eq!(code, (Some(0), None), "{name}: {ended:?}");
    assert!(told.elapsed() < ENDING, "{name}: {:?}", told.elapsed());
    assert!(!socket.exists(), "{name}: the control socket stays");
    // The store is whole, and free.
    let listed = agent.run(&["params", "list", "--changed"]).unwrap();
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let set = agent
        .run(&["params", "set", "--offline", "GPP_P", "after"])
        .unwrap();
    assert_eq!(set.code, Some(0), "{set:?}");
    ended
}

#[test]
fn a_signal_ends_a_phone_cleanly_and_soon() {
    for (name, busy) in [
        ("TERM", false),
        ("INT", false),
        ("TERM", true),
        ("INT", true),
    ] {
        let bench = Bench::new();
        if busy {
            bench.site.put(FILE, Reply::Silence);
        }
        let mut running = bench.run();
        if busy {
            bench.site.await_asked(1).unwrap();
        } else {
            event(&mut running, "resync.done");
            bench.status();
        }
        ends(&bench.agent, running, name);
    }
}

#[test]
fn a_signal_ends_a_resync_in_the_foreground() {
    let bench = Bench::new();
    bench.site.put(FILE, Reply::Silence);
    let running = bench.agent.start(&["resync"]).unwrap();
    bench.site.await_asked(1).unwrap();
    let told = Instant::now();
    signal("INT", running.id()).unwrap();
    let ended = running.end().unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("interrupted"), "{ended:?}");
    assert!(told.elapsed() < ENDING, "{:?}", told.elapsed());
}

/// A phone that asks for one URL at boot.
fn asking(url: &str) -> (Bench, Peer) {
    let bench = Bench::new();
    bench.set("Profile_Rule", url);
    let running = bench.run();
    (bench, running)
}

#[test]
fn a_body_that_never_ends_holds_nobody_up() {
    let bench = Bench::new();
    bench
        .site
        .put(FILE, Reply::Stalled(b"<flat-profile>".to_vec()));
    let running = bench.run();
    bench.site.await_asked(1).unwrap();
    ends(&bench.agent, running, "TERM");
}

#[test]
fn a_tls_handshake_that_never_ends_holds_nobody_up() {
    let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}/a", server.local_addr().unwrap());
    let (bench, running) = asking(&url);
    // The connection stays open until the end of the test.
    let _connection = server.accept().unwrap();
    ends(&bench.agent, running, "TERM");
}

#[test]
fn a_tftp_server_that_says_nothing_holds_nobody_up() {
    let server = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    server
        .set_read_timeout(Some(onhook_tests::DEADLINE))
        .unwrap();
    let url = format!("tftp://{}/a", server.local_addr().unwrap());
    let (bench, running) = asking(&url);
    server.recv(&mut [0; 600]).unwrap();
    ends(&bench.agent, running, "TERM");
}

#[test]
fn a_tftp_transfer_that_stops_holds_nobody_up() {
    let server = TftpSite::start().unwrap();
    server.put("a", vec![Step::Send(data(1, &[b'x'; 512])), Step::Hear]);
    let url = format!("tftp://{}/a", server.address());
    let (bench, running) = asking(&url);
    until("a request", || (!server.asked().is_empty()).then_some(())).unwrap();
    ends(&bench.agent, running, "TERM");
}

#[test]
fn a_reader_of_events_that_has_stopped_holds_nobody_up() {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "x")]);
    let pipe = bench.agent.place("events");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    const NONBLOCK: i32 = 0o4000;
    let mut options = std::fs::OpenOptions::new();
    let mut reader = options
        .read(true)
        .write(true)
        .custom_flags(NONBLOCK)
        .open(&pipe)
        .unwrap();
    while reader.write(&[b'\n'; 4096]).is_ok() {}
    while reader.write(b"\n").is_ok() {}
    let running = bench
        .agent
        .start(&["run", "--events", pipe.to_str().unwrap()])
        .unwrap();
    until("a resync", || {
        let ended = bench.agent.run(&["status", "--json"]).ok()?;
        ended.out.contains("\"outcome\": \"applied\"").then_some(())
    })
    .unwrap();
    ends(&bench.agent, running, "TERM");
}

#[test]
fn those_who_wait_for_a_resync_are_told_of_the_end() {
    let bench = Bench::new();
    bench.serve(&[]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    bench.site.put("/slow", Reply::Silence);
    let url = bench.site.url("/slow");
    let waiting = bench.agent.start(&["ctl", "resync", &url]).unwrap();
    bench.site.await_asked(2).unwrap();
    ends(&bench.agent, running, "TERM");
    let told = waiting.end().unwrap();
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("agent"), "{told:?}");
}

#[test]
fn a_profile_that_waits_for_an_idle_line_holds_nobody_up() {
    let bench = Bench::new();
    bench.serve(&[]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    let busy = bench.agent.run(&["ctl", "line", "1", "busy"]).unwrap();
    assert_eq!(busy.code, Some(0), "{busy:?}");
    bench.serve(&[("GPP_A", "late")]);
    let asked = bench.agent.run(&["ctl", "resync"]).unwrap();
    assert_eq!(asked.code, Some(3), "{asked:?}");
    ends(&bench.agent, running, "TERM");
    assert_eq!(bench.get("GPP_A"), "", "what waited is not half done");
}

#[test]
fn a_name_server_that_says_nothing_holds_nobody_up() {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return skip("another name server needs root");
    }
    // The port of name servers is fixed; an address of loopback of its own keeps it free for others.
    let server = UdpSocket::bind(("127.0.53.53", 53)).unwrap();
    server
        .set_read_timeout(Some(onhook_tests::DEADLINE))
        .unwrap();
    let mut bench = Bench::new();
    let resolv = bench.agent.place("resolv.conf");
    std::fs::write(&resolv, "nameserver 127.0.53.53\n").unwrap();
    let text = "[syslog]\nserver = \"log.example.net\"\n";
    bench.agent.configure(text).unwrap();
    bench.set("Profile_Rule", &bench.site.url("/a"));
    bench
        .site
        .put("/a", Reply::Body(profile([("GPP_A", "x")]).into()));
    let script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let under = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        script,
        resolv.to_str().unwrap(),
    ];
    bench.agent.run_under(under.map(Into::into).to_vec());
    let mut running = bench.run();
    event(&mut running, "resync.report");
    server.recv(&mut [0; 600]).unwrap();
    bench.agent.run_under(Vec::new());
    ends(&bench.agent, running, "TERM");
}
