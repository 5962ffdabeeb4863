//! nginx: plain, with TLS of both versions, by name, and with a certificate of the phone.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Authority, EC, Peer, tool, try_out, until};

use crate::fleets::{PHONES, own_files, played, provisioned};
use crate::{check, fill, small, try_all};

const HERE: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
const PHONE: &str = "/O=Example/CN=CP-8841-3PCC, MAC: 000E08012345";

/// What a server of nginx says beside its address, files and certificate.
const SERVERS: [&str; 5] = [
    "",
    "ssl_protocols TLSv1.2;",
    "ssl_protocols TLSv1.3;",
    "ssl_client_certificate ca.pem; ssl_verify_client on;",
    // A rule that names no host that nginx knows ends in the server before this one.
    "server_name localhost;",
];

/// nginx with one server for each way to ask, and a phone that trusts it.
struct Lab {
    nginx: Peer,
    agent: Agent,
    authority: Authority,
    ports: Vec<u16>,
}

impl Lab {
    /// `None` after saying that the test is skipped.
    fn new() -> Option<Self> {
        let (program, openssl) = tool("nginx").zip(tool("openssl"))?;
        let authority = Authority::new(openssl).unwrap();
        authority.issue("server", HERE).unwrap();
        authority.request("phone", EC, PHONE).unwrap();
        let usage = "extendedKeyUsage=clientAuth\n";
        authority.sign("phone", usage, 30).unwrap();
        fill(&authority.path("root"));
        let ports = free_ports(SERVERS.len());
        fs::write(authority.path("nginx.conf"), configuration(&ports)).unwrap();
        let nginx = start(program, &authority);
        for port in &ports {
            until("nginx", || TcpStream::connect(("127.0.0.1", *port)).ok()).unwrap();
        }
        let agent = Agent::new().unwrap();
        let lab = Self {
            nginx,
            agent,
            authority,
            ports,
        };
        lab.configure(false);
        Some(lab)
    }

    fn configure(&self, with_certificate: bool) {
        let path = |name| self.authority.path(name);
        let mut text = format!("[tls]\ntrust = {:?}\n", path("ca.pem"));
        if with_certificate {
            let (certificate, key) = (path("phone.pem"), path("phone.key"));
            text += &format!("client_certificate = {certificate:?}\nclient_key = {key:?}\n");
        }
        self.agent.configure(&text).unwrap();
    }

    /// The next request in the access log.
    #[track_caller]
    fn logged(&mut self) -> String {
        self.nginx.line(|line| line.starts_with("GET ")).unwrap()
    }
}

/// Ports on which nobody listens.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<_> = (0..count)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap())
        .collect();
    let port = |socket: &TcpListener| socket.local_addr().unwrap().port();
    sockets.iter().map(port).collect()
}

fn configuration(ports: &[u16]) -> String {
    let mut servers = String::new();
    for (at, (port, options)) in ports.iter().zip(SERVERS).enumerate() {
        let tls = "ssl_certificate server.pem; ssl_certificate_key server.key;";
        let (ssl, tls) = if at == 0 { ("", "") } else { ("ssl", tls) };
        servers += &format!("server {{ listen 127.0.0.1:{port} {ssl}; {tls} {options} }}\n");
    }
    let named = ports[4];
    format!(
        "daemon off; master_process off; pid nginx.pid; events {{ }}\n\
         http {{\n\
         log_format short '$request_method $uri $status $ssl_protocol $ssl_server_name \"$ssl_client_s_dn\"';\n\
         access_log /dev/stdout short; root root;\n\
         client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
         {servers}\
         server {{ listen 127.0.0.1:{named} ssl default_server; ssl_reject_handshake on; }}\n\
         }}\n"
    )
}

fn start(program: PathBuf, authority: &Authority) -> Peer {
    let mut command = Command::new(program);
    let prefix = authority.folder();
    command
        .arg("-p")
        .arg(prefix)
        .args(["-c", "nginx.conf", "-e", "stderr"])
        .stdin(Stdio::null());
    Peer::start(&mut command).unwrap()
}

//= R-TLS-6 type=test
#[test]
fn profiles_come_from_nginx_plain_and_over_both_versions_of_tls() {
    let Some(mut lab) = Lab::new() else {
        return;
    };
    for (at, scheme, logged) in [
        (0, "http", "GET /small.xml 200 - - \"-\""),
        (1, "https", "GET /small.xml 200 TLSv1.2 - \"-\""),
        (2, "https", "GET /small.xml 200 TLSv1.3 - \"-\""),
    ] {
        lab.agent = Agent::new().unwrap();
        lab.configure(false);
        check(
            &lab.agent,
            &format!("{scheme}://127.0.0.1:{}", lab.ports[at]),
        );
        assert_eq!(lab.logged(), logged);
        for file in ["large.xml 200", "large.xml.gz 200", "missing.xml 404"] {
            let line = lab.logged();
            assert!(line.starts_with(&format!("GET /{file}")), "{line}");
        }
    }
}

#[test]
fn a_fleet_is_provisioned_by_nginx_plain_and_over_both_versions_of_tls() {
    let Some(lab) = Lab::new() else {
        return;
    };
    own_files(&lab.authority.path("root"));
    let ca = lab.authority.path("ca.pem");
    let trust = ["--ca", ca.to_str().unwrap()];
    for (at, scheme) in [(0, "http"), (1, "https"), (2, "https")] {
        let base = format!("{scheme}://127.0.0.1:{}", lab.ports[at]);
        provisioned(&base, &trust);
    }
    // Who is not trusted provisions nobody.
    let base = format!("https://127.0.0.1:{}", lab.ports[2]);
    let document = played(&base, &[], 1);
    assert_eq!(document["outcomes"]["C.tls"], PHONES, "{document:#}");
}

#[test]
fn a_fleet_tells_that_nginx_died_in_the_middle() {
    let Some(lab) = Lab::new() else {
        return;
    };
    own_files(&lab.authority.path("root"));
    let base = format!("http://127.0.0.1:{}", lab.ports[0]);
    let Lab { mut nginx, .. } = lab;
    let fleet = std::thread::spawn(move || played(&base, &["--ramp", "5"], 1));
    // Some have been there.
    for _ in 0..20 {
        nginx.line(|line| line.starts_with("GET ")).unwrap();
    }
    nginx.kill().unwrap();
    let document = fleet.join().unwrap();
    let (succeeded, failed) = (
        document["totals"]["succeeded"].as_u64().unwrap(),
        document["totals"]["failed"].as_u64().unwrap(),
    );
    assert!(succeeded >= 20 && failed >= 1, "{document:#}");
    assert_eq!(succeeded + failed, u64::from(PHONES), "{document:#}");
    assert_eq!(document["interrupted"], false);
    let message = document["faults"][0]["message"].as_str().unwrap();
    assert!(message.contains("check "), "what to do: {message}");
}

#[test]
fn throwaway_phones_visit_nginx() {
    let Some(lab) = Lab::new() else {
        return;
    };
    let ca = lab.authority.path("ca.pem");
    let trust = ["--ca", ca.to_str().unwrap()];
    try_all(&format!("http://127.0.0.1:{}", lab.ports[0]), &[]);
    let base = format!("https://127.0.0.1:{}", lab.ports[2]);
    try_all(&base, &trust);
    let url = format!("{base}/small.xml");
    for (url, options, code) in [
        (&url, &[][..], "not-trusted"),
        (&url.replace("https:", "http:"), &trust, "http-status"),
    ] {
        let (ended, document) = try_out(&[&[url.as_str()], options].concat()).unwrap();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(document["verdict"]["code"], code, "{document:#}");
    }
}

//= R-TLS-4 type=test
#[test]
fn nginx_is_told_the_name_in_the_url_and_no_address() {
    let Some(mut lab) = Lab::new() else {
        return;
    };
    let port = lab.ports[4];
    let rule = format!("https://localhost:{port}/small.xml");
    let (ended, _) = lab.agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let logged = "GET /small.xml 200 TLSv1.2 localhost \"-\"";
    assert_eq!(lab.logged(), logged);
    let (ended, document) = lab
        .agent
        .resync(&format!("https://127.0.0.1:{port}/small.xml"))
        .unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(document["err"], "tls handshake failed", "{document:#}");
    let message = document["rules"][0]["message"].as_str().unwrap();
    assert!(message.contains("does not know the name"), "{message}");
    assert_eq!(lab.agent.changed().unwrap(), small());
}

//= R-TLS-5 type=test
#[test]
fn nginx_sees_the_certificate_of_the_phone_and_refuses_a_phone_without() {
    let Some(mut lab) = Lab::new() else {
        return;
    };
    let base = format!("127.0.0.1:{}", lab.ports[3]);
    let rule = format!(
        "(\"$CCERT\" eq \"Installed\")? https://{base}/small.xml | https://{base}/none.xml"
    );
    let (ended, document) = lab.agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    // nginx completes the handshake and refuses with a page.
    assert_eq!(document["err"], "http status 400", "{document:#}");
    assert_eq!(lab.logged(), "GET /none.xml 400 TLSv1.2 - \"-\"");
    assert_eq!(lab.agent.changed().unwrap().len(), 0);
    lab.configure(true);
    let (ended, _) = lab.agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // nginx escapes the backslash that escapes the comma.
    let subject = r"CN=CP-8841-3PCC\x5C, MAC: 000E08012345,O=Example";
    let logged = format!("GET /small.xml 200 TLSv1.2 - \"{subject}\"");
    assert_eq!(lab.logged(), logged);
    assert_eq!(lab.agent.changed().unwrap(), small());
}
