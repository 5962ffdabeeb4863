//! Profiles as operators make them: openssl, gzip, and the web server of Python.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Content, Digest, Peer, Touched, encrypt, gzip, profile, strace, tool};
use serde_json::Value;

const KEY: &str = "SecretPhrase1234";

/// The web server of Python on a free port, which it tells in its first line.
struct Python {
    _peer: Peer,
    url: String,
}

impl Python {
    fn serve(python: &Path, folder: &Path) -> Self {
        let mut command = Command::new(python);
        command
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"])
            .arg("--directory")
            .arg(folder)
            .stdin(Stdio::null());
        let mut peer = Peer::start(&mut command).unwrap();
        let line = peer.line(|line| line.contains("http://")).unwrap();
        let (_, rest) = line.split_once("http://").unwrap();
        let (address, _) = rest.split_once('/').unwrap();
        Self {
            url: format!("http://{address}"),
            _peer: peer,
        }
    }
}

fn content() -> Content {
    [
        ("GPP_A", "from a real tool & <more>"),
        ("Display_Name_1_", "Grüße"),
        ("Resync_Periodic", "7200"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Applies a file to a phone that has never run, and then once more.
#[track_caller]
fn check(python: &Path, file: &[u8], key: Option<&str>, container: &str, is_gzip: bool) {
    let agent = Agent::new().unwrap();
    let folder = agent.place("www");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("phone.xml"), file).unwrap();
    let server = Python::serve(python, &folder);
    let url = format!("{}/phone.xml", server.url);
    let rule = key.map_or(url.clone(), |key| format!("[--key {key}] {url}"));

    let (ended, first) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(first["outcome"], "applied");
    assert_eq!(first["rules"][0]["container"], container);
    assert_eq!(first["rules"][0]["gzip"], is_gzip);
    assert_eq!(first["rules"][0]["bytes"], file.len());
    assert_eq!(first["rules"][0]["url"], url);
    let changes: Content = serde_json::from_value(first["changes"].clone()).unwrap();
    assert_eq!(changes, content());
    assert_eq!(
        writes(&first),
        (1, 1),
        "parameters, and that the phone is provisioned"
    );
    assert_eq!(agent.changed().unwrap(), content());

    let (ended, second) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(second["outcome"], "applied");
    assert_eq!(second["rules"][0]["changed"], 0);
    //= R-APP-7 type=test
    assert_eq!(writes(&second), (0, 0));
}

fn writes(document: &Value) -> (u64, u64) {
    let count = |name: &str| document[name].as_u64().unwrap();
    (count("flash_writes"), count("state_writes"))
}

#[track_caller]
fn check_encrypted(digest: Digest, container: &str) {
    let (Some(openssl), Some(zip), Some(python)) = (tool("openssl"), tool("gzip"), tool("python3"))
    else {
        return;
    };
    let text = profile(content());
    let plain = encrypt(&openssl, KEY, digest, text.as_bytes()).unwrap();
    check(&python, &plain, Some(KEY), container, false);
    let zipped = gzip(&zip, text.as_bytes()).unwrap();
    let zipped = encrypt(&openssl, KEY, digest, &zipped).unwrap();
    check(&python, &zipped, Some(KEY), container, true);
}

#[test]
fn profiles_encrypted_by_openssl_with_md5_are_applied_once() {
    check_encrypted(Digest::Md5, "salted-md5");
}

#[test]
fn profiles_encrypted_by_openssl_with_sha256_are_applied_once() {
    check_encrypted(Digest::Sha256, "salted-sha256");
}

#[test]
fn profiles_in_the_clear_are_applied_once() {
    let (Some(zip), Some(python)) = (tool("gzip"), tool("python3")) else {
        return;
    };
    let text = profile(content());
    check(&python, text.as_bytes(), None, "none", false);
    let zipped = gzip(&zip, text.as_bytes()).unwrap();
    check(&python, &zipped, None, "none", true);
}

//= R-APP-7 type=test
#[test]
fn a_resync_that_changes_nothing_writes_no_file() {
    let (Some(strace), Some(openssl), Some(python)) = (strace(), tool("openssl"), tool("python3"))
    else {
        return;
    };
    let mut agent = Agent::new().unwrap();
    let folder = agent.place("www");
    fs::create_dir(&folder).unwrap();
    let file = encrypt(&openssl, KEY, Digest::Sha256, profile(content()).as_bytes()).unwrap();
    fs::write(folder.join("phone.xml"), file).unwrap();
    let server = Python::serve(&python, &folder);
    let rule = format!("[--key {KEY}] {}/phone.xml", server.url);

    let mut recorded = |name: &str| {
        let recording = agent.place(name);
        fs::create_dir(&recording).unwrap();
        agent.run_under(strace.recording(&recording));
        let (ended, document) = agent.resync(&rule).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let touched = Touched::read(&recording, &agent.state()).unwrap();
        (touched, writes(&document))
    };
    let did = |touched: &[Touched], call: &str, path: &str| {
        touched
            .iter()
            .any(|t| t.call.starts_with(call) && t.path == path && !t.refused)
    };

    let (first, written) = recorded("first");
    assert_eq!(written, (1, 1));
    for file in ["params.bin.tmp", "state.bin.tmp"] {
        for call in ["open", "write", "fsync", "rename"] {
            assert!(did(&first, call, file), "{call} {file}: {first:?}");
        }
    }
    assert!(
        did(&first, "fsync", ""),
        "the names are flushed too: {first:?}"
    );

    let (second, written) = recorded("second");
    assert_eq!(written, (0, 0));
    assert!(
        did(&second, "open", "lock"),
        "the tracer sees the lock: {second:?}"
    );
    let changed: Vec<_> = second.iter().filter(|t| !is_harmless(t)).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

/// The lock file is opened for writing and never written. Opening a store flushes the names in the directory, which
/// writes nothing unless a commit was cut off, and asks for drafts of such a commit to be removed.
fn is_harmless(touched: &Touched) -> bool {
    let lock = touched.path == "lock" && touched.call.starts_with("open");
    let settled = touched.path.is_empty() && touched.call == "fsync";
    lock || settled || touched.refused
}
