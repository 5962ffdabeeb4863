//! Servers that want to know who the phone is.

use onhook_device::TlsFailure;
use onhook_fetch::ErrorKind;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use super::{Authority, Leaf, Secure, ask, fails, get, hello, phone};

const HANDSHAKE: ErrorKind = ErrorKind::Tls(TlsFailure::Handshake);
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn server(root: &Authority, version: &'static SupportedProtocolVersion) -> Secure {
    Secure::new(root, &Leaf::server(&["prov.test"])).speaks(version)
}

//= R-TLS-5 type=test
//= R-TLS-6 type=test
//= V-113 type=test
#[tokio::test]
async fn the_certificate_is_shown_to_a_server_that_asks() {
    let root = Authority::new("root");
    for version in VERSIONS {
        let secure = server(&root, version).wants(&root);
        let seen = secure.seen.clone();
        let server = secure.serve(hello()).await;
        let phone = phone(&root);
        phone.set_identity(Some(
            root.issue(&Leaf::client("CP-8851, MAC: 0")).identity(),
        ));
        assert_eq!(
            get(&phone, &ask(&server, "prov.test")).await.unwrap(),
            b"hello"
        );
        let client = seen.lock().unwrap()[0].client.clone();
        assert_eq!(client.unwrap(), "CN=CP-8851\\, MAC: 0");
    }
}

//= R-TLS-5 type=test
#[tokio::test]
async fn a_server_that_does_not_ask_sees_none() {
    let root = Authority::new("root");
    let secure = server(&root, &TLS13);
    let seen = secure.seen.clone();
    let server = secure.serve(hello()).await;
    let phone = phone(&root);
    phone.set_identity(Some(root.issue(&Leaf::client("phone")).identity()));
    get(&phone, &ask(&server, "prov.test")).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].client, None);
}

//= R-TLS-5 type=test
#[tokio::test]
async fn a_phone_without_a_certificate_is_told_that_it_needs_one() {
    let root = Authority::new("root");
    for version in VERSIONS {
        let server = server(&root, version).wants(&root).serve(hello()).await;
        let result = get(&phone(&root), &ask(&server, "prov.test")).await;
        fails(
            result,
            HANDSHAKE,
            &["prov.test", "install a client certificate"],
        );
        assert!(server.asked().is_empty());
    }
}

//= R-TLS-5 type=test
#[tokio::test]
async fn a_certificate_that_the_server_refuses_is_told_in_both_versions() {
    let (root, other) = (Authority::new("root"), Authority::new("other"));
    for version in VERSIONS {
        let server = server(&root, version).wants(&root).serve(hello()).await;
        let phone = phone(&root);
        phone.set_identity(Some(other.issue(&Leaf::client("phone")).identity()));
        let result = get(&phone, &ask(&server, "prov.test")).await;
        fails(
            result,
            HANDSHAKE,
            &["certificate of the phone", "that the server trust"],
        );
        assert!(server.asked().is_empty());
    }
}

//= R-TLS-5 type=test
#[tokio::test]
async fn another_certificate_counts_from_the_next_connection_on() {
    let root = Authority::new("root");
    let secure = server(&root, &TLS13).wants(&root);
    let seen = secure.seen.clone();
    let server = secure.serve(hello()).await;
    let phone = phone(&root);
    fails(
        get(&phone, &ask(&server, "prov.test")).await,
        HANDSHAKE,
        &[],
    );
    for name in ["first", "second"] {
        phone.set_identity(Some(root.issue(&Leaf::client(name)).identity()));
        get(&phone, &ask(&server, "prov.test")).await.unwrap();
        let client = seen.lock().unwrap().last().unwrap().client.clone();
        assert_eq!(client, Some(format!("CN={name}")));
    }
    phone.set_identity(None);
    fails(
        get(&phone, &ask(&server, "prov.test")).await,
        HANDSHAKE,
        &[],
    );
}
