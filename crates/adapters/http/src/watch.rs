//! A connection that fails when it stays silent, or says too much before it answers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::sent::Unsent;

/// How many more bytes a server may send before its answer has begun: interim answers without end are none.
#[derive(Clone)]
pub(crate) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    pub(crate) fn of(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// The answer has begun: its body has a limit of its own.
    pub(crate) fn lift(&self) {
        self.0.store(usize::MAX, Ordering::Relaxed);
    }

    /// Whether so many more bytes are within it.
    fn covers(&self, bytes: usize) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        if left == usize::MAX {
            return true;
        }
        self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
        left >= bytes
    }
}

/// A byte stream whose reads fail with [`io::ErrorKind::TimedOut`] once no byte went either way for a while, and with
/// [`io::ErrorKind::FileTooLarge`] once its allowance is used up.
pub(crate) struct Watched<S> {
    stream: S,
    allowance: Allowance,
    unsent: Arc<Unsent>,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(
        stream: S,
        idle: Duration,
        allowance: Allowance,
        unsent: Arc<Unsent>,
    ) -> Self {
        Self {
            stream,
            allowance,
            unsent,
            idle,
            timer: Box::pin(sleep(idle)),
        }
    }
}

impl<S> Watched<S> {
    /// The stream, which may be silent again.
    #[cfg(feature = "proxy")]
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
                let came = buffer.filled().len() - before;
                //= R-HTTP-16
                if !self.allowance.covers(came) {
                    return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
                }
                if came > 0 {
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
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        //= R-HTTP-17
        // A server that takes a large body slowly says nothing meanwhile.
        if let Poll::Ready(Ok(1..)) = written {
            let idle = self.idle;
            self.timer.set(sleep(idle));
        }
        // Whoever waits to write does not read: the timer has to wake it.
        let over = self.timer.as_mut().poll(cx);
        match (written, over) {
            (Poll::Pending, Poll::Ready(())) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            (written, _) => written,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            self.unsent.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::{Instant, advance, timeout};

    use super::*;
    use crate::sent::Pieces;

    //= R-HTTP-17 type=test
    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_read_and_each_byte_starts_the_wait_anew() {
        let (mut peer, ours) = duplex(8);
        let allowance = Allowance::of(1000);
        let mut watched = Watched::new(ours, Duration::from_secs(30), allowance, Arc::default());
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

    //= R-HTTP-17 type=test
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_slowly_is_waited_for_and_one_that_takes_nothing_is_not() {
        let (mut peer, ours) = duplex(8);
        let idle = Duration::from_secs(30);
        let mut watched = Watched::new(ours, idle, Allowance::of(1000), Arc::default());
        watched.write_all(b"12345678").await.unwrap();
        for _ in 0..3 {
            let late = async {
                sleep(Duration::from_secs(29)).await;
                peer.read_exact(&mut [0; 8]).await.unwrap();
            };
            let (written, ()) = tokio::join!(watched.write_all(b"12345678"), late);
            written.unwrap();
        }
        let silent_since = Instant::now();
        let longest = Duration::from_secs(60);
        let written = timeout(longest, watched.write_all(b"12345678")).await;
        assert_eq!(
            written.unwrap().unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
        assert_eq!(silent_since.elapsed().as_secs(), 30);
    }

    #[tokio::test]
    async fn a_flush_does_not_count_for_what_was_not_handed_over() {
        let (_peer, ours) = duplex(64);
        let unsent = Pieces::of(Bytes::from_static(b"x")).unsent();
        let idle = Duration::from_secs(30);
        let mut watched = Watched::new(ours, idle, Allowance::of(1000), Arc::clone(&unsent));
        watched.flush().await.unwrap();
        assert!(!unsent.is_nothing());
    }

    //= R-HTTP-16 type=test
    #[tokio::test(start_paused = true)]
    async fn what_comes_before_an_answer_is_bounded_and_what_comes_after_is_not() {
        let (mut peer, ours) = duplex(64);
        let allowance = Allowance::of(5);
        let mut watched = Watched::new(
            ours,
            Duration::from_secs(30),
            allowance.clone(),
            Arc::default(),
        );
        peer.write_all(b"123456").await.unwrap();
        let mut buffer = [0; 4];
        assert_eq!(watched.read(&mut buffer).await.unwrap(), 4);
        let error = watched.read(&mut buffer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        allowance.lift();
        peer.write_all(b"123456").await.unwrap();
        assert_eq!(watched.read(&mut buffer).await.unwrap(), 4);
        assert_eq!(watched.read(&mut buffer).await.unwrap(), 2);
    }
}
