//! Apache, which wants Digest and Basic answers.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Peer, tool, until};

use crate::{fill, small};

const MODULES: &str = "/usr/lib/apache2/modules";
/// The login of `prov` with `pw1`, as htdigest writes it.
const DIGEST: &str = "prov:phones:962f3ab0be1f2e2dbc4d4d0c617549b6\n";
/// The same, as `htpasswd -s` writes it.
const BASIC: &str = "prov:{SHA}AsWT/Zr4JUuFnUJqdrbNQoR/vsE=\n";

fn configuration(folder: &Path, port: u16) -> String {
    let home = folder.display();
    let modules: String = [
        "mpm_event",
        "authn_core",
        "authn_file",
        "authz_core",
        "authz_user",
        "auth_basic",
        "auth_digest",
        "alias",
    ]
    .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
    .concat();
    format!(
        "ServerRoot {home}\nPidFile {home}/apache.pid\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n\
         ServerName localhost\nListen 127.0.0.1:{port}\n{modules}\
         DocumentRoot {home}/root\nLogFormat \"%m %U %>s\" short\nCustomLog /dev/stdout short\n\
         Alias /digest {home}/root\nAlias /basic {home}/root\n\
         <Directory />\nRequire all granted\n</Directory>\n\
         <Location /digest>\nAuthType Digest\nAuthName phones\nAuthUserFile {home}/digest\nRequire valid-user\n</Location>\n\
         <Location /basic>\nAuthType Basic\nAuthName phones\nAuthUserFile {home}/basic\nRequire valid-user\n</Location>\n"
    )
}

/// Apache with a folder for each scheme; `None` after saying that the test is skipped.
fn start(folder: &Path) -> Option<(Peer, u16)> {
    let program = tool("apache2")?;
    fill(&folder.join("root"));
    fs::write(folder.join("digest"), DIGEST).unwrap();
    fs::write(folder.join("basic"), BASIC).unwrap();
    let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    let file = folder.join("apache.conf");
    fs::write(&file, configuration(folder, port)).unwrap();
    let mut command = Command::new(program);
    command
        .arg("-f")
        .arg(&file)
        .arg("-DFOREGROUND")
        .stdin(Stdio::null());
    let apache = Peer::start(&mut command).unwrap();
    until("apache", || TcpStream::connect(("127.0.0.1", port)).ok()).unwrap();
    Some((apache, port))
}

//= R-HTTP-7 type=test
//= R-HTTP-9 type=test
//= R-HTTP-10 type=test
#[test]
fn apache_takes_a_digest_and_a_basic_login_and_refuses_a_wrong_one() {
    let home = tempfile::tempdir().unwrap();
    let Some((mut apache, port)) = start(home.path()) else {
        return;
    };
    let right = "--uid prov --pwd pw1";
    for (folder, options, err, statuses) in [
        ("digest", right, "OK", &["GET 401", "GET 200"][..]),
        ("basic", right, "OK", &["GET 401", "GET 200"]),
        (
            "digest",
            "--uid prov --pwd canary",
            "authentication failed",
            &["GET 401", "GET 401", "GET 401"],
        ),
        ("digest", "", "authentication failed", &["GET 401"]),
        (
            "digest",
            "--uid prov --pwd pw1 --post a",
            "OK",
            &["POST 401", "POST 200"],
        ),
    ] {
        let agent = Agent::new().unwrap();
        let rule = format!("[{options}] http://127.0.0.1:{port}/{folder}/small.xml");
        let (ended, document) = agent.resync(&rule).unwrap();
        assert_eq!(document["err"], err, "{options}: {document:#}");
        assert_eq!(ended.code, Some(i32::from(err != "OK")), "{ended:?}");
        let applied = if err == "OK" {
            small()
        } else {
            Default::default()
        };
        assert_eq!(agent.changed().unwrap(), applied);
        assert!(!ended.out.contains("canary") && !ended.err.contains("canary"));
        for status in statuses {
            let logged = apache.line(|_| true).unwrap();
            let (method, status) = status.split_once(' ').unwrap();
            assert_eq!(logged, format!("{method} /{folder}/small.xml {status}"));
        }
    }
}

//= R-HTTP-7 type=test
//= R-HTTP-8 type=test
// V-094
#[test]
fn apache_takes_the_profile_account_unless_the_rule_has_a_login_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let Some((mut apache, port)) = start(home.path()) else {
        return;
    };
    let agent = Agent::new().unwrap();
    let file = agent.place("account");
    fs::write(&file, "pw1\n").unwrap();
    agent
        .configure(&format!(
            "[account]\nuser = \"prov\"\npassword_file = {file:?}\n"
        ))
        .unwrap();
    let url = format!("http://127.0.0.1:{port}/digest/small.xml");
    let wrong = format!("[--uid prov --pwd canary] {url}");
    for (rule, err, statuses) in [
        (&wrong, "authentication failed", &["401", "401", "401"][..]),
        (&url, "OK", &["401", "200"]),
    ] {
        let (ended, document) = agent.resync(rule).unwrap();
        assert_eq!(document["err"], err, "{document:#}");
        assert!(!ended.out.contains("pw1") && !ended.err.contains("pw1"));
        for status in statuses {
            let logged = apache.line(|_| true).unwrap();
            assert_eq!(logged, format!("GET /digest/small.xml {status}"));
        }
    }
    assert_eq!(agent.changed().unwrap(), small());
}
