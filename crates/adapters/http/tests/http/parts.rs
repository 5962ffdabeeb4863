//! The rest of a file.

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{ErrorKind, Part};
use onhook_http::Limits;
use onhook_testkit::fake::RecordingSink;

use crate::server::{Server, answer, transport};

/// Asks a server that answers so for a file from its third byte on.
async fn rest(
    status: &str,
    headers: &str,
    body: &[u8],
) -> (Result<(), ErrorKind>, RecordingSink, String) {
    let server = Server::start(vec![answer(status, headers, body)]).await;
    let mut request = server.request("/f");
    request.part = Some(Part {
        from: 2,
        same: Some("\"v1\"".to_owned()),
    });
    request.limit = 6;
    let mut sink = RecordingSink::default();
    let result = transport(Limits::default()).get(&request, &mut sink).await;
    let asked = server.asked().concat();
    (
        result.map(|_| ()).map_err(|error| error.kind()),
        sink,
        asked,
    )
}

//= R-HTTP-12 type=test
#[tokio::test]
async fn a_part_is_asked_for_with_the_name_of_its_file() {
    let (result, sink, asked) = rest(
        "206 Partial Content",
        "Content-Range: bytes 2-5/6\r\nETag: \"v1\"\r\n",
        b"cdef",
    )
    .await;
    assert_eq!(result, Ok(()));
    assert!(
        asked.contains("\r\nRange: bytes=2-\r\nIf-Range: \"v1\"\r\n"),
        "{asked}"
    );
    assert_eq!((sink.heads[0].from, sink.heads[0].length), (2, Some(4)));
    assert_eq!(sink.heads[0].validator.as_deref(), Some("\"v1\""));
    assert_eq!(sink.body, b"cdef");
}

#[tokio::test]
async fn a_server_that_knows_no_parts_or_has_another_file_gives_the_whole() {
    let (result, sink, _) = rest(
        "200 OK",
        "Last-Modified: Sun, 29 Nov 2026 10:00:00 GMT\r\nETag: W/\"weak\"\r\n",
        b"abcdef",
    )
    .await;
    assert_eq!(result, Ok(()));
    assert_eq!((sink.heads[0].from, &*sink.body), (0, b"abcdef".as_slice()));
    let name = sink.heads[0].validator.as_deref();
    assert_eq!(
        name,
        Some("Sun, 29 Nov 2026 10:00:00 GMT"),
        "a weak tag names no bytes"
    );
}

#[tokio::test]
async fn what_is_not_the_part_that_was_asked_for_is_refused() {
    for (headers, body, kind) in [
        (
            "Content-Range: bytes 1-5/6\r\n",
            b"bcdef".as_slice(),
            ErrorKind::Protocol,
        ),
        ("", b"cdef", ErrorKind::Protocol),
        ("Content-Range: bytes */6\r\n", b"cdef", ErrorKind::Protocol),
        (
            "Content-Range: bytes 2-6/7\r\n",
            b"cdefg",
            ErrorKind::TooLarge,
        ),
    ] {
        let (result, sink, _) = rest("206 Partial Content", headers, body).await;
        assert_eq!(result, Err(kind), "{headers}");
        assert_eq!(sink.body, b"");
    }
    let (result, ..) = rest("416 Range Not Satisfiable", "", b"").await;
    assert_eq!(result, Err(ErrorKind::HttpStatus(416)));
    // Nobody asked for a part.
    let server = Server::start(vec![answer(
        "206 Partial Content",
        "Content-Range: bytes 2-5/6\r\n",
        b"cdef",
    )])
    .await;
    let mut sink = RecordingSink::default();
    let got = transport(Limits::default())
        .get(&server.request("/f"), &mut sink)
        .await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::HttpStatus(206));
}
