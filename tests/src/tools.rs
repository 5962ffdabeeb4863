//! Foreign programs, which a machine may lack.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Turns a skipped test into a failed one when it is `1`.
const NO_SKIP: &str = "ONHOOK_NO_SKIP";

/// The path of a foreign program; `None` after saying that the test is skipped.
///
/// # Panics
/// The program is missing and nothing may be skipped.
#[must_use]
pub fn tool(name: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// Says that the running test is skipped, and why.
///
/// # Panics
/// Nothing may be skipped.
pub fn skip(why: &str) {
    let setting = std::env::var(NO_SKIP).ok();
    match verdict(why, setting.as_deref()) {
        #[expect(
            clippy::print_stdout,
            reason = "the line is collected from the output of the test"
        )]
        Ok(line) => println!("{line}"),
        Err(failure) => panic!("{failure}"),
    }
}

/// The line of a skipped test, or the message of a failed one.
fn verdict(why: &str, no_skip: Option<&str>) -> Result<String, String> {
    if no_skip == Some("1") {
        return Err(format!("{why}, and {NO_SKIP}=1 forbids to skip"));
    }
    Ok(format!("skipped: {why}"))
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| {
            file.metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_found_in_the_path_by_its_name_alone() {
        assert!(find("sh").unwrap().is_absolute());
        assert_eq!(find("onhook-no-such-tool"), None);
    }

    #[test]
    fn a_missing_tool_skips_the_test_or_fails_it_where_nothing_may_be_skipped() {
        let why = "xmllint is not installed";
        for setting in [None, Some(""), Some("0")] {
            let line = verdict(why, setting).unwrap();
            assert_eq!(line, "skipped: xmllint is not installed");
        }
        assert!(verdict(why, Some("1")).unwrap_err().starts_with(why));
    }
}
