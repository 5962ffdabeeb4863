//! Connections over TLS.

mod setup;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use onhook_http::subject_of;
use rustls::{AlertDescription, Error, InvalidMessage, ProtocolVersion, ServerConnection};
pub(crate) use setup::set_up;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::connection::{self, linger, stopped};
use crate::event::{FailedHandshake, TlsSession};
use crate::site::{Client, Site};
use crate::text::visible;

/// Does the handshake of a connection and answers its requests.
pub(crate) async fn serve(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
    site: Arc<Site>,
    mut stop: watch::Receiver<bool>,
) {
    let handshake = acceptor.accept(stream).into_fallible();
    let done = tokio::select! {
        () = stopped(&mut stop) => return,
        done = timeout(site.limits.handshake_time, handshake) => done,
    };
    let (reason, left) = match done {
        Ok(Ok(stream)) => {
            let tls = Some(session(stream.get_ref().1));
            return connection::serve(stream, Client { address, tls }, site, stop).await;
        }
        Ok(Err((error, stream))) => (reason(&error), Some(stream)),
        Err(_elapsed) => ("it was not complete in time".to_owned(), None),
    };
    site.log.handshake(FailedHandshake {
        at: SystemTime::now(),
        client: address,
        reason: visible(reason.as_bytes()),
    });
    if let Some(stream) = left {
        // A client that still sends would otherwise lose the alert.
        linger(stream).await;
    }
}

fn session(connection: &ServerConnection) -> TlsSession {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    };
    let shown = connection
        .peer_certificates()
        .and_then(|chain| chain.first());
    TlsSession {
        version,
        client: shown.map(|certificate| subject_of(certificate).unwrap_or_else(|| "?".to_owned())),
    }
}

/// Why a handshake failed.
fn reason(error: &io::Error) -> String {
    let tls = error.get_ref().and_then(|error| error.downcast_ref());
    match tls {
        Some(Error::AlertReceived(alert)) => told(*alert),
        Some(Error::NoCertificatesPresented) => "the client showed no certificate".to_owned(),
        Some(Error::InvalidCertificate(why)) => {
            format!("the certificate of the client is refused: {why}")
        }
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "what came is not TLS; the client may want plain HTTP".to_owned()
        }
        Some(Error::PeerIncompatible(why)) => {
            format!("the client shares no version or cipher with the server: {why:?}")
        }
        Some(other) => other.to_string(),
        None => "the client left".to_owned(),
    }
}

/// What a client means by its alert.
fn told(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let refusals = [
        Alert::BadCertificate,
        Alert::UnsupportedCertificate,
        Alert::CertificateRevoked,
        Alert::CertificateExpired,
        Alert::CertificateUnknown,
        Alert::UnknownCA,
    ];
    if refusals.contains(&alert) {
        format!("the client refuses the certificate of the server (alert {alert:?})")
    } else {
        format!("the client ended it (alert {alert:?})")
    }
}
