//! Addresses of loopback that no other test uses, and phones there.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use onhook_crypto::sha256;
use onhook_device::Outcome;
use onhook_peer::{Own, PeerNet, PeerSetup, Reach};
use onhook_upgrade::sharing::{
    Block, BlockSink, BlockStore, Checked, Held, Line, LoadId, LoadServer, OnLink, Settings,
    SharedLoad, Wanted,
};

/// The ports of all tests; the addresses differ.
pub(crate) const UDP: u16 = 4051;
pub(crate) const TCP: [u16; 2] = [4051, 6970];
/// Phones of a subnet.
const HOSTS: u8 = 8;

static SUBNETS: AtomicU32 = AtomicU32::new(0);

/// A network of loopback: 127.x.y.0/28, of this process and this test alone.
#[derive(Clone)]
pub(crate) struct Place {
    base: u32,
    /// What phones told the log server.
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let subnet = SUBNETS.fetch_add(1, Ordering::SeqCst);
        // 127.16.0.0 to 127.255.255.255, by process and subnet.
        let process = std::process::id() % 0x3000;
        let base = 0x7f10_0000 + process * 0x400 + (subnet % 0x40) * 0x10;
        Self {
            base,
            lines: Arc::default(),
        }
    }

    pub(crate) fn host(&self, number: u8) -> Ipv4Addr {
        Ipv4Addr::from(self.base + u32::from(number))
    }

    pub(crate) fn setup(&self, number: u8) -> PeerSetup {
        let all = 1..=HOSTS;
        let others = all.filter(|other| *other != number);
        let others = others.map(|other| SocketAddrV4::new(self.host(other), UDP));
        let link = OnLink {
            address: self.host(number),
            prefix: 28,
        };
        PeerSetup {
            reach: Reach::Addresses(others.collect()),
            settings: fast(),
            ..PeerSetup::new(Own::Link(link), u64::from(number))
        }
    }

    pub(crate) fn phone(&self, number: u8) -> PeerNet {
        PeerNet::new(self.setup(number))
    }

    /// What a phone wants that has nothing; what it tells is kept.
    pub(crate) fn wanted(&self, store: &Arc<Store>) -> Wanted {
        let lines = Arc::clone(&self.lines);
        let tell = move |line| {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line);
        };
        Wanted {
            tell: Arc::new(tell),
            ..wanted(store)
        }
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }
}

/// Waits that suit phones on one host.
pub(crate) fn fast() -> Settings {
    Settings {
        window: 150,
        seek: 60,
        grace: 200,
        announce: 60,
        hesitation: 10,
        handshake: 600,
        stall: 800,
        patience: 2_000,
        linger: 1_000,
        ..Settings::default()
    }
}

pub(crate) const COUNT: u32 = 20;

/// The octets of a block.
pub(crate) fn octets(number: u32) -> Vec<u8> {
    let mut octets = vec![7; 50_000];
    octets.extend(number.to_be_bytes());
    octets
}

pub(crate) fn load() -> SharedLoad {
    let block = |number: u32| Block {
        component: 0,
        offset: u64::from(number) * 50_004,
        length: 50_004,
        digest: sha256(&octets(number)),
    };
    SharedLoad::new(LoadId::of(b"m"), (0..COUNT).map(block).collect()).unwrap()
}

/// A store in memory.
#[derive(Default)]
pub(crate) struct Store(Mutex<BTreeMap<u32, Vec<u8>>>);

impl Store {
    pub(crate) fn full() -> Arc<Self> {
        let store = Self::default();
        (0..COUNT).for_each(|number| drop(store.blocks().insert(number, octets(number))));
        Arc::new(store)
    }

    pub(crate) fn blocks(&self) -> MutexGuard<'_, BTreeMap<u32, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    pub(crate) fn assert_whole(&self) {
        let blocks = self.blocks();
        assert_eq!(blocks.len(), COUNT as usize);
        assert!(
            blocks
                .iter()
                .all(|(number, block)| *block == octets(*number))
        );
    }
}

#[async_trait]
impl BlockStore for Store {
    async fn read(&self, number: u32) -> Result<Vec<u8>, Outcome> {
        self.blocks().get(&number).cloned().ok_or(Outcome::Flash)
    }

    async fn write(&self, block: Checked<Vec<u8>>) -> Result<(), Outcome> {
        let number = block.number();
        assert!(self.blocks().insert(number, block.into_content()).is_none());
        Ok(())
    }
}

pub(crate) fn wanted(store: &Arc<Store>) -> Wanted {
    Wanted {
        load: load(),
        held: load().none_held(),
        store: Arc::clone(store) as Arc<dyn BlockStore>,
        tell: Arc::new(drop),
    }
}

/// A server that counts what it gives.
#[derive(Default)]
pub(crate) struct Server(pub(crate) AtomicU32);

#[async_trait]
impl LoadServer for Server {
    async fn fetch(&self, held: Held, sink: &mut dyn BlockSink) -> Result<(), Outcome> {
        for number in held.missing() {
            self.0.fetch_add(1, Ordering::SeqCst);
            sink.block(number, octets(number)).await;
        }
        Ok(())
    }
}

/// A server that is not to be asked.
pub(crate) struct Nobody;

#[async_trait]
impl LoadServer for Nobody {
    async fn fetch(&self, _held: Held, _sink: &mut dyn BlockSink) -> Result<(), Outcome> {
        Err(Outcome::Connect)
    }
}
