//! Servers that SRV records name, and addresses that are nobody's.

#[cfg(feature = "srv")]
mod records;

use std::net::IpAddr;
use std::sync::Arc;

use onhook_device::SrvWeightMode;
use onhook_fetch::port::{Fetch as _, Resolver};
use onhook_fetch::{ErrorKind, FetchError, Request, Service};
use onhook_http::HttpFetch;
use onhook_testkit::fake::{FakeResolver, RecordingSink};

use crate::server::{Fixed, Server, answer, request};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A request whose server SRV records name.
pub(crate) fn by_service(request: Request) -> Request {
    let service = Service {
        mode: SrvWeightMode::Rfc2782,
        seed: 7,
    };
    Request {
        service: Some(service),
        ..request
    }
}

async fn get(
    zone: FakeResolver,
    request: Request,
) -> (Result<(), FetchError>, RecordingSink, Vec<String>) {
    let zone = Arc::new(zone);
    let fetch = HttpFetch::new(Arc::clone(&zone) as Arc<dyn Resolver>, 0);
    let mut sink = RecordingSink::default();
    let result = fetch.get(&request, &mut sink).await.map(|_| ());
    (result, sink, zone.asked())
}

async fn hello() -> Server {
    Server::start(vec![answer("200 OK", "", b"hello")]).await
}

//= R-DNS-1 type=test
#[tokio::test]
async fn records_are_looked_up_for_names_and_only_when_asked_for() {
    let server = hello().await;
    let port = server.address.port();
    let zone = || FakeResolver::new().with("example.com", &[HERE]);
    let (result, _, asked) = get(zone(), request("example.com", port, "/")).await;
    result.unwrap();
    assert_eq!(asked, ["example.com"]);
    let (result, _, asked) = get(zone(), by_service(request("127.0.0.1", port, "/"))).await;
    result.unwrap();
    assert!(asked.is_empty(), "{asked:?}");
}

#[tokio::test]
async fn a_program_without_srv_records_says_so() {
    let server = hello().await;
    let fetch = HttpFetch::new(Arc::new(Fixed(vec![HERE])), 0);
    let request = by_service(request("example.com", server.address.port(), "/"));
    let result = fetch.get(&request, &mut RecordingSink::default()).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadUrl);
    for part in ["SRV", "--srv", "feature `dns`"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(server.asked().is_empty());
}

//= R-TFTP-22 type=test
#[tokio::test]
async fn an_address_of_many_hosts_is_not_connected_to() {
    let server = hello().await;
    let port = server.address.port();
    let nobody = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"];
    let nobody: Vec<IpAddr> = nobody.iter().map(|ip| ip.parse().unwrap()).collect();
    let (result, sink, _) = get(
        FakeResolver::new().with("h", &nobody),
        request("h", port, "/"),
    )
    .await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
    assert!(error.to_string().contains("nothing was sent"), "{error}");
    assert_eq!(sink.started[0].ip, None);
    let (result, ..) = get(FakeResolver::new(), request("0.0.0.0", port, "/")).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::NotAllowed);
    // One good address among them is enough.
    let mixed = [&nobody[..], &[HERE]].concat();
    let zone = FakeResolver::new().with("h", &mixed);
    let (result, sink, _) = get(zone, request("h", port, "/")).await;
    result.unwrap();
    assert_eq!(sink.started[0].ip, Some(HERE));
}
