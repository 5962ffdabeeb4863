//! A socket that does to packets what a fault wants.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use onhook_schedule::phone_seed;
use onhook_tftp::Wire;
use onhook_tftp::packet::{self, Packet};
use tokio::net::UdpSocket;

use crate::fault::{Chance, Effect, FileFault, Hit, TftpFault};

/// How far the numbers of wrong blocks are off: further than any window reaches.
const OFF: u16 = 0x4000;

/// A socket connected to a reader, with a fault before it.
pub(super) struct FaultyWire {
    socket: UdpSocket,
    fault: Option<Trouble>,
    state: Mutex<State>,
}

/// What happens to packets.
enum Trouble {
    Loss(Chance),
    Duplicate(Chance),
    Reorder(Chance),
    /// All but the first leave here.
    Stranger(UdpSocket),
    WrongBlock,
    /// No DATA after so many bytes.
    Stall(u64),
}

#[derive(Default)]
struct State {
    seed: u64,
    /// Packets so far.
    sent: u64,
    /// Bytes of DATA so far.
    bytes: u64,
    /// A packet that waits for the next one.
    held: Option<Vec<u8>>,
}

impl FaultyWire {
    /// A socket with what a fault does to packets, if it does anything to them.
    pub(super) async fn new(
        socket: UdpSocket,
        local: &io::Result<SocketAddr>,
        hit: Option<&Hit>,
    ) -> Self {
        let fault = match hit.map(|hit| &hit.effect) {
            Some(Effect::Tftp(TftpFault::Loss(chance))) => Some(Trouble::Loss(*chance)),
            Some(Effect::Tftp(TftpFault::Duplicate(chance))) => Some(Trouble::Duplicate(*chance)),
            Some(Effect::Tftp(TftpFault::Reorder(chance))) => Some(Trouble::Reorder(*chance)),
            Some(Effect::Tftp(TftpFault::WrongTid)) => {
                stranger(&socket, local).await.map(Trouble::Stranger)
            }
            Some(Effect::Tftp(TftpFault::WrongBlock)) => Some(Trouble::WrongBlock),
            Some(Effect::File(FileFault::Stall(bytes))) => Some(Trouble::Stall(*bytes)),
            Some(_) | None => None,
        };
        let state = State {
            seed: hit.map_or(0, |hit| hit.seed),
            ..State::default()
        };
        Self {
            socket,
            fault,
            state: Mutex::new(state),
        }
    }

    /// The packets that leave for one that is to be sent.
    fn leaving(&self, trouble: &Trouble, packet: &[u8]) -> Vec<Vec<u8>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sent += 1;
        let drawn = phone_seed(state.seed, state.sent);
        let happens = |chance: &Chance| chance.happens(drawn);
        let whole = || packet.to_vec();
        match trouble {
            Trouble::Loss(chance) if happens(chance) => Vec::new(),
            Trouble::Duplicate(chance) if happens(chance) => vec![whole(), whole()],
            Trouble::Reorder(chance) => match state.held.take() {
                Some(held) => vec![whole(), held],
                None if happens(chance) => {
                    state.held = Some(whole());
                    Vec::new()
                }
                None => vec![whole()],
            },
            Trouble::WrongBlock => vec![renumbered(packet)],
            Trouble::Stall(limit) => {
                let Ok(Packet::Data { bytes, .. }) = Packet::parse(packet) else {
                    return vec![whole()];
                };
                if state.bytes >= *limit {
                    return Vec::new();
                }
                state.bytes += bytes.len() as u64;
                vec![whole()]
            }
            Trouble::Loss(_) | Trouble::Duplicate(_) | Trouble::Stranger(_) => vec![whole()],
        }
    }

    /// The socket of a packet.
    fn port<'w>(&'w self, trouble: &'w Trouble) -> &'w UdpSocket {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Trouble::Stranger(stranger) if state.sent > 1 => stranger,
            Trouble::Stranger(_)
            | Trouble::Loss(_)
            | Trouble::Duplicate(_)
            | Trouble::Reorder(_)
            | Trouble::WrongBlock
            | Trouble::Stall(_) => &self.socket,
        }
    }
}

impl Wire for FaultyWire {
    async fn send(&self, packet: &[u8]) {
        let Some(trouble) = &self.fault else {
            return Wire::send(&self.socket, packet).await;
        };
        let leaving = self.leaving(trouble, packet);
        let port = self.port(trouble);
        for packet in leaving {
            Wire::send(port, &packet).await;
        }
    }

    async fn send_run(&self, packets: &[u8], length: usize) {
        if self.fault.is_none() {
            return self.socket.send_run(packets, length).await;
        }
        for packet in packets.chunks(length.max(1)) {
            Wire::send(self, packet).await;
        }
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.recv(buffer).await
    }
}

/// Another port to the same reader; `None` if the system has none, and the fault then does nothing.
async fn stranger(socket: &UdpSocket, local: &io::Result<SocketAddr>) -> Option<UdpSocket> {
    let other = UdpSocket::bind(local.as_ref().ok()?).await.ok()?;
    other.connect(socket.peer_addr().ok()?).await.ok()?;
    Some(other)
}

/// A DATA packet with another number; any other packet as it is.
fn renumbered(packet: &[u8]) -> Vec<u8> {
    match Packet::parse(packet) {
        Ok(Packet::Data { block, bytes }) => {
            let mut other = Vec::with_capacity(packet.len());
            packet::data_header(&mut other, block.wrapping_add(OFF));
            other.extend_from_slice(bytes);
            other
        }
        Ok(_) | Err(_) => packet.to_vec(),
    }
}

/// Tells another value of an option in an OACK; an option that is not in it is added.
pub(super) fn retell(option_ack: &mut Vec<u8>, name: &str, value: &str) {
    let mut told: Vec<(Vec<u8>, Vec<u8>)> = match Packet::parse(option_ack) {
        Ok(Packet::OptionAck(options)) => options
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        Ok(_) | Err(_) => Vec::new(),
    };
    let same = |(told, _): &&mut (Vec<u8>, Vec<u8>)| told.eq_ignore_ascii_case(name.as_bytes());
    match told.iter_mut().find(same) {
        Some((_, told)) => *told = value.into(),
        None => told.push((name.into(), value.into())),
    }
    packet::option_ack_header(option_ack);
    for (name, value) in told {
        for text in [name, value] {
            option_ack.extend(text);
            option_ack.push(0);
        }
    }
}
