//! The obligations of [`PeerSharing`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use onhook_crypto::sha256;
use onhook_device::Outcome;
use onhook_upgrade::port::PeerSharing;
use onhook_upgrade::sharing::{
    Block, BlockSink, BlockStore, Checked, Held, LoadId, LoadServer, SharedLoad, SharingError,
    Tally, Wanted,
};

use super::soon;

/// Subnets with phones.
#[async_trait]
pub trait PeerSharingFixture: Send {
    /// Another phone on the subnet, of which there are at most six at a time.
    async fn phone(&mut self) -> Box<dyn PeerSharing>;

    /// A new subnet: every phone of the old one has been dropped.
    async fn begin(&mut self);
}

/// Checks a port against every obligation.
pub async fn peer_sharing(fixture: &mut dyn PeerSharingFixture) {
    a_phone_by_itself_gets_everything_from_the_server(fixture).await;
    only_what_is_missing_is_asked_for(fixture).await;
    a_load_that_is_held_is_passed_on(fixture).await;
    another_load_is_not_passed_on(fixture).await;
    whoever_rests_gives_nothing(fixture).await;
    a_holder_whose_blocks_are_wrong_harms_nobody(fixture).await;
    phones_at_the_same_time_ask_the_server_once(fixture).await;
    what_the_server_says_is_the_error(fixture).await;
    a_wrong_block_of_the_server_is_never_written(fixture).await;
    what_the_store_says_is_the_error(fixture).await;
    a_phone_can_begin_anew_after_it_was_dropped(fixture).await;
}

const COUNT: u32 = 24;

/// The octets of a block of a load.
fn octets(load: u8, number: u32) -> Vec<u8> {
    let mut octets = vec![load; 3000];
    octets.extend(number.to_be_bytes());
    octets
}

/// A load with two components.
fn load(load: u8) -> SharedLoad {
    let block = |number: u32| Block {
        component: u16::from(number >= COUNT / 2),
        offset: u64::from(number % (COUNT / 2)) * 3004,
        length: 3004,
        digest: sha256(&octets(load, number)),
    };
    match SharedLoad::new(LoadId::of(&[load]), (0..COUNT).map(block).collect()) {
        Ok(load) => load,
        Err(error) => panic!("{error}"),
    }
}

/// A store that says what was written.
#[derive(Default)]
struct Store {
    blocks: Mutex<BTreeMap<u32, Vec<u8>>>,
    /// Writing fails from this block on.
    full_at: Option<u32>,
}

impl Store {
    fn of(load: u8, numbers: impl Iterator<Item = u32>) -> Arc<Self> {
        let store = Self::default();
        numbers.for_each(|number| {
            store.blocks().insert(number, octets(load, number));
        });
        Arc::new(store)
    }

    fn blocks(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, Vec<u8>>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    fn assert_holds(&self, load: u8) {
        let blocks = self.blocks();
        assert_eq!(blocks.len(), COUNT as usize, "blocks are missing");
        for (number, block) in &*blocks {
            assert!(*block == octets(load, *number), "block {number} is wrong");
        }
    }
}

#[async_trait]
impl BlockStore for Store {
    async fn read(&self, number: u32) -> Result<Vec<u8>, Outcome> {
        self.blocks().get(&number).cloned().ok_or(Outcome::Flash)
    }

    async fn write(&self, block: Checked<Vec<u8>>) -> Result<(), Outcome> {
        let number = block.number();
        if self.full_at.is_some_and(|full| number >= full) {
            return Err(Outcome::Flash);
        }
        let before = self.blocks().insert(number, block.into_content());
        assert!(before.is_none(), "block {number} was written twice");
        Ok(())
    }
}

/// A server that says what it was asked for.
#[derive(Default)]
struct Server {
    load: u8,
    asked: Mutex<Vec<u32>>,
    /// It ends with this before that block.
    ends: Option<(u32, Outcome)>,
    /// This block is wrong.
    wrong: Option<u32>,
}

impl Server {
    fn asked(&self) -> Vec<u32> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl LoadServer for Server {
    async fn fetch(&self, held: Held, sink: &mut dyn BlockSink) -> Result<(), Outcome> {
        for number in 0..COUNT {
            if let Some((_, outcome)) = self.ends.filter(|(at, _)| *at == number) {
                return Err(outcome);
            }
            // What is there already may come too.
            if !held.contains(number) {
                let asked = self.asked.lock();
                asked.unwrap_or_else(PoisonError::into_inner).push(number);
            }
            let lie = u32::from(self.wrong == Some(number));
            sink.block(number, octets(self.load, number + lie)).await;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

fn server(load: u8) -> Server {
    Server {
        load,
        ..Server::default()
    }
}

/// What of a load a store has.
fn wanted(load_number: u8, store: &Arc<Store>) -> Wanted {
    let load = load(load_number);
    let mut held = load.none_held();
    for number in store.blocks().keys() {
        held.insert(*number);
    }
    Wanted {
        load,
        held,
        store: Arc::clone(store) as Arc<dyn BlockStore>,
        tell: Arc::new(drop),
    }
}

async fn obtain(
    phone: &dyn PeerSharing,
    wanted: Wanted,
    server: &Server,
) -> Result<Tally, SharingError> {
    soon("the end of obtaining", phone.obtain(wanted, server)).await
}

#[track_caller]
fn assert_counts(tally: Result<Tally, SharingError>, from_peers: u32, from_server: u32) {
    match tally {
        Ok(tally) => assert_eq!(
            (tally.from_peers, tally.from_server),
            (from_peers, from_server)
        ),
        Err(error) => panic!("{error:?}"),
    }
}

async fn a_phone_by_itself_gets_everything_from_the_server(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phone = fixture.phone().await;
    let (store, server) = (Arc::new(Store::default()), server(1));
    let tally = obtain(&*phone, wanted(1, &store), &server).await;
    assert_counts(tally, 0, COUNT);
    store.assert_holds(1);
    assert_eq!(server.asked(), (0..COUNT).collect::<Vec<_>>());
}

async fn only_what_is_missing_is_asked_for(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phone = fixture.phone().await;
    let store = Store::of(1, [0, 1, 2, 7, COUNT - 1].into_iter());
    let server = server(1);
    let tally = obtain(&*phone, wanted(1, &store), &server).await;
    assert_counts(tally, 0, COUNT - 5);
    store.assert_holds(1);
    assert!(!server.asked().contains(&7), "{:?}", server.asked());
    // Nothing is missing any more.
    let again = obtain(&*phone, wanted(1, &store), &server).await;
    assert_counts(again, 0, 0);
    assert_eq!(server.asked().len(), COUNT as usize - 5);
}

async fn a_load_that_is_held_is_passed_on(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let (holder, phone) = (fixture.phone().await, fixture.phone().await);
    holder.hold(load(1), Store::of(1, 0..COUNT)).await;
    let store = Store::of(1, 3..5);
    let server = server(1);
    let tally = obtain(&*phone, wanted(1, &store), &server).await;
    assert_counts(tally, COUNT - 2, 0);
    store.assert_holds(1);
    assert_eq!(server.asked(), []);
}

async fn another_load_is_not_passed_on(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let (holder, phone) = (fixture.phone().await, fixture.phone().await);
    holder.hold(load(2), Store::of(2, 0..COUNT)).await;
    let store = Arc::new(Store::default());
    let tally = obtain(&*phone, wanted(1, &store), &server(1)).await;
    assert_counts(tally, 0, COUNT);
    store.assert_holds(1);
}

async fn whoever_rests_gives_nothing(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let (holder, phone) = (fixture.phone().await, fixture.phone().await);
    holder.hold(load(1), Store::of(1, 0..COUNT)).await;
    holder.rest().await;
    let store = Arc::new(Store::default());
    let tally = obtain(&*phone, wanted(1, &store), &server(1)).await;
    assert_counts(tally, 0, COUNT);
}

async fn a_holder_whose_blocks_are_wrong_harms_nobody(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let (holder, phone) = (fixture.phone().await, fixture.phone().await);
    // What it holds is no longer what it was.
    holder.hold(load(1), Store::of(2, 0..COUNT)).await;
    let store = Arc::new(Store::default());
    let tally = obtain(&*phone, wanted(1, &store), &server(1)).await;
    assert_counts(tally, 0, COUNT);
    store.assert_holds(1);
}

async fn phones_at_the_same_time_ask_the_server_once(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phones = [
        fixture.phone().await,
        fixture.phone().await,
        fixture.phone().await,
        fixture.phone().await,
    ];
    let stores = [0, 1, 2, 3].map(|_| Arc::new(Store::default()));
    let server = server(1);
    let [a, b, c, d] = &phones;
    let [sa, sb, sc, sd] = &stores;
    let tallies: [_; 4] = soon("the end of obtaining", async {
        tokio::join!(
            a.obtain(wanted(1, sa), &server),
            b.obtain(wanted(1, sb), &server),
            c.obtain(wanted(1, sc), &server),
            d.obtain(wanted(1, sd), &server)
        )
        .into()
    })
    .await;
    let mut sum = 0;
    for tally in tallies {
        match tally {
            Ok(tally) => sum += tally.from_peers + tally.from_server,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(sum, 4 * COUNT);
    stores.iter().for_each(|store| store.assert_holds(1));
    assert_eq!(server.asked(), (0..COUNT).collect::<Vec<_>>());
}

async fn what_the_server_says_is_the_error(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phone = fixture.phone().await;
    let store = Arc::new(Store::default());
    let ends = Server {
        ends: Some((5, Outcome::HttpStatus(503))),
        ..server(1)
    };
    let error = obtain(&*phone, wanted(1, &store), &ends).await;
    assert_eq!(error, Err(SharingError::Server(Outcome::HttpStatus(503))));
    assert_eq!(store.blocks().len(), 5, "what came stays");
    // Later the server has it: the phone goes on where it was.
    let tally = obtain(&*phone, wanted(1, &store), &server(1)).await;
    assert_counts(tally, 0, COUNT - 5);
    store.assert_holds(1);
}

async fn a_wrong_block_of_the_server_is_never_written(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phone = fixture.phone().await;
    let store = Arc::new(Store::default());
    let lies = Server {
        wrong: Some(4),
        ..server(1)
    };
    let error = obtain(&*phone, wanted(1, &store), &lies).await;
    assert_eq!(error, Err(SharingError::Server(Outcome::Signature)));
    assert!(!store.blocks().contains_key(&4));
}

async fn what_the_store_says_is_the_error(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phone = fixture.phone().await;
    let store = Arc::new(Store {
        full_at: Some(6),
        ..Store::default()
    });
    let error = obtain(&*phone, wanted(1, &store), &server(1)).await;
    assert_eq!(error, Err(SharingError::Store(Outcome::Flash)));
}

async fn a_phone_can_begin_anew_after_it_was_dropped(fixture: &mut dyn PeerSharingFixture) {
    fixture.begin().await;
    let phone = fixture.phone().await;
    let (store, server) = (Arc::new(Store::default()), server(1));
    let mut first = phone.obtain(wanted(1, &store), &server);
    // It has begun, and is given up.
    let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx))).await;
    assert!(begun.is_pending() || store.blocks().len() == COUNT as usize);
    drop(first);
    let tally = obtain(&*phone, wanted(1, &store), &server).await;
    assert!(tally.is_ok(), "{tally:?}");
    store.assert_holds(1);
}
