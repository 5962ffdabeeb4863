//! Phones that keep nothing, boots at a time, and files that are read elsewhere.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_device::{MonoTime, Now};
use onhook_driver::{
    Decoder, Exit, Fetched, Fetchers, File, Observer, Places, Ports, Reactor, Read, Uploaders,
};
use onhook_params::ParamSet;
use onhook_phone::port::Message;
use onhook_phone::report::ResyncReport;
use onhook_phone::{
    Ask, Asked, Cause, Notice, Origin, Phone, PhoneSetup, RestartKind, Shared, StateRecord,
};
use tokio::time::advance;

use crate::diary::{Diary, Seen};
use crate::world::{Home, PausedClock, id, mac, profile};

/// Hears what was due, and when: of what began, and of what did not.
#[derive(Clone, Default)]
struct Punctual {
    diary: Diary,
    began: Arc<Mutex<Vec<(u32, u64)>>>,
    overdue: Arc<Mutex<Vec<(u32, u64)>>>,
}

impl Observer for Punctual {
    fn notice(&mut self, phone: u32, now: Now, notice: &Notice, url: Option<&str>) {
        self.diary.notice(phone, now, notice, url);
    }

    fn message(&mut self, phone: u32, now: Now, message: &Message) {
        self.diary.message(phone, now, message);
    }

    fn resync(&mut self, phone: u32, now: Now, report: &ResyncReport) {
        self.diary.resync(phone, now, report);
    }

    fn restart(&mut self, phone: u32, now: Now, kind: RestartKind) {
        self.diary.restart(phone, now, kind);
    }

    fn fetched(&mut self, phone: u32, now: Now, fetched: Option<&Fetched>) {
        self.diary.fetched(phone, now, fetched);
    }

    fn due(&mut self, phone: u32, at: MonoTime) {
        self.began.lock().unwrap().push((phone, at.as_millis()));
    }

    fn overdue(&mut self, phone: u32, at: MonoTime) {
        self.overdue.lock().unwrap().push((phone, at.as_millis()));
    }
}

/// Phones of one home that keep nothing.
struct Crowd {
    reactor: Reactor,
    diary: Diary,
    told: Punctual,
    source: onhook_testkit::fake::FakeCommandSource,
}

impl Crowd {
    fn new(home: &Home, count: u32) -> Self {
        let mut phones = onhook_driver::Phones::new(Shared::with_seed(1));
        let identity = onhook_device::Identity::default();
        let model = onhook_phone::Model::of(&identity, home.scope);
        let model = phones.shared.add_model(model);
        let values = &mut phones.shared.values;
        let mut entry = |name: &str, text: &str| onhook_params::Entry {
            id: id(name),
            access: None,
            mark: onhook_params::Mark::None,
            value: values.intern(text, onhook_params::secrecy(id(name))),
        };
        let entries = vec![
            entry("Resync_Random_Delay", "0"),
            entry("Profile_Rule", "http://h/p"),
        ];
        let base = phones.shared.bases.add(entries);
        let ports = Arc::new(Ports {
            fetch: Fetchers {
                http: Some(home.http.clone()),
                ..Fetchers::default()
            },
            upload: Uploaders::default(),
            places: Places::default(),
            config: home.config_port.clone(),
            state: home.state_port.clone(),
            log: home.log.clone(),
        });
        phones.reserve(count as usize);
        for index in 0..count {
            let setup = PhoneSetup::new(index, model, mac(index), 1);
            let phone = Phone::new(&setup, ParamSet::new(base));
            phones.add_brief(phone, Arc::clone(&ports), StateRecord::default(), None);
        }
        let told = Punctual::default();
        let clock = Arc::new(PausedClock::new());
        let (_, source) = onhook_testkit::fake::FakeCommandSource::new();
        Self {
            reactor: Reactor::new(phones, clock, Box::new(told.clone())),
            diary: told.diary.clone(),
            told,
            source,
        }
    }

    async fn run_for(&mut self, seconds: u64) {
        let end = tokio::time::sleep(std::time::Duration::from_secs(seconds));
        let exit = self.reactor.run(&mut self.source, end, |_| false).await;
        assert_eq!(exit, Exit::Shutdown);
    }

    /// Phones and milliseconds of resyncs that started, with their causes.
    fn started(&self) -> Vec<(u32, u64, Cause)> {
        let started = |(phone, ms, seen)| match seen {
            Seen::Notice(Notice::ResyncStarted(cause, _), _) => Some((phone, ms, cause)),
            Seen::Notice(..)
            | Seen::Message(_)
            | Seen::Resync(_)
            | Seen::Restart
            | Seen::Fetched(_) => None,
        };
        self.diary.all().into_iter().filter_map(started).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn phones_boot_at_their_time_and_keep_nothing() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut crowd = Crowd::new(&home, 3);
    for (phone, ms) in [(0, 5000), (1, 0), (2, 2500)] {
        crowd.reactor.boot_at(MonoTime::from_millis(ms), phone);
    }
    crowd.run_for(10).await;
    let boot = Cause::Boot;
    assert_eq!(
        crowd.started(),
        [(1, 0, boot), (2, 2500, boot), (0, 5000, boot)]
    );
    for phone in 0..3 {
        let phones = &crowd.reactor.phones;
        let phone = phones.phone(phone).unwrap();
        assert!(phone.provisioned());
        let view = phone.view(&phones.shared).unwrap();
        assert_eq!(phone.params().text(id("GPP_A"), view), "1");
    }
    assert_eq!(home.stored("GPP_A"), None, "the store was not asked");
    assert!(!home.record().provisioned);
}

#[tokio::test(start_paused = true)]
async fn of_their_resyncs_outcomes_and_faults_are_told_and_none_is_kept() {
    let home = Home::new().serving("<GPP_A>1</GPP_A><No_Such/>");
    let mut crowd = Crowd::new(&home, 1);
    crowd.reactor.boot_at(MonoTime::ZERO, 0);
    crowd.run_for(1).await;
    home.fetch.answer("http://h:80/p", "no profile");
    crowd.run_for(3600).await;
    let reports = crowd
        .diary
        .all()
        .into_iter()
        .filter_map(|(_, _, seen)| match seen {
            Seen::Resync(report) => Some(*report),
            Seen::Notice(..) | Seen::Message(_) | Seen::Restart | Seen::Fetched(_) => None,
        });
    let reports: Vec<_> = reports.collect();
    assert_eq!(reports.len(), 2);
    assert!(reports[0].outcome.is_success());
    assert_eq!(
        (reports[0].changes.len(), reports[0].warnings.len()),
        (0, 0)
    );
    assert_eq!(reports[0].messages, [""; 0]);
    assert!(reports[1].rules[0].message.is_some(), "{reports:?}");
    assert_eq!(crowd.reactor.phones.last_report(0), None);
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_restarts_is_away_for_a_while_and_the_others_go_on() {
    let home = Home::new().serving("<Web_Server_Port>8080</Web_Server_Port>");
    let mut crowd = Crowd::new(&home, 2);
    crowd
        .reactor
        .restart_phones(std::time::Duration::from_secs(60));
    crowd.reactor.boot_at(MonoTime::ZERO, 0);
    crowd.reactor.boot_at(MonoTime::from_secs(30), 1);
    crowd.run_for(3700).await;
    let periodic: Vec<_> = crowd
        .started()
        .into_iter()
        .filter(|(_, _, cause)| *cause == Cause::Periodic)
        .collect();
    // Neither resyncs when it is up again, for it restarted because of a profile.
    assert_eq!(
        periodic,
        [
            (0, 3_660_000, Cause::Periodic),
            (1, 3_690_000, Cause::Periodic)
        ]
    );
    assert_eq!(crowd.started().len(), 4);
}

/// Reads in place, and keeps what it has read.
#[derive(Default)]
struct Keeper(Mutex<Vec<(Vec<u8>, Read)>>);

#[async_trait]
impl Decoder for Keeper {
    async fn decode(&self, file: File) -> Read {
        let mut kept = self.0.lock().unwrap();
        if let Some((_, read)) = kept.iter().find(|(body, _)| *body == file.body) {
            return read.clone();
        }
        let body = file.body.clone();
        let read = file.read();
        kept.push((body, read.clone()));
        read
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_reads_is_applied_as_if_the_phone_had_read_it() {
    let home = Home::new().serving("<GPP_A>1</GPP_A><GPP_B>2</GPP_B>");
    let mut crowd = Crowd::new(&home, 5);
    let keeper = Arc::new(Keeper::default());
    crowd.reactor.decode_with(keeper.clone());
    for phone in 0..5 {
        let at = MonoTime::from_secs(u64::from(phone));
        crowd.reactor.boot_at(at, phone);
    }
    crowd.run_for(10).await;
    let before = crowd.reactor.phones.shared.values.len();
    for phone in 0..5 {
        let phones = &crowd.reactor.phones;
        let phone = phones.phone(phone).unwrap();
        let view = phone.view(&phones.shared).unwrap();
        assert_eq!(phone.params().text(id("GPP_B"), view), "2");
    }
    assert_eq!(keeper.0.lock().unwrap().len(), 1);
    // Other values: those of the first profile are used by it alone then.
    home.fetch.answer(
        "http://h:80/p",
        profile("<GPP_A>1</GPP_A><GPP_B>3</GPP_B>").as_str(),
    );
    crowd.run_for(3600).await;
    for phone in 0..5 {
        let phones = &crowd.reactor.phones;
        let phone = phones.phone(phone).unwrap();
        let view = phone.view(&phones.shared).unwrap();
        assert_eq!(phone.params().text(id("GPP_B"), view), "3");
    }
    assert!(crowd.reactor.phones.shared.values.len() <= before + 1);
    home.fetch.answer("http://h:80/p", "broken");
    crowd.run_for(3600).await;
    let failed = crowd.diary.all().into_iter().filter(
        |(_, _, seen)| matches!(seen, Seen::Resync(report) if !report.outcome.is_success()),
    );
    assert_eq!(failed.count(), 5);
}

/// A request for a resync whose answer nobody waits for.
fn resync() -> Asked {
    Asked {
        origin: Origin::Control,
        ask: Ask::Resync(None),
        reply: Box::new(Unheard),
    }
}

struct Unheard;

impl onhook_phone::Reply for Unheard {
    fn answer(self: Box<Self>, _answer: onhook_phone::Answer) {}
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_was_asked_for_was_due_when_its_asker_says() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut crowd = Crowd::new(&home, 2);
    for phone in 0..2 {
        crowd.reactor.boot_at(MonoTime::ZERO, phone);
    }
    crowd.run_for(10).await;
    crowd.told.began.lock().unwrap().clear();
    let asker = crowd.reactor.asker();
    asker.ask(1, resync(), MonoTime::from_millis(7_123));
    crowd.run_for(1).await;
    assert_eq!(*crowd.told.began.lock().unwrap(), [(1, 7_123)]);
    let last = crowd.started().pop().unwrap();
    assert_eq!((last.0, last.2), (1, Cause::Explicit));
}

#[tokio::test(start_paused = true)]
async fn what_is_due_and_has_not_begun_when_the_reactor_stops_is_told() {
    let home = Home::new().serving("<Resync_Periodic>100</Resync_Periodic>");
    let mut crowd = Crowd::new(&home, 4);
    crowd.reactor.boot_at(MonoTime::ZERO, 0);
    crowd.reactor.boot_at(MonoTime::ZERO, 1);
    crowd.run_for(50).await;
    crowd.reactor.boot_at(MonoTime::from_secs(70), 2);
    crowd.reactor.boot_at(MonoTime::from_secs(200), 3);
    // Nobody lets it work meanwhile.
    advance(std::time::Duration::from_secs(60)).await;
    crowd
        .reactor
        .asker()
        .ask(1, resync(), MonoTime::from_secs(105));
    crowd.reactor.tell_overdue();
    let mut overdue = crowd.told.overdue.lock().unwrap().clone();
    overdue.sort_unstable();
    assert_eq!(
        overdue,
        [(0, 100_000), (1, 100_000), (1, 105_000), (2, 70_000)]
    );
}
