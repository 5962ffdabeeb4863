//! Redirects, challenges and addresses of one transfer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{Account, Endpoint, ErrorKind, FetchError, Request};
use onhook_http::{HttpFetch, Limits};
use onhook_testkit::fake::RecordingSink;

use crate::server::{Fixed, Script, Server, answer, request, transport};

async fn get(request: &Request) -> (Result<Endpoint, FetchError>, RecordingSink) {
    let mut sink = RecordingSink::default();
    let result = transport(Limits::default()).get(request, &mut sink).await;
    (result, sink)
}

fn moved(status: &str, location: &str) -> Script {
    answer(status, &format!("Location: {location}\r\n"), b"moved")
}

fn challenge(value: &str) -> Script {
    answer(
        "401 Unauthorized",
        &format!("WWW-Authenticate: {value}\r\n"),
        b"who are you?",
    )
}

fn with_credentials(mut request: Request) -> Request {
    request.user = Some("prov".into());
    request.password = Some("pw1".into());
    request
}

/// Of each request so far: the path, and the Authorization header if there is one.
fn summary(server: &Server) -> Vec<(String, Option<String>)> {
    let asked = server.asked();
    let lines = asked.iter().map(|head| {
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let authorization = head
            .lines()
            .find_map(|line| line.strip_prefix("Authorization: "));
        (path, authorization.map(str::to_owned))
    });
    lines.collect()
}

fn paths(server: &Server) -> Vec<String> {
    summary(server).into_iter().map(|(path, _)| path).collect()
}

const BASIC: &str = "Basic cHJvdjpwdzE=";

//= R-HTTP-4 type=test
//= R-HTTP-6 type=test
//= R-HTTP-20 type=test
// V-085
#[tokio::test]
async fn both_redirects_are_followed_and_not_remembered() {
    let second = Server::start(vec![answer("200 OK", "", b"here")]).await;
    let location = format!("http://second.example:{}/b%20c", second.address.port());
    let first = Server::start(vec![
        moved("301 Moved", &location),
        moved("302 Found", "/x?y"),
        moved("301 Moved", &location),
    ])
    .await;
    for round in 0..2 {
        let (result, sink) = get(&first.request("/a")).await;
        let endpoint = Endpoint {
            ip: Some(first.address.ip()),
        };
        assert_eq!(result.unwrap(), endpoint);
        assert_eq!(
            (sink.started.as_slice(), sink.body.as_slice()),
            ([endpoint].as_slice(), b"here".as_slice())
        );
        assert_eq!(second.asked().len(), round + 1);
    }
    assert_eq!(paths(&first), ["/a", "/a", "/x?y"]);
    let host = format!("Host: second.example:{}\r\n", second.address.port());
    assert!(second.asked()[0].contains(&host));
}

//= R-HTTP-5 type=test
// V-123
#[tokio::test]
async fn redirects_and_challenges_post_the_body_again() {
    let server = Server::start(vec![
        moved("302 Found", "/b"),
        challenge("Basic realm=\"r\""),
        answer("200 OK", "", b"x"),
    ])
    .await;
    let mut request = with_credentials(server.request("/a"));
    request.post = Some("a=1".into());
    get(&request).await.0.unwrap();
    assert_eq!(paths(&server), ["/a", "/b", "/b"]);
    for asked in server.asked() {
        assert!(asked.starts_with("POST ") && asked.ends_with("\r\n\r\na=1"));
    }
}

//= R-HTTP-5 type=test
#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_is_not() {
    let mut scripts: Vec<Script> = (1..=5)
        .map(|n| moved("302 Found", &format!("/{n}")))
        .collect();
    scripts.push(answer("200 OK", "", b"x"));
    let server = Server::start(scripts.clone()).await;
    get(&server.request("/0")).await.0.unwrap();
    assert_eq!(server.asked().len(), 6);
    scripts.insert(5, moved("302 Found", "/6"));
    let server = Server::start(scripts).await;
    assert_eq!(
        get(&server.request("/0")).await.0.unwrap_err().kind(),
        ErrorKind::Redirects
    );
    assert_eq!(server.asked().len(), 6);
}

//= R-HTTP-5 type=test
// V-086
#[tokio::test]
async fn a_repeated_url_ends_the_chain() {
    let server = Server::start(vec![moved("302 Found", "/b"), moved("301 Moved", "/a")]).await;
    assert_eq!(
        get(&server.request("/a")).await.0.unwrap_err().kind(),
        ErrorKind::Redirects
    );
    assert_eq!(paths(&server), ["/a", "/b"]);
    let server = Server::start(vec![moved("302 Found", "/a#again")]).await;
    assert_eq!(
        get(&server.request("/a")).await.0.unwrap_err().kind(),
        ErrorKind::Redirects
    );
    assert_eq!(server.asked().len(), 1);
}

//= R-HTTP-5 type=test
#[tokio::test]
async fn redirects_to_nowhere_are_refused() {
    for (location, kind) in [
        ("http://", ErrorKind::Protocol),
        ("", ErrorKind::Protocol),
        ("http://h:0/", ErrorKind::Protocol),
        ("\u{ff}", ErrorKind::NotFound),
        ("ftp://h/x", ErrorKind::Redirects),
        ("tftp://h/x", ErrorKind::Redirects),
        ("https://h/x", ErrorKind::BadUrl),
        ("http://lost.invalid/", ErrorKind::Dns),
    ] {
        let server = Server::start(vec![
            moved("302 Found", location),
            answer("404 No", "", b""),
        ])
        .await;
        let (result, sink) = get(&server.request("/a")).await;
        assert_eq!(result.unwrap_err().kind(), kind, "{location}");
        assert_eq!(sink.started.len(), 1);
    }
    let server = Server::start(vec![answer("302 Found", "", b"")]).await;
    assert_eq!(
        get(&server.request("/a")).await.0.unwrap_err().kind(),
        ErrorKind::Protocol
    );
}

//= R-HTTP-7 type=test
//= R-HTTP-10 type=test
// V-091
#[tokio::test]
async fn a_basic_challenge_is_answered_at_once_and_never_beforehand() {
    let server = Server::start(vec![
        challenge("Basic realm=\"cfg\""),
        answer("200 OK", "", b"x"),
    ])
    .await;
    let (result, sink) = get(&with_credentials(server.request("/f"))).await;
    result.unwrap();
    assert_eq!(
        (sink.started.len(), sink.body.as_slice()),
        (1, b"x".as_slice())
    );
    assert_eq!(
        summary(&server),
        [("/f".into(), None), ("/f".into(), Some(BASIC.into()))]
    );
    let last_line = format!("Connection: close\r\nAuthorization: {BASIC}\r\n\r\n");
    assert!(
        server.asked()[1].ends_with(&last_line),
        "{}",
        server.asked()[1]
    );
}

//= R-HTTP-7 type=test
// V-092
#[tokio::test]
async fn a_third_challenge_ends_the_transfer() {
    let server = Server::start(vec![challenge("Basic realm=\"cfg\"")]).await;
    let error = get(&with_credentials(server.request("/f")))
        .await
        .0
        .unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::Auth, 3));
    assert!(!error.to_string().contains("pw1"));
}

//= R-HTTP-8 type=test
#[tokio::test]
async fn without_credentials_nothing_is_tried_again() {
    let server = Server::start(vec![challenge("Basic realm=\"cfg\"")]).await;
    let error = get(&server.request("/f")).await.0.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::Auth, 1));
    assert!(error.to_string().contains("--uid"), "{error}");
}

#[tokio::test]
async fn a_scheme_that_the_phone_cannot_answer_ends_the_transfer() {
    for (offer, word) in [
        (
            "Digest realm=\"cfg\", nonce=\"5f1a2b3c\", qop=\"auth-int\"",
            "no scheme that the phone knows",
        ),
        ("Negotiate", "no scheme that the phone knows"),
        ("", "no scheme that the phone knows"),
    ] {
        let server = Server::start(vec![challenge(offer)]).await;
        let error = get(&with_credentials(server.request("/f")))
            .await
            .0
            .unwrap_err();
        assert_eq!(
            (error.kind(), server.asked().len()),
            (ErrorKind::Auth, 1),
            "{offer}"
        );
        assert!(error.to_string().contains(word), "{error}");
    }
}

//= R-HTTP-5 type=test
// V-124
#[tokio::test]
async fn credentials_of_the_rule_are_for_its_server_only() {
    let other = Server::start(vec![challenge("Basic realm=\"mine\"")]).await;
    let location = format!("http://127.0.0.1:{}/steal", other.address.port());
    let first = Server::start(vec![
        challenge("Basic realm=\"cfg\""),
        moved("302 Found", &location),
    ])
    .await;
    let error = get(&with_credentials(first.request("/f")))
        .await
        .0
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.to_string().contains("another server"), "{error}");
    assert_eq!(summary(&other), [("/steal".into(), None)]);
}

//= R-HTTP-5 type=test
//= R-HTTP-7 type=test
#[tokio::test]
async fn after_a_redirect_on_the_same_server_credentials_wait_for_a_challenge() {
    let basic = || challenge("Basic realm=\"cfg\"");
    let server = Server::start(vec![
        basic(),
        moved("302 Found", "/g"),
        basic(),
        basic(),
        basic(),
    ])
    .await;
    let error = get(&with_credentials(server.request("/f")))
        .await
        .0
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    let auth = || Some(BASIC.to_owned());
    assert_eq!(
        summary(&server),
        [
            ("/f".into(), None),
            ("/f".into(), auth()),
            ("/g".into(), None),
            ("/g".into(), auth())
        ]
    );
}

//= R-HTTP-10 type=test
// V-119, in a redirect: a rule whose URL holds user-info is an error.
#[tokio::test]
async fn user_info_of_a_location_answers_a_challenge_and_is_stripped() {
    let second = Server::start(vec![
        challenge("Basic realm=\"x\""),
        answer("200 OK", "", b"x"),
    ])
    .await;
    let location = format!("http://prov:pw1@127.0.0.1:{}/g", second.address.port());
    let first = Server::start(vec![moved("302 Found", &location)]).await;
    get(&first.request("/f")).await.0.unwrap();
    assert_eq!(
        summary(&second),
        [("/g".into(), None), ("/g".into(), Some(BASIC.into()))]
    );
    assert!(second.asked().iter().all(|head| !head.contains('@')));
}

fn with_account(mut request: Request) -> Request {
    request.account = Some(Account {
        user: "stored".into(),
        password: "pw2".into(),
    });
    request
}

const STORED: &str = "Basic c3RvcmVkOnB3Mg==";

//= R-HTTP-7 type=test
//= R-HTTP-8 type=test
// V-094
#[tokio::test]
async fn the_account_of_the_phone_answers_where_rule_and_url_say_nothing() {
    let basic = || challenge("Basic realm=\"cfg\"");
    let server = Server::start(vec![basic(), answer("200 OK", "", b"x")]).await;
    get(&with_account(server.request("/f"))).await.0.unwrap();
    let said = summary(&server).into_iter().map(|(_, said)| said);
    assert_eq!(said.collect::<Vec<_>>(), [None, Some(STORED.to_owned())]);

    let server = Server::start(vec![basic()]).await;
    let both = with_account(with_credentials(server.request("/f")));
    assert_eq!(get(&both).await.0.unwrap_err().kind(), ErrorKind::Auth);
    let said = summary(&server).into_iter().map(|(_, said)| said);
    let wrong = || Some(BASIC.to_owned());
    assert_eq!(said.collect::<Vec<_>>(), [None, wrong(), wrong()]);
}

//= R-HTTP-5 type=test
//= R-HTTP-10 type=test
#[tokio::test]
async fn the_account_of_the_phone_is_for_the_first_server_and_behind_user_info() {
    let basic = || challenge("Basic realm=\"mine\"");
    let other = Server::start(vec![basic()]).await;
    let location = format!("http://127.0.0.1:{}/steal", other.address.port());
    let first = Server::start(vec![moved("302 Found", &location)]).await;
    let error = get(&with_account(first.request("/f"))).await.0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(summary(&other), [("/steal".into(), None)]);

    let second = Server::start(vec![basic(), answer("200 OK", "", b"x")]).await;
    let port = second.address.port();
    let first = Server::start(vec![moved(
        "302 Found",
        &format!("http://prov:pw1@127.0.0.1:{port}/g"),
    )])
    .await;
    get(&with_account(first.request("/f"))).await.0.unwrap();
    assert_eq!(summary(&second)[1].1.as_deref(), Some(BASIC));
}

fn addresses(list: &[[u8; 4]]) -> HttpFetch {
    let ips = list.iter().map(|ip| IpAddr::from(*ip)).collect();
    HttpFetch::new(Arc::new(Fixed(ips)), 1)
}

//= R-HTTP-18 type=test
//= R-URL-8 type=test
//= R-DNS-1 type=test
// V-107
#[tokio::test]
async fn addresses_are_tried_in_order_until_one_connects() {
    let server = Server::start(vec![answer("200 OK", "", b"x")]).await;
    let transport = addresses(&[[127, 0, 0, 9], [127, 0, 0, 1]]);
    let mut sink = RecordingSink::default();
    let request = request("prov.example", server.address.port(), "/");
    let endpoint = transport.get(&request, &mut sink).await.unwrap();
    // The address contacted first, though it refused.
    assert_eq!(endpoint.ip, Some(IpAddr::from([127, 0, 0, 9])));
    assert_eq!(sink.started, [endpoint]);
    let host = format!("Host: prov.example:{}\r\n", server.address.port());
    assert!(server.asked()[0].contains(&host));
}

//= R-HTTP-18 type=test
// V-108
#[tokio::test]
async fn an_error_status_of_one_address_is_final() {
    let (port, second) = loop {
        let first = Server::start(vec![answer("500 Oops", "", b"")]).await;
        let port = first.address.port();
        let script = vec![answer("200 OK", "", b"x")];
        // Somebody else may have the port at the other address; then another one will do.
        if let Ok(second) = Server::at(&format!("127.0.0.2:{port}"), script).await {
            break (port, second);
        }
    };
    let transport = addresses(&[[127, 0, 0, 1], [127, 0, 0, 2]]);
    let result = transport
        .get(&request("h", port, "/"), &mut RecordingSink::default())
        .await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::HttpStatus(500));
    assert_eq!(second.contacts.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn when_no_address_accepts_all_are_named() {
    let transport = addresses(&[[127, 0, 0, 8], [127, 0, 0, 9]]);
    let closed = Server::start(Vec::new()).await.address.port();
    let error = transport
        .get(
            &request("prov.example", closed, "/"),
            &mut RecordingSink::default(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let shown = error.to_string();
    for part in [
        &format!("prov.example:{closed}"),
        "127.0.0.8, 127.0.0.9",
        "firewall",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

// V-109
#[tokio::test]
async fn a_name_without_address_does_not_resolve() {
    let mut sink = RecordingSink::default();
    let result = addresses(&[]).get(&request("h", 80, "/"), &mut sink).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Dns);
    assert_eq!(sink.started, [Endpoint { ip: None }]);
}

//= R-RAD-2 type=test
//= R-DOM-2 type=test
#[tokio::test]
async fn a_redirect_to_a_forbidden_server_is_refused_without_a_packet() {
    for (domains, allowed) in [
        ("first.example", false),
        ("first.example, second.example", true),
        ("", true),
    ] {
        let second = Server::start(vec![answer("200 OK", "", b"here")]).await;
        let location = format!("http://second.example:{}/b", second.address.port());
        let first = Server::start(vec![moved("302 Found", &location)]).await;
        let mut asked = request("first.example", first.address.port(), "/a");
        asked.allowed_domains = domains.into();
        let client = HttpFetch::new(Arc::new(Fixed(vec![first.address.ip()])), 1);
        let mut sink = RecordingSink::default();
        let result = client.get(&asked, &mut sink).await;
        if allowed {
            assert!(result.is_ok(), "{domains}: {result:?}");
        } else {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::NotAllowed);
            assert_eq!(second.asked().len(), 0);
        }
    }
}
