//! Where a peer runs: a scratch folder, certificates, free ports, and the addresses that it ends up with.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use onhook_tests::{Authority, EC};
use tempfile::TempDir;

use crate::files;
use crate::group::Group;
use crate::tools::Tools;

/// The names of the server that most certificates are for.
const HERE: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
/// Who the phone is.
const PHONE: &str = "/O=Example/CN=CP-8841-3PCC, MAC: 000E08012345";
/// How long an answer is waited for before it is asked for again.
const ANSWER: Duration = Duration::from_millis(50);

/// What the servers of one run share.
pub(crate) struct Shelf {
    /// Held for its folder.
    home: TempDir,
    /// Certificates.
    pub(crate) authority: Arc<Authority>,
}

impl Shelf {
    /// Makes certificates and files.
    ///
    /// # Errors
    /// A tool is missing or refuses.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let openssl = Tools::find("openssl").context("openssl is not installed")?;
        let compressor = Tools::find("gzip").context("gzip is not installed")?;
        let home = open_folder()?;
        files::fill(&home.path().join("www"), &openssl, &compressor)?;
        let authority = Arc::new(Authority::new(openssl)?);
        certificates(&authority)?;
        Ok(Self { home, authority })
    }

    /// The folder that the servers give.
    fn www(&self) -> PathBuf {
        self.home.path().join("www")
    }
}

/// The certificates of servers, good and bad, and that of the phone.
fn certificates(authority: &Authority) -> anyhow::Result<()> {
    authority.issue("server", HERE)?;
    authority.issue("wrong-name", "subjectAltName=DNS:elsewhere.test\n")?;
    authority.request("expired", EC, "/CN=expired")?;
    authority.sign("expired", HERE, -1)?;
    let own = format!(
        "req -x509 -newkey {EC} -nodes -days 30 -subj /CN=own -keyout self-signed.key -out self-signed.pem"
    );
    authority.openssl(&format!("{own} -addext {}", HERE.trim()))?;
    authority.request("phone", EC, PHONE)?;
    authority.sign("phone", "extendedKeyUsage=clientAuth\n", 30)
}

/// A scratch folder through which a server that gave up its rights can pass.
fn open_folder() -> anyhow::Result<TempDir> {
    let home = tempfile::tempdir()?;
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711))?;
    Ok(home)
}

/// Where one peer runs.
pub(crate) struct Stage {
    home: TempDir,
    www: PathBuf,
    /// Certificates.
    pub(crate) authority: Arc<Authority>,
}

impl Stage {
    /// A scratch folder of its own.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(shelf: &Shelf) -> anyhow::Result<Self> {
        Ok(Self {
            home: open_folder()?,
            www: shelf.www(),
            authority: Arc::clone(&shelf.authority),
        })
    }

    /// The files that a server is to give.
    pub(crate) fn www(&self) -> &Path {
        &self.www
    }

    /// The scratch folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into the scratch folder, with the folders above it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.home.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// A peer that runs.
pub(crate) struct Serving {
    /// The program.
    pub(crate) group: Group,
    /// What stands for `{NAME}` in rules; the first one for `{base}` too.
    pub(crate) addresses: Vec<(&'static str, String)>,
}

impl Serving {
    /// The first address.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn first(&self) -> anyhow::Result<&str> {
        let (_, first) = self.addresses.first().context("no address")?;
        Ok(first)
    }

    /// A rule with addresses in place of their names.
    pub(crate) fn fill_in(&self, rule: &str) -> String {
        let mut rule = rule.replace("{base}", self.first().unwrap_or_default());
        for (name, address) in &self.addresses {
            rule = rule.replace(&format!("{{{name}}}"), address);
        }
        rule
    }
}

/// TCP ports of loopback on which nobody listens, all different.
///
/// # Errors
/// There are none.
pub(crate) fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    let sockets: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()?;
    let port = |socket: &TcpListener| anyhow::Ok(socket.local_addr()?.port());
    sockets.iter().map(port).collect()
}

/// A UDP port of loopback on which nobody listens.
///
/// # Errors
/// There is none.
pub(crate) fn free_udp_port() -> anyhow::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}

/// A port of loopback on which nobody listens over UDP, nor uses it over TCP.
///
/// # Errors
/// There is none.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let free = (0..100).find_map(|_| {
        let port = free_udp_port().ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some(port)
    });
    free.context("no port is free over UDP and TCP")
}

/// An address of loopback at which nobody listens on this UDP port.
///
/// # Errors
/// There is none; ports below 1024 need root.
pub(crate) fn free_address(port: u16) -> anyhow::Result<Ipv4Addr> {
    for last in 2..=250 {
        let ip = Ipv4Addr::new(127, 0, 69, last);
        if UdpSocket::bind((ip, port)).is_ok() {
            return Ok(ip);
        }
    }
    bail!("no address of loopback has UDP port {port} free; ports below 1024 need root")
}

/// Waits until somebody takes connections at these ports of loopback.
///
/// # Errors
/// The program ends first, or the deadline passes.
pub(crate) fn await_ports(group: &mut Group, ports: &[u16]) -> anyhow::Result<()> {
    for port in ports {
        let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok();
        group.until("taking connections", connect)?;
    }
    Ok(())
}

/// Waits until a TFTP server refuses a file that it does not have.
///
/// # Errors
/// The program ends first, or the deadline passes.
pub(crate) fn await_tftp(group: &mut Group, server: SocketAddr) -> anyhow::Result<()> {
    let socket = UdpSocket::bind((server.ip(), 0))?;
    socket.set_read_timeout(Some(ANSWER))?;
    group.until("answering over TFTP", || {
        // Until the server is up, ICMP refuses it.
        socket.send_to(b"\0\x01none\0octet\0", server).ok()?;
        socket.recv(&mut [0; 600]).ok()
    })?;
    Ok(())
}
