//! Syslog passes the contract suite of the port, and never holds anybody up.

#![cfg(test)]

#[path = "tcp/reader.rs"]
mod tcp;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::{ResolveError, Resolver};
use onhook_phone::port::{EventLog, Message, Severity};
use onhook_syslog::{Format, Syslog, Transport};
use onhook_testkit::contract::{self, EventLogFixture};
use onhook_testkit::fake::FakeResolver;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::time::timeout;

struct Loopback {
    log: Arc<Syslog>,
    socket: UdpSocket,
}

fn log(transport: Transport, format: Format) -> Syslog {
    Syslog::with(Arc::new(FakeResolver::new()), transport, format)
}

impl Loopback {
    async fn new(format: Format) -> Self {
        Self {
            log: Arc::new(log(Transport::Udp, format)),
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        }
    }
}

#[async_trait]
impl EventLogFixture for Loopback {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    fn server(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }

    fn unreachable(&self) -> String {
        "no such host".into()
    }

    async fn received(&mut self) -> Vec<u8> {
        let mut datagram = vec![0; 2048];
        let length = self.socket.recv(&mut datagram).await.unwrap();
        datagram.truncate(length);
        datagram
    }
}

#[tokio::test]
async fn syslog_keeps_the_contract_over_udp() {
    for format in [Format::Rfc3164, Format::Rfc5424] {
        contract::event_log(&mut Loopback::new(format).await).await;
    }
}

#[tokio::test]
async fn syslog_keeps_the_contract_over_tcp() {
    for format in [Format::Rfc3164, Format::Rfc5424] {
        contract::event_log(&mut tcp::Reader::new(format).await).await;
    }
}

fn message(server: &str, text: &str) -> Message {
    Message {
        severity: Severity::Error,
        at: None,
        identifier: String::new(),
        text: text.into(),
        server: server.into(),
    }
}

/// Names resolve to 127.0.0.1 once the gate lets them; those ending in `.invalid` never do.
struct Gate {
    gate: Semaphore,
    lookups: AtomicUsize,
}

impl Gate {
    fn new(permits: usize) -> Arc<Self> {
        let (gate, lookups) = (Semaphore::new(permits), AtomicUsize::new(0));
        Arc::new(Self { gate, lookups })
    }
}

#[async_trait]
impl Resolver for Gate {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        if host.ends_with(".invalid") {
            return Err(ResolveError::NoAddress(None));
        }
        self.gate.acquire().await.unwrap().forget();
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

async fn receive(socket: &UdpSocket) -> String {
    let mut datagram = vec![0; 2048];
    let arrival = timeout(Duration::from_secs(10), socket.recv(&mut datagram));
    let length = arrival.await.unwrap().unwrap();
    datagram.truncate(length);
    String::from_utf8(datagram).unwrap()
}

//= R-LOG-2 type=test
//= R-LOG-8 type=test
#[tokio::test]
async fn messages_wait_in_order_for_a_name_while_others_are_sent() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let gate = Gate::new(0);
    let log = Syslog::start(gate.clone());
    for n in 0..5 {
        log.log(message(
            &format!("log.example:{port}"),
            &format!("slow {n}"),
        ));
    }
    log.log(message(&format!("127.0.0.1:{port}"), "fast"));
    assert_eq!(receive(&socket).await, "<131>Jan  1 00:00:00 fast");
    gate.gate.add_permits(1);
    for n in 0..5 {
        assert_eq!(
            receive(&socket).await,
            format!("<131>Jan  1 00:00:00 slow {n}")
        );
    }
    log.log(message(&format!("log.example:{port}"), "known"));
    assert_eq!(receive(&socket).await, "<131>Jan  1 00:00:00 known");
    assert_eq!(gate.lookups.load(Ordering::SeqCst), 1);
    assert_eq!(log.dropped(), 0);
}

//= R-LOG-8 type=test
#[tokio::test]
async fn at_most_64_messages_wait_whatever_they_wait_for() {
    let log = Syslog::start(Gate::new(0));
    for _ in 0..40 {
        log.log(message("slow.example", "x"));
        tokio::task::yield_now().await;
    }
    for _ in 0..40 {
        log.log(message("other.example", "x"));
    }
    assert_eq!(log.dropped(), 16);
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_what_can_be_sent_and_gives_up_on_the_rest() {
    let gate = Gate::new(1);
    let log = Syslog::start(gate);
    log.log(message("log.example:9", "x"));
    let before = tokio::time::Instant::now();
    log.flush().await;
    assert_eq!(before.elapsed().as_secs(), 0);
    log.log(message("slow.example:9", "x"));
    log.flush().await;
    assert_eq!(before.elapsed().as_secs(), 2);
    assert_eq!(log.dropped(), 0);
    // The lookup ends too, and with it the message.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(log.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_asked_for_again_after_five_minutes() {
    let gate = Gate::new(9);
    let log = Syslog::start(gate.clone());
    for (wait, lookups) in [(0, 1), (299, 1), (301, 2)] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        log.log(message("log.example:9", "x"));
        log.flush().await;
        assert_eq!(gate.lookups.load(Ordering::SeqCst), lookups);
    }
}

#[tokio::test]
async fn what_is_no_server_is_counted_and_an_empty_one_is_not() {
    let log = Syslog::start(Gate::new(0));
    for server in ["lost.invalid", "h:x", "[::1", "0.0.0.0:99999"] {
        log.log(message(server, "x"));
    }
    log.log(message("", "x"));
    log.log(message("  ", "x"));
    log.flush().await;
    assert_eq!(log.dropped(), 4);
}

#[test]
fn a_log_whose_runtime_has_ended_drops_and_counts() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let log = runtime.block_on(async { Syslog::start(Arc::new(FakeResolver::new())) });
    drop(runtime);
    log.log(message("127.0.0.1", "x"));
    assert_eq!(log.dropped(), 1);
}

#[tokio::test]
async fn dropping_the_log_lets_waiting_messages_leave() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let log = Syslog::start(Gate::new(1));
    log.log(message(&format!("log.example:{port}"), "last words"));
    drop(log);
    assert_eq!(receive(&socket).await, "<131>Jan  1 00:00:00 last words");
}
