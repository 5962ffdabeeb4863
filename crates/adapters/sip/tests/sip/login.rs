//! Challenges and logins.

use onhook_crypto::auth::Login;
use onhook_sip::Act;

use crate::scene::{LOGIN, Message, SERVER, STRANGER, Scene, Told, USER};

/// Asks and gives the challenge, with the message that was challenged.
fn challenged(scene: &mut Scene) -> (Told, Message) {
    let message = scene.notify("reboot_now");
    let told = scene.send(SERVER, message.text());
    assert_eq!(told.status(), 401);
    (told, message)
}

/// Sends a new message with these lines.
fn answered(scene: &mut Scene, extra: &str) -> Told {
    let message = Message {
        extra: extra.to_owned(),
        ..scene.notify("reboot_now")
    };
    scene.send(SERVER, message.text())
}

// V-130
// V-132
#[test]
fn both_algorithms_are_offered_and_taken() {
    for (which, name) in [(0, "MD5"), (1, "SHA-256")] {
        let mut scene = Scene::new();
        let (told, _) = challenged(&mut scene);
        let challenges = told.fields("WWW-Authenticate");
        assert_eq!(challenges.len(), 2);
        assert!(challenges[which].starts_with("Digest realm=\"example.com\", nonce=\""));
        assert!(challenges[which].ends_with(&format!("\", algorithm={name}, qop=\"auth\"")));
        let extra = told.authorization(LOGIN, 1, which);
        let told = answered(&mut scene, &extra);
        assert_eq!((told.status(), told.acts()), (200, &[Act::Restart][..]));
    }
}

// V-131
#[test]
fn a_login_without_counts_is_good_once() {
    let mut scene = Scene::new();
    let (told, _) = challenged(&mut scene);
    let value = told.fields("WWW-Authenticate").remove(0);
    let value = value
        .replace(", qop=\"auth\"", "")
        .replace(", algorithm=MD5", "");
    let plain = Told(onhook_sip::Step {
        answer: Some((
            SERVER.parse().unwrap(),
            format!("SIP/2.0 401 x\r\nWWW-Authenticate: {value}\r\n").into_bytes(),
        )),
        acts: Vec::new(),
    });
    let extra = plain.authorization(LOGIN, 1, 0);
    assert!(!extra.contains("qop"));
    assert_eq!(answered(&mut scene, &extra).status(), 200);
    let told = answered(&mut scene, &extra);
    assert_eq!((told.status(), told.acts()), (401, &[][..]));
    assert!(told.text().contains("stale=true"));
}

//= R-SIP-10 type=test
#[test]
fn a_nonce_is_counted_on_and_dies_after_a_minute() {
    let mut scene = Scene::new();
    let (told, _) = challenged(&mut scene);
    for (second, count, status) in [
        (0, 1, 200),
        (0, 1, 401),
        (1, 3, 200),
        (1, 2, 401),
        (1, 3, 401),
        (2, 4, 200),
        (59, 5, 200),
        (60, 6, 401),
        (61, 7, 401),
    ] {
        let extra = told.authorization(LOGIN, count, 0);
        let told = answered(scene.at(second), &extra);
        assert_eq!(told.status(), status, "{second} s, count {count}");
        let stale = told.text().contains("stale=true");
        assert_eq!(stale, status == 401);
    }
    // The new challenge can be answered.
    let (told, _) = challenged(&mut scene);
    let extra = told.authorization(LOGIN, 1, 0);
    assert_eq!(answered(&mut scene, &extra).status(), 200);
}

//= R-SIP-10 type=test
#[test]
fn a_nonce_is_of_no_use_to_others_nor_after_a_restart() {
    let mut scene = Scene::new();
    let (told, _) = challenged(&mut scene);
    let message = Message {
        extra: told.authorization(LOGIN, 1, 0),
        ..scene.notify("reboot_now")
    };
    let told = scene.send(STRANGER, message.text());
    assert_eq!((told.status(), told.acts()), (401, &[][..]));
    scene.agent = onhook_sip::UserAgent::new(onhook_sip::Setup::default(), [8; 32]);
    let told = scene.send(SERVER, message.text());
    assert_eq!((told.status(), told.acts()), (401, &[][..]));
    assert!(
        told.text().contains("stale=true"),
        "its password is right: {}",
        told.text()
    );
}

#[test]
fn what_proves_nothing_is_challenged_anew_without_a_word_why() {
    let wrong = Login {
        password: b"wrong",
        ..LOGIN
    };
    let other = Login {
        user: b"root",
        ..LOGIN
    };
    type Change = fn(String) -> String;
    let changes: [(Login<'_>, Change); 9] = [
        (wrong, |line| line),
        (other, |line| line),
        (LOGIN, |line| line.replace("example.com", "elsewhere")),
        (LOGIN, |line| line.replace("nc=00000001", "nc=00000002")),
        (LOGIN, |line| line.replace("nc=00000001", "nc=zzzzzzzz")),
        (LOGIN, |line| line.replace("qop=auth", "qop=auth-int")),
        (LOGIN, |line| {
            line.replace("algorithm=MD5", "algorithm=SHA-512-256")
        }),
        (LOGIN, |line| line.replace("Digest", "Basic")),
        (LOGIN, |line| {
            line.replace(&format!("sip:{USER}@"), "sip:x@")
        }),
    ];
    for (login, change) in changes {
        let mut scene = Scene::new();
        let (told, _) = challenged(&mut scene);
        let extra = change(told.authorization(login, 1, 0));
        let told = answered(&mut scene, &extra);
        assert_eq!((told.status(), told.acts()), (401, &[][..]), "{extra}");
        assert!(!told.text().contains("stale"), "{extra}");
        assert_eq!(scene.agent.kept().nonces, 0);
    }
}

// A peer signs `sip:host:port`, without the user that it asks.
#[test]
fn the_address_that_was_signed_counts_and_not_the_one_that_is_asked() {
    let mut scene = Scene::new();
    let (told, message) = challenged(&mut scene);
    let value = told.fields("WWW-Authenticate").remove(0);
    let found = onhook_crypto::auth::elements(value.as_bytes());
    let challenge = onhook_crypto::auth::Challenge::of(&found[0]).unwrap();
    let answer = challenge.answer(LOGIN, ("NOTIFY", "sip:192.0.2.50:5060"), 1, "c");
    let answer = String::from_utf8(answer.to_vec()).unwrap();
    let message = Message {
        number: 99,
        extra: format!("Authorization: {answer}\r\n"),
        ..message
    };
    assert_eq!(scene.send(SERVER, message.text()).status(), 200);
}

#[test]
fn of_several_logins_the_one_that_proves_the_password_counts() {
    let mut scene = Scene::new();
    let (told, _) = challenged(&mut scene);
    let wrong = told.authorization(
        Login {
            password: b"wrong",
            ..LOGIN
        },
        1,
        0,
    );
    let right = told.authorization(LOGIN, 1, 1);
    let told = answered(&mut scene, &format!("{wrong}{right}"));
    assert_eq!(told.status(), 200);
}
