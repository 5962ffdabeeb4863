//! `cargo xtask interop`: real phones at the servers that operators run.
//!
//! This installs the servers, builds the programs and makes a network; the rest is the program `onhook-interop` of the
//! crate `onhook-tests`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::say;

/// Groups of `.ci/packages` that the servers come from.
const GROUPS: [&str; 2] = ["interop", "unpacked"];
/// Runs a program in namespaces of its own, so that every port is free and nothing outlives it.
const ALONE: [&str; 6] = [
    "unshare",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
];
/// A new network has its loopback interface down. With loopback addresses alone some servers take theirs for none.
const LOOPBACK_UP: &str =
    "ip link set lo up && ip address add 192.0.2.1/32 dev lo && exec \"$0\" \"$@\"";

/// What `cargo xtask interop` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// These servers alone, by name.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Do not install what is missing: its rows are skipped.
    #[arg(long)]
    no_install: bool,
    /// Leave the slow cases out.
    #[arg(long)]
    quick: bool,
    /// A network that loses packets, instead of all servers; needs root.
    #[arg(long, conflicts_with_all = ["only", "quick"])]
    bad_network: bool,
}

impl Options {
    /// Whether everything is done, so that the document can be written.
    fn is_whole(&self) -> bool {
        self.only.is_empty() && !self.quick
    }
}

/// Installs, builds and runs; the status is that of the run.
///
/// # Errors
/// A program cannot be started, or the agent cannot be built.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    if !options.no_install && !install(root)? {
        return Ok(ExitCode::FAILURE);
    }
    let Some(program) = build(root)? else {
        return Ok(ExitCode::FAILURE);
    };
    let mut words = Vec::new();
    if is_alone_possible() {
        words.extend(ALONE.map(str::to_owned));
        words.extend(["sh", "-c", LOOPBACK_UP].map(str::to_owned));
    } else if options.bad_network {
        bail!("a bad network needs namespaces, and so root: try `unshare --net --pid --fork true`");
    } else {
        say::line("interop: no namespaces here; the servers share the loopback interface");
    }
    words.push(program.display().to_string());
    words.extend(
        options
            .only
            .iter()
            .flat_map(|name| ["--only".to_owned(), name.clone()]),
    );
    for (is_set, word) in [
        (options.quick, "--quick"),
        (options.bad_network, "--bad-network"),
    ] {
        words.extend(is_set.then(|| word.to_owned()));
    }
    if options.is_whole() {
        let file = root.join("docs").join("interop.md");
        words.extend(["--document".to_owned(), file.display().to_string()]);
    }
    let mut words = words.into_iter();
    let first = words.next().context("no command")?;
    let mut command = Command::new(first);
    let status = command
        .args(words)
        .stdin(Stdio::null())
        .status()
        .context("the run cannot be started")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Installs what is missing; `false` after the script has said what is wrong.
fn install(root: &Path) -> Result<bool> {
    let status = Command::new(root.join(".ci").join("install"))
        .args(GROUPS)
        .stdin(Stdio::null())
        .status()
        .context("starting .ci/install")?;
    Ok(status.success())
}

/// Builds the programs; gives that which does the rest, or nothing after cargo has said what is wrong.
fn build(root: &Path) -> Result<Option<PathBuf>> {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "onhook-agent",
            "--package",
            "onhook-harness",
        ])
        .args(["--package", "onhook-tests", "--bins"])
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    if !built.success() {
        return Ok(None);
    }
    // This program stands in the same folder.
    let own = std::env::current_exe().context("where this program is")?;
    Ok(Some(own.with_file_name("onhook-interop")))
}

/// Whether namespaces can be made, which needs root and a kernel that has them.
fn is_alone_possible() -> bool {
    let [unshare, options @ ..] = ALONE;
    Command::new(unshare)
        .args(options)
        .args(["sh", "-c", LOOPBACK_UP, "true"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
