//! The port, on sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use onhook_device::Outcome;
use onhook_schedule::phone_seed;
use onhook_upgrade::port::PeerSharing;
use onhook_upgrade::sharing::{
    BlockSink, BlockStore, Held, LoadId, LoadServer, SharedLoad, SharingError, Start, Tally, Tell,
    Wanted,
};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::around::{PeerSetup, link_outward};
use crate::session::Session;
use crate::sockets::Sockets;

/// Peers of the link.
pub struct PeerNet {
    setup: PeerSetup,
    /// How many sessions there were.
    sessions: AtomicU64,
    /// The session that holds a load.
    holding: Mutex<JoinSet<()>>,
}

impl PeerNet {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(setup: PeerSetup) -> Self {
        Self {
            setup,
            sessions: AtomicU64::new(0),
            holding: Mutex::new(JoinSet::new()),
        }
    }

    /// The sockets, and what a machine begins with; `None` if nobody can be listened to.
    async fn open(&self, load: &SharedLoad, held: &Held) -> Option<(Sockets, Start)> {
        let Some(link) = self.setup.link.or_else(link_outward) else {
            tracing::warn!("no peers: no interface leads to the link; write peer_sharing.address");
            return None;
        };
        let sockets = match Sockets::open(&self.setup, link.address).await {
            Ok(sockets) => sockets,
            Err(error) => {
                tracing::warn!("{error}");
                return None;
            }
        };
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        let LoadId(id) = load.id();
        let of_load = id
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let start = Start {
            load: load.clone(),
            held: held.clone(),
            link,
            seed: phone_seed(self.setup.seed ^ of_load, session),
            settings: self.setup.settings,
        };
        Some((sockets, start))
    }
}

#[async_trait]
impl PeerSharing for PeerNet {
    async fn obtain(&self, wanted: Wanted, server: &dyn LoadServer) -> Result<Tally, SharingError> {
        let mut holding = self.holding.lock().await;
        holding.shutdown().await;
        if wanted.held.is_complete() {
            return Ok(Tally::default());
        }
        //= R-PFS-4
        let opened = self.open(&wanted.load, &wanted.held).await;
        drop(holding);
        let Some((sockets, start)) = opened else {
            //= R-PFS-2
            return without_peers(wanted, server).await;
        };
        let around = (self.setup.transfer.clone(), wanted.tell);
        let session = Session::new(start, around, sockets, wanted.store, Some(server));
        session.run().await
    }

    async fn hold(&self, load: SharedLoad, store: Arc<dyn BlockStore>) {
        // Nobody else opens anything meanwhile.
        let mut holding = self.holding.lock().await;
        holding.shutdown().await;
        let held = Held::all(load.count());
        let Some((sockets, start)) = self.open(&load, &held).await else {
            return;
        };
        // Who holds a load has nothing to tell.
        let around: (_, Tell) = (self.setup.transfer.clone(), Arc::new(drop));
        let session = Session::new(start, around, sockets, store, None);
        holding.spawn(async move {
            // It wants nothing, and so nothing fails.
            let _ = session.run().await;
        });
    }

    async fn rest(&self) {
        // Its sockets are closed when this comes back.
        self.holding.lock().await.shutdown().await;
    }
}

/// Everything from the server.
async fn without_peers(wanted: Wanted, server: &dyn LoadServer) -> Result<Tally, SharingError> {
    let mut sink = Straight {
        held: wanted.held.clone(),
        failed: None,
        tally: Tally::default(),
        wanted,
    };
    let held = sink.held.clone();
    let fetched = server.fetch(held, &mut sink).await;
    match (sink.failed, fetched) {
        (Some(error), _) => Err(error),
        (None, _) if sink.held.is_complete() => Ok(sink.tally),
        (None, fetched) => {
            let outcome = fetched.err().unwrap_or(Outcome::Truncated);
            Err(SharingError::Server(outcome))
        }
    }
}

/// Writes what the server gives.
struct Straight {
    wanted: Wanted,
    held: Held,
    failed: Option<SharingError>,
    tally: Tally,
}

#[async_trait]
impl BlockSink for Straight {
    async fn block(&mut self, number: u32, octets: Vec<u8>) {
        if self.failed.is_some() || self.held.contains(number) {
            return;
        }
        let Some(checked) = self.wanted.load.check(number, octets) else {
            self.failed = Some(SharingError::Server(Outcome::Signature));
            return;
        };
        match self.wanted.store.write(checked).await {
            Ok(()) => {
                self.held.insert(number);
                self.tally.from_server += 1;
            }
            Err(outcome) => self.failed = Some(SharingError::Store(outcome)),
        }
    }
}
