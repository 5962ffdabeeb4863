//! A syslog server.

use std::net::UdpSocket;

use anyhow::Context;

use crate::peer::DEADLINE;

/// Receives syslog messages on a free port of loopback.
pub struct Sink {
    socket: UdpSocket,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Facility and severity in one number.
    pub priority: u16,
    /// What follows the time.
    pub text: String,
}

impl Sink {
    /// Starts to listen.
    ///
    /// # Errors
    /// No socket is to be had.
    pub fn start() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_read_timeout(Some(DEADLINE))?;
        Ok(Self { socket })
    }

    /// Host and port for a configuration.
    ///
    /// # Errors
    /// The system does not tell the port.
    pub fn address(&self) -> anyhow::Result<String> {
        Ok(self.socket.local_addr()?.to_string())
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// None comes before the deadline, or it is not of the form `<n>Mmm dd hh:mm:ss text`.
    pub fn next(&self) -> anyhow::Result<Datagram> {
        let mut buffer = [0; 2048];
        let (length, _) = self
            .socket
            .recv_from(&mut buffer)
            .context("no message came")?;
        read(buffer.get(..length).unwrap_or_default())
    }

    /// The messages that have arrived and were not taken yet.
    ///
    /// # Errors
    /// The socket cannot be used, or a message is malformed.
    pub fn rest(&self) -> anyhow::Result<Vec<Datagram>> {
        self.socket.set_nonblocking(true)?;
        let mut rest = Vec::new();
        let mut buffer = [0; 2048];
        while let Ok((length, _)) = self.socket.recv_from(&mut buffer) {
            rest.push(read(buffer.get(..length).unwrap_or_default())?);
        }
        self.socket.set_nonblocking(false)?;
        Ok(rest)
    }
}

fn read(bytes: &[u8]) -> anyhow::Result<Datagram> {
    let text = std::str::from_utf8(bytes).context("a message is not UTF-8")?;
    let malformed = || format!("not a message: {text}");
    let (priority, rest) = text
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .with_context(malformed)?;
    // `Mmm dd hh:mm:ss ` has a fixed width.
    let text = rest
        .get("Jan  1 00:00:00 ".len()..)
        .with_context(malformed)?;
    Ok(Datagram {
        priority: priority.parse().with_context(malformed)?,
        text: text.to_owned(),
    })
}
