//! Both ends with each other.

use bytes::Bytes;
use onhook_crypto::auth::Algorithm;
use onhook_device::Secret;
use onhook_sip::{Act, Heard, Next, Notice, Transport, Wish};
use proptest::prelude::*;

use crate::scene::{PASSWORD, SERVER, Scene, USER};

fn notice(event: &str, password: Option<&str>) -> Notice {
    let wish = Wish {
        uri: format!("sip:{USER}@192.0.2.50:5060"),
        event: event.to_owned(),
        body: String::new(),
        login: password.map(|password| (USER.to_owned(), Secret::from(password))),
    };
    Notice::new(wish, Transport::Udp, SERVER.parse().unwrap(), 0x1234)
}

/// What the phone answered in the end, and what it was asked.
fn spoken(scene: &mut Scene, notice: &mut Notice) -> (Heard, Vec<Act>) {
    let mut message = notice.first();
    for _ in 0..3 {
        let told = scene.send(SERVER, &message);
        let answer = Bytes::from(told.0.answer.unwrap().1);
        match notice.take(&answer) {
            Next::Done(heard) => return (heard, told.0.acts),
            Next::Send(next) => message = next,
            Next::Wait => panic!("{answer:?}"),
        }
    }
    panic!("no end");
}

#[test]
fn a_challenge_is_answered_once_with_the_better_algorithm() {
    let (heard, acts) = spoken(&mut Scene::new(), &mut notice("resync", Some(PASSWORD)));
    assert_eq!((heard.status, heard.logged_in), (200, true));
    assert_eq!(heard.algorithm, Some(Algorithm::Sha256));
    assert_eq!(acts, [Act::Resync]);
    let (heard, acts) = spoken(&mut Scene::new(), &mut notice("resync", Some("wrong")));
    assert_eq!((heard.status, heard.logged_in, acts), (401, true, vec![]));
    let (heard, _) = spoken(&mut Scene::new(), &mut notice("resync", None));
    assert_eq!((heard.status, heard.logged_in), (401, false));
    let (heard, _) = spoken(&mut Scene::new(), &mut notice("presence", None));
    assert_eq!(heard.reason, "Bad Event");
    assert!(heard.allow_events.unwrap().starts_with("resync, "));
}

#[test]
fn only_the_answer_to_the_last_message_counts() {
    let mut notice = notice("resync", Some(PASSWORD));
    let first = notice.first();
    let mut scene = Scene::new();
    let told = scene.send(SERVER, &first);
    let challenge = told.text();
    for other in [
        challenge.replace("0000000000001234@", "0000000000001235@"),
        challenge.replace("CSeq: 1", "CSeq: 2"),
        challenge.replace("401", "100"),
        challenge.replace("SIP/2.0 401", "SIP/3.0 401"),
        "SIP/2.0 200 OK\r\n\r\n".to_owned(),
        first.iter().map(|byte| char::from(*byte)).collect(),
    ] {
        assert_eq!(
            notice.take(&Bytes::from(other.clone())),
            Next::Wait,
            "{other}"
        );
    }
    let challenge = Bytes::from(challenge);
    assert!(matches!(notice.take(&challenge), Next::Send(_)));
    // The phone repeats what it said before.
    assert_eq!(notice.take(&challenge), Next::Wait);
}

proptest! {
    #[test]
    fn no_answer_does_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(notice("resync", None).take(&Bytes::from(bytes)), Next::Wait);
    }
}
