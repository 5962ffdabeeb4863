//! `load`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{has_tool, run};

const NAME: &str = "sip88xx.12-0-1MPP0001-100";

/// A folder with a pair of keys and two components.
struct Lab {
    dir: TempDir,
}

impl Lab {
    fn new() -> Self {
        let lab = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::write(lab.path("kernel.img"), vec![1; 10_000]).unwrap();
        std::fs::write(lab.path("rootfs.img"), vec![2; 300_000]).unwrap();
        let ended = run(&[
            "load",
            "keygen",
            "-o",
            &lab.path("key"),
            "--public",
            &lab.path("pub"),
        ]);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        lab
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn manifest(&self) -> String {
        self.path(&format!("{NAME}.loads"))
    }

    fn build(&self, options: &[&str]) {
        let components = [self.path("kernel.img"), self.path("rootfs.img")];
        let mut args = vec![
            "load",
            "build",
            &components[0],
            &components[1],
            "--name",
            NAME,
        ];
        args.extend(options);
        let ended = run(&args);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
    }

    /// What `inspect` finds, with its status.
    fn inspect(&self) -> (i32, Value) {
        let ended = run(&[
            "load",
            "inspect",
            &self.manifest(),
            "--public",
            &self.path("pub"),
            "--json",
        ]);
        (ended.status, ended.document("load"))
    }
}

//= R-FW-7 type=test
#[test]
fn a_load_is_built_signed_and_found_good() {
    let lab = Lab::new();
    lab.build(&["--key", &lab.path("key"), "--counter", "3"]);
    let (status, document) = lab.inspect();
    assert_eq!(status, 0);
    assert_eq!(document["name"], NAME);
    assert_eq!(
        (&document["family"], &document["version"]),
        (&"sip88xx".into(), &"12-0-1MPP0001-100".into())
    );
    assert_eq!(
        (&document["counter"], &document["blocks"]),
        (&3.into(), &3.into())
    );
    assert_eq!(document["signature"]["state"], "good");
    assert_eq!(document["components"][1]["first_block"], 1);
    let text = run(&["load", "inspect", &lab.manifest()]);
    assert_eq!(text.status, 0);
    assert!(
        text.text().contains("not checked: give --public"),
        "{}",
        text.text()
    );
    assert!(
        text.text()
            .contains("component kernel.img, 10000 bytes: good"),
        "{}",
        text.text()
    );
}

#[test]
fn a_private_key_is_for_its_owner_and_never_printed_or_replaced() {
    let lab = Lab::new();
    let key = std::fs::read_to_string(lab.path("key")).unwrap();
    let mode = Path::new(&lab.path("key"))
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = run(&[
        "load",
        "keygen",
        "-o",
        &lab.path("key"),
        "--public",
        &lab.path("pub"),
        "--json",
    ]);
    assert_eq!(again.status, 1);
    assert!(again.stderr.contains("never replaced"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(lab.path("key")).unwrap(), key);
    let other = run(&[
        "load",
        "keygen",
        "-o",
        &lab.path("k2"),
        "--public",
        &lab.path("p2"),
        "--json",
    ]);
    let document = other.document("load");
    let secret = std::fs::read_to_string(lab.path("k2")).unwrap();
    let body = secret.lines().nth(1).unwrap();
    assert!(!other.text().contains(body) && !other.stderr.contains(body));
    assert_eq!(document["key"].as_str().unwrap().len(), 16);
    std::fs::write(lab.path("bad"), format!("{}x", &secret[..60])).unwrap();
    let bad = run(&["load", "sign", &lab.manifest(), "--key", &lab.path("bad")]);
    assert_eq!(bad.status, 2);
    assert!(!bad.stderr.contains(&body[30..]), "{}", bad.stderr);
}

//= R-FW-7 type=test
#[test]
fn what_was_not_signed_is_found_and_named() {
    let lab = Lab::new();
    lab.build(&["--unsigned"]);
    assert_eq!(lab.inspect().1["signature"]["state"], "none");
    assert_eq!(lab.inspect().0, 1);
    let signed = run(&["load", "sign", &lab.manifest(), "--key", &lab.path("key")]);
    assert_eq!(signed.status, 0, "{}", signed.stderr);
    assert_eq!(lab.inspect().0, 0);

    let mut rootfs = vec![2; 300_000];
    rootfs[262_144] = 3;
    std::fs::write(lab.path("rootfs.img"), &rootfs).unwrap();
    let (status, document) = lab.inspect();
    assert_eq!(
        (status, &document["components"][1]["first_wrong_block"]),
        (1, &1.into())
    );
    std::fs::write(lab.path("rootfs.img"), &rootfs[1..]).unwrap();
    assert_eq!(lab.inspect().1["components"][1]["state"], "other-size");
    std::fs::remove_file(lab.path("rootfs.img")).unwrap();
    assert_eq!(lab.inspect().1["components"][1]["state"], "missing");
    let only = run(&["load", "inspect", &lab.manifest(), "--manifest-only"]);
    assert_eq!(only.status, 0);

    let text = std::fs::read_to_string(lab.manifest()).unwrap();
    std::fs::write(lab.manifest(), text.replace("counter 0", "counter 9")).unwrap();
    assert_eq!(lab.inspect().1["signature"]["state"], "bad");
    std::fs::write(lab.manifest(), &text[1..]).unwrap();
    let none = run(&["load", "inspect", &lab.manifest()]);
    assert_eq!(none.status, 1);
    assert!(none.stderr.contains("line 1"), "{}", none.stderr);
    let stranger = run(&[
        "load",
        "keygen",
        "-o",
        &lab.path("k2"),
        "--public",
        &lab.path("pub"),
    ]);
    assert_eq!(stranger.status, 0);
    std::fs::write(lab.manifest(), text).unwrap();
    assert_eq!(lab.inspect().1["signature"]["state"], "unknown-key");
}

#[test]
fn components_that_no_phone_would_fetch_are_refused() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("sub")).unwrap();
    std::fs::write(lab.path("sub/x.img"), "x").unwrap();
    std::fs::write(lab.path("a b.img"), "x").unwrap();
    std::fs::write(lab.path("empty.img"), "").unwrap();
    for (components, why) in [
        (vec!["kernel.img", "sub/x.img"], "put them into one"),
        (vec!["a b.img"], "a component has"),
        (vec!["empty.img"], "from 1"),
        (vec!["kernel.img", "kernel.img"], "the same name"),
    ] {
        let paths: Vec<_> = components.iter().map(|name| lab.path(name)).collect();
        let mut args = vec!["load", "build", "--name", NAME, "--unsigned"];
        args.extend(paths.iter().map(String::as_str));
        let ended = run(&args);
        assert_ne!(ended.status, 0);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
}

/// Another program agrees on keys and signatures.
#[test]
fn openssl_makes_keys_that_sign_and_checks_what_was_signed() {
    let lab = Lab::new();
    if !has_tool("openssl") {
        return;
    }
    // Names with a slash in front are files of the lab.
    let run = |line: &str| {
        let words = line.split(' ').map(|word| match word.strip_prefix('/') {
            Some(name) => lab.path(name),
            None => word.to_owned(),
        });
        let ended = Command::new("openssl").args(words).output().unwrap();
        assert!(ended.status.success(), "{line}: {ended:?}");
    };
    run("genpkey -algorithm ed25519 -out /theirs");
    run("pkey -in /theirs -pubout -out /pub");
    lab.build(&["--key", &lab.path("theirs")]);
    assert_eq!(lab.inspect().1["signature"]["state"], "good");

    let text = std::fs::read_to_string(lab.manifest()).unwrap();
    let (message, last) = text.rsplit_once("signature ").unwrap();
    let signature = last.trim_end().split(' ').nth(1).unwrap();
    std::fs::write(lab.path("message"), message).unwrap();
    std::fs::write(lab.path("b64"), format!("{signature}\n")).unwrap();
    run("base64 -d -A -in /b64 -out /sig");
    run("pkeyutl -verify -rawin -pubin -inkey /pub -in /message -sigfile /sig");
}
