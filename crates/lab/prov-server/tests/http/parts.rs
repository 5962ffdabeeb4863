//! Parts of files.

use std::sync::Arc;

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{Part, Scheme};
use onhook_http::HttpFetch;
use onhook_testkit::fake::{FakeResolver, RecordingSink};

use crate::common::{Answer, Lab, request};

/// Longer than what is read at a time.
fn file() -> Vec<u8> {
    (0..200_000_u32).map(|n| (n % 251) as u8).collect()
}

async fn ask(lab: &Lab, fields: &str) -> Answer {
    lab.exchange(format!(
        "GET /load HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n"
    ))
    .await
}

#[tokio::test]
async fn a_part_of_a_file_is_given_with_its_place() {
    let mut lab = Lab::new().await;
    let file = file();
    lab.write("load", &file);
    for (range, from, to) in [
        ("bytes=0-", 0, 200_000),
        ("bytes=199999-", 199_999, 200_000),
        ("bytes=70000-", 70_000, 200_000),
        ("bytes=100-299", 100, 300),
        ("bytes=-65537", 134_463, 200_000),
    ] {
        let answer = ask(&lab, &format!("Range: {range}\r\n")).await;
        assert_eq!(answer.status, 206, "{range}");
        assert!(answer.body == file[from..to], "{range}");
        let told = format!("bytes {from}-{}/200000", to - 1);
        assert_eq!(answer.header("content-range"), Some(&*told), "{range}");
        let length = (to - from).to_string();
        assert_eq!(answer.header("content-length"), Some(&*length), "{range}");
        let access = lab.access().await;
        let told = (access.status, access.bytes, access.note);
        assert_eq!(told, (Some(206), (to - from) as u64, None), "{range}");
    }
}

#[tokio::test]
async fn a_part_that_is_not_there_is_refused_with_the_length() {
    let mut lab = Lab::new().await;
    lab.write("load", b"0123456789");
    let answer = ask(&lab, "Range: bytes=10-\r\n").await;
    assert_eq!(answer.status, 416);
    assert_eq!(answer.header("content-range"), Some("bytes */10"));
    assert_eq!(lab.access().await.status, Some(416));
}

#[tokio::test]
async fn the_rest_of_a_file_that_has_changed_is_all_of_it() {
    let lab = Lab::new().await;
    lab.write("load", b"0123456789");
    let answer = ask(&lab, "").await;
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    let tag = answer.header("etag").unwrap().to_owned();
    let rest = format!("Range: bytes=4-\r\nIf-Range: {tag}\r\n");
    assert_eq!(ask(&lab, &rest).await.body, b"456789");
    // In its place stands another file of the same length.
    let root = lab.dir.path().join("root");
    std::fs::write(root.join("new"), b"abcdefghij").unwrap();
    std::fs::rename(root.join("new"), root.join("load")).unwrap();
    let answer = ask(&lab, &rest).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"abcdefghij"[..]));
    assert_ne!(answer.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn head_and_several_parts_are_answered_as_if_nobody_had_asked_for_a_part() {
    let lab = Lab::new().await;
    lab.write("load", b"0123456789");
    let answer = ask(&lab, "Range: bytes=0-1,4-5\r\n").await;
    assert_eq!((answer.status, answer.body.len()), (200, 10));
    let answer = ask(&lab, "Range: bytes=0-1\r\nRange: bytes=4-5\r\n").await;
    assert_eq!((answer.status, answer.body.len()), (200, 10));
    let head = "HEAD /load HTTP/1.1\r\nHost: h\r\nConnection: close\r\nRange: bytes=4-\r\n\r\n";
    let answer = lab.exchange(head).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), Some("10"));
}

#[tokio::test]
async fn faults_meet_parts_too() {
    let whole = file();
    for (fault, status, from, expected) in [
        ("truncate=50000", 206, 50_000, 50_000),
        ("corrupt=60000", 206, 50_000, 150_000),
        ("corrupt=10", 206, 50_000, 150_000),
        ("delay=1ms", 206, 50_000, 150_000),
        ("wrong-key", 200, 0, 200_000),
        ("length=-1000", 200, 0, 199_000),
        ("status=503", 503, 0, 0),
    ] {
        let lab = Lab::with(|_, config| config.faults = vec![fault.parse().unwrap()]).await;
        lab.write("load", &whole);
        let answer = ask(&lab, "Range: bytes=50000-\r\n").await;
        assert_eq!(answer.status, status, "{fault}");
        if status == 503 {
            continue;
        }
        assert_eq!(answer.body.len(), expected, "{fault}");
        let there = &whole[from..from + expected];
        let changed = answer.body.iter().zip(there).position(|(a, b)| a != b);
        match fault {
            "corrupt=60000" => assert_eq!(changed, Some(10_000), "{fault}"),
            "wrong-key" => assert!(changed.is_some(), "{fault}"),
            _ => assert_eq!(changed, None, "{fault}"),
        }
    }
}

/// A transfer that is cut again and again comes to its end.
#[tokio::test]
async fn a_phone_goes_on_where_it_was_cut_off() {
    let lab = Lab::with(|_, config| {
        config.faults = vec!["truncate=60000".parse().unwrap()];
    })
    .await;
    let whole = file();
    lab.write("load", &whole);
    let fetch = HttpFetch::new(Arc::new(FakeResolver::new()), 1);
    let tag = ask(&lab, "").await.header("etag").map(str::to_owned);
    let mut got = Vec::new();
    while got.len() < whole.len() {
        let before = got.len();
        let mut sink = RecordingSink::default();
        let mut request = request(Scheme::Http, lab.address().port(), "/load");
        request.part = (before > 0).then(|| Part {
            from: before as u64,
            same: tag.clone(),
        });
        let ended = fetch.get(&request, &mut sink).await;
        let is_last = whole.len() - before <= 60_000;
        assert_eq!(ended.is_ok(), is_last, "{before}: {:?}", ended.err());
        got.extend(sink.body);
        assert!(got.len() > before, "nothing came");
    }
    assert!(got == whole);
}
