//! The web server of python3.

use std::process::{Command, Stdio};

use onhook_tests::{Agent, Peer, tool};

use crate::{check, fill, try_all};

#[test]
fn profiles_come_from_python() {
    let Some(program) = tool("python3") else {
        return;
    };
    let agent = Agent::new().unwrap();
    let root = agent.place("www");
    fill(&root);
    let mut command = Command::new(program);
    // Port 0 takes a free one, which the first line tells.
    command
        .args([
            "-u",
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "--directory",
        ])
        .arg(&root)
        .arg("0")
        .stdin(Stdio::null());
    let mut server = Peer::start(&mut command).unwrap();
    let line = server.line(|line| line.contains(" port ")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let at = words.iter().position(|word| *word == "port").unwrap();
    let base = format!("http://127.0.0.1:{}", words[at + 1]);
    check(&agent, &base);
    try_all(&base, &[]);
    // A listing is a page.
    let (ended, document) = onhook_tests::try_out(&[&format!("{base}/?x")]).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(document["verdict"]["code"], "html-page", "{document:#}");
}
