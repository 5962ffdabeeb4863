//! One phone in virtual time: a scripted server, a store that is an oracle, no I/O.

mod firmware;
mod reports;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use onhook_device::{Identity, MonoTime, Now, Outcome, WallTime};
use onhook_discovery::{DhcpOption, Found, Space, choose};
use onhook_fetch::{Endpoint, Fingerprint, Scheme, Service};
use onhook_params::{
    DeltaBuilder, Entry, ParamId, ParamSet, Scope, Secrecy, Setting, Value, ValueId, Values,
    secrecy,
};
use onhook_phone::{
    Boot, CaOver, CaSource, Command, Committed, CustomCa, Cx, DecodedId, Discovered, Effect, Fact,
    Input, LineUse, LogLine, Means, Model, ModelId, Notice, OpId, Origin, Phone, PhoneSetup, Place,
    Registration, Request, RestartKind, Searched, Shared, StateRecord, Told, render,
};

pub use firmware::Firmware;
pub use reports::Sent;

/// What the scripted server answers.
#[derive(Clone, Debug)]
pub enum Served {
    /// A profile with these parameters and values.
    Profile(Vec<(&'static str, String)>),
    /// A failed transfer or a file that cannot be used.
    Fails(Outcome),
    /// A failure with the words of the server.
    Says(Outcome, &'static str),
}

impl Served {
    /// A profile that sets one parameter.
    #[must_use]
    pub fn one(name: &'static str, value: &str) -> Self {
        Self::Profile(vec![(name, value.to_owned())])
    }

    /// A profile without parameters.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Profile(Vec::new())
    }
}

/// What a place outside says to a phone that searches its server.
#[derive(Clone, Debug)]
pub enum Answers {
    /// Nothing: it cannot be reached.
    Down,
    /// There is no server for this phone.
    Empty,
    /// A server, or a rule.
    Has(Found),
    /// SRV records for this scheme.
    Offers(Scheme),
}

/// 2026-11-23 00:00:00 UTC, in Unix seconds.
pub const MIDNIGHT: i64 = 1_795_392_000;

/// The scripted server: what it answers to a URL asked at a second.
pub type Script = Box<dyn FnMut(&str, u64) -> Served>;

/// One phone, its surroundings, and a trace of what it did.
pub struct Sim {
    /// What phones share.
    pub shared: Shared,
    /// The phone.
    pub phone: Phone,
    /// Requests: second, URL, `$PRVST` at that moment.
    pub requests: Vec<(u64, String, i8)>,
    /// Messages: second and text.
    pub messages: Vec<(u64, String)>,
    /// What the wall clock shows at second 0, in Unix seconds; `None` until it is set.
    pub midnight: Option<i64>,
    /// Notices in order.
    pub notices: Vec<Notice>,
    /// What is durable: the oracle of the store.
    pub durable: BTreeMap<ParamId, Entry>,
    /// Durable commits.
    pub commits: u32,
    /// The durable state record.
    pub record: StateRecord,
    /// Restarts asked for.
    pub restarts: u32,
    /// Those of SIP and services alone.
    pub warm_restarts: u32,
    /// Reports that were sent.
    pub reports: Vec<Sent>,
    /// Slots for firmware; `None` of a phone without.
    pub firmware: Option<Firmware>,
    /// Loads asked for: second and URL.
    pub upgrades: Vec<(u64, String)>,
    /// Every effect as text; two runs that do the same have the same trace.
    pub trace: String,
    /// Seconds from the start of a fetch to its end.
    pub fetch_s: u64,
    /// Seconds from a commit to its end.
    pub commit_s: u64,
    /// How commits end.
    pub commits_end: Committed,
    /// Seconds from a save of the state record to its end.
    pub save_s: u64,
    /// How saves of the state record end.
    pub saves_end: Committed,
    /// Pass phrase bound by the last fetch.
    pub last_key: Option<String>,
    /// Body of the POST that the last fetch was.
    pub last_body: Option<String>,
    /// Alias map of the last fetch.
    pub last_aliases: Option<String>,
    /// Fetches of the custom CA: second, URL, whose it is.
    pub ca_requests: Vec<(u64, String, CaSource)>,
    /// How fetches of the custom CA end; a success installs one.
    pub ca_ends: Outcome,
    /// Seconds from the start of such a fetch to its end.
    pub ca_s: u64,
    /// The URL that the custom CA came from; `None` while there is none.
    pub custom_ca: Option<String>,
    /// What SRV records lead to.
    pub services: Answers,
    /// What the directory says.
    pub directory: Answers,
    model: ModelId,
    /// The domain of the phone, which may ask a directory then.
    pub domain: Option<&'static str>,
    /// Whether searches end.
    pub answers: bool,
    /// Where a server was searched, with the second.
    pub searches: Vec<(u64, String)>,
    /// How the servers of each request by SRV records were to be put into order.
    pub services_asked: Vec<Service>,
    script: Script,
    queue: BTreeMap<(u64, u64), Input>,
    sequence: u64,
    now_ms: u64,
    out: Vec<Effect>,
}

impl Sim {
    /// A factory phone of the default identity, not booted; the server answers by `script`.
    #[must_use]
    pub fn new(script: impl FnMut(&str, u64) -> Served + 'static) -> Self {
        Self::of(Scope::default(), 1, script)
    }

    /// The same for another scope and seed.
    #[must_use]
    pub fn of(scope: Scope, seed: u64, script: impl FnMut(&str, u64) -> Served + 'static) -> Self {
        let mut shared = Shared::with_seed(seed);
        // A text may come back under another id, as among many phones.
        shared.values = Values::forgetful(seed, 2);
        let identity = Identity::default();
        let model = shared.add_model(Model::of(&identity, scope));
        let serial = shared.values.intern(&identity.serial, Secrecy::Plain);
        let setup = PhoneSetup {
            index: 0,
            model,
            mac: identity.mac,
            serial,
            ip: None,
            external_ip: None,
            client_certificate: false,
            seed,
        };
        Self {
            phone: Phone::new(&setup, ParamSet::default()),
            shared,
            requests: Vec::new(),
            messages: Vec::new(),
            midnight: Some(MIDNIGHT),
            notices: Vec::new(),
            durable: BTreeMap::new(),
            commits: 0,
            record: StateRecord::default(),
            restarts: 0,
            warm_restarts: 0,
            reports: Vec::new(),
            firmware: None,
            upgrades: Vec::new(),
            trace: String::new(),
            fetch_s: 0,
            commit_s: 0,
            commits_end: Committed::Durable,
            save_s: 0,
            saves_end: Committed::Durable,
            last_key: None,
            last_body: None,
            last_aliases: None,
            ca_requests: Vec::new(),
            ca_ends: Outcome::Applied,
            ca_s: 0,
            custom_ca: None,
            services: Answers::Empty,
            directory: Answers::Empty,
            model,
            domain: None,
            answers: true,
            searches: Vec::new(),
            services_asked: Vec::new(),
            script: Box::new(script),
            queue: BTreeMap::new(),
            sequence: 0,
            now_ms: 0,
            out: Vec::new(),
        }
    }

    /// Lets a provisioned phone refuse other servers of the network.
    #[must_use]
    pub fn pinned(mut self) -> Self {
        if let Some(model) = self.phone.model(&self.shared).cloned() {
            let pin_server = true;
            self.model = self.shared.add_model(Model {
                pin_server,
                ..model
            });
            self.restore();
        }
        self
    }

    /// Lets lines settle before what was deferred goes on.
    #[must_use]
    pub fn settling(mut self, seconds: u8) -> Self {
        let model = self.phone.model(&self.shared).cloned();
        if let Some(model) = model {
            self.model = self.shared.add_model(Model {
                idle_settle_s: seconds,
                ..model
            });
            self.restore();
        }
        self
    }

    /// Decides over what a custom CA may come.
    #[must_use]
    pub fn with_ca_over(mut self, ca_over: CaOver) -> Self {
        if let Some(model) = self.phone.model(&self.shared).cloned() {
            self.model = self.shared.add_model(Model { ca_over, ..model });
            self.restore();
        }
        self
    }

    /// Tells the phone of an option of DHCPv4.
    ///
    /// # Panics
    /// The option cannot be used.
    #[track_caller]
    pub fn learn(&mut self, code: u16, value: onhook_discovery::Value<'_>) {
        let space = Space::V4;
        let option = DhcpOption { space, code, value };
        let choice = choose(&code.to_string(), "", &[option], |_| {});
        let values = &mut self.shared.values;
        let discovered = choice.and_then(|choice| Discovered::intern(&choice.found, values));
        assert!(discovered.is_some(), "option {code} cannot be used");
        self.handle(Input::OptionsLearned(discovered));
    }

    /// Sets a parameter before boot, as if an earlier life had stored it.
    ///
    /// # Panics
    /// The name is unknown or the value is invalid.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let (id, value) = self.intern(name, value);
        // A command before boot is an edit like any other.
        self.input(Input::Command(Origin::Control, Command::Set(id, value)));
        self.run_for(0);
        self.notices.clear();
        self.trace.clear();
        self.commits = 0;
        self
    }

    #[track_caller]
    fn intern(&mut self, name: &str, value: &str) -> (ParamId, ValueId) {
        let scope = self.scope();
        let Some(id) = ParamId::lookup(name, &scope) else {
            panic!("{name} is unknown");
        };
        let Ok(text) = id.canonical(value, &scope) else {
            panic!("{name} cannot be {value}");
        };
        let Some(value) = self.shared.values.intern(&text, secrecy(id)) else {
            panic!("no room for {value}");
        };
        (id, value)
    }

    fn scope(&self) -> Scope {
        self.phone
            .model(&self.shared)
            .map(|model| model.scope)
            .unwrap_or_default()
    }

    /// Boots at the present time and runs what is due at once.
    #[must_use]
    pub fn booted(mut self) -> Self {
        self.boot();
        self
    }

    /// Boots: the clock of the phone starts at zero, its state is what is durable.
    pub fn boot(&mut self) {
        self.queue.clear();
        self.now_ms = 0;
        if let Some(domain) = self.domain {
            let domain = self.shared.values.intern(domain, Secrecy::Plain);
            let directory = true;
            self.handle(Input::Fact(Fact::Means(Means { domain, directory })));
        }
        self.tell_slots();
        self.input(Input::Boot(Boot::Normal, self.record));
        self.run_for(0);
    }

    /// Cuts the power and boots again with what is durable.
    pub fn power_cycle(&mut self) {
        self.boot_loader();
        self.restore();
        self.boot();
    }

    /// Cuts the power and boots again with what is durable, and with an option of DHCPv4.
    ///
    /// # Panics
    /// The option cannot be used.
    #[track_caller]
    pub fn restart_with(&mut self, code: u16, value: &[u8]) {
        self.boot_loader();
        self.restore();
        self.learn(code, onhook_discovery::Value::Wire(value));
        self.boot();
    }

    /// Puts the parameters back to what is durable.
    fn restore(&mut self) {
        let setup = PhoneSetup {
            index: 0,
            model: self.model,
            mac: Identity::default().mac,
            serial: self
                .shared
                .values
                .intern(&Identity::default().serial, Secrecy::Plain),
            ip: None,
            external_ip: None,
            client_certificate: false,
            seed: 1,
        };
        let mut params = ParamSet::default();
        let entries: Vec<Entry> = self.durable.values().copied().collect();
        params.apply(&entries, &mut self.shared.values);
        self.phone = Phone::new(&setup, params);
    }

    /// The second that the phone's clock shows.
    #[must_use]
    pub const fn second(&self) -> u64 {
        self.now_ms / 1000
    }

    /// Sends one input at the present time.
    pub fn input(&mut self, input: Input) {
        self.push(self.now_ms, input);
    }

    /// Sets the wall clock, as though it had shown this at second 0, and runs what is due at once.
    pub fn set_clock(&mut self, midnight: Option<i64>) {
        self.midnight = midnight;
        self.input(Input::ClockSet);
        self.run_for(0);
    }

    /// Tells how a line stands with its registrar and runs what is due at once.
    pub fn registration(&mut self, line: u8, registration: Registration) {
        self.input(Input::Registration(line, registration));
        self.run_for(0);
    }

    /// Makes a line busy or idle and runs what is due at once.
    pub fn line(&mut self, line: u8, line_use: LineUse) {
        self.input(Input::Line(line, line_use));
        self.run_for(0);
    }

    /// Asks for a resync of the configured rules and runs what is due at once.
    pub fn resync(&mut self) {
        self.input(Input::Command(Origin::Control, Command::Resync));
        self.run_for(0);
    }

    /// Asks for a resync of one rule and runs what is due at once.
    pub fn resync_with(&mut self, rule: &str) {
        if let Some(rule) = self.shared.values.intern(rule, Secrecy::Secret) {
            self.input(Input::Command(Origin::Control, Command::ResyncWith(rule)));
        }
        self.run_for(0);
    }

    /// Asks for the custom CA, by a rule or by that of the parameter, and runs what is due at once.
    pub fn update_ca(&mut self, rule: Option<&str>) {
        let values = &mut self.shared.values;
        let rule = rule.and_then(|rule| values.intern(rule, Secrecy::Secret));
        self.input(Input::Command(Origin::Control, Command::UpdateCa(rule)));
        self.run_for(0);
    }

    /// Sets a parameter locally and runs what is due at once.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: &str) {
        self.set_by(Origin::Control, name, value);
    }

    /// The same, by somebody else.
    #[track_caller]
    pub fn set_by(&mut self, origin: Origin, name: &str, value: &str) {
        let (id, value) = self.intern(name, value);
        self.input(Input::Command(origin, Command::Set(id, value)));
        self.run_for(0);
    }

    fn push(&mut self, at_ms: u64, input: Input) {
        // Of one instant: by class, then in order of arrival.
        let order = u64::from(input.class()) << 48 | self.sequence;
        self.sequence += 1;
        self.queue.insert((at_ms, order), input);
    }

    /// Lets this many seconds pass.
    pub fn run_for(&mut self, seconds: u64) {
        let end = self.now_ms + seconds * 1000;
        loop {
            let queued = self.queue.keys().next().map(|(at, _)| *at);
            let timer = self.phone.deadline().map(MonoTime::as_millis);
            let next = [queued, timer].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now_ms = self.now_ms.max(at);
            if queued.is_some_and(|queued| queued <= self.now_ms) {
                if let Some((_, input)) = self.queue.pop_first() {
                    self.handle(input);
                }
            } else {
                self.handle(Input::Timer);
            }
        }
        self.now_ms = self.now_ms.max(end);
    }

    /// Hands one input to the phone and carries out its effects.
    pub fn handle(&mut self, input: Input) {
        let now = self.now();
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
            out: &mut self.out,
        };
        self.phone.handle(input, &mut cx);
        let mut out = std::mem::take(&mut self.out);
        for effect in out.drain(..) {
            // A trace into a String cannot fail.
            let _ = writeln!(self.trace, "{} {effect:?}", self.now_ms);
            self.execute(effect, now);
        }
        self.out = out;
        self.shared.sweep();
    }

    fn now(&self) -> Now {
        Now {
            mono: MonoTime::from_millis(self.now_ms),
            wall: self.midnight.map(|midnight| WallTime {
                unix_s: midnight + i64::try_from(self.now_ms / 1000).unwrap_or(0),
                offset_s: 0,
            }),
        }
    }

    fn execute(&mut self, effect: Effect, now: Now) {
        match effect {
            Effect::Fetch(op, request) => self.fetch(op, &request),
            Effect::FetchTrust(op, source, request) => self.fetch_trust(op, source, &request),
            Effect::ForgetTrust => self.custom_ca = None,
            Effect::Cancel(_) => {}
            Effect::Restart(RestartKind::Cold) => self.restarts += 1,
            Effect::Restart(RestartKind::Warm) => self.warm_restarts += 1,
            Effect::Upgrade(op, request) => self.transfer_load(op, &request),
            Effect::Report(op, content, request) => self.report(op, content, &request),
            Effect::Activate(op) => self.activate(op),
            Effect::Erase(op) => {
                if self.commits_end == Committed::Durable {
                    self.durable.clear();
                    self.record = StateRecord::default();
                    self.custom_ca = None;
                }
                let at = self.now_ms + self.commit_s * 1000;
                self.push(at, Input::Erased(op, self.commits_end));
            }
            Effect::Search(op, place) => {
                let (domain, place, searched) = match place {
                    Place::Services(domain) => {
                        let text = self.shared.values.text(domain);
                        let place = format!("services of {text}");
                        (Some(domain), place, &self.services)
                    }
                    Place::Directory => (None, "directory".to_owned(), &self.directory),
                };
                self.searches.push((self.second(), place));
                let searched = match searched {
                    Answers::Down => Searched::Failed,
                    Answers::Empty => Searched::Nothing,
                    Answers::Has(found) => {
                        match Discovered::intern(found, &mut self.shared.values) {
                            Some(found) => Searched::Found(found),
                            None => Searched::Failed,
                        }
                    }
                    Answers::Offers(scheme) => match domain {
                        Some(domain) => {
                            self.shared.values.retain(domain);
                            Searched::Found(Discovered::services(domain, *scheme))
                        }
                        None => Searched::Failed,
                    },
                };
                if self.answers {
                    self.push(self.now_ms, Input::Searched(op, searched));
                }
            }
            Effect::Commit(op) => self.commit(op),
            Effect::SaveState(op, change) => {
                if self.saves_end == Committed::Durable {
                    self.record.apply(change, &mut self.shared.values);
                }
                let at = self.now_ms + self.save_s * 1000;
                self.push(at, Input::StateSaved(op, self.saves_end));
            }
            Effect::Log(line) => self.log(&line, now),
            Effect::Notice(notice) => self.notices.push(notice),
        }
    }

    fn fetch(&mut self, op: OpId, request: &Request) {
        let mut url = render::url(request, &self.shared.values);
        if let Some(service) = self.phone.service(op, request, &self.shared) {
            url.insert_str(0, "SRV ");
            self.services_asked.push(service);
        }
        let second = self.second();
        let exposed = |id: Option<ValueId>| id.map(|id| self.shared.values.expose(id).to_owned());
        self.last_key = exposed(request.key);
        self.last_body = exposed(request.body);
        self.last_aliases = exposed(request.aliases);
        self.requests
            .push((second, url.clone(), self.phone.cause().prvst()));
        let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        self.push(self.now_ms, Input::FetchStarted(op, Endpoint { ip }));
        let result = match (self.script)(&url, second) {
            Served::Fails(outcome) => Err(outcome.into()),
            Served::Says(outcome, said) => Err(Told {
                outcome,
                said: self.shared.values.intern(said, Secrecy::Plain),
            }),
            Served::Profile(settings) => {
                let settings = settings.iter().map(|(name, value)| (*name, value.as_str()));
                Ok(decoded(settings, &self.scope(), &mut self.shared))
            }
        };
        self.push(
            self.now_ms + self.fetch_s * 1000,
            Input::FetchDone(op, result),
        );
    }

    fn fetch_trust(&mut self, op: OpId, source: CaSource, request: &Request) {
        let url = render::url(request, &self.shared.values);
        self.ca_requests.push((self.second(), url.clone(), source));
        let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)));
        self.push(self.now_ms, Input::FetchStarted(op, Endpoint { ip }));
        let result = if self.ca_ends == Outcome::Applied {
            self.custom_ca = Some(url);
            Ok(CustomCa {
                name: self.shared.values.intern("Root", Secrecy::Plain),
                fingerprint: Fingerprint([0xab; 32]),
                certificates: 1,
            })
        } else {
            Err(self.ca_ends.into())
        };
        let at = self.now_ms + self.ca_s * 1000;
        self.push(at, Input::TrustDone(op, result));
    }

    fn commit(&mut self, op: OpId) {
        if self.commits_end == Committed::Durable {
            for entry in self.phone.commit_entries(op) {
                if let Some(value) = entry.value {
                    self.shared.values.retain(value);
                }
                let old = if entry.is_inherited() {
                    self.durable.remove(&entry.id)
                } else {
                    self.durable.insert(entry.id, *entry)
                };
                if let Some(value) = old.and_then(|old| old.value) {
                    self.shared.values.release(value);
                }
            }
            self.commits += 1;
        }
        self.push(
            self.now_ms + self.commit_s * 1000,
            Input::CommitDone(op, self.commits_end),
        );
    }

    fn log(&mut self, line: &LogLine, now: Now) {
        if let Some(message) = render::message(&self.phone, &self.shared, now, line) {
            self.messages.push((self.second(), message.text));
        }
    }

    /// The value in force; `***` for a secret one.
    ///
    /// # Panics
    /// The name is unknown.
    #[must_use]
    #[track_caller]
    pub fn value(&self, name: &str) -> String {
        let Some(id) = ParamId::lookup(name, &self.scope()) else {
            panic!("{name} is unknown");
        };
        match self
            .phone
            .view(&self.shared)
            .map(|view| self.phone.params().value(id, view))
        {
            Some(Value::Plain(text)) => text.to_owned(),
            Some(Value::Secret(_)) => "***".to_owned(),
            None => String::new(),
        }
    }

    /// The seconds of all requests.
    #[must_use]
    pub fn request_seconds(&self) -> Vec<u64> {
        self.requests.iter().map(|(second, ..)| *second).collect()
    }

    /// The texts of all messages.
    #[must_use]
    pub fn message_texts(&self) -> Vec<&str> {
        self.messages
            .iter()
            .map(|(_, text)| text.as_str())
            .collect()
    }
}

/// A profile that sets what the scope knows and takes, as it is after decoding.
pub(crate) fn decoded<'s>(
    settings: impl Iterator<Item = (&'s str, &'s str)>,
    scope: &Scope,
    shared: &mut Shared,
) -> DecodedId {
    let mut builder = DeltaBuilder::with_capacity(0, 0);
    for (name, value) in settings {
        let known = ParamId::lookup(name, scope);
        let text = known.and_then(|id| Some((id, id.canonical(value, scope).ok()?)));
        if let Some((id, text)) = text {
            builder.push(Setting {
                id,
                value: Some(&text),
                access: None,
                preserve: false,
            });
        }
    }
    shared.put_decoded(&builder.finish())
}
