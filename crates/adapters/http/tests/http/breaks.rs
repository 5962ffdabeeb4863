//! Connections that break, in every phase: each ends with the text of `$ERR` that says so.

use onhook_device::Outcome;
use onhook_fetch::port::Fetch as _;
use onhook_fetch::{FetchError, Request};
use onhook_http::{HttpFetch, Limits};
use onhook_testkit::fake::RecordingSink;

use crate::server::{Script, Server, Then, transport};

/// `$ERR` and the message.
async fn ended(fetch: &HttpFetch, request: &Request) -> (String, String) {
    let mut sink = RecordingSink::default();
    let error: FetchError = fetch.get(request, &mut sink).await.unwrap_err();
    let mut err = String::new();
    Outcome::from(error.kind()).push_err_text(&mut err);
    (err, error.to_string())
}

/// The phases of an answer: its bytes until then, and the text when the connection breaks there.
fn phases() -> [(&'static str, &'static str, &'static str); 6] {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n";
    [
        ("before the answer", "", "http protocol error"),
        ("in the status line", "HTTP/1.1 2", "http protocol error"),
        ("in the header", head, "http protocol error"),
        (
            "after the header",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            "transfer incomplete",
        ),
        (
            "in the body",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
            "transfer incomplete",
        ),
        (
            "in a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
            "transfer incomplete",
        ),
    ]
}

//= R-OUT-3 type=test
#[tokio::test]
async fn a_connection_that_breaks_is_told_by_the_phase_it_breaks_in() {
    let fetch = transport(Limits::default());
    for (phase, bytes, expected) in phases() {
        for then in [Then::Close, Then::Reset] {
            let script: Script = (bytes.into(), then);
            let server = Server::start(vec![script]).await;
            let (err, message) = ended(&fetch, &server.request("/f")).await;
            assert_eq!(err, expected, "{phase} {then:?}: {message}");
        }
    }
}

#[cfg(feature = "_tls")]
mod tls {
    use super::*;
    use crate::tls::{Setup, https};

    #[tokio::test]
    async fn so_is_one_over_tls_with_or_without_a_last_word() {
        let setup = Setup::plain();
        for (phase, bytes, expected) in phases() {
            for then in [Then::Close, Then::Reset, Then::Cut] {
                let server = setup.serve(vec![(bytes.into(), then)]).await;
                let fetch = transport(Limits::default()).with_tls(setup.phone());
                let (err, message) = ended(&fetch, &https(server.request("/f"))).await;
                assert_eq!(err, expected, "{phase} {then:?}: {message}");
            }
        }
    }

    /// Bytes that are no record of the session: an alert that nobody could have sealed, and noise.
    #[tokio::test]
    async fn what_is_no_tls_any_more_is_told_as_tls_in_every_phase() {
        let setup = Setup::plain();
        for (phase, bytes, _) in phases() {
            for garbage in [
                &b"\x15\x03\x03\x00\x02\x02\x28"[..],
                b"\x17\x03\x03\x00\x10garbage-garbage-",
                b"HTTP/1.1 200 OK\r\n\r\n",
            ] {
                let server = setup
                    .serve(vec![(bytes.into(), Then::Garble(garbage))])
                    .await;
                let fetch = transport(Limits::default()).with_tls(setup.phone());
                let (err, message) = ended(&fetch, &https(server.request("/f"))).await;
                assert_eq!(
                    err, "tls handshake failed",
                    "{phase} {garbage:?}: {message}"
                );
                assert!(message.contains("TLS with 127.0.0.1:"), "{message}");
            }
        }
    }
}
