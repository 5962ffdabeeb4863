//! Transfers through a proxy.

use std::net::IpAddr;

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{Endpoint, ErrorKind, FetchError, Proxy, Request};
use onhook_http::Limits;
use onhook_testkit::fake::RecordingSink;

use crate::digest::Said;
use crate::server::{Script, Server, Then, answer, request, transport};

const BASIC: &str = "Proxy-Authorization: Basic dTpw";

async fn get(request: &Request) -> (Result<Endpoint, FetchError>, RecordingSink) {
    let mut sink = RecordingSink::default();
    let result = transport(Limits::default()).get(request, &mut sink).await;
    (result, sink)
}

/// A request for a name that only the proxy can look up.
fn through(proxy: &Server, account: Option<(&str, &str)>) -> Request {
    let mut request = request("prov.invalid", 80, "/f?x=1");
    request.proxy = Some(Proxy {
        host: proxy.address.ip().to_string(),
        port: proxy.address.port(),
        user: account.map(|(user, _)| user.into()),
        password: account.map(|(_, password)| password.into()),
    });
    request
}

fn challenge(value: &str) -> Script {
    let header = format!("Proxy-Authenticate: {value}\r\n");
    answer("407 Who", &header, b"who are you?")
}

fn good() -> Script {
    answer("200 OK", "", b"x")
}

fn said(head: &str, name: &str) -> Option<Said> {
    let value = head.lines().find_map(|line| line.strip_prefix(name));
    value.map(|value| Said(value.trim_start_matches(": ").to_owned()))
}

//= R-PROXY-1 type=test
//= R-HTTP-19 type=test
//= R-HTTP-2 type=test
// V-115
#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url_and_looks_the_name_up_itself() {
    let proxy = Server::start(vec![good()]).await;
    let (result, sink) = get(&through(&proxy, Some(("u", "p")))).await;
    let endpoint = Endpoint {
        ip: Some(IpAddr::from([127, 0, 0, 1])),
    };
    assert_eq!(result.unwrap(), endpoint);
    assert_eq!(
        (sink.started.as_slice(), sink.body.as_slice()),
        (&[endpoint][..], &b"x"[..])
    );
    assert_eq!(
        proxy.asked(),
        [
            "GET http://prov.invalid/f?x=1 HTTP/1.1\r\nHost: prov.invalid\r\n\
          User-Agent: Cisco-CP-8841-3PCC/11.3.2 (000e08aabbcc)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        ]
    );
    let mut elsewhere = through(&proxy, None);
    elsewhere.host = "2001:db8::1".into();
    elsewhere.port = 8080;
    get(&elsewhere).await.0.unwrap();
    assert!(proxy.asked()[1].starts_with("GET http://[2001:db8::1]:8080/f?x=1 "));
}

//= R-PROXY-2 type=test
//= R-HTTP-2 type=test
#[tokio::test]
async fn proxy_and_server_are_both_answered() {
    let digest = "Digest realm=\"cfg\", nonce=\"n\", qop=\"auth\"";
    let who = answer("401 Who", "WWW-Authenticate: Basic realm=\"r\"\r\n", b"");
    let proxy = Server::start(vec![challenge(digest), who, good()]).await;
    let mut request = through(&proxy, Some(("prov", "pw1")));
    request.user = Some("u".into());
    request.password = Some("p".into());
    request.post = Some("a=1".into());
    get(&request).await.0.unwrap();
    let asked = proxy.asked();
    assert!(!asked[0].contains("uthorization"));
    for (n, count) in [(1, "00000001"), (2, "00000002")] {
        let said = said(&asked[n], "Proxy-Authorization").unwrap();
        assert!(said.is_right("POST"), "{}", said.0);
        assert_eq!(said.get("nc").as_deref(), Some(count));
        assert_eq!(said.get("uri").as_deref(), Some("/f?x=1"));
        assert!(asked[n].ends_with("\r\n\r\na=1"));
    }
    assert!(!asked[1].contains("\r\nAuthorization"));
    let names = asked[2]
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.0));
    let names: Vec<_> = names.collect();
    let order = [
        "Host",
        "User-Agent",
        "Accept",
        "Connection",
        "Authorization",
        "Proxy-Authorization",
        "Content-Type",
        "Content-Length",
    ];
    assert_eq!(names, order);
}

//= R-PROXY-2 type=test
#[tokio::test]
async fn a_proxy_is_answered_twice_and_only_with_credentials_of_its_own() {
    for (account, requests) in [(Some(("u", "p")), 3), (None, 1)] {
        let proxy = Server::start(vec![challenge("Basic realm=\"p\"")]).await;
        let mut request = through(&proxy, account);
        request.user = Some("rule".into());
        request.password = Some("canary".into());
        let error = get(&request).await.0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProxyAuth, "{error}");
        assert_eq!(proxy.asked().len(), requests, "{error}");
        let answered = proxy
            .asked()
            .iter()
            .filter(|head| head.contains(BASIC))
            .count();
        assert_eq!(answered, requests - 1);
        assert!(
            error.to_string().contains("the proxy 127.0.0.1:"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_speaks_as_a_proxy_is_not_answered() {
    let server = Server::start(vec![challenge("Basic realm=\"p\"")]).await;
    let error = get(&server.request("/f")).await.0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpStatus(407));
}

//= R-HTTP-19 type=test
#[tokio::test]
async fn redirects_lead_through_the_same_proxy() {
    let location = "Location: http://other.invalid:8080/g\r\n";
    let proxy = Server::start(vec![answer("302 Found", location, b""), good()]).await;
    get(&through(&proxy, None)).await.0.unwrap();
    assert!(
        proxy.asked()[1].starts_with(
            "GET http://other.invalid:8080/g HTTP/1.1\r\nHost: other.invalid:8080\r\n"
        )
    );
}

//= R-DOM-1 type=test
#[tokio::test]
async fn a_proxy_that_is_not_listed_is_not_contacted() {
    let proxy = Server::start(vec![good()]).await;
    let mut request = through(&proxy, None);
    request.allowed_domains = "prov.invalid".into();
    let (result, sink) = get(&request).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
    assert!(
        error.to_string().contains("the proxy 127.0.0.1:"),
        "{error}"
    );
    assert!(proxy.asked().is_empty() && sink.started.is_empty());
    request.allowed_domains = "prov.invalid, 127.0.0.1".into();
    get(&request).await.0.unwrap();
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_named() {
    let proxy = Server::start(vec![(Vec::new(), Then::Close)]).await;
    let mut request = through(&proxy, None);
    request.proxy.as_mut().unwrap().host = "p.invalid".into();
    let error = get(&request).await.0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dns);
    assert!(
        error.to_string().contains("the proxy p.invalid:"),
        "{error}"
    );
}

#[cfg(feature = "_tls")]
mod tunnel {
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::tls::{Setup, https};

    /// A proxy that answers CONNECT with a text for each connection, and goes on to the server after `200`.
    struct Tunnels {
        address: SocketAddr,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl Tunnels {
        async fn start(server: SocketAddr, answers: Vec<&'static str>) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let tunnels = Self {
                address: listener.local_addr().unwrap(),
                asked: Arc::default(),
            };
            let asked = tunnels.asked.clone();
            tokio::spawn(async move {
                for answer in answers {
                    let (mut near, _) = listener.accept().await.unwrap();
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(near.read_u8().await.unwrap());
                    }
                    asked.lock().unwrap().push(String::from_utf8(head).unwrap());
                    near.write_all(answer.as_bytes()).await.unwrap();
                    if answer.starts_with("HTTP/1.1 200") {
                        let mut far = TcpStream::connect(server).await.unwrap();
                        // Either side may go at any moment.
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                }
            });
            tunnels
        }

        fn asked(&self) -> Vec<String> {
            self.asked.lock().unwrap().clone()
        }
    }

    const OPEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
    const WHO: &str =
        "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 3\r\n\r\nwho";

    async fn get(setup: &Setup, server: &Server, tunnels: &Tunnels) -> Result<Vec<u8>, FetchError> {
        let mut request = https(server.request("/f"));
        request.proxy = Some(Proxy {
            host: tunnels.address.ip().to_string(),
            port: tunnels.address.port(),
            user: Some("u".into()),
            password: Some("p".into()),
        });
        let fetch = transport(Limits::default()).with_tls(setup.phone());
        let mut sink = RecordingSink::default();
        let result = fetch.get(&request, &mut sink).await;
        assert_eq!(sink.started.len(), 1);
        result.map(|_| sink.body)
    }

    //= R-PROXY-1 type=test
    //= R-PROXY-2 type=test
    // V-116
    #[tokio::test]
    async fn https_is_spoken_with_the_server_through_a_tunnel() {
        let setup = Setup::plain();
        let server = setup.serve(vec![good()]).await;
        let tunnels = Tunnels::start(server.address, vec![WHO, OPEN]).await;
        assert_eq!(get(&setup, &server, &tunnels).await.unwrap(), b"x");
        let wanted = format!(
            "CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: Cisco-CP-8841-3PCC/11.3.2 (000e08aabbcc)\r\n",
            server.address
        );
        assert_eq!(
            tunnels.asked(),
            [format!("{wanted}\r\n"), format!("{wanted}{BASIC}\r\n\r\n")]
        );
        let inside = &server.asked()[0];
        assert!(inside.starts_with("GET /f HTTP/1.1\r\n"), "{inside}");
        assert!(!inside.contains("Proxy"), "{inside}");
    }

    //= R-PROXY-2 type=test
    #[tokio::test]
    async fn a_third_challenge_to_connect_ends_the_transfer() {
        let setup = Setup::plain();
        let server = setup.serve(vec![good()]).await;
        let tunnels = Tunnels::start(server.address, vec![WHO; 4]).await;
        let error = get(&setup, &server, &tunnels).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProxyAuth);
        assert_eq!(tunnels.asked().len(), 3);
    }

    #[tokio::test]
    async fn a_tunnel_that_does_not_come_is_no_answer_of_the_server() {
        let long = Box::leak(
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(20_000)).into_boxed_str(),
        );
        for (answer, kind) in [
            ("HTTP/1.1 403 No\r\n\r\n", ErrorKind::HttpStatus(403)),
            // Not the file of the rule is missing.
            ("HTTP/1.1 404 No\r\n\r\n", ErrorKind::HttpStatus(404)),
            (
                "HTTP/1.1 302 Go\r\nLocation: http://h/\r\n\r\n",
                ErrorKind::HttpStatus(302),
            ),
            ("SSH-2.0-x\r\n", ErrorKind::Protocol),
            ("", ErrorKind::Protocol),
            ("HTTP/1.1 200 OK\r\n\r\nearly", ErrorKind::Protocol),
            (long, ErrorKind::TooLarge),
        ] {
            let setup = Setup::plain();
            let server = setup.serve(vec![good()]).await;
            let tunnels = Tunnels::start(server.address, vec![answer]).await;
            let error = get(&setup, &server, &tunnels).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{answer:.40}: {error}");
            assert!(
                error.to_string().contains("the proxy 127.0.0.1:"),
                "{error}"
            );
            assert!(server.asked().is_empty());
        }
    }

    //= R-TLS-1 type=test
    #[tokio::test]
    async fn a_proxy_cannot_stand_in_for_the_server() {
        let other = Setup::plain();
        let server = other.serve(vec![good()]).await;
        let tunnels = Tunnels::start(server.address, vec![OPEN]).await;
        let error = get(&Setup::plain(), &server, &tunnels).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{error}");
        assert!(server.asked().is_empty());
    }
}
