//! Whom the phone believes, and what it reads from files.

use onhook_device::TlsFailure;
use onhook_fetch::ErrorKind;
use onhook_http::{Identity, NameCheck, TlsError, TrustAnchors};

use super::pki::block;
use super::{Authority, Leaf, Secure, ask, fails, get, hello, phone, tls};

const CHAIN: ErrorKind = ErrorKind::Tls(TlsFailure::Chain);

//= R-TLS-1 type=test
//= V-110 type=test
#[tokio::test]
async fn an_untrusted_chain_ends_before_any_request_byte() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let secure = Secure::new(&theirs, &Leaf::server(&["prov.test"]));
    let seen = secure.seen.clone();
    let server = secure.serve(hello()).await;
    let result = get(&phone(&ours), &ask(&server, "prov.test")).await;
    let port = server.address.port().to_string();
    fails(
        result,
        CHAIN,
        &[
            "prov.test",
            &port,
            "nobody whom the phone trusts",
            "give the phone the root",
        ],
    );
    server.ended().notified().await;
    assert!(server.asked().is_empty() && seen.lock().unwrap().is_empty());
}

//= R-TLS-1 type=test
#[tokio::test]
async fn a_self_signed_server_and_an_empty_trust_are_refused() {
    let ours = Authority::new("ours");
    let leaf = Leaf::server(&["prov.test"]);
    let server = Secure::with(leaf.self_signed()).serve(hello()).await;
    let result = get(&phone(&ours), &ask(&server, "prov.test")).await;
    fails(result, CHAIN, &["nobody whom the phone trusts"]);

    let server = Secure::new(&ours, &leaf).serve(hello()).await;
    let nobody = tls(TrustAnchors::none(), NameCheck::UrlHost);
    let result = get(&nobody, &ask(&server, "prov.test")).await;
    fails(result, CHAIN, &["trusts no certificate authority"]);
}

//= R-TLS-1 type=test
//= V-111 type=test
#[tokio::test]
async fn anchors_of_both_sets_are_believed_and_can_be_replaced() {
    let (bundle, custom) = (Authority::new("bundle"), Authority::new("custom"));
    let leaf = Leaf::server(&["prov.test"]);
    let first = Secure::new(&bundle, &leaf).serve(hello()).await;
    let second = Secure::new(&custom, &leaf).serve(hello()).await;
    let phone = phone(&bundle);
    fails(get(&phone, &ask(&second, "prov.test")).await, CHAIN, &[]);
    let both = bundle.anchors().union(&custom.anchors());
    assert_eq!((both.len(), both.union(&custom.anchors()).len()), (2, 2));
    phone.set_trust(both);
    for server in [&first, &second] {
        assert_eq!(
            get(&phone, &ask(server, "prov.test")).await.unwrap(),
            b"hello"
        );
    }
    phone.set_trust(custom.anchors());
    fails(get(&phone, &ask(&first, "prov.test")).await, CHAIN, &[]);
}

#[tokio::test]
async fn a_chain_needs_its_certificate_in_between() {
    let root = Authority::new("root");
    let middle = root.below("middle", (2020, 2040));
    let leaf = Leaf::server(&["prov.test"]);
    let complete = Secure::with(middle.issue(&leaf).with(&middle));
    let server = complete.serve(hello()).await;
    get(&phone(&root), &ask(&server, "prov.test"))
        .await
        .unwrap();
    let server = Secure::new(&middle, &leaf).serve(hello()).await;
    let result = get(&phone(&root), &ask(&server, "prov.test")).await;
    fails(result, CHAIN, &["certificates in between"]);
}

#[test]
fn anchors_are_read_from_one_text_with_several_certificates() {
    let (a, b) = (Authority::new("a"), Authority::new("b"));
    let text = format!("# a comment\n{}\n{}", a.pem(), b.pem());
    assert_eq!(TrustAnchors::from_pem(text.as_bytes()).unwrap().len(), 2);
    assert!(TrustAnchors::none().is_empty());
}

#[test]
fn a_text_without_a_good_certificate_says_which_one_is_bad() {
    let good = Authority::new("a").pem();
    let trust = |text: &str| TrustAnchors::from_pem(text.as_bytes()).unwrap_err();
    for text in ["", "hello", &block("PRIVATE KEY", b"x")] {
        assert_eq!(trust(text), TlsError::NoCertificate);
    }
    assert_eq!(
        trust(&format!("{good}-----BEGIN CERTIFICATE-----\nAAAA\n")),
        TlsError::BadPem {
            number: 2,
            what: "its END line is missing"
        }
    );
    let text = format!("{good}-----BEGIN CERTIFICATE-----\n&\n-----END CERTIFICATE-----\n");
    assert!(matches!(trust(&text), TlsError::BadPem { number: 2, .. }));
    let error = trust(&(good + &block("CERTIFICATE", b"no DER")));
    assert!(matches!(error, TlsError::BadCertificate { number: 2, .. }));
    assert!(error.to_string().contains("export it again"), "{error}");
}

/// Keys of openssl, made for this test alone.
const RSA_KEY: &str = include_str!("keys/rsa-pkcs1.pem");
const RSA_CERTIFICATE: &str = include_str!("keys/rsa.pem");
const EC_KEY: &str = include_str!("keys/ec-sec1.pem");
const EC_CERTIFICATE: &str = include_str!("keys/ec.pem");

//= R-TLS-5 type=test
#[test]
fn keys_of_every_usual_form_are_read() {
    let made = Authority::new("root").issue(&Leaf::client("phone"));
    assert_eq!(made.identity().subject(), "CN=phone");
    for (chain, key) in [(RSA_CERTIFICATE, RSA_KEY), (EC_CERTIFICATE, EC_KEY)] {
        let identity = Identity::from_pem(chain.as_bytes(), &key.into()).unwrap();
        assert_eq!(identity.subject(), "CN=phone");
    }
    // Both in one file, the key first.
    let both = format!("{EC_KEY}{EC_CERTIFICATE}");
    Identity::from_pem(both.as_bytes(), &both.as_str().into()).unwrap();
}

//= R-TLS-5 type=test
#[test]
fn a_key_that_does_not_fit_is_told_without_showing_it() {
    let authority = Authority::new("root");
    let (chain, key) = authority.issue(&Leaf::client("phone")).pem();
    let (_, other) = authority.issue(&Leaf::client("other")).pem();
    let read = |chain: &str, key: &str| {
        let result = Identity::from_pem(chain.as_bytes(), &key.into());
        result.unwrap_err()
    };
    let error = read(&chain, &other);
    assert!(matches!(&error, TlsError::KeyMismatch { subject } if subject == "CN=phone"));
    let secret = other.lines().nth(1).unwrap();
    let garbage = block("PRIVATE KEY", b"canary-canary-canary");
    for (error, word) in [
        (error, "does not fit the certificate (CN=phone)"),
        (read(&chain, ""), "no private key"),
        (read(&chain, &chain), "no private key"),
        (
            read(&chain, &block("ENCRYPTED PRIVATE KEY", b"x")),
            "encrypted",
        ),
        (read(&chain, &garbage), "kind cannot be used"),
        (read(&chain, "-----BEGIN PRIVATE KEY-----\nAA"), "END line"),
        (read("", &key), "no certificate"),
        (read(&block("CERTIFICATE", b"x"), &key), "certificate 1"),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word), "{shown}");
        assert!(
            !shown.contains(secret) && !shown.contains("canary"),
            "{shown}"
        );
    }
}

#[test]
fn debug_output_shows_neither_key_nor_certificate() {
    let authority = Authority::new("root");
    let phone = phone(&authority);
    phone.set_identity(Some(authority.issue(&Leaf::client("phone")).identity()));
    let shown = format!("{phone:?}");
    assert_eq!(
        shown,
        "Tls { trust: TrustAnchors(1), identity: Some(Identity(\"CN=phone\")), names: UrlHost, .. }"
    );
}
