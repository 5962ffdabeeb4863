//! Uploads: the contract of the port, and what HTTP adds to it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::Upload;
use onhook_fetch::{
    Account, Endpoint, ErrorKind, FetchError, Method, Request, Submission, UPLOAD_LIMIT,
};
use onhook_http::{HttpFetch, Limits};
use onhook_testkit::contract::{self, Taker, UploadFixture};
use onhook_testkit::fake::RecordingWatch;

use crate::digest::Said;
use crate::server::{Script, Server, Then, WHOLE, answer, request, transport};
#[cfg(feature = "_tls")]
use crate::tls;

const REPORT: &str = "<flat-profile/>";

/// An upload of a report to where a request goes.
fn submission(request: Request) -> Submission {
    Submission {
        scheme: request.scheme,
        host: request.host,
        port: request.port,
        path: request.path,
        proxy: None,
        allowed_domains: String::new(),
        user_agent: request.user_agent,
        user: None,
        password: None,
        account: None,
        method: Method::Put,
        header: None,
        content_type: "application/xml".into(),
        aes128gcm: false,
        body: REPORT.into(),
        timeout: request.timeout,
    }
}

fn to(server: &Server) -> Submission {
    submission(server.request("/r.xml?mac=1"))
}

/// The same with credentials in the rule.
fn known_to(server: &Server) -> Submission {
    Submission {
        user: Some("prov".into()),
        password: Some("pw1".into()),
        ..to(server)
    }
}

async fn put_with(fetch: &HttpFetch, submission: &Submission) -> Result<Endpoint, FetchError> {
    fetch.put(submission, &mut RecordingWatch::default()).await
}

async fn put(submission: &Submission) -> Result<Endpoint, FetchError> {
    put_with(&transport(Limits::default()), submission).await
}

fn created() -> Script {
    answer("201 Created", "", b"thank you")
}

fn moved(location: &str) -> Script {
    answer("302 Found", &format!("Location: {location}\r\n"), b"")
}

fn challenge(value: &str) -> Script {
    let header = format!("WWW-Authenticate: {value}\r\n");
    answer("401 Who", &header, b"who are you?")
}

#[derive(Default)]
struct Uploading {
    #[cfg(feature = "_tls")]
    tls: Option<tls::Setup>,
    server: Option<Server>,
    contacts: Arc<AtomicUsize>,
}

impl Uploading {
    async fn serve(&self, enough: usize, script: Script) -> Server {
        #[cfg(feature = "_tls")]
        if let Some(tls) = &self.tls {
            return tls.serve_after(enough, vec![script]).await;
        }
        Server::after(enough, vec![script]).await
    }

    fn submission(&self, request: Request) -> Submission {
        #[cfg(feature = "_tls")]
        if self.tls.is_some() {
            return submission(tls::https(request));
        }
        submission(request)
    }
}

#[async_trait]
impl UploadFixture for Uploading {
    fn upload(&self) -> Arc<dyn Upload> {
        let plain = transport(Limits::default());
        #[cfg(feature = "_tls")]
        if let Some(tls) = &self.tls {
            return Arc::new(plain.with_tls(tls.phone()));
        }
        Arc::new(plain)
    }

    async fn peer(&mut self, taker: Taker) -> Submission {
        let (enough, script) = match taker {
            Taker::Takes => (WHOLE, created()),
            Taker::Refuses => (0, answer("403 Forbidden", "", b"no")),
            Taker::Stalls(bytes) => (bytes, (Vec::new(), Then::Hold)),
            Taker::NeverConfirms => (WHOLE, (Vec::new(), Then::Hold)),
            Taker::Unresolvable => return self.submission(request("prov.invalid", 80, "/")),
        };
        let server = self.serve(enough, script).await;
        self.contacts = server.contacts.clone();
        let submission = self.submission(server.request("/r.xml"));
        self.server = Some(server);
        submission
    }

    fn contacts(&self) -> Arc<AtomicUsize> {
        self.contacts.clone()
    }

    async fn taken(&mut self) -> Vec<Vec<u8>> {
        self.server.as_ref().map(Server::bodies).unwrap_or_default()
    }

    async fn ended(&mut self) {
        if let Some(server) = &self.server {
            server.ended().notified().await;
        }
    }
}

//= R-RPT-2 type=test
#[tokio::test]
async fn http_keeps_the_contract_of_uploads() {
    contract::upload(&mut Uploading::default()).await;
}

#[cfg(feature = "_tls")]
#[tokio::test]
async fn https_keeps_the_contract_of_uploads() {
    for setup in [tls::Setup::plain(), tls::Setup::mutual()] {
        let mut uploading = Uploading {
            tls: Some(setup),
            ..Uploading::default()
        };
        contract::upload(&mut uploading).await;
    }
}

//= R-RPT-2 type=test
//= R-HTTP-2 type=test
#[tokio::test]
async fn the_body_is_sent_as_it_is_by_the_method_of_the_rule() {
    let server = Server::start(vec![created()]).await;
    put(&to(&server)).await.unwrap();
    let sealed = Submission {
        method: Method::Post,
        content_type: "application/octet-stream".into(),
        aes128gcm: true,
        ..to(&server)
    };
    put(&sealed).await.unwrap();
    let bare = Submission {
        content_type: String::new(),
        body: Secret::new(Vec::new()),
        ..to(&server)
    };
    put(&bare).await.unwrap();
    let head = |method: &str| {
        let address = server.address;
        format!(
            "{method} /r.xml?mac=1 HTTP/1.1\r\nHost: {address}\r\n\
             User-Agent: Cisco-CP-8841-3PCC/11.3.2 (000e08aabbcc)\r\nAccept: */*\r\nConnection: close\r\n"
        )
    };
    let length = REPORT.len();
    assert_eq!(
        server.asked(),
        [
            format!(
                "{}Content-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{REPORT}",
                head("PUT")
            ),
            format!(
                "{}Content-Type: application/octet-stream\r\nContent-Encoding: aes128gcm\r\n\
                 Content-Length: {length}\r\n\r\n{REPORT}",
                head("POST")
            ),
            format!("{}Content-Length: 0\r\n\r\n", head("PUT")),
        ]
    );
}

//= R-PRT-1 type=test
#[tokio::test]
async fn one_more_header_goes_to_the_server_of_the_rule_and_no_other() {
    let elsewhere = Server::start(vec![created()]).await;
    let away = format!("http://{}/r.xml", elsewhere.address);
    let server = Server::start(vec![moved("/other.xml"), moved(&away)]).await;
    let header = |name: &str, value: &str| Some((name.to_owned(), Secret::from(value)));
    let submission = Submission {
        header: header("X-Key", "canary"),
        ..to(&server)
    };
    put(&submission).await.unwrap();
    for asked in server.asked() {
        assert!(asked.contains("X-Key: canary\r\n"), "{asked}");
    }
    assert_eq!(elsewhere.bodies(), [REPORT.as_bytes()]);
    assert!(!elsewhere.asked()[0].contains("canary"));
    assert!(!format!("{submission:?}").contains("canary"));
    for (name, value) in [("X Key", "v"), ("X-Key", "v\r\nHost: h"), ("", "v")] {
        let submission = Submission {
            header: header(name, value),
            ..to(&server)
        };
        let error = put(&submission).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadUrl, "{name}: {error}");
    }
    assert_eq!(server.asked().len(), 2, "nothing else was sent");
}

//= R-HTTP-12 type=test
//= R-RPT-7 type=test
#[tokio::test]
async fn every_2xx_is_a_success_and_nothing_else() {
    for (status, kind) in [
        ("200 OK", None),
        ("201 Created", None),
        ("202 Accepted", None),
        ("204 No Content", None),
        ("299 Odd", None),
        ("303 See Other", Some(ErrorKind::HttpStatus(303))),
        ("304 Not Modified", Some(ErrorKind::HttpStatus(304))),
        ("307 Temporary", Some(ErrorKind::HttpStatus(307))),
        ("403 Forbidden", Some(ErrorKind::HttpStatus(403))),
        ("404 Not Found", Some(ErrorKind::NotFound)),
        ("413 Too Large", Some(ErrorKind::HttpStatus(413))),
        ("500 Broken", Some(ErrorKind::HttpStatus(500))),
    ] {
        let script = if status.starts_with("204") {
            (format!("HTTP/1.1 {status}\r\n\r\n").into(), Then::Close)
        } else {
            answer(status, "", b"words")
        };
        let server = Server::start(vec![script]).await;
        let result = put(&to(&server)).await;
        let failed = result.as_ref().err().map(FetchError::kind);
        assert_eq!(failed, kind, "{status}: {result:?}");
        assert_eq!(server.bodies(), [REPORT.as_bytes()], "{status}");
    }
}

//= R-RPT-7 type=test
//= R-HTTP-5 type=test
#[tokio::test]
async fn a_redirect_keeps_method_and_body() {
    for method in [Method::Put, Method::Post] {
        let server = Server::start(vec![moved("/other.xml"), created()]).await;
        let submission = Submission {
            method,
            ..to(&server)
        };
        put(&submission).await.unwrap();
        let asked = server.asked();
        assert!(
            asked[1].starts_with(&format!("{method} /other.xml HTTP/1.1\r\n")),
            "{}",
            asked[1]
        );
        assert_eq!(server.bodies(), [REPORT.as_bytes(); 2]);
    }
}

//= R-DOM-1 type=test
//= R-RAD-2 type=test
#[tokio::test]
async fn a_report_goes_to_no_server_that_is_not_listed() {
    let server = Server::start(vec![moved("http://elsewhere.example/r.xml")]).await;
    let submission = Submission {
        allowed_domains: "127.0.0.1".into(),
        ..to(&server)
    };
    let error = put(&submission).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAllowed, "{error}");
    assert_eq!(server.asked().len(), 1);
}

//= R-RPT-7 type=test
//= R-HTTP-7 type=test
//= R-HTTP-9 type=test
#[tokio::test]
async fn a_challenge_is_answered_with_the_body_again() {
    for algorithm in ["MD5", "SHA-256"] {
        let value = format!("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm={algorithm}");
        let server = Server::start(vec![challenge(&value), created()]).await;
        put(&known_to(&server)).await.unwrap();
        let asked = server.asked();
        assert!(!asked[0].contains("Authorization"), "{}", asked[0]);
        let line = asked[1]
            .lines()
            .find_map(|line| line.strip_prefix("Authorization: "));
        let said = Said(line.unwrap().to_owned());
        assert!(said.is_right("PUT"), "{}", said.0);
        assert_eq!(said.get("algorithm").as_deref(), Some(algorithm));
        assert_eq!(said.get("uri").as_deref(), Some("/r.xml?mac=1"));
        assert_eq!(server.bodies(), [REPORT.as_bytes(); 2]);
    }
    // The account of the phone counts where the rule gives none.
    let server = Server::start(vec![challenge("Basic realm=\"r\""), created()]).await;
    let submission = Submission {
        account: Some(Account {
            user: "u".into(),
            password: "p".into(),
        }),
        ..to(&server)
    };
    put(&submission).await.unwrap();
    assert!(server.asked()[1].contains("\r\nAuthorization: Basic dTpw\r\n"));
}

//= R-HTTP-7 type=test
#[tokio::test]
async fn a_third_challenge_or_no_credentials_end_an_upload() {
    let server = Server::start(vec![challenge("Basic realm=\"r\"")]).await;
    let refused = put(&known_to(&server)).await.unwrap_err();
    assert_eq!(
        (refused.kind(), server.asked().len()),
        (ErrorKind::Auth, 3),
        "{refused}"
    );
    assert!(!refused.to_string().contains("pw1"), "{refused}");
    let nobody = put(&to(&server)).await.unwrap_err();
    assert_eq!((nobody.kind(), server.asked().len()), (ErrorKind::Auth, 4));
}

//= R-HTTP-19 type=test
//= R-PROXY-1 type=test
//= R-PROXY-2 type=test
#[cfg(feature = "proxy")]
#[tokio::test]
async fn a_report_goes_through_the_proxy() {
    let who = answer("407 Who", "Proxy-Authenticate: Basic realm=\"p\"\r\n", b"");
    let proxy = Server::start(vec![who, created()]).await;
    let mut submission = submission(request("prov.invalid", 80, "/r.xml"));
    submission.proxy = Some(onhook_fetch::Proxy {
        host: proxy.address.ip().to_string(),
        port: proxy.address.port(),
        user: Some("u".into()),
        password: Some("p".into()),
    });
    put(&submission).await.unwrap();
    let asked = proxy.asked();
    assert!(asked[1].starts_with("PUT http://prov.invalid/r.xml HTTP/1.1\r\n"));
    assert!(asked[1].contains("\r\nProxy-Authorization: Basic dTpw\r\n"));
    assert_eq!(proxy.bodies(), [REPORT.as_bytes(); 2]);
}

/// More than the buffers of a connection hold.
fn large(server: &Server) -> Submission {
    let body: Vec<u8> = (0..UPLOAD_LIMIT).map(|n| (n % 251) as u8).collect();
    Submission {
        body: Secret::new(body),
        ..to(server)
    }
}

// A server need not read what it will not take.
#[tokio::test]
async fn a_refusal_in_the_middle_of_the_body_is_heard() {
    for then in [Then::Hold, Then::Close] {
        let (bytes, _) = answer("413 Too Large", "", b"");
        let server = Server::after(1000, vec![(bytes, then)]).await;
        let error = put(&large(&server)).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::HttpStatus(413),
            "{then:?}: {error}"
        );
        assert!(server.bodies().is_empty());
    }
}

#[tokio::test]
async fn a_success_told_early_counts_once_the_body_has_left() {
    let (bytes, _) = created();
    let server = Server::after(1000, vec![(bytes.clone(), Then::Listen)]).await;
    let submission = large(&server);
    put(&submission).await.unwrap();
    server.ended().notified().await;
    assert!(server.bodies() == [submission.body.expose()]);

    let server = Server::after(1000, vec![(bytes, Then::Reset)]).await;
    let error = put(&submission_to(&server, &submission)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
}

/// Nothing more happens on the connection then.
#[tokio::test]
async fn a_success_told_early_over_a_connection_that_stays_open_does_not_wait_for_its_end() {
    let (bytes, _) = answer("201 Created", "", &[b'a'; 180_000]);
    let server = Server::after(1000, vec![(bytes, Then::Keep)]).await;
    let mut submission = large(&server);
    submission.timeout = std::time::Duration::from_secs(3600);
    let patient = Limits {
        idle: std::time::Duration::from_secs(3600),
        ..Limits::default()
    };
    let mine = transport(patient);
    // A task of its own: whatever wakes it would let it go on.
    let put = tokio::spawn(async move { put_with(&mine, &submission).await });
    let hangs = std::time::Duration::from_secs(20);
    let ended = tokio::time::timeout(hangs, put).await;
    ended.unwrap().unwrap().unwrap();
}

fn submission_to(server: &Server, like: &Submission) -> Submission {
    Submission {
        body: Secret::new(like.body.expose().to_vec()),
        ..to(server)
    }
}

//= R-OUT-3 type=test
#[tokio::test]
async fn a_connection_that_breaks_is_no_success() {
    for (enough, bytes) in [
        (1000, ""),
        (WHOLE, ""),
        (WHOLE, "HTTP/1.1 2"),
        (WHOLE, "HTTP/1.1 201 Created\r\nConte"),
    ] {
        for then in [Then::Close, Then::Reset] {
            let server = Server::after(enough, vec![(bytes.into(), then)]).await;
            let error = put(&large(&server)).await.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Protocol,
                "{enough} {bytes:?} {then:?}: {error}"
            );
        }
    }
}

//= R-HTTP-16 type=test
#[tokio::test]
async fn the_answer_to_an_upload_is_bounded() {
    let long = format!("HTTP/1.1 201 Created\r\nX: {}\r\n\r\n", "y".repeat(9000));
    let server = Server::start(vec![(long.into(), Then::Hold)]).await;
    let error = put(&to(&server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_refused_before_anything_is_sent() {
    for (path, host, port) in [
        ("r.xml", "h", 80),
        ("/r.xml", "h h", 80),
        ("/r.xml", "h", 0),
    ] {
        let mut watch = RecordingWatch::default();
        let submission = submission(request(host, port, path));
        let fetch = transport(Limits::default());
        let error = fetch.put(&submission, &mut watch).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadUrl, "{error}");
        assert!(watch.started.is_empty());
    }
}

#[cfg(feature = "_tls")]
mod over_tls {
    use super::*;
    use crate::tls::{Setup, https};

    //= R-TLS-1 type=test
    #[tokio::test]
    async fn nothing_of_a_report_reaches_a_server_that_is_not_believed() {
        let server = Setup::plain().serve(vec![created()]).await;
        let mine = transport(Limits::default()).with_tls(Setup::plain().phone());
        let submission = submission(https(server.request("/r.xml")));
        let error = put_with(&mine, &submission).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{error}");
        assert!(server.asked().is_empty());
    }

    //= R-HTTP-5 type=test
    #[tokio::test]
    async fn a_report_never_leaves_tls() {
        let plain = Server::start(vec![created()]).await;
        let setup = Setup::plain();
        let away = moved(&format!("http://{}/r.xml", plain.address));
        let server = setup.serve(vec![away]).await;
        let mine = transport(Limits::default()).with_tls(setup.phone());
        let submission = submission(https(server.request("/r.xml")));
        let error = put_with(&mine, &submission).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotAllowed, "{error}");
        assert!(plain.asked().is_empty());
    }

    #[tokio::test]
    async fn a_large_report_arrives_whole_even_when_thanked_for_early() {
        let setup = Setup::plain();
        let (bytes, _) = created();
        let scripts = vec![(bytes, Then::Listen)];
        let server = setup.serve_after(1000, scripts).await;
        let mine = transport(Limits::default()).with_tls(setup.phone());
        let submission = Submission {
            scheme: onhook_fetch::Scheme::Https,
            ..large(&server)
        };
        put_with(&mine, &submission).await.unwrap();
        server.ended().notified().await;
        assert!(server.bodies() == [submission.body.expose()]);
    }
}
