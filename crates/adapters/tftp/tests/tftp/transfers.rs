//! Transfers as the phone makes them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use onhook_fetch::port::Fetch;
use onhook_fetch::{Endpoint, ErrorKind, FetchError, Request, Scheme};
use onhook_testkit::fake::{FakeResolver, RecordingSink};
use onhook_tftp::{LocalPorts, TftpFetch};

use crate::server::{Server, Tid, ack, block, error, fetch, request};

type Fetched = (Result<Endpoint, FetchError>, RecordingSink);

async fn get(transport: &TftpFetch, request: &Request) -> Fetched {
    let mut sink = RecordingSink::default();
    let result = transport.get(request, &mut sink).await;
    (result, sink)
}

/// What becomes of a request that is answered with one packet.
async fn answered(packet: &[u8]) -> Fetched {
    let server = Server::start().await;
    let request = server.request("/f.xml");
    let answer = async {
        let (_, tid) = server.asked().await;
        tid.send(packet).await;
        tid
    };
    let transport = fetch();
    let (fetched, _tid) = tokio::join!(get(&transport, &request), answer);
    fetched
}

//= R-TFTP-1 type=test
//= R-TFTP-3 type=test
//= R-TFTP-6 type=test
//= R-TFTP-21 type=test
#[tokio::test]
async fn a_request_asks_for_the_file_with_three_options_and_nothing_of_the_rule() {
    assert_eq!(Scheme::Tftp.default_port(), 69);
    let server = Server::start().await;
    let request = server.request("/dir/a%20b.xml?x=%20");
    let answer = async {
        let (asked, mut tid) = server.asked().await;
        tid.send(&block(1, b"<x/>")).await;
        assert_eq!(tid.any().await, ack(1));
        asked
    };
    let transport = fetch();
    let ((result, sink), asked) = tokio::join!(get(&transport, &request), answer);
    assert_eq!(
        asked,
        b"\0\x01dir/a b.xml?x=%20\0octet\0tsize\x000\0blksize\x001428\0timeout\x002\0"
    );
    assert_eq!(result.unwrap().ip, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    assert_eq!(sink.body, b"<x/>");
    assert_eq!(sink.heads[0].length, None);
}

//= R-TFTP-9 type=test
#[tokio::test]
async fn refused_options_are_left_out_at_a_second_try_from_another_port() {
    // V-056
    for code in [8, 4, 0] {
        let server = Server::start().await;
        let request = server.request("/f");
        let answer = async {
            let (first, tid) = server.asked().await;
            tid.send(&error(code, "no options")).await;
            let (second, mut plain) = server.asked().await;
            plain.send(&block(1, b"x")).await;
            assert_eq!(plain.any().await, ack(1));
            assert_ne!(tid.client.port(), plain.client.port());
            (first, second)
        };
        let transport = fetch();
        let ((result, sink), (first, second)) = tokio::join!(get(&transport, &request), answer);
        result.unwrap();
        assert_eq!(sink.body, b"x");
        assert_eq!(sink.started.len(), 1);
        assert!(first.starts_with(b"\0\x01f\0octet\0tsize"));
        assert_eq!(second, b"\0\x01f\0octet\0");
    }
}

//= R-TFTP-9 type=test
//= R-TFTP-17 type=test
#[tokio::test]
async fn errors_of_the_server_are_told_with_code_and_text() {
    // V-054
    let (result, _) = answered(&error(1, "/srv/tftp/f.xml not found")).await;
    let missing = result.unwrap_err();
    assert_eq!(
        (missing.kind(), missing.said()),
        (ErrorKind::NotFound, None)
    );
    assert!(!missing.to_string().contains("/srv"), "{missing}");
    // V-055
    for (code, text, said) in [
        (2, "Access\nviolation", Some("Access?violation")),
        (3, "", None),
        (5, "tid", Some("tid")),
        (7, "\u{1b}[0m", Some("?[0m")),
        (99, "odd", Some("odd")),
    ] {
        let (result, sink) = answered(&error(code, text)).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Tftp(code));
        assert_eq!(failure.said(), said);
        let told = failure.to_string();
        assert!(
            told.contains(&format!("error {code}")) && told.contains("look into its log"),
            "{told}"
        );
        assert!(sink.heads.is_empty());
    }
}

//= R-TFTP-7 type=test
//= R-TFTP-19 type=test
#[tokio::test]
async fn packets_that_cannot_be_end_a_transfer_with_a_reason() {
    for (packet, kind) in [
        (&b"\0\x06blksize\x001500\0"[..], ErrorKind::Tftp(8)),
        (b"\0\x06windowsize\x004\0", ErrorKind::Tftp(8)),
        (b"\0\x09\0\x01", ErrorKind::Tftp(4)),
        (b"\0\x06tsize\x009000000\0", ErrorKind::TooLarge),
        (&block(1, &[0; 600]), ErrorKind::Tftp(4)),
        (&block(1, &[0; 2000]), ErrorKind::Tftp(4)),
    ] {
        let (result, sink) = answered(packet).await;
        assert_eq!(result.unwrap_err().kind(), kind);
        assert!(sink.body.is_empty());
    }
}

//= R-TFTP-20 type=test
//= R-DNS-1 type=test
#[tokio::test]
async fn a_port_where_nobody_listens_ends_an_address_at_once_and_the_next_is_tried() {
    // V-071
    let server = Server::start().await;
    let port = server.port();
    let addresses = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST].map(IpAddr::V4);
    let resolver = Arc::new(FakeResolver::new().with("prov", &addresses));
    let transport = TftpFetch::new(resolver.clone(), LocalPorts::ephemeral());
    let answer = async {
        let (_, mut tid) = server.asked().await;
        tid.send(&block(1, b"x")).await;
        tid.any().await
    };
    let request = request("prov", port, "/f");
    let ((result, sink), _) = tokio::join!(get(&transport, &request), answer);
    // What was contacted first is what the request message tells.
    assert_eq!(result.unwrap().ip, Some(addresses[0]));
    assert_eq!((sink.started.len(), sink.body.as_slice()), (1, &b"x"[..]));
    drop(server);
    let (result, sink) = get(&transport, &request).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Connect, "{failure}");
    assert_eq!(sink.started.len(), 1);
    assert_eq!(resolver.asked(), ["prov", "prov"]);
}

//= R-TFTP-22 type=test
#[tokio::test]
async fn many_hosts_are_never_asked_at_once() {
    // V-073
    let resolver = FakeResolver::new()
        .with("all", &[IpAddr::V4(Ipv4Addr::BROADCAST)])
        .with("group", &[IpAddr::from([239, 1, 1, 1])]);
    let transport = TftpFetch::new(Arc::new(resolver), LocalPorts::ephemeral());
    for host in ["255.255.255.255", "all", "group", "ff02::1"] {
        let (result, sink) = get(&transport, &request(host, 69, "/f")).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::NotAllowed, "{host}");
        assert!(sink.started.is_empty(), "{host}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_told_before_anything_is_sent() {
    let mut http = request("127.0.0.1", 69, "/f");
    http.scheme = Scheme::Http;
    let long = format!("/{}", "n".repeat(600));
    for request in [
        http,
        request("127.0.0.1", 0, "/f"),
        request("127.0.0.1", 69, "/"),
        request("127.0.0.1", 69, "/a%00b"),
        request("127.0.0.1", 69, &long),
    ] {
        let (result, sink) = get(&fetch(), &request).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BadUrl);
        assert!(sink.started.is_empty());
    }
}

//= R-TFTP-16 type=test
#[tokio::test]
async fn a_file_is_handed_over_at_once_and_the_last_block_is_acknowledged_again() {
    let server = Server::start().await;
    let request = server.request("/f");
    let transport = fetch();
    let answer = async {
        let (_, mut tid) = server.asked().await;
        tid.send(&block(1, b"x")).await;
        assert_eq!(tid.any().await, ack(1));
        tid
    };
    let ((result, sink), mut tid) = tokio::join!(get(&transport, &request), answer);
    result.unwrap();
    assert_eq!(sink.body, b"x");
    for _ in 0..2 {
        tid.send(&block(1, b"x")).await;
        assert_eq!(tid.any().await, ack(1));
    }
}

//= R-TFTP-4 type=test
#[tokio::test]
async fn strangers_are_told_so_while_the_file_comes() {
    let server = Server::start().await;
    let request = server.request("/f");
    let transport = fetch();
    let answer = async {
        let (_, mut tid) = server.asked().await;
        let first = vec![1; 512];
        tid.send(&block(1, &first)).await;
        assert_eq!(tid.any().await, ack(1));
        let mut stranger = Tid::new(tid.client).await;
        stranger.send(&block(2, b"wrong")).await;
        assert_eq!(stranger.any().await, error(5, "unknown transfer ID"));
        tid.send(&block(2, b"right")).await;
    };
    let ((result, sink), ()) = tokio::join!(get(&transport, &request), answer);
    result.unwrap();
    assert_eq!(&sink.body[512..], b"right");
}

//= R-TFTP-15 type=test
#[tokio::test]
async fn a_lost_acknowledgement_is_repeated_by_the_clock() {
    let server = Server::start().await;
    let request = server.request("/f");
    let transport = fetch();
    let answer = async {
        let (_, mut tid) = server.asked().await;
        tid.send(&block(1, &[1; 512])).await;
        // As if the first had been lost: nothing is sent until the second.
        assert_eq!(tid.any().await, ack(1));
        assert_eq!(tid.any().await, ack(1));
        tid.send(&block(2, b"")).await;
    };
    let ((result, sink), ()) = tokio::join!(get(&transport, &request), answer);
    result.unwrap();
    assert_eq!(sink.body.len(), 512);
}

#[tokio::test]
async fn a_server_that_never_answers_ends_with_the_whole_time() {
    let server = Server::start().await;
    let mut request = server.request("/f");
    request.timeout = Duration::from_millis(30);
    let (result, _) = get(&fetch(), &request).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Timeout);
    assert!(failure.to_string().contains("0.03 s"), "{failure}");
}

#[tokio::test]
async fn a_name_server_that_is_silent_is_told_apart() {
    let transport = TftpFetch::new(Arc::new(FakeResolver::silent()), LocalPorts::ephemeral());
    let (result, sink) = get(&transport, &request("prov", 69, "/f")).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Dns);
    assert!(
        failure.to_string().contains("no name server answered"),
        "{failure}"
    );
    assert_eq!(sink.started, [Endpoint { ip: None }]);
}

//= R-TFTP-1 type=test
//= R-TFTP-23 type=test
#[tokio::test]
async fn a_phone_asks_the_port_of_the_url_from_one_of_its_six() {
    // V-077
    let six = 53_240..=53_245;
    let server = Server::start().await;
    let request = server.request("/f");
    let transport = TftpFetch::new(Arc::new(FakeResolver::new()), LocalPorts::phone());
    // Other transfers on this machine may have some of them, and then the next is taken.
    let free = |port| std::net::UdpSocket::bind(("0.0.0.0", port)).is_ok();
    let some_are_free = six.clone().any(free);
    let answer = async {
        let (_, mut tid) = server.asked().await;
        tid.send(&block(1, b"x")).await;
        assert_eq!(tid.any().await, ack(1));
        tid.client.port()
    };
    let ((result, _), port) = tokio::join!(get(&transport, &request), answer);
    result.unwrap();
    assert!(six.contains(&port) || !some_are_free, "{port}");
}
