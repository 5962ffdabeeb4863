//! `encrypt` and `decrypt` with RFC 8188.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{harness, run};
use crate::crypt::{Files, PROFILE};

/// The keying material of RFC 8188, section 3.1.
const IKM: &str = "yqdlZ-tYemfogSmv7Ws5PQ";

//= R-GCM-3 type=test
//= D-CRY-2 type=test
#[test]
fn bodies_of_rfc_8188_are_made_and_read() {
    let files = Files::with(PROFILE);
    let (from, enc, out) = (files.path("in"), files.path("enc"), files.path("out"));
    std::fs::write(files.path("ikm"), format!("{IKM}\n")).unwrap();
    let ikm_file = files.path("ikm");
    for (options, size, records) in [(vec![], 4096, 1), (vec!["--record-size", "20"], 20, 15)] {
        let mut args = vec!["encrypt", "--rfc8188", "--ikm-file", &ikm_file, "--json"];
        args.extend(&options);
        args.extend([from.as_str(), "-o", &enc]);
        let made = run(&args).document("encrypt");
        assert_eq!(made["container"], "rfc8188");
        assert_eq!(made["record_size"], size);
        assert_eq!(made["output_bytes"], 21 + 45 + 17 * records);
        assert_eq!(made["digest"], Value::Null);
        let found = run(&["decrypt", "--ikm", IKM, "--json", &enc, "-o", &out]);
        let found = found.document("decrypt");
        assert_eq!(found["record_size"], size);
        assert_eq!(
            (&found["container"], &found["content"]),
            (&json!("rfc8188"), &json!("xml"))
        );
        assert_eq!(files.read("out"), PROFILE.as_bytes());
    }
    let ended = harness(&["decrypt", "--ikm-env", "IKM_OF_TEST", &enc])
        .env("IKM_OF_TEST", IKM)
        .output()
        .unwrap();
    assert_eq!(ended.stdout, PROFILE.as_bytes());
    assert_eq!(
        ended.stderr,
        b"rfc8188, record size 20, 15 records: 321 bytes hold 45 bytes (xml)\n"
    );
}

//= R-GCM-4 type=test
#[test]
fn a_bad_body_of_rfc_8188_is_told_and_nothing_written() {
    let files = Files::with(PROFILE);
    let (from, enc, out) = (files.path("in"), files.path("enc"), files.path("out"));
    let made = run(&[
        "encrypt",
        "--ikm",
        IKM,
        "--record-size",
        "30",
        &from,
        "-o",
        &enc,
    ]);
    assert_eq!(made.status, 0);
    let whole = files.read("enc");
    let mut changed = whole.clone();
    changed[30] ^= 1;
    for (content, code) in [
        (&whole[..whole.len() - 1], "decrypt-failed"),
        (&whole[..51], "truncated"),
        (&whole[..10], "truncated"),
        (&changed, "decrypt-failed"),
        (
            b"0123456789abcdef\0\0\0\x11\0".as_slice(),
            "bad-record-size",
        ),
        (b"Salted__0123456789abcdef".as_slice(), "decrypt-failed"),
    ] {
        std::fs::write(&enc, content).unwrap();
        let ended = run(&["decrypt", "--ikm", IKM, "--json", &enc, "-o", &out]);
        assert_eq!(ended.status, 1);
        assert_eq!(ended.document("decrypt")["error"]["code"], code);
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn a_file_has_one_kind_of_key() {
    let files = Files::with(PROFILE);
    let from = files.path("in");
    for options in [
        ["--key", "k", "--rfc8188"].as_slice(),
        &["--key", "k", "--ikm", "i"],
        &["--ikm", "i", "--digest", "md5"],
        &["--ikm", "i", "--record-size", "17"],
        &["--key", "k", "--record-size", "100"],
        &["--rfc8188"],
        &["--ikm", ""],
    ] {
        let mut args = vec!["encrypt", &from, "-o", "/dev/null"];
        args.extend(options);
        assert_eq!(run(&args).status, 2, "{options:?}");
    }
}
