//! The programs: static, so that one program is in packages, archive and images, or with the C library of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::dist::release::Release;
use crate::say;

/// Programs and how they are built. The agent ends when something panics, and whoever started it starts it anew; the
/// harness plays many phones, and a panic of one must not end all.
const PROFILES: [(&str, &str, &str); 2] = [
    ("onhook-agent", "device", "device"),
    ("onhook-harness", "release", "release"),
];

/// Whether the programs need libraries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Linkage {
    /// They need none, and run wherever the kernel does.
    Static,
    /// They need the C library of this machine, or a later one.
    Dynamic,
}

/// Where the programs are.
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// The path of a program.
    ///
    /// # Errors
    /// It is none of those that are released.
    pub(crate) fn place(&self, name: &str) -> Result<PathBuf> {
        let (_, _, folder) = PROFILES
            .iter()
            .find(|(program, ..)| *program == name)
            .with_context(|| format!("nobody says how {name} is built"))?;
        Ok(self.folder.join(folder).join(name))
    }
}

/// Keeps out of the programs when the C files of a dependency were compiled.
const TIMELESS: &str = r#"-Wno-builtin-macro-redefined -D__DATE__="" -D__TIME__="""#;

/// Builds all programs.
///
/// # Errors
/// Cargo cannot build one.
pub(crate) fn build(root: &Path, release: &Release, linkage: Linkage) -> Result<Programs> {
    let target = match linkage {
        Linkage::Static => release.static_target(),
        Linkage::Dynamic => release.target.clone(),
    };
    for (name, profile, _) in PROFILES {
        say::line(&format!(
            "building {name} (some minutes, if it was not built before)"
        ));
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--locked", "--package", name, "--bin", name])
            .args(["--profile", profile, "--target", &target])
            .args(["--config", "profile.release.strip=\"symbols\""])
            .current_dir(root)
            // Files of an interrupted build would depend on the order in which things were built.
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_ENCODED_RUSTFLAGS", flags(root).join("\u{1f}"))
            .env("CFLAGS", TIMELESS)
            .env_remove("CC_SHELL_ESCAPED_FLAGS")
            .status()
            .context("starting cargo")?;
        ensure!(status.success(), "{name} could not be built");
    }
    let programs = Programs {
        folder: release.target_folder.join(target),
    };
    for (name, ..) in PROFILES {
        let place = programs.place(name)?;
        let content = fs::read(&place).with_context(|| format!("reading {}", place.display()))?;
        if let Some(date) = day_of_compiling(&content) {
            bail!(
                "{name} has `{date}` in it, as a C file has that asks for __DATE__: another build would differ. If it was built before without \
                 the flags that keep this out, remove {} and try again; else find the file and keep the date out of it",
                programs.folder.display()
            );
        }
    }
    Ok(programs)
}

/// A day as a C compiler writes `__DATE__`, `Nov 30 2026`, if a program has one.
pub(super) fn day_of_compiling(program: &[u8]) -> Option<String> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let is_day = |text: &&[u8]| {
        let [m, o, n, b' ', d, a, b' ', b'2', b'0', y, r] = **text else {
            return false;
        };
        let (months, _) = MONTHS.as_chunks::<3>();
        let day = (d == b' ' || d.is_ascii_digit()) && a.is_ascii_digit();
        months.contains(&[m, o, n]) && day && y.is_ascii_digit() && r.is_ascii_digit()
    };
    let day = program.windows(11).find(is_day)?;
    Some(String::from_utf8_lossy(day).into_owned())
}

/// Keeps the folders of this machine out of the programs.
fn flags(root: &Path) -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    );
    vec![
        format!("--remap-path-prefix={}=/cargo", home.display()),
        format!("--remap-path-prefix={}=/onhook", root.display()),
    ]
}
