//! What one answer means.

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{ErrorKind, FetchError, Request};
use onhook_http::Limits;
use onhook_testkit::fake::RecordingSink;
use proptest::prelude::*;

use crate::server::{Script, Server, Then, answer, request, transport};

/// Fetches once; the sink shows what arrived.
async fn get(request: &Request) -> (Result<(), FetchError>, RecordingSink) {
    let mut sink = RecordingSink::default();
    let result = transport(Limits::default()).get(request, &mut sink).await;
    (result.map(|_| ()), sink)
}

async fn get_from(script: Script) -> (Result<(), FetchError>, RecordingSink) {
    let server = Server::start(vec![script]).await;
    get(&server.request("/f")).await
}

/// The kind of the failure that a script leads to.
async fn failure(script: Script) -> ErrorKind {
    get_from(script).await.0.unwrap_err().kind()
}

fn raw(text: &str) -> Script {
    (text.as_bytes().to_vec(), Then::Close)
}

//= R-HTTP-2 type=test
//= R-HTTP-21 type=test
#[tokio::test]
async fn the_request_is_spelled_as_documented() {
    let server = Server::start(vec![answer("200 OK", "", b"x")]).await;
    get(&server.request("/a b.xml?x=1#frag")).await.0.unwrap();
    let port = server.address.port();
    assert_eq!(
        server.asked(),
        [format!(
            "GET /a%20b.xml?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
             User-Agent: Cisco-CP-8841-3PCC/11.3.2 (000e08aabbcc)\r\n\
             Accept: */*\r\nConnection: close\r\n\r\n"
        )]
    );
}

//= R-HTTP-2 type=test
//= R-POST-1 type=test
#[tokio::test]
async fn a_body_is_posted_as_it_is_given() {
    let server = Server::start(vec![answer("200 OK", "", b"x")]).await;
    for body in ["mac=000e08aabbcc&a=\u{e4}", ""] {
        let mut request = server.request("/post.php?x");
        request.post = Some(body.into());
        let (result, sink) = get(&request).await;
        result.unwrap();
        assert_eq!(sink.body, b"x");
        let port = server.address.port();
        let length = body.len();
        assert_eq!(
            server.asked().pop().unwrap(),
            format!(
                "POST /post.php?x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
                 User-Agent: Cisco-CP-8841-3PCC/11.3.2 (000e08aabbcc)\r\n\
                 Accept: */*\r\nConnection: close\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            )
        );
    }
}

//= R-URL-4 type=test
#[tokio::test]
async fn a_lone_question_mark_stays_in_the_request() {
    let server = Server::start(vec![answer("200 OK", "", b"x")]).await;
    for (path, line) in [
        ("/f?", "GET /f? HTTP/1.1"),
        ("//f", "GET //f HTTP/1.1"),
        ("/?", "GET /? HTTP/1.1"),
    ] {
        get(&server.request(path)).await.0.unwrap();
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.lines().next(), Some(line));
    }
}

#[tokio::test]
async fn a_user_agent_cannot_add_a_header() {
    let server = Server::start(vec![answer("200 OK", "", b"x")]).await;
    let mut request = server.request("/");
    request.user_agent = "a\r\nX-Evil: é".into();
    get(&request).await.0.unwrap();
    let asked = server.asked().remove(0);
    assert!(
        asked.contains("\r\nUser-Agent: a  X-Evil: é\r\nAccept"),
        "{asked}"
    );
}

#[tokio::test]
async fn an_ipv6_literal_is_reached_and_bracketed() {
    let Ok(server) = Server::at("[::1]:0", vec![answer("200 OK", "", b"x")]).await else {
        // Without IPv6 on this host the literal is contacted all the same, in vain.
        let error = get(&request("::1", 9, "/")).await.0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("[::1]:9 (tried ::1)"), "{error}");
        return;
    };
    get(&server.request("/")).await.0.unwrap();
    let host = format!("\r\nHost: [::1]:{}\r\n", server.address.port());
    assert!(server.asked().remove(0).contains(&host));
}

//= R-HTTP-4 type=test
//= R-HTTP-11 type=test
//= R-HTTP-12 type=test
//= R-HTTP-22 type=test
//= R-HTTP-23 type=test
// V-087, V-088
#[tokio::test]
async fn a_status_other_than_success_redirect_and_challenge_is_final() {
    for status in [
        201, 202, 204, 206, 226, 299, 300, 303, 304, 305, 307, 308, 400, 402, 403, 405, 407, 410,
        418, 429, 500, 501, 502, 503, 504, 599, 999,
    ] {
        let headers = "Retry-After: 5\r\nLocation: /other\r\n";
        let server = Server::start(vec![answer(
            &format!("{status} Thing"),
            headers,
            b"error page",
        )])
        .await;
        let (result, sink) = get(&server.request("/f")).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::HttpStatus(status));
        assert!(sink.heads.is_empty() && sink.body.is_empty());
        assert_eq!(server.asked().len(), 1);
    }
    assert_eq!(
        failure(answer("404 Gone Fishing", "", b"")).await,
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let (result, sink) =
        get_from(raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody")).await;
    result.unwrap();
    assert_eq!(sink.body, b"body");
}

//= R-HTTP-13 type=test
//= R-HTTP-13 type=test
#[tokio::test]
async fn an_empty_body_arrives_as_an_empty_body() {
    let (result, sink) = get_from(answer("200 OK", "", b"")).await;
    result.unwrap();
    assert_eq!((sink.heads.len(), sink.body.len()), (1, 0));
}

//= R-HTTP-14 type=test
//= R-HTTP-15 type=test
#[tokio::test]
async fn only_the_coding_of_rfc_8188_is_reported() {
    for (headers, expected) in [
        ("", false),
        ("Content-Encoding: aes128gcm\r\n", true),
        ("content-encoding:AES128GCM \r\n", true),
        ("Content-Encoding: gzip, aes128gcm\r\n", true),
        (
            "Content-Encoding: gzip\r\nContent-Encoding: aes128gcm\r\n",
            true,
        ),
        ("Content-Encoding: aes128gcm, gzip\r\n", false),
        ("Content-Encoding: gzip\r\n", false),
        (
            "Content-Encoding: deflate\r\nContent-Type: text/html\r\n",
            false,
        ),
        ("Content-Encoding: xaes128gcm\r\n", false),
    ] {
        let (result, sink) = get_from(answer("200 OK", headers, b"\x1f\x8bbytes")).await;
        result.unwrap();
        assert_eq!(sink.heads[0].aes128gcm, expected, "{headers}");
        assert_eq!(sink.body, b"\x1f\x8bbytes", "{headers}");
    }
}

#[tokio::test]
async fn chunks_are_joined() {
    let (result, sink) = get_from(raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
    ))
    .await;
    result.unwrap();
    assert_eq!(
        (sink.body.as_slice(), sink.heads[0].length),
        (b"abcde".as_slice(), None)
    );
}

//= R-OUT-3 type=test
// V-100, V-101
#[tokio::test]
async fn a_body_without_its_end_is_truncated() {
    for text in [
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "Content-Length: 100\r\n\r\nsixty",
    ] {
        let script = raw(&format!("HTTP/1.1 200 OK\r\n{text}"));
        assert_eq!(failure(script).await, ErrorKind::Truncated, "{text}");
    }
}

#[tokio::test]
async fn a_length_that_lies_gives_a_body_of_that_length_or_none() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: ";
    // Whatever follows a whole body belongs to nobody.
    let (result, sink) = get_from((format!("{head}3\r\n\r\n1234567").into(), Then::Close)).await;
    result.unwrap();
    assert_eq!(sink.body, b"123");
    for (length, kind) in [
        ("8", ErrorKind::Truncated),
        ("18446744073709551615", ErrorKind::TooLarge),
        ("18446744073709551616", ErrorKind::Protocol),
        ("-7", ErrorKind::Protocol),
        ("+7", ErrorKind::Protocol),
        ("0x7", ErrorKind::Protocol),
        ("7 7", ErrorKind::Protocol),
        ("", ErrorKind::Protocol),
    ] {
        let script = (format!("{head}{length}\r\n\r\n1234567").into(), Then::Close);
        assert_eq!(failure(script).await, kind, "{length:?}");
    }
}

#[tokio::test]
async fn chunks_that_break_the_coding_are_a_protocol_error() {
    for text in [
        "zz\r\nabc\r\n",
        "3\r\nabcdef\r\n",
        "ffffffffffffffffff\r\nabc\r\n",
        "-1\r\n",
    ] {
        let script = raw(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{text}"
        ));
        assert_eq!(failure(script).await, ErrorKind::Protocol, "{text}");
    }
}

//= R-HTTP-24 type=test
// V-125
#[tokio::test]
async fn an_answer_whose_extent_is_ambiguous_is_refused() {
    for headers in [
        "Content-Length: 5\r\nContent-Length: 7\r\n",
        "Content-Length: 5, 7\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: five\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        for status in ["200 OK", "404 Not Found"] {
            let script = raw(&format!(
                "HTTP/1.1 {status}\r\n{headers}\r\n5\r\nhello\r\n0\r\n\r\n"
            ));
            let kind = failure(script).await;
            assert!(
                matches!(kind, ErrorKind::Protocol | ErrorKind::TooLarge),
                "{status} {headers}: {kind:?}"
            );
        }
    }
    let (result, _) = get_from(raw(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    ))
    .await;
    result.unwrap();
}

//= R-HTTP-24 type=test
#[tokio::test]
async fn without_a_length_the_body_ends_with_the_connection() {
    for version in ["1.0", "1.1"] {
        let (result, sink) =
            get_from(raw(&format!("HTTP/{version} 200 OK\r\n\r\nall of it"))).await;
        result.unwrap();
        assert_eq!(sink.body, b"all of it");
    }
}

#[tokio::test]
async fn what_is_no_http_is_a_protocol_error() {
    for text in [
        "",
        "H",
        "HTTP/1.1",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "220 ftp.example ready\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "<html>\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
    ] {
        assert_eq!(failure(raw(text)).await, ErrorKind::Protocol, "{text:?}");
    }
}

#[tokio::test]
async fn a_reset_connection_is_classified() {
    assert_eq!(
        failure((Vec::new(), Then::Reset)).await,
        ErrorKind::Protocol
    );
}

#[tokio::test]
async fn a_failure_names_server_and_remedy_and_no_secret() {
    let server = Server::start(vec![answer("500 Oops", "", b"")]).await;
    let mut request = server.request("/path/f.xml?token=canary");
    request.user = Some("canary".into());
    request.password = Some("canary".into());
    let error = get(&request).await.0.unwrap_err();
    let (shown, port) = (format!("{error} {error:?}"), server.address.port());
    assert!(
        shown.contains(&format!("http://127.0.0.1:{port}/path/f.xml ")),
        "{shown}"
    );
    assert!(shown.contains("look into the log"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_url_that_cannot_be_fetched_starts_nothing() {
    let mut unusable = request("h", 443, "/");
    unusable.scheme = onhook_fetch::Scheme::Https;
    let (result, sink) = get(&unusable).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadUrl);
    let reason = if cfg!(feature = "_tls") {
        "TLS is not set up"
    } else {
        "this build has no TLS"
    };
    assert!(error.to_string().contains(reason), "{error}");
    assert!(sink.started.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_end_in_a_class_and_never_past_the_limit(
        head in prop::sample::select(vec![
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: ", "HTTP/1.1 401 No\r\nWWW-Authenticate: ",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (result, sink) = runtime.block_on(async {
            let script = ([head.as_bytes(), &bytes].concat(), Then::Close);
            let server = Server::start(vec![script]).await;
            let mut request = server.request("/f");
            request.limit = 100;
            // Whatever address a random Location names, nothing waits for it.
            request.timeout = std::time::Duration::from_millis(300);
            get(&request).await
        });
        prop_assert!(sink.body.len() <= 100);
        prop_assert!(result.is_ok() || sink.started.len() == 1);
    }
}
