//! A server of DHCPv4 that does what a test wants.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_device::Mac;
use onhook_dhcp::{Kind, Options, Packet, To, Who, Wire};
use onhook_discovery::{HeldValue, Learned};
use tokio::sync::mpsc;

pub(crate) const MAC: Mac = Mac([0, 0x0e, 8, 1, 0x23, 0x45]);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const LIST: &str = "66,160,159,150,60,43,125";

pub(crate) fn who() -> Who {
    Who {
        mac: MAC,
        class: "Cisco Systems, Inc. IP Phone CP-8841-3PCC".to_owned(),
        host_name: "SEP000E08012345".to_owned(),
    }
}

/// The server.
pub(crate) struct Server {
    /// What it says; `None`: it is down.
    pub(crate) says: Option<Learned>,
    pub(crate) id: Ipv4Addr,
    pub(crate) lease_s: u32,
    /// Every nth packet of the client is lost; 0 for none.
    pub(crate) lose: usize,
    /// The packets of clients, in their order.
    pub(crate) heard: Vec<(To, Packet)>,
}

impl Server {
    pub(crate) fn new(says: Option<&Learned>) -> Self {
        Self {
            says: says.cloned(),
            id: SERVER,
            lease_s: 600,
            lose: 0,
            heard: Vec::new(),
        }
    }

    /// What it answers to a packet.
    pub(crate) fn answer(&mut self, to: To, bytes: &[u8]) -> Option<Vec<u8>> {
        let packet = Packet::parse(bytes).unwrap();
        self.heard.push((to, packet.clone()));
        if self.lose > 0 && self.heard.len().is_multiple_of(self.lose) {
            return None;
        }
        let says = self.says.clone()?;
        let Some(IpAddr::V4(address)) = says.address else {
            return None;
        };
        let chosen = packet.address(54).is_none_or(|id| id == self.id);
        let kind = match packet.kind {
            Kind::Discover => Kind::Offer,
            Kind::Request if !chosen => return None,
            Kind::Request if packet.client.is_unspecified() || packet.client == address => {
                Kind::Ack
            }
            Kind::Request => Kind::Nak,
            Kind::Inform => Kind::Ack,
            Kind::Offer | Kind::Ack | Kind::Nak => return None,
        };
        let mut options = Options::new();
        options.insert(54, self.id.octets().to_vec());
        if kind != Kind::Nak {
            for option in &says.options {
                let HeldValue::Wire(value) = &option.value else {
                    continue;
                };
                options.insert(u8::try_from(option.code).unwrap(), value.clone());
            }
            options.insert(1, vec![255, 255, 255, 0]);
        }
        let mut yours = Ipv4Addr::UNSPECIFIED;
        if matches!(packet.kind, Kind::Discover | Kind::Request) && kind != Kind::Nak {
            yours = address;
            options.insert(51, self.lease_s.to_be_bytes().to_vec());
        }
        let answer = Packet {
            kind,
            from_server: true,
            yours,
            options,
            ..packet
        };
        Some(answer.encode(0))
    }
}

/// The wire of a server in memory.
pub(crate) struct FakeWire {
    server: Arc<Mutex<Server>>,
    inbox: mpsc::UnboundedReceiver<Vec<u8>>,
    answers: mpsc::UnboundedSender<Vec<u8>>,
}

impl FakeWire {
    pub(crate) fn new(server: Arc<Mutex<Server>>) -> Self {
        let (answers, inbox) = mpsc::unbounded_channel();
        Self {
            server,
            inbox,
            answers,
        }
    }
}

#[async_trait]
impl Wire for FakeWire {
    fn send(&mut self, to: To, packet: &[u8]) -> io::Result<()> {
        let server = self.server.lock();
        let mut server = server.map_err(|_| io::Error::other("a test has panicked"))?;
        if let Some(answer) = server.answer(to, packet) {
            let _ = self.answers.send(answer);
        }
        Ok(())
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(packet) = self.inbox.recv().await else {
            return std::future::pending().await;
        };
        let length = packet.len().min(buffer.len());
        buffer[..length].copy_from_slice(&packet[..length]);
        Ok(length)
    }
}
