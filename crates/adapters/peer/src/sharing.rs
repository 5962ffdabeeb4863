//! The port, on sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use onhook_device::Outcome;
use onhook_schedule::phone_seed;
use onhook_upgrade::port::PeerSharing;
use onhook_upgrade::sharing::{
    BlockSink, BlockStore, Held, LoadId, LoadServer, SharedLoad, SharingError, Start, Tally, Wanted,
};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::around::{PeerSetup, Tell};
use crate::session::Session;
use crate::sockets::Sockets;

/// Peers of the link.
pub struct PeerNet {
    setup: PeerSetup,
    tell: Tell,
    /// How many sessions there were.
    sessions: AtomicU64,
    /// The session that holds a load.
    holding: Mutex<JoinSet<()>>,
}

impl PeerNet {
    /// Opens nothing yet; `tell` takes what is for the log server.
    #[must_use]
    pub fn new(setup: PeerSetup, tell: Tell) -> Self {
        Self {
            setup,
            tell,
            sessions: AtomicU64::new(0),
            holding: Mutex::new(JoinSet::new()),
        }
    }

    fn start(&self, load: SharedLoad, held: Held) -> Start {
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        let LoadId(id) = load.id();
        let of_load = id
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Start {
            load,
            held,
            link: self.setup.link,
            seed: phone_seed(self.setup.seed ^ of_load, session),
            settings: self.setup.settings,
        }
    }

    fn around(&self) -> (PeerSetup, Tell) {
        (self.setup.clone(), Arc::clone(&self.tell))
    }
}

#[async_trait]
impl PeerSharing for PeerNet {
    async fn obtain(&self, wanted: Wanted, server: &dyn LoadServer) -> Result<Tally, SharingError> {
        self.rest().await;
        if wanted.held.is_complete() {
            return Ok(Tally::default());
        }
        //= R-PFS-4
        match Sockets::open(&self.setup).await {
            Ok(sockets) => {
                let store = Arc::clone(&wanted.store);
                let start = self.start(wanted.load, wanted.held);
                let session = Session::new(start, self.around(), sockets, store, Some(server));
                session.run().await
            }
            Err(error) => {
                //= R-PFS-2
                tracing::warn!("{error}");
                without_peers(wanted, server).await
            }
        }
    }

    async fn hold(&self, load: SharedLoad, store: Arc<dyn BlockStore>) {
        self.rest().await;
        let sockets = match Sockets::open(&self.setup).await {
            Ok(sockets) => sockets,
            Err(error) => return tracing::warn!("{error}"),
        };
        let held = Held::all(load.count());
        let session = Session::new(self.start(load, held), self.around(), sockets, store, None);
        self.holding.lock().await.spawn(async move {
            // Who holds a load wants nothing, and so nothing fails.
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
