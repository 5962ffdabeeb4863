//! The servers that files come from.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use super::{FILE, pinned};
use crate::peers;

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// tftpd-hpa, which knows no windows.
    Hpa,
    /// atftpd.
    Atftpd,
    /// That of the lab.
    Ours,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hpa => "tftpd-hpa",
            Self::Atftpd => "atftpd",
            Self::Ours => "onhook",
        }
    }

    /// Its program, if it is installed.
    pub(super) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Hpa => peers::find("in.tftpd"),
            // Debian installs it beside no other server: it is unpacked.
            Self::Atftpd => peers::find("atftpd").or_else(|| {
                let unpacked = PathBuf::from("target/peers/atftpd/usr/sbin/atftpd");
                unpacked.is_file().then_some(unpacked)
            }),
            Self::Ours => std::env::current_exe().ok(),
        }
    }
}

/// A server over one folder; ended when it is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

impl Server {
    pub(super) fn start(kind: Kind, folder: &Path) -> anyhow::Result<Self> {
        let name = kind.name();
        let program = kind
            .program()
            .with_context(|| format!("{name} is not installed"))?;
        let mut command = pinned(&program);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        if kind == Kind::Ours {
            command.arg("serve").arg(folder).stdout(Stdio::piped());
            return Self::ours(&mut command);
        }
        let port = free_port().context("looking for a free port")?;
        command.stdout(Stdio::null());
        match kind {
            Kind::Hpa | Kind::Ours => {
                command.args(["-L", "-4", "-u", "nobody", "-a"]);
                command.arg(format!("127.0.0.1:{port}")).arg("-s");
            }
            Kind::Atftpd => {
                command.args(["--daemon", "--no-fork", "--bind-address", "127.0.0.1"]);
                command.args(["--user", "nobody", "--group", "nogroup", "--logfile", "-"]);
                command.args(["--port", &port.to_string()]);
            }
        }
        let child = command.arg(folder).spawn();
        let child = child.with_context(|| format!("starting {name}"))?;
        let server = Self { child, port };
        server.await_answer(name)?;
        Ok(server)
    }

    /// The server of the lab says where it listens.
    fn ours(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command.spawn().context("starting the own server")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let port = line
            .trim()
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        let server = Self {
            child,
            port: port.unwrap_or(0),
        };
        port.map(|_| server)
            .context("the own server does not say where it listens")
    }

    /// Waits until a request for a file that is not there is refused.
    fn await_answer(&self, name: &str) -> anyhow::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        for _ in 0..50 {
            // Before the server is up ICMP refuses it, which is as good as silence.
            let _ = socket.send_to(b"\0\x01nothing\0octet\0", (Ipv4Addr::LOCALHOST, self.port));
            if socket.recv(&mut [0; 600]).is_ok() {
                return Ok(());
            }
        }
        bail!("{name} does not answer; it needs root to change its user")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with a file that servers which gave up their rights can look into.
pub(super) fn folder(bytes: usize) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).context("opening the scratch folder")?;
    let mut file = std::fs::File::create(folder.path().join(FILE)).context("making the file")?;
    let block: Vec<u8> = (0..4096_u32).map(|n| (n * 31 % 251) as u8).collect();
    for _ in 0..bytes / block.len() {
        file.write_all(&block).context("writing the file")?;
    }
    Ok(folder)
}

fn free_port() -> std::io::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}
