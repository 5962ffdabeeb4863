//! TCP connections to log servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::datagram::frame;
use crate::form::Format;
use crate::sender::KNOWN;
use crate::syslog::{Job, Tally};

/// Longest wait for a connection, and for a server that takes nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections, one to each server.
#[derive(Default)]
pub(crate) struct Lines {
    /// Where the connection to an address takes its messages.
    queues: BTreeMap<SocketAddr, UnboundedSender<Line>>,
    connections: JoinSet<()>,
}

impl Lines {
    /// Gives a message to the connection of its server.
    pub(crate) fn hand_over(
        &mut self,
        job: Job,
        text: String,
        address: SocketAddr,
        tally: &Arc<Tally>,
        format: Format,
    ) {
        let line = Line { job, text };
        if let Some(queue) = self.queues.get(&address) {
            // A connection lives as long as its queue.
            if let Err(unsent) = queue.send(line) {
                tally.lost(unsent.0.job);
            }
            return;
        }
        if self.queues.len() >= KNOWN {
            self.queues.clear();
        }
        while self.connections.try_join_next().is_some() {}
        let (queue, lines) = unbounded_channel();
        let work = run(address, lines, tally.clone(), format);
        self.connections.spawn(work);
        if let Err(unsent) = queue.send(line) {
            tally.lost(unsent.0.job);
        }
        self.queues.insert(address, queue);
    }

    /// Lets the connections send what they still hold, and end.
    pub(crate) async fn finish(&mut self) {
        self.queues.clear();
        while self.connections.join_next().await.is_some() {}
    }
}

/// A message with its text as rendered.
struct Line {
    job: Job,
    text: String,
}

/// Sends what comes out of the queue until it is closed and empty.
async fn run(
    address: SocketAddr,
    mut lines: UnboundedReceiver<Line>,
    tally: Arc<Tally>,
    format: Format,
) {
    let mut stream = None;
    loop {
        let line = match &mut stream {
            None => lines.recv().await,
            Some(connected) => tokio::select! {
                // First, so that no message is given to a server that has gone.
                biased;
                () = gone(connected) => {
                    stream = None;
                    continue;
                }
                line = lines.recv() => line,
            },
        };
        let Some(Line { job, text }) = line else {
            return;
        };
        match send(&mut stream, address, &frame(&text, format)).await {
            Ok(()) => tally.sent(job),
            Err(Unsent) => {
                //= R-LOG-8
                tally.lost(job);
                // What waited meanwhile would wait as long for the same.
                while let Ok(line) = lines.try_recv() {
                    tally.lost(line.job);
                }
            }
        }
    }
}

/// A message could not be sent.
struct Unsent;

/// Sends a frame, over a new connection if there is none, or if the server has left the old one.
async fn send(
    stream: &mut Option<TcpStream>,
    address: SocketAddr,
    frame: &[u8],
) -> Result<(), Unsent> {
    let had_one = stream.is_some();
    if had_one && write(stream, frame).await {
        return Ok(());
    }
    let connected = timeout(PATIENCE, TcpStream::connect(address)).await;
    *stream = match connected {
        Ok(Ok(connected)) => Some(connected),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no connection to the log server");
            None
        }
        Err(_elapsed) => None,
    };
    if write(stream, frame).await {
        Ok(())
    } else {
        Err(Unsent)
    }
}

/// Writes a frame whole; a connection that does not take it is ended, so that nobody reads half a frame before the next.
async fn write(stream: &mut Option<TcpStream>, frame: &[u8]) -> bool {
    let Some(connected) = stream else {
        return false;
    };
    let written = timeout(PATIENCE, connected.write_all(frame)).await;
    if matches!(written, Ok(Ok(()))) {
        return true;
    }
    *stream = None;
    false
}

/// Waits for the end of a connection. What a server says meanwhile has no meaning.
async fn gone(stream: &mut TcpStream) {
    let mut said = [0; 64];
    while stream.read(&mut said).await.is_ok_and(|length| length > 0) {}
}
