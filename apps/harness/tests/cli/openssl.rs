//! Both ways between this program and `openssl enc`.

use std::process::Command;

use crate::common::{has_tool, run};

const KEYS: [&str; 3] = [
    "SecretPhrase1234",
    "a37d2fb9055c1d04883a0745eb0917a4",
    "with blank \u{e4}",
];

fn openssl(args: &[&str]) {
    let output = Command::new("openssl").args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Profiles whose lengths fall on every place of a block, and a long one.
fn profiles() -> impl Iterator<Item = String> {
    let profile = |len| {
        format!(
            "<flat-profile><GPP_A>{}</GPP_A></flat-profile>",
            "x".repeat(len)
        )
    };
    [0, 3, 4, 11, 100_000].into_iter().map(profile)
}

//= R-CBC-1 type=test
#[test]
fn openssl_reads_what_we_encrypt() {
    if !has_tool("openssl") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (clear, enc, out) = (path("clear"), path("enc"), path("out"));
    for (content, key) in profiles().zip(KEYS.into_iter().cycle()) {
        std::fs::write(&clear, &content).unwrap();
        for digest in ["md5", "sha256"] {
            assert_eq!(
                run(&[
                    "encrypt", "--key", key, "--digest", digest, &clear, "-o", &enc
                ])
                .status,
                0
            );
            openssl(&[
                "enc",
                "-d",
                "-aes-256-cbc",
                "-md",
                digest,
                "-k",
                key,
                "-in",
                &enc,
                "-out",
                &out,
            ]);
            assert_eq!(std::fs::read_to_string(&out).unwrap(), content);
        }
    }
    // The digest that openssl takes by itself is ours too.
    run(&["encrypt", "--key", "k", &clear, "-o", &enc]);
    openssl(&[
        "enc",
        "-d",
        "-aes-256-cbc",
        "-k",
        "k",
        "-in",
        &enc,
        "-out",
        &out,
    ]);
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&clear).unwrap());
}

#[test]
fn we_read_what_openssl_encrypts_and_find_its_digest() {
    if !has_tool("openssl") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (clear, enc) = (path("clear"), path("enc"));
    for (content, key) in profiles().zip(KEYS.into_iter().cycle()) {
        std::fs::write(&clear, &content).unwrap();
        for digest in ["md5", "sha256"] {
            openssl(&[
                "enc",
                "-aes-256-cbc",
                "-md",
                digest,
                "-k",
                key,
                "-in",
                &clear,
                "-out",
                &enc,
            ]);
            let ended = run(&["decrypt", "--key", key, &enc]);
            assert_eq!(ended.text(), content);
            assert!(
                ended.stderr.starts_with(&format!("salted-{digest}: ")),
                "{}",
                ended.stderr
            );
        }
    }
}

//= R-CBC-8 type=test
#[test]
fn other_ways_of_openssl_are_refused_with_a_hint() {
    if !has_tool("openssl") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (clear, enc) = (path("clear"), path("enc"));
    std::fs::write(&clear, "<flat-profile/>").unwrap();
    for (options, said) in [
        (["-aes-256-cbc", "-pbkdf2"], "-pbkdf2"),
        (["-aes-256-cbc", "-a"], "base64 -d"),
        (["-aes-256-cbc", "-nosalt"], "not encrypted"),
        (["-aes-128-cbc", "-salt"], "aes-256-cbc"),
    ] {
        openssl(
            &[
                ["enc"].as_slice(),
                &options,
                &["-k", "key", "-in", &clear, "-out", &enc],
            ]
            .concat(),
        );
        let ended = run(&["decrypt", "--key", "key", &enc]);
        assert_eq!((ended.status, ended.text()), (1, ""), "{options:?}");
        assert!(ended.stderr.contains(said), "{options:?}: {}", ended.stderr);
    }
}
