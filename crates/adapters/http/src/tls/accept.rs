//! The other end of a handshake: somebody connects to the phone.

use std::io;
use std::sync::Arc;

use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Identity, crypto_provider};

/// Does the handshakes of those who connect to the phone; whoever connects shows no certificate.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// One that shows this certificate.
    ///
    /// # Errors
    /// The provider of ciphers knows none of TLS 1.2 and 1.3.
    pub fn new(identity: &Identity) -> Result<Self, Error> {
        let shown = SingleCertAndKey::from(identity.certified_key());
        let mut config = ServerConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Does one handshake.
    ///
    /// # Errors
    /// The other end speaks no TLS, or gives up.
    pub async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>> {
        self.0.accept(stream).await
    }
}
