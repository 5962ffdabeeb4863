//! Phones in a reactor with fakes of all ports, in paused time.
//! All tests run in paused time (`start_paused`), so that a sleep here takes none.

#[cfg(feature = "firmware")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onhook_device::{Identity, Mac, MonoTime, Now, WallTime};
use onhook_driver::{Exit, Fetchers, Phones, Places, Ports, Reactor, TrustPorts, Uploaders};
use onhook_fetch::port::Fetch;
use onhook_params::port::ConfigStore;
use onhook_params::{Entry, Mark, ParamId, ParamSet, Scope, Secrecy, Value, Values, secrecy};
use onhook_phone::port::StateStore;
use onhook_phone::report::{ResyncReport, Status};
use onhook_phone::{
    Answer, Boot, Model, Notice, Phone, PhoneSetup, Shared, StateRecord, TrustRecord,
};
use onhook_schedule::port::Clock;
use onhook_testkit::fake::{
    FakeAsker, FakeCommandSource, FakeEventLog, FakeFetch, FakeReply, FakeTrust, FakeUpload,
    MemoryConfigStore, MemoryRecord, MemorySlots,
};
use tokio::time::Instant;

use crate::diary::{Diary, Seen};

/// Tells the paused time of tokio.
pub(crate) struct PausedClock {
    boot: Instant,
    wall: Mutex<Option<WallTime>>,
}

impl PausedClock {
    pub(crate) fn new() -> Self {
        Self {
            boot: Instant::now(),
            wall: Mutex::new(None),
        }
    }

    pub(crate) fn set_wall(&self, unix_s: i64) {
        *self.wall.lock().unwrap() = Some(WallTime {
            unix_s,
            offset_s: 3600,
        });
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Now {
        let millis = self.boot.elapsed().as_millis();
        Now {
            mono: MonoTime::from_millis(u64::try_from(millis).unwrap()),
            wall: *self.wall.lock().unwrap(),
        }
    }
}

/// What a life of phones is built from; it outlives them, as flash and network do.
pub(crate) struct Home {
    pub(crate) fetch: Arc<FakeFetch>,
    pub(crate) http: Arc<dyn Fetch>,
    pub(crate) tftp: Option<Arc<dyn Fetch>>,
    /// `None` in a program without TLS.
    pub(crate) https: Option<Arc<dyn Fetch>>,
    pub(crate) upload: Arc<FakeUpload>,
    /// Whether there is a network.
    #[cfg(feature = "firmware")]
    pub(crate) network: Arc<AtomicBool>,
    pub(crate) places: Places,
    pub(crate) scope: Scope,
    pub(crate) config: Arc<MemoryConfigStore>,
    pub(crate) config_port: Arc<dyn ConfigStore>,
    pub(crate) state: Arc<MemoryRecord>,
    pub(crate) state_port: Arc<dyn StateStore>,
    pub(crate) log: Arc<FakeEventLog>,
    /// Who believes a custom CA; `None` in a program without TLS.
    pub(crate) trust: Option<Arc<FakeTrust>>,
    pub(crate) trust_store: Arc<MemoryRecord>,
    /// `None` of a phone without slots for firmware.
    pub(crate) slots: Option<MemorySlots>,
    /// The other phones of its subnet; `None` of one that shares nothing.
    #[cfg(feature = "sharing")]
    pub(crate) peers: Option<Arc<dyn onhook_upgrade::port::PeerSharing>>,
    values: Vec<(&'static str, String)>,
}

impl Home {
    /// A factory phone that boots without delay and asks `http://h/p` for its profile.
    pub(crate) fn new() -> Self {
        let fetch = Arc::new(FakeFetch::new());
        let config = Arc::new(MemoryConfigStore::new());
        let state = Arc::new(MemoryRecord::new());
        Self {
            http: fetch.clone(),
            tftp: None,
            https: None,
            upload: Arc::default(),
            #[cfg(feature = "firmware")]
            network: Arc::new(AtomicBool::new(true)),
            places: Places::default(),
            scope: Scope::default(),
            fetch,
            config_port: config.clone(),
            config,
            state_port: state.clone(),
            state,
            log: Arc::new(FakeEventLog::new()),
            trust: Some(Arc::default()),
            trust_store: Arc::default(),
            slots: None,
            #[cfg(feature = "sharing")]
            peers: None,
            values: Vec::new(),
        }
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/p")
    }

    /// Sets a parameter as if an earlier life had stored it; the last one of a name counts.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value.to_owned()));
        self
    }

    /// Serves a profile at `http://h/p`.
    pub(crate) fn serving(self, settings: &str) -> Self {
        self.fetch
            .answer("http://h:80/p", profile(settings).as_str());
        self
    }

    /// Builds the phones of one life; all have the same stores.
    pub(crate) async fn life(&self, count: u32) -> Life {
        let scope = self.scope;
        let mut phones = Phones::new(Shared::with_seed(1));
        let identity = Identity::default();
        let model = phones.shared.add_model(Model::of(&identity, scope));
        let record = match self.state.load_state().await.unwrap() {
            Some(bytes) => StateRecord::decode(&bytes, &mut phones.shared.values).unwrap(),
            None => StateRecord::default(),
        };
        for index in 0..count {
            let mut entries: Vec<Entry> = Vec::new();
            let first = self.values.iter().map(|(name, value)| {
                let id = ParamId::lookup(name, &scope).unwrap();
                (id, id.canonical(value, &scope).unwrap().into_owned(), false)
            });
            let stored = self.config.load().await.unwrap();
            let stored = stored
                .into_iter()
                .filter_map(|param| Some((param.id, param.value?.to_string(), param.user_set)));
            for (id, text, user_set) in first.chain(stored) {
                entries.push(Entry {
                    id,
                    access: None,
                    mark: if user_set { Mark::User } else { Mark::None },
                    value: phones.shared.values.intern(&text, secrecy(id)),
                });
            }
            // Of one parameter the stored value counts.
            entries.reverse();
            entries.sort_by_key(|entry| entry.id);
            entries.dedup_by_key(|entry| entry.id);
            let mut params = ParamSet::default();
            params.apply(&entries, &mut phones.shared.values);
            let setup = PhoneSetup {
                index,
                model,
                mac: mac(index),
                serial: phones.shared.values.intern("SN1", Secrecy::Plain),
                ip: None,
                external_ip: None,
                client_certificate: false,
                seed: 1,
            };
            phones.add(Phone::new(&setup, params), self.ports(), record);
            if let Some(trust) = self.trust.clone() {
                let store = self.trust_store.clone();
                phones.keep_trust(index, TrustPorts { store, trust }, self.trust_record());
            }
            #[cfg(feature = "firmware")]
            if let Some(slots) = &self.slots {
                let signatures = Arc::new(onhook_testkit::fake::FakeSignatures::trusting(vec![1]));
                let ports = onhook_driver::FirmwarePorts {
                    slots: Arc::new(slots.clone()),
                    signatures,
                    network: {
                        let network = Arc::clone(&self.network);
                        Arc::new(move || network.load(Ordering::Relaxed))
                    },
                    #[cfg(feature = "sharing")]
                    peers: self.peers.clone().map(|peers| {
                        let (slots, reader) = (Arc::new(slots.clone()), Arc::new(slots.clone()));
                        onhook_driver::PeerPorts::new(peers, slots, reader)
                    }),
                };
                phones.keep_slots(index, ports, slots.kept());
            }
        }
        let clock = Arc::new(PausedClock::new());
        let diary = Diary::default();
        let (asker, source) = FakeCommandSource::new();
        Life {
            reactor: Reactor::new(phones, clock.clone(), Box::new(diary.clone())),
            clock,
            diary,
            asker,
            ended: None,
            source,
        }
    }

    fn ports(&self) -> Ports {
        Ports {
            fetch: Fetchers {
                http: Some(self.http.clone()),
                https: self.https.clone(),
                tftp: self.tftp.clone(),
            },
            upload: Uploaders {
                http: Some(self.upload.clone()),
                https: None,
                tftp: Some(self.upload.clone()),
            },
            places: self.places.clone(),
            config: self.config_port.clone(),
            state: self.state_port.clone(),
            log: self.log.clone(),
        }
    }

    /// One phone that has booted as a phone does.
    pub(crate) async fn booted(&self) -> Life {
        let mut life = self.life(1).await;
        life.reactor.boot(Boot::Normal);
        life
    }

    /// The durable value of a parameter.
    pub(crate) fn stored(&self, name: &str) -> Option<String> {
        self.config.value(id(name))
    }

    /// The durable record of the custom CA.
    pub(crate) fn trust_record(&self) -> TrustRecord {
        let bytes = self.trust_store.record();
        bytes.map_or(TrustRecord::default(), |bytes| {
            TrustRecord::decode(&bytes).unwrap()
        })
    }

    /// The durable state record.
    pub(crate) fn record(&self) -> StateRecord {
        let bytes = self.state.record();
        bytes.map_or(StateRecord::default(), |bytes| {
            StateRecord::decode(&bytes, &mut Values::default()).unwrap()
        })
    }
}

/// The address of the phone of a number.
pub(crate) fn mac(index: u32) -> Mac {
    let [a, b, c, d] = index.to_be_bytes();
    Mac([0, 0x0e, a, b, c, d])
}

pub(crate) fn id(name: &str) -> ParamId {
    ParamId::lookup(name, &Scope::default()).unwrap()
}

/// A profile around some elements.
pub(crate) fn profile(settings: &str) -> String {
    format!("<flat-profile>{settings}</flat-profile>")
}

/// How long an answer may take in virtual time.
const PATIENCE: Duration = Duration::from_secs(100_000);

/// Phones from boot to restart.
pub(crate) struct Life {
    pub(crate) reactor: Reactor,
    pub(crate) clock: Arc<PausedClock>,
    pub(crate) diary: Diary,
    pub(crate) asker: FakeAsker,
    /// How the life ended while an answer was awaited.
    pub(crate) ended: Option<Exit>,
    source: FakeCommandSource,
}

impl Life {
    /// Lets so many seconds pass.
    pub(crate) async fn run_for(&mut self, seconds: u64) -> Exit {
        self.run_until(tokio::time::sleep(Duration::from_secs(seconds)))
            .await
    }

    pub(crate) async fn run_until(&mut self, shutdown: impl Future<Output = ()>) -> Exit {
        let exit = self.reactor.run(&mut self.source, shutdown, |_| false);
        exit.await
    }

    /// Takes one batch, and lets the tasks that it starts get as far as they come at once.
    pub(crate) async fn turn(&mut self) {
        assert_eq!(self.run_until(std::future::ready(())).await, Exit::Shutdown);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    /// Runs until a reply has come, or the life has ended; `None` if it is dropped.
    pub(crate) async fn answer(&mut self, reply: FakeReply) -> Option<Answer> {
        let mut reply = Box::pin(reply.answer());
        let mut answer = None;
        let patience = tokio::time::sleep(PATIENCE);
        let exit = self
            .run_until(async {
                tokio::select! {
                    answered = &mut reply => answer = Some(answered),
                    () = patience => panic!("no answer came within {PATIENCE:?}"),
                }
            })
            .await;
        match (exit, answer) {
            (Exit::Shutdown, Some(answer)) => answer,
            (_, _) => {
                self.ended = Some(exit);
                patiently(reply).await
            }
        }
    }

    /// Asks in words and runs until the answer has come.
    pub(crate) async fn say(&mut self, words: &str) -> Option<Answer> {
        let reply = self.asker.say(words);
        self.answer(reply).await
    }

    /// Asks for the status of the phone.
    pub(crate) async fn status(&mut self) -> Status {
        match self.say("status").await {
            Some(Answer::Status(status)) => *status,
            other => panic!("{other:?} is no status"),
        }
    }

    /// The reports that the observer got, with their phones.
    pub(crate) fn reports(&self) -> Vec<ResyncReport> {
        let of = |(_, _, seen)| match seen {
            Seen::Resync(report) => Some(*report),
            Seen::Notice(..) | Seen::Message(_) | Seen::Restart | Seen::Fetched(_) => None,
        };
        self.diary.all().into_iter().filter_map(of).collect()
    }

    /// The only report that the observer got.
    #[track_caller]
    pub(crate) fn report(&self) -> ResyncReport {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1, "{reports:#?}");
        reports.pop().unwrap()
    }

    /// The notices with their phones and milliseconds.
    pub(crate) fn notices(&self) -> Vec<(u32, u64, Notice)> {
        let of = |(phone, ms, seen)| match seen {
            Seen::Notice(notice, _) => Some((phone, ms, notice)),
            Seen::Resync(_) | Seen::Message(_) | Seen::Restart | Seen::Fetched(_) => None,
        };
        self.diary.all().into_iter().filter_map(of).collect()
    }

    /// The seconds at which requests were started, of all phones.
    pub(crate) fn requests(&self) -> Vec<u64> {
        let started = |(_, ms, notice)| {
            let starts = matches!(notice, Notice::RuleStarted(..));
            starts.then_some(ms / 1000)
        };
        self.notices().into_iter().filter_map(started).collect()
    }

    /// The value that the phone holds; `***` for a secret one.
    pub(crate) fn value(&self, name: &str) -> String {
        let phones = &self.reactor.phones;
        let phone = phones.phone(0).unwrap();
        let view = phone.view(&phones.shared).unwrap();
        match phone.params().value(id(name), view) {
            Value::Plain(text) => text.to_owned(),
            Value::Secret(_) => "***".to_owned(),
        }
    }
}

/// The answer to a reply while no reactor runs.
pub(crate) async fn heard(reply: FakeReply) -> Option<Answer> {
    patiently(reply.answer()).await
}

/// Awaits something that must happen.
pub(crate) async fn patiently<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

/// The text of an answer that says no.
#[track_caller]
pub(crate) fn refused(answer: Option<Answer>) -> String {
    match answer {
        Some(Answer::Refused(why)) => why,
        other => panic!("{other:?} is no refusal"),
    }
}

/// The report of an answer.
#[track_caller]
pub(crate) fn resynced(answer: Option<Answer>) -> ResyncReport {
    match answer {
        Some(Answer::Resync(report)) => *report,
        other => panic!("{other:?} is no report"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_in_this_world_takes_no_time_of_ours() {
    let before = Instant::now();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(before.elapsed(), Duration::from_secs(3600));
}
