//! The port, on sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
use tokio::time::sleep;

use crate::around::PeerSetup;
use crate::session::Session;
use crate::sockets::Sockets;

/// How long a phone that holds a load waits for its address, or its ports, before it looks again.
const AGAIN: Duration = Duration::from_secs(30);

/// Peers of the link.
pub struct PeerNet {
    door: Arc<Door>,
    /// The session that holds a load.
    holding: Mutex<JoinSet<()>>,
}

/// How sessions come to their sockets.
struct Door {
    setup: PeerSetup,
    /// How many sessions there were.
    sessions: AtomicU64,
}

impl PeerNet {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(setup: PeerSetup) -> Self {
        Self {
            door: Arc::new(Door {
                setup,
                sessions: AtomicU64::new(0),
            }),
            holding: Mutex::new(JoinSet::new()),
        }
    }
}

impl Door {
    /// The sockets, and what a machine begins with.
    ///
    /// # Errors
    /// Nobody can be listened to, and why.
    async fn open(&self, load: &SharedLoad, held: &Held) -> Result<(Sockets, Start), String> {
        // Looked up each time: an address may come later than the phone.
        let link = self.setup.own.link()?;
        let sockets = Sockets::open(&self.setup, link.address);
        let sockets = sockets.await.map_err(|error| error.to_string())?;
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
        Ok((sockets, start))
    }

    /// Offers a load to others for ever.
    async fn hold(
        &self,
        (load, held): (SharedLoad, Held),
        mut opened: Result<(Sockets, Start), String>,
        store: Arc<dyn BlockStore>,
    ) {
        loop {
            match opened {
                Ok((sockets, start)) => {
                    // Who holds a load has nothing to tell.
                    let around: (_, Tell) = (self.setup.transfer.clone(), Arc::new(drop));
                    let session = Session::new(start, around, sockets, store, None);
                    // It wants nothing, and so nothing fails.
                    let _ = session.run().await;
                    return;
                }
                Err(why) => tracing::warn!(
                    "the load that runs is not offered to peers: {why}; tried again in {} s",
                    AGAIN.as_secs()
                ),
            }
            sleep(AGAIN).await;
            opened = self.open(&load, &held).await;
        }
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
        let opened = self.door.open(&wanted.load, &wanted.held).await;
        drop(holding);
        let (sockets, start) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                tracing::warn!("the load comes from the server, without peers: {why}");
                //= R-PFS-2
                return without_peers(wanted, server).await;
            }
        };
        let around = (self.door.setup.transfer.clone(), wanted.tell);
        let session = Session::new(start, around, sockets, wanted.store, Some(server));
        session.run().await
    }

    async fn hold(&self, load: SharedLoad, store: Arc<dyn BlockStore>) {
        // Nobody else opens anything meanwhile.
        let mut holding = self.holding.lock().await;
        holding.shutdown().await;
        let held = Held::all(load.count());
        let opened = self.door.open(&load, &held).await;
        let door = Arc::clone(&self.door);
        holding.spawn(async move { door.hold((load, held), opened, store).await });
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
