//! The listener of the pages of a real phone.
#![cfg(test)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use onhook_tests::{Agent, tool, until};

fn agent(protocol: &str) -> Agent {
    let mut agent = Agent::new().unwrap();
    agent.set_variable("ONHOOK__WEB__LISTEN", "127.0.0.1:0");
    agent.set_variable("ONHOOK__WEB__PROTOCOL", protocol);
    let ended = agent.run(&["params", "set", "Profile_Rule", ""]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    agent
}

fn address(agent: &Agent) -> String {
    let address = until("the pages", || {
        let status = agent.status().ok()?;
        status["listen"]["web"].as_str().map(str::to_owned)
    });
    address.unwrap()
}

/// The first line of the answer; `None` if the connection is refused.
fn ask(address: &str, target: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.lines().next().map(str::to_owned)
}

//= R-WEB-1 type=test
#[test]
fn enable_web_server_closes_the_port_and_opens_it_again() {
    let agent = agent("http");
    let phone = agent.start(&["run"]).unwrap();
    let address = address(&agent);
    for (value, open) in [("No", false), ("Yes", true)] {
        let set = agent
            .run(&["params", "set", "Enable_Web_Server", value])
            .unwrap();
        assert_eq!(set.code, Some(0), "{set:?}");
        until("the listener", || {
            let answer = ask(&address, "/");
            (answer.is_some() == open).then_some(())
        })
        .unwrap();
    }
    assert_eq!(
        ask(&address, "/admin/status.xml").as_deref(),
        Some("HTTP/1.1 200 OK")
    );
    phone.kill().unwrap();
}

#[test]
fn a_phone_with_https_shows_a_certificate_of_its_own_and_keeps_it() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let agent = agent("https");
    let mut shown = Vec::new();
    for _ in 0..2 {
        let phone = agent.start(&["run"]).unwrap();
        let address = address(&agent);
        let ended = Command::new(&openssl)
            .args(["s_client", "-connect", &address, "-brief"])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(words.contains("TLSv1.3"), "{words}");
        shown.push(std::fs::read(agent.state().join("web.pem")).unwrap());
        phone.kill().unwrap();
    }
    assert_eq!(shown[0], shown[1]);
    let key = std::fs::metadata(agent.state().join("web.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}
