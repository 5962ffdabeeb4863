//! `apply` and `diff`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::common::{Ended, run};
use crate::crypt::Files;

/// The tables of a vector file.
fn rows(file: &str, table: &str) -> Vec<toml::Table> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../docs/spec", file]
        .iter()
        .collect();
    let parsed: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let rows = parsed[table].as_array().unwrap().clone();
    rows.iter()
        .map(|row| row.as_table().unwrap().clone())
        .collect()
}

fn text<'r>(row: &'r toml::Table, field: &str) -> &'r str {
    row[field].as_str().unwrap()
}

/// A table of the row as JSON; empty without one.
fn object(row: &toml::Table, field: &str) -> Value {
    row.get(field).map_or(json!({}), |table| json!(table))
}

fn apply(files: &Files, options: &[&str]) -> Ended {
    let from = files.path("in");
    let mut args = vec!["apply", &from, "--json", "--show-secrets"];
    args.extend(options);
    run(&args)
}

//= R-APP-6 type=test
//= R-APP-7 type=test
//= R-UA-1 type=test
//= R-UA-5 type=test
//= R-ALI-1 type=test
//= R-RBT-2 type=test
#[test]
fn every_profile_vector_is_applied_as_written() {
    for row in rows("profile-vectors.toml", "vector") {
        let id = text(&row, "id");
        let files = Files::with(text(&row, "profile"));
        let mut options = Vec::new();
        for (name, value) in object(&row, "before").as_object().unwrap() {
            let value = value.as_str().map_or(value.to_string(), str::to_owned);
            options.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        if let Some(letter) = object(&row, "options")["alias"].as_str() {
            let rule = format!("[--alias {letter}] http://h/x");
            options.extend(["--rule".to_owned(), rule]);
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let ended = apply(&files, &options);
        let document = ended.document("apply");
        if let Some(code) = row.get("error") {
            assert_eq!(document["error"]["code"], json!(code), "{id}");
            assert_eq!(
                (ended.status, &document["changes"]),
                (1, &json!({})),
                "{id}"
            );
            continue;
        }
        assert_eq!(ended.status, 0, "{id}: {document:#}");
        assert_eq!(document["changes"], object(&row, "changes"), "{id}");
        assert_eq!(document["ua"], object(&row, "ua"), "{id}");
        let reboot = row.get("reboot").is_some_and(|set| set.as_bool().unwrap());
        assert_eq!(document["reboot"], reboot, "{id}");
        let warned: Vec<String> = document["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| match warning["subject"].as_str().unwrap() {
                "" => warning["code"].as_str().unwrap().to_owned(),
                subject => format!("{}:{subject}", warning["code"].as_str().unwrap()),
            })
            .collect();
        let expected = row.get("warn").map_or(json!([]), |list| json!(list));
        assert_eq!(json!(warned), expected, "{id}");
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

//= R-FIL-3 type=test
//= R-GCM-1 type=test
#[test]
fn every_container_vector_is_applied_or_refused_as_written() {
    for (table, field, container) in [
        ("aes256cbc", "file", "salted-"),
        ("aes256cbc_error", "file", ""),
        ("aes128gcm", "body", "rfc8188"),
        ("aes128gcm_error", "body", ""),
        ("gzip", "file", "none"),
        ("gzip_error", "file", ""),
    ] {
        for row in rows("crypto-vectors.toml", table) {
            let name = text(&row, "name");
            let files = Files::with(hex(text(&row, field)));
            let mut options = Vec::new();
            if let Some(key) = row.get("key_text").filter(|key| key.as_str() != Some("")) {
                options.extend([
                    "--set".to_owned(),
                    format!("GPP_SB={}", key.as_str().unwrap()),
                ]);
                options.extend(["--rule".to_owned(), "[--key $SB] http://h/x".to_owned()]);
            }
            if let Some(ikm) = row.get("ikm_base64url") {
                let ikm = format!("IKM_HTTP_Encrypt_Content={}", ikm.as_str().unwrap());
                options.extend(["--aes128gcm".to_owned(), "--set".to_owned(), ikm]);
            }
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let document = apply(&files, &options).document("apply");
            let error = document["error"]["code"].as_str();
            if let Some(expected) = row.get("expect") {
                assert_eq!(error, expected.as_str(), "{name}");
            } else if name.starts_with("rfc8188-") {
                assert_eq!(error, Some("not-a-profile"), "{name}");
            } else if name.starts_with("empty-plaintext") {
                assert_eq!(error, Some("empty-file"), "{name}");
            } else {
                let told = document["container"].as_str().unwrap();
                assert!(told.starts_with(container), "{name}: {document:#}");
            }
        }
    }
}

//= R-APP-1 type=test
#[test]
fn a_file_is_applied_onto_an_export_and_secrets_stay_hidden() {
    let files = Files::with(
        "<flat-profile><GPP_A>new</GPP_A><GPP_B>same</GPP_B><GPP_SA>canary1</GPP_SA>\
         <Nonsense/><Admin_Password ua=\"ro\">canary2</Admin_Password></flat-profile>",
    );
    let onto = files.path("onto");
    std::fs::write(
        &onto,
        "<flat-profile><GPP_A ua=\"na\">old</GPP_A><GPP_B>same</GPP_B><GPP_C ua=\"ro\">kept</GPP_C>\
         <GPP_SA>canary3</GPP_SA></flat-profile>",
    )
    .unwrap();
    let from = files.path("in");
    let ended = run(&["apply", &from, "--onto", &onto]);
    assert_eq!(
        ended.text(),
        "GPP_A = new  (was old)\n\
         GPP_SA = ***  (was ***)\n\
         Admin_Password = ***  (was empty)\n\
         Admin_Password: User may read it (ro)\n\
         warning[unknown]: line 1, column 76: no parameter is called Nonsense, so the element is ignored\n\
         3 changes, 1 warning\n"
    );
    let document = run(&["apply", &from, "--onto", &onto, "--json"]).document("apply");
    assert_eq!(
        document["changes"],
        json!({ "Admin_Password": "***", "GPP_A": "new", "GPP_SA": "***" })
    );
}

#[test]
fn what_cannot_be_set_or_read_is_a_mistake_of_the_caller() {
    let files = Files::with("<flat-profile/>");
    for (options, says) in [
        (["--set", "GPP_Z=1"], "did you mean"),
        (["--set", "Resync_Periodic=abc"], "write seconds"),
        (["--set", "GPP_A@ua=y"], "NAME@ua=na, ro or rw"),
        (["--set", "GPP_A@user_set=1"], "true or false"),
        (["--set", "GPP_A@x=1"], "NAME@user_set"),
        (["--rule", "[--key"], "has no argument"),
        (["--rule", "(1 eq 2)? http://h/x"], "fetches nothing"),
        (["--onto", "/nonexistent"], "/nonexistent"),
    ] {
        let ended = apply(&files, &options);
        assert_eq!((ended.status, ended.text()), (2, ""), "{options:?}");
        assert!(ended.stderr.contains(says), "{options:?}: {}", ended.stderr);
    }
}

#[test]
fn two_profiles_differ_in_what_they_say() {
    let files = Files::with(
        "<flat-profile><GPP_A>a</GPP_A><Provision_Enable>yes</Provision_Enable><GPP_SA>canary1</GPP_SA>\
         <GPP_C ua=\"ro\"/></flat-profile>",
    );
    let (a, b) = (files.path("in"), files.path("b"));
    std::fs::write(
        &b,
        "<flat-profile><GPP_B ua=\"rw\" preserve-value=\"y\">b</GPP_B><Provision_Enable>Yes</Provision_Enable>\
         <GPP_SA>canary2</GPP_SA><GPP_C ua=\"rw\"/></flat-profile>",
    )
    .unwrap();
    let ended = run(&["diff", &a, &b]);
    assert_eq!(ended.status, 1);
    assert_eq!(
        ended.text(),
        "- GPP_A = a\n\
         + GPP_B ua=rw preserve-value = b\n\
         - GPP_C ua=ro\n\
         + GPP_C ua=rw\n\
         - GPP_SA = ***\n\
         + GPP_SA = ***\n\
         4 differences\n"
    );
    let document = run(&["diff", &a, &b, "--json", "--show-secrets"]).document("diff");
    let by_name: BTreeMap<&str, &Value> = document["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["parameter"].as_str().unwrap(), one))
        .collect();
    assert_eq!(by_name["GPP_A"]["b"], Value::Null);
    assert_eq!(by_name["GPP_SA"]["b"]["value"], "canary2");
    assert_eq!(by_name["GPP_C"]["a"]["value"], Value::Null);
    let same = run(&["diff", &a, &a]);
    assert_eq!((same.status, same.text()), (0, "no differences\n"));
    std::fs::write(&b, "<flat-profile>").unwrap();
    let bad = run(&["diff", &a, &b]);
    assert_eq!((bad.status, bad.text()), (2, ""));
    assert!(bad.stderr.contains(&b), "{}", bad.stderr);
}
