//! tinyproxy and squid between the phone and its server.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Lab, Peer, profile, tool, until};

use crate::small;

const SQUID_LOGIN: &str = "/usr/lib/squid/digest_file_auth";

fn free_port() -> u16 {
    let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    socket.local_addr().unwrap().port()
}

/// tinyproxy, which wants a Basic login; `None` after saying that the test is skipped.
fn tinyproxy(folder: &Path) -> Option<(Peer, u16)> {
    let program = tool("tinyproxy")?;
    let port = free_port();
    let file = folder.join("tinyproxy.conf");
    let text = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nAllow 127.0.0.1\nBasicAuth phone pw1\nLogLevel Connect\n"
    );
    fs::write(&file, text).unwrap();
    start(Command::new(program).arg("-d").arg("-c").arg(file), port)
}

/// squid, which wants a Digest login.
fn squid(folder: &Path) -> Option<(Peer, u16)> {
    let program = tool("squid")?;
    let port = free_port();
    let file = folder.join("squid.conf");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let login = folder.join("login");
    fs::write(&login, "phone:pw1\n").unwrap();
    let home = folder.display();
    let text = format!(
        "http_port 127.0.0.1:{port}\npid_filename {home}/squid.pid\ncoredump_dir {home}\ncache deny all\n\
         access_log stdio:{home}/access.log\ncache_log {home}/cache.log\nshutdown_lifetime 0 seconds\n\
         auth_param digest program {SQUID_LOGIN} {}\nauth_param digest realm phones\nauth_param digest children 1\n\
         acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n",
        login.display()
    );
    fs::write(&file, text).unwrap();
    start(Command::new(program).arg("-N").arg("-f").arg(file), port)
}

fn start(command: &mut Command, port: u16) -> Option<(Peer, u16)> {
    let proxy = Peer::start(command.stdin(Stdio::null())).unwrap();
    until("the proxy", || TcpStream::connect(("127.0.0.1", port)).ok()).unwrap();
    Some((proxy, port))
}

/// A phone behind the proxy.
fn phone(port: u16, password: &str, ca: &Path) -> Agent {
    let agent = Agent::new().unwrap();
    agent
        .configure(&format!("[tls]\ntrust = {ca:?}\n"))
        .unwrap();
    for (name, value) in [
        ("Proxy_Mode", "Manual"),
        ("Proxy_Host", "127.0.0.1"),
        ("Proxy_Port", &port.to_string()),
        ("Proxy_Server_Requires_Authentication", "Yes"),
        ("Proxy_Username", "phone"),
        ("Proxy_Password", password),
    ] {
        let ended = agent.run(&["params", "set", name, value]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    agent
}

#[track_caller]
fn check(start: impl Fn(&Path) -> Option<(Peer, u16)>, refusals: [&str; 2]) {
    let home = tempfile::tempdir().unwrap();
    let Some((_proxy, port)) = start(home.path()) else {
        return;
    };
    let ca = home.path().join("ca.pem");
    let options = [
        "--https",
        "127.0.0.1:0",
        "--tls-ca-out",
        ca.to_str().unwrap(),
    ];
    let lab = Lab::start(&options).unwrap();
    lab.put("small.xml", profile(small())).unwrap();
    for (scheme, refusal) in ["http", "https"].into_iter().zip(refusals) {
        let url = format!("{scheme}://{}/small.xml", lab.address(scheme).unwrap());
        let agent = phone(port, "pw1", &ca);
        let (ended, document) = agent.resync(&url).unwrap();
        assert_eq!(ended.code, Some(0), "{document:#}");
        let mut changed = agent.changed().unwrap();
        changed.retain(|name, _| !name.starts_with("Proxy_"));
        assert_eq!(changed, small());

        let agent = phone(port, "canary", &ca);
        let (ended, document) = agent.resync(&url).unwrap();
        assert_eq!(ended.code, Some(1), "{document:#}");
        assert_eq!(document["err"], refusal, "{document:#}");
        assert!(!ended.out.contains("canary") && !ended.err.contains("canary"));
    }
}

//= R-PROXY-1 type=test
//= R-PROXY-2 type=test
//= R-HTTP-19 type=test
#[test]
fn profiles_come_through_tinyproxy() {
    // It asks with 407 and refuses with 401, as if it were the server.
    check(tinyproxy, ["authentication failed", "http status 401"]);
}

//= R-PROXY-1 type=test
//= R-PROXY-2 type=test
//= R-HTTP-9 type=test
#[test]
fn profiles_come_through_squid_which_wants_a_digest() {
    check(squid, ["proxy authentication failed"; 2]);
}
