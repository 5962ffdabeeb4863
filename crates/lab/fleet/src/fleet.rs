//! From a plan to phones, and from phones to a report.

use std::net::{IpAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use onhook_device::{Identity, MonoTime};
use onhook_driver::{Fetchers, Phones, Places, Ports, Uploaders, entry};
use onhook_fetch::port::Resolver;
use onhook_params::port::StoredParam;
use onhook_params::{BaseId, ParamSet, Scope, Secrecy, known, secrecy};
use onhook_phone::{Discovered, Input, Model, Phone, PhoneSetup, Shared, StateRecord};
use onhook_rules::masked;
use onhook_schedule::port::Clock;
use onhook_sip::{Common, ListenError, Setup, Switchboard};
use onhook_trial::{Forgetful, discovered};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use crate::gate;
use crate::lane::{Askers, Lane, Part, Phase, Since, Stopped};
use crate::live::{Ending, Live, Rest};
use crate::log::{Log, Messages};
use crate::notified::ByAddress;
use crate::plan::{Plan, PlanError, Shard};
use crate::report::{Report, Run, Shards};
use crate::tally::Watcher;

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

/// Makes transports for a source.
pub type Make = Arc<dyn Fn(Option<IpAddr>) -> (Fetchers, Uploaders) + Send + Sync>;

/// How phones reach servers.
pub struct Transports {
    /// The transports of a phone that comes from an address; `None` for what the system chooses. With an address it is called for each
    /// request.
    pub make: Make,
    /// Looks up the names of syslog servers.
    pub resolver: Arc<dyn Resolver>,
    /// Where and how NOTIFY of SIP is heard for phones with addresses of their own.
    pub sip: Option<Sip>,
    /// Threads that phones are dealt out to, the present one included; 0 counts as 1.
    pub threads: usize,
}

/// How NOTIFY of SIP is heard.
#[derive(Clone, Copy)]
pub struct Sip {
    /// Where.
    pub address: SocketAddrV4,
    /// Random, and new for each run.
    pub key: [u8; 32],
    /// The clock of the kernel, by which it says when a datagram came.
    pub system_time: fn() -> SystemTime,
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
    #[error("threads for the phones cannot be started; play them on fewer")]
    Threads(#[from] std::io::Error),
    /// A part of the phones is gone.
    #[error("the program failed in the middle of playing phones: please report this")]
    Lost,
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
        transports: Transports,
        dates: Arc<dyn Clock>,
        live: &Live,
        stop: impl Future<Output = ()>,
    ) -> Result<Report, FleetError> {
        self.plan.check()?;
        let parts: Vec<Part> = Part::all(&self.plan, transports.threads).collect();
        let mut crowds = Vec::with_capacity(parts.len());
        for part in parts {
            let messages = Messages::new(Arc::clone(&transports.resolver));
            let at_once = self.plan.at_once.map(|n| part.share(n.get()));
            let make = gate::at_once(&transports.make, at_once);
            let phones = self.phones(&make, part, &messages)?;
            crowds.push((part, phones, messages, make));
        }
        let began = Instant::now();
        let dates: Arc<dyn Clock> = Arc::new(Since { began, dates });
        let (ending, mut lanes) = (Arc::new(Ending::of(self.plan.len())), Vec::new());
        for (part, phones, messages, make) in crowds {
            let indexes = part.of(self.plan.members()).map(|member| member.index);
            let watcher = Watcher::new(live, began, indexes.collect(), &ending);
            let mut lane = Lane::new(phones, Arc::clone(&dates), watcher, messages);
            if self.plan.sources.is_some() {
                let by_source = move |source| make(Some(source));
                lane.reactor().transports_by_source(Arc::new(by_source));
            }
            self.give_power(&mut lane, part);
            lanes.push(lane);
        }
        let switchboard = self.switchboard(&transports, &mut lanes, &dates).await?;
        live.listen(switchboard.as_ref().map(Switchboard::address));
        let (tell, phase) = watch::channel(Phase::Ready);
        let mut away = JoinSet::new();
        for (number, lane) in (1..).zip(lanes.split_off(1)) {
            let stopped = lane.start(number, phase.clone())?;
            away.spawn(async move { stopped.await.ok() });
        }
        tell.send_replace(Phase::Live);
        let waits_for_all = self.plan.duration_ms.is_none();
        let (mut interrupted, mut ended) = (false, Vec::new());
        let end = async {
            let over = async {
                match self.plan.duration_ms {
                    Some(ms) => sleep_until(began + Duration::from_millis(ms)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop => interrupted = true,
                () = over => {}
                () = ending.all_have_ended_one(), if waits_for_all => {}
                // None stops before it is told to.
                Some(early) = away.join_next() => ended.push(early.ok().flatten()),
            }
            tell.send_replace(Phase::Over);
        };
        // The first part lives here.
        let here = async {
            match lanes.pop() {
                Some(lane) => Some(lane.run(phase).await),
                None => None,
            }
        };
        let ((), here) = tokio::join!(end, here);
        ended.push(here);
        while let Some(stopped) = away.join_next().await {
            ended.push(stopped.ok().flatten());
        }
        let ended: Option<Vec<Stopped>> = ended.into_iter().collect();
        let ended = ended.ok_or(FleetError::Lost)?;
        let last = ended.iter().map(|stopped| stopped.at).max();
        let elapsed = last.map_or(Duration::ZERO, |last| last.duration_since(began));
        let now = MonoTime::from_millis(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        let booted = self.plan.members().filter(|member| member.power_on <= now);
        let rest = Rest {
            elapsed_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            interrupted,
            booted: booted.count() as u64,
            provisioned: ended.iter().map(|stopped| stopped.provisioned).sum(),
            dropped: ended.iter().map(|stopped| stopped.dropped).sum(),
        };
        live.close(&ending, &rest);
        Ok(live.report())
    }

    /// Tells phones what DHCP says, and when they boot.
    fn give_power(&self, lane: &mut Lane, part: Part) {
        let reactor = lane.reactor();
        for (phone, member) in (0..).zip(part.of(self.plan.members())) {
            if !self.cast.options.is_empty() {
                let options = self.options(&mut reactor.phones, phone);
                reactor.queue(phone, Input::OptionsLearned(options));
            }
            reactor.boot_at(member.power_on, phone);
        }
    }

    /// Lets phones be notified, if they are to be.
    async fn switchboard(
        &self,
        transports: &Transports,
        lanes: &mut [Lane],
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Switchboard>, FleetError> {
        let Some(sip) = transports.sip else {
            return Ok(None);
        };
        if self.plan.sources.is_none() {
            return Err(FleetError::SipWithoutSources);
        }
        let common = Common {
            setup: Setup {
                reports: true,
                problem_reports: true,
                ..Setup::default()
            },
            key: sip.key,
            resolver: Arc::clone(&transports.resolver),
            clock: Arc::clone(clock),
            system_time: sip.system_time,
        };
        let askers = lanes.iter_mut().map(|lane| lane.reactor().asker());
        let directory = Arc::new(ByAddress {
            plan: self.plan.clone(),
            askers: Arc::new(Askers(askers.collect())),
            clock: Arc::clone(clock),
        });
        let bound = Switchboard::bind(sip.address, directory, common).await?;
        Ok(Some(bound))
    }

    /// The phones of a part, without power.
    fn phones(
        &self,
        make: &Make,
        part: Part,
        messages: &Arc<Messages>,
    ) -> Result<Phones, FleetError> {
        let (plan, cast) = (&self.plan, &self.cast);
        let mut phones = Phones::new(Shared::with_seed(plan.seed));
        let base = self.base(&mut phones.shared)?;
        let model = Model::of(&cast.identity, cast.scope);
        let model = phones.shared.add_model(model);
        let (fetch, upload) = make(None);
        let ports = Arc::new(Ports {
            fetch,
            upload,
            places: Places::default(),
            config: Arc::new(Forgetful),
            state: Arc::new(Forgetful),
            log: Arc::new(Log(Arc::clone(messages))),
        });
        phones.reserve(part.share(plan.len()) as usize);
        for member in part.of(plan.members()) {
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
            let phone = Phone::new(&setup, ParamSet::new(base));
            let (ports, record) = (Arc::clone(&ports), StateRecord::default());
            phones.add_brief(phone, ports, record, member.source);
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
