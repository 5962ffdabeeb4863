//! rsyslogd, which reads both forms over both transports.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Peer, Reply, Site, profile, tool, until};
use serde_json::Value;

use crate::nginx::free_ports;
use crate::small;

/// One JSON object a message, with the packet as it came.
const TEMPLATE: &str = r#"template(name="j" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf") property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf") property(outname="msg" name="msg" format="jsonf")
  property(outname="ver" name="protocol-version" format="jsonf") property(outname="raw" name="rawmsg" format="jsonf") }
"#;

/// Starts it; messages go to `out.json` of a folder.
fn start(program: &Path, folder: &Path, port: u16) -> Peer {
    let out = folder.join("out.json");
    let inputs = format!(
        "module(load=\"imudp\") module(load=\"imtcp\")\n\
         input(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\")\n\
         input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")\n"
    );
    let action = format!(
        "action(type=\"omfile\" file=\"{}\" template=\"j\")\n",
        out.display()
    );
    let file = folder.join("rsyslog.conf");
    fs::write(&file, inputs + TEMPLATE + &action).unwrap();
    let mut command = Command::new(program);
    command
        .args(["-n", "-i", "NONE", "-f"])
        .arg(file)
        .stdin(Stdio::null());
    let peer = Peer::start(&mut command).unwrap();
    until("rsyslogd", || TcpStream::connect(("127.0.0.1", port)).ok()).unwrap();
    peer
}

/// The messages so far.
fn messages(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("out.json")).unwrap_or_default();
    // The last line may be half written.
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

//= R-LOG-2 type=test
//= R-LOG-5 type=test
#[test]
fn rsyslogd_reads_what_a_phone_says_in_both_forms_over_both_transports() {
    // V-225
    let Some(program) = tool("rsyslogd") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let port = free_ports(1)[0];
    let _server = start(&program, folder.path(), port);
    let site = Site::start().unwrap();
    site.put("/a.xml", Reply::Body(profile(small()).into_bytes()));
    let mut expected = 0;
    for (transport, format) in [
        ("udp", "rfc3164"),
        ("udp", "rfc5424"),
        ("tcp", "rfc3164"),
        ("tcp", "rfc5424"),
    ] {
        let agent = Agent::new().unwrap();
        agent
            .configure(&format!(
                "[syslog]\ntransport = \"{transport}\"\nformat = \"{format}\"\n"
            ))
            .unwrap();
        for (name, value) in [
            ("Syslog_Server", format!("127.0.0.1:{port}")),
            ("Syslog_Identifier", "$MAU".to_owned()),
        ] {
            let ended = agent.run(&["params", "set", name, &value]).unwrap();
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        // A success, and a file that is not there.
        for (file, code) in [("/a.xml", 0), ("/missing.xml", 1)] {
            let (ended, _) = agent.resync(&site.url(file)).unwrap();
            assert_eq!(ended.code, Some(code), "{ended:?}");
        }
        expected += 4;
        let seen = until("four messages", || {
            let seen = messages(folder.path());
            (seen.len() >= expected).then_some(seen)
        })
        .unwrap();
        assert_eq!(seen.len(), expected, "{seen:#?}");
        for (message, (priority, text)) in seen[expected - 4..].iter().zip([
            ("134", "Requesting resync"),
            ("134", "Successful resync"),
            ("134", "Requesting resync"),
            ("131", "Resync failed: file not found"),
        ]) {
            let case = format!("{transport} {format}: {message:#}");
            assert_eq!(message["pri"], priority, "{case}");
            let raw = message["raw"].as_str().unwrap();
            assert!(raw.contains(text), "{case}");
            assert!(!raw.contains('\n'), "{case}");
            if format == "rfc5424" {
                assert_eq!(message["ver"], "1", "{case}");
                assert_eq!(message["host"], "000E08012345", "{case}");
                assert_eq!(message["app"], "onhook", "{case}");
                assert!(message["msg"].as_str().unwrap().contains(text), "{case}");
            } else {
                assert!(raw.contains(" 000E08012345 "), "{case}");
            }
        }
    }
}
