//! The heap that a transfer takes stays small whatever a server sends.
#![cfg(test)]

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::{Fetch as _, Upload as _};
use onhook_fetch::{
    BodySink, Endpoint, ErrorKind, FetchError, Head, Method, Refused, Request, Scheme, Submission,
    UPLOAD_LIMIT,
};
use onhook_http::HttpFetch;
use onhook_testkit::fake::{FakeResolver, RecordingWatch};

/// The largest profile.
const LIMIT: u64 = 5 * 1024 * 1024;
/// What a transfer may hold at once, in bytes: buffers of hyper for the header, and one piece of the body.
const HEAP: u64 = 128 * 1024;

/// Counts what it is given.
#[derive(Default)]
struct Counting(u64);

#[async_trait]
impl BodySink for Counting {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, _head: &Head) {}

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.0 += bytes.len() as u64;
        Ok(())
    }
}

/// A server that says the first text once and the second one until nobody listens.
fn endless(first: &'static str, then: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let mut said = stream.write_all(first.as_bytes());
        while said.is_ok() {
            said = stream.write_all(then.as_bytes());
        }
    });
    address
}

/// How a transfer ended, what the sink got, and the most heap that was in use for it.
fn fetched(server: SocketAddr) -> (Result<Endpoint, FetchError>, u64, u64) {
    let request = Request {
        scheme: Scheme::Http,
        host: server.ip().to_string(),
        port: server.port(),
        path: "/f".into(),
        proxy: None,
        service: None,
        allowed_domains: String::new(),
        user_agent: "test".into(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: LIMIT,
        timeout: Duration::from_secs(60),
    };
    let here = IpAddr::from([127, 0, 0, 1]);
    let fetch = HttpFetch::new(Arc::new(FakeResolver::new().with("here", &[here])), 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (mut sink, mut result) = (Counting::default(), None);
    let heap = allocation_counter::measure(|| {
        result = Some(runtime.block_on(fetch.get(&request, &mut sink)));
    });
    (result.unwrap(), sink.0, heap.bytes_max)
}

//= R-HTTP-16 type=test
// V-120, V-126
#[test]
fn what_never_ends_is_cut_off_before_it_takes_memory() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let text = |part: &str| part.repeat(4096 / part.len());
    for (what, first, then, kind, body) in [
        (
            "body",
            "HTTP/1.1 200 OK\r\n\r\n",
            text("x"),
            ErrorKind::TooLarge,
            true,
        ),
        (
            "chunks",
            CHUNKED,
            text("8\r\n12345678\r\n"),
            ErrorKind::TooLarge,
            true,
        ),
        (
            "header lines",
            OK,
            text("A: b\r\n"),
            ErrorKind::TooLarge,
            false,
        ),
        (
            "header line",
            "HTTP/1.1 200 OK\r\nA: ",
            text("x"),
            ErrorKind::TooLarge,
            false,
        ),
        (
            "reason",
            "HTTP/1.1 200 ",
            text("x"),
            ErrorKind::TooLarge,
            false,
        ),
        (
            "interim answers",
            "",
            text("HTTP/1.1 103 Hints\r\n\r\n"),
            ErrorKind::TooLarge,
            false,
        ),
        ("noise", "", text("\0\u{1}"), ErrorKind::Protocol, false),
        (
            "chunk extension",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
            text("x"),
            ErrorKind::Protocol,
            false,
        ),
        (
            "trailers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            text("A: b\r\n"),
            ErrorKind::Protocol,
            false,
        ),
    ] {
        let (result, got, heap) = fetched(endless(first, then));
        assert_eq!(result.unwrap_err().kind(), kind, "{what}");
        assert!(got <= LIMIT, "{what}: {got} bytes");
        assert_eq!(got > LIMIT / 2, body, "{what}: {got} bytes");
        assert!(heap <= HEAP, "{what}: {heap} bytes of heap");
    }
}

/// An upload of so many bytes to a server that answers at the end: the most heap that was in use for it.
fn uploaded(length: usize) -> u64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let taking = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut buffer, mut got) = ([0; 4096], Vec::new());
        while !got.windows(4).any(|end| end == b"\r\n\r\n") {
            let n = stream.read(&mut buffer).unwrap();
            got.extend_from_slice(&buffer[..n]);
        }
        let head = got.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let mut taken = got.len() - head;
        while taken < length {
            taken += stream.read(&mut buffer).unwrap();
        }
        stream.write_all(b"HTTP/1.1 204 Taken\r\n\r\n").unwrap();
    });
    let submission = Submission {
        scheme: Scheme::Http,
        host: server.ip().to_string(),
        port: server.port(),
        path: "/r".into(),
        proxy: None,
        allowed_domains: String::new(),
        user_agent: "test".into(),
        user: None,
        password: None,
        account: None,
        method: Method::Put,
        header: None,
        content_type: "application/xml".into(),
        aes128gcm: false,
        body: Secret::new(vec![7; length]),
        timeout: Duration::from_secs(60),
    };
    let here = IpAddr::from([127, 0, 0, 1]);
    let upload = HttpFetch::new(Arc::new(FakeResolver::new().with("here", &[here])), 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut watch = RecordingWatch::default();
    let mut result = None;
    let heap = allocation_counter::measure(|| {
        result = Some(runtime.block_on(upload.put(&submission, &mut watch)));
    });
    result.unwrap().unwrap();
    taking.join().unwrap();
    heap.bytes_max
}

//= R-RPT-2 type=test
#[test]
fn an_upload_holds_one_copy_of_its_body_and_the_buffers_of_a_connection() {
    for length in [1000, UPLOAD_LIMIT] {
        let heap = uploaded(length);
        let most = length as u64 + HEAP;
        assert!(heap <= most, "{length}: {heap} bytes of heap");
    }
}

#[test]
fn the_body_of_an_error_is_not_read() {
    for first in [
        "HTTP/1.1 404 No\r\n\r\n",
        "HTTP/1.1 401 Who\r\n\r\n",
        "HTTP/1.1 302 Go\r\n\r\n",
    ] {
        let (result, got, heap) = fetched(endless(first, "x".repeat(4096)));
        assert!(result.is_err());
        assert_eq!(got, 0, "{first}");
        assert!(heap <= HEAP, "{first}: {heap} bytes of heap");
    }
}
