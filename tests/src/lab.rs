//! `onhook-harness serve` on a folder of its own, and `try` against any server.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

use crate::peer::{Ended, Peer};
use crate::programs::program;

/// A provisioning server over a folder, which goes when this is dropped.
pub struct Lab {
    home: TempDir,
    peer: Peer,
    listening: Value,
}

impl Lab {
    /// Serves an empty folder over HTTP and TFTP on free ports of loopback; `options` come on top.
    ///
    /// # Errors
    /// The program cannot be built or does not start.
    pub fn start(options: &[&str]) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        fs::create_dir(home.path().join("www"))?;
        let mut command = Command::new(program("onhook-harness")?);
        command
            .args(["serve", "--json", "--root"])
            .arg(home.path().join("www"))
            .args(["--http", "127.0.0.1:0", "--tftp", "127.0.0.1:0"])
            .args(options)
            .stdin(Stdio::null());
        let mut peer = Peer::start(&mut command)?;
        let listening = serde_json::from_str(&peer.line(|line| line.contains("\"listening\""))?)?;
        Ok(Self {
            home,
            peer,
            listening,
        })
    }

    /// Puts a file on the server.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
        Ok(fs::write(self.home.path().join("www").join(name), content)?)
    }

    /// A place for a file of the test, outside the folder that is served.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The address of `http`, `https` or `tftp`.
    ///
    /// # Errors
    /// It is off.
    pub fn address(&self, scheme: &str) -> anyhow::Result<&str> {
        let address = self.listening.get(scheme).and_then(Value::as_str);
        address.with_context(|| format!("{scheme} is off"))
    }

    /// A URL on the server.
    ///
    /// # Errors
    /// The scheme is off.
    pub fn url(&self, scheme: &str, path: &str) -> anyhow::Result<String> {
        Ok(format!("{scheme}://{}/{path}", self.address(scheme)?))
    }

    /// The next event of a kind.
    ///
    /// # Errors
    /// There is none in time.
    pub fn event(&mut self, kind: &str) -> anyhow::Result<Value> {
        let wanted = format!("\"event\":\"{kind}\"");
        let line = self.peer.line(|line| line.contains(&wanted))?;
        Ok(serde_json::from_str(&line)?)
    }
}

/// Runs `onhook-harness try --json` and gives how it ended and its document.
///
/// # Errors
/// The program cannot be built or started, does not end, or prints no document.
pub fn try_out(args: &[&str]) -> anyhow::Result<(Ended, Value)> {
    let mut command = Command::new(program("onhook-harness")?);
    command.args(["try", "--json"]).args(args);
    let ended = Peer::start(command.stdin(Stdio::null()))?.end()?;
    let document =
        serde_json::from_str(&ended.out).with_context(|| format!("no JSON document: {ended:?}"))?;
    Ok((ended, document))
}

/// Runs `onhook-harness fleet --json` and gives how it ended and its document.
///
/// # Errors
/// The program cannot be built or started, does not end, or prints no document.
pub fn fleet(args: &[&str]) -> anyhow::Result<(Ended, Value)> {
    let mut command = Command::new(program("onhook-harness")?);
    command.args(["fleet", "--json"]).args(args);
    let ended = Peer::start(command.stdin(Stdio::null()))?.end()?;
    let document =
        serde_json::from_str(&ended.out).with_context(|| format!("no JSON document: {ended:?}"))?;
    Ok((ended, document))
}
