//! Help, version, usage errors.

use crate::common::run;

#[test]
fn help_and_version_go_to_stdout_with_status_0() {
    for args in [
        ["--help"].as_slice(),
        &["--version"],
        &["serve", "--help"],
        &["decrypt", "-h"],
    ] {
        let ended = run(args);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{args:?}");
        assert!(
            !ended.stdout.contains(&0x1b),
            "no colours without a terminal: {args:?}"
        );
    }
    assert_eq!(
        run(&["--version"]).text(),
        format!("onhook-harness {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(
        run(&["encrypt", "--help"])
            .text()
            .contains("Others on this host can see a command line")
    );
}

#[test]
fn what_is_not_understood_goes_to_stderr_with_status_2() {
    for args in [
        [].as_slice(),
        &["nonsense"],
        &["serve"],
        &["--log-format", "xml", "expand", "x"],
        &["serve", "--root", ".", "--fault", "x"],
    ] {
        let ended = run(args);
        assert_eq!((ended.status, ended.text()), (2, ""), "{args:?}");
        assert!(!ended.stderr.is_empty());
    }
}
