//! The bugs that `cargo xtask sim --planted` plants still fit the sources.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_planted_bug_applies_to_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut patches = 0;
    for entry in fs::read_dir(root.join("tests/planted")).unwrap() {
        let patch = entry.unwrap().path();
        let checked = Command::new("git")
            .args(["apply", "--check"])
            .arg(&patch)
            .current_dir(&root)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{}: {said}", patch.display());
        patches += 1;
    }
    assert!(patches >= 12, "{patches}");
}
