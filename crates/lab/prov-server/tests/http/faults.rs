//! Faults over HTTP, met by the transport of the phone.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{FetchError, Scheme};
use onhook_http::HttpFetch;
use onhook_prov_server::Note;
use onhook_testkit::fake::{FakeResolver, RecordingSink};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::common::{Lab, err_text, request};

const FILE: &[u8] = b"<flat-profile><GPP_A>0123456789</GPP_A></flat-profile>";

async fn lab(faults: &[&str]) -> Lab {
    let lab = Lab::with(|dir, config| {
        config.access_log = Some(dir.join("access.log"));
        config.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        config.seed = 7;
    })
    .await;
    lab.write("a.xml", FILE);
    lab
}

async fn get(lab: &Lab, path: &str) -> Result<Vec<u8>, FetchError> {
    let mut sink = RecordingSink::default();
    let request = request(Scheme::Http, lab.address().port(), path);
    let fetch = HttpFetch::new(Arc::new(FakeResolver::new()), 1);
    fetch.get(&request, &mut sink).await.map(|_| sink.body)
}

//= R-HTTP-5 type=test
#[tokio::test(start_paused = true)]
async fn a_phone_gets_the_error_that_the_fault_is_for() {
    for (fault, expected) in [
        ("status=503", "http status 503"),
        ("status=404", "file not found"),
        ("status=401", "authentication failed"),
        ("drop", "http protocol error"),
        ("drop=after-head", "transfer incomplete"),
        ("reset", "http protocol error"),
        ("truncate=10", "transfer incomplete"),
        ("length=+10", "transfer incomplete"),
        ("length=2000000", "file too large"),
        ("stall", "timeout"),
        ("stall=10", "timeout"),
        ("slow=1/10s", "timeout"),
        ("delay=5m", "timeout"),
        ("redirect=loop", "too many redirects"),
        ("redirect=ftp://h/x", "too many redirects"),
    ] {
        let mut lab = lab(&[fault]).await;
        let error = get(&lab, "/a.xml").await.unwrap_err();
        assert_eq!(err_text(&error), expected, "{fault}: {error}");
        let told = lab.fault().await;
        let what = fault.strip_prefix("delay=").map_or(fault, |_| "delay");
        let what = if what == "stall" { "stall=0" } else { what };
        let what = what.replace("10s", "10000ms");
        assert_eq!(told, format!("fault fault-1: {what}, http /a.xml"));
        lab.running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_arrives_all_the_same_is_not_what_it_was() {
    let flipped = |at: usize| {
        let mut file = FILE.to_vec();
        file[at] = !file[at];
        file
    };
    let cases: [(&str, Vec<u8>); 6] = [
        ("corrupt=5", flipped(5)),
        ("length=-10", FILE[..FILE.len() - 10].to_vec()),
        ("body=empty", Vec::new()),
        ("delay=20s", FILE.to_vec()),
        ("slow=20/10s", FILE.to_vec()),
        ("truncate=1000", FILE.to_vec()),
    ];
    for (fault, expected) in cases {
        let lab = lab(&[fault]).await;
        let began = Instant::now();
        assert_eq!(get(&lab, "/a.xml").await.unwrap(), expected, "{fault}");
        if fault.starts_with("slow") || fault.starts_with("delay") {
            assert!(began.elapsed() >= Duration::from_secs(20), "{fault}");
        }
    }
    let page = get(&lab(&["body=html"]).await, "/a.xml").await.unwrap();
    assert!(page.starts_with(b"<!DOCTYPE html>"));
    let other = lab(&["body=html"]).await;
    assert_eq!(get(&other, "/none").await.unwrap(), page);
    let drawn = get(&lab(&["corrupt"]).await, "/a.xml").await.unwrap();
    assert_eq!(drawn.iter().zip(FILE).filter(|(a, b)| a != b).count(), 1);
    // The same seed, the same byte.
    assert_eq!(
        get(&lab(&["corrupt"]).await, "/a.xml").await.unwrap(),
        drawn
    );
}

#[tokio::test]
async fn another_key_leaves_the_salt_and_the_length() {
    let lab = lab(&["wrong-key"]).await;
    let file: Vec<u8> = [&b"Salted__12345678"[..], &[5; 200_000]].concat();
    lab.write("a.enc", &file);
    let got = get(&lab, "/a.enc").await.unwrap();
    assert_eq!((got.len(), &got[..16]), (file.len(), &file[..16]));
    let same = got[16..].iter().filter(|byte| **byte == 5).count();
    assert!(same < 2_000, "{same} bytes are as they were");
}

#[tokio::test]
async fn a_status_says_when_to_come_again_and_a_redirect_where() {
    let lab = lab(&[
        "status=503,retry-after=120,times=1",
        "redirect=/b.xml?x=1,path=a.xml",
    ])
    .await;
    let answer = lab.get("/a.xml").await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("120"))
    );
    let answer = lab.get("/a.xml").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/b.xml?x=1"))
    );
    lab.write("b.xml", "<b/>");
    assert_eq!(get(&lab, "/a.xml").await.unwrap(), b"<b/>");
}

#[tokio::test]
async fn a_fault_marks_the_access_log_and_leaves_other_requests_alone() {
    let mut lab = lab(&["status=503,name=busy,path=a.*,times=1"]).await;
    lab.write("b.xml", "<b/>");
    assert_eq!(get(&lab, "/b.xml").await.unwrap(), b"<b/>");
    assert_eq!(lab.access().await.fault, None);
    get(&lab, "/a.xml").await.unwrap_err();
    assert_eq!(lab.fault().await, "fault busy: status=503, http /a.xml");
    let access = lab.access().await;
    assert_eq!(access.status, Some(503));
    assert_eq!(
        access.fault.as_ref().unwrap().to_string(),
        "fault busy: status=503"
    );
    assert_eq!(access.mac().as_deref(), Some("000e08012345"));
    get(&lab, "/a.xml").await.unwrap();
    let log = std::fs::read_to_string(lab.dir.path().join("access.log")).unwrap();
    let marked = log
        .lines()
        .filter(|line| line.ends_with(" [fault busy: status=503]"));
    assert_eq!(marked.count(), 1, "{log}");
}

#[tokio::test]
async fn a_request_that_is_dropped_is_logged_once_and_without_a_status() {
    for fault in ["drop", "reset"] {
        let mut lab = lab(&[fault]).await;
        get(&lab, "/a.xml").await.unwrap_err();
        lab.fault().await;
        let access = lab.access().await;
        assert_eq!((access.status, access.bytes, access.note), (None, 0, None));
        assert!(access.fault.is_some());
        lab.running.stop().await;
        assert!(lab.events.next().await.is_none());
    }
}

#[tokio::test]
async fn a_reset_is_not_an_end() {
    for (fault, expected) in [("reset", Some(ErrorKind::ConnectionReset)), ("drop", None)] {
        let lab = lab(&[fault]).await;
        let mut stream = lab.connect().await;
        stream
            .write_all(b"GET /a.xml HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        let read = stream.read_to_end(&mut Vec::new()).await;
        assert_eq!(read.err().map(|error| error.kind()), expected, "{fault}");
    }
}

#[tokio::test]
async fn faults_and_files_change_while_the_server_runs() {
    let mut lab = lab(&["status=500,name=down,off"]).await;
    let (faults, files) = (lab.running.faults(), lab.running.files());
    assert_eq!(get(&lab, "/a.xml").await.unwrap(), FILE);
    faults.on("down").unwrap();
    assert_eq!(
        err_text(&get(&lab, "/a.xml").await.unwrap_err()),
        "http status 500"
    );
    assert_eq!(faults.met("down"), Some(1));
    faults.off("down").unwrap();
    files.put("/new/dir/b.xml", b"<b/>").unwrap();
    assert_eq!(get(&lab, "/new/dir/b.xml").await.unwrap(), b"<b/>");
    files.put("a.xml", b"<a/>").unwrap();
    assert_eq!(get(&lab, "/a.xml").await.unwrap(), b"<a/>");
    files.remove("a.xml").unwrap();
    files.remove("a.xml").unwrap();
    get(&lab, "/a.xml").await.unwrap_err();
    faults
        .add("redirect=/new/dir/b.xml,path=a.xml".parse().unwrap())
        .unwrap();
    assert_eq!(get(&lab, "/a.xml").await.unwrap(), b"<b/>");
    for bad in ["../x", "", "dir/", "a\\b"] {
        assert!(files.put(bad, b"x").is_err(), "{bad}");
    }
    let beside = std::fs::read_dir(lab.dir.path().join("root/new/dir")).unwrap();
    assert_eq!(beside.count(), 1);
    // A file that is missing is no matter of the fault.
    lab.events = lab.running.events();
    faults.add("truncate=1,path=none".parse().unwrap()).unwrap();
    assert_eq!(
        err_text(&get(&lab, "/none").await.unwrap_err()),
        "file not found"
    );
    lab.fault().await;
    assert_eq!(lab.access().await.note, Some(Note::NoFile));
}
