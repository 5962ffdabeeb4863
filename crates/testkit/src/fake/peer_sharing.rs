//! A subnet in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_device::Outcome;
use onhook_upgrade::port::PeerSharing;
use onhook_upgrade::sharing::{
    BlockSink, BlockStore, Held, Line, LoadServer, SharedLoad, SharingError, Tally, Wanted,
};
use tokio::sync::Mutex as Turn;

use super::lock;

/// The phones of a [`FakePeerSharing`] subnet, and what they hold.
#[derive(Clone, Default)]
pub struct FakeSubnet(Arc<Subnet>);

#[derive(Default)]
struct Subnet {
    holders: Mutex<BTreeMap<u32, Holder>>,
    phones: Mutex<u32>,
    /// Whoever wants a load waits for those who already fetch one, and finds it with them.
    turn: Turn<()>,
}

/// Where a phone keeps a load.
struct Holder {
    load: SharedLoad,
    store: Arc<dyn BlockStore>,
}

/// A [`PeerSharing`] in memory: phones take blocks out of each other's stores.
pub struct FakePeerSharing {
    subnet: Arc<Subnet>,
    phone: u32,
}

impl FakeSubnet {
    /// Another phone of the subnet.
    #[must_use]
    pub fn phone(&self) -> FakePeerSharing {
        let mut phones = lock(&self.0.phones);
        *phones += 1;
        FakePeerSharing {
            subnet: Arc::clone(&self.0),
            phone: *phones,
        }
    }
}

impl FakePeerSharing {
    fn forget(&self) {
        lock(&self.subnet.holders).remove(&self.phone);
    }

    /// The stores of others that hold this load.
    fn others(&self, load: &SharedLoad) -> Vec<Arc<dyn BlockStore>> {
        let holders = lock(&self.subnet.holders);
        let others = holders
            .iter()
            .filter(|(phone, held)| **phone != self.phone && held.load.id() == load.id());
        others.map(|(_, held)| Arc::clone(&held.store)).collect()
    }
}

#[async_trait]
impl PeerSharing for FakePeerSharing {
    async fn obtain(&self, wanted: Wanted, server: &dyn LoadServer) -> Result<Tally, SharingError> {
        self.forget();
        (wanted.tell)(Line::Wanted(wanted.load.id()));
        let _turn = self.subnet.turn.lock().await;
        let others = self.others(&wanted.load);
        let (load, store) = (wanted.load.clone(), Arc::clone(&wanted.store));
        let mut sink = Sink {
            held: wanted.held.clone(),
            wanted,
            from_peers: 0,
            from_server: 0,
            failed: None,
        };
        let missing: Vec<u32> = sink.held.missing().collect();
        for number in missing {
            for other in &others {
                let Ok(octets) = other.read(number).await else {
                    continue;
                };
                if sink.take(number, octets).await {
                    sink.from_peers += 1;
                    break;
                }
            }
        }
        if sink.failed.is_none() && !sink.held.is_complete() {
            let held = sink.held.clone();
            let fetched = server.fetch(held, &mut sink).await;
            if !sink.held.is_complete() && sink.failed.is_none() {
                let outcome = fetched.err().unwrap_or(Outcome::Truncated);
                sink.failed = Some(SharingError::Server(outcome));
            }
        }
        if let Some(error) = sink.failed {
            return Err(error);
        }
        // Whoever comes now finds the load here, as with a phone that stays for its children.
        lock(&self.subnet.holders).insert(self.phone, Holder { load, store });
        Ok(Tally {
            from_peers: sink.from_peers,
            from_server: sink.from_server,
            passed: 0,
        })
    }

    async fn hold(&self, load: SharedLoad, store: Arc<dyn BlockStore>) {
        lock(&self.subnet.holders).insert(self.phone, Holder { load, store });
    }

    async fn rest(&self) {
        self.forget();
    }
}

/// Writes what the server gives.
struct Sink {
    wanted: Wanted,
    held: Held,
    from_peers: u32,
    from_server: u32,
    failed: Option<SharingError>,
}

impl Sink {
    /// Whether this is the block; it is written then.
    async fn take(&mut self, number: u32, octets: Vec<u8>) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let Some(checked) = self.wanted.load.check(number, octets) else {
            return false;
        };
        match self.wanted.store.write(checked).await {
            Ok(()) => {
                self.held.insert(number);
            }
            Err(outcome) => self.failed = Some(SharingError::Store(outcome)),
        }
        true
    }
}

#[async_trait]
impl BlockSink for Sink {
    async fn block(&mut self, number: u32, octets: Vec<u8>) {
        if self.held.contains(number) || self.failed.is_some() {
            return;
        }
        if self.take(number, octets).await {
            self.from_server += 1;
        } else {
            self.failed = Some(SharingError::Server(Outcome::Signature));
        }
    }
}
