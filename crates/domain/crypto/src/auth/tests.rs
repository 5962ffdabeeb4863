use proptest::prelude::*;

use super::*;

const LION: Login<'static> = Login {
    user: b"Mufasa",
    password: b"Circle of Life",
};

fn challenge(value: &str) -> Option<Challenge> {
    let found = elements(value.as_bytes());
    found.iter().find_map(Challenge::of)
}

#[track_caller]
fn answer(value: &str, login: Login<'_>, uri: &str, cnonce: &str) -> String {
    let answer = challenge(value)
        .unwrap()
        .answer(login, ("GET", uri), 1, cnonce);
    String::from_utf8(answer.to_vec()).unwrap()
}

//= R-HTTP-9 type=test
// RFC 7616, 3.9.1
#[test]
fn the_examples_of_the_standard_come_out() {
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let value = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        assert_eq!(
            answer(&value, LION, "/dir/index.html", cnonce),
            format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
                 algorithm={algorithm}, response=\"{response}\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", qop=auth, nc=00000001, \
                 cnonce=\"{cnonce}\""
            )
        );
    }
}

//= R-HTTP-9 type=test
// The values of the example of RFC 2617, computed as before it.
#[test]
fn a_challenge_without_qop_is_answered_as_of_old() {
    let login = Login {
        user: b"Mufasa",
        password: b"Circle Of Life",
    };
    let value = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
    let answer = answer(value, login, "/dir/index.html", "unused");
    assert!(
        answer.contains("response=\"670fd8c2df070c60b045671b8b24ff02\""),
        "{answer}"
    );
    for absent in ["qop", "nc=", "cnonce", "algorithm", "opaque"] {
        assert!(!answer.contains(absent), "{answer}");
    }
}

//= R-HTTP-9 type=test
// V-090
#[test]
fn the_digest_of_the_vector_comes_out() {
    let login = Login {
        user: b"prov",
        password: b"pw1",
    };
    let value = "Digest realm=\"cfg\", nonce=\"5f1a2b3c\", qop=\"auth\"";
    let answer = answer(value, login, "/cfg/000e08aabbcc.xml", "0a4f113b");
    assert!(
        answer.contains("response=\"e237adffb93d65eeebb936e1ae030328\""),
        "{answer}"
    );
}

//= R-HTTP-9 type=test
#[test]
fn only_what_can_be_answered_is_a_challenge() {
    for (value, known) in [
        ("Digest realm=r, nonce=n", true),
        (
            "DIGEST Realm=\"r\", NONCE=\"n\", Algorithm=sha-256, qop=AUTH",
            true,
        ),
        (
            "Digest realm=r, nonce=n, algorithm=\"MD5\", qop=\"auth-int,auth\"",
            true,
        ),
        ("Digest realm=r, nonce=n, qop=\"auth-int\"", false),
        ("Digest realm=r, nonce=n, algorithm=MD5-sess", false),
        ("Digest realm=r, nonce=n, algorithm=SHA-512-256", false),
        ("Digest realm=r", false),
        ("Digest nonce=n", false),
        ("Digest", false),
        ("Basic realm=r, nonce=n", false),
    ] {
        assert_eq!(challenge(value).is_some(), known, "{value}");
    }
    let stale = |value| challenge(value).unwrap().stale;
    assert!(stale("Digest realm=r, nonce=n, stale=TRUE"));
    assert!(!stale("Digest realm=r, nonce=n, stale=\"false\""));
}

#[test]
fn quotes_and_backslashes_are_taken_off_and_put_back() {
    let value = r#"Digest realm="a \"b\" \\c, d", nonce="n""#;
    assert_eq!(challenge(value).unwrap().realm, br#"a "b" \c, d"#);
    let login = Login {
        user: br#"u"v"#,
        password: b"",
    };
    let answer = answer(value, login, "/", "c");
    assert!(answer.starts_with(r#"Digest username="u\"v", realm="a \"b\" \\c, d", nonce="n""#));
}

//= R-HTTP-7 type=test
// V-091
#[test]
fn basic_credentials_are_encoded_as_documented() {
    let basic = |user, password| Login { user, password }.basic().to_vec();
    assert_eq!(basic(b"prov", b"pw1"), b"Basic cHJvdjpwdzE=");
    assert_eq!(basic(b"u", b""), b"Basic dTo=");
    assert_eq!(basic(b"", b"p"), b"Basic OnA=");
}

#[test]
fn challenges_are_found_wherever_they_stand() {
    let schemes = |value: &'static str| -> Vec<&str> {
        let found = elements(value.as_bytes());
        let found = found.iter().map(|element| element.scheme);
        found
            .map(|scheme| std::str::from_utf8(scheme).unwrap())
            .collect()
    };
    for (value, expected) in [
        ("Basic realm=\"x\"", &["Basic"][..]),
        ("basic", &["basic"]),
        ("Digest realm=\"x\", nonce=\"n\", qop=\"auth\"", &["Digest"]),
        (
            "Digest realm=\"x\", nonce=\"n\", BASIC realm=\"y\"",
            &["Digest", "BASIC"],
        ),
        ("Bearer, Negotiate YII=", &["Bearer", "Negotiate"]),
        ("Digest realm=\"a, Basic realm\"", &["Digest"]),
        ("Digest realm=\"a\\\", Basic x\", basic=1", &["Digest"]),
        ("Digest x=1, basic =1", &["Digest"]),
        ("Basicx realm=\"y\"", &["Basicx"]),
        ("realm=x, , \"", &[]),
    ] {
        assert_eq!(schemes(value), expected, "{value}");
    }
}

proptest! {
    #[test]
    fn no_header_panics_and_what_is_quoted_is_read_back(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        realm in "[ -~]{0,20}",
    ) {
        for element in elements(&bytes) {
            let _ = Challenge::of(&element);
        }
        let mut value = b"Digest ".to_vec();
        push_quoted(&mut value, "realm", realm.as_bytes());
        let read = elements(&value);
        prop_assert_eq!(read[0].get("realm"), Some(realm.as_bytes()));
    }
}

//= R-HTTP-9 type=test
// V-130 to V-132
#[test]
fn the_digests_of_a_notify_come_out_and_nothing_else_proves_the_password() {
    let login = Login {
        user: b"4081001141",
        password: b"secret",
    };
    let counted: Option<(&[u8], &[u8])> = Some((b"00000001", b"0a4f113b"));
    for (algorithm, counted, response) in [
        (Algorithm::Md5, counted, "a0a55b892068927f22e4a53160efb4c8"),
        (Algorithm::Md5, None, "824c84dd14281d52a6d3e9990f484822"),
        (
            Algorithm::Sha256,
            counted,
            "ff3b992655e580b886d6d718fd92bb25e8a094c0fdd21e8f9aa6bf5435ae7921",
        ),
    ] {
        let spoken = Spoken {
            realm: b"example.com",
            nonce: b"5f1a2b3c",
            counted,
            method: b"NOTIFY",
            uri: b"sip:4081001141@192.0.2.50:5060",
        };
        let proven = |response: &str| spoken.is_proven_by(response.as_bytes(), algorithm, login);
        assert!(proven(response));
        assert!(proven(&response.to_uppercase()));
        for wrong in [
            "",
            &response[1..],
            &format!("{response}0"),
            &response.replace('a', "b"),
        ] {
            assert!(!proven(wrong), "{wrong}");
        }
        let other = Login {
            password: b"Secret",
            ..login
        };
        assert!(!spoken.is_proven_by(response.as_bytes(), algorithm, other));
    }
}
