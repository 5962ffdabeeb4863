//! The syslog sink on loopback.

use std::net::SocketAddr;

use onhook_prov_server::{ServerEvent, SyslogMessage};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};

use crate::common::Lab;

async fn lab() -> Lab {
    Lab::with(|_, config| {
        config.http = None;
        config.syslog = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await
}

async fn message(lab: &mut Lab) -> SyslogMessage {
    match lab.events.next().await {
        Some(ServerEvent::Syslog(message)) => message,
        other => panic!("{other:?}"),
    }
}

//= R-LOG-2 type=test
#[tokio::test]
async fn a_datagram_becomes_an_event_with_its_source() {
    let mut lab = lab().await;
    assert_eq!(lab.running.http_addr(), None);
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sink = lab.running.syslog_addr().unwrap();
    phone
        .send_to(
            b"<134>Jan  1 00:00:00 CP-8841 -- Requesting resync http://h:80/a\n",
            sink,
        )
        .await
        .unwrap();
    let message = message(&mut lab).await;
    assert_eq!(message.source, phone.local_addr().unwrap());
    assert_eq!(message.priority.unwrap().to_string(), "local0.info");
    assert_eq!(
        message.text,
        "Jan  1 00:00:00 CP-8841 -- Requesting resync http://h:80/a"
    );
}

#[tokio::test]
async fn the_largest_and_the_emptiest_datagram_do_no_harm() {
    let mut lab = lab().await;
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sink = lab.running.syslog_addr().unwrap();
    phone.send_to(&[0xff; 65_507], sink).await.unwrap();
    assert_eq!(message(&mut lab).await.text, "\\xff".repeat(65_507));
    phone.send_to(b"", sink).await.unwrap();
    let empty = message(&mut lab).await;
    assert_eq!((empty.priority, empty.text.as_str()), (None, ""));
}

#[tokio::test]
async fn datagrams_that_arrived_before_the_end_are_not_lost() {
    let mut lab = lab().await;
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sink = lab.running.syslog_addr().unwrap();
    for number in 0..10 {
        phone
            .send_to(format!("<134>{number}").as_bytes(), sink)
            .await
            .unwrap();
    }
    lab.running.stop().await;
    let mut texts = String::new();
    while let Some(event) = lab.events.next().await {
        if let ServerEvent::Syslog(message) = event {
            texts.push_str(&message.text);
        }
    }
    assert_eq!(texts, "0123456789");
}

//= R-LOG-2 type=test
#[tokio::test]
async fn connections_bring_messages_in_either_kind_of_frame() {
    let mut lab = lab().await;
    let sink = lab.running.syslog_addr().unwrap();
    let mut phone = TcpStream::connect(sink).await.unwrap();
    phone
        .write_all(b"<134>Jan  1 00:00:00 one\n35 <131>1 - host onhook - - - two and <134>three")
        .await
        .unwrap();
    for (priority, text) in [
        ("local0.info", "Jan  1 00:00:00 one"),
        ("local0.err", "host two and "),
    ] {
        let message = message(&mut lab).await;
        assert_eq!(message.source, phone.local_addr().unwrap());
        assert_eq!(message.priority.unwrap().to_string(), priority);
        assert_eq!(message.text, text);
    }
    // The end of the connection ends the last line, and that of the server waits for it.
    drop(phone);
    lab.running.stop().await;
    let Some(ServerEvent::Syslog(last)) = lab.events.next().await else {
        panic!("the last message is lost");
    };
    assert_eq!(last.text, "three");
}
