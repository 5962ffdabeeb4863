//! Files that a server sends with `Content-Encoding: aes128gcm`.
#![cfg(test)]

use std::fs;
use std::process::Command;

use onhook_tests::{Agent, Reply, Site, profile, program};

const IKM: &str = "canary-yqdlZ-tYemfogSmv7Ws5PQ";

/// What `onhook-harness encrypt` makes of a profile.
fn encrypted(content: &str, ikm: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&from, content).unwrap();
    let done = Command::new(program("onhook-harness").unwrap())
        .args([
            "encrypt",
            "--rfc8188",
            "--gzip",
            "--ikm",
            ikm,
            "--record-size",
            "64",
        ])
        .arg(&from)
        .arg("-o")
        .arg(&to)
        .status()
        .unwrap();
    assert!(done.success());
    fs::read(&to).unwrap()
}

//= R-GCM-1 type=test
//= R-GCM-2 type=test
// V-104
#[test]
fn keying_material_comes_by_an_earlier_profile_and_the_key_is_not_used() {
    let (agent, site) = (Agent::new().unwrap(), Site::start().unwrap());
    let sealed = encrypted(&profile([("GPP_A", "sealed")]), IKM);
    site.put("/sealed.xml", Reply::Records(sealed.clone()));
    let rule = format!("[--key k]{}", site.url("/sealed.xml"));

    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(1), "{document:#}");
    assert_eq!(document["err"], "decrypt failed");
    assert_eq!(document["flash_writes"], 0);

    let first = profile([("IKM_HTTP_Encrypt_Content", IKM)]);
    site.put("/first.xml", Reply::Body(first.into()));
    agent.resync(&site.url("/first.xml")).unwrap();
    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{document:#}");
    assert_eq!(document["rules"][0]["container"], "rfc8188");
    assert_eq!(document["rules"][0]["gzip"], true);
    assert_eq!(document["changes"]["GPP_A"], "sealed");

    // One octet of the last record.
    let mut changed = sealed;
    let last = changed.last_mut().unwrap();
    *last ^= 1;
    site.put("/sealed.xml", Reply::Records(changed));
    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(1), "{document:#}");
    assert_eq!(document["err"], "decrypt failed");
    for said in [&ended.out, &ended.err] {
        assert!(!said.contains("canary"), "{said}");
    }
}
