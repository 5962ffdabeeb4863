//! The order of records, and what comes of those that lead nowhere.

use onhook_device::SrvWeightMode;
use onhook_fetch::{ErrorKind, Request, Service};
use onhook_testkit::fake::FakeResolver;

use super::{HERE, by_service, get, hello};
use crate::server::{Server, request};

const NAME: &str = "_ciscoprov-http._tcp.example.com";

/// A port where nobody listens at other addresses than 127.0.0.1.
async fn closed() -> u16 {
    Server::start(Vec::new()).await.address.port()
}

//= R-DNS-2 type=test
//= R-DNS-4 type=test
//= R-HTTP-20 type=test
#[tokio::test]
async fn servers_are_tried_by_priority_until_one_connects() {
    let (server, later, closed) = (hello().await, hello().await, closed().await);
    let zone = FakeResolver::new()
        .with_service(NAME, (30, 0, later.address.port(), "pr3.example.com"))
        .with_service(NAME, (20, 0, server.address.port(), "pr2.example.com"))
        .with_service(NAME, (10, 0, closed, "pr1.example.com"))
        .with_service(NAME, (5, 0, closed, "lost.example.com"))
        .with("pr1.example.com", &[[127, 0, 0, 9].into()])
        .with("pr2.example.com", &[HERE])
        .with("pr3.example.com", &[HERE]);
    let (result, sink, asked) = get(zone, by_service(request("example.com", 80, "/p.xml"))).await;
    result.unwrap();
    assert_eq!(sink.body, b"hello");
    // The address that was contacted first, though it refused.
    assert_eq!(sink.started[0].ip, Some([127, 0, 0, 9].into()));
    assert_eq!(asked[0], NAME);
    // The URL is that of the rule, whoever serves it.
    let heads = server.asked();
    assert!(heads[0].contains("Host: example.com\r\n"), "{heads:?}");
    assert!(later.asked().is_empty());
}

//= R-DNS-4 type=test
#[tokio::test]
async fn the_seed_and_the_reading_decide_among_servers_of_one_priority() {
    let (heavy, light) = (hello().await, hello().await);
    let mut served = [0, 0];
    for (mode, seed) in (0..40)
        .map(|seed| (SrvWeightMode::Rfc2782, seed))
        .chain([(SrvWeightMode::LowFirst, 0)])
    {
        let zone = FakeResolver::new()
            .with_service(NAME, (1, 90, heavy.address.port(), "a.example.com"))
            .with_service(NAME, (1, 10, light.address.port(), "b.example.com"))
            .with("a.example.com", &[HERE])
            .with("b.example.com", &[HERE]);
        let mut request = by_service(request("example.com", 80, "/"));
        request.service = Some(Service { mode, seed });
        get(zone, request).await.0.unwrap();
        let before = served;
        served = [heavy.asked().len(), light.asked().len()];
        if mode == SrvWeightMode::LowFirst {
            assert_eq!(served[1], before[1] + 1, "the lower weight goes first");
        }
    }
    assert!(served[0] > 3 * served[1] && served[1] > 1, "{served:?}");
}

//= R-DNS-5 type=test
#[tokio::test]
async fn without_records_the_host_itself_is_the_server() {
    for records in [&[] as &[(u16, u16, u16, &str)], &[(0, 0, 443, ".")]] {
        let server = hello().await;
        let mut zone = FakeResolver::new().with("example.com", &[HERE]);
        for record in records {
            zone = zone.with_service(NAME, *record);
        }
        let port = server.address.port();
        let (result, sink, asked) = get(zone, by_service(request("example.com", port, "/"))).await;
        result.unwrap();
        assert_eq!(sink.started[0].ip, Some(HERE));
        assert_eq!(asked, [NAME, "example.com"]);
    }
}

#[tokio::test]
async fn a_name_server_that_does_not_answer_is_no_reason_to_go_elsewhere() {
    let (result, sink, _) = get(FakeResolver::silent(), by_service(request("h", 80, "/"))).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dns);
    assert!(
        error.to_string().contains("_ciscoprov-http._tcp.h"),
        "{error}"
    );
    assert_eq!(sink.started[0].ip, None);
}

//= R-RAD-2 type=test
#[tokio::test]
async fn records_lead_to_no_server_that_is_not_allowed() {
    let (server, elsewhere) = (hello().await, hello().await);
    let zone = || {
        FakeResolver::new()
            .with_service(NAME, (1, 0, elsewhere.address.port(), "example.net"))
            .with("pr2.example.com", &[HERE])
            .with("example.net", &[HERE])
    };
    let request = || Request {
        allowed_domains: "example.com".to_owned(),
        ..by_service(request("example.com", 80, "/"))
    };
    let second = (2, 0, server.address.port(), "pr2.example.com");
    get(zone().with_service(NAME, second), request())
        .await
        .0
        .unwrap();
    let (result, ..) = get(zone(), request()).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
    assert!(
        error.to_string().contains("Restricted_Access_Domains"),
        "{error}"
    );
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn when_no_server_accepts_the_last_one_is_named() {
    let closed = closed().await;
    let zone = FakeResolver::new()
        .with_service(NAME, (1, 0, closed, "pr1.example.com"))
        .with_service(NAME, (2, 0, closed, "pr2.example.com"))
        .with("pr1.example.com", &[[127, 0, 0, 8].into()])
        .with("pr2.example.com", &[[127, 0, 0, 9].into()]);
    let (result, ..) = get(zone, by_service(request("example.com", 80, "/"))).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(
        error
            .to_string()
            .contains(&format!("pr2.example.com:{closed}")),
        "{error}"
    );
}
