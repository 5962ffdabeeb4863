//! A receiver with its socket and its timer, at the end that was asked to take a file.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use crate::failure::Failure;
use crate::outgoing::Wire;
use crate::packet::{self, DATA_HEADER, ErrorCode};
use crate::receiver::{News, Receiver};

/// How long the end that has everything answers repeats of the last block.
pub(crate) const LINGER: Duration = Duration::from_secs(2);

/// Where the bytes of a file go.
#[async_trait]
pub trait Store: Send {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// They cannot be kept.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Keeps the file, which is whole now; the writer is told that it has arrived after this only.
    ///
    /// # Errors
    /// It cannot be kept.
    async fn finish(&mut self) -> io::Result<()>;
}

/// Why a file did not arrive.
#[derive(Debug, Error)]
pub enum ReceiveError {
    /// It cannot be kept; the writer was told.
    #[error("the file cannot be kept")]
    Store(#[source] io::Error),
    /// The writer is gone, says the network.
    #[error("the writer cannot be reached any more")]
    Gone,
    /// The transfer failed.
    #[error("the transfer failed: {0:?}")]
    Failed(Failure),
}

/// Receives a file and gives its length; returns when the last block was acknowledged, and `linger` answers its repeats.
///
/// # Errors
/// The file did not arrive; the writer has been told why, where that helps.
pub async fn receive(
    wire: &impl Wire,
    peer: SocketAddr,
    receiver: &mut Receiver,
    store: &mut dyn Store,
) -> Result<u64, ReceiveError> {
    let start = Instant::now();
    // One byte more, so that a longer block is seen to be longer.
    let mut buffer = vec![0; DATA_HEADER + usize::from(receiver.agreed().block_size) + 1];
    let mut length = 0;
    wire.send(receiver.packet()).await;
    while let Some(deadline) = receiver.deadline() {
        let heard = timeout_at(start + deadline, wire.receive(&mut buffer)).await;
        let now = start.elapsed();
        let step = match heard {
            Ok(Ok(heard)) => receiver.receive(buffer.get(..heard).unwrap_or_default(), peer, now),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(ReceiveError::Gone);
            }
            Ok(Err(_)) => continue,
            Err(_elapsed) => receiver.timeout(now),
        };
        let kept = match &step.news {
            News::Bytes(bytes) => {
                length += bytes.len() as u64;
                store.write(bytes).await
            }
            News::Last(bytes) => {
                length += bytes.len() as u64;
                match store.write(bytes).await {
                    Ok(()) => store.finish().await,
                    Err(error) => Err(error),
                }
            }
            News::Nothing | News::AskPlainly | News::Failed(_) => Ok(()),
        };
        if let Err(error) = kept {
            let mut told = Vec::new();
            packet::error(&mut told, told_of(&error), "the file cannot be kept");
            wire.send(&told).await;
            return Err(ReceiveError::Store(error));
        }
        let (send, news) = (step.send.is_some(), step.news);
        let failure = match news {
            News::Failed(failure) => Some(failure),
            News::Nothing | News::Bytes(_) | News::Last(_) | News::AskPlainly => None,
        };
        if send {
            wire.send(receiver.packet()).await;
        }
        if let Some(failure) = failure {
            return Err(ReceiveError::Failed(failure));
        }
    }
    Ok(length)
}

/// Answers repeats of the last block for a while.
pub async fn linger(wire: &impl Wire, peer: SocketAddr, receiver: &mut Receiver) {
    //= R-TFTP-16
    let until = Instant::now() + LINGER;
    let mut buffer = vec![0; DATA_HEADER];
    while let Ok(heard) = timeout_at(until, wire.receive(&mut buffer)).await {
        let Ok(length) = heard else { return };
        let datagram = buffer.get(..length).unwrap_or_default();
        let step = receiver.receive(datagram, peer, LINGER);
        if step.send.is_some() {
            wire.send(receiver.packet()).await;
        }
    }
}

/// The code of the ERROR for a file that cannot be kept.
fn told_of(error: &io::Error) -> ErrorCode {
    let kind = error.kind();
    if kind == io::ErrorKind::AlreadyExists {
        ErrorCode::EXISTS
    } else if kind == io::ErrorKind::PermissionDenied {
        ErrorCode::ACCESS
    } else if matches!(
        kind,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        ErrorCode::FULL
    } else {
        ErrorCode::UNDEFINED
    }
}
