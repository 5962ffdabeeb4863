//! Between the machine and the phone: who may ask is looked up, and what is asked goes on.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use onhook_device::MonoTime;
use onhook_fetch::port::Resolver;
use onhook_phone::{Answer, Ask, Asked, Origin, Reply, SipAccess};
use onhook_schedule::port::Clock;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::agent::{Names, Step, UserAgent};
use crate::event::Act;
use crate::frames::Frame;

/// How long the phone may think about who may ask.
const PHONE: Duration = Duration::from_secs(10);
/// Names of proxies that are looked up at most.
const MOST_NAMES: usize = 32;
/// How long an address of a proxy counts.
const FRESH: Duration = Duration::from_secs(60);
/// How long it is left at that when a proxy has no address.
const AGAIN: Duration = Duration::from_secs(10);

/// What is around the listener.
pub struct Around {
    /// Takes what is asked of the phone.
    pub asker: mpsc::Sender<Asked>,
    /// Knows the addresses of proxies.
    pub resolver: Arc<dyn Resolver>,
    /// Knows the time.
    pub clock: Arc<dyn Clock>,
}

/// What all sockets share.
pub(crate) struct Office {
    agent: Mutex<UserAgent>,
    around: Around,
    /// How long a name may take.
    lookup: Duration,
    known: tokio::sync::Mutex<Known>,
    waiting: Notify,
}

/// Addresses of proxies, and until when each counts.
#[derive(Default)]
struct Known {
    names: Names,
    until: std::collections::BTreeMap<String, MonoTime>,
}

impl Office {
    pub(crate) fn new(agent: UserAgent, around: Around, lookup: Duration) -> Self {
        Self {
            agent: Mutex::new(agent),
            around,
            lookup,
            known: tokio::sync::Mutex::default(),
            waiting: Notify::new(),
        }
    }

    fn agent(&self) -> MutexGuard<'_, UserAgent> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> MonoTime {
        self.around.clock.now().mono
    }

    /// Takes a datagram.
    pub(crate) async fn take(&self, bytes: &Bytes, from: SocketAddr) -> Step {
        self.look(from, |agent, now, around| {
            agent.receive(bytes, from, now, around)
        })
        .await
    }

    /// Takes a piece of a stream.
    pub(crate) async fn take_frame(&self, frame: &Frame, from: SocketAddr) -> Step {
        match frame {
            Frame::Message(bytes) | Frame::Endless(bytes) => self.take(bytes, from).await,
            Frame::TooLarge(bytes) => {
                self.look(from, |agent, now, around| {
                    agent.refuse(bytes, from, now, around)
                })
                .await
            }
        }
    }

    async fn look(
        &self,
        from: SocketAddr,
        look: impl FnOnce(&mut UserAgent, MonoTime, (&SipAccess, &Names)) -> Step,
    ) -> Step {
        let Some(access) = self.access().await else {
            return Step::default();
        };
        let known = self.names(&access).await;
        let step = look(&mut self.agent(), self.now(), (&access, &known));
        self.waiting.notify_one();
        if let Some((to, _)) = &step.answer {
            tracing::trace!(%from, %to, "a SIP request is answered");
        }
        step
    }

    /// Who may ask for what; `None` if the phone has gone, or restarts.
    async fn access(&self) -> Option<Arc<SipAccess>> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked {
            origin: Origin::Sip,
            ask: Ask::SipAccess,
            reply: Box::new(Told(reply)),
        };
        let answer = async {
            self.around.asker.send(asked).await.ok()?;
            answer.await.ok()
        };
        match timeout(PHONE, answer).await.ok()?? {
            Answer::SipAccess(access) => Some(access),
            Answer::Done
            | Answer::Delayed(_)
            | Answer::Resync(_)
            | Answer::Status(_)
            | Answer::Look(_)
            | Answer::Refused(_) => None,
        }
    }

    //= R-SIP-11
    /// The addresses of the proxies that matter.
    async fn names(&self, access: &SipAccess) -> Names {
        let matter = access
            .extensions
            .iter()
            .filter(|extension| access.proxies_only || extension.proxies_only)
            .flat_map(|extension| &extension.proxies)
            .filter(|proxy| proxy.parse::<IpAddr>().is_err());
        let matter: BTreeSet<&String> = matter.take(MOST_NAMES).collect();
        if matter.is_empty() {
            return Names::new();
        }
        let mut known = self.known.lock().await;
        known.names.retain(|name, _| matter.contains(name));
        known.until.retain(|name, _| matter.contains(name));
        // All of them together: whoever asks waits.
        let deadline = Instant::now() + self.lookup;
        for name in matter {
            let until = known.until.get(name);
            if until.is_some_and(|until| *until > self.now()) {
                continue;
            }
            let found = timeout_at(deadline, self.around.resolver.resolve(name)).await;
            let found = found.ok().and_then(Result::ok).unwrap_or_default();
            let lasts = if found.is_empty() { AGAIN } else { FRESH };
            let until = self.now().plus_secs(lasts.as_secs());
            known.until.insert(name.clone(), until);
            let found = found.iter().map(IpAddr::to_canonical).collect();
            known.names.insert(name.clone(), found);
        }
        known.names.clone()
    }

    /// Asks the phone for what was accepted; the answer has left already.
    pub(crate) async fn carry_out(&self, acts: Vec<Act>) {
        for act in acts {
            self.ask(act).await;
        }
    }

    async fn ask(&self, act: Act) {
        // A phone that has gone asks for nothing any more.
        let _ = self.around.asker.send(asked(act)).await;
    }

    /// Carries out what waits, each at its time; never ends.
    pub(crate) async fn keep_apart(&self) {
        loop {
            let deadline = self.agent().deadline();
            match deadline {
                None => self.waiting.notified().await,
                Some(at) => tokio::select! {
                    () = sleep(at.since(self.now())) => {}
                    () = self.waiting.notified() => {}
                },
            }
            let act = self.agent().elapse(self.now());
            if let Some(act) = act {
                self.ask(act).await;
            }
        }
    }
}

/// What is asked of the phone.
pub(crate) fn asked(act: Act) -> Asked {
    let ask = match act {
        Act::Resync => Ask::Resync(None),
        Act::ResyncWith(rule) => Ask::Resync(Some(rule)),
        Act::Restart => Ask::Restart,
        Act::RestartWarm => Ask::RestartWarm,
        Act::Report => Ask::Report,
        //= R-SIP-16
        Act::ReportProblem => Ask::ReportProblem,
    };
    Asked {
        origin: Origin::Sip,
        ask,
        reply: Box::new(Noted),
    }
}

struct Told(oneshot::Sender<Answer>);

impl Reply for Told {
    fn answer(self: Box<Self>, answer: Answer) {
        // Whoever asked may have given up.
        let _ = self.0.send(answer);
    }
}

/// Nobody waits: whoever asked by SIP was answered before.
struct Noted;

impl Reply for Noted {
    fn answer(self: Box<Self>, answer: Answer) {
        if let Answer::Refused(why) = answer {
            tracing::warn!("what was asked by SIP is not done: {why}");
        }
    }
}
