//! One resync of a phone that lives no longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use onhook_device::{Identity, Now, WallTime};
use onhook_driver::{Exit, Fetched, Fetchers, Observer, Phones, Places, Ports, Reactor, restore};
use onhook_params::port::StoredParam;
use onhook_params::{ParamId, Scope, Secrecy, known, secrecy};
use onhook_phone::port::{CommandSource, Message};
use onhook_phone::report::ResyncReport;
use onhook_phone::{
    Asked, Boot, Cause, Command, Input, Model, Notice, Origin, Phone, PhoneSetup, RestartKind,
    Shared, StateRecord,
};
use onhook_schedule::port::Clock;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::clock::JumpingClock;
use crate::flash::Forgetful;
use crate::options::discovered;
use crate::tap::{Last, Tap, Transfer};

/// The phone's number in its reactor.
const PHONE: u32 = 0;
/// Waits that are jumped over before it is clear that none of them ends in the wanted resync.
const LEAPS: u32 = 20_000;

/// What starts the resync.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Start {
    /// Power-up.
    Boot,
    /// The periodic timer, after a power-up whose resync had nothing to do.
    Periodic,
    /// The retry after a power-up whose resync failed.
    Retry,
    /// A request from outside.
    Explicit,
}

/// A phone and what it has been told before it meets the server.
pub struct Trial {
    /// Who it is.
    pub identity: Identity,
    /// Which parameters it has.
    pub scope: Scope,
    /// Its parameters that differ from the factory state.
    pub params: Vec<StoredParam>,
    /// Its Profile_Rule.
    pub rule: Zeroizing<String>,
    /// Options of DHCP by number: a host, an address or a URL.
    pub options: Vec<(u8, String)>,
    /// What starts the resync.
    pub start: Start,
    /// Local time of its boot; `None` for now.
    pub began: Option<WallTime>,
    /// Draws depend on it.
    pub seed: u64,
}

/// How a trial ended.
pub struct Ended {
    /// What the resync did.
    pub report: ResyncReport,
    /// What the last server that was asked sent; `None` if none was.
    pub last: Option<Transfer>,
}

/// Why there was no resync to tell of.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TrialError {
    /// The phone must not resync.
    #[error("Provision_Enable is No: this phone never asks for a profile; set it to Yes")]
    Disabled,
    /// No resync of the wanted cause comes.
    #[error("this phone makes no resync of the cause `{0}`: {1}")]
    Never(&'static str, &'static str),
    /// There are more texts than can be counted.
    #[error("there is no room for another text")]
    Full,
    /// Somebody asked for the end.
    #[error("interrupted")]
    Interrupted,
}

/// Plays one resync, with the clock that is given, until it has ended or `stop` completes.
///
/// # Errors
/// There was no such resync.
pub async fn run(
    trial: Trial,
    fetch: Fetchers,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) -> Result<Ended, TrialError> {
    let clock = JumpingClock::new(clock, trial.began);
    let seen = Arc::new(Seen::default());
    let (start, last) = (trial.start, Last::default());
    let mut trial = trial;
    trial.params.retain(|param| param.id != known::PROFILE_RULE);
    trial
        .params
        .push(rule(known::PROFILE_RULE, trial.rule.clone()));
    let rules = match start.rehearsal() {
        None => Vec::new(),
        Some(rehearsal) => {
            let is_rule = |param: &mut StoredParam| known::PROFILE_RULES.contains(&param.id);
            let rules = trial.params.extract_if(.., is_rule).collect();
            let rehearsal = rule(known::PROFILE_RULE, Zeroizing::new(rehearsal.to_owned()));
            trial.params.push(rehearsal);
            rules
        }
    };
    let mut play = Play {
        reactor: seat(trial, tapped(fetch, &last), &clock, &seen)?,
        clock,
        seen,
        start,
    };
    let mut stop = std::pin::pin!(stop);
    match start {
        Start::Boot => play.reactor.boot(Boot::Normal),
        Start::Explicit => {
            play.reactor.boot(Boot::Foreground);
            play.ask(Command::Resync);
        }
        Start::Periodic | Start::Retry => {
            play.reactor.boot(Boot::Normal);
            play.until(Cause::Boot, stop.as_mut()).await?;
            // The rules that count take the place of the one before.
            for rule in rules {
                play.set(&rule, stop.as_mut()).await?;
            }
        }
    }
    let report = play.until(start.cause(), stop).await?;
    Ok(Ended {
        report,
        last: last.take(),
    })
}

impl Start {
    const fn cause(self) -> Cause {
        match self {
            Self::Boot => Cause::Boot,
            Self::Periodic => Cause::Periodic,
            Self::Retry => Cause::Retry,
            Self::Explicit => Cause::Explicit,
        }
    }

    /// The rule of the resync before, which asks nobody: it has nothing to do, or cannot be read.
    const fn rehearsal(self) -> Option<&'static str> {
        match self {
            Self::Boot | Self::Explicit => None,
            Self::Periodic => Some(""),
            Self::Retry => Some("("),
        }
    }

    /// What keeps a phone from it.
    const fn obstacle(self) -> &'static str {
        match self {
            Self::Boot => "Resync_On_Reset may be No",
            Self::Periodic => "Resync_Periodic may be 0",
            Self::Retry => "Resync_Error_Retry_Delay may be 0",
            Self::Explicit => "something keeps it busy",
        }
    }
}

/// A rule as a store holds it.
fn rule(id: ParamId, text: Zeroizing<String>) -> StoredParam {
    StoredParam {
        id,
        value: Some(text),
        access: None,
        user_set: false,
    }
}

fn tapped(fetch: Fetchers, last: &Last) -> Fetchers {
    let tap = |inner: Option<_>| {
        inner.map(|inner| {
            let last = last.clone();
            Arc::new(Tap { inner, last }) as _
        })
    };
    Fetchers {
        http: tap(fetch.http),
        https: tap(fetch.https),
        tftp: tap(fetch.tftp),
    }
}

/// Builds the phone.
fn seat(
    trial: Trial,
    fetch: Fetchers,
    clock: &JumpingClock,
    seen: &Arc<Seen>,
) -> Result<Reactor, TrialError> {
    let mut phones = Phones::new(Shared::with_seed(trial.seed));
    let shared = &mut phones.shared;
    let (identity, scope) = (&trial.identity, trial.scope);
    let model = shared.add_model(Model::of(identity, scope));
    let serial = shared.values.intern(&identity.serial, Secrecy::Plain);
    let ip = identity.ip.map(|ip| ip.to_string());
    let ip = ip.and_then(|ip| shared.values.intern(&ip, Secrecy::Plain));
    let setup = PhoneSetup {
        serial,
        ip,
        client_certificate: identity.client_certificate,
        ..PhoneSetup::new(PHONE, model, identity.mac, trial.seed)
    };
    let mut params = trial.params;
    params.sort_by_key(|param| param.id);
    let phone = Phone::new(&setup, restore(params, shared));
    let view = phone.view(shared);
    if !view.is_some_and(|view| phone.params().is_yes(known::PROVISION_ENABLE, view)) {
        return Err(TrialError::Disabled);
    }
    let view = phone.view(shared);
    let order = view.map(|view| phone.params().text(known::DHCP_OPTION_TO_USE, view));
    let order = order.unwrap_or_default().to_owned();
    let server = discovered(&trial.options, &order, shared);
    let ports = Ports {
        fetch,
        upload: onhook_driver::Uploaders::default(),
        places: Places::default(),
        config: Arc::new(Forgetful),
        state: Arc::new(Forgetful),
        log: Arc::new(Forgetful),
    };
    phones.add(phone, ports, StateRecord::default());
    let clock = Arc::new(clock.clone());
    let mut reactor = Reactor::new(phones, clock, Box::new(Watcher(Arc::clone(seen))));
    reactor.queue(PHONE, Input::OptionsLearned(server));
    Ok(reactor)
}

/// A phone on its way.
struct Play {
    reactor: Reactor,
    clock: JumpingClock,
    seen: Arc<Seen>,
    start: Start,
}

impl Play {
    fn ask(&mut self, command: Command) {
        let asked = Input::Command(Origin::Control, command);
        self.reactor.queue(PHONE, asked);
    }

    /// Sets a parameter and waits until it is stored.
    async fn set(
        &mut self,
        param: &StoredParam,
        mut stop: impl Future<Output = ()> + Unpin,
    ) -> Result<(), TrialError> {
        let text = param.value.as_ref().map_or("", |text| text.as_str());
        let values = &mut self.reactor.phones.shared.values;
        let value = values.intern(text, secrecy(param.id));
        self.seen.begin();
        self.ask(Command::Set(param.id, value.ok_or(TrialError::Full)?));
        let seen = Arc::clone(&self.seen);
        let stored = move |_: &Phones| !seen.is_busy();
        match self.reactor.run(&mut Nobody, &mut stop, stored).await {
            Exit::Finished | Exit::Restart | Exit::NewLoad => Ok(()),
            Exit::Shutdown => Err(TrialError::Interrupted),
        }
    }

    /// Runs until a resync of a cause has ended; waits are jumped over.
    async fn until(
        &mut self,
        cause: Cause,
        mut stop: impl Future<Output = ()> + Unpin,
    ) -> Result<ResyncReport, TrialError> {
        let ended = |phones: &Phones| {
            let report = phones.last_report(PHONE);
            report.filter(|report| report.cause == cause).cloned()
        };
        let (clock, seen) = (self.clock.clone(), Arc::clone(&self.seen));
        let leaps = AtomicU32::new(0);
        let finished = move |phones: &Phones| {
            if ended(phones).is_some() {
                return true;
            }
            if seen.is_busy() {
                return false;
            }
            match phones.phone(PHONE).and_then(Phone::deadline) {
                Some(at) => clock.leap_to(at),
                None => return true,
            }
            leaps.fetch_add(1, Ordering::Relaxed) >= LEAPS
        };
        // A restart that the profile wants is told, not carried out; the last writes are waited for.
        loop {
            let exit = self.reactor.run(&mut Nobody, &mut stop, &finished).await;
            let report = self.reactor.phones.last_report(PHONE);
            match (exit, report.filter(|report| report.cause == cause)) {
                (_, Some(report)) => return Ok(report.clone()),
                (Exit::Restart | Exit::NewLoad, None) => {}
                (Exit::Shutdown, None) => return Err(TrialError::Interrupted),
                (Exit::Finished, None) => {
                    let (name, obstacle) = (self.start.cause().name(), self.start.obstacle());
                    return Err(TrialError::Never(name, obstacle));
                }
            }
        }
    }
}

/// Whether the phone is at something that takes real time.
#[derive(Default)]
struct Seen(AtomicBool);

impl Seen {
    fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Watcher(Arc<Seen>);

impl Observer for Watcher {
    fn notice(&mut self, _phone: u32, _now: Now, notice: &Notice, _url: Option<&str>) {
        match notice {
            Notice::ResyncStarted(..) => self.0.begin(),
            Notice::EditDone(_) | Notice::EditBusy => self.0.end(),
            Notice::RuleStarted(..)
            | Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TriggerFault(..)
            | Notice::Held
            | Notice::ResyncDone(_)
            | Notice::TimerArmed(..)
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::AccountWanted
            | Notice::EraseFailed
            | Notice::ServerChanged(..)
            | Notice::Upgrade(_)
            | Notice::Report(_)
            | Notice::ProblemReport(_)
            | Notice::TrustStarted(..)
            | Notice::TrustFault(..)
            | Notice::TrustDone(..)
            | Notice::TrustForgotten
            | Notice::Refused(_) => {}
        }
    }

    fn message(&mut self, _phone: u32, _now: Now, _message: &Message) {}

    /// Only now all that belongs to a resync has been stored.
    fn resync(&mut self, _phone: u32, _now: Now, _report: &ResyncReport) {
        self.0.end();
    }

    fn restart(&mut self, _phone: u32, _now: Now, _kind: RestartKind) {}

    fn fetched(&mut self, _phone: u32, _now: Now, _fetched: Option<&Fetched>) {}
}

/// Nobody asks anything.
struct Nobody;

#[async_trait]
impl CommandSource for Nobody {
    async fn next(&mut self) -> Option<Asked> {
        None
    }
}
