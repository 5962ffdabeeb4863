//! Floods and repeats.

use onhook_crypto::auth::Login;
use onhook_sip::{Act, Kept};

use crate::scene::{LOGIN, Message, SERVER, Scene, Told};

//= R-SIP-10 type=test
#[test]
fn a_request_that_comes_again_gets_its_answer_again_and_nothing_else_happens() {
    let mut scene = Scene::new();
    let first = scene.notify("reboot_now");
    let challenge = scene.send(SERVER, first.text());
    let repeated = scene.at(1).send(SERVER, first.text());
    assert_eq!(repeated.text(), challenge.text());
    let second = Message {
        extra: challenge.authorization(LOGIN, 1, 0),
        ..scene.notify("reboot_now")
    };
    let told = scene.send(SERVER, second.text());
    assert_eq!(told.acts(), [Act::Restart]);
    for second_later in 2..32 {
        let again = scene.at(second_later).send(SERVER, second.text());
        assert_eq!((again.text(), again.acts()), (told.text(), &[][..]));
    }
    // After that it is a new one, whose nonce was used.
    let late = scene.at(33).send(SERVER, second.text());
    assert_eq!((late.status(), late.acts()), (401, &[][..]));
}

/// What is kept at most, whatever comes.
fn assert_bounded(kept: Kept) {
    assert!(kept.answers <= 256, "{kept:?}");
    assert!(kept.answer_bytes <= 256 * 1024, "{kept:?}");
    assert!(kept.nonces <= 256, "{kept:?}");
    assert!(kept.sources <= 256, "{kept:?}");
}

//= R-SIP-14 type=test
#[test]
fn a_password_cannot_be_guessed_quickly_and_nobody_else_is_locked_out() {
    let guess = |challenge: &Told, password: &'static [u8], count| {
        challenge.authorization(Login { password, ..LOGIN }, count, 0)
    };
    let mut scene = Scene::new();
    let first = scene.notify("reboot_now");
    let challenge = scene.send(SERVER, first.text());
    let first = scene.notify("reboot_now");
    let other = scene.send("192.0.2.11:5060", first.text());
    let mut ask = |from: &str, extra: String| {
        let message = Message {
            extra,
            ..scene.notify("reboot_now")
        };
        scene.send(from, message.text()).acts().len()
    };
    for count in 1..=20 {
        assert_eq!(ask(SERVER, guess(&challenge, b"guess", count)), 0);
    }
    assert_eq!(
        ask(SERVER, guess(&challenge, LOGIN.password, 21)),
        0,
        "found"
    );
    assert_eq!(ask("192.0.2.11:5060", guess(&other, LOGIN.password, 1)), 1);
}

#[test]
fn ten_thousand_wrong_logins_are_mostly_silence_and_leave_no_trace() {
    let mut scene = Scene::new();
    let first = scene.notify("resync");
    let challenge = scene.send(SERVER, first.text());
    let wrong = challenge.authorization(
        Login {
            password: b"guess",
            ..LOGIN
        },
        1,
        0,
    );
    let messages: Vec<String> = (0..10_000)
        .map(|_| {
            let message = Message {
                extra: wrong.clone(),
                ..scene.notify("resync")
            };
            message.text()
        })
        .collect();
    let mut answers = 0;
    let held = allocation_counter::measure(|| {
        for message in &messages {
            let told = scene.send(SERVER, message);
            assert_eq!(told.acts(), []);
            answers += u32::from(told.status() == 401);
        }
    });
    assert_eq!(answers, 9, "one of the ten was the first challenge");
    assert!(held.bytes_current < 16 * 1024, "{held:?}");
    assert_bounded(scene.agent.kept());
    assert_eq!(
        (scene.agent.kept().nonces, scene.agent.deadline()),
        (0, None)
    );
    // From elsewhere the phone is asked as before.
    let message = scene.notify("resync");
    let told = scene.send("192.0.2.11:5060", message.text());
    assert_eq!(told.status(), 401);
}

#[test]
fn requests_of_ten_thousand_sources_take_the_room_of_some() {
    let mut scene = Scene::open();
    for n in 0..10_000_u32 {
        let message = match n % 3 {
            0 => scene.notify("resync;profile=http://h/x"),
            1 => scene.notify("resync"),
            _ => scene.notify(&"x".repeat(3000)),
        };
        let [.., high, low] = n.to_be_bytes();
        scene.send(&format!("198.18.{high}.{low}:5060"), message.text());
        assert_bounded(scene.agent.kept());
    }
}

#[test]
fn whoever_has_the_password_fills_no_memory_either() {
    let mut scene = Scene::new();
    for n in 0..1000_u32 {
        scene.now = scene.now.plus_millis(110);
        let told = scene.ask("resync");
        let kept = scene.agent.kept();
        assert_bounded(kept);
        match told.status() {
            200 => {}
            // 256 nonces a minute have a count; more are refused until one of them is too old.
            401 | 0 => assert_eq!(kept.nonces, 256, "request {n}"),
            other => panic!("{other}"),
        }
    }
}
