//! What depends on time, in virtual time.

use std::path::Path;

use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::*;
use crate::config::Limits;
use crate::event::{Access, Events, ServerEvent};
use crate::fault::FaultSwitch;
use crate::log::Log;

impl Stream for DuplexStream {
    fn end_with_reset(&self) {}
}

struct Client {
    stream: DuplexStream,
    events: Events,
    _stop: watch::Sender<bool>,
}

/// A connection whose pipe holds `capacity` bytes.
fn connect(root: &Path, capacity: usize) -> Client {
    let (stream, server) = tokio::io::duplex(capacity);
    let (log, events) = Log::new(None);
    let site = Arc::new(Site {
        root: root.canonicalize().unwrap(),
        limits: Limits::default(),
        tftp_uploads: None,
        heads: false,
        log: Arc::new(log),
        faults: FaultSwitch::new(0, true),
    });
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(serve(
        server,
        crate::site::Client {
            address: ([192, 0, 2, 1], 1).into(),
            tls: None,
            fault: None,
        },
        site,
        stopping,
    ));
    Client {
        stream,
        events,
        _stop: stop,
    }
}

async fn access(events: &mut Events) -> Access {
    match events.next().await {
        Some(ServerEvent::Request(access)) => access,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_takes_too_long_ends_the_connection() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    let began = Instant::now();
    let mut text = "GET / HTTP/1.1\r\nX: "
        .chars()
        .chain(std::iter::repeat('x'));
    // One byte every second: each of them is progress, the head as a whole is not.
    let mut ended = false;
    for _ in 0..30 {
        let byte = text.next().unwrap() as u8;
        if client.stream.write_all(&[byte]).await.is_err() {
            ended = true;
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(ended, "the connection was closed while the client wrote");
    let access = access(&mut client.events).await;
    assert_eq!((access.note, access.status), (Some(Note::SlowHead), None));
    assert!(
        began.elapsed() <= Duration::from_secs(13),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_too_long_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    let began = Instant::now();
    let request = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab";
    client.stream.write_all(request).await.unwrap();
    let access = access(&mut client.events).await;
    assert_eq!(
        (access.note, access.status),
        (Some(Note::CutBody), Some(400))
    );
    assert_eq!(
        began.elapsed().as_secs(),
        Limits::default().head_time.as_secs()
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_after_the_head_time_and_leaves_no_trace_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    let began = Instant::now();
    let mut answer = Vec::new();
    client.stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
    assert_eq!(
        began.elapsed().as_secs(),
        Limits::default().head_time.as_secs()
    );
    drop(client.stream);
    assert!(client.events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_kept_and_not_used_again_is_idle() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    let request = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    client.stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    client.stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 404 "));
    drop(client.stream);
    assert_eq!(access(&mut client.events).await.status, Some(404));
    assert!(client.events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off_after_the_stall_time() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a"), vec![b'x'; 10_000_000]).unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    let began = Instant::now();
    client
        .stream
        .write_all(b"GET /a HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let access = access(&mut client.events).await;
    assert_eq!(
        (access.status, access.note),
        (Some(200), Some(Note::NotTaken))
    );
    // What was read and not taken is all that is held in memory.
    assert!(access.bytes < 300_000, "{}", access.bytes);
    assert_eq!(
        began.elapsed().as_secs(),
        Limits::default().stall_time.as_secs()
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_but_steadily_gets_everything() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a"), vec![b'x'; 100_000]).unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    client
        .stream
        .write_all(b"GET /a HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut taken = 0;
    let mut piece = vec![0; 1 << 10];
    loop {
        let len = client.stream.read(&mut piece).await.unwrap();
        if len == 0 {
            break;
        }
        taken += len;
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    assert!(taken > 100_000, "{taken}");
    assert_eq!(access(&mut client.events).await.note, None);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_sending_after_the_end_is_left_within_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = connect(dir.path(), 1 << 10);
    let began = Instant::now();
    client
        .stream
        .write_all(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    client.stream.read_to_end(&mut answer).await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 400 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let access = access(&mut client.events).await;
    assert_eq!(
        (access.status, access.note),
        (Some(400), Some(Note::NotHttp))
    );
    client.events.next().await;
    assert_eq!(began.elapsed(), LINGER_TIME);
}
