//! The phone program on a state directory of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::content::Content;
use crate::peer::{Ended, Peer};
use crate::programs::program;

/// The real `onhook-agent` with a fresh state directory, which goes when this is dropped.
pub struct Agent {
    program: PathBuf,
    home: TempDir,
    prefix: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
}

/// Replays a journal.
///
/// # Errors
/// The program cannot be built or started, or does not end.
pub fn replay(journal: &str, options: &[&str]) -> anyhow::Result<Ended> {
    let mut command = Command::new(program("onhook-harness")?);
    Peer::start(command.arg("replay").arg(journal).args(options))?.end()
}

/// Names of files with their permission bits.
pub type Files = BTreeMap<String, u32>;

impl Agent {
    /// A phone that has never run; its state directory does not exist yet.
    ///
    /// # Errors
    /// The program cannot be built, or no folder can be made.
    pub fn new() -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        for folder in ["tmp", "cwd"] {
            fs::create_dir(home.path().join(folder))?;
        }
        Ok(Self {
            program: program("onhook-agent")?,
            home,
            prefix: Vec::new(),
            variables: Vec::new(),
        })
    }

    /// The state directory.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// A place for a file of the test, outside the state directory.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes the configuration that every further command gets.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn configure(&self, text: &str) -> anyhow::Result<()> {
        Ok(fs::write(self.place("agent.toml"), text)?)
    }

    /// Runs every further command under another program, such as a tracer; an empty list ends that.
    pub fn run_under(&mut self, prefix: Vec<OsString>) {
        self.prefix = prefix;
    }

    /// Sets a variable of the environment for every further command.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.into(), value.into()));
    }

    /// A command line; state directory and configuration are added where the command takes them.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut words = self.prefix.clone();
        words.push(self.program.clone().into());
        words.extend(args.iter().map(OsString::from));
        words.extend(["--state-dir".into(), self.state().into()]);
        if self.place("agent.toml").is_file() {
            words.extend(["--config".into(), self.place("agent.toml").into()]);
        }
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .stdin(Stdio::null())
            .current_dir(self.place("cwd"))
            .env_clear()
            // Phones of tests that run at the same time would want one place.
            .env("ONHOOK__WEB__LISTEN", "off")
            .env("TMPDIR", self.place("tmp"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// It cannot be started, or does not end.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<Ended> {
        self.start(args)?.end()
    }

    /// Runs a command that reads from standard input.
    ///
    /// # Errors
    /// It cannot be started, does not read, or does not end.
    pub fn run_reading(&self, args: &[&str], input: &str) -> anyhow::Result<Ended> {
        let mut peer = Peer::start(self.command(args).stdin(Stdio::piped()))?;
        peer.give(input)?;
        peer.end()
    }

    /// Starts a command.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, args: &[&str]) -> anyhow::Result<Peer> {
        Peer::start(&mut self.command(args))
    }

    /// Starts the phone itself and waits until it answers at its control socket.
    ///
    /// # Errors
    /// It ends or does not answer.
    pub fn boot(&self) -> anyhow::Result<Peer> {
        let mut peer = self.start(&["run", "--events", "-"])?;
        peer.line(|line| line.contains("\"event\""))?;
        Ok(peer)
    }

    /// Runs one rule in the foreground and gives back the result.
    ///
    /// # Errors
    /// There is no result.
    pub fn resync(&self, rule: &str) -> anyhow::Result<(Ended, Value)> {
        let ended = self.run(&["resync", rule, "--json"])?;
        let document = document(&ended)?;
        Ok((ended, document))
    }

    /// A status of the running phone.
    ///
    /// # Errors
    /// It does not answer.
    pub fn status(&self) -> anyhow::Result<Value> {
        document(&self.run(&["status", "--json"])?)
    }

    /// The parameters that differ from the factory state.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn changed(&self) -> anyhow::Result<Content> {
        let ended = self.run(&["params", "list", "--changed", "--json"])?;
        ensure!(ended.code == Some(0), "{ended:?}");
        let mut document = document(&ended)?;
        let changes = document.get_mut("changes").context("no changes")?.take();
        Ok(serde_json::from_value(changes)?)
    }

    /// The files of the state directory but for the former ones, which the second commit leaves.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn stored(&self) -> anyhow::Result<Files> {
        let mut found = files(&self.state())?;
        found.retain(|name, _| !name.ends_with(".old"));
        Ok(found)
    }

    /// What the commands left outside the state directory.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn litter(&self) -> anyhow::Result<Files> {
        let mut found = files(&self.place("tmp"))?;
        found.extend(files(&self.place("cwd"))?);
        Ok(found)
    }
}

fn document(ended: &Ended) -> anyhow::Result<Value> {
    serde_json::from_str(&ended.out).with_context(|| format!("no JSON document: {ended:?}"))
}

/// The files of a folder; none if there is no such folder.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path) -> anyhow::Result<Files> {
    let mut found = Files::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.insert(name, entry.metadata()?.permissions().mode() & 0o7777);
    }
    Ok(found)
}
