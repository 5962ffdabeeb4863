//! The listener and its connections.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use onhook_device::source_of;
use onhook_params::known;
use onhook_phone::Asked;
use onhook_phone::port::CommandSource;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tower_service::Service as _;

use crate::app::{Asking, Peer, router};
use crate::feed::Feed;
use crate::patience::Patient;
use crate::setup::Setup;

/// Connections served at once; more wait.
const CONNECTIONS: usize = 64;
/// Connections of one source; it is hung up on beyond them, so that others find a place.
const SHARE: usize = 48;
/// How long a connection may take for the head of a request, and so for saying nothing.
const HEAD: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long nobody is accepted after an attempt failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Requests that wait for the phone.
const REQUESTS: usize = 16;

/// Why pages cannot be served.
#[derive(Debug, Error)]
#[error(
    "web.listen: {address} cannot be listened on: choose another address or port, or stop who uses it"
)]
pub struct WebError {
    /// The address.
    pub address: SocketAddr,
    /// The cause.
    #[source]
    pub source: io::Error,
}

/// Serves the pages of the phone for all its lives.
pub struct Web {
    asked: mpsc::Receiver<Asked>,
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Web {
    /// Listens; `Enable_Web_Server` may stop it again.
    ///
    /// # Errors
    /// The address cannot be had.
    pub fn bind(setup: Setup, feed: &Feed) -> Result<Self, WebError> {
        let address = setup.listen;
        let failed = |source| WebError { address, source };
        let listener = listen(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (sender, asked) = mpsc::channel(REQUESTS);
        let asking = Asking::new(sender);
        #[cfg(feature = "_tls")]
        let tls = setup.tls.clone();
        let keeper = Keeper {
            address,
            asking: asking.clone(),
            feed: feed.clone(),
            router: router(setup, asking, feed.clone()),
            #[cfg(feature = "_tls")]
            tls,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper.keep(listener));
        Ok(Self {
            asked,
            address,
            _tasks: tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

#[async_trait]
impl CommandSource for Web {
    async fn next(&mut self) -> Option<Asked> {
        self.asked.recv().await
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Keeps the listener open as long as the phone wants it.
struct Keeper {
    address: SocketAddr,
    asking: Asking,
    feed: Feed,
    router: Router,
    #[cfg(feature = "_tls")]
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Keeper {
    async fn keep(self, listener: TcpListener) {
        let mut listener = Some(listener);
        let mut connections = JoinSet::new();
        let mut places = Places::default();
        loop {
            while connections.try_join_next().is_some() {}
            let full = connections.len() >= CONNECTIONS;
            tokio::select! {
                () = self.feed.stirred() => self.heed(&mut listener, &mut connections).await,
                Some(_) = connections.join_next(), if full => {}
                accepted = accept(listener.as_ref()), if !full => match accepted {
                    Ok((stream, peer)) => {
                        let Some(place) = places.take(peer.ip()) else {
                            tracing::debug!("{peer} has as many connections to the pages as one may have");
                            continue;
                        };
                        let served = self.serve(stream, peer);
                        connections.spawn(async move {
                            served.await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        // Out of descriptors, most likely: the next attempt may find one.
                        tracing::warn!("the pages could not accept a connection: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    //= R-WEB-1
    /// Closes the listener when the phone wants no pages, and opens it again.
    async fn heed(&self, listener: &mut Option<TcpListener>, connections: &mut JoinSet<()>) {
        let Some(look) = self.asking.look().await else {
            return;
        };
        match (look.is_yes(known::ENABLE_WEB_SERVER), &listener) {
            (false, Some(_)) => {
                *listener = None;
                connections.abort_all();
                tracing::info!("Enable_Web_Server is No: the pages are closed");
            }
            (true, None) => match listen(self.address) {
                Ok(opened) => *listener = Some(opened),
                Err(error) => tracing::error!("{} cannot be listened on: {error}", self.address),
            },
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn serve(&self, stream: TcpStream, remote: SocketAddr) -> impl Future<Output = ()> + use<> {
        let router = self.router.clone();
        let local = stream.local_addr().unwrap_or(self.address);
        let peer = Peer { remote, local };
        #[cfg(feature = "_tls")]
        let tls = self.tls.clone();
        async move {
            // What is written should leave at once; without it pages are only slower.
            let _ = stream.set_nodelay(true);
            #[cfg(feature = "_tls")]
            if let Some(tls) = tls {
                let accepted = tokio_rustls::TlsAcceptor::from(tls).accept(stream);
                if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, accepted).await {
                    converse(stream, router, peer).await;
                }
                return;
            }
            converse(stream, router, peer).await;
        }
    }
}

/// Who holds how many connections: those of a source share what is counted.
#[derive(Default)]
struct Places(BTreeMap<IpAddr, Arc<()>>);

impl Places {
    /// A place for one more connection, until it is dropped; `None` if the source has its share.
    fn take(&mut self, peer: IpAddr) -> Option<Arc<()>> {
        self.0.retain(|_, held| Arc::strong_count(held) > 1);
        let held = self.0.entry(source_of(peer)).or_default();
        (Arc::strong_count(held) <= SHARE).then(|| Arc::clone(held))
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Serves one connection until one end has enough of it.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: Peer,
) {
    // Whoever hangs up has asked all the same.
    let working = Arc::new(tokio::sync::Mutex::new(()));
    let worked = Arc::clone(&working);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        let working = Arc::clone(&working);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        async move {
            let worked = working.lock_owned().await;
            let answered = tokio::spawn(async move {
                let response = router.call(request).await;
                drop(worked);
                response
            });
            match answered.await {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(never)) => match never {},
                Err(error) => Err(error),
            }
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Patient::new(stream)), service)
        .await;
    // The place of the connection is free when its work is done.
    drop(worked.lock().await);
    if let Err(error) = served {
        tracing::debug!("a connection of the pages ended: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_its_share_and_no_more() {
        let mut places = Places::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        let mut held: Vec<_> = (0..SHARE).map(|_| places.take(one).unwrap()).collect();
        assert!(places.take(one).is_none());
        assert!(places.take("::ffff:192.0.2.1".parse().unwrap()).is_none());
        assert!(places.take(other).is_some());
        held.pop();
        held.push(places.take(one).unwrap());
        assert!(places.take(one).is_none());
        drop(held);
        assert!(places.take(other).is_some());
        assert_eq!(places.0.len(), 1, "who is gone is forgotten");
    }
}
