//! What a release needs besides cargo, and where it comes from.

use std::path::Path;

use anyhow::{Result, bail};

use crate::dist::programs::Linkage;
use crate::dist::release::{Release, said};

/// Programs, and the packages of Debian that have them.
const TOOLS: [(&str, &str); 4] = [
    ("dpkg-deb", "dpkg"),
    ("md5sum", "coreutils"),
    ("sha256sum", "coreutils"),
    ("tar", "tar"),
];

/// The C compiler for the static programs, which ring needs.
const MUSL: (&str, &str) = ("musl-gcc", "musl-tools");
/// What finds the libraries of the other ones.
const LIBRARIES: (&str, &str) = ("dpkg-shlibdeps", "dpkg-dev");

/// Looks for all of them.
///
/// # Errors
/// Some are missing; the message says which, and how to get them.
pub(crate) fn find(release: &Release, linkage: Linkage) -> Result<()> {
    let mut wanted = TOOLS.to_vec();
    wanted.push(match linkage {
        Linkage::Static => MUSL,
        Linkage::Dynamic => LIBRARIES,
    });
    let mut missing: Vec<String> = wanted
        .into_iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(program, package)| format!("{program}: apt-get install {package}"))
        .collect();
    let target = release.static_target();
    if linkage == Linkage::Static && !has_library(&target) {
        missing.push(format!(
            "the library of Rust for {target}: rustup target add {target}"
        ));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let only_static = missing.iter().all(|line| line.contains("musl"));
    let hint = if only_static {
        "\nor make packages alone, for this release of the system and later ones: --no-static"
    } else {
        ""
    };
    bail!("missing:\n  {}{hint}", missing.join("\n  "))
}

/// Whether a program is in the path.
pub(crate) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether the standard library of a target is installed.
fn has_library(target: &str) -> bool {
    said(
        Path::new("."),
        "rustc",
        &["--print", "target-libdir", "--target", target],
    )
    .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}
