//! One connection.

use std::error::Error as _;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use crate::guard::{Guard, InHead};
use crate::refusal::Note;
use crate::site::{Client, Cut, Site};

/// The smallest buffer that hyper takes.
const LEAST_BUFFER: usize = 8 << 10;
/// Head sizes that are still read, so that 414 and 431 are told apart, in limits.
const READ_AHEAD: usize = 4;
/// How long and how much a client may still send after the end.
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 1 << 20;

/// Waits until the server is told to stop, or is gone.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A stream of a client.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes its end a reset.
    fn end_with_reset(&self);
}

impl Stream for TcpStream {
    fn end_with_reset(&self) {
        // A client that is gone needs none.
        let _ = self.set_zero_linger();
    }
}

impl Stream for TlsStream<TcpStream> {
    fn end_with_reset(&self) {
        self.get_ref().0.end_with_reset();
    }
}

/// Answers the requests of a connection until either side ends it.
pub(crate) async fn serve<S>(
    stream: S,
    client: Client,
    site: Arc<Site>,
    mut stop: watch::Receiver<bool>,
) where
    S: Stream,
{
    let limits = site.limits;
    let client = Arc::new(client);
    let in_head = InHead::default();
    let guard = Guard::new(stream, in_head.clone(), limits.stall_time);
    let service = service_fn(|request| {
        in_head.set(false);
        let (site, client) = (Arc::clone(&site), Arc::clone(&client));
        Box::pin(async move { site.answer(request, &client).await })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(
            limits
                .head_bytes
                .saturating_mul(READ_AHEAD)
                .max(LEAST_BUFFER),
        )
        .half_close(true)
        .serve_connection(TokioIo::new(guard), service);
    let mut stopping = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = &ended
        && let Some(note) = failure(error, &in_head)
    {
        site.unanswered(&client, note);
    }
    let guard = connection.into_parts().io.into_inner();
    if ended.as_ref().is_err_and(wants_reset) {
        guard.stream().end_with_reset();
        return;
    }
    if stopping {
        close(guard).await
    } else {
        linger(guard).await
    }
}

/// Whether a connection failed because a fault wants it reset.
fn wants_reset(error: &hyper::Error) -> bool {
    let cut = error.source().and_then(|cause| cause.downcast_ref());
    cut == Some(&Cut::Reset)
}

/// What a failed connection is logged as; `None` if its request is logged anyway, or if it was idle.
fn failure(error: &hyper::Error, in_head: &InHead) -> Option<Note> {
    if error.is_parse_too_large() {
        return Some(Note::LongHead);
    }
    if error.is_parse() {
        return Some(Note::NotHttp);
    }
    if !in_head.get() {
        return None;
    }
    if error.is_timeout() {
        return Some(Note::SlowHead);
    }
    error.is_incomplete_message().then_some(Note::LeftInHead)
}

async fn close<S: AsyncWrite + Unpin>(mut stream: S) {
    // The client may be gone already.
    let _ = stream.shutdown().await;
}

/// Ends our side, then takes what the client still sends.
///
/// Closing with unread bytes makes the operating system reset the connection, and the client may
/// then never see the answer.
pub(crate) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Whatever happens now, the connection is over.
    let _ = timeout(LINGER_TIME, rest).await;
}

#[cfg(test)]
mod tests;
