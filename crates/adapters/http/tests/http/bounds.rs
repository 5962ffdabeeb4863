//! Sizes and times that a transfer may not pass.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::{Fetch as _, ResolveError, Resolver};
use onhook_fetch::{Endpoint, ErrorKind, FetchError};
use onhook_http::{HttpFetch, Limits};
use onhook_testkit::fake::{FakeResolver, RecordingSink};

use crate::server::{Script, Server, Then, answer, request, transport};

async fn get_within(
    script: Script,
    limits: Limits,
    limit: u64,
) -> (Result<Endpoint, FetchError>, RecordingSink) {
    let server = Server::start(vec![script]).await;
    let mut sink = RecordingSink::default();
    let mut request = server.request("/f");
    request.limit = limit;
    let result = transport(limits).get(&request, &mut sink).await;
    (result, sink)
}

async fn get(script: Script) -> Result<Endpoint, FetchError> {
    get_within(script, Limits::default(), 1000).await.0
}

/// A header block of exactly so many bytes, in lines of at most 1,000.
fn block(size: usize) -> Script {
    let mut text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned();
    let end = "\r\n";
    while text.len() + end.len() < size {
        let room = size - text.len() - end.len();
        // What remains after a line must hold another one, or nothing.
        let line = if room > 1010 { 1000 } else { room };
        text += &format!("X: {}\r\n", "y".repeat(line - 5));
    }
    text += end;
    assert_eq!(text.len(), size);
    (text.into_bytes(), Then::Close)
}

//= R-HTTP-16 type=test
#[tokio::test]
async fn a_header_block_may_have_16_kib() {
    get(block(16 * 1024)).await.unwrap();
    for size in [16 * 1024 + 1, 100_000, 10_000_000] {
        assert_eq!(
            get(block(size)).await.unwrap_err().kind(),
            ErrorKind::TooLarge,
            "{size}"
        );
    }
}

//= R-HTTP-16 type=test
#[tokio::test]
async fn a_header_line_may_have_8_kib() {
    let line = |length: usize| answer("200 OK", &format!("X: {}\r\n", "y".repeat(length - 5)), b"");
    get(line(8192)).await.unwrap();
    assert_eq!(
        get(line(8193)).await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    let reason = answer(&format!("200 {}", "y".repeat(9000)), "", b"");
    assert_eq!(get(reason).await.unwrap_err().kind(), ErrorKind::TooLarge);
}

// V-126
#[tokio::test]
async fn endless_headers_and_interim_answers_end() {
    let lines = "A: b\r\n".repeat(2000);
    assert_eq!(
        get(answer("200 OK", &lines, b"")).await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    let one_line = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(10_000_000)).into_bytes();
    assert_eq!(
        get((one_line, Then::Close)).await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    let interim = "HTTP/1.1 103 Hints\r\n\r\n".repeat(10_000).into_bytes();
    assert_eq!(
        get((interim, Then::Close)).await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
}

//= R-HTTP-16 type=test
// V-120
#[tokio::test]
async fn an_announced_body_above_the_limit_is_refused_unread() {
    let script = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n".to_vec(),
        Then::Hold,
    );
    let (result, sink) = get_within(script, Limits::default(), 1000).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(sink.heads.is_empty());
}

#[tokio::test]
async fn chunk_extensions_and_trailers_have_an_end() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let extension = format!("{head}1;{}", "x".repeat(1_000_000)).into_bytes();
    assert_eq!(
        get((extension, Then::Close)).await.unwrap_err().kind(),
        ErrorKind::Protocol
    );
    let trailer = format!("{head}0\r\n{}", "A: b\r\n".repeat(100_000)).into_bytes();
    assert_eq!(
        get((trailer, Then::Close)).await.unwrap_err().kind(),
        ErrorKind::Protocol
    );
}

fn impatient() -> Limits {
    Limits {
        idle: Duration::from_millis(50),
        ..Limits::default()
    }
}

//= R-HTTP-17 type=test
#[tokio::test]
async fn silence_ends_the_wait_for_header_and_body() {
    for text in [
        "",
        "HTTP/1.1 200 OK\r\nA: b",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    ] {
        let script = (text.as_bytes().to_vec(), Then::Hold);
        let (result, _) = get_within(script, impatient(), 1000).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout, "{text}");
    }
}

/// Never answers.
struct Mute;

#[async_trait]
impl Resolver for Mute {
    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_mute_name_server_ends_the_transfer_and_it_still_counts_as_started() {
    let mute: [(Arc<dyn Resolver>, _); 2] = [
        (Arc::new(FakeResolver::silent()), ErrorKind::Dns),
        (Arc::new(Mute), ErrorKind::Timeout),
    ];
    for (resolver, kind) in mute {
        let mut sink = RecordingSink::default();
        let mut request = request("h", 80, "/");
        request.timeout = Duration::from_secs(3);
        let before = tokio::time::Instant::now();
        let result = HttpFetch::new(resolver, 1).get(&request, &mut sink).await;
        assert_eq!(result.unwrap_err().kind(), kind);
        assert!(before.elapsed() <= Duration::from_secs(3));
        assert_eq!(sink.started, [Endpoint { ip: None }]);
    }
}

#[tokio::test]
async fn an_endless_time_limit_is_no_error() {
    let server = Server::start(vec![answer("200 OK", "", b"x")]).await;
    let mut request = server.request("/f");
    request.timeout = Duration::MAX;
    let limits = Limits {
        idle: Duration::MAX,
        connect: Duration::MAX,
        ..Limits::default()
    };
    transport(limits)
        .get(&request, &mut RecordingSink::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn limits_of_zero_are_no_panic() {
    let limits = Limits {
        connect: Duration::ZERO,
        handshake: Duration::ZERO,
        idle: Duration::ZERO,
        header_block: 0,
        header_line: 0,
        redirects: 0,
    };
    let (result, _) = get_within(answer("200 OK", "", b"x"), limits, 0).await;
    assert!(result.is_err());
}
