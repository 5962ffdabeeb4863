//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use std::io::Cursor;
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::{BodySink, Endpoint, ErrorKind, Head, Refused, Request, Scheme, UploadWatch};
use tokio::io::{join, sink};
use tokio::runtime::Builder;

use crate::Limits;
use crate::challenge::{Asker, Credentials, Offer};
use crate::errand::{Doing, Errand, Told};
use crate::exchange::{Answer, Form, Question, exchange};
use crate::target::Target;

/// Largest body.
const LIMIT: u64 = 1000;
const PASSWORD: &str = "canary";

/// Answers: whatever a server sends ends in a body within its limit, a place to go on, a challenge, or an error of the kinds that a server can
/// cause. To an upload it answers with no body.
///
/// # Panics
/// Something of this does not hold.
pub fn answer(bytes: &[u8]) {
    let mut counted = Counted::default();
    let fetch = Request {
        limit: LIMIT,
        ..request()
    };
    exchanged(bytes, &Errand::fetch(&fetch), Told::Sink(&mut counted));
    assert!(counted.bytes <= LIMIT.min(bytes.len() as u64) && counted.heads <= 1);
    let upload = Request {
        post: Some("a report".into()),
        ..request()
    };
    let upload = Errand {
        doing: Doing::Uploading,
        ..Errand::fetch(&upload)
    };
    exchanged(bytes, &upload, Told::Watch(&mut Counted::default()));
}

fn request() -> Request {
    Request {
        scheme: Scheme::Https,
        host: "prov.example".into(),
        port: 443,
        path: "/a/b?c".into(),
        service: None,
        proxy: None,
        allowed_domains: String::new(),
        user_agent: "fuzz".into(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 0,
        timeout: Duration::from_secs(1),
    }
}

fn exchanged(bytes: &[u8], errand: &Errand<'_>, mut told: Told<'_>) {
    let Ok(runtime) = Builder::new_current_thread().enable_time().build() else {
        return;
    };
    let target = Target::of(errand.scheme, errand.host, errand.port, errand.path);
    let Ok(target) = target else {
        return;
    };
    let question = Question {
        target: &target,
        form: Form::Absolute,
        errand,
        authorization: None,
        proxy_authorization: None,
        header: None,
        limits: &Limits::default(),
    };
    let stream = join(Cursor::new(bytes.to_vec()), sink());
    match runtime.block_on(exchange(Box::new(stream), &question, &mut told)) {
        Ok(Answer::Done) => assert!(bytes.windows(2).any(|part| part == b" 2")),
        Ok(Answer::Moved(location)) => {
            let followed = location.map(|location| target.follow(&location));
            if let Some(Ok((next, _))) = followed {
                assert!(next.port != 0 && !next.host.is_empty());
                assert!(next.path.as_str().starts_with('/'));
                assert_eq!(next.scheme, Scheme::Https);
            }
        }
        Ok(Answer::Challenge(offer) | Answer::ProxyChallenge(offer)) => answered(offer),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => assert!(bytes.windows(3).any(|part| part == b"404")),
            ErrorKind::HttpStatus(status) => assert!((100..1000).contains(&status)),
            ErrorKind::Protocol | ErrorKind::TooLarge | ErrorKind::Truncated => {}
            ErrorKind::Dns
            | ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Tls(_)
            | ErrorKind::Auth
            | ErrorKind::ProxyAuth
            | ErrorKind::Tftp(_)
            | ErrorKind::TftpTimeout
            | ErrorKind::Redirects
            | ErrorKind::NotAllowed
            | ErrorKind::BadUrl
            | ErrorKind::Cancelled => panic!("{error}"),
        },
    }
}

/// What answers a challenge is one line that does not show the password.
fn answered(offer: Offer) {
    let mut asker = Asker::default();
    if asker.challenged(offer).is_err() {
        return;
    }
    let credentials = Credentials::from_userinfo(&format!("user:{PASSWORD}"));
    let header = asker.answer(&credentials, ("GET", "/a/b?c"), || {
        "0123456789abcdef".to_owned()
    });
    if let Some(header) = header {
        assert!(header.is_sensitive());
        let text = header.as_bytes();
        assert!(text.starts_with(b"Digest username=") || text.starts_with(b"Basic "));
        assert!(
            !text
                .windows(PASSWORD.len())
                .any(|part| part == PASSWORD.as_bytes())
        );
    }
}

#[async_trait]
impl UploadWatch for Counted {
    async fn started(&mut self, _endpoint: Endpoint) {}
}

#[derive(Default)]
struct Counted {
    heads: u32,
    bytes: u64,
}

#[async_trait]
impl BodySink for Counted {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, _head: &Head) {
        self.heads += 1;
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}
