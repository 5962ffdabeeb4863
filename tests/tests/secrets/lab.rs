//! What the tools of the lab print of files full of secrets.

use std::fs;
use std::path::Path;
use std::process::Command;

use onhook_tests::{Digest, Lab, encrypt, program, tool};

use crate::{KEY, OTHER_KEY, PASSWORD, Said, mistakes, secrets};

/// Runs a tool of the lab on files of a folder, whatever its verdict.
fn lab(said: &mut Said, folder: &Path, words: &[&str]) {
    let mut command = Command::new(program("onhook-harness").unwrap());
    command
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("RUST_LOG", "trace")
        .env("A_KEY", KEY);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!out.is_empty() || !err.is_empty(), "{words:?} says nothing");
    let place = format!("onhook-harness {}", words[0]);
    said.0.push((format!("{place}, standard output"), out));
    said.0.push((format!("{place}, standard error"), err));
}

/// What works on the files, for people and as JSON.
const COMMANDS: &[&[&str]] = &[
    &["apply", "secrets.xml"],
    &["apply", "mistakes.xml", "--onto", "secrets.xml"],
    &["apply", "secrets.enc", "--rule", "@rule"],
    &["apply", "secrets.enc"],
    &[
        "apply",
        "secrets.xml",
        "--aes128gcm",
        "--params",
        "secrets.xml",
    ],
    &["diff", "secrets.xml", "mistakes.xml"],
    &["diff", "secrets.enc", "secrets.xml"],
    &[
        "explain",
        "--kind",
        "profile",
        "@rule",
        "--params",
        "secrets.xml",
    ],
    &[
        "explain",
        "--kind",
        "profile",
        "@broken",
        "--params",
        "secrets.xml",
    ],
    &[
        "explain",
        "--kind",
        "report",
        "@rule",
        "--params",
        "secrets.xml",
    ],
    &[
        "explain",
        "--kind",
        "trigger",
        "@rule",
        "--params",
        "secrets.xml",
    ],
    &["expand", "@rule", "--params", "secrets.xml"],
    &["decrypt", "--key-file", "wrong", "secrets.enc"],
    &["decrypt", "--ikm-env", "A_KEY", "secrets.enc"],
    &[
        "encrypt",
        "--key-env",
        "A_KEY",
        "secrets.xml",
        "-o",
        "again.enc",
    ],
];

/// Sends throwaway phones to a server that has the files.
fn tried(said: &mut Said, folder: &Path) {
    let server = Lab::start(&[]).unwrap();
    for name in ["secrets.xml", "mistakes.xml", "secrets.enc"] {
        server
            .put(name, fs::read(folder.join(name)).unwrap())
            .unwrap();
    }
    let url = |name| server.url("http", name).unwrap();
    let (open, mistaken, sealed) = (url("secrets.xml"), url("mistakes.xml"), url("secrets.enc"));
    let keyed = format!("[--key {KEY} --uid u --pwd {PASSWORD}] {sealed}");
    let mistyped = format!("[--key {KEY} --pwd {PASSWORD} {sealed}");
    for json in [&["--json"][..], &[]] {
        for words in [
            &[open.as_str()][..],
            &[&mistaken, "--params", "secrets.xml"],
            &[&keyed],
            &[&mistyped],
            &[&sealed, "--key-env", "A_KEY"],
            &[&sealed, "--key-file", "wrong"],
        ] {
            lab(said, folder, &[&["try"], words, json].concat());
        }
    }
}

/// What lint is asked.
const LINTED: &[&[&str]] = &[
    &["secrets.xml", "mistakes.xml", "secrets.enc"],
    &["--kind", "profile", "@rule"],
    &["--kind", "profile", "@broken"],
    &["--kind", "trigger", "@rule"],
];

//= R-SEC-3 type=test
#[test]
fn no_secret_is_told_by_the_tools_of_the_lab() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let file = encrypt(&openssl, KEY, Digest::Sha256, secrets().as_bytes()).unwrap();
    fs::write(path("secrets.xml"), secrets()).unwrap();
    fs::write(path("mistakes.xml"), mistakes()).unwrap();
    fs::write(path("secrets.enc"), file).unwrap();
    fs::write(path("key"), KEY).unwrap();
    fs::write(path("wrong"), OTHER_KEY).unwrap();
    let rule = format!("[--key {KEY} --pwd {PASSWORD}] http://h/$SA");
    fs::write(path("rule"), &rule).unwrap();
    fs::write(
        path("broken"),
        format!("[--key {KEY} --pwd {PASSWORD} http://h/a"),
    )
    .unwrap();
    let mut said = Said::default();
    for json in [&["--json"][..], &[]] {
        for words in COMMANDS {
            // A text for people is printed to the file alone when all is well.
            if words[0] == "encrypt" && json.is_empty() {
                continue;
            }
            lab(&mut said, folder.path(), &[*words, json].concat());
        }
    }
    for format in ["text", "json", "sarif"] {
        for what in LINTED {
            lab(
                &mut said,
                folder.path(),
                &[&["lint", "--format", format], *what].concat(),
            );
        }
    }
    tried(&mut said, folder.path());
    said.assert_silent_about_secrets();
}
