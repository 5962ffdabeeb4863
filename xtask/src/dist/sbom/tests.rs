use std::process::Command;

use super::*;
use crate::workspace::root;

fn release() -> Release {
    Release {
        version: "1.2.3".to_owned(),
        revision: "abc".to_owned(),
        epoch: 1_795_000_000,
        rust: "1.95.0".to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        maintainer: "Somebody <somebody@example.org>".to_owned(),
        target_folder: PathBuf::new(),
    }
}

/// A program that uses a crate of its own workspace and one of the registry, and is tested with another one.
const METADATA: &str = r#"{
  "target_directory": "/t",
  "packages": [
    {"id": "t", "name": "tested-with", "version": "3.0.0", "license": "MIT", "source": "registry", "manifest_path": "/c/t/Cargo.toml"},
    {"id": "f", "name": "foreign", "version": "2.0.0+x", "license": "MIT/Apache-2.0", "description": "Two\n words",
     "source": "registry", "repository": "https://example.org/f", "manifest_path": "/c/f/Cargo.toml"},
    {"id": "o", "name": "own", "version": "1.2.3", "license": "MIT OR Apache-2.0", "manifest_path": "/r/own/Cargo.toml"},
    {"id": "p", "name": "program", "version": "1.2.3", "license": "MIT OR Apache-2.0", "manifest_path": "/r/p/Cargo.toml"}
  ],
  "resolve": {"nodes": [
    {"id": "p", "deps": [
      {"pkg": "o", "dep_kinds": [{"kind": null}]},
      {"pkg": "t", "dep_kinds": [{"kind": "dev"}]}]},
    {"id": "o", "deps": [{"pkg": "f", "dep_kinds": [{"kind": null}, {"kind": "build"}]}]},
    {"id": "f", "deps": []},
    {"id": "t", "deps": []}
  ]}
}"#;
const LOCK: &str = r#"
[[package]]
name = "foreign"
version = "2.0.0+x"
checksum = "00ff"

[[package]]
name = "own"
version = "1.2.3"
"#;
const TREE: &str =
    "program v1.2.3 (/r/p)\nown v1.2.3 (/r/own)\nforeign v2.0.0+x\n\nown v1.2.3 (/r/own) (*)\n";

fn bill() -> Bill {
    let metadata = serde_json::from_str(METADATA).unwrap();
    Bill::from("program", &members(TREE).unwrap(), &metadata, LOCK).unwrap()
}

#[test]
fn a_bill_names_what_is_in_the_program_and_nothing_else() {
    let document: Value = serde_json::from_str(&bill().json(&release())).unwrap();
    let names: Vec<&str> = document["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["bom-ref"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["foreign@2.0.0+x", "own@1.2.3", "std@1.95.0"]);
    let foreign = &document["components"][0];
    assert_eq!(foreign["purl"], "pkg:cargo/foreign@2.0.0%2Bx");
    assert_eq!(foreign["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(foreign["description"], "Two words");
    assert_eq!(
        foreign["hashes"][0],
        json!({ "alg": "SHA-256", "content": "00ff" })
    );
    let own = &document["components"][1];
    assert!(own.get("purl").is_none() && own.get("hashes").is_none());
    let program = &document["metadata"]["component"];
    assert_eq!(program["type"], "application");
    assert_eq!(program["name"], "program");
    assert_eq!(document["metadata"]["timestamp"], "2026-11-18T11:06:40Z");
    let used = |name: &str| {
        let all = document["dependencies"].as_array().unwrap();
        all.iter().find(|one| one["ref"] == name).unwrap()["dependsOn"].clone()
    };
    assert_eq!(used("program@1.2.3"), json!(["own@1.2.3", "std@1.95.0"]));
    assert_eq!(used("own@1.2.3"), json!(["foreign@2.0.0+x", "std@1.95.0"]));
}

#[test]
fn what_cannot_be_told_is_an_error() {
    let from = |metadata: &str, lock: &str, tree: &str| {
        let metadata = serde_json::from_str(metadata).unwrap();
        let made = Bill::from("program", &members(tree)?, &metadata, lock);
        made.map(|bill| bill.components.len())
    };
    assert_eq!(from(METADATA, LOCK, TREE).unwrap(), 3);
    let unknown = format!("{TREE}ghost v1.0.0\n");
    for (metadata, lock, tree, words) in [
        (
            METADATA,
            "package = []",
            TREE,
            "foreign 2.0.0+x has no digest",
        ),
        (METADATA, LOCK, &*unknown, "do not name the same crates"),
        (METADATA, LOCK, "program\n", "is no crate"),
        (
            &*METADATA.replace("\"license\": \"MIT/Apache-2.0\",", ""),
            LOCK,
            TREE,
            "foreign 2.0.0+x says no licence",
        ),
    ] {
        let error = from(metadata, lock, tree).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_bills_of_the_real_programs_hold_their_tls_and_none_of_their_tools() {
    let root = root().unwrap();
    let target = Command::new("rustc").arg("-vV").output().unwrap();
    let target = String::from_utf8(target.stdout).unwrap();
    let target = target.lines().find_map(|l| l.strip_prefix("host: "));
    let release = Release {
        target: target.unwrap().to_owned(),
        ..release()
    };
    let names = |program: &str| -> Vec<String> {
        let bill = Bill::of(&root, &release, program).unwrap();
        bill.components.into_iter().map(|c| c.name).collect()
    };
    let (agent, harness) = (names("onhook-agent"), names("onhook-harness"));
    let has = |names: &[String], name: &str| names.iter().any(|found| found == name);
    for name in ["onhook-phone", "tokio", "rustls", "ring", "quick-xml"] {
        assert!(has(&agent, name) && has(&harness, name), "{name}");
    }
    assert!(has(&harness, "plotters") && !has(&agent, "plotters"));
    for name in [
        "onhook-testkit",
        "proptest",
        "mockall",
        "clap_mangen",
        "cc",
        "async-trait",
        "serde_derive",
        "aws-lc-rs",
    ] {
        assert!(!has(&agent, name) && !has(&harness, name), "{name}");
    }
}
