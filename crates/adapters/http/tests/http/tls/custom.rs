//! The custom CA.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_fetch::port::CustomTrust;
use onhook_http::{NameCheck, Tls, TrustAnchors};
use onhook_testkit::contract::{self, CustomTrustFixture};

use super::{Authority, Leaf, Secure, ask, get, hello, phone, tls};

struct Custom {
    tls: Arc<Tls>,
    authorities: [Authority; 2],
}

impl Custom {
    fn new(tls: Arc<Tls>) -> Self {
        let authorities = ["authority 0", "authority 1"].map(Authority::new);
        Self { tls, authorities }
    }

    fn authority(&self, number: usize) -> &Authority {
        self.authorities.get(number).unwrap()
    }
}

#[async_trait]
impl CustomTrustFixture for Custom {
    fn trust(&self) -> Arc<dyn CustomTrust> {
        self.tls.clone()
    }

    fn name(&self, authority: usize) -> String {
        format!("authority {authority}")
    }

    fn der(&self, authority: usize) -> Vec<u8> {
        self.authority(authority).der().to_vec()
    }

    fn pem(&self, authority: usize) -> String {
        self.authority(authority).pem()
    }

    async fn believes(&mut self, authority: usize) -> bool {
        believes(&self.tls, self.authority(authority)).await
    }
}

async fn believes(tls: &Arc<Tls>, authority: &Authority) -> bool {
    let secure = Secure::new(authority, &Leaf::server(&["prov.test"]));
    let server = secure.serve(hello()).await;
    get(tls, &ask(&server, "prov.test")).await.is_ok()
}

//= R-TLS-8 type=test
#[tokio::test]
async fn tls_keeps_the_contract_of_custom_trust() {
    let nobody = tls(TrustAnchors::none(), NameCheck::UrlHost);
    contract::custom_trust(&mut Custom::new(nobody)).await;
    let bundle = phone(&Authority::new("bundle"));
    contract::custom_trust(&mut Custom::new(bundle)).await;
}

//= R-TLS-1 type=test
//= V-111 type=test
#[tokio::test]
async fn built_in_and_custom_roots_are_believed_side_by_side() {
    let [bundle, other, custom] = ["bundle", "other", "custom"].map(Authority::new);
    let tls = phone(&bundle);
    tls.believe(&[custom.der().to_vec()]).unwrap();
    assert!(believes(&tls, &bundle).await && believes(&tls, &custom).await);
    // Each stays when the other one is replaced.
    tls.set_trust(other.anchors());
    assert!(!believes(&tls, &bundle).await && believes(&tls, &custom).await);
    tls.believe(&[]).unwrap();
    assert!(believes(&tls, &other).await && !believes(&tls, &custom).await);
}

//= R-TLS-10 type=test
#[test]
fn name_and_fingerprint_are_those_that_openssl_shows() {
    let tls = tls(TrustAnchors::none(), NameCheck::UrlHost);
    let read = tls.read(include_bytes!("keys/rsa.pem")).unwrap();
    assert_eq!(read.name, "phone");
    assert_eq!(
        read.fingerprint.to_string(),
        "E8:70:38:1B:D7:55:AB:FD:3B:3F:03:EA:5D:9D:8B:59:2F:69:61:E4:7E:89:F1:94:2A:DD:10:ED:6F:EE:F2:AE"
    );
    let named = Authority::new(&format!("a\n{}", "x".repeat(300)));
    let read = tls.read(&named.der()).unwrap();
    assert_eq!(read.name, format!("a {}", "x".repeat(126)));
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let tls = tls(TrustAnchors::none(), NameCheck::UrlHost);
    let good = Authority::new("a").pem();
    for (file, words) in [
        ("<html>", "this is no certificate"),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "no certificate in the text",
        ),
        (
            &(good + "-----BEGIN CERTIFICATE-----\n&\n"),
            "certificate 2 is damaged",
        ),
    ] {
        let error = tls.read(file.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
