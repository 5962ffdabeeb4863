//! Where foreign programs are, and of which version.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders that hold servers and that the search path of a user may lack.
const MORE: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Looks for programs.
pub(crate) struct Tools;

impl Tools {
    /// The path of a program: in the search path, or of a package that was unpacked only.
    pub(crate) fn find(name: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(MORE.map(PathBuf::from))
            .map(|folder| folder.join(name))
            .chain([unpacked(name)])
            .find(|file| is_program(file))
    }

    /// The version that a program tells when it is asked like this.
    pub(crate) fn version(program: &Path, words: &[&str]) -> String {
        let asked = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .output();
        let Ok(told) = asked else {
            return String::new();
        };
        let out = String::from_utf8_lossy(&told.stdout).into_owned();
        version_in(&(out + &String::from_utf8_lossy(&told.stderr)))
    }
}

/// Where `.ci/install unpacked` puts the servers that cannot be installed.
fn unpacked(name: &str) -> PathBuf {
    let folder = std::env::var_os("ONHOOK_PEERS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers"),
        PathBuf::from,
    );
    folder.join(name).join("usr/sbin").join(name)
}

fn is_program(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The first number with a point in it.
fn version_in(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_servers_say() {
        for (text, version) in [
            ("tftp-hpa 5.2, with remap", "5.2"),
            ("nginx version: nginx/1.22.1\n", "1.22.1"),
            ("Server version: Apache/2.4.71 (Debian)", "2.4.71"),
            ("rsyslogd  8.2302.0 (aka 2023.02)", "8.2302.0"),
            ("nothing.", ""),
        ] {
            assert_eq!(version_in(text), version, "{text}");
        }
    }
}
