//! Syslog over TCP: a server that takes frames apart, and what happens when it dies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_phone::port::EventLog;
use onhook_syslog::{Format, Syslog, Transport};
use onhook_testkit::contract::EventLogFixture;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::{log, message};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A log server that reads one connection after the other.
pub(crate) struct Reader {
    log: Arc<Syslog>,
    listener: TcpListener,
    stream: Option<BufReader<TcpStream>>,
    format: Format,
}

impl Reader {
    pub(crate) async fn new(format: Format) -> Self {
        Self {
            log: Arc::new(log(Transport::Tcp, format)),
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            stream: None,
            format,
        }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    fn say(&self, text: &str) {
        self.log.log(message(&self.address().to_string(), text));
    }

    /// The text of the next frame behind its header.
    async fn text(&mut self) -> String {
        let frame = timeout(PATIENCE, self.received()).await.unwrap();
        let frame = String::from_utf8(frame).unwrap();
        frame.rsplit(' ').next().unwrap().to_owned()
    }

    async fn accept(&mut self) -> &mut BufReader<TcpStream> {
        if self.stream.is_none() {
            let (stream, _) = timeout(PATIENCE, self.listener.accept())
                .await
                .unwrap()
                .unwrap();
            self.stream = Some(BufReader::new(stream));
        }
        self.stream.as_mut().unwrap()
    }
}

#[async_trait]
impl EventLogFixture for Reader {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    fn server(&self) -> String {
        self.address().to_string()
    }

    fn unreachable(&self) -> String {
        // Nobody listens on the port of a listener that is gone.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    }

    async fn received(&mut self) -> Vec<u8> {
        let format = self.format;
        let stream = self.accept().await;
        let mut frame = Vec::new();
        match format {
            Format::Rfc3164 => {
                stream.read_until(b'\n', &mut frame).await.unwrap();
                assert_eq!(frame.pop(), Some(b'\n'), "half a line");
            }
            Format::Rfc5424 => {
                stream.read_until(b' ', &mut frame).await.unwrap();
                let length = String::from_utf8(frame).unwrap();
                frame = vec![0; length.trim_end().parse().unwrap()];
                stream.read_exact(&mut frame).await.unwrap();
            }
        }
        frame
    }
}

//= R-LOG-2 type=test
#[tokio::test]
async fn several_messages_share_a_connection_and_are_framed_as_their_form_wants() {
    let mut reader = Reader::new(Format::Rfc3164).await;
    for text in ["one", "two", "three"] {
        reader.say(text);
    }
    let expected = ["one", "two", "three"].map(|text| format!("<131>Jan  1 00:00:00 {text}\n"));
    let mut read = vec![0; expected.concat().len()];
    let stream = reader.accept().await;
    timeout(PATIENCE, stream.read_exact(&mut read))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), expected.concat());
    let mut reader = Reader::new(Format::Rfc5424).await;
    reader.say("é");
    reader.say("x");
    let expected = "29 <131>1 - - onhook - - - \u{feff}é25 <131>1 - - onhook - - - x";
    let mut read = vec![0; expected.len()];
    let stream = reader.accept().await;
    timeout(PATIENCE, stream.read_exact(&mut read))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), expected);
}

//= R-LOG-8 type=test
#[tokio::test]
async fn a_server_that_died_costs_what_it_could_not_take_and_is_found_again() {
    for format in [Format::Rfc3164, Format::Rfc5424] {
        let mut reader = Reader::new(format).await;
        reader.say("before");
        assert_eq!(reader.text().await, "before");
        let address = reader.address();
        // The server restarts: its connection ends, and for a while nobody listens.
        let log = Arc::clone(&reader.log);
        drop(reader);
        let mut lost = 0;
        while log.dropped() == 0 {
            // The end of the old connection may be heard of after a message was written to it.
            log.log(message(&address.to_string(), "lost"));
            lost += 1;
            timeout(PATIENCE, log.flush()).await.unwrap();
        }
        assert!(lost <= 2, "{lost} messages were believed to be sent");
        let dropped = log.dropped();
        for _ in 0..10 {
            log.log(message(&address.to_string(), "lost"));
        }
        log.flush().await;
        assert_eq!(log.dropped() - dropped, 10);
        let mut reader = Reader {
            log: Arc::clone(&log),
            listener: TcpListener::bind(address).await.unwrap(),
            stream: None,
            format,
        };
        reader.say("after");
        assert_eq!(reader.text().await, "after");
        assert_eq!(log.dropped() - dropped, 10);
    }
}

#[tokio::test]
async fn a_connection_that_the_server_ended_while_idle_is_made_anew() {
    let mut reader = Reader::new(Format::Rfc3164).await;
    for text in ["first", "second", "third"] {
        reader.say(text);
        assert_eq!(reader.text().await, text);
        reader.stream = None;
        // The end arrives before the next message, which a server that closes idle connections relies on.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(reader.log.dropped(), 0);
}

#[tokio::test]
async fn dropping_the_log_lets_waiting_messages_leave_over_tcp() {
    let mut reader = Reader::new(Format::Rfc5424).await;
    reader.say("last");
    reader.say("words");
    reader.log = Arc::new(log(Transport::Udp, Format::Rfc3164));
    assert_eq!(reader.text().await, "last");
    assert_eq!(reader.text().await, "words");
    // And the connection ends.
    let stream = reader.accept().await;
    let rest = timeout(PATIENCE, stream.read(&mut [0; 8])).await;
    assert_eq!(rest.unwrap().unwrap(), 0);
}

//= R-LOG-8 type=test
#[tokio::test]
async fn a_server_that_takes_nothing_fills_64_places_and_blocks_nobody() {
    let reader = Reader::new(Format::Rfc3164).await;
    // A socket buffer holds some; then the connection takes no more.
    let mut told = 0_u64;
    while reader.log.dropped() == 0 {
        reader.say(&"x".repeat(1000));
        told += 1;
        assert!(told < 100_000, "the queue has no bound");
        tokio::task::yield_now().await;
    }
    let before = reader.log.dropped();
    for _ in 0..200 {
        reader.say("more");
    }
    assert!(reader.log.dropped() - before >= 200 - 64);
}
