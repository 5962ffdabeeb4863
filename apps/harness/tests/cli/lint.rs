//! Lint through the program.

use serde_json::Value;

use crate::common::{run, run_with};

const PROFILE: &[u8] = b"<flat-profile>
  <Profile_Rule>($CCERT eq \"Installed\")? https://h/a | https://h/b</Profile_Rule>
  <Resync_Random_Delay>0</Resync_Random_Delay>
</flat-profile>";

#[test]
fn errors_are_status_1_and_everything_else_is_0() {
    for (kind, text, status) in [
        ("profile", "https://h/$MA.xml", 0),
        ("profile", "/$PSN.xml", 0),
        ("profile", "($A eq 1)? /a", 1),
        ("upgrade", "($SWVER lt 11.3)? https://h/a", 1),
        ("report", "[--post a] https://h/a", 1),
        ("trigger", "($PRVTMR ge 600)", 1),
        ("schedule", "600,1h", 1),
        ("retries", "0", 0),
        ("message", "$SA", 0),
    ] {
        let ended = run(&["lint", "--kind", kind, text]);
        assert_eq!(ended.status, status, "{kind} {text}: {}", ended.text());
        assert!(ended.stderr.is_empty(), "{}", ended.stderr);
        assert!(
            !ended.stdout.contains(&0x1b),
            "no colours without a terminal"
        );
    }
}

#[test]
fn a_profile_is_looked_at_with_lines_and_columns() {
    let ended = run_with(&["lint", "-"], PROFILE);
    assert_eq!(ended.status, 1, "{}", ended.text());
    let text = ended.text();
    assert!(
        text.starts_with("-:2:18: Profile_Rule\nerror[unquoted-macro]"),
        "{text}"
    );
    assert!(text.ends_with("\n1 error, 0 warnings, 1 note\n"), "{text}");
    let ended = run_with(&["lint", "-", "--format", "json"], PROFILE);
    let document = ended.document("lint");
    let first = &document["findings"][0];
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &18.into()));
    assert_eq!(first["file"], "-");
    let ended = run_with(&["lint", "-", "--format", "sarif"], PROFILE);
    let log: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((ended.status, &log["version"]), (1, &"2.1.0".into()));
}

#[test]
fn the_phone_decides_what_is_found() {
    let text = "($A eq 1)? https://h/a";
    for (more, status) in [
        (["--set", "GPP_A=1"].as_slice(), 0),
        (&["--macro", "A=1"], 0),
        (&["--set", "GPP_A=x"], 1),
    ] {
        let args = [["lint", "--kind", "profile", text].as_slice(), more].concat();
        assert_eq!(run(&args).status, status, "{more:?}");
    }
}

#[test]
fn several_files_are_one_report_and_a_missing_one_is_usage() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a.xml"), PROFILE).unwrap();
    std::fs::write(path("b.xml"), "Salted__12345678").unwrap();
    let (a, b) = (path("a.xml"), path("b.xml"));
    let ended = run(&["lint", &a, &b, "--format", "json"]);
    let document = ended.document("lint");
    let codes: Vec<_> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["unquoted-macro", "no-boot-spread", "encrypted-without-key"]
    );
    let ended = run(&["lint", &a, "/no/such/file"]);
    assert_eq!((ended.status, ended.text()), (2, ""));
    assert!(ended.stderr.contains("/no/such/file"), "{}", ended.stderr);
}
