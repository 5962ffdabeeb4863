//! A gate for one TFTP transfer, which does something after so many bytes of the file.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::ensure;

/// How often a waiting side looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);
/// The largest packet that a server may send.
const PACKET: usize = 65_535;

/// What both directions know.
struct Shared {
    /// Faces the phone.
    front: UdpSocket,
    /// Faces the server.
    back: UdpSocket,
    phone: Mutex<Option<SocketAddr>>,
    /// The port of the transfer, once the server has answered.
    server: Mutex<SocketAddr>,
    over: AtomicBool,
    acted: AtomicBool,
}

/// Stands between a phone and a server.
pub(crate) struct Gate {
    shared: Arc<Shared>,
    threads: [JoinHandle<()>; 2],
}

impl Gate {
    /// Listens on a free port of loopback; `act` is done once, before the packet that reaches `bytes` is handed on.
    ///
    /// # Errors
    /// No socket is to be had.
    pub(crate) fn start(
        server: SocketAddr,
        bytes: usize,
        act: Box<dyn FnOnce() + Send>,
    ) -> anyhow::Result<Self> {
        let socket = || -> anyhow::Result<UdpSocket> {
            let socket = UdpSocket::bind(("127.0.0.1", 0))?;
            socket.set_read_timeout(Some(LOOK))?;
            Ok(socket)
        };
        let shared = Arc::new(Shared {
            front: socket()?,
            back: socket()?,
            phone: Mutex::new(None),
            server: Mutex::new(server),
            over: AtomicBool::new(false),
            acted: AtomicBool::new(false),
        });
        let (there, here) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = [
            thread::spawn(move || there.to_server()),
            thread::spawn(move || here.to_phone(bytes, act)),
        ];
        Ok(Self { shared, threads })
    }

    /// Where the phone goes instead of to the server.
    pub(crate) fn address(&self) -> SocketAddr {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        self.shared.front.local_addr().unwrap_or(any)
    }

    /// Ends it.
    ///
    /// # Errors
    /// So many bytes never came.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        self.shared.over.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().ok();
        }
        let acted = self.shared.acted.load(Ordering::SeqCst);
        ensure!(
            acted,
            "the transfer was over before anything was done to it"
        );
        Ok(())
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn to_server(&self) {
        let mut packet = vec![0; PACKET];
        while !self.is_over() {
            let Ok((length, from)) = self.front.recv_from(&mut packet) else {
                continue;
            };
            *self.phone.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
            let server = *self.server.lock().unwrap_or_else(PoisonError::into_inner);
            let packet = packet.get(..length).unwrap_or_default();
            // A server that is gone is what this is for.
            self.back.send_to(packet, server).ok();
        }
    }

    fn to_phone(&self, bytes: usize, act: Box<dyn FnOnce() + Send>) {
        let mut packet = vec![0; PACKET];
        let (mut passed, mut act) = (0, Some(act));
        while !self.is_over() {
            let Ok((length, from)) = self.back.recv_from(&mut packet) else {
                continue;
            };
            *self.server.lock().unwrap_or_else(PoisonError::into_inner) = from;
            passed += length;
            if passed >= bytes
                && let Some(act) = act.take()
            {
                act();
                self.acted.store(true, Ordering::SeqCst);
            }
            let phone = *self.phone.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(phone) = phone {
                let packet = packet.get(..length).unwrap_or_default();
                self.front.send_to(packet, phone).ok();
            }
        }
    }
}
