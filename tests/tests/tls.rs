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
use onhook_tests::{Peer, program, tool};
use serde_json::Value;
use tempfile::TempDir;
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

/// Certificates of openssl, as an operator makes them, beside a profile.
struct Lab {
    openssl: PathBuf,
    dir: TempDir,
    runtime: Runtime,
}

impl Lab {
    fn new(openssl: PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.xml"), PROFILE).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build();
        let lab = Self {
            openssl,
            dir,
            runtime: runtime.unwrap(),
        };
        let root = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout ca.key -out ca.pem \
                    -addext keyUsage=critical,keyCertSign";
        lab.openssl(root, &["-subj", "/CN=Test Root"]);
        let ec = "ec -pkeyopt ec_paramgen_curve:prime256v1";
        lab.issue("server", ec, "/CN=server", "subjectAltName=IP:127.0.0.1\n");
        lab.issue(
            "client",
            "rsa:2048",
            CLIENT_SUBJECT,
            "extendedKeyUsage=clientAuth\n",
        );
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    #[track_caller]
    fn openssl(&self, line: &str, more: &[&str]) {
        let output = Command::new(&self.openssl)
            .args(line.split_whitespace())
            .args(more)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
    }

    /// Makes `NAME.pem` and `NAME.key`.
    fn issue(&self, name: &str, key: &str, subject: &str, extensions: &str) {
        let request = format!("req -newkey {key} -nodes -keyout {name}.key -out {name}.csr");
        self.openssl(&request, &["-subj", subject]);
        fs::write(self.path("extensions"), extensions).unwrap();
        let sign = format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile extensions -out {name}.pem"
        );
        self.openssl(&sign, &[]);
    }

    /// Serves the folder, and gives the port.
    fn serve(&self, options: &str) -> (Peer, u16) {
        let mut command = Command::new(&self.openssl);
        command
            .args("s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -WWW".split(' '))
            .args(options.split_whitespace())
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        let mut peer = Peer::start(&mut command).unwrap();
        let line = peer.line(|line| line.starts_with("ACCEPT ")).unwrap();
        let port = line.rsplit(':').next().unwrap().trim().parse().unwrap();
        (peer, port)
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
        allowed_domains: String::new(),
        user_agent: "phone".into(),
        user: None,
        password: None,
        limit: 10_000,
        timeout: Duration::from_secs(20),
    };
    let fetch = HttpFetch::new(Arc::new(SystemResolver)).with_tls(tls.clone());
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
    lab.openssl("rsa -traditional -in client.key -out client-pkcs1.key", &[]);
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
    let lab = Lab::new(openssl);
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
        .current_dir(lab.dir.path())
        .stdin(Stdio::null());
    let mut serving = Peer::start(&mut harness).unwrap();
    let listening: Value = serde_json::from_str(&serving.line(|_| true).unwrap()).unwrap();
    let address = listening["https"].as_str().unwrap();

    for name in ["prov.test", "localhost"] {
        let mut client = Command::new(&lab.openssl);
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
            .current_dir(lab.dir.path())
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
