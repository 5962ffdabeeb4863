//! What all artefacts say of themselves: version, time, target, maintainer.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;

/// Who answers for packages when the environment does not say so, as Debian's tools let it.
const MAINTAINER: (&str, &str) = ("The Onhook developers", "onhook@packages.invalid");

/// One state of the sources, on its way out.
pub(crate) struct Release {
    /// Of the workspace.
    pub(crate) version: String,
    /// Commit, or nothing outside a repository.
    pub(crate) revision: String,
    /// Seconds since 1970: of the commit, or `SOURCE_DATE_EPOCH`.
    pub(crate) epoch: i64,
    /// `rustc --version`.
    pub(crate) rust: String,
    /// Target with the C library of this machine.
    pub(crate) target: String,
    /// `Name <address>`.
    pub(crate) maintainer: String,
    /// Where cargo puts what it builds.
    pub(crate) target_folder: PathBuf,
}

impl Release {
    /// Asks git, rustc and cargo.
    ///
    /// # Errors
    /// One of them cannot answer, or this is no Linux.
    pub(crate) fn of(root: &Path) -> Result<Self> {
        let said = said(root, "rustc", &["-vV"])?;
        let field = |name: &str| {
            said.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::to_owned)
                .with_context(|| format!("`rustc -vV` does not say {name}"))
        };
        let target = field("host: ")?;
        ensure!(
            target.ends_with("-unknown-linux-gnu"),
            "packages are made on Linux with the GNU C library, and this is {target}"
        );
        let epoch = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(text) => text
                .parse()
                .with_context(|| format!("SOURCE_DATE_EPOCH: `{text}` is no number of seconds"))?,
            Err(_) => said_number(root)?,
        };
        let metadata = super::sbom::metadata(root, &target)?;
        let maintainer = |key, default: &str| std::env::var(key).unwrap_or(default.to_owned());
        Ok(Self {
            version: metadata.version_of("onhook-agent")?,
            revision: revision(root),
            epoch,
            rust: field("release: ")?,
            target,
            maintainer: format!(
                "{} <{}>",
                maintainer("DEBFULLNAME", MAINTAINER.0),
                maintainer("DEBEMAIL", MAINTAINER.1)
            ),
            target_folder: metadata.target_directory,
        })
    }

    /// Target whose programs need no library of the machine that they run on.
    pub(crate) fn static_target(&self) -> String {
        self.target.replace("-gnu", "-musl")
    }

    /// The architecture as Debian calls it.
    ///
    /// # Errors
    /// It is none of those that are packed.
    pub(crate) fn architecture(&self) -> Result<&'static str> {
        match self.target.split('-').next() {
            Some("x86_64") => Ok("amd64"),
            Some("aarch64") => Ok("arm64"),
            other => bail!("no packages for the architecture {}", other.unwrap_or("-")),
        }
    }

    /// The time as `2026-11-29T15:00:00Z`.
    pub(crate) fn time(&self) -> String {
        self.formatted("%Y-%m-%dT%H:%M:%SZ")
    }

    /// The time as changelogs of Debian have it.
    pub(crate) fn long_time(&self) -> String {
        self.formatted("%a, %d %b %Y %H:%M:%S +0000")
    }

    fn formatted(&self, form: &str) -> String {
        Timestamp::from_second(self.epoch)
            .unwrap_or_default()
            .strftime(form)
            .to_string()
    }
}

/// The time of the commit.
fn said_number(root: &Path) -> Result<i64> {
    let text = said(root, "git", &["log", "-1", "--format=%ct"]).context(
        "the time of the release comes from git; outside a repository set SOURCE_DATE_EPOCH",
    )?;
    text.trim()
        .parse()
        .context("git did not print a number of seconds")
}

/// The commit; sources without a repository have none.
fn revision(root: &Path) -> String {
    said(root, "git", &["rev-parse", "HEAD"])
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// What a program prints.
pub(crate) fn said(root: &Path, program: &str, words: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(words)
        .current_dir(root)
        .output()
        .with_context(|| format!("starting {program}"))?;
    ensure!(
        output.status.success(),
        "{program} {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    String::from_utf8(output.stdout).with_context(|| format!("what {program} prints is no text"))
}
