//! A TFTP server that sends what a test tells it to send, also when that is wrong.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::peer::DEADLINE;

/// How often the server looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// One step of an answer.
#[derive(Clone)]
pub enum Step {
    /// Sends a packet from the port of the transfer.
    Send(Vec<u8>),
    /// Sends a packet from another port.
    SendFromElsewhere(Vec<u8>),
    /// Waits for the next packet at the port of the transfer.
    Hear,
}

/// Serves one answer for each file, on a free port of loopback; other files are not found.
pub struct TftpSite {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    answers: Mutex<HashMap<Vec<u8>, Vec<Step>>>,
    asked: Mutex<Vec<Vec<u8>>>,
}

impl TftpSite {
    /// Starts to listen.
    ///
    /// # Errors
    /// No socket is to be had.
    pub fn start() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_read_timeout(Some(LOOK))?;
        let address = socket.local_addr()?;
        let inner = Arc::new(Inner::default());
        let served = Arc::clone(&inner);
        thread::spawn(move || {
            // The site itself holds the other one.
            while Arc::strong_count(&served) > 1 {
                let mut buffer = [0; 600];
                let Ok((length, client)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let packet = buffer.get(..length).unwrap_or_default();
                let file = packet.get(2..).unwrap_or_default();
                let file = file.split(|byte| *byte == 0).next().unwrap_or_default();
                lock(&served.asked).push(packet.to_vec());
                let steps = lock(&served.answers).get(file).cloned();
                let steps = steps.unwrap_or_else(|| vec![Step::Send(error(1, "no such file"))]);
                thread::spawn(move || answer(client, &steps));
            }
        });
        Ok(Self { address, inner })
    }

    /// Sets the answer for a file.
    pub fn put(&self, file: &str, steps: Vec<Step>) {
        lock(&self.inner.answers).insert(file.as_bytes().to_vec(), steps);
    }

    /// Address and port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, as they came.
    #[must_use]
    pub fn asked(&self) -> Vec<Vec<u8>> {
        lock(&self.inner.asked).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries out an answer; a client that leaves ends it.
fn answer(client: SocketAddr, steps: &[Step]) -> anyhow::Result<()> {
    let transfer = UdpSocket::bind(("127.0.0.1", 0)).context("no port")?;
    let elsewhere = UdpSocket::bind(("127.0.0.1", 0)).context("no port")?;
    transfer.set_read_timeout(Some(DEADLINE))?;
    for step in steps {
        match step {
            Step::Send(packet) => transfer.send_to(packet, client)?,
            Step::SendFromElsewhere(packet) => elsewhere.send_to(packet, client)?,
            Step::Hear => transfer.recv(&mut [0; 600])?,
        };
    }
    Ok(())
}

/// A DATA packet.
#[must_use]
pub fn data(block: u16, bytes: &[u8]) -> Vec<u8> {
    [&[0, 3], &block.to_be_bytes()[..], bytes].concat()
}

/// An ERROR packet.
#[must_use]
pub fn error(code: u16, text: &str) -> Vec<u8> {
    [&[0, 5], &code.to_be_bytes()[..], text.as_bytes(), &[0]].concat()
}
