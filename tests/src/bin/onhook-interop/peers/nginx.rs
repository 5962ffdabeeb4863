//! nginx.

use std::path::Path;
use std::process::Command;

use super::{Peer, Rights};
use crate::case::{Case, applied, refused};
use crate::files::{self, Sets};
use crate::group::Group;
use crate::stage::{Serving, Stage, await_ports, free_ports};
use crate::uploads;

pub(crate) const PEER: Peer = Peer {
    name: "nginx",
    program: "nginx",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[
        files::CASES,
        ANSWERS,
        TLS,
        uploads::CASES,
        uploads::REFUSED,
        files::KILLED,
        files::KILLED_TLS,
    ],
};

const AUTH: &[&str] = &["authentication failed"];
const CHAIN: &[&str] = &["certificate verify failed"];
const HANDSHAKE: &[&str] = &["tls handshake failed"];

const ANSWERS: &[Case] = &[
    applied(
        "Basic",
        "[--uid phone --pwd s3cret] {base}/basic/small.xml",
        Sets::Small,
    ),
    refused(
        "Basic, wrong password",
        "[--uid phone --pwd wrong] {base}/basic/small.xml",
        "C.auth",
        AUTH,
    ),
    refused("Basic, nobody", "{base}/basic/small.xml", "C.auth", AUTH),
    refused("folder", "{base}/", "C.http", &["http status 403"]),
    applied("302", "{base}/hop/", Sets::Small),
    refused(
        "302 to itself",
        "{base}/loop/",
        "C.http",
        &["too many redirects"],
    ),
    refused(
        "302 from TLS to plain",
        "{tls13}/down/",
        "C.policy",
        &["server not allowed"],
    ),
    refused(
        "503 with Retry-After",
        "{base}/busy/",
        "C.http",
        &["http status 503"],
    ),
    refused("204", "{base}/nothing/", "C.http", &["http status 204"]),
    refused("410", "{base}/gone/", "C.http", &["http status 410"]),
    refused(
        "closed without an answer",
        "{base}/drop/",
        "C.http",
        &["http protocol error"],
    ),
    applied("chunked", "{base}/chunked/large.xml", Sets::Large),
    applied("4 KiB a second", "{base}/slow/large.xml", Sets::Large).slow(),
];

const TLS: &[Case] = &[
    applied("TLS 1.2", "{tls12}/small.xml", Sets::Small),
    applied("TLS 1.3", "{tls13}/small.xml", Sets::Small),
    applied("TLS 1.3 by name", "{named}/small.xml", Sets::Small),
    applied("TLS 1.3, 5 MiB", "{tls13}/full.xml", Sets::Large),
    refused("TLS 1.1", "{tls11}/small.xml", "C.tls", HANDSHAKE),
    applied(
        "certificate of the phone",
        "{mutual}/small.xml",
        Sets::Small,
    )
    .with_certificate(),
    refused(
        "certificate of the phone missing",
        "{mutual}/small.xml",
        "C.http",
        &["http status 400"],
    ),
    refused("certificate expired", "{expired}/small.xml", "C.tls", CHAIN),
    refused(
        "certificate of another name",
        "{wrong}/small.xml",
        "C.tls",
        &["certificate name mismatch"],
    ),
    refused("certificate self-signed", "{own}/small.xml", "C.tls", CHAIN),
    refused(
        "TLS at a port of plain HTTP",
        "{mixed}/small.xml",
        "C.tls",
        HANDSHAKE,
    ),
];

/// One server of nginx: its name, its certificate if it speaks TLS, and what else it says.
struct Server {
    name: &'static str,
    certificate: &'static str,
    says: &'static str,
}

const fn server(name: &'static str, certificate: &'static str, says: &'static str) -> Server {
    Server {
        name,
        certificate,
        says,
    }
}

/// The first speaks plain HTTP.
const SERVERS: [Server; 8] = [
    server("plain", "", ""),
    server("tls12", "server", "ssl_protocols TLSv1.2;"),
    server(
        "tls13",
        "server",
        "ssl_protocols TLSv1.3; location /down/ { return 302 http://localhost/small.xml; }",
    ),
    server(
        "tls11",
        "server",
        "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT@SECLEVEL=0;",
    ),
    server(
        "mutual",
        "server",
        "ssl_client_certificate ca.pem; ssl_verify_client on;",
    ),
    server("expired", "expired", ""),
    server("wrong", "wrong-name", ""),
    server("own", "self-signed", ""),
];

/// The account `phone` with the password `s3cret`.
const ACCOUNTS: &str = "phone:{PLAIN}s3cret\n";

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let ports = free_ports(SERVERS.len())?;
    let mut addresses = Vec::new();
    let mut servers = String::new();
    stage.write("accounts", ACCOUNTS)?;
    for (server, port) in SERVERS.iter().zip(&ports) {
        let Server {
            name,
            certificate,
            says,
        } = server;
        let (scheme, more) = if certificate.is_empty() {
            ("http", answers(stage, *port))
        } else {
            let path = |end: &str| stage.authority.path(&format!("{certificate}.{end}"));
            let (certificate, key) = (path("pem"), path("key"));
            let files = format!("ssl_certificate {certificate:?}; ssl_certificate_key {key:?};");
            ("https", files)
        };
        let ssl = if scheme == "https" { "ssl" } else { "" };
        let ca = stage.authority.path("ca.pem").display().to_string();
        let says = says.replace("ca.pem", &ca);
        servers += &format!("server {{ listen 127.0.0.1:{port} {ssl}; {more} {says} }}\n");
        addresses.push((*name, format!("{scheme}://127.0.0.1:{port}")));
        match *name {
            "plain" => addresses.push(("mixed", format!("https://127.0.0.1:{port}"))),
            "tls13" => {
                addresses.push(("tls", format!("https://127.0.0.1:{port}")));
                addresses.push(("named", format!("https://localhost:{port}")));
            }
            _ => {}
        }
    }
    let www = stage.www();
    let file = stage.write(
        "nginx.conf",
        &format!(
            "daemon off; master_process off; user root; pid nginx.pid; events {{ }}\n\
             http {{\naccess_log off; root {www:?};\n\
             client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
             {servers}}}\n"
        ),
    )?;
    let mut command = Command::new(program);
    command
        .arg("-p")
        .arg(stage.home())
        .arg("-c")
        .arg(file)
        .args(["-e", "stderr"]);
    let mut group = Group::start(&mut command)?;
    await_ports(&mut group, &ports)?;
    let base = format!(
        "http://127.0.0.1:{}",
        ports.first().copied().unwrap_or_default()
    );
    addresses.extend([
        ("up", format!("{base}/up")),
        ("closed", format!("{base}/basic")),
    ]);
    uploads::folder(stage)?;
    Ok(Serving { group, addresses })
}

/// What the plain server answers below some paths.
fn answers(stage: &Stage, port: u16) -> String {
    let www = format!("{}/", stage.www().display());
    let home = stage.home();
    let accounts = home.join("accounts");
    [
        format!("/basic/ {{ alias {www}; auth_basic phones; auth_basic_user_file {accounts:?}; }}"),
        format!("/hop/ {{ return 302 http://127.0.0.1:{port}/small.xml; }}"),
        format!("/loop/ {{ return 302 http://127.0.0.1:{port}/loop/; }}"),
        "/busy/ { add_header Retry-After 5 always; return 503; }".to_owned(),
        "/nothing/ { return 204; }".to_owned(),
        "/gone/ { return 410; }".to_owned(),
        "/drop/ { return 444; }".to_owned(),
        // What the server looks through has no length that it could tell.
        format!("/chunked/ {{ alias {www}; ssi on; ssi_types *; }}"),
        format!("/slow/ {{ alias {www}; limit_rate 4k; }}"),
        format!("/up/ {{ root {home:?}; dav_methods PUT; client_max_body_size 6m; }}"),
    ]
    .map(|location| format!("location {location} "))
    .concat()
}
