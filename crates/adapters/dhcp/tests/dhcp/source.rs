//! Both protocols in one source.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use onhook_dhcp::{Client, Client6, DhcpSource, Kind6, Message, To, Want, Wire};
use onhook_discovery::port::{News, OptionSource};
use onhook_discovery::{HeldOption, HeldValue, Learned, Space};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::server::{FakeWire, LIST, MAC, Server, who};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

/// A server of DHCPv6 that answers, or does not, and a socket that may fail.
struct Wire6 {
    answers: bool,
    failures: u32,
    sender: mpsc::UnboundedSender<Vec<u8>>,
    inbox: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Wire6 {
    fn new(answers: bool) -> Self {
        let (sender, inbox) = mpsc::unbounded_channel();
        Self {
            answers,
            failures: 0,
            sender,
            inbox,
        }
    }
}

#[async_trait]
impl Wire for Wire6 {
    fn send(&mut self, _: To, packet: &[u8]) -> io::Result<()> {
        if !self.answers {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let mut message = Message::parse(packet).map_err(io::Error::other)?;
        message.kind = Kind6::Reply;
        message.options.retain(|(code, _)| *code == 1);
        message.options.push((2, vec![1]));
        message.options.push((160, b"six".to_vec()));
        self.sender.send(message.encode()).map_err(io::Error::other)
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(io::ErrorKind::NetworkDown.into());
        }
        let Some(packet) = self.inbox.recv().await else {
            return std::future::pending().await;
        };
        buffer[..packet.len()].copy_from_slice(&packet);
        Ok(packet.len())
    }
}

fn option(space: Space, value: &str) -> HeldOption {
    HeldOption {
        space,
        code: 160,
        value: HeldValue::Wire(value.as_bytes().to_vec()),
    }
}

/// A source of both protocols.
fn both(says: Option<&Learned>, wire6: Wire6) -> DhcpSource {
    let source = DhcpSource::new();
    let now = source.now();
    let client = Client::new(who(), Want::Lease, LIST, 7, now);
    let server = Arc::new(Mutex::new(Server::new(says)));
    source
        .with_v4(client, FakeWire::new(server))
        .with_v6(Client6::new(MAC, "class", "17,160,159", 7, now), wire6)
}

fn four() -> Learned {
    Learned {
        address: Some(ADDRESS.into()),
        options: vec![option(Space::V4, "four")],
    }
}

async fn first(mut source: DhcpSource) -> (News, Duration) {
    let begin = Instant::now();
    let news = timeout(Duration::from_secs(60), source.next()).await;
    (news.unwrap().unwrap(), begin.elapsed())
}

//= R-DHCP-15 type=test
#[tokio::test(start_paused = true)]
async fn what_both_protocols_say_is_told_at_once_and_ipv4_first() {
    let (news, _) = first(both(Some(&four()), Wire6::new(true))).await;
    let mut all = four();
    all.options.push(option(Space::V6, "six"));
    assert_eq!(news, News::Learned(all));
}

#[tokio::test(start_paused = true)]
async fn a_protocol_without_a_server_holds_the_other_up_for_two_seconds() {
    let (news, waited) = first(both(Some(&four()), Wire6::new(false))).await;
    assert_eq!(news, News::Learned(four()));
    assert!(waited <= Duration::from_secs(2), "{waited:?}");
    let (news, waited) = first(both(None, Wire6::new(true))).await;
    let six = Learned {
        address: None,
        options: vec![option(Space::V6, "six")],
    };
    assert_eq!(news, News::Learned(six));
    assert!(waited <= Duration::from_secs(3), "{waited:?}");
    let (news, waited) = first(both(None, Wire6::new(false))).await;
    assert_eq!(news, News::Nothing);
    assert_eq!(waited.as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_fails_is_read_again_after_a_while() {
    let mut wire = Wire6::new(true);
    wire.failures = 5;
    let begin = Instant::now();
    let mut source = both(None, wire);
    assert_ne!(source.next().await, Some(News::Nothing));
    assert!(begin.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_source_without_clients_tells_that_there_is_nothing_and_ends() {
    let mut source = DhcpSource::new();
    assert_eq!(source.next().await, Some(News::Nothing));
    assert_eq!(source.next().await, None);
}
