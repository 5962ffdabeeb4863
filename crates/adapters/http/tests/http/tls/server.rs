//! The scripted server over TLS, and one that says anything instead of TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_http::{crypto_provider, subject_of};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::pki::{Authority, Issued, Leaf};
use crate::server::{Line, Open, Script, Server, WHOLE};

pub(crate) const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// What the server learnt in a handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) sni: Option<String>,
    /// Subject of the client certificate.
    pub(crate) client: Option<String>,
}

/// How to serve over TLS.
pub(crate) struct Secure {
    issued: Issued,
    client_ca: Option<RootCertStore>,
    versions: Vec<&'static SupportedProtocolVersion>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Secure {
    pub(crate) fn new(authority: &Authority, leaf: &Leaf) -> Self {
        Self::with(authority.issue(leaf))
    }

    pub(crate) fn with(issued: Issued) -> Self {
        Self {
            issued,
            client_ca: None,
            versions: BOTH.to_vec(),
            seen: Arc::default(),
        }
    }

    /// Clients must have a certificate of this authority.
    pub(crate) fn wants(mut self, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).unwrap();
        self.client_ca = Some(roots);
        self
    }

    pub(crate) fn speaks(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub(crate) async fn serve(self, scripts: Vec<Script>) -> Server {
        self.serve_after(WHOLE, scripts).await
    }

    /// Plays the scripts after so many bytes of a body.
    pub(crate) async fn serve_after(self, enough: usize, scripts: Vec<Script>) -> Server {
        let provider = crypto_provider();
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions)
            .unwrap();
        let builder = match self.client_ca {
            Some(roots) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            ),
            None => builder.with_no_client_auth(),
        };
        let key = self.issued.private_key();
        let config = builder.with_single_cert(self.issued.chain, key).unwrap();
        let open = OverTls {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            seen: self.seen,
        };
        let started = Server::over(open, "127.0.0.1:0", scripts, enough).await;
        started.unwrap()
    }
}

struct OverTls {
    acceptor: TlsAcceptor,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[async_trait]
impl Open for OverTls {
    async fn open(&self, stream: TcpStream) -> io::Result<Box<dyn Line>> {
        let stream = self.acceptor.accept(stream).await?;
        let (_, session) = stream.get_ref();
        let client = session.peer_certificates().and_then(|chain| chain.first());
        self.seen.lock().unwrap().push(Seen {
            sni: session.server_name().map(str::to_owned),
            client: client.and_then(|der| subject_of(der)),
        });
        Ok(Box::new(stream))
    }
}

impl Line for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// What a peer does after its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Close,
    Silence,
}

/// A peer that takes what a client says first, answers with these bytes, and ends.
pub(crate) async fn babbler(bytes: &'static [u8], end: End) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        // The client may be gone already.
        let _ = stream.write_all(bytes).await;
        match end {
            End::Close => drop(stream.shutdown().await),
            End::Silence => {}
        }
        while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
    });
    address
}
