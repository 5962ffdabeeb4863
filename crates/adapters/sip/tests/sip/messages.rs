//! What is answered to everything else, and how answers look.

use onhook_sip::Act;
use proptest::prelude::*;

use crate::scene::{Message, SERVER, Scene};

#[test]
fn other_methods_are_told_what_can_be_asked() {
    for (method, status) in [
        ("OPTIONS", 200),
        ("INVITE", 405),
        ("REGISTER", 405),
        ("SUBSCRIBE", 405),
        ("MESSAGE", 405),
        ("BYE", 481),
        ("CANCEL", 481),
        ("ACK", 0),
        ("NOTIFYING", 501),
        ("notify", 501),
        ("DANCE", 501),
    ] {
        let mut scene = Scene::open();
        let message = Message {
            method: method.to_owned(),
            ..scene.notify("resync")
        };
        let told = scene.send(SERVER, message.text());
        assert_eq!((told.status(), told.acts()), (status, &[][..]), "{method}");
        if [200, 405, 501].contains(&status) {
            assert_eq!(told.fields("Allow"), ["OPTIONS, NOTIFY"], "{method}");
        }
    }
}

//= R-FW-16 type=test
#[test]
fn a_call_that_comes_while_a_load_is_fetched_is_told_to_come_later() {
    for (method, upgrading, status, after) in [
        ("INVITE", true, 503, vec!["120"]),
        ("INVITE", false, 405, vec![]),
        ("OPTIONS", true, 200, vec![]),
        ("ACK", true, 0, vec![]),
    ] {
        let mut scene = Scene::open();
        scene.access.upgrading = upgrading;
        let message = Message {
            method: method.to_owned(),
            ..scene.notify("resync")
        };
        let told = scene.send(SERVER, message.text());
        assert_eq!((told.status(), told.acts()), (status, &[][..]), "{method}");
        if status != 0 {
            assert_eq!(told.fields("Retry-After"), after, "{method}");
        }
    }
    // Everything else is done as ever.
    let mut scene = Scene::open();
    scene.access.upgrading = true;
    let message = scene.notify("resync");
    assert_eq!(scene.send(SERVER, message.text()).status(), 200);
}

#[test]
fn an_answer_repeats_what_it_has_to_and_goes_where_the_request_came_from() {
    for (via, to, top) in [
        (
            "SIP/2.0/UDP a.test;branch=z9hG4bK1;rport",
            "192.0.2.10:40000",
            "SIP/2.0/UDP a.test;branch=z9hG4bK1;rport=40000;received=192.0.2.10",
        ),
        (
            "SIP/2.0/UDP a.test;rport=1;branch=z9hG4bK1",
            "192.0.2.10:40000",
            "SIP/2.0/UDP a.test;rport=40000;branch=z9hG4bK1;received=192.0.2.10",
        ),
        (
            "SIP/2.0/UDP a.test:5080;branch=z9hG4bK1",
            "192.0.2.10:5080",
            "SIP/2.0/UDP a.test:5080;branch=z9hG4bK1;received=192.0.2.10",
        ),
        (
            "SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK1",
            "192.0.2.10:5060",
            "SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK1;received=192.0.2.10",
        ),
    ] {
        let mut scene = Scene::open();
        let text = scene.notify("resync").text();
        let own = "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1;rport";
        let second = "SIP/2.0/TCP first.test;branch=z9hG4bK0";
        let text = text.replace(own, &format!("{via}\r\nv: {second}"));
        let told = scene.send("192.0.2.10:40000", text);
        let (back, _) = told.0.answer.as_ref().unwrap();
        assert_eq!(*back, to.parse().unwrap(), "{via}");
        assert_eq!(told.fields("Via"), [top, second]);
        assert_eq!(told.fields("From"), ["<sip:prov@example.com>;tag=77"]);
        assert_eq!(told.fields("Call-ID"), ["c1@192.0.2.10"]);
        assert_eq!(told.fields("CSeq"), ["1 NOTIFY"]);
        assert_eq!(told.fields("Content-Length"), ["0"]);
        assert!(told.text().ends_with("\r\n\r\n"));
    }
}

#[test]
fn what_the_phone_must_know_and_does_not_is_named() {
    let mut scene = Scene::open();
    let message = Message {
        extra: "Require: 100rel\r\nRequire: x\r\n".to_owned(),
        ..scene.notify("resync")
    };
    let told = scene.send(SERVER, message.text());
    assert_eq!((told.status(), told.acts()), (420, &[][..]));
    assert_eq!(told.fields("Unsupported"), ["100rel, x"]);
}

#[test]
fn nothing_that_is_repeated_can_end_a_line() {
    let mut scene = Scene::open();
    let text = scene.notify("resync").text();
    let text = text.replace("c1@192.0.2.10", "c1\n X-Evil: 1\r\n\tY: 2\u{85} Z: 3\u{b}");
    let told = scene.send(SERVER, text);
    assert_eq!(told.status(), 200);
    assert_eq!(told.fields("Call-ID"), ["c1  X-Evil: 1   Y: 2  Z: 3"]);
}

fn notify() -> String {
    Scene::new().notify("resync").text()
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        Scene::open().send(SERVER, bytes);
    }

    /// A message with one piece replaced by something else: whatever it is, it is at most a resync, and an answer is one message.
    #[test]
    fn no_change_of_a_message_does_harm(
        at in any::<prop::sample::Index>(),
        cut in 0..40_usize,
        put in prop_oneof![
            "[ -~\r\n\t]{0,20}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..20),
        ],
    ) {
        let mut bytes = notify().into_bytes();
        let start = at.index(bytes.len());
        let end = (start + cut).min(bytes.len());
        bytes.splice(start..end, put);
        let told = Scene::open().send(SERVER, &bytes);
        prop_assert!(matches!(told.acts(), [] | [Act::Resync]), "{:?}", told.acts());
        if let Some((_, answer)) = &told.0.answer {
            let text = String::from_utf8_lossy(answer);
            prop_assert_eq!(text.matches("\r\n\r\n").count(), 1, "{}", text);
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{}", text);
        }
    }

    /// Whatever ends too early asks for nothing.
    #[test]
    fn what_is_cut_off_is_never_taken_for_whole(at in any::<prop::sample::Index>()) {
        let text = notify();
        let end = at.index(text.len() - 2);
        let told = Scene::open().send(SERVER, &text.as_bytes()[..end]);
        prop_assert_eq!(told.acts(), []);
        prop_assert_ne!(told.status(), 200);
    }
}
