//! Whether the certificate belongs to the server.

use std::sync::Arc;

use onhook_device::TlsFailure;
use onhook_fetch::{ErrorKind, FetchError};
use onhook_http::{HttpFetch, NameCheck};
use onhook_testkit::fake::FakeResolver;

use super::{Authority, Leaf, Secure, ask, fails, get, get_with, hello, phone, tls};
use crate::server::Server;
#[cfg(feature = "srv")]
use crate::services::by_service;

const NAME: ErrorKind = ErrorKind::Tls(TlsFailure::Name);

/// Fetches from a server with this certificate by this name.
async fn visit(leaf: &Leaf, host: &str) -> Result<Vec<u8>, FetchError> {
    let authority = Authority::new("root");
    let server = Secure::new(&authority, leaf).serve(hello()).await;
    let result = get(&phone(&authority), &ask(&server, host)).await;
    if result.is_err() {
        server.ended().notified().await;
        assert!(server.asked().is_empty());
    }
    result
}

//= R-TLS-2 type=test
//= V-112 type=test
#[tokio::test]
async fn the_host_of_the_url_must_be_among_the_alternative_names() {
    let leaf = Leaf::server(&["other.example", "*.wild.test"]);
    fails(
        visit(&leaf, "prov.test").await,
        NAME,
        &[
            "other.example",
            "*.wild.test",
            "not for prov.test",
            "correct the URL",
        ],
    );
    for host in [
        "other.example",
        "OTHER.example",
        "other.example.",
        "a.wild.test",
    ] {
        visit(&leaf, host).await.unwrap();
    }
    for host in ["a.b.wild.test", "wild.test"] {
        fails(visit(&leaf, host).await, NAME, &[]);
    }
}

//= R-TLS-2 type=test
#[tokio::test]
async fn the_common_name_counts_only_without_an_alternative_name() {
    visit(&Leaf::named("prov.test"), "prov.test").await.unwrap();
    visit(&Leaf::named("*.test.net"), "prov.test.net")
        .await
        .unwrap();
    let both = Leaf {
        common_name: "prov.test".to_owned(),
        ..Leaf::server(&["other.example"])
    };
    fails(visit(&both, "prov.test").await, NAME, &["other.example"]);
    fails(
        visit(&Leaf::named("other.test"), "prov.test").await,
        NAME,
        &["\"other.test\"", "prov.test"],
    );
}

//= R-TLS-2 type=test
#[tokio::test]
async fn an_address_needs_an_alternative_name_of_its_kind() {
    visit(&Leaf::server(&["127.0.0.1"]), "127.0.0.1")
        .await
        .unwrap();
    for leaf in [
        Leaf::server(&["prov.test"]),
        Leaf::server(&["127.0.0.2"]),
        Leaf::named("127.0.0.1"),
    ] {
        fails(visit(&leaf, "127.0.0.1").await, NAME, &["127.0.0.1"]);
    }
}

//= R-TLS-4 type=test
#[tokio::test]
async fn names_are_sent_as_sni_and_addresses_are_not() {
    let authority = Authority::new("root");
    let secure = Secure::new(&authority, &Leaf::server(&["prov.test", "127.0.0.1"]));
    let seen = secure.seen.clone();
    let server = secure.serve(hello()).await;
    for host in ["prov.test", "prov.test.", "127.0.0.1"] {
        get(&phone(&authority), &ask(&server, host)).await.unwrap();
    }
    let sni: Vec<_> = seen.lock().unwrap().iter().map(|s| s.sni.clone()).collect();
    let name = Some("prov.test".to_owned());
    assert_eq!(sni, [name.clone(), name, None]);
}

/// Visits a server as the older family does; the URL is for `url.test`.
async fn legacy(common_name: &str, host: &str) -> (Result<Vec<u8>, FetchError>, Server) {
    let authority = Authority::new("root");
    let server = Secure::new(&authority, &Leaf::named(common_name))
        .serve(hello())
        .await;
    let (here, there) = ([127, 0, 0, 1].into(), [192, 0, 2, 7].into());
    let zone = FakeResolver::new()
        .with("url.test", &[here])
        .with("prov.example", &[there, here])
        .with("elsewhere.example", &[there]);
    let fetch =
        HttpFetch::new(Arc::new(zone), 1).with_tls(tls(authority.anchors(), NameCheck::DnsOfCn));
    let result = get_with(&fetch, &ask(&server, host)).await;
    (result, server)
}

//= R-TLS-2 type=test
//= V-121 type=test
#[tokio::test]
async fn the_older_family_believes_a_common_name_that_leads_to_the_server() {
    for (common_name, host) in [
        ("prov.example/extra text", "url.test"),
        ("prov.example", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1/x", "url.test"),
    ] {
        let (result, _) = legacy(common_name, host).await;
        assert_eq!(result.unwrap(), b"hello", "{common_name}");
    }
}

//= R-TLS-2 type=test
//= V-122 type=test
#[tokio::test]
async fn the_older_family_refuses_a_common_name_that_leads_elsewhere() {
    for (common_name, words) in [
        ("elsewhere.example", &["192.0.2.7", "127.0.0.1"] as &[&str]),
        ("lost.example", &["does not resolve"]),
        ("url.test lab", &["no host name"]),
        ("/url.test", &["no host name"]),
        ("*.test", &["no host name"]),
        ("127.0.0.2", &["127.0.0.2", "127.0.0.1"]),
    ] {
        let (result, server) = legacy(common_name, "url.test").await;
        fails(result, NAME, words);
        server.ended().notified().await;
        assert!(server.asked().is_empty(), "{common_name}");
    }
}

#[tokio::test]
async fn the_name_check_can_be_replaced() {
    let authority = Authority::new("root");
    let server = Secure::new(&authority, &Leaf::named("other.test"))
        .serve(hello())
        .await;
    let phone = phone(&authority);
    fails(get(&phone, &ask(&server, "prov.test")).await, NAME, &[]);
    // Every name is 127.0.0.1 here.
    phone.set_names(NameCheck::DnsOfCn);
    get(&phone, &ask(&server, "prov.test")).await.unwrap();
}

//= R-TLS-3 type=test
//= R-TLS-4 type=test
#[cfg(feature = "srv")]
#[tokio::test]
async fn behind_srv_records_the_name_of_the_rule_counts_and_not_that_of_the_server() {
    let authority = Authority::new("root");
    for (leaf, believed) in [("example.com", true), ("pr1.example.com", false)] {
        let secure = Secure::new(&authority, &Leaf::server(&[leaf]));
        let seen = secure.seen.clone();
        let server = secure.serve(hello()).await;
        let record = (10, 0, server.address.port(), "pr1.example.com");
        let zone = FakeResolver::new()
            .with_service("_ciscoprov-https._tls.example.com", record)
            .with("pr1.example.com", &[[127, 0, 0, 1].into()]);
        let fetch = HttpFetch::new(Arc::new(zone), 0)
            .with_tls(tls(authority.anchors(), NameCheck::UrlHost));
        let request = by_service(ask(&server, "example.com"));
        let result = get_with(&fetch, &request).await;
        if !believed {
            fails(result, NAME, &["example.com", "pr1.example.com"]);
            continue;
        }
        assert_eq!(result.unwrap(), b"hello");
        let sni: Vec<_> = seen.lock().unwrap().iter().map(|s| s.sni.clone()).collect();
        assert_eq!(sni, [Some("example.com".to_owned())]);
    }
}
