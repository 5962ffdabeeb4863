//! HTTP itself.

use onhook_prov_server::Note;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Answer, Lab};

#[tokio::test]
async fn head_gives_the_length_and_no_body() {
    let mut lab = Lab::new().await;
    lab.write("a.xml", "0123456789");
    let answer = lab
        .exchange("HEAD /a.xml HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("10"))
    );
    assert_eq!(answer.body, b"");
    let access = lab.access().await;
    assert_eq!(
        (access.method.as_deref(), access.bytes, access.note),
        (Some("HEAD"), 0, None)
    );
    let answer = lab
        .exchange("HEAD /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order_on_one_connection() {
    let mut lab = Lab::new().await;
    lab.write("a", "first");
    lab.write("b", "second");
    let mut stream = lab.connect().await;
    let requests = "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\n\
                    GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let places: Vec<_> = ["first", "404 Not Found", "second"]
        .map(|part| text.find(part))
        .into();
    assert!(
        places.is_sorted() && places.iter().all(Option::is_some),
        "{text}"
    );
    let client = lab.access().await.client;
    assert_eq!(lab.access().await.client, client);
    assert_eq!(lab.access().await.client, client);
}

#[tokio::test]
async fn http_1_0_closes_unless_it_asks_to_be_kept() {
    let lab = Lab::new().await;
    lab.write("a", "x");
    let answer = lab.exchange("GET /a HTTP/1.0\r\n\r\n").await;
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"x".as_slice())
    );
    let twice = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /a HTTP/1.0\r\n\r\n";
    let answer = lab.exchange(twice).await;
    assert_eq!(answer.header("connection"), Some("keep-alive"));
    assert!(
        answer.body.ends_with(b"x") && answer.body.len() > 1,
        "the second answer follows"
    );
}

#[tokio::test]
async fn a_client_that_has_said_all_it_will_say_is_still_answered() {
    let lab = Lab::new().await;
    let content = vec![b'x'; 3_000_000];
    lab.write("a", &content);
    let mut stream = lab.connect().await;
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(Answer::parse(&bytes).body == content);
}

#[tokio::test]
async fn methods_that_change_something_are_refused_with_those_that_work() {
    let mut lab = Lab::new().await;
    lab.write("a", "x");
    for request in [
        "DELETE /a HTTP/1.0\r\n\r\n",
        "BREW /a HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\n\r\n",
    ] {
        let answer = lab.exchange(request).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("get, head, post, put")),
            "{request}"
        );
        assert_eq!(lab.access().await.note, Some(Note::Method));
    }
}

#[tokio::test]
async fn a_file_is_the_answer_to_a_post_and_to_a_put() {
    let mut lab = Lab::new().await;
    lab.write("a", "x");
    for (header, body, status, note) in [
        ("Content-Length: 3", "abc".to_owned(), 200, None),
        ("Content-Length: 0", String::new(), 200, None),
        (
            "Transfer-Encoding: chunked",
            "1\r\na\r\n0\r\n\r\n".to_owned(),
            200,
            None,
        ),
        ("Content-Length: 5242880", "a".repeat(5 << 20), 200, None),
        (
            "Content-Length: 5242881",
            "a".repeat((5 << 20) + 1),
            413,
            Some(Note::LongBody),
        ),
        (
            "Transfer-Encoding: chunked",
            "zz\r\n".to_owned(),
            400,
            Some(Note::CutBody),
        ),
    ] {
        let head =
            format!("POST /a?q HTTP/1.1\r\nHost: h\r\n{header}\r\nConnection: close\r\n\r\n");
        let answer = lab.exchange(&(head + &body)).await;
        assert_eq!(answer.status, status, "{header}");
        let access = lab.access().await;
        assert_eq!(
            (access.method.as_deref(), access.note),
            (Some("POST"), note)
        );
        if status == 200 {
            assert_eq!(answer.body, b"x");
        }
    }
    let put = "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
    assert_eq!(lab.exchange(put).await.status, 200);
    assert_eq!(lab.access().await.method.as_deref(), Some("PUT"));
    // Nothing is looked for before the path is a good one.
    let answer = lab
        .exchange("POST /../a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn what_is_no_request_is_a_bad_request() {
    let mut lab = Lab::new().await;
    for request in [
        b"hello\r\n\r\n".as_slice(),
        b"GET /a\xffb HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /a HTTP/9.9\r\nHost: h\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ] {
        let answer = lab.exchange(request).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(request));
        let access = lab.access().await;
        assert_eq!(
            (access.status, access.note),
            (Some(400), Some(Note::NotHttp))
        );
    }
    let answer = lab
        .exchange("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(
        (answer.status, lab.access().await.note),
        (400, Some(Note::NoHost))
    );
    let answer = lab.get("/a%zz").await;
    assert_eq!(
        (answer.status, lab.access().await.note),
        (400, Some(Note::BadEscape))
    );
}

#[tokio::test]
async fn targets_and_heads_have_their_limits() {
    let mut lab = Lab::new().await;
    lab.write("a", "x");
    let at_limit = format!("/a?{}", "q".repeat((8 << 10) - 3));
    assert_eq!(lab.get(&at_limit).await.status, 200);
    lab.access().await;
    for len in [8 << 10, 12_000, 40_000] {
        assert_eq!(
            lab.get(&format!("/{}", "a".repeat(len))).await.status,
            414,
            "{len}"
        );
        assert_eq!(lab.access().await.note, Some(Note::LongTarget));
    }
    let head = |len: usize| {
        format!(
            "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: {}\r\n\r\n",
            "x".repeat(len)
        )
    };
    assert_eq!(lab.exchange(head(15_000)).await.status, 200);
    lab.access().await;
    for len in [16_384, 40_000, 200_000] {
        assert_eq!(lab.exchange(head(len)).await.status, 431, "{len}");
        assert_eq!(lab.access().await.note, Some(Note::LongHead), "{len}");
    }
    let many = format!(
        "GET /a HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "X: y\r\n".repeat(200)
    );
    assert_eq!(lab.exchange(many).await.status, 431);
}

#[tokio::test]
async fn a_client_that_leaves_within_its_request_is_logged_and_an_idle_one_is_not() {
    let mut lab = Lab::new().await;
    drop(lab.connect().await);
    let mut stream = lab.connect().await;
    stream.write_all(b"GET /a HT").await.unwrap();
    drop(stream);
    let access = lab.access().await;
    assert_eq!(
        (access.method, access.status, access.note),
        (None, None, Some(Note::LeftInHead))
    );
}

#[tokio::test]
async fn credentials_are_not_logged_and_control_characters_are_escaped() {
    let mut lab = Lab::with(|dir, config| config.access_log = Some(dir.join("log"))).await;
    let request = "GET http://user:canary1@h/a%1b?x=%0a HTTP/1.1\r\nHost: h\r\nAuthorization: Basic canary2\r\n\
                   Proxy-Authorization: canary3\r\nCookie: canary4\r\nUser-Agent: \"phone\"\tx\u{9b}31m\r\nConnection: close\r\n\r\n";
    lab.exchange(request).await;
    let access = lab.access().await;
    assert_eq!(access.target.as_deref(), Some("/a%1b?x=%0a"));
    assert_eq!(
        access.user_agent.as_deref(),
        Some("\"phone\"\\tx\\u{9b}31m")
    );
    let log = std::fs::read_to_string(lab.dir.path().join("log")).unwrap();
    assert!(
        !log.contains("canary") && !format!("{access:?}").contains("canary"),
        "{log}"
    );
    assert_eq!(log, format!("{access}\n"));
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let lab = Lab::with(|_, config| config.limits.connections = 1).await;
    lab.write("a", "x");
    let first = lab.connect().await;
    let mut second = lab.connect().await;
    second.write_all(b"GET /a HTTP/1.0\r\n\r\n").await.unwrap();
    let mut third = lab.connect().await;
    third.write_all(b"GET /a HTTP/1.0\r\n\r\n").await.unwrap();
    drop(first);
    for mut stream in [second, third] {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(Answer::parse(&bytes).status, 200);
    }
}
