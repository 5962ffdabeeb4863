//! `encrypt` and `decrypt`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use onhook_crypto::{Digest, decrypt, encrypt};
use tempfile::TempDir;

use crate::common::{harness, run, run_with};

pub(crate) const PROFILE: &str = "<flat-profile><GPP_A>x</GPP_A></flat-profile>";

/// A scratch directory with `in`, and paths in it.
pub(crate) struct Files {
    dir: TempDir,
}

impl Files {
    pub(crate) fn with(content: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("in"), content).unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.dir.path().join(name)).unwrap()
    }

    /// Encrypts `in` to `enc`.
    fn encrypted(&self, options: &[&str]) -> Vec<u8> {
        let (from, to) = (self.path("in"), self.path("enc"));
        let mut args = vec!["encrypt", "--key", "SecretPhrase1234", &from, "-o", &to];
        args.extend(options);
        let ended = run(&args);
        assert_eq!((ended.status, ended.text()), (0, ""), "{}", ended.stderr);
        self.read("enc")
    }
}

fn mode(path: &str) -> u32 {
    Path::new(path).metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_encrypted_is_decrypted_and_told_how() {
    for (options, said) in [
        (vec![], "salted-sha256: 64 bytes hold 45 bytes (xml)\n"),
        (
            vec!["--digest", "md5"],
            "salted-md5: 64 bytes hold 45 bytes (xml)\n",
        ),
        (vec!["--gzip"], "salted-sha256, gzip: "),
        (vec!["--gzip", "--digest", "md5"], "salted-md5, gzip: "),
    ] {
        let files = Files::with(PROFILE);
        let file = files.encrypted(&options);
        assert!(file.starts_with(b"Salted__") && file.len().is_multiple_of(16));
        let ended = run(&["decrypt", "--key", "SecretPhrase1234", &files.path("enc")]);
        assert_eq!((ended.status, ended.text()), (0, PROFILE));
        assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
    }
}

#[test]
fn every_file_gets_its_own_salt() {
    let files = Files::with(PROFILE);
    assert_ne!(files.encrypted(&[]), files.encrypted(&[]));
}

#[test]
fn the_key_comes_from_the_command_line_a_file_or_the_environment() {
    let files = Files::with(PROFILE);
    files.encrypted(&[]);
    std::fs::write(files.path("key"), "SecretPhrase1234\n").unwrap();
    let by_file = run(&[
        "decrypt",
        "--key-file",
        &files.path("key"),
        &files.path("enc"),
    ]);
    assert_eq!(by_file.text(), PROFILE);
    let by_env = harness(&["decrypt", "--key-env", "PHONE_KEY", &files.path("enc")])
        .env("PHONE_KEY", "SecretPhrase1234")
        .output()
        .unwrap();
    assert_eq!(by_env.stdout, PROFILE.as_bytes());

    for args in [
        vec!["decrypt"],
        vec!["decrypt", "--key", "a", "--key-env", "B"],
        vec!["decrypt", "--key", ""],
        vec!["decrypt", "--key-env", "ONHOOK_NO_SUCH_VARIABLE"],
        vec!["decrypt", "--key-file", "/nonexistent"],
    ] {
        let enc = files.path("enc");
        let ended = run(&[args.as_slice(), &[&enc]].concat());
        assert_eq!((ended.status, ended.text()), (2, ""), "{args:?}");
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}

#[test]
fn a_wrong_key_is_said_with_what_to_check_and_nothing_is_written() {
    let file = encrypt(PROFILE.as_bytes(), b"right", Digest::Sha256, [7; 8]);
    let files = Files::with(&file);
    std::fs::write(files.path("out"), "old").unwrap();
    // Once in 256 times the padding fits by chance; one such key is tried too.
    let lucky = (0..)
        .map(|number| format!("canary{number}"))
        .find(|key| decrypt(file.clone(), key.as_bytes(), Digest::Md5).is_ok());
    for key in ["canary", &lucky.unwrap()] {
        let ended = run(&[
            "decrypt",
            "--key",
            key,
            &files.path("in"),
            "-o",
            &files.path("out"),
        ]);
        assert_eq!((ended.status, ended.text()), (1, ""), "{key}");
        assert!(
            ended.stderr.contains("the key does not fit"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("openssl enc -d"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
    assert_eq!(files.read("out"), b"old");
    assert_eq!(std::fs::read_dir(files.dir.path()).unwrap().count(), 2);
}

#[test]
fn what_is_no_container_is_said_to_be_none() {
    for (content, said) in [
        (b"<flat-profile/>".to_vec(), "not encrypted"),
        (Vec::new(), "not encrypted"),
        (b"U2FsdGVkX18BAgMEBQYHCA==\n".to_vec(), "base64 -d"),
        (b"Salted__".to_vec(), "0 bytes follow"),
        (b"Salted__12345678123".to_vec(), "3 bytes follow"),
    ] {
        let files = Files::with(content);
        let ended = run(&["decrypt", "--key", "k", &files.path("in")]);
        assert_eq!((ended.status, ended.text()), (1, ""));
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn documents_say_what_was_done_and_found() {
    let files = Files::with(PROFILE);
    let (from, enc, out) = (files.path("in"), files.path("enc"), files.path("out"));
    let ended = run(&[
        "encrypt", "--key", "k", "--gzip", "--json", &from, "-o", &enc,
    ]);
    let document = ended.document("encrypt");
    assert_eq!(
        (&document["container"], &document["gzip"]),
        (&"salted-sha256".into(), &true.into())
    );
    assert_eq!(document["output_bytes"], files.read("enc").len());

    let checked = run(&["decrypt", "--key", "k", "--json", &enc]);
    let document = checked.document("decrypt");
    assert_eq!((checked.status, checked.stderr.as_str()), (0, ""));
    assert_eq!(
        (&document["container"], &document["digest"]),
        (&"salted-sha256".into(), &"sha256".into())
    );
    assert_eq!(
        (&document["gzip"], &document["content"]),
        (&true.into(), &"xml".into())
    );
    assert!(document["output"].is_null() && document["error"].is_null());

    let document = run(&[
        "decrypt",
        "--key",
        "k",
        "--json",
        "--keep-gzip",
        &enc,
        "-o",
        &out,
    ])
    .document("decrypt");
    assert_eq!(
        (&document["content"], &document["output"]),
        (&"gzip".into(), &out.as_str().into())
    );
    assert!(files.read("out").starts_with(&[0x1f, 0x8b]));

    let wrong = run(&["decrypt", "--key", "wrong", "--json", &enc, "-o", &out]);
    assert_eq!(
        (wrong.status, &wrong.document("decrypt")["error"]["code"]),
        (1, &"decrypt-failed".into())
    );
    assert!(
        files.read("out").starts_with(&[0x1f, 0x8b]),
        "it is left alone"
    );
    assert_eq!(
        run(&["encrypt", "--key", "k", "--json", &from, "-o", "-"]).status,
        2
    );
    assert_eq!(
        run(&["decrypt", "--key", "k", "--json", &enc, "-o", "-"]).status,
        2
    );
}

#[test]
fn content_of_any_kind_comes_back_when_the_digest_is_named_and_text_comes_back_anyway() {
    for (content, kind) in [
        (b"hello\n".to_vec(), "text"),
        (b"".to_vec(), "empty"),
        ("Gr\u{fc}\u{df}e".into(), "text"),
        (vec![0xff, 0xfe, b'<', 0], "utf-16"),
    ] {
        for digest in ["md5", "sha256"] {
            let files = Files::with(&content);
            let enc = files.path("enc");
            run(&[
                "encrypt",
                "--key",
                "k",
                "--digest",
                digest,
                &files.path("in"),
                "-o",
                &enc,
            ]);
            let ended = run(&["decrypt", "--key", "k", &enc]);
            assert_eq!((ended.status, &ended.stdout), (0, &content), "{kind}");
            assert!(
                ended.stderr.contains(&format!("salted-{digest}"))
                    && ended.stderr.contains(&format!("({kind})")),
                "{}",
                ended.stderr
            );
            assert!(
                ended.stderr.contains("a phone refuses it"),
                "{}",
                ended.stderr
            );
        }
    }
    let files = Files::with([0, 1, 2, 0xff]);
    let (from, enc) = (files.path("in"), files.path("enc"));
    let ended = run(&["encrypt", "--key", "k", &from, "-o", &enc]);
    assert!(
        ended.stderr.contains("a phone will refuse it"),
        "{}",
        ended.stderr
    );
    assert_eq!(run(&["decrypt", "--key", "k", &enc]).status, 1);
    assert_eq!(
        run(&["decrypt", "--key", "k", "--digest", "sha256", &enc]).stdout,
        [0, 1, 2, 0xff]
    );
    assert_eq!(
        run(&["decrypt", "--key", "k", "--digest", "md5", &enc]).status,
        1
    );
}

#[test]
fn clear_text_is_readable_by_its_owner_alone() {
    let files = Files::with(PROFILE);
    files.encrypted(&[]);
    let out = files.path("out");
    run(&[
        "decrypt",
        "--key",
        "SecretPhrase1234",
        &files.path("enc"),
        "-o",
        &out,
    ]);
    assert_eq!(
        (mode(&out), mode(&files.path("enc")) & 0o600),
        (0o600, 0o600)
    );
    assert_eq!(files.read("out"), PROFILE.as_bytes());
}

#[test]
fn pipes_work_at_both_ends() {
    let encrypted = run_with(
        &["encrypt", "--key", "k", "-", "-o", "-"],
        PROFILE.as_bytes(),
    );
    assert!(encrypted.stdout.starts_with(b"Salted__"), "{encrypted:?}");
    let decrypted = run_with(&["decrypt", "--key", "k", "-"], &encrypted.stdout);
    assert_eq!(decrypted.text(), PROFILE);
}

#[test]
fn files_that_are_not_there_are_named() {
    let files = Files::with(PROFILE);
    let ended = run(&["decrypt", "--key", "k", &files.path("missing")]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stderr.contains("missing: No such file"),
        "{}",
        ended.stderr
    );
    let ended = run(&[
        "encrypt",
        "--key",
        "k",
        &files.path("in"),
        "-o",
        &files.path("no/folder"),
    ]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("no/folder"), "{}", ended.stderr);
}

#[test]
fn damaged_compressed_content_is_an_error_and_can_be_had_as_it_is() {
    let files = Files::with([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    files.encrypted(&[]);
    let args = [
        "decrypt",
        "--key",
        "SecretPhrase1234",
        &files.path("enc"),
        "--json",
    ];
    let ended = run(&args);
    assert_eq!(
        (ended.status, &ended.document("decrypt")["error"]["code"]),
        (1, &"corrupt-gzip".into())
    );
    assert_eq!(run(&[args.as_slice(), &["--keep-gzip"]].concat()).status, 0);
}
