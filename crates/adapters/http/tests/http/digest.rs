//! Digest challenges of one transfer, judged by what a server knows.

use onhook_crypto::auth::{Algorithm, Login, Spoken, elements};
use onhook_fetch::port::Fetch as _;
use onhook_fetch::{ErrorKind, FetchError, Request};
use onhook_http::Limits;
use onhook_testkit::fake::RecordingSink;

use crate::server::{Script, Server, answer, transport};

async fn get(request: &Request) -> Result<(), FetchError> {
    let mut sink = RecordingSink::default();
    let result = transport(Limits::default()).get(request, &mut sink).await;
    result.map(|_| ())
}

fn asking(server: &Server, path: &str) -> Request {
    let mut request = server.request(path);
    request.user = Some("prov".into());
    request.password = Some("pw1".into());
    request
}

fn challenge(values: &[&str]) -> Script {
    let headers = values
        .iter()
        .map(|value| format!("WWW-Authenticate: {value}\r\n"));
    answer(
        "401 Unauthorized",
        &headers.collect::<String>(),
        b"who are you?",
    )
}

fn digest(more: &str) -> Script {
    challenge(&[&format!("Digest realm=\"cfg\", nonce=\"5f1a2b3c\"{more}")])
}

fn good() -> Script {
    answer("200 OK", "", b"x")
}

/// What a request says of who asks: the parameters of a header, by name.
pub(crate) struct Said(pub(crate) String);

impl Said {
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let found = elements(self.0.as_bytes());
        let value = found.first().and_then(|said| said.get(name));
        value.map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    /// Whether the response is that of the login.
    pub(crate) fn is_right(&self, method: &str) -> bool {
        let text = |name| self.get(name).unwrap_or_default();
        let [realm, nonce, uri, count, cnonce] =
            ["realm", "nonce", "uri", "nc", "cnonce"].map(text);
        let algorithm = self.get("algorithm");
        let algorithm = algorithm.map_or(Algorithm::Md5, |name| {
            Algorithm::of(name.as_bytes()).unwrap()
        });
        let counted = (count.as_bytes(), cnonce.as_bytes());
        let spoken = Spoken {
            realm: realm.as_bytes(),
            nonce: nonce.as_bytes(),
            counted: self.get("qop").map(|_| counted),
            method: method.as_bytes(),
            uri: uri.as_bytes(),
        };
        let login = Login {
            user: b"prov",
            password: b"pw1",
        };
        text("username") == "prov" && *spoken.response(algorithm, login) == text("response")
    }
}

fn said(server: &Server) -> Vec<Option<Said>> {
    let asked = server.asked();
    let lines = asked.iter().map(|head| {
        let mut lines = head.lines();
        let value = lines.find_map(|line| line.strip_prefix("Authorization: "));
        value.map(|value| Said(value.to_owned()))
    });
    lines.collect()
}

//= R-HTTP-7 type=test
//= R-HTTP-9 type=test
//= R-HTTP-10 type=test
// V-095
#[tokio::test]
async fn a_digest_challenge_is_answered_at_once_and_never_beforehand() {
    let both = "Digest realm=\"cfg\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256, opaque=\"o p\", Basic realm=\"cfg\"";
    for (script, algorithm, count) in [
        (digest(", qop=\"auth\""), None, Some("00000001")),
        (
            digest(", qop=\"auth,auth-int\", algorithm=MD5"),
            Some("MD5"),
            Some("00000001"),
        ),
        (digest(""), None, None),
        (challenge(&[both]), Some("SHA-256"), Some("00000001")),
        (
            challenge(&["Basic realm=\"b\"", both]),
            Some("SHA-256"),
            Some("00000001"),
        ),
    ] {
        let server = Server::start(vec![script, good()]).await;
        get(&asking(&server, "/f?a=b%20c")).await.unwrap();
        let said = said(&server);
        assert!(said[0].is_none());
        let answer = said[1].as_ref().unwrap();
        assert!(answer.is_right("GET"), "{}", answer.0);
        assert_eq!(answer.get("uri").as_deref(), Some("/f?a=b%20c"));
        assert_eq!(answer.get("algorithm").as_deref(), algorithm);
        assert_eq!(answer.get("nc").as_deref(), count);
        assert!(!server.asked()[1].contains("pw1"));
    }
}

//= R-HTTP-9 type=test
// V-096
#[tokio::test]
async fn a_nonce_that_is_too_old_counts_as_one_of_two_tries() {
    let stale = |nonce| {
        challenge(&[&format!(
            "Digest realm=cfg, qop=auth, stale=true, nonce={nonce}"
        )])
    };
    let server = Server::start(vec![digest(", qop=auth"), stale("b"), good()]).await;
    get(&asking(&server, "/f")).await.unwrap();
    let last = said(&server).pop().flatten().unwrap();
    assert!(last.is_right("GET"), "{}", last.0);
    assert_eq!(last.get("nonce").as_deref(), Some("b"));
    assert_eq!(last.get("nc").as_deref(), Some("00000001"));

    let server = Server::start(vec![stale("a"), stale("b"), stale("c"), good()]).await;
    let error = get(&asking(&server, "/f")).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::Auth, 3));
}

//= R-HTTP-7 type=test
//= R-HTTP-9 type=test
// V-092
#[tokio::test]
async fn a_refused_answer_is_repeated_once_with_a_new_count_and_nonce() {
    let server = Server::start(vec![digest(", qop=auth")]).await;
    let error = get(&asking(&server, "/f")).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::Auth, 3));
    assert!(!error.to_string().contains("pw1"));
    let said: Vec<_> = said(&server).into_iter().flatten().collect();
    let count = |n: usize| said[n].get("nc").unwrap();
    assert_eq!(
        (count(0).as_str(), count(1).as_str()),
        ("00000001", "00000002")
    );
    assert_ne!(said[0].get("cnonce"), said[1].get("cnonce"));
}

//= R-HTTP-5 type=test
//= R-HTTP-9 type=test
#[tokio::test]
async fn a_redirect_is_asked_anew_and_its_answer_is_for_the_new_path_and_method() {
    let server = Server::start(vec![
        digest(", qop=auth"),
        answer("302 Found", "Location: /g\r\n", b""),
        digest(", qop=auth"),
        good(),
    ])
    .await;
    let mut request = asking(&server, "/f");
    request.post = Some("a=1".into());
    get(&request).await.unwrap();
    let said = said(&server);
    assert!(said[0].is_none() && said[2].is_none());
    for (n, path) in [(1, "/f"), (3, "/g")] {
        let answer = said[n].as_ref().unwrap();
        assert_eq!(answer.get("uri").as_deref(), Some(path));
        assert!(answer.is_right("POST"), "{}", answer.0);
        assert!(server.asked()[n].ends_with("\r\n\r\na=1"));
    }
}
