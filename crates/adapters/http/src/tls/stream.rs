//! A connection after the handshake, on which TLS may still fail.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client;

use super::failure;
use super::handshake::{Asked, ClientAuth};
use crate::exchange::Duplex;
use crate::failure::Broken;

/// Bytes over TLS; what TLS reports later than the handshake becomes a [`Broken`].
///
/// In TLS 1.3 the server judges the certificate of the phone after the phone thinks that the handshake is over: the
/// refusal arrives instead of the answer.
pub(crate) struct TlsStream {
    stream: client::TlsStream<Box<dyn Duplex>>,
    server: String,
    asked: Arc<Asked>,
    heard: bool,
}

impl TlsStream {
    pub(super) const fn new(
        stream: client::TlsStream<Box<dyn Duplex>>,
        server: String,
        asked: Arc<Asked>,
    ) -> Self {
        Self {
            stream,
            server,
            asked,
            heard: false,
        }
    }

    fn explain(&self, error: io::Error) -> io::Error {
        let auth = self.asked.state();
        let (what, remedy) = if let Some(error) = failure::tls_error(&error) {
            failure::protocol(error, auth)
        } else if !self.heard && auth != ClientAuth::Unasked && is_cut(&error) {
            // The reason of the server may be lost when it closes at once.
            (
                "the server cut the connection after it had asked for a certificate of the phone"
                    .to_owned(),
                "install a client certificate that the server trusts, and look into its log",
            )
        } else {
            return error;
        };
        let message = format!("TLS with {}: {what}; {remedy}", self.server);
        io::Error::other(Broken(message))
    }
}

fn is_cut(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.heard |= buffer.filled().len() > before;
        read.map_err(|error| self.explain(error))
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        written.map_err(|error| self.explain(error))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        flushed.map_err(|error| self.explain(error))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
