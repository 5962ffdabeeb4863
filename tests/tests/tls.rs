//! TLS against openssl, in both directions.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use onhook_device::{Secret, TlsFailure};
use onhook_fetch::port::Fetch as _;
use onhook_fetch::{ErrorKind, FetchError, Request, Scheme};
use onhook_http::{HttpFetch, Identity, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime};
use onhook_system::SystemResolver;
use onhook_testkit::fake::RecordingSink;
use onhook_tests::{Authority, Peer, program, tool};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const PROFILE: &str = "<flat-profile><GPP_A>over TLS</GPP_A></flat-profile>";
const CLIENT_SUBJECT: &str = "/O=Example/CN=CP-8851-3PCC, MAC: 001122334455";

/// The time that openssl takes for its certificates too.
struct Clock;

impl TrustedTime for Clock {
    fn now(&self) -> TrustTime {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        TrustTime::Known(since.as_secs())
    }
}

/// Certificates of openssl beside a profile.
struct Lab {
    authority: Authority,
    runtime: Runtime,
}

impl Lab {
    fn new(openssl: PathBuf) -> Self {
        let authority = Authority::new(openssl).unwrap();
        fs::write(authority.path("a.xml"), PROFILE).unwrap();
        authority
            .issue("server", "subjectAltName=IP:127.0.0.1\n")
            .unwrap();
        authority
            .request("client", "rsa:2048", CLIENT_SUBJECT)
            .unwrap();
        authority
            .sign("client", "extendedKeyUsage=clientAuth\n", 30)
            .unwrap();
        let runtime = Builder::new_current_thread().enable_all().build();
        Self {
            authority,
            runtime: runtime.unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.authority.path(name)
    }

    fn serve(&self, options: &str) -> (Peer, u16) {
        self.authority.serve("server", options).unwrap()
    }

    fn phone(&self) -> Arc<Tls> {
        let anchors = TrustAnchors::from_pem(&read(&self.path("ca.pem"))).unwrap();
        Arc::new(Tls::new(anchors, NameCheck::UrlHost, Arc::new(Clock)).unwrap())
    }

    fn identity(&self, key: &str) -> Identity {
        let key = Secret::new(read(&self.path(key)));
        Identity::from_pem(&read(&self.path("client.pem")), &key).unwrap()
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

fn get(lab: &Lab, tls: &Arc<Tls>, port: u16) -> Result<Vec<u8>, FetchError> {
    let request = Request {
        scheme: Scheme::Https,
        host: "127.0.0.1".into(),
        port,
        path: "/a.xml".into(),
        proxy: None,
        service: None,
        allowed_domains: String::new(),
        user_agent: "phone".into(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 10_000,
        timeout: Duration::from_secs(20),
    };
    let fetch = HttpFetch::new(Arc::new(SystemResolver), 1).with_tls(tls.clone());
    let mut sink = RecordingSink::default();
    lab.runtime.block_on(fetch.get(&request, &mut sink))?;
    Ok(sink.body)
}

//= R-TLS-6 type=test
#[test]
fn the_phone_fetches_from_openssl_in_both_versions() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let lab = Lab::new(openssl);
    for version in ["-tls1_2", "-tls1_3"] {
        let (_server, port) = lab.serve(version);
        assert_eq!(
            get(&lab, &lab.phone(), port).unwrap(),
            PROFILE.as_bytes(),
            "{version}"
        );
    }
    let (_server, port) = lab.serve("-tls1_1 -cipher DEFAULT@SECLEVEL=0");
    let error = get(&lab, &lab.phone(), port).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls(TlsFailure::Handshake));
    assert!(error.to_string().contains("enable TLS 1.2"), "{error}");
}

//= R-TLS-5 type=test
#[test]
fn openssl_is_shown_the_certificate_of_the_phone_and_misses_it() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let lab = Lab::new(openssl);
    lab.authority
        .openssl("rsa -traditional -in client.key -out client-pkcs1.key")
        .unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let options = format!("{version} -Verify 1 -verify_return_error -CAfile ca.pem");
        let (_server, port) = lab.serve(&options);
        let phone = lab.phone();
        for key in ["client.key", "client-pkcs1.key"] {
            phone.set_identity(Some(lab.identity(key)));
            assert_eq!(
                get(&lab, &phone, port).unwrap(),
                PROFILE.as_bytes(),
                "{version} {key}"
            );
        }
        phone.set_identity(None);
        let error = get(&lab, &phone, port).unwrap_err();
        let kind = ErrorKind::Tls(TlsFailure::Handshake);
        assert_eq!(error.kind(), kind, "{version}: {error}");
        let said = error.to_string();
        assert!(said.contains("install a client certificate"), "{said}");
    }
}

#[test]
fn openssl_believes_the_certificate_that_the_lab_makes() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let lab = Lab::new(openssl.clone());
    let mut harness = Command::new(program("onhook-harness").unwrap());
    harness
        .args([
            "serve",
            "--json",
            "--http",
            "off",
            "--https",
            "127.0.0.1:0",
            "--root",
            ".",
        ])
        .args([
            "--tls-name",
            "prov.test",
            "--tls-ca-out",
            "made.pem",
            "--client-ca",
            "ca.pem",
        ])
        .current_dir(lab.authority.folder())
        .stdin(Stdio::null());
    let mut serving = Peer::start(&mut harness).unwrap();
    let listening: Value = serde_json::from_str(&serving.line(|_| true).unwrap()).unwrap();
    let address = listening["https"].as_str().unwrap();

    for name in ["prov.test", "localhost"] {
        let mut client = Command::new(&openssl);
        client
            .args([
                "s_client",
                "-quiet",
                "-verify_return_error",
                "-CAfile",
                "made.pem",
            ])
            .args(["-cert", "client.pem", "-key", "client.key"])
            .args(["-verify_hostname", name, "-connect", address])
            .current_dir(lab.authority.folder())
            .stdin(Stdio::piped());
        let mut client = Peer::start(&mut client).unwrap();
        client.give("GET /a.xml HTTP/1.0\r\n\r\n").unwrap();
        let ended = client.end().unwrap();
        assert!(ended.out.ends_with(PROFILE), "{name}: {ended:?}");
        let event: Value = serde_json::from_str(&serving.line(|_| true).unwrap()).unwrap();
        assert_eq!(event["tls"]["version"], "TLSv1.3");
        let subject = "O=Example, CN=CP-8851-3PCC\\, MAC: 001122334455";
        assert_eq!(event["tls"]["client"], subject);
    }
}
