//! The loop: batches of inputs, effects, waiting.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use onhook_device::{MonoTime, Now, SipError};
use onhook_fetch::Account;
#[cfg(feature = "proxy")]
use onhook_fetch::ProxyScript;
use onhook_params::Secrecy;
use onhook_phone::port::CommandSource;
use onhook_phone::{
    Asked, Boot, Command, Cx, Effect, Fact, Input, OpId, Origin, Phone, Shared, StateRecord,
    TimerKind, TrustRecord,
};
use onhook_schedule::port::Clock;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};

use crate::arrivals::{Arrived, Completion, PANICKED};
use crate::ports::{Observer, Ports, Recorder, TrustPorts};
use crate::reporter::Reporter;
use crate::route::Script;
use crate::storage::Storage;
use crate::trust::Trust;
use crate::waiting::Waiting;
use crate::wheel::Wheel;

/// A wall clock that is this much off what it should show has been set; time servers correct less.
const JUMP_MS: u64 = 2000;
/// How often the wall clock is looked at while a resync depends on it.
const CLOCK_LOOK: Duration = Duration::from_secs(60);

/// Why [`Reactor::run`] returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// The shutdown future completed.
    Shutdown,
    /// A phone restarts: boot it anew.
    Restart,
    /// A phone restarts to bring up another load: end the program, for the boot loader starts that.
    NewLoad,
    /// The condition that the caller waits for holds.
    Finished,
}

/// One phone with what it is run with.
pub struct Seat {
    pub(crate) phone: Phone,
    pub(crate) ports: Arc<Ports>,
    pub(crate) record: StateRecord,
    /// Nothing outlives the program, so nothing has to be written.
    #[cfg(feature = "fleet")]
    pub(crate) keeps_nothing: bool,
    /// Where its connections come from.
    #[cfg(feature = "fleet")]
    pub(crate) source: Option<std::net::IpAddr>,
    recorder: Option<Box<dyn Recorder>>,
    pub(crate) reporter: Reporter,
    pub(crate) waiting: Waiting,
    /// Transfers that can be ended.
    pub(crate) transfers: HashMap<OpId, Running>,
    pub(crate) storage: Storage,
    /// Its custom CA; `None` if the program keeps none.
    pub(crate) trust: Option<Box<Trust>>,
    /// Its slots for firmware; `None` if it has none.
    #[cfg(feature = "firmware")]
    pub(crate) firmware: Option<Box<crate::firmware::Firmware>>,
    /// The profile account.
    pub(crate) account: Option<Box<Account>>,
    /// The last failed request of SIP on each line.
    pub(crate) sip_errors: Vec<(u8, SipError)>,
    /// What it has told.
    #[cfg(feature = "reports")]
    pub(crate) recent: crate::problem::Recent,
    /// Writes under way.
    pub(crate) writes: u32,
    /// The last local edit that the phone asked to store.
    pub(crate) edit: Option<OpId>,
    generation: u32,
    armed: Option<MonoTime>,
    /// Its next resync depends on wall time.
    daily: bool,
}

/// A transfer under way.
pub(crate) struct Running {
    pub(crate) task: AbortHandle,
    /// Whether its URL may be shown.
    pub(crate) url: Secrecy,
    pub(crate) brings: Brings,
}

/// What a transfer brings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brings {
    Profile,
    CustomCa,
    #[cfg(feature = "firmware")]
    Load,
    /// It carries a report away.
    #[cfg(feature = "reports")]
    Nothing,
}

/// The phones of a reactor and what they share.
#[derive(Default)]
pub struct Phones {
    /// Texts, models, templates.
    pub shared: Shared,
    pub(crate) seats: Vec<Seat>,
}

impl Phones {
    /// No phones yet.
    #[must_use]
    pub const fn new(shared: Shared) -> Self {
        Self {
            shared,
            seats: Vec::new(),
        }
    }

    /// Adds a phone with the record that its last life saved; returns its number in the reactor.
    pub fn add(&mut self, phone: Phone, ports: Ports, record: StateRecord) -> u32 {
        self.add_shared(phone, Arc::new(ports), record)
    }

    pub(crate) fn add_shared(
        &mut self,
        phone: Phone,
        ports: Arc<Ports>,
        record: StateRecord,
    ) -> u32 {
        self.seats.push(Seat {
            phone,
            ports,
            record,
            #[cfg(feature = "fleet")]
            keeps_nothing: false,
            #[cfg(feature = "fleet")]
            source: None,
            recorder: None,
            reporter: Reporter::default(),
            waiting: Waiting::default(),
            transfers: HashMap::new(),
            storage: Storage::default(),
            trust: None,
            #[cfg(feature = "firmware")]
            firmware: None,
            account: None,
            sip_errors: Vec::new(),
            #[cfg(feature = "reports")]
            recent: crate::problem::Recent::default(),
            writes: 0,
            edit: None,
            generation: 0,
            armed: None,
            daily: false,
        });
        u32::try_from(self.seats.len() - 1).unwrap_or(u32::MAX)
    }

    /// Has everything recorded that a phone is told from now on, and what it answers.
    pub fn record(&mut self, index: u32, recorder: Box<dyn Recorder>) {
        if let Some(seat) = self.seats.get_mut(index as usize) {
            seat.recorder = Some(recorder);
        }
    }

    /// Lets a phone have a custom CA, with the record that its last life saved; what that holds is believed already.
    pub fn keep_trust(&mut self, index: u32, ports: TrustPorts, record: TrustRecord) {
        if let Some(seat) = self.seats.get_mut(index as usize) {
            seat.trust = Some(Box::new(Trust::new(ports, record)));
        }
    }

    /// Gives a phone slots for firmware, with the record of what they hold.
    #[cfg(feature = "firmware")]
    pub fn keep_slots(
        &mut self,
        index: u32,
        ports: crate::FirmwarePorts,
        record: onhook_upgrade::BootRecord,
    ) {
        if let Some(seat) = self.seats.get_mut(index as usize) {
            seat.firmware = Some(Box::new(crate::firmware::Firmware::new(ports, record)));
        }
    }

    /// Gives a phone the profile account that its user has set up.
    pub fn set_up_account(&mut self, index: u32, account: Account) {
        if let Some(seat) = self.seats.get_mut(index as usize) {
            seat.account = Some(Box::new(account));
        }
    }

    /// The phone of a number.
    #[must_use]
    pub fn phone(&self, index: u32) -> Option<&Phone> {
        Some(&self.seats.get(index as usize)?.phone)
    }

    /// The report of the last resync of a phone.
    #[must_use]
    pub fn last_report(&self, index: u32) -> Option<&onhook_phone::report::ResyncReport> {
        self.seats.get(index as usize)?.reporter.last()
    }
}

/// One input with its place in the order of a batch.
struct Queued {
    class: u8,
    phone: u32,
    input: Input,
}

/// Runs phones on the current thread.
pub struct Reactor {
    /// The phones.
    pub phones: Phones,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Box<dyn Observer>,
    pub(crate) inbox: mpsc::UnboundedSender<Arrived>,
    pub(crate) arrivals: mpsc::UnboundedReceiver<Arrived>,
    batch: Vec<Queued>,
    effects: Vec<(u32, Effect)>,
    out: Vec<Effect>,
    pub(crate) acknowledge: Vec<oneshot::Sender<()>>,
    /// Phones whose resyncs or edits ended in this turn.
    pub(crate) ended: Vec<u32>,
    /// Phones that have been asked for a resync since the last turn.
    pub(crate) asked: Vec<u32>,
    /// Phones whose load has still to be confirmed.
    #[cfg(feature = "firmware")]
    pub(crate) on_trial: Vec<u32>,
    wheel: Wheel,
    /// How far wall time is ahead of the monotonic time, in milliseconds, at the last look; `None` while it is unknown.
    ahead_ms: Option<i64>,
    /// Phones whose next resync depends on wall time.
    daily: u32,
    due: Vec<(u32, u32)>,
    /// Transfers and writes; they end with the reactor.
    pub(crate) tasks: JoinSet<()>,
    /// The phone that restarts once its writes are done.
    pub(crate) restarting: Option<u32>,
    pub(crate) proxy_script: Script,
    #[cfg(feature = "fleet")]
    pub(crate) fleet: crate::fleet::Fleet,
}

impl Reactor {
    /// A reactor over phones that have not booted.
    #[must_use]
    pub fn new(phones: Phones, clock: Arc<dyn Clock>, observer: Box<dyn Observer>) -> Self {
        let (inbox, arrivals) = mpsc::unbounded_channel();
        Self {
            phones,
            clock,
            observer,
            inbox,
            arrivals,
            batch: Vec::new(),
            effects: Vec::new(),
            out: Vec::new(),
            acknowledge: Vec::new(),
            ended: Vec::new(),
            asked: Vec::new(),
            #[cfg(feature = "firmware")]
            on_trial: Vec::new(),
            wheel: Wheel::default(),
            ahead_ms: None,
            daily: 0,
            due: Vec::new(),
            tasks: JoinSet::new(),
            restarting: None,
            proxy_script: Script::default(),
            #[cfg(feature = "fleet")]
            fleet: crate::fleet::Fleet::default(),
        }
    }

    /// Takes another evaluator of proxy files than the one that understands constants.
    #[cfg(feature = "proxy")]
    #[must_use]
    pub fn with_proxy_script(mut self, script: Arc<dyn ProxyScript>) -> Self {
        self.proxy_script = Script::of(script);
        self
    }

    /// Boots all phones at the present time.
    pub fn boot(&mut self, boot: Boot) {
        for index in 0..self.phones.seats.len() {
            let phone = u32::try_from(index).unwrap_or(u32::MAX);
            if let Some(seat) = self.phones.seats.get(index) {
                let record = seat.record;
                let has_account = seat.account.is_some();
                #[cfg(feature = "firmware")]
                self.tell_slots(phone);
                self.queue(phone, Input::Boot(boot, record));
                if has_account {
                    self.queue(phone, Input::Fact(Fact::Account(true)));
                }
            }
        }
    }

    /// Adds an input to the next batch.
    pub fn queue(&mut self, phone: u32, input: Input) {
        self.batch.push(Queued {
            class: input.class(),
            phone,
            input,
        });
    }

    /// Whether all that a phone wanted to store has been stored, or could not be.
    fn is_stored(&self, phone: u32) -> bool {
        let seat = self.phones.seats.get(phone as usize);
        seat.is_none_or(|seat| seat.writes == 0)
    }

    /// The completion of a write, which fails if its task panics.
    pub(crate) fn completion<T>(
        &self,
        arrived: impl FnOnce(Result<T, String>) -> Arrived,
    ) -> Completion {
        Completion::new(self.inbox.clone(), arrived(Err(PANICKED.to_owned())))
    }

    /// Runs until `shutdown` completes, a phone restarts, or `finished` says so after a batch.
    pub async fn run(
        &mut self,
        commands: &mut dyn CommandSource,
        shutdown: impl Future<Output = ()>,
        finished: impl Fn(&Phones) -> bool,
    ) -> Exit {
        tokio::pin!(shutdown);
        let mut open = true;
        loop {
            self.turn();
            if let Some(phone) = self.restarting.filter(|phone| self.is_stored(*phone)) {
                self.restarting = None;
                self.dismiss(phone);
                #[cfg(feature = "firmware")]
                if self.has_switched(phone) {
                    return Exit::NewLoad;
                }
                return Exit::Restart;
            }
            if self.batch.is_empty() && finished(&self.phones) {
                return Exit::Finished;
            }
            let wait = self.wait();
            tokio::select! {
                biased;
                () = &mut shutdown => return Exit::Shutdown,
                arrived = self.arrivals.recv() => if let Some(arrived) = arrived {
                    self.take(arrived);
                },
                asked = commands.next(), if open => match asked {
                    Some(asked) => self.ask(asked),
                    None => open = false,
                },
                () = wait => {}
            }
        }
    }

    /// Takes everything due now as one batch, then carries out the effects.
    fn turn(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            if ended.is_err_and(|error| error.is_panic()) {
                tracing::error!("a task of a phone panicked: {PANICKED}");
            }
        }
        while let Ok(arrived) = self.arrivals.try_recv() {
            self.take(arrived);
        }
        let now = self.clock.now();
        self.notice_clock(now);
        self.take_timers(now);
        // Stable: inputs of one class and phone keep the order of their arrival.
        self.batch
            .sort_by_key(|queued| (queued.class, queued.phone));
        let mut batch = std::mem::take(&mut self.batch);
        for queued in batch.drain(..) {
            self.handle(queued, now);
        }
        // Whatever was queued meanwhile belongs to the next batch.
        batch.append(&mut self.batch);
        self.batch = batch;
        let mut effects = std::mem::take(&mut self.effects);
        let mut local = None;
        for (phone, effect) in effects.drain(..) {
            // Effects change no parameter, so those of one phone have one local time.
            let now = match local {
                Some((of, local)) if of == phone => local,
                Some(_) | None => self.localized(phone, now),
            };
            local = Some((phone, now));
            self.execute(phone, effect, now);
        }
        self.effects = effects;
        let mut ended = std::mem::take(&mut self.ended);
        for phone in ended.drain(..) {
            self.close_reports(phone, now);
        }
        self.ended = ended;
        let mut asked = std::mem::take(&mut self.asked);
        for phone in asked.drain(..) {
            self.tell_delays(phone);
        }
        self.asked = asked;
        #[cfg(feature = "firmware")]
        self.confirm_loads();
        #[cfg(feature = "sharing")]
        self.settle_sharing();
        for logged in self.acknowledge.drain(..) {
            // The transfer may have been ended meanwhile.
            let _ = logged.send(());
        }
        self.phones.shared.sweep();
    }

    /// Tells every phone when the wall clock was set, or has jumped.
    fn notice_clock(&mut self, now: Now) {
        let mono_ms = i64::try_from(now.mono.as_millis()).unwrap_or(i64::MAX);
        let ahead_ms = now
            .wall
            .map(|wall| wall.unix_s.saturating_mul(1000).saturating_sub(mono_ms));
        //= R-SM-27
        let jumped = match (self.ahead_ms, ahead_ms) {
            (Some(before), Some(ahead)) => before.abs_diff(ahead) > JUMP_MS,
            (None, None) => false,
            (None, Some(_)) | (Some(_), None) => true,
        };
        if jumped {
            self.ahead_ms = ahead_ms;
            for phone in 0..u32::try_from(self.phones.seats.len()).unwrap_or(u32::MAX) {
                self.queue(phone, Input::ClockSet);
            }
        }
    }

    fn take_timers(&mut self, now: Now) {
        let mut due = std::mem::take(&mut self.due);
        self.wheel.expire(now.mono, &mut due);
        for (phone, generation) in due.drain(..) {
            let current = self.phones.seats.get_mut(phone as usize);
            if let Some(seat) = current.filter(|seat| seat.generation == generation) {
                #[cfg(feature = "fleet")]
                self.observer.due(phone, seat.armed.unwrap_or(now.mono));
                seat.armed = None;
                self.queue(phone, Input::Timer);
            }
        }
        #[cfg(feature = "fleet")]
        self.power_on(now.mono, &mut due);
        self.due = due;
    }

    fn handle(&mut self, queued: Queued, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(queued.phone as usize) else {
            return;
        };
        let shared = &mut self.phones.shared;
        if let Some(recorder) = &mut seat.recorder {
            recorder.input(now, &queued.input, shared);
        }
        let mut cx = Cx {
            now,
            shared,
            out: &mut self.out,
        };
        let edits = matches!(
            queued.input,
            Input::Command(_, Command::Set(..) | Command::Submit(_))
                | Input::Command(Origin::Screen, Command::ResyncWith(_))
        );
        seat.phone.handle(queued.input, &mut cx);
        if let Some(recorder) = &mut seat.recorder {
            recorder.effects(&self.out, &seat.phone, &self.phones.shared);
        }
        if edits && let Some(op) = self.out.iter().find_map(commit_of) {
            seat.edit = Some(op);
        }
        self.effects
            .extend(self.out.drain(..).map(|effect| (queued.phone, effect)));
        let daily = matches!(seat.phone.timer(), Some((TimerKind::Daily, _)));
        match (seat.daily, daily) {
            (false, true) => self.daily += 1,
            (true, false) => self.daily -= 1,
            (true, true) | (false, false) => {}
        }
        seat.daily = daily;
        let deadline = seat.phone.deadline();
        if deadline != seat.armed {
            seat.armed = deadline;
            seat.generation = seat.generation.wrapping_add(1);
            if let Some(at) = deadline {
                self.wheel.insert(at, queued.phone, seat.generation);
            }
        }
    }

    /// Waits until the next timer, or for ever; not at all while inputs are queued.
    fn wait(&self) -> impl Future<Output = ()> + use<> {
        let due = !self.batch.is_empty();
        let next = self.wheel.next();
        #[cfg(feature = "fleet")]
        let next = [next, self.fleet.next()].into_iter().flatten().min();
        let span = next.map(|at| at.since(self.clock.now().mono));
        // Nobody tells when the clock is set.
        let span = match self.daily {
            0 => span,
            _ => Some(span.map_or(CLOCK_LOOK, |span| span.min(CLOCK_LOOK))),
        };
        async move {
            match span {
                _ if due => {}
                Some(span) => tokio::time::sleep(span).await,
                None => std::future::pending().await,
            }
        }
    }

    fn ask(&mut self, asked: Asked) {
        // One phone per control source: the first.
        self.answer(0, asked);
    }
}

/// The commit that an effect asks for.
const fn commit_of(effect: &Effect) -> Option<OpId> {
    match effect {
        Effect::Commit(op) => Some(*op),
        Effect::Fetch(..)
        | Effect::FetchTrust(..)
        | Effect::ForgetTrust
        | Effect::Search(..)
        | Effect::Upgrade(..)
        | Effect::Report(..)
        | Effect::Activate(_)
        | Effect::Erase(_)
        | Effect::Cancel(_)
        | Effect::SaveState(..)
        | Effect::Log(_)
        | Effect::Restart(_)
        | Effect::Notice(_) => None,
    }
}
