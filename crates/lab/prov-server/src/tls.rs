//! Connections over TLS.

mod setup;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use onhook_http::subject_of;
use rustls::{AlertDescription, Error, InvalidMessage, ProtocolVersion, ServerConnection};
pub(crate) use setup::{Acceptors, set_up};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::connection::{self, linger, stopped};
use crate::event::{FailedHandshake, FaultMark, TlsSession};
use crate::fault::{Asked, Effect, Hit, Protocol, Stage, TlsFault};
use crate::site::{Client, Site};
use crate::text::visible;

/// Does the handshake of a connection and answers its requests.
pub(crate) async fn serve(
    acceptors: &Acceptors,
    mut stream: TcpStream,
    address: SocketAddr,
    site: Arc<Site>,
    mut stop: watch::Receiver<bool>,
) {
    let hit = met(&site, address);
    let fault = hit.as_ref().map(FaultMark::of);
    let kind = match hit.map(|hit| (hit.delay, hit.effect)) {
        Some((delay, Effect::Tls(kind))) => {
            tokio::time::sleep(delay).await;
            Some(kind)
        }
        Some(_) | None => None,
    };
    if let Some(kind @ (TlsFault::Drop | TlsFault::Alert)) = kind {
        let refused = refuse(&mut stream, kind);
        // A client that says nothing is as good as gone.
        let _ = timeout(site.limits.handshake_time, refused).await;
        failed(&site, address, "a fault wants it", fault);
        return linger(stream).await;
    }
    let handshake = acceptors.get(kind).accept(stream).into_fallible();
    let done = tokio::select! {
        () = stopped(&mut stop) => return,
        done = timeout(site.limits.handshake_time, handshake) => done,
    };
    let (reason, left) = match done {
        Ok(Ok(stream)) => {
            let tls = Some(session(stream.get_ref().1));
            return connection::serve(
                stream,
                Client {
                    address,
                    tls,
                    fault,
                },
                site,
                stop,
            )
            .await;
        }
        Ok(Err((error, stream))) => (reason(&error), Some(stream)),
        Err(_elapsed) => ("it was not complete in time".to_owned(), None),
    };
    failed(&site, address, &reason, fault);
    if let Some(stream) = left {
        // A client that still sends would otherwise lose the alert.
        linger(stream).await;
    }
}

/// The fault that a connection meets in its handshake, which is told at once.
fn met(site: &Site, client: SocketAddr) -> Option<Hit> {
    let hit = site.faults.judge(&Asked {
        stage: Stage::Handshake,
        protocol: Protocol::Https,
        client,
        path: "",
        agent: None,
        subject: None,
    })?;
    site.injected(client, Protocol::Https, None, &hit);
    Some(hit)
}

/// Lets a client say hello and ends the handshake.
async fn refuse(stream: &mut TcpStream, kind: TlsFault) {
    /// A fatal alert, handshake_failure (RFC 8446, section 6).
    const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];
    let mut hello = [0; 1 << 10];
    // Whatever came of it: the connection ends.
    let _ = stream.read(&mut hello).await;
    if kind == TlsFault::Alert {
        let _ = stream.write_all(&ALERT).await;
    }
}

fn failed(site: &Site, client: SocketAddr, reason: &str, fault: Option<FaultMark>) {
    site.log.handshake(FailedHandshake {
        at: SystemTime::now(),
        client,
        reason: visible(reason.as_bytes()),
        fault,
    });
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
