//! Certificates as an operator makes them with openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::ensure;
use tempfile::TempDir;

use crate::peer::Peer;

/// A key on the curve that everybody takes, as after `-newkey`.
pub const EC: &str = "ec -pkeyopt ec_paramgen_curve:prime256v1";

/// An authority with a folder: `ca.pem`, `ca.key`, and what it issues.
pub struct Authority {
    openssl: PathBuf,
    folder: TempDir,
}

impl Authority {
    /// Makes an authority.
    ///
    /// # Errors
    /// openssl refuses.
    pub fn new(openssl: PathBuf) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let authority = Self { openssl, folder };
        let usage = "-addext keyUsage=critical,keyCertSign -subj /CN=Root";
        authority.openssl(&format!(
            "req -x509 -newkey {EC} -nodes -days 30 -keyout ca.key -out ca.pem {usage}"
        ))?;
        Ok(authority)
    }

    /// A file of the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs openssl in the folder; words are parted by blanks.
    ///
    /// # Errors
    /// It fails.
    pub fn openssl(&self, line: &str) -> anyhow::Result<()> {
        self.run(Command::new(&self.openssl).args(line.split_whitespace()))
    }

    /// Runs a command in the folder.
    ///
    /// # Errors
    /// It fails.
    pub fn run(&self, command: &mut Command) -> anyhow::Result<()> {
        let output = command.current_dir(self.folder.path()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {said}");
        Ok(())
    }

    /// Makes `NAME.pem` and `NAME.key`, valid for 30 days; `extensions` as in a file of openssl.
    ///
    /// # Errors
    /// openssl refuses.
    pub fn issue(&self, name: &str, extensions: &str) -> anyhow::Result<()> {
        self.request(name, EC, &format!("/CN={name}"))?;
        self.sign(name, extensions, 30)
    }

    /// Makes `NAME.key` and `NAME.csr`; `key` as after `-newkey`.
    ///
    /// # Errors
    /// openssl refuses.
    pub fn request(&self, name: &str, key: &str, subject: &str) -> anyhow::Result<()> {
        let line = format!("req -newkey {key} -nodes -keyout {name}.key -out {name}.csr -subj");
        let words = line.split_whitespace().chain([subject]);
        self.run(Command::new(&self.openssl).args(words))
    }

    /// Makes `NAME.pem` out of `NAME.csr`.
    ///
    /// # Errors
    /// openssl refuses.
    pub fn sign(&self, name: &str, extensions: &str, days: i32) -> anyhow::Result<()> {
        fs::write(self.path("extensions"), extensions)?;
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} \
             -extfile extensions -out {name}.pem"
        ))
    }

    /// Serves the folder over TLS with `NAME.pem`, and gives the port; more options as `openssl s_server` takes them.
    ///
    /// # Errors
    /// The server does not start.
    pub fn serve(&self, name: &str, options: &str) -> anyhow::Result<(Peer, u16)> {
        let line =
            format!("s_server -accept 127.0.0.1:0 -cert {name}.pem -key {name}.key -WWW {options}");
        let mut command = Command::new(&self.openssl);
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        let mut peer = Peer::start(&mut command)?;
        let line = peer.line(|line| line.starts_with("ACCEPT "))?;
        let port = line.rsplit(':').next().unwrap_or_default().trim();
        Ok((peer, port.parse()?))
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
