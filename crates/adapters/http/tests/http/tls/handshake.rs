//! Peers that do not do their part.

use std::time::Duration;

use onhook_device::TlsFailure;
use onhook_fetch::{ErrorKind, FetchError};
use onhook_http::Limits;

use super::server::{End, babbler};
use super::{Authority, Leaf, Secure, Setup, ask, fails, get, get_with, https, phone};
use crate::server::{Then, request, transport};

const HANDSHAKE: ErrorKind = ErrorKind::Tls(TlsFailure::Handshake);

async fn meet(bytes: &'static [u8], end: End) -> Result<Vec<u8>, FetchError> {
    let address = babbler(bytes, end).await;
    let mut request = https(request("prov.test", address.port(), "/f"));
    request.timeout = Duration::from_secs(2);
    let limits = Limits {
        handshake: Duration::from_millis(50),
        ..Limits::default()
    };
    let limits = match end {
        End::Close => Limits::default(),
        End::Silence => limits,
    };
    let fetch = transport(limits).with_tls(phone(&Authority::new("root")));
    get_with(&fetch, &request).await
}

#[tokio::test]
async fn a_plain_http_server_on_the_port_is_recognised() {
    for answer in [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n" as &[u8],
        b"<html>plain http on an https port</html>",
    ] {
        let result = meet(answer, End::Close).await;
        fails(result, HANDSHAKE, &["plain HTTP server", "use an http URL"]);
    }
}

#[tokio::test]
async fn an_alert_before_the_server_says_hello_is_told() {
    for (alert, words) in [
        (
            b"\x15\x03\x03\x00\x02\x02\x28" as &[u8],
            &["no version or cipher", "HandshakeFailure"],
        ),
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            &["no version or cipher", "ProtocolVersion"],
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x70",
            &["name", "correct the host"],
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x50",
            &["ended the handshake", "InternalError"],
        ),
    ] {
        fails(meet(alert, End::Close).await, HANDSHAKE, words);
    }
}

//= R-TLS-6 type=test
#[tokio::test]
async fn a_server_that_chooses_an_older_version_is_refused() {
    // The hello of a server that knows TLS 1.0 only: version, 32 bytes of chance, no session, cipher, no compression.
    let hello = concat!(
        "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01",
        "0123456789abcdef0123456789abcdef",
        "\x00\x00\x2f\x00"
    );
    let result = meet(hello.as_bytes(), End::Close).await;
    fails(
        result,
        HANDSHAKE,
        &["no version or cipher", "enable TLS 1.2 or 1.3"],
    );
}

#[tokio::test]
async fn a_connection_that_ends_in_the_handshake_is_told() {
    // At once, and in the middle of a record.
    for bytes in [b"" as &[u8], b"\x16\x03\x03\x00\x40\x02\x00\x00"] {
        let result = meet(bytes, End::Close).await;
        fails(
            result,
            HANDSHAKE,
            &["closed the connection during the handshake"],
        );
    }
}

//= R-HTTP-17 type=test
#[tokio::test]
async fn a_server_that_stays_silent_in_the_handshake_times_out() {
    assert_eq!(Limits::default().handshake, Duration::from_secs(15));
    for bytes in [b"" as &[u8], b"\x16\x03\x03\x00\x40\x02\x00\x00"] {
        let result = meet(bytes, End::Silence).await;
        fails(
            result,
            ErrorKind::Timeout,
            &["TLS handshake with prov.test", "0.05 s"],
        );
    }
}

//= R-HTTP-24 type=test
//= R-OUT-3 type=test
#[tokio::test]
async fn a_body_without_length_needs_the_last_word_of_tls() {
    let setup = Setup::plain();
    let body = b"HTTP/1.1 200 OK\r\n\r\nhello".to_vec();
    let server = setup.serve(vec![(body.clone(), Then::Cut)]).await;
    let result = get(&setup.phone(), &ask(&server, "127.0.0.1")).await;
    fails(result, ErrorKind::Truncated, &[]);
    let server = setup.serve(vec![(body, Then::Close)]).await;
    let result = get(&setup.phone(), &ask(&server, "127.0.0.1")).await;
    assert_eq!(result.unwrap(), b"hello");
    // With a length, what comes after the body does not matter.
    let body = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec();
    let server = setup.serve(vec![(body, Then::Cut)]).await;
    let result = get(&setup.phone(), &ask(&server, "127.0.0.1")).await;
    assert_eq!(result.unwrap(), b"hello");
}

#[tokio::test]
async fn a_host_that_cannot_be_a_name_is_refused() {
    let authority = Authority::new("root");
    let server = Secure::new(&authority, &Leaf::server(&["prov.test"]))
        .serve(super::hello())
        .await;
    let long = format!("{}.test", "a".repeat(64));
    let result = get(&phone(&authority), &ask(&server, &long)).await;
    fails(result, ErrorKind::BadUrl, &["correct the URL"]);
}
