//! The phones of one thread.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::{MonoTime, Now};
use onhook_driver::{Asker, Phones, Reactor};
use onhook_phone::Asked;
use onhook_phone::port::CommandSource;
use onhook_schedule::port::Clock;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::log::Messages;
use crate::plan::Plan;
use crate::reader::Reader;
use crate::tally::Watcher;

/// How long a phone is away that restarts.
const RESTART: Duration = Duration::from_secs(60);

/// One of several threads that phones are dealt out to, one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    /// Which, from 0.
    pub(crate) number: u32,
    /// Of how many, at least one.
    pub(crate) of: u32,
}

impl Part {
    /// So many parts as make sense, each with somebody to play and to let ask.
    pub(crate) fn all(plan: &Plan, threads: usize) -> impl Iterator<Item = Self> {
        let at_once = plan.at_once.map_or(u32::MAX, std::num::NonZeroU32::get);
        let threads = u32::try_from(threads).unwrap_or(u32::MAX);
        let of = threads.min(plan.len()).min(at_once).max(1);
        (0..of).map(move |number| Self { number, of })
    }

    /// Every how manieth it is that comes here.
    pub(crate) fn of<T>(self, all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        all.skip(self.number as usize).step_by(self.of as usize)
    }

    /// Its share of what is for all.
    pub(crate) const fn share(self, whole: u32) -> u32 {
        whole / self.of + (self.number < whole % self.of) as u32
    }
}

/// The parts of a fleet that can be asked while they run.
pub(crate) struct Askers(pub(crate) Vec<Asker>);

impl Askers {
    /// Asks a phone, by its place among all that are played here, for what was due at a time.
    pub(crate) fn ask(&self, place: u32, asked: Asked, due: MonoTime) {
        let Some(parts) = u32::try_from(self.0.len()).ok().filter(|n| *n > 0) else {
            return;
        };
        if let Some(asker) = self.0.get((place % parts) as usize) {
            asker.ask(place / parts, asked, due);
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Not all threads are there.
    Ready,
    /// Phones live.
    Live,
    /// They stop.
    Over,
}

/// Phones that are ready, and have no power yet.
pub(crate) struct Lane {
    reactor: Reactor,
    messages: Arc<Messages>,
}

/// What only the phones themselves know, when they have stopped.
#[derive(Clone, Copy)]
pub(crate) struct Stopped {
    /// When they had; what they held is taken apart later.
    pub(crate) at: Instant,
    /// Phones that a resync has succeeded for.
    pub(crate) provisioned: u64,
    /// Messages that could not be sent.
    pub(crate) dropped: u64,
}

impl Lane {
    pub(crate) fn new(
        phones: Phones,
        clock: Arc<dyn Clock>,
        watcher: Watcher,
        messages: Arc<Messages>,
    ) -> Self {
        let mut reactor = Reactor::new(phones, clock, Box::new(watcher));
        reactor.decode_with(Arc::new(Reader::default()));
        reactor.restart_phones(RESTART);
        Self { reactor, messages }
    }

    pub(crate) const fn reactor(&mut self) -> &mut Reactor {
        &mut self.reactor
    }

    /// Lets the phones live from when they may until they may not.
    pub(crate) async fn run(mut self, mut phase: watch::Receiver<Phase>) -> Stopped {
        // Whoever could tell the end and is gone has told it.
        let began = phase.wait_for(|phase| *phase != Phase::Ready).await.is_ok();
        let end = async move {
            if began {
                drop(phase.wait_for(|phase| *phase == Phase::Over).await);
            }
        };
        // Phones restart inside the reactor, so this ends for good.
        self.reactor.run(&mut Nobody, end, |_| false).await;
        self.reactor.tell_overdue();
        let at = Instant::now();
        let mut provisioned = 0;
        for phone in 0.. {
            match self.reactor.phones.phone(phone) {
                Some(phone) => provisioned += u64::from(phone.provisioned()),
                None => break,
            }
        }
        Stopped {
            at,
            provisioned,
            dropped: self.messages.dropped(),
        }
    }

    /// Does that on a thread of its own.
    pub(crate) fn start(
        self,
        number: u32,
        phase: watch::Receiver<Phase>,
    ) -> std::io::Result<oneshot::Receiver<Stopped>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stopped, wait) = oneshot::channel();
        let work = move || {
            let told = runtime.block_on(self.run(phase));
            // A transfer that was given up may still wait for its end.
            runtime.shutdown_background();
            // Whoever started it may have gone.
            let _ = stopped.send(told);
        };
        thread::Builder::new()
            .name(format!("phones-{number}"))
            .spawn(work)?;
        Ok(wait)
    }
}

/// Counts from the start of the run; dates come from elsewhere.
pub(crate) struct Since {
    pub(crate) began: Instant,
    pub(crate) dates: Arc<dyn Clock>,
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
