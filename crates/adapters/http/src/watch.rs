//! A connection that fails when it stays silent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A byte stream whose reads fail with [`io::ErrorKind::TimedOut`] once no byte came for a while.
pub(crate) struct Watched<S> {
    stream: S,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, idle: Duration) -> Self {
        Self {
            stream,
            idle,
            timer: Box::pin(sleep(idle)),
        }
    }
}

impl<S> Watched<S> {
    /// The stream, which may be silent again.
    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(result) => {
                if buffer.filled().len() > before {
                    let idle = self.idle;
                    self.timer.set(sleep(idle));
                }
                Poll::Ready(result)
            }
            //= R-HTTP-17
            Poll::Pending => self
                .timer
                .as_mut()
                .poll(cx)
                .map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::{Instant, advance};

    use super::*;

    //= R-HTTP-17 type=test
    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_read_and_each_byte_starts_the_wait_anew() {
        let (mut peer, ours) = duplex(8);
        let mut watched = Watched::new(ours, Duration::from_secs(30));
        for _ in 0..3 {
            advance(Duration::from_secs(29)).await;
            peer.write_all(b"x").await.unwrap();
            assert_eq!(watched.read_u8().await.unwrap(), b'x');
        }
        let silent_since = Instant::now();
        let error = watched.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(silent_since.elapsed().as_secs(), 30);
    }
}
