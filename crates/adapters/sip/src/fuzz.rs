//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use std::net::SocketAddr;

use bytes::Bytes;
use onhook_device::{MonoTime, Secret};
use onhook_phone::{Extension, SipAccess};

use crate::agent::{Names, Setup, UserAgent};
use crate::event::Act;
use crate::frames::{Frame, Frames};
use crate::message::MESSAGE_LIMIT;
use crate::notice::{Next, Notice, Transport, Wish};

fn access(challenges: bool) -> SipAccess {
    SipAccess {
        upgrading: false,
        gate: None,
        proxies_only: false,
        extensions: vec![Extension {
            number: 1,
            user: String::new(),
            login: "u".to_owned(),
            password: Secret::from("p"),
            realm: "r".to_owned(),
            challenges,
            proxies_only: false,
            proxies: Vec::new(),
        }],
    }
}

/// A datagram: an answer is one message of bounded length that repeats nothing dangerous, the same bytes are answered the same and do
/// nothing again, without a login nothing is done where one is needed, and a stream of the same bytes is cut without loss.
///
/// # Panics
/// Something of this does not hold.
pub fn sip(bytes: &[u8]) {
    let from = SocketAddr::from(([192, 0, 2, 1], 5060));
    let now = MonoTime::from_secs(100);
    let message = Bytes::copy_from_slice(bytes);
    for challenges in [false, true] {
        let setup = Setup {
            check_sync: true,
            reports: true,
            problem_reports: true,
            profile_needs_login: true,
        };
        let mut agent = UserAgent::new(setup, [1; 32]);
        let around = (&access(challenges), &Names::new());
        let first = agent.receive(&message, from, now, around);
        assert!(!challenges || first.acts.is_empty());
        assert!(
            !first
                .acts
                .iter()
                .any(|act| matches!(act, Act::ResyncWith(_)))
        );
        assert!(first.acts.is_empty() || first.answer.is_some());
        if let Some((to, answer)) = &first.answer {
            assert_eq!(to.ip(), from.ip());
            // What is repeated, an address behind each Via, and what is said: a character that ends a line takes no more room.
            assert!(answer.len() <= 4 * bytes.len() + 1024);
            let text = String::from_utf8_lossy(answer);
            assert!(text.starts_with("SIP/2.0 "));
            assert_eq!(text.matches("\r\n\r\n").count(), 1);
            assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        }
        let again = agent.receive(&message, from, now, around);
        assert!(again.acts.is_empty() || first.acts.is_empty());
    }
    let mut frames = Frames::default();
    let mut cut = 0;
    for piece in bytes.chunks(7) {
        frames.push(piece);
        while let Some(frame) = frames.next() {
            let (Frame::Message(bytes) | Frame::TooLarge(bytes) | Frame::Endless(bytes)) = &frame;
            cut += bytes.len();
            assert!(!matches!(frame, Frame::Message(_)) || bytes.len() <= MESSAGE_LIMIT);
        }
    }
    assert!(cut <= bytes.len());
    let wish = Wish {
        uri: "sip:x".to_owned(),
        event: "resync".to_owned(),
        body: String::new(),
        login: Some(("u".to_owned(), Secret::from("p"))),
    };
    let mut notice = Notice::new(wish, Transport::Udp, from, 1);
    drop(notice.first());
    if let Next::Send(login) = notice.take(&message) {
        assert!(login.len() <= 4 * bytes.len() + 2048);
    }
}
