//! A server whose every packet is written by the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use onhook_fetch::{Request, Scheme};
use onhook_testkit::fake::FakeResolver;
use onhook_tftp::{LocalPorts, TftpFetch, packet};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long a test waits for a packet that must come.
const PATIENCE: Duration = Duration::from_secs(5);

/// A transport that knows no names.
pub(crate) fn fetch() -> TftpFetch {
    TftpFetch::new(Arc::new(FakeResolver::new()), LocalPorts::ephemeral())
}

pub(crate) fn request(host: &str, port: u16, path: &str) -> Request {
    Request {
        scheme: Scheme::Tftp,
        host: host.to_owned(),
        port,
        path: path.to_owned(),
        proxy: None,
        service: None,
        allowed_domains: String::new(),
        user_agent: "phone".to_owned(),
        user: Some("user".into()),
        password: Some("password".into()),
        account: None,
        post: None,
        part: None,
        limit: 64 << 10,
        timeout: Duration::from_secs(10),
    }
}

/// Where requests arrive.
pub(crate) struct Server(UdpSocket);

impl Server {
    pub(crate) async fn start() -> Self {
        Self(UdpSocket::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub(crate) fn request(&self, path: &str) -> Request {
        request("127.0.0.1", self.port(), path)
    }

    /// Waits for a request and answers it from a port of its own.
    pub(crate) async fn asked(&self) -> (Vec<u8>, Tid) {
        let mut buffer = [0; 600];
        let (length, client) = timeout(PATIENCE, self.0.recv_from(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        (buffer[..length].to_vec(), Tid::new(client).await)
    }
}

/// The server's end of one transfer.
pub(crate) struct Tid {
    socket: UdpSocket,
    pub(crate) client: SocketAddr,
}

impl Tid {
    pub(crate) async fn new(client: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(client).await.unwrap();
        Self { socket, client }
    }

    pub(crate) async fn send(&self, packet: &[u8]) {
        // The client may be gone, which `heard` tells.
        let _ = self.socket.send(packet).await;
    }

    /// The next packet of the client; `None` if it has ended the transfer.
    pub(crate) async fn heard(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 600];
        let length = timeout(PATIENCE, self.socket.recv(&mut buffer))
            .await
            .unwrap()
            .ok()?;
        let packet = buffer[..length].to_vec();
        (!packet.starts_with(b"\0\x05")).then_some(packet)
    }

    /// The next packet of the client, whatever it is.
    pub(crate) async fn any(&mut self) -> Vec<u8> {
        let mut buffer = [0; 600];
        let length = timeout(PATIENCE, self.socket.recv(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        buffer[..length].to_vec()
    }
}

pub(crate) fn block(number: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    packet::data_header(&mut out, number);
    out.extend_from_slice(bytes);
    out
}

pub(crate) fn ack(number: u16) -> Vec<u8> {
    let mut out = Vec::new();
    packet::ack(&mut out, number);
    out
}

pub(crate) fn error(code: u16, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    packet::error(&mut out, packet::ErrorCode(code), text);
    out
}
