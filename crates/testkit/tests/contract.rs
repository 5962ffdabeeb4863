//! The fakes pass the contract suites.

#![expect(clippy::expect_used, reason = "a test may end at a broken invariant")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_crypto::KeyId;
use onhook_crypto::port::{KeyVault, SignatureCheck};
use onhook_device::{Family, Release, SecretRef};
use onhook_discovery::port::Redirector;
use onhook_fetch::port::{CustomTrust, Fetch};
use onhook_fetch::{ErrorKind, Head, Request, Scheme};
use onhook_params::Scope;
use onhook_params::port::{ConfigStore, StoredParam};
use onhook_phone::port::{EventLog, StateStore, TrustStore};
use onhook_testkit::contract::{self, Changes, Peer};
use onhook_testkit::fake::{
    Cut, FakeEventLog, FakeFetch, FakeRedirector, FakeResolver, FakeSignatures, FakeTrust,
    FetchAnswer, MemoryConfigStore, MemoryRecord, MemorySlots, MemoryVault, Power,
};
use onhook_upgrade::Slot;
use onhook_upgrade::port::FirmwareSlots;

#[derive(Default)]
struct Fetching {
    fetch: Arc<FakeFetch>,
    peers: usize,
    contacts: Arc<AtomicUsize>,
}

/// Counts the request of a peer as its contact.
struct Counting(Arc<FakeFetch>, Arc<AtomicUsize>, usize);

#[async_trait]
impl Fetch for Counting {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn onhook_fetch::BodySink,
    ) -> Result<onhook_fetch::Endpoint, onhook_fetch::FetchError> {
        let transfer = self.0.get(request, sink);
        let mut transfer = std::pin::pin!(transfer);
        std::future::poll_fn(|cx| {
            let polled = transfer.as_mut().poll(cx);
            self.1
                .store(self.0.asked().len() - self.2, Ordering::SeqCst);
            polled
        })
        .await
    }
}

#[async_trait]
impl contract::FetchFixture for Fetching {
    fn fetch(&self) -> Arc<dyn Fetch> {
        let asked = self.fetch.asked().len();
        Arc::new(Counting(self.fetch.clone(), self.contacts.clone(), asked))
    }

    async fn peer(&mut self, peer: Peer) -> Request {
        self.peers += 1;
        self.contacts = Arc::default();
        let path = format!("/{}", self.peers);
        let url = format!("http://h:80{path}");
        match peer {
            Peer::Serves(bytes) => self.fetch.answer(&url, bytes.as_slice()),
            Peer::ServesUnannounced(bytes) => {
                self.fetch.answer(
                    &url,
                    FetchAnswer::Body {
                        head: Head::default(),
                        bytes,
                    },
                );
            }
            Peer::HasNoFile(_) => self
                .fetch
                .answer(&url, FetchAnswer::Fails(ErrorKind::NotFound)),
            Peer::EndsEarly(bytes) => self.fetch.answer(&url, FetchAnswer::EndsEarly(bytes)),
            Peer::Stalls(bytes) => self.fetch.answer(&url, FetchAnswer::Stalls(bytes)),
            Peer::Unresolvable => self.fetch.answer(&url, FetchAnswer::Fails(ErrorKind::Dns)),
        }
        Request {
            scheme: Scheme::Http,
            host: "h".into(),
            port: 80,
            path,
            proxy: None,
            service: None,
            allowed_domains: String::new(),
            user_agent: "test".into(),
            user: None,
            password: None,
            account: None,
            post: None,
            part: None,
            limit: 64 * 1024,
            timeout: Duration::from_secs(10),
        }
    }

    fn contacts(&self) -> Arc<AtomicUsize> {
        self.contacts.clone()
    }

    async fn ended(&mut self) {
        self.fetch.idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_fake_transport_keeps_the_contract() {
    contract::fetch(&mut Fetching::default()).await;
}

#[derive(Default)]
struct Configuring {
    store: Arc<MemoryConfigStore>,
}

const CUTS: [Cut; 2] = [Cut::Before, Cut::After];

#[async_trait]
impl contract::ConfigStoreFixture for Configuring {
    fn scope(&self) -> Scope {
        Scope::new(Family::Mpp, Release::R11_3)
    }

    async fn open(&mut self) -> Arc<dyn ConfigStore> {
        self.store.clone()
    }

    fn writes(&self) -> u64 {
        self.store.power().writes()
    }

    async fn loads_after_cuts(&mut self, changes: Changes<'_>) -> Vec<Vec<StoredParam>> {
        let mut found = Vec::new();
        for cut in CUTS {
            self.store.power().cut_at_write(1, cut);
            assert!(self.store.commit(changes()).await.is_err());
            assert!(
                self.store.load().await.is_err(),
                "without power nothing is read"
            );
            self.store.power().restore();
            found.push(self.store.load().await.expect("the power is back"));
        }
        self.store.commit(changes()).await.expect("the power stays");
        found
    }

    fn refuse_writes(&mut self) {
        self.store.power().refuse_writes();
    }

    fn accept_writes(&mut self) {
        self.store.power().accept_writes();
    }
}

//= R-FLS-1 type=test
#[tokio::test]
async fn the_parameter_store_in_memory_keeps_the_contract() {
    contract::config_store(&mut Configuring::default()).await;
}

#[derive(Default)]
struct Remembering {
    store: Arc<MemoryRecord>,
}

#[async_trait]
impl contract::StateStoreFixture for Remembering {
    async fn open(&mut self) -> Arc<dyn StateStore> {
        self.store.clone()
    }

    fn writes(&self) -> u64 {
        self.store.power().writes()
    }

    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut found = Vec::new();
        for cut in CUTS {
            self.store.power().cut_at_write(1, cut);
            assert!(self.store.save_state(record).await.is_err());
            self.store.power().restore();
            found.push(self.store.load_state().await.expect("the power is back"));
        }
        self.store
            .save_state(record)
            .await
            .expect("the power stays");
        found
    }
}

#[tokio::test]
async fn the_state_store_in_memory_keeps_the_contract() {
    contract::state_store(&mut Remembering::default()).await;
}

#[derive(Default)]
struct Trusting {
    store: Arc<MemoryRecord>,
}

#[async_trait]
impl contract::TrustStoreFixture for Trusting {
    async fn open(&mut self) -> Arc<dyn TrustStore> {
        self.store.clone()
    }

    fn writes(&self) -> u64 {
        self.store.power().writes()
    }

    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut found = Vec::new();
        for cut in CUTS {
            self.store.power().cut_at_write(1, cut);
            assert!(self.store.save_trust(record).await.is_err());
            self.store.power().restore();
            found.push(self.store.load_trust().await.expect("the power is back"));
        }
        let saved = self.store.save_trust(record).await;
        saved.expect("the power stays");
        found
    }
}

#[tokio::test]
async fn the_trust_store_in_memory_keeps_the_contract() {
    contract::trust_store(&mut Trusting::default()).await;
}

#[derive(Default)]
struct Believing(Arc<FakeTrust>);

#[async_trait]
impl contract::CustomTrustFixture for Believing {
    fn trust(&self) -> Arc<dyn CustomTrust> {
        self.0.clone()
    }

    fn name(&self, authority: usize) -> String {
        format!("authority {authority}")
    }

    fn der(&self, authority: usize) -> Vec<u8> {
        FakeTrust::der(&self.name(authority))
    }

    fn pem(&self, authority: usize) -> String {
        FakeTrust::pem(&self.name(authority))
    }

    async fn believes(&mut self, authority: usize) -> bool {
        self.0.believed().contains(&self.der(authority))
    }
}

#[tokio::test]
async fn the_fake_trust_keeps_the_contract() {
    contract::custom_trust(&mut Believing::default()).await;
}

struct Logging {
    log: Arc<FakeEventLog>,
    arrived: std::collections::VecDeque<String>,
}

#[async_trait]
impl contract::EventLogFixture for Logging {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    fn server(&self) -> String {
        "192.0.2.1:514".into()
    }

    fn unreachable(&self) -> String {
        "log.invalid".into()
    }

    async fn received(&mut self) -> Vec<u8> {
        self.arrived
            .extend(self.log.take().into_iter().map(|m| m.text));
        let next = self.arrived.pop_front();
        next.expect("the fake has a message").into_bytes()
    }
}

#[tokio::test]
async fn the_fake_log_keeps_the_contract() {
    let log = Arc::new(FakeEventLog::with_capacity(64));
    let arrived = std::collections::VecDeque::new();
    contract::event_log(&mut Logging { log, arrived }).await;
}

#[derive(Default)]
struct Keeping(Arc<MemoryVault>);

impl contract::KeyVaultFixture for Keeping {
    fn vault(&self) -> Arc<dyn KeyVault> {
        self.0.clone()
    }

    fn put(&mut self, bytes: &[u8]) -> SecretRef {
        self.0.put(bytes)
    }

    fn unknown(&self) -> SecretRef {
        SecretRef(0)
    }

    fn printed(&self) -> String {
        format!("{:?}", self.0)
    }
}

#[test]
fn the_vault_in_memory_keeps_the_contract() {
    contract::key_vault(&mut Keeping::default());
}

#[tokio::test]
async fn one_power_supply_counts_the_writes_of_two_stores() {
    let power = Power::new();
    let state = MemoryRecord::with_power(power.clone());
    let other = MemoryRecord::with_power(power.clone());
    power.cut_at_write(2, Cut::Before);
    state.save_state(b"a").await.expect("the first write");
    assert!(other.save_state(b"b").await.is_err());
    assert!(!power.is_on());
    assert!(state.load_state().await.is_err());
    power.restore();
    assert_eq!(other.load_state().await.ok(), Some(None));
    assert_eq!(power.writes(), 1);
}

#[tokio::test]
async fn the_fake_transport_gives_queued_answers_before_the_lasting_one() {
    let fetch = FakeFetch::new();
    let mut fixture = Fetching {
        fetch: Arc::new(fetch),
        ..Fetching::default()
    };
    let request =
        contract::FetchFixture::peer(&mut fixture, Peer::Serves(b"lasting".to_vec())).await;
    fixture.fetch.answer_next("http://h:80/1", "once");
    for expected in ["once", "lasting", "lasting"] {
        let mut sink = onhook_testkit::fake::RecordingSink::default();
        fixture
            .fetch
            .get(&request, &mut sink)
            .await
            .expect("an answer");
        assert_eq!(sink.body, expected.as_bytes());
    }
    assert_eq!(fixture.fetch.urls(), ["http://h:80/1"; 3]);
}

struct Names(Arc<FakeResolver>);

impl Names {
    fn new() -> Self {
        let fake = FakeResolver::new().with_service("_s._tcp.h", (1, 2, 3, "h"));
        let names = Self(Arc::new(fake.with_service("_s._tcp.h", (0, 0, 443, "."))));
        let (name, addresses) = contract::ResolverFixture::known(&names);
        names.0.tell(&name, &addresses);
        names
    }
}

impl contract::ResolverFixture for Names {
    fn resolver(&self) -> Arc<dyn onhook_fetch::port::Resolver> {
        Arc::clone(&self.0) as _
    }

    fn known(&self) -> (String, Vec<std::net::IpAddr>) {
        let addresses = [[192, 0, 2, 2], [192, 0, 2, 1]];
        ("h".to_owned(), addresses.map(Into::into).to_vec())
    }

    fn unknown(&self) -> String {
        "i".to_owned()
    }

    fn services(&self) -> Option<(String, Vec<onhook_fetch::SrvRecord>)> {
        let record =
            |(priority, weight, port, target): (u16, u16, u16, &str)| onhook_fetch::SrvRecord {
                priority,
                weight,
                port,
                target: target.to_owned(),
            };
        let records = [(0, 0, 443, "."), (1, 2, 3, "h")];
        Some(("_s._tcp.h".to_owned(), records.map(record).to_vec()))
    }

    fn turn(&mut self, address: std::net::IpAddr) -> bool {
        self.0.tell("h", &[]);
        self.0.tell("i", &[address]);
        true
    }
}

#[derive(Default)]
struct Directories(Arc<FakeRedirector>);

#[async_trait]
impl contract::RedirectorFixture for Directories {
    async fn directory(&mut self, says: contract::Says<'_>) -> Arc<dyn Redirector> {
        self.0 = Arc::new(match says {
            contract::Says::Text(text) => FakeRedirector::saying(text),
            contract::Says::Nothing => FakeRedirector::down(),
        });
        Arc::clone(&self.0) as _
    }

    fn asked(&self) -> String {
        let asked = self.0.asked();
        let last = asked.last().expect("somebody asked");
        let mut text = String::new();
        last.mac.push_lower(&mut text);
        format!("{text} {}", last.model)
    }
}

//= R-OOB-6 type=test
#[tokio::test]
async fn the_fake_directory_keeps_the_contract() {
    contract::redirector(&mut Directories::default()).await;
}

#[tokio::test]
async fn the_fake_resolver_keeps_the_contract() {
    contract::resolver(&mut Names::new()).await;
}

struct Signatures(FakeSignatures);

impl contract::SignatureCheckFixture for Signatures {
    fn check(&self) -> Arc<dyn SignatureCheck> {
        Arc::new(self.0.clone())
    }

    fn sign(&self, key: usize, message: &[u8]) -> (KeyId, [u8; 64]) {
        let key = u8::try_from(key).expect("a small number");
        (FakeSignatures::id(key), FakeSignatures::sign(key, message))
    }
}

#[test]
fn fake_signatures_keep_the_contract() {
    let trusting = FakeSignatures::trusting(vec![0, 1]);
    contract::signature_check(&mut Signatures(trusting));
}

struct InMemory(MemorySlots);

#[async_trait]
impl contract::FirmwareSlotsFixture for InMemory {
    async fn open(&mut self) -> Arc<dyn FirmwareSlots> {
        Arc::new(self.0.clone())
    }

    async fn boot(&mut self) -> Slot {
        self.0.boot()
    }

    fn content(&self, slot: Slot) -> Vec<u8> {
        self.0.content(slot)
    }

    fn damage(&mut self, slot: Slot, at: usize) {
        let mut bytes = self.0.content(slot);
        *bytes.get_mut(at).expect("a byte") ^= 1;
        self.0.put(slot, &bytes);
    }

    fn put(&mut self, slot: Slot, bytes: &[u8]) {
        self.0.put(slot, bytes);
    }

    fn limit(&mut self, capacity: Option<u64>) {
        self.0.limit(capacity.unwrap_or(0));
    }
}

//= R-FW-8 type=test
//= R-FW-9 type=test
#[tokio::test]
async fn slots_in_memory_keep_the_contract() {
    contract::firmware_slots(&mut InMemory(MemorySlots::default())).await;
}
