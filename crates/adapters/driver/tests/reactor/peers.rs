//! Loads from the phones of the subnet, and for them.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_device::Outcome;
use onhook_driver::Exit;
use onhook_fetch::ErrorKind;
use onhook_phone::{Ask, Notice, UpgradeNotice};
use onhook_testkit::contract::sample_load;
use onhook_testkit::fake::{FakeSubnet, FetchAnswer, MemorySlots};
use onhook_upgrade::port::{FirmwareSlots, PeerSharing, Turn};
use onhook_upgrade::sharing::{
    BlockSink, BlockStore, Checked, Held, LoadServer, SharedLoad, SharingError, Tally, Wanted,
};
use onhook_upgrade::{Load, Slot};

use crate::world::{Home, Life};

const RULE: &str = "http://h/fw/new.loads";
const SIZES: [usize; 2] = [9000, 20_000];

/// A phone with slots on a subnet, whose rule names a load; whether its server has the components.
fn home(subnet: &FakeSubnet) -> (Home, Arc<Load>, [Vec<u8>; 2]) {
    let (load, files) = sample_load("new", 3, SIZES);
    let mut home = Home::new().with("Upgrade_Rule", RULE).serving("");
    home.slots = Some(MemorySlots::default());
    home.peers = Some(Arc::new(subnet.phone()));
    home.fetch.answer("http://h:80/fw/new.loads", load.text());
    home.fetch.answer("http://h:80/fw/kernel.img", &*files[0]);
    home.fetch.answer("http://h:80/fw/rootfs.img", &*files[1]);
    (home, load, files)
}

/// The components of a load as others have them; block `wrong` is not what was signed.
struct Other {
    load: Arc<Load>,
    files: [Vec<u8>; 2],
    wrong: Option<u32>,
}

#[async_trait]
impl BlockStore for Other {
    async fn read(&self, number: u32) -> Result<Vec<u8>, Outcome> {
        let block = self.load.manifest().block(number).ok_or(Outcome::Flash)?;
        let from = usize::try_from(block.offset).unwrap();
        let file = &self.files[usize::from(block.component)];
        let mut bytes = file[from..from + block.length as usize].to_vec();
        bytes[0] ^= u8::from(self.wrong == Some(number));
        Ok(bytes)
    }

    async fn write(&self, _block: Checked<Vec<u8>>) -> Result<(), Outcome> {
        Err(Outcome::Flash)
    }
}

/// Another phone that holds the load.
async fn holder(
    subnet: &FakeSubnet,
    load: &Arc<Load>,
    files: &[Vec<u8>; 2],
    wrong: Option<u32>,
) -> impl PeerSharing {
    let other = Other {
        load: Arc::clone(load),
        files: files.clone(),
        wrong,
    };
    let phone = subnet.phone();
    let shared = SharedLoad::of(load.manifest()).unwrap();
    phone.hold(shared, Arc::new(other)).await;
    phone
}

fn outcomes(life: &Life) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (_, _, notice) in life.notices() {
        if let Notice::Upgrade(UpgradeNotice::Done(outcome)) = notice {
            outcomes.push(outcome);
        }
    }
    outcomes
}

/// How many requests there were for components.
fn components(home: &Home) -> usize {
    let asked = home.fetch.asked();
    asked
        .iter()
        .filter(|asked| asked.url.ends_with(".img"))
        .count()
}

#[track_caller]
fn assert_written(home: &Home, load: &Load, files: &[Vec<u8>; 2]) {
    let content = home.slots.as_ref().unwrap().content(Slot::B);
    let place = usize::try_from(load.manifest().place(3)).unwrap();
    assert_eq!(content[place..], files[1]);
}

//= R-PFS-1 type=test
#[tokio::test(start_paused = true)]
async fn a_load_that_a_peer_holds_is_not_asked_of_the_server() {
    let subnet = FakeSubnet::default();
    let (home, load, files) = home(&subnet);
    let _holder = holder(&subnet, &load, &files, None).await;
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    assert_eq!(outcomes(&life), [Outcome::Upgraded]);
    assert_eq!(components(&home), 0);
    assert_written(&home, &load, &files);
}

//= R-PFS-2 type=test
#[tokio::test(start_paused = true)]
async fn what_peers_do_not_give_comes_from_the_server() {
    for wrong in [None, Some(4)] {
        let subnet = FakeSubnet::default();
        let (home, load, files) = home(&subnet);
        let _holder = match wrong {
            Some(_) => Some(holder(&subnet, &load, &files, wrong).await),
            None => None,
        };
        let mut life = home.booted().await;
        assert_eq!(life.run_for(100).await, Exit::NewLoad);
        assert_eq!(outcomes(&life), [Outcome::Upgraded]);
        assert!(components(&home) > 0);
        assert_written(&home, &load, &files);
    }
}

//= R-PFS-4 type=test
#[tokio::test(start_paused = true)]
async fn with_either_parameter_no_peers_are_not_asked() {
    let subnet = FakeSubnet::default();
    let (home, load, files) = home(&subnet);
    let _holder = holder(&subnet, &load, &files, None).await;
    let home = home.with("Peer_Firmware_Sharing", "No");
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    assert_eq!(components(&home), 2);
    assert_written(&home, &load, &files);
}

//= R-PFS-2 type=test
#[tokio::test(start_paused = true)]
async fn what_the_server_says_is_told_as_without_peers() {
    let subnet = FakeSubnet::default();
    let (home, ..) = home(&subnet);
    let rootfs = "http://h:80/fw/rootfs.img";
    home.fetch
        .answer(rootfs, FetchAnswer::Fails(ErrorKind::NotFound));
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(outcomes(&life), [Outcome::Fnf]);
    assert_eq!(
        life.status().await.firmware.unwrap().error,
        "file not found"
    );
}

//= R-PFS-3 type=test
#[tokio::test(start_paused = true)]
async fn what_comes_of_sharing_is_told_to_its_log_server_alone() {
    // V-226
    for server in ["", "192.168.5.5"] {
        let subnet = FakeSubnet::default();
        let (home, ..) = home(&subnet);
        let home = home
            .with("Syslog_Server", "10.0.0.1")
            .with("Peer_Firmware_Sharing_Log_Server", server);
        let mut life = home.booted().await;
        assert_eq!(life.run_for(100).await, Exit::NewLoad);
        let messages = home.log.messages();
        let told = messages.iter().filter(|told| told.text.starts_with("PFS "));
        let servers: Vec<&str> = told.map(|told| told.server.as_str()).collect();
        let expected: &[&str] = if server.is_empty() { &[] } else { &[server] };
        assert_eq!(servers, expected);
    }
}

/// A server that nobody should ask.
struct Nobody;

#[async_trait]
impl LoadServer for Nobody {
    async fn fetch(&self, _held: Held, _sink: &mut dyn BlockSink) -> Result<(), Outcome> {
        Err(Outcome::Connect)
    }
}

/// Keeps nothing.
struct Scrap;

#[async_trait]
impl BlockStore for Scrap {
    async fn read(&self, _number: u32) -> Result<Vec<u8>, Outcome> {
        Err(Outcome::Flash)
    }

    async fn write(&self, _block: Checked<Vec<u8>>) -> Result<(), Outcome> {
        Ok(())
    }
}

/// Another phone asks its peers alone.
async fn obtain(subnet: &FakeSubnet, load: &Load) -> Result<Tally, SharingError> {
    let shared = SharedLoad::of(load.manifest()).unwrap();
    let wanted = Wanted {
        held: shared.none_held(),
        load: shared,
        store: Arc::new(Scrap),
        tell: Arc::new(drop),
    };
    subnet.phone().obtain(wanted, &Nobody).await
}

//= R-PFS-4 type=test
#[tokio::test(start_paused = true)]
async fn the_load_that_runs_is_offered_while_the_parameters_allow_it() {
    // V-227
    for (param, offers) in [
        (("Peer_Firmware_Sharing", "Yes"), true),
        (("Peer_Firmware_Sharing", "No"), false),
        (("Upgrade_Enable", "No"), false),
    ] {
        let subnet = FakeSubnet::default();
        let (home, load, files) = home(&subnet);
        let slots = home.slots.clone().unwrap();
        slots.begin(&load).await.unwrap();
        for (number, block) in (0_u32..).zip(load.manifest().blocks()) {
            let from = usize::try_from(block.offset).unwrap();
            let file = &files[usize::from(block.component)];
            let bytes = file[from..from + block.length as usize].to_vec();
            slots.write(number, bytes).await.unwrap();
        }
        slots.finish().await.unwrap();
        slots.turn(Turn::Activate).await.unwrap();
        slots.boot();
        // It may still be given up: nobody else should have it.
        let home = home.with("Upgrade_Rule", "").with(param.0, param.1);
        let mut life = home.booted().await;
        life.run_for(100).await;
        assert_eq!(obtain(&subnet, &load).await.is_ok(), offers, "{param:?}");
    }
}

/// Peers that bring nothing, for ever.
struct Stuck;

#[async_trait]
impl PeerSharing for Stuck {
    async fn obtain(&self, wanted: Wanted, server: &dyn LoadServer) -> Result<Tally, SharingError> {
        let mut one = One(wanted.clone());
        let held = wanted.load.none_held();
        let _ = server.fetch(held, &mut one).await;
        std::future::pending().await
    }

    async fn hold(&self, _load: SharedLoad, _store: Arc<dyn BlockStore>) {}

    async fn rest(&self) {}
}

/// Writes the first block, and no other.
struct One(Wanted);

#[async_trait]
impl BlockSink for One {
    async fn block(&mut self, number: u32, octets: Vec<u8>) {
        if let (0, Some(checked)) = (number, self.0.load.check(number, octets)) {
            self.0.store.write(checked).await.unwrap();
        }
    }
}

//= R-PFS-4 type=test
#[tokio::test(start_paused = true)]
async fn peers_are_left_at_once_when_they_may_no_longer_be_asked() {
    let subnet = FakeSubnet::default();
    let (mut home, load, files) = home(&subnet);
    home.peers = Some(Arc::new(Stuck));
    let mut life = home.booted().await;
    life.run_for(20).await;
    assert_eq!(outcomes(&life), []);
    let writes = home.slots.as_ref().unwrap().writes();
    assert_eq!(writes, 1);
    let reply = life.asker.ask(Ask::Set {
        name: "Peer_Firmware_Sharing".to_owned(),
        value: "No".into(),
    });
    assert_eq!(life.run_for(20).await, Exit::NewLoad);
    drop(reply);
    assert_eq!(outcomes(&life), [Outcome::Upgraded]);
    assert_written(&home, &load, &files);
    // What had come was not written again.
    let blocks = load.manifest().block_count();
    assert_eq!(home.slots.as_ref().unwrap().writes(), blocks);
}
