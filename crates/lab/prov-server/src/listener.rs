//! The HTTP listener.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::connection::{serve, stopped};
use crate::site::Site;

/// Pause after a failed accept, which as a rule means that there are no file handles left.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until told to stop, then waits for those under way within the grace period.
pub(crate) async fn listen(
    listener: TcpListener,
    site: Arc<Site>,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(site.limits.connections));
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
                Ok((stream, client)) => {
                    // It only affects speed.
                    let _ = stream.set_nodelay(true);
                    let (site, stop) = (Arc::clone(&site), stop.clone());
                    connections.spawn(async move {
                        serve(stream, client, site, stop).await;
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
