//! From a plan to phones, and from phones to a report.

use std::net::{IpAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::{Identity, MonoTime, Now};
use onhook_driver::{Fetchers, Phones, Places, Ports, Reactor, Uploaders, entry};
use onhook_fetch::port::Resolver;
use onhook_params::port::StoredParam;
use onhook_params::{BaseId, ParamSet, Scope, Secrecy, known, secrecy};
use onhook_phone::port::CommandSource;
use onhook_phone::{Asked, Discovered, Input, Model, Phone, PhoneSetup, Shared, StateRecord};
use onhook_rules::masked;
use onhook_schedule::port::Clock;
use onhook_sip::{Common, ListenError, Setup, Switchboard};
use onhook_trial::{Forgetful, discovered};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use crate::gate;
use crate::log::{Log, Messages};
use crate::notified::ByAddress;
use crate::plan::{Member, Plan, PlanError, Shard};
use crate::pool::Pool;
use crate::report::{Report, Run, Shards};
use crate::tally::{Live, Watcher};

/// How long a phone is away that restarts.
const RESTART: Duration = Duration::from_secs(60);

/// What all phones have in common.
pub struct Cast {
    /// Product and versions; the rest is each phone's own.
    pub identity: Identity,
    /// Which parameters they have.
    pub scope: Scope,
    /// Parameters that differ from the factory state.
    pub params: Vec<StoredParam>,
    /// Profile_Rule.
    pub rule: Zeroizing<String>,
    /// Options of DHCP by number: a host, an address or a URL.
    pub options: Vec<(u8, String)>,
}

/// Phones and what they are played with.
pub struct Fleet {
    /// How many, and which.
    pub plan: Plan,
    /// What they have in common.
    pub cast: Cast,
}

/// How phones reach servers.
pub struct Transports<'t> {
    /// The transports of a phone that comes from an address; `None` for what the system chooses.
    pub make: &'t dyn Fn(Option<IpAddr>) -> (Fetchers, Uploaders),
    /// Looks up the names of syslog servers.
    pub resolver: Arc<dyn Resolver>,
    /// Where NOTIFY of SIP is heard for phones with addresses of their own, and a random key.
    pub sip: Option<(SocketAddrV4, [u8; 32])>,
    /// Threads that read files; 0 for that of the phones.
    pub threads: usize,
}

/// Why nothing was played.
#[derive(Debug, Error)]
pub enum FleetError {
    /// There are no such phones.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The phones must not resync.
    #[error("Provision_Enable is No: these phones never ask for a profile; set it to Yes")]
    Disabled,
    /// The end would never come.
    #[error(
        "Resync_On_Reset is No: these phones do not resync when they boot, so the run needs an end of its own; give a duration"
    )]
    NoEnd,
    /// There are more texts than can be counted.
    #[error("there is no room for another text")]
    Full,
    /// Nobody can be notified.
    #[error(transparent)]
    Sip(#[from] ListenError),
    /// Phones cannot be told apart.
    #[error("phones are notified at addresses of their own: give a range of sources")]
    SipWithoutSources,
    /// The system gives no threads.
    #[error("threads that read files cannot be started")]
    Threads(#[from] std::io::Error),
}

impl Fleet {
    /// A run that can be looked at from its beginning.
    #[must_use]
    pub fn live(&self) -> Live {
        let (plan, cast) = (&self.plan, &self.cast);
        let shown = |param: &StoredParam| {
            let value = param.value.as_ref().map_or("", |value| value.as_str());
            let value = match secrecy(param.id) {
                Secrecy::Secret => "***".to_owned(),
                Secrecy::Plain => masked(value),
            };
            (param.id.name().to_string(), value)
        };
        let others = |param: &&StoredParam| param.id != known::PROFILE_RULE;
        let run = Run {
            phones: plan.phones,
            seed: plan.seed,
            rule: masked(&cast.rule),
            params: cast.params.iter().filter(others).map(shown).collect(),
            options: cast
                .options
                .iter()
                .map(|(number, value)| format!("{number}={}", masked(value)))
                .collect(),
            product_name: cast.identity.product_name.clone(),
            software_version: cast.identity.software_version.clone(),
            first_mac: plan.first_mac.to_string(),
            ramp_ms: plan.ramp_ms,
            duration_ms: plan.duration_ms,
            at_once: plan.at_once.map(std::num::NonZeroU32::get),
            sources: plan.sources.map(|sources| sources.to_string()),
        };
        let shards = match plan.shard {
            None => Shards {
                of: 1,
                done: [1].into(),
            },
            Some(Shard { number, of }) => Shards {
                of: of.get(),
                done: [number.get()].into(),
            },
        };
        Live::new(run, shards)
    }

    /// Plays the phones until the end of the plan, or until `stop` completes. Only the date comes from the clock.
    ///
    /// # Errors
    /// The plan or the phones cannot be played; nothing has been sent then.
    pub async fn run(
        &self,
        transports: Transports<'_>,
        dates: Arc<dyn Clock>,
        live: &Live,
        stop: impl Future<Output = ()>,
    ) -> Result<Report, FleetError> {
        self.plan.check()?;
        let messages = Messages::new(Arc::clone(&transports.resolver));
        let phones = self.phones(&transports, &messages)?;
        let count = self.plan.len();
        let began = Instant::now();
        let clock: Arc<dyn Clock> = Arc::new(Since { began, dates });
        let indexes = self.plan.members().map(|member| member.index).collect();
        let (watcher, rest) = Watcher::new(live, began, indexes);
        let mut reactor = Reactor::new(phones, Arc::clone(&clock), Box::new(watcher));
        if transports.threads > 0 {
            reactor.decode_with(Arc::new(Pool::start(transports.threads)?));
        }
        reactor.restart_phones(RESTART);
        if !self.cast.options.is_empty() {
            for phone in 0..count {
                let options = self.options(&mut reactor.phones, phone);
                reactor.queue(phone, Input::OptionsLearned(options));
            }
        }
        for (phone, member) in (0..).zip(self.plan.members()) {
            reactor.boot_at(member.power_on, phone);
        }
        let switchboard = match transports.sip {
            None => None,
            Some(_) if self.plan.sources.is_none() => return Err(FleetError::SipWithoutSources),
            Some((address, key)) => {
                let common = Common {
                    setup: Setup {
                        reports: true,
                        problem_reports: true,
                        ..Setup::default()
                    },
                    key,
                    resolver: Arc::clone(&transports.resolver),
                    clock: Arc::clone(&clock),
                };
                let directory = Arc::new(ByAddress {
                    plan: self.plan.clone(),
                    asker: reactor.asker(),
                });
                Some(Switchboard::bind(address, directory, common).await?)
            }
        };
        live.listen(switchboard.as_ref().map(Switchboard::address));
        let interrupted = AtomicBool::new(false);
        let end = async {
            let over = async {
                match self.plan.duration_ms {
                    Some(ms) => sleep_until(began + Duration::from_millis(ms)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop => interrupted.store(true, Ordering::Relaxed),
                () = over => {}
            }
        };
        let waits_for_all = self.plan.duration_ms.is_none();
        let finished = |_: &Phones| waits_for_all && rest.left.load(Ordering::Relaxed) == 0;
        // Phones restart inside the reactor, so this ends for good.
        reactor.run(&mut Nobody, end, finished).await;
        let elapsed = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let phones = (0..count).filter_map(|phone| reactor.phones.phone(phone));
        let provisioned = phones.filter(|phone| phone.provisioned()).count() as u64;
        let on = |member: &Member| member.power_on.as_millis() * 1000 <= elapsed;
        let booted = self.plan.members().filter(on).count() as u64;
        drop(reactor);
        rest.close(live, elapsed, interrupted.load(Ordering::Relaxed));
        let dropped = onhook_phone::port::EventLog::dropped(&Log(messages));
        live.tally().note(booted, provisioned, dropped);
        Ok(live.report())
    }

    /// The phones, without power.
    fn phones(
        &self,
        transports: &Transports<'_>,
        messages: &Arc<Messages>,
    ) -> Result<Phones, FleetError> {
        let (plan, cast) = (&self.plan, &self.cast);
        let mut phones = Phones::new(Shared::with_seed(plan.seed));
        let base = self.base(&mut phones.shared)?;
        let model = Model::of(&cast.identity, cast.scope);
        let model = phones.shared.add_model(model);
        let at_once = plan.at_once.map(|n| n.get() as usize);
        let open = at_once.map(|n| Arc::new(Semaphore::new(n)));
        let ports = |source| {
            let (fetch, upload) = (transports.make)(source);
            let (fetch, upload) = match &open {
                None => (fetch, upload),
                Some(open) => (gate::fetchers(fetch, open), gate::uploaders(upload, open)),
            };
            Arc::new(Ports {
                fetch,
                upload,
                places: Places::default(),
                config: Arc::new(Forgetful),
                state: Arc::new(Forgetful),
                log: Arc::new(Log(Arc::clone(messages))),
            })
        };
        let shared_ports = ports(None);
        phones.reserve(plan.len() as usize);
        for member in plan.members() {
            let values = &mut phones.shared.values;
            let mut intern = |text: &str| {
                let id = values.intern(text, Secrecy::Plain);
                id.ok_or(FleetError::Full)
            };
            let serial = Some(intern(&member.serial)?);
            let ip = member
                .source
                .map(|ip| intern(&ip.to_string()))
                .transpose()?;
            let setup = PhoneSetup {
                serial,
                ip,
                client_certificate: cast.identity.client_certificate,
                ..PhoneSetup::new(member.index, model, member.mac, plan.seed)
            };
            let ports = match member.source {
                None => Arc::clone(&shared_ports),
                Some(_) => ports(member.source),
            };
            let phone = Phone::new(&setup, ParamSet::new(base));
            phones.add_brief(phone, ports, StateRecord::default());
        }
        self.may_resync(&phones)?;
        Ok(phones)
    }

    /// The values that all phones start with.
    fn base(&self, shared: &mut Shared) -> Result<BaseId, FleetError> {
        let rule = StoredParam {
            id: known::PROFILE_RULE,
            value: Some(self.cast.rule.clone()),
            access: None,
            user_set: false,
        };
        let params = self.cast.params.iter().chain([&rule]);
        let entries = params.map(|param| entry(param, shared).ok_or(FleetError::Full));
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(shared.bases.add(entries))
    }

    /// Makes sure that the phones ask for anything at all.
    fn may_resync(&self, phones: &Phones) -> Result<(), FleetError> {
        let Some(phone) = phones.phone(0) else {
            return Ok(());
        };
        let Some(view) = phone.view(&phones.shared) else {
            return Ok(());
        };
        if !phone.params().is_yes(known::PROVISION_ENABLE, view) {
            return Err(FleetError::Disabled);
        }
        let at_boot = phone.params().is_yes(known::RESYNC_ON_RESET, view);
        if !at_boot && self.plan.duration_ms.is_none() {
            return Err(FleetError::NoEnd);
        }
        Ok(())
    }

    /// What the options say of the server, for one phone.
    fn options(&self, phones: &mut Phones, phone: u32) -> Option<Discovered> {
        let order = {
            let phone = phones.phone(phone)?;
            let view = phone.view(&phones.shared)?;
            let order = phone.params().text(known::DHCP_OPTION_TO_USE, view);
            order.to_owned()
        };
        discovered(&self.cast.options, &order, &mut phones.shared)
    }
}

/// Counts from the start of the run; dates come from elsewhere.
struct Since {
    began: Instant,
    dates: Arc<dyn Clock>,
}

impl Clock for Since {
    fn now(&self) -> Now {
        let millis = self.began.elapsed().as_millis();
        Now {
            mono: MonoTime::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)),
            wall: self.dates.now().wall,
        }
    }
}

/// Nobody asks anything.
struct Nobody;

#[async_trait]
impl CommandSource for Nobody {
    async fn next(&mut self) -> Option<Asked> {
        None
    }
}
