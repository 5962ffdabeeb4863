//! A line between clients and a server that loses packets, drawn from a seed.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How long nothing has to be said before a transfer is forgotten.
const SILENCE: Duration = Duration::from_secs(40);

/// A relay to one server; it runs as long as the process.
pub(super) struct Relay {
    pub(super) port: u16,
    line: Arc<Line>,
}

struct Line {
    /// One of so many packets is lost.
    one_of: u64,
    state: AtomicU64,
}

impl Relay {
    pub(super) fn start(server: u16, one_of: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = socket.local_addr()?.port();
        let state = AtomicU64::new(0);
        let line = Arc::new(Line { one_of, state });
        let shared = Arc::clone(&line);
        thread::spawn(move || {
            let mut request = [0; 600];
            while let Ok((length, client)) = socket.recv_from(&mut request) {
                let packet = request.get(..length).unwrap_or_default().to_vec();
                if shared.loses() {
                    continue;
                }
                let line = Arc::clone(&shared);
                thread::spawn(move || {
                    // Its end is told by the client.
                    let _ = carry(client, server, &packet, &line);
                });
            }
        });
        Ok(Self { port, line })
    }

    /// From here on the same packets are lost as after the same seed before.
    pub(super) fn seed(&self, seed: u64) {
        self.line.state.store(seed << 32, Ordering::Relaxed);
    }
}

impl Line {
    /// SplitMix64.
    fn loses(&self) -> bool {
        let mut z = self
            .state
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).is_multiple_of(self.one_of)
    }
}

/// Carries the packets of one transfer.
fn carry(client: SocketAddr, server: u16, request: &[u8], line: &Arc<Line>) -> io::Result<()> {
    let down = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    down.connect(client)?;
    let up = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    up.send_to(request, (Ipv4Addr::LOCALHOST, server))?;
    up.set_read_timeout(Some(SILENCE))?;
    let mut packet = vec![0; 65_535];
    let (length, peer) = up.recv_from(&mut packet)?;
    up.connect(peer)?;
    let (back, up_again, shared) = (down.try_clone()?, up.try_clone()?, Arc::clone(line));
    back.set_read_timeout(Some(SILENCE))?;
    thread::spawn(move || {
        let mut packet = [0; 600];
        while let Ok(length) = back.recv(&mut packet) {
            if !shared.loses() {
                let _ = up_again.send(packet.get(..length).unwrap_or_default());
            }
        }
    });
    let mut length = length;
    loop {
        if !line.loses() {
            let _ = down.send(packet.get(..length).unwrap_or_default());
        }
        length = up.recv(&mut packet)?;
    }
}
