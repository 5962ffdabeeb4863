//! Streams: TCP, and TLS over it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use onhook_device::source_of;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::frames::{Frame, Frames};
use crate::listener::{Limits, Secure, Stream};
use crate::office::Office;

/// How long nobody is accepted after an attempt failed.
const PAUSE: Duration = Duration::from_millis(100);
/// So much is read at once.
const PIECE: usize = 4096;

/// Streams that are open, by source.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One of them; dropping it gives its place back.
struct Place {
    open: Open,
    source: IpAddr,
}

impl Open {
    /// A place for another stream, if there is one.
    fn place(&self, source: IpAddr, limits: Limits) -> Option<Place> {
        let source = source_of(source);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let of_it = open.entry(source).or_default();
        if all >= limits.streams || *of_it >= limits.streams_of_one {
            open.retain(|_, count| *count > 0);
            return None;
        }
        *of_it += 1;
        Some(Place {
            open: self.clone(),
            source,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.source) {
            *count = count.saturating_sub(1);
        }
        open.retain(|_, count| *count > 0);
    }
}

/// Accepts streams; never ends.
pub(crate) async fn listen(
    listener: TcpListener,
    secure: Option<Arc<dyn Secure>>,
    office: Arc<Office>,
    limits: Limits,
) {
    let open = Open::default();
    let mut streams = JoinSet::new();
    loop {
        while streams.try_join_next().is_some() {}
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("SIP could not accept a stream: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Whoever finds no place is closed at once, and can try again.
        let Some(place) = open.place(from.ip(), limits) else {
            continue;
        };
        let (secure, office) = (secure.clone(), Arc::clone(&office));
        streams.spawn(async move {
            if let Some(mut stream) = secured(stream, secure, limits).await {
                serve(&mut *stream, from, &office, limits).await;
            }
            drop(place);
        });
    }
}

async fn secured(
    stream: TcpStream,
    secure: Option<Arc<dyn Secure>>,
    limits: Limits,
) -> Option<Box<dyn Stream>> {
    let Some(secure) = secure else {
        return Some(Box::new(stream));
    };
    match timeout(limits.handshake, secure.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!("a TLS handshake of SIP failed: {error}");
            None
        }
        Err(_) => None,
    }
}

/// Serves one stream until it ends, is quiet or slow for too long, or cannot be read any further.
pub(crate) async fn serve(
    stream: &mut (impl Stream + ?Sized),
    from: SocketAddr,
    office: &Office,
    limits: Limits,
) {
    let mut frames = Frames::default();
    while let Some(frame) = next(stream, &mut frames, limits).await {
        let step = office.take_frame(&frame, from).await;
        if let Some((_, answer)) = step.answer {
            let write = async {
                stream.write_all(&answer).await?;
                stream.flush().await
            };
            let written = timeout(limits.answer, write).await;
            if !matches!(written, Ok(Ok(()))) {
                // Accepted is accepted: whoever asks again on another stream gets no answer to this request.
                office.carry_out(step.acts).await;
                return;
            }
        }
        office.carry_out(step.acts).await;
        if !matches!(frame, Frame::Message(_)) {
            return;
        }
    }
}

/// The next message; `None` when there will be none.
async fn next(
    stream: &mut (impl Stream + ?Sized),
    frames: &mut Frames,
    limits: Limits,
) -> Option<Frame> {
    let mut piece = [0; PIECE];
    let mut end = None;
    loop {
        if let Some(frame) = frames.next() {
            return Some(frame);
        }
        // A message has to come to its end in its time, however it trickles.
        let by = if frames.is_begun() {
            *end.get_or_insert_with(|| Instant::now() + limits.message)
        } else {
            Instant::now() + limits.idle
        };
        let read = timeout_at(by, stream.read(&mut piece)).await;
        match read {
            Ok(Ok(0)) | Ok(Err(_)) | Err(_) => return None,
            Ok(Ok(length)) => frames.push(piece.get(..length)?),
        }
    }
}

#[cfg(test)]
mod tests;
