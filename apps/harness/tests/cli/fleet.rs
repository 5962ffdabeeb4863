//! `fleet`, and `merge` of its shards.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::common::{Ended, harness, has_tool, run, until};
use crate::schema;
use crate::serving::{Serving, site};

const SOON: [&str; 2] = ["--set", "Resync_Random_Delay=0"];

/// A fleet of the phones of a site.
fn fleet(address: &str, phones: &str, extra: &[&str]) -> Ended {
    let rule = format!("http://{address}/$MA.xml");
    let fixed = ["fleet", "--phones", phones, "--rule", &rule];
    run(&[&fixed[..], &SOON, extra].concat())
}

#[test]
fn a_fleet_is_provisioned_and_told_in_words_as_json_and_as_a_page() {
    let root = site(30);
    let server = Serving::start(root.path(), &[]);
    let page = root.path().join("fleet.html");
    let ended = fleet(&server.address, "30", &["--html", page.to_str().unwrap()]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let text = ended.text();
    assert!(text.starts_with("30 phones, seed 1, "), "{text}");
    assert!(
        text.contains("30 resyncs: 30 succeeded, 0 failed"),
        "{text}"
    );
    assert!(text.contains("failures<=0: holds (0)"), "{text}");
    assert_eq!(ended.stderr, "", "no progress without a terminal");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg ") && !page.contains("src="));
    let ended = fleet(
        &server.address,
        "30",
        &["--json", "--source", "127.3.0.0/16"],
    );
    let document = ended.document("fleet");
    assert_eq!(document["totals"]["provisioned"], 30);
    assert_eq!(document["run"]["sources"], "127.3.0.0/16");
}

#[test]
fn a_threshold_that_does_not_hold_is_status_1() {
    let root = site(4);
    let server = Serving::start(root.path(), &[]);
    let ended = fleet(&server.address, "5", &[]);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(
        ended.text().contains("failed 1 times with B.fnf"),
        "{ended:?}"
    );
    assert!(ended.text().contains("first phone 4 after"), "{ended:?}");
    let ended = fleet(&server.address, "5", &["--threshold", "failures<=20%"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let ended = fleet(
        &server.address,
        "4",
        &[
            "--threshold",
            "failures<1%",
            "--threshold",
            "max<1us",
            "--json",
        ],
    );
    assert_eq!(ended.status, 1);
    assert!(
        ended.stderr.contains("max<1us does not hold: "),
        "{ended:?}"
    );
    schema::checked(ended.text(), "fleet");
}

#[test]
fn a_disk_that_is_full_takes_nothing_else_away() {
    let root = site(2);
    let server = Serving::start(root.path(), &[]);
    let page = root.path().join("fleet.html").display().to_string();
    let ended = fleet(
        &server.address,
        "2",
        &["--out", "/dev/full", "--html", &page],
    );
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(
        ended.stderr.contains("No space left on device"),
        "{ended:?}"
    );
    assert!(ended.text().contains("2 succeeded"), "{ended:?}");
    assert!(std::fs::read_to_string(&page).unwrap().contains("<svg "));
    let nowhere = fleet(&server.address, "2", &["--out", "/no/such/fleet.json"]);
    assert_eq!((nowhere.status, nowhere.text()), (2, ""), "{nowhere:?}");
}

#[test]
fn a_server_that_is_gone_is_told() {
    let root = site(1);
    let server = Serving::start(root.path(), &[]);
    let address = server.address.clone();
    drop(server);
    let ended = fleet(&address, "3", &[]);
    assert_eq!(ended.status, 1);
    let text = ended.text();
    assert!(text.contains("outcomes: C.connect 3"), "{text}");
    assert!(
        text.contains("nothing succeeded and 3 resyncs failed"),
        "{text}"
    );
    assert!(text.contains("check that the server runs"), "{text}");
}

#[test]
fn a_run_is_ended_by_a_signal_with_a_report() {
    let root = site(10);
    let server = Serving::start(root.path(), &[]);
    let rule = format!("http://{}/$MA.xml", server.address);
    let fixed = ["fleet", "--phones", "10", "--rule", &rule, "--json"];
    let more = ["--ramp", "6000", "--metrics", "127.0.0.1:0"];
    let mut child = harness(&[&fixed[..], &SOON, &more].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    let place = line.trim_end().strip_prefix("metrics at http://").unwrap();
    let place = place.strip_suffix("/metrics").unwrap();
    // The first phone has power at once.
    let metrics = until("resync", || {
        let metrics = get(place, "/metrics");
        let one = metrics.contains("onhook_fleet_resyncs_total{outcome=\"A.applied\"} 1");
        one.then_some(metrics)
    });
    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n"), "{metrics}");
    assert!(metrics.contains("\nonhook_fleet_phones 10\n"), "{metrics}");
    assert!(get(place, "/").starts_with("HTTP/1.1 404 "));
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(killed.success());
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.status, 1, "it was ended early");
    let document = ended.document("fleet");
    assert_eq!(document["interrupted"], true);
    assert_eq!(document["totals"]["succeeded"], 1);
}

#[test]
fn a_phone_can_be_notified_at_its_address() {
    let root = site(3);
    let server = Serving::start(root.path(), &[]);
    // Any port that is free over UDP.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    let rule = format!("http://{}/$MA.xml", server.address);
    let sip = format!("0.0.0.0:{port}");
    let args = [
        &["fleet", "--phones", "3", "--rule", &rule, "--json"][..],
        &SOON,
        &["--set", "Auth_Resync-Reboot_1_=No", "--duration", "600"],
        &[
            "--source",
            "127.6.6.0/24",
            "--sip",
            &sip,
            "--metrics",
            "127.0.0.1:0",
        ],
    ];
    let mut child = harness(&args.concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    let place = line.trim_end().strip_prefix("metrics at http://").unwrap();
    let place = place.strip_suffix("/metrics").unwrap();
    let resyncs = |count: u32| {
        let wanted = format!("{{outcome=\"A.applied\"}} {count}\n");
        until(&wanted, || {
            get(place, "/metrics").contains(&wanted).then_some(())
        });
    };
    resyncs(3);
    let told = run(&["notify", &format!("127.6.6.2:{port}"), "--event", "resync"]);
    assert_eq!(told.status, 0, "{told:?}");
    resyncs(4);
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(killed.success());
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.document("fleet")["causes"]["explicit"], 1);
    let without = run(&["fleet", "--phones", "3", "--rule", &rule, "--sip", &sip]);
    assert_eq!(without.status, 2);
    assert!(without.stderr.contains("--source"), "{without:?}");
}

fn get(place: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(place).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn shards_add_up_and_what_does_not_belong_together_is_refused() {
    let root = site(9);
    let server = Serving::start(root.path(), &[]);
    let place = |name: &str| root.path().join(name).display().to_string();
    for part in ["1/2", "2/2"] {
        let out = place(&part.replace('/', "of"));
        let ended = fleet(&server.address, "9", &["--shard", part, "--out", &out]);
        assert_eq!(ended.status, 0, "{ended:?}");
        let shard = format!("shard {} of 2: `merge` adds the others", &part[..1]);
        assert!(ended.text().contains(&shard), "{ended:?}");
    }
    let (one, two, page) = (place("1of2"), place("2of2"), place("page.html"));
    let merged = run(&["merge", &two, &one, "--out", "-", "--html", &page]);
    assert_eq!(merged.status, 0, "{merged:?}");
    let document = merged.document("fleet");
    assert_eq!(document["totals"]["provisioned"], 9);
    assert_eq!(document["latency"]["count"], 9);
    assert!(std::fs::read_to_string(&page).unwrap().contains("<svg "));
    let judged = run(&["merge", &two, &one, "--threshold", "rate>1000000"]);
    assert_eq!(judged.status, 1);
    let storm = place("storm.json");
    run(&["storm", "--phones", "1", "--out", &storm]);
    let other = place("other.json");
    fleet(
        &server.address,
        "9",
        &["--seed", "2", "--shard", "2/2", "--out", &other],
    );
    for (files, says) in [
        ([&one, &one], "has shard 1, which one before it has too"),
        (
            [&one, &other],
            "of another run than the first one: seed differs",
        ),
        ([&one, &storm], "they do not add up"),
        ([&storm, &one], "they do not add up"),
    ] {
        let refused = run(&["merge", files[0], files[1]]);
        assert_eq!(refused.status, 2);
        assert!(refused.stderr.contains(says), "{refused:?}");
    }
}

#[test]
fn mistakes_are_told_before_anything_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    for (args, says) in [
        (&["--rule", "( $MA eq "][..], "unclosed-parenthesis"),
        (&["--rule", "( $MA eq "], "  | ^"),
        (&["--rule", &url, "--threshold", "p99=5"], "is no threshold"),
        (
            &["--rule", &url, "--source", "127.0.0.1/8"],
            "write 127.0.0.0/8",
        ),
        (&["--rule", &url, "--shard", "3/2"], "write I/N"),
        (&["--rule", &url, "--ramp=-1"], "write seconds"),
        (&["--rule", &url, "--set", "No_Such=1"], "is unknown"),
        (
            &["--rule", &url, "--set", "Provision_Enable=No"],
            "set it to Yes",
        ),
        (
            &["--rule", &url, "--set", "Resync_On_Reset=No"],
            "give a duration",
        ),
        (
            &["--rule", &url, "--first-mac", "000e08ffffff"],
            "1 MAC addresses",
        ),
    ] {
        let ended = run(&[&["fleet", "--phones", "2"], args].concat());
        assert_eq!(ended.status, 2, "{args:?} {ended:?}");
        assert!(ended.stderr.contains(says), "{args:?} {ended:?}");
    }
    let none = run(&["fleet", "--phones", "0", "--rule", &url]);
    assert!(none.stderr.contains("at least one phone"), "{none:?}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody has asked");
}

#[test]
fn more_phones_than_the_system_bears_are_refused_with_what_to_raise() {
    let program = env!("CARGO_BIN_EXE_onhook-harness");
    let limited = |phones: &str, extra: &str| -> Ended {
        let line = format!(
            "ulimit -n 200; exec '{program}' fleet --phones {phones} --rule http://127.0.0.1:9/x {extra}"
        );
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        output.into()
    };
    let ended = limited("1000", "--threads 1");
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.stderr.contains("ulimit -n 1064"), "{ended:?}");
    assert!(ended.stderr.contains("--at-once 136"), "{ended:?}");
    let ended = limited("1000", "--threads 60");
    assert!(ended.stderr.contains("ulimit -n 1512"), "{ended:?}");
    let ended = limited("1000", "--at-once 10 --set Resync_Random_Delay=0");
    assert_eq!(ended.status, 1, "nobody answers there: {ended:?}");
    let ended = limited("1000000", "--at-once 100000000");
    assert_eq!(ended.status, 2, "{ended:?}");
}

#[test]
fn the_phones_of_a_plan_can_be_listed() {
    let args = ["--phones", "3", "--rule", "/x", "--list"];
    let all = run(&[&["fleet"], &args[..], &["--source", "127.0.0.0/8"]].concat());
    assert_eq!(all.status, 0, "{all:?}");
    let lines: Vec<&str> = all.text().lines().collect();
    assert!(
        lines[1].starts_with("1 00:0e:08:00:00:01 FLT00000001"),
        "{lines:?}"
    );
    assert!(lines[1].ends_with(" 127.0.0.2"), "{lines:?}");
    let second = run(&[&["fleet"], &args[..], &["--shard", "2/3"]].concat());
    let second = second.text().replace(" -\n", "");
    assert!(lines[1].starts_with(&second), "{second} {lines:?}");
}

/// nginx with a folder of its own, ended when it is dropped.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn nginx_bears_a_fleet() {
    if !has_tool("nginx") {
        return;
    }
    let folder = site(200);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let text = format!(
        "daemon off; master_process off; pid nginx.pid; events {{ }}\n\
         http {{ access_log off; root .;\n\
         client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
         server {{ listen {address} backlog=1024; }} }}\n"
    );
    std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
    let child = Command::new("nginx")
        .args(["-c", "nginx.conf", "-e", "stderr", "-p"])
        .arg(folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _nginx = Nginx(child);
    until("nginx", || TcpStream::connect(address).ok());
    let ended = fleet(&address.to_string(), "200", &["--source", "127.0.0.0/8"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.text().contains("200 phones provisioned"), "{ended:?}");
}
