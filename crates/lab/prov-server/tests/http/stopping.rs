//! Starting and stopping.

use std::error::Error;
use std::time::Duration;

use onhook_prov_server::{Config, Note, Running, ServeError, Server, ServerEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::common::{Answer, Lab};

/// Within which a server has stopped, whatever its clients do.
const BOUND: Duration = Duration::from_secs(2);

#[tokio::test]
async fn stopping_ends_idle_connections_and_frees_the_port() {
    let long = Duration::from_secs(60);
    let mut lab = Lab::with(|_, config| config.limits.grace = long).await;
    lab.write("a", "x");
    let address = lab.running.http_addr().unwrap();
    let mut idle = lab.connect().await;
    let mut kept = lab.connect().await;
    kept.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    lab.access().await;
    timeout(BOUND, lab.running.stop()).await.unwrap();
    let mut bytes = Vec::new();
    kept.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(Answer::parse(&bytes).body, b"x");
    bytes.clear();
    assert_eq!(idle.read_to_end(&mut bytes).await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(lab.events.next().await.is_none());
}

#[tokio::test]
async fn stopping_cuts_clients_that_do_not_finish() {
    let mut lab = Lab::with(|_, config| config.limits.grace = Duration::from_millis(20)).await;
    let file = std::fs::File::create(lab.dir.path().join("root/a")).unwrap();
    file.set_len(64_000_000).unwrap();
    let mut slow_head = lab.connect().await;
    slow_head.write_all(b"GET /a HT").await.unwrap();
    let mut slow_body = lab.connect().await;
    slow_body
        .write_all(b"GET /a HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    slow_body.read_exact(&mut [0; 100]).await.unwrap();
    timeout(BOUND, lab.running.stop()).await.unwrap();
    let access = match lab.events.next().await {
        Some(ServerEvent::Request(access)) => access,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (access.status, access.note),
        (Some(200), Some(Note::NotTaken))
    );
    drop(file);
}

#[tokio::test]
async fn an_answer_under_way_is_finished_within_the_grace_period() {
    let lab = Lab::new().await;
    let content = vec![b'x'; 20_000_000];
    lab.write("a", &content);
    let mut stream = lab.connect().await;
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = vec![0; 100];
    stream.read_exact(&mut bytes).await.unwrap();
    let (stopped, read) = tokio::join!(
        timeout(BOUND, lab.running.stop()),
        stream.read_to_end(&mut bytes)
    );
    stopped.unwrap();
    read.unwrap();
    assert!(Answer::parse(&bytes).body == content);
}

#[tokio::test]
async fn dropping_a_server_ends_it() {
    let lab = Lab::new().await;
    let mut stream = lab.connect().await;
    drop(lab.running);
    let mut bytes = Vec::new();
    // Closed or reset, but over.
    let read = timeout(BOUND, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok() && bytes.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_a_configuration_is_said_with_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let start = async |change: fn(&mut Config)| {
        let mut config = Config::local(dir.path());
        change(&mut config);
        Server::start(config).await.err().unwrap()
    };
    assert!(matches!(
        start(|config| config.http = None).await,
        ServeError::Nothing
    ));
    let error = start(|config| config.root = "/nonexistent".into()).await;
    assert!(
        error.to_string().contains("cannot serve /nonexistent"),
        "{error}"
    );
    assert!(error.source().is_some());
    let error = start(|config| config.root = "/proc/self/status".into()).await;
    assert!(matches!(error, ServeError::NotADirectory { .. }), "{error}");
    let error = start(|config| config.access_log = Some("/nonexistent/log".into())).await;
    assert!(matches!(error, ServeError::AccessLog { .. }), "{error}");

    let taken = Server::start(Config::local(dir.path())).await.unwrap();
    let mut config = Config::local(dir.path());
    config.http = taken.http_addr();
    let error = Server::start(config).await.err().unwrap();
    assert!(error.to_string().contains("for HTTP"), "{error}");
    assert!(error.source().is_some());
}

async fn ask(running: &Running, target: &str) {
    let mut stream = TcpStream::connect(running.http_addr().unwrap())
        .await
        .unwrap();
    let request = format!("GET {target} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
}

#[tokio::test]
async fn the_first_subscriber_sees_everything_and_later_ones_what_follows() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = Server::start(Config::local(dir.path())).await.unwrap();
    ask(&running, "/one").await;
    let mut first = running.events();
    let mut second = running.events();
    ask(&running, "/two").await;
    running.stop().await;
    let mut targets = Vec::new();
    for events in [&mut first, &mut second] {
        while let Some(ServerEvent::Request(access)) = events.next().await {
            targets.push(access.target.unwrap());
        }
    }
    assert_eq!(targets, ["/one", "/two", "/two"]);
}

#[tokio::test]
async fn an_access_log_that_is_full_does_not_keep_phones_from_their_files() {
    let mut lab = Lab::with(|_, config| config.access_log = Some("/dev/full".into())).await;
    lab.write("a", "x");
    for _ in 0..2 {
        assert_eq!(lab.get("/a").await.status, 200);
        assert_eq!(lab.access().await.status, Some(200));
    }
}
