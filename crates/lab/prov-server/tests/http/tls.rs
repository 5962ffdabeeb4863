//! HTTPS, visited by the transport of the phone.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::TlsFailure;
use onhook_fetch::port::{Fetch as _, ResolveError, Resolver};
use onhook_fetch::{ErrorKind, FetchError, Request, Scheme};
use onhook_http::{HttpFetch, Identity, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime};
use onhook_prov_server::{
    Certificate, Config, FailedHandshake, Https, Limits, ServeError, Server, ServerEvent,
};
use onhook_testkit::fake::RecordingSink;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::Lab;

/// Every name is this host.
struct ThisHost;

#[async_trait]
impl Resolver for ThisHost {
    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

struct Clock;

impl TrustedTime for Clock {
    fn now(&self) -> TrustTime {
        TrustTime::Known(1_780_000_000)
    }
}

pub(crate) fn made(names: &[&str]) -> Https {
    Https {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        certificate: Certificate::Made {
            names: names.iter().map(ToString::to_string).collect(),
        },
        client_ca: None,
    }
}

async fn serve(change: impl FnOnce(&Path) -> Https) -> Lab {
    let lab = Lab::with(|dir, config| {
        config.http = None;
        config.https = Some(change(dir));
        config.access_log = Some(dir.join("access.log"));
    })
    .await;
    lab.write("a.xml", "<flat-profile/>");
    lab
}

pub(crate) fn phone(anchors: &str) -> Arc<Tls> {
    let anchors = TrustAnchors::from_pem(anchors.as_bytes()).unwrap();
    Arc::new(Tls::new(anchors, NameCheck::UrlHost, Arc::new(Clock)).unwrap())
}

pub(crate) async fn get(lab: &Lab, tls: &Arc<Tls>, host: &str) -> Result<Vec<u8>, FetchError> {
    let request = Request {
        scheme: Scheme::Https,
        host: host.into(),
        port: address(lab).port(),
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
        limit: 1_000,
        timeout: Duration::from_secs(10),
    };
    let mut sink = RecordingSink::default();
    let fetch = HttpFetch::new(Arc::new(ThisHost), 1).with_tls(tls.clone());
    fetch.get(&request, &mut sink).await.map(|_| sink.body)
}

fn address(lab: &Lab) -> SocketAddr {
    lab.running.https_addr().unwrap()
}

async fn failed(lab: &mut Lab) -> FailedHandshake {
    match lab.events.next().await {
        Some(ServerEvent::Handshake(failed)) => failed,
        other => panic!("{other:?}"),
    }
}

/// Files of an authority and of a certificate of it.
struct Files {
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

fn issue(dir: &Path, names: &[&str], subject: &str) -> Files {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, subject);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &ca).unwrap();
    let file = |name: &str, text: String| {
        let path = dir.join(format!("{subject}-{name}.pem"));
        fs::write(&path, text).unwrap();
        path
    };
    Files {
        ca: file("ca", ca.pem()),
        certificate: file("certificate", certificate.pem()),
        key: file("key", key.serialize_pem()),
    }
}

fn identity(files: &Files) -> Option<Identity> {
    let key = onhook_device::Secret::new(fs::read(&files.key).unwrap());
    let chain = fs::read(&files.certificate).unwrap();
    Some(Identity::from_pem(&chain, &key).unwrap())
}

#[tokio::test]
async fn a_made_certificate_names_this_host_and_the_given_names() {
    let mut lab = serve(|_| made(&["prov.test", "192.0.2.1"])).await;
    let phone = phone(lab.running.authority().unwrap());
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(get(&lab, &phone, host).await.unwrap(), b"<flat-profile/>");
        let access = lab.access().await;
        assert_eq!(access.status, Some(200));
        let tls = access.tls.unwrap();
        assert_eq!((tls.version, tls.client), ("TLSv1.3", None));
    }
    // What the certificate says shows in a refusal.
    let error = get(&lab, &phone, "elsewhere.test").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls(TlsFailure::Name));
    for name in ["localhost", "127.0.0.1", "::1", "prov.test", "192.0.2.1"] {
        assert!(error.to_string().contains(name), "{error}");
    }
    let reason = failed(&mut lab).await.reason;
    assert!(
        reason.contains("refuses the certificate of the server"),
        "{reason}"
    );
    let log = fs::read_to_string(lab.dir.path().join("access.log")).unwrap();
    assert_eq!(log.matches(" \"phone\" TLSv1.3\n").count(), 2, "{log}");
    assert!(
        log.contains(" TLS handshake failed: the client refuses"),
        "{log}"
    );
}

#[tokio::test]
async fn certificate_and_key_may_come_from_files() {
    let mut anchors = String::new();
    let lab = serve(|dir| {
        let files = issue(dir, &["127.0.0.1"], "server");
        anchors = fs::read_to_string(files.ca).unwrap();
        Https {
            certificate: Certificate::Files {
                certificate: files.certificate,
                key: files.key,
            },
            ..made(&[])
        }
    })
    .await;
    assert_eq!(lab.running.authority(), None);
    get(&lab, &phone(&anchors), "127.0.0.1").await.unwrap();
}

//= R-TLS-5 type=test
#[tokio::test]
async fn with_a_client_ca_only_phones_with_its_certificates_are_served() {
    let mut files = None;
    let mut lab = serve(|dir| {
        let (ours, other) = (issue(dir, &[], "phone-1"), issue(dir, &[], "phone-2"));
        let client_ca = Some(ours.ca.clone());
        files = Some((ours, other));
        Https {
            client_ca,
            ..made(&[])
        }
    })
    .await;
    let (ours, other) = files.unwrap();
    let phone = phone(lab.running.authority().unwrap());
    phone.set_identity(identity(&ours));
    get(&lab, &phone, "127.0.0.1").await.unwrap();
    let access = lab.access().await;
    let client = access.tls.unwrap().client.unwrap();
    assert!(client.contains("CN=phone-1"), "{client}");

    for (identity, word) in [
        (None, "showed no certificate"),
        (identity(&other), "certificate of the client is refused"),
    ] {
        phone.set_identity(identity);
        let error = get(&lab, &phone, "127.0.0.1").await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Tls(TlsFailure::Handshake),
            "{error}"
        );
        let reason = failed(&mut lab).await.reason;
        assert!(reason.contains(word), "{reason}");
    }
}

#[tokio::test]
async fn clients_that_do_not_speak_tls_are_logged_with_the_reason() {
    let mut lab = serve(|_| made(&[])).await;
    let mut stream = TcpStream::connect(address(&lab)).await.unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let reason = failed(&mut lab).await.reason;
    assert!(reason.contains("plain HTTP"), "{reason}");

    let stream = TcpStream::connect(address(&lab)).await.unwrap();
    let client = stream.local_addr().unwrap();
    drop(stream);
    let event = failed(&mut lab).await;
    assert_eq!(
        (event.client, event.reason.as_str()),
        (client, "the client left")
    );
}

#[tokio::test]
async fn a_handshake_has_a_time_limit_and_takes_a_slot() {
    let mut lab = Lab::with(|_, config| {
        config.http = None;
        config.https = Some(made(&[]));
        config.limits = Limits {
            handshake_time: Duration::from_millis(50),
            connections: 1,
            ..Limits::default()
        };
    })
    .await;
    lab.write("a.xml", "x");
    let mut silent = TcpStream::connect(address(&lab)).await.unwrap();
    let phone = phone(lab.running.authority().unwrap());
    // Waits for the only slot until the silent client is given up.
    assert_eq!(get(&lab, &phone, "127.0.0.1").await.unwrap(), b"x");
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
    let reason = failed(&mut lab).await.reason;
    assert!(reason.contains("not complete in time"), "{reason}");
    assert_eq!(lab.access().await.status, Some(200));
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_handshake() {
    let lab = serve(|_| made(&[])).await;
    let mut silent = TcpStream::connect(address(&lab)).await.unwrap();
    silent.write_all(b"\x16").await.unwrap();
    lab.running.stop().await;
    // Closed or reset, whichever comes first.
    let _ = silent.read(&mut [0; 1]).await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (issue(dir.path(), &[], "a"), issue(dir.path(), &[], "b"));
    let files = |certificate: &Path, key: &Path| Https {
        certificate: Certificate::Files {
            certificate: certificate.into(),
            key: key.into(),
        },
        ..made(&[])
    };
    let lost = dir.path().join("lost.pem");
    let with_ca = |path: &Path| Https {
        client_ca: Some(path.into()),
        ..made(&[])
    };
    for (https, words) in [
        (
            files(&a.certificate, &b.key),
            &["a-certificate.pem", "b-key.pem", "does not fit"] as &[&str],
        ),
        (files(&a.key, &a.key), &["a-key.pem", "no certificate"]),
        (files(&lost, &a.key), &["lost.pem", "No such file"]),
        (
            with_ca(&a.key),
            &["client certificates", "a-key.pem", "no certificate"],
        ),
        (with_ca(&lost), &["lost.pem"]),
        (
            made(&["prov.t\u{e9}st"]),
            &["prov.t\u{e9}st", "host name in ASCII"],
        ),
    ] {
        let config = Config {
            https: Some(https),
            ..Config::local(dir.path())
        };
        let error = Server::start(config).await.err().unwrap();
        let text = told(&error);
        for word in words {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(!text.contains("BEGIN PRIVATE"), "{text}");
    }
}

fn told(error: &ServeError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}
