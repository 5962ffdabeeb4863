//! The obligations of [`EventLog`].

use std::sync::Arc;

use async_trait::async_trait;
use onhook_phone::port::{EventLog, Message, Severity};

use super::soon;

/// A log with a server that shows what arrives.
#[async_trait]
pub trait EventLogFixture: Send {
    /// The log under test.
    fn log(&self) -> Arc<dyn EventLog>;

    /// A server whose datagrams or frames [`EventLogFixture::received`] shows, as `host:port`.
    fn server(&self) -> String;

    /// A server that cannot be reached.
    fn unreachable(&self) -> String;

    /// The next datagram or frame at the server.
    async fn received(&mut self) -> Vec<u8>;
}

/// Checks a log against every obligation of the port.
pub async fn event_log(fixture: &mut dyn EventLogFixture) {
    messages_to_one_server_keep_their_order(fixture).await;
    a_message_is_one_datagram_cut_at_a_character_boundary(fixture).await;
    what_cannot_be_sent_is_dropped_and_counted(fixture).await;
    an_unreachable_server_holds_nobody_up(fixture).await;
}

fn message(server: String, text: String) -> Message {
    Message {
        severity: Severity::Info,
        at: None,
        identifier: String::new(),
        text,
        server,
    }
}

/// The next datagram, which must be UTF-8.
async fn next(fixture: &mut dyn EventLogFixture) -> String {
    let datagram = soon("a datagram", fixture.received()).await;
    let Ok(text) = String::from_utf8(datagram) else {
        panic!("a character was cut in two");
    };
    text
}

async fn messages_to_one_server_keep_their_order(fixture: &mut dyn EventLogFixture) {
    for n in 0..20 {
        fixture
            .log()
            .log(message(fixture.server(), format!("ordered {n}.")));
    }
    for n in 0..20 {
        let text = next(fixture).await;
        assert!(
            text.ends_with(&format!("ordered {n}.")),
            "message {n} is {text:?}"
        );
    }
}

async fn a_message_is_one_datagram_cut_at_a_character_boundary(fixture: &mut dyn EventLogFixture) {
    for (character, shift) in [
        ("x", 0),
        ("é", 0),
        ("é", 1),
        ("😀", 0),
        ("😀", 1),
        ("😀", 2),
        ("😀", 3),
    ] {
        let text = "-".repeat(shift) + &character.repeat(2000);
        fixture.log().log(message(fixture.server(), text));
        let datagram = next(fixture).await;
        assert!(datagram.len() <= 1024, "{} octets", datagram.len());
        assert!(
            datagram.len() > 1024 - character.len(),
            "cut to {} octets",
            datagram.len()
        );
        assert!(datagram.ends_with(character));
    }
    fixture
        .log()
        .log(message(fixture.server(), "the next one".into()));
    let text = next(fixture).await;
    assert!(
        text.ends_with("the next one"),
        "a second datagram followed: {text:?}"
    );
}

async fn what_cannot_be_sent_is_dropped_and_counted(fixture: &mut dyn EventLogFixture) {
    const BURST: u64 = 5000;
    let log = fixture.log();
    let before = log.dropped();
    for n in 0..BURST {
        log.log(message(fixture.server(), format!("burst {n}.")));
    }
    let dropped = log.dropped() - before;
    assert!(dropped > 0, "the queue has no bound");
    assert!(dropped < BURST, "everything was dropped");
    let mut last = None;
    for _ in 0..BURST - dropped {
        let text = next(fixture).await;
        let number = text
            .rsplit_once("burst ")
            .and_then(|(_, n)| n.trim_end_matches('.').parse::<u64>().ok());
        assert!(number > last, "{text:?} came after {last:?}");
        last = number;
    }
}

async fn an_unreachable_server_holds_nobody_up(fixture: &mut dyn EventLogFixture) {
    let before = fixture.log().dropped();
    fixture
        .log()
        .log(message(fixture.unreachable(), "lost".into()));
    fixture
        .log()
        .log(message(fixture.server(), "arrives".into()));
    let text = next(fixture).await;
    assert!(text.ends_with("arrives"), "{text:?}");
    let counted = async {
        while fixture.log().dropped() == before {
            tokio::task::yield_now().await;
        }
    };
    soon("the count of the lost message", counted).await;
}
