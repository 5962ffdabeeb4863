//! A stretch of network between a phone and a server that can be bad on purpose.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use anyhow::{Context, bail, ensure};
use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

use crate::peer::{DEADLINE, until};

/// Length of the head of a TLS record: type, version, length.
const RECORD_HEAD: usize = 5;
/// So many bytes wait in the relay at most, so that most of a large file stays with the server.
const ROOM: usize = 128 << 10;

/// What happens to that which the server sends, after the bytes or records that pass unharmed.
pub enum Harm {
    /// Both connections end in order.
    Cut,
    /// The phone's connection is reset.
    Reset,
    /// One byte is another.
    Flip,
    /// Each byte comes alone.
    Bytes,
    /// A TLS alert with this description comes in place of the rest; it is not encrypted.
    Alert(u8),
    /// Something is done while both connections stand still, then all goes on.
    Meanwhile(Box<dyn FnOnce() + Send>),
}

/// How much passes unharmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// So many bytes of the server.
    Bytes(usize),
    /// So many whole TLS records of the server.
    Records(usize),
}

/// Relays one connection to a server, and harms it.
pub struct Relay {
    address: SocketAddr,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Relay {
    /// Listens on a free port of loopback for one connection.
    ///
    /// # Errors
    /// No socket is to be had.
    pub fn start(server: SocketAddr, after: After, harm: Harm) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let thread = thread::spawn(move || relay(&listener, server, after, harm));
        Ok(Self { address, thread })
    }

    /// Where the phone goes instead of to the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the connection is over.
    ///
    /// # Errors
    /// Nobody came, or the server sent less than was to pass, so that nothing was harmed.
    pub fn end(self) -> anyhow::Result<()> {
        // Wakes a relay to which nobody came.
        drop(TcpStream::connect(self.address));
        match self.thread.join() {
            Ok(ended) => ended,
            Err(_) => bail!("the relay panicked"),
        }
    }
}

fn relay(
    listener: &TcpListener,
    server: SocketAddr,
    after: After,
    harm: Harm,
) -> anyhow::Result<()> {
    let (mut phone, _) = listener.accept()?;
    let mut server = TcpStream::connect(server).context("the server behind the relay")?;
    setsockopt(&server, sockopt::RcvBuf, &ROOM)?;
    for stream in [&phone, &server] {
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
    }
    let (mut from, mut to) = (phone.try_clone()?, server.try_clone()?);
    let asking = thread::spawn(move || {
        std::io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
        // The server may have gone first: the phone is heard to its end all the same.
        std::io::copy(&mut from, &mut std::io::sink()).ok();
    });
    let is_reset = matches!(harm, Harm::Reset);
    let is_told = matches!(harm, Harm::Alert(_));
    let passed = pass(&mut server, &mut phone, after);
    if passed.is_ok() {
        // The phone goes away when it has heard enough; that is no fault of the relay.
        harm_rest(&mut server, &mut phone, harm).ok();
    }
    if is_reset {
        // What is still under way would be lost too.
        until("the arrival of what was passed", || arrived(&phone))?;
        // A socket that lingers for no time is reset when its last handle is closed.
        let (l_onoff, l_linger) = (1, 0);
        setsockopt(&phone, sockopt::Linger, &linger { l_onoff, l_linger })?;
        phone.shutdown(Shutdown::Read).ok();
    } else if !is_told {
        phone.shutdown(Shutdown::Both).ok();
    }
    // Who was told by an alert hangs up itself; a hang-up that crosses its request could be seen before the alert.
    server.shutdown(Shutdown::Both).ok();
    asking.join().ok();
    passed
}

/// Whether the phone's side of the system has everything that was written; its table of connections tells.
fn arrived(stream: &TcpStream) -> Option<()> {
    let (own, other) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
    let (own, other) = (hex_port(own), hex_port(other));
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let queues = table.lines().find_map(|row| {
        // Number, own end, other end, state, and what waits to be sent and to be read.
        let mut words = row.split_whitespace().skip(1);
        let is_it = words.next()?.ends_with(&own) && words.next()?.ends_with(&other);
        if is_it { words.nth(1) } else { None }
    })?;
    let (unsent, _) = queues.split_once(':')?;
    unsent.bytes().all(|digit| digit == b'0').then_some(())
}

/// The end of an address in the system's table of connections.
fn hex_port(address: SocketAddr) -> String {
    format!(":{:04X}", address.port())
}

/// Hands on what is to pass unharmed.
fn pass(server: &mut TcpStream, phone: &mut TcpStream, after: After) -> anyhow::Result<()> {
    match after {
        After::Bytes(count) => {
            let mut taken = server.take(u64::try_from(count)?);
            let passed = std::io::copy(&mut taken, phone)?;
            ensure!(
                passed == u64::try_from(count)?,
                "the server sent {passed} bytes, fewer than {count}"
            );
        }
        After::Records(count) => {
            for at in 0..count {
                let mut head = [0; RECORD_HEAD];
                server
                    .read_exact(&mut head)
                    .with_context(|| format!("the server sent {at} records, fewer than {count}"))?;
                let [.., high, low] = head;
                let mut body = vec![0; usize::from(u16::from_be_bytes([high, low]))];
                server.read_exact(&mut body)?;
                phone.write_all(&head)?;
                phone.write_all(&body)?;
            }
        }
    }
    Ok(())
}

/// Harms what comes next.
fn harm_rest(server: &mut TcpStream, phone: &mut TcpStream, harm: Harm) -> anyhow::Result<()> {
    match harm {
        Harm::Cut | Harm::Reset => {}
        Harm::Flip => {
            let mut byte = [0];
            server.read_exact(&mut byte)?;
            phone.write_all(&byte.map(|byte| byte ^ 1))?;
            std::io::copy(server, phone)?;
        }
        Harm::Bytes => {
            phone.set_nodelay(true)?;
            for byte in std::io::BufReader::new(server).bytes() {
                phone.write_all(&[byte?])?;
            }
        }
        Harm::Alert(description) => {
            const FATAL: u8 = 2;
            phone.write_all(&[21, 3, 3, 0, 2, FATAL, description])?;
            // The phone says why it goes, or goes.
            phone.shutdown(Shutdown::Write)?;
        }
        Harm::Meanwhile(act) => {
            act();
            std::io::copy(server, phone)?;
        }
    }
    Ok(())
}
