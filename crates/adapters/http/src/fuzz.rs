//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use std::io::Cursor;

use async_trait::async_trait;
use onhook_fetch::{BodySink, Endpoint, ErrorKind, Head, Refused, Scheme};
use tokio::io::{join, sink};
use tokio::runtime::Builder;

use crate::Limits;
use crate::challenge::{Asker, Credentials, Offer};
use crate::exchange::{Answer, Form, Question, exchange};
use crate::target::Target;

/// Largest body.
const LIMIT: u64 = 1000;
const PASSWORD: &str = "canary";

/// Answers: whatever a server sends ends in a body within its limit, a place to go on, a challenge, or an error of the kinds that a server can
/// cause.
///
/// # Panics
/// Something of this does not hold.
pub fn answer(bytes: &[u8]) {
    let Ok(runtime) = Builder::new_current_thread().enable_time().build() else {
        return;
    };
    let mut counted = Counted::default();
    let Some(target) = Target::at(Scheme::Https, "prov.example", 443, "/a/b?c") else {
        return;
    };
    let question = Question {
        target: &target,
        form: Form::Absolute,
        user_agent: "fuzz",
        authorization: None,
        proxy_authorization: None,
        post: None,
        limit: LIMIT,
        limits: &Limits::default(),
    };
    let stream = join(Cursor::new(bytes.to_vec()), sink());
    match runtime.block_on(exchange(Box::new(stream), &question, &mut counted)) {
        Ok(Answer::Body) => assert_eq!(counted.heads, 1),
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
    assert!(counted.bytes <= LIMIT.min(bytes.len() as u64) && counted.heads <= 1);
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
