//! The listeners of HTTP and HTTPS.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::connection::{serve, stopped};
use crate::site::{Client, Site};
use crate::tls::{self, Acceptors};

/// Pause after a failed accept, which as a rule means that there are no file handles left.
const PAUSE: Duration = Duration::from_millis(50);

/// What a listener needs beside its socket.
pub(crate) struct Desk {
    pub(crate) site: Arc<Site>,
    /// Connections that may still come, of all listeners.
    pub(crate) slots: Arc<Semaphore>,
    /// `None` for plain HTTP.
    pub(crate) tls: Option<Arc<Acceptors>>,
}

/// Accepts connections until told to stop, then waits for those under way within the grace period.
pub(crate) async fn listen(listener: TcpListener, desk: Desk, mut stop: watch::Receiver<bool>) {
    let Desk { site, slots, tls } = desk;
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            (slot, accepted) = accepted => match accepted {
                Ok((stream, address)) => {
                    // It only affects speed.
                    let _ = stream.set_nodelay(true);
                    let (site, stop, tls) = (Arc::clone(&site), stop.clone(), tls.clone());
                    connections.spawn(async move {
                        match tls {
                            None => serve(stream, Client { address, tls: None, fault: None }, site, stop).await,
                            Some(acceptors) => tls::serve(&acceptors, stream, address, site, stop).await,
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted; trying again");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(site.limits.grace, ended).await.is_err() {
        connections.shutdown().await;
    }
}
