use std::net::IpAddr;

use async_trait::async_trait;
use onhook_device::{MonoTime, Now, Secret};
use onhook_fetch::port::{ResolveError, Resolver};
use onhook_phone::{Answer, Ask, Asked, Extension, SipAccess};
use onhook_schedule::port::Clock;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;

use super::*;
use crate::agent::{Setup, UserAgent};
use crate::message::MESSAGE_LIMIT;
use crate::office::Around;

struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now {
            mono: MonoTime::from_secs(9),
            wall: None,
        }
    }
}

struct Nameless;

#[async_trait]
impl Resolver for Nameless {
    async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, ResolveError> {
        std::future::pending().await
    }
}

fn access() -> SipAccess {
    SipAccess {
        upgrading: false,
        gate: None,
        proxies_only: false,
        extensions: vec![Extension {
            number: 1,
            user: String::new(),
            login: String::new(),
            password: Secret::from(""),
            realm: "phone".to_owned(),
            challenges: false,
            proxies_only: false,
            proxies: vec!["proxy.test".to_owned()],
        }],
    }
}

/// A phone that anybody may ask, and the other end of a stream to it.
fn open(
    capacity: usize,
    access: fn() -> SipAccess,
) -> (DuplexStream, tokio::task::JoinHandle<Vec<String>>) {
    let (asker, mut asked) = mpsc::channel(16);
    let around = Around {
        asker,
        resolver: Arc::new(Nameless),
        clock: Arc::new(Still),
    };
    let agent = UserAgent::new(Setup::default(), [0; 32]);
    let office = Office::new(agent, around, Limits::default().lookup);
    let (ours, mut theirs) = duplex(capacity);
    let from = SocketAddr::from(([192, 0, 2, 1], 5060));
    tokio::spawn(async move {
        serve(&mut theirs, from, &office, Limits::default()).await;
    });
    let phone = tokio::spawn(async move {
        let mut acts = Vec::new();
        while let Some(Asked { ask, reply, .. }) = asked.recv().await {
            if matches!(ask, Ask::SipAccess) {
                reply.answer(Answer::SipAccess(Arc::new(access())));
            } else {
                acts.push(format!("{ask:?}"));
            }
        }
        acts
    });
    (ours, phone)
}

fn notify(number: u32) -> String {
    format!(
        "NOTIFY sip:192.0.2.50 SIP/2.0\r\nVia: SIP/2.0/TCP a.test;branch=z9hG4bK{number}\r\nFrom: <sip:a@a.test>\r\n\
         To: <sip:b@b.test>\r\nCall-ID: 1\r\nCSeq: {number} NOTIFY\r\nEvent: resync\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Everything that comes until the end.
async fn rest(stream: &mut DuplexStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn messages_are_answered_one_after_the_other_and_the_phone_is_asked() {
    let (mut stream, phone) = open(4096, access);
    let both = notify(1) + &notify(2).replace("resync", "reboot");
    for piece in both.as_bytes().chunks(7) {
        stream.write_all(piece).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    let answers = rest(&mut stream).await;
    assert_eq!(
        answers.matches("SIP/2.0 200 OK\r\n").count(),
        2,
        "{answers}"
    );
    assert!(answers.find("CSeq: 1").unwrap() < answers.find("CSeq: 2").unwrap());
    assert_eq!(phone.await.unwrap(), ["Resync(None)", "Restart"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_on_which_nothing_comes_is_closed() {
    let (mut stream, phone) = open(4096, access);
    let begun = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(begun.elapsed(), Limits::default().idle);
    assert_eq!(phone.await.unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_trickles_has_its_time_and_no_more() {
    let (mut stream, phone) = open(4096, access);
    let begun = Instant::now();
    let text = notify(1);
    let mut sent = 0;
    for byte in text.as_bytes() {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        sent += 1;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    assert!(begun.elapsed() < Limits::default().message + Duration::from_secs(1));
    assert!(sent < 30, "{sent}");
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(phone.await.unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_no_answer_holds_up_nobody_for_long() {
    let (mut stream, phone) = open(64, access);
    let begun = Instant::now();
    stream.write_all(notify(1).as_bytes()).await.unwrap();
    // What was accepted is done all the same.
    assert_eq!(phone.await.unwrap(), ["Resync(None)"]);
    assert_eq!(begun.elapsed(), Limits::default().answer);
    assert_eq!(rest(&mut stream).await.len(), 64);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_end_or_is_too_large_ends_the_stream_with_an_answer() {
    let filler = format!("X: {}\r\nEvent", "x".repeat(MESSAGE_LIMIT));
    for (from, to, status) in [
        ("Event", filler.as_str(), 513),
        ("Length: 0", "Length: 9999999", 513),
        ("Length: 0", "Length: -1", 400),
    ] {
        let (mut stream, phone) = open(1 << 20, access);
        let text = notify(1).replace(from, to) + &notify(2);
        stream.write_all(text.as_bytes()).await.unwrap();
        let answers = rest(&mut stream).await;
        assert!(
            answers.starts_with(&format!("SIP/2.0 {status} ")),
            "{answers}"
        );
        assert_eq!(answers.matches("\r\n\r\n").count(), 1);
        assert_eq!(phone.await.unwrap(), [""; 0]);
    }
}

//= R-SIP-11 type=test
#[tokio::test(start_paused = true)]
async fn a_name_server_that_is_silent_makes_a_stranger_of_everybody() {
    let restricted = || SipAccess {
        proxies_only: true,
        ..access()
    };
    let (mut stream, phone) = open(4096, restricted);
    let begun = Instant::now();
    stream.write_all(notify(1).as_bytes()).await.unwrap();
    stream.write_all(notify(2).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(
        begun.elapsed(),
        Limits::default().lookup,
        "the name is asked for once"
    );
    assert_eq!(phone.await.unwrap(), [""; 0]);
}

#[test]
fn streams_have_places_by_source_and_give_them_back() {
    let limits = Limits {
        streams: 3,
        streams_of_one: 2,
        ..Limits::default()
    };
    let open = Open::default();
    let place = |last: u8| open.place([192, 0, 2, last].into(), limits);
    let (one, _two) = (place(1).unwrap(), place(1).unwrap());
    assert!(place(1).is_none());
    let _other = place(2).unwrap();
    assert!(place(3).is_none());
    drop(one);
    assert!(place(3).is_some());
    assert!(open.0.lock().unwrap().len() <= 3);
}
