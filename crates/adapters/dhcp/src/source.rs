//! The port [`OptionSource`] over clients of DHCP.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::MonoTime;
use onhook_discovery::Learned;
use onhook_discovery::port::{MOST_OPTIONS, News, OptionSource};
use tokio::time::{Instant, sleep_until};

use crate::hook::{Hook, Reason, Running};
use crate::machine::{Event, Lease, Machine, Step, To};

/// Without an answer within this span the phone goes on without.
const PATIENCE: Duration = Duration::from_secs(30);
/// So much longer the second protocol is waited for when the first has answered.
const GRACE: Duration = Duration::from_secs(2);
/// Largest datagram that is read whole.
const LARGEST: usize = 4096;
/// A socket that fails is not read again before this.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often the address of the interface is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Tells the address that somebody else has given the interface.
pub type Watch = Box<dyn FnMut() -> Option<Ipv4Addr> + Send>;

/// What packets leave and come by.
#[async_trait]
pub trait Wire: Send + 'static {
    /// Sends a packet.
    ///
    /// # Errors
    /// It cannot be sent now; it is not sent again.
    fn send(&mut self, to: To, packet: &[u8]) -> io::Result<()>;

    /// Waits for a packet; giving up waiting loses none.
    ///
    /// # Errors
    /// Nothing can be received now.
    async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A client on its wire.
struct Leg {
    machine: Box<dyn Machine>,
    wire: Box<dyn Wire>,
    lease: Option<Lease>,
    buffer: Vec<u8>,
    /// Not read before this time.
    deaf: Option<Instant>,
}

/// Clients of DHCP as a source of options.
pub struct DhcpSource {
    epoch: Instant,
    v4: Option<Leg>,
    v6: Option<Leg>,
    /// What is looked at for the address that somebody else configures, and when.
    watch: Option<(Watch, Instant)>,
    hook: Option<Hook>,
    running: Option<Running>,
    /// Until when the first news waits for answers.
    first_by: Instant,
    told: Option<News>,
}

/// What ended a wait.
enum Woken {
    V4(io::Result<usize>),
    V6(io::Result<usize>),
    Time,
}

impl DhcpSource {
    /// A source without clients, which tells that there is nothing.
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            epoch: now,
            v4: None,
            v6: None,
            watch: None,
            hook: None,
            running: None,
            first_by: now + PATIENCE,
            told: None,
        }
    }

    /// The time by the clock of the source, which starts with it.
    #[must_use]
    pub fn now(&self) -> MonoTime {
        let since = Instant::now().saturating_duration_since(self.epoch);
        MonoTime::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Adds the client of DHCPv4.
    #[must_use]
    pub fn with_v4(self, machine: impl Machine, wire: impl Wire) -> Self {
        let v4 = Some(Leg::new(machine, wire));
        Self { v4, ..self }
    }

    /// Adds the client of DHCPv6.
    #[must_use]
    pub fn with_v6(self, machine: impl Machine, wire: impl Wire) -> Self {
        let v6 = Some(Leg::new(machine, wire));
        Self { v6, ..self }
    }

    /// Lets the client of DHCPv4 know which address somebody else configures.
    #[must_use]
    pub fn with_watch(self, watch: Watch) -> Self {
        let watch = Some((watch, self.epoch));
        Self { watch, ..self }
    }

    /// Adds a program that configures the interface; news wait until it has.
    #[must_use]
    pub fn with_hook(self, hook: Hook) -> Self {
        let hook = Some(hook);
        Self { hook, ..self }
    }

    fn at(&self, time: MonoTime) -> Instant {
        let since = Duration::from_millis(time.as_millis());
        // A deadline that is no time is never reached.
        let never = Duration::from_secs(86_400 * 365);
        self.epoch + since.min(Instant::now().duration_since(self.epoch) + never)
    }

    /// Gives every client whose time has come its timer.
    fn take_timers(&mut self) {
        let now = self.now();
        let mut v4 = Vec::new();
        if let Some((watch, at)) = &mut self.watch
            && *at <= Instant::now()
        {
            *at = Instant::now() + LOOK;
            let address = watch();
            if let Some(leg) = &mut self.v4 {
                leg.handle(Event::Address(address), now, &mut v4);
            }
        }
        if let Some(leg) = &mut self.v4 {
            leg.handle(Event::Timer, now, &mut v4);
        }
        if let Some(leg) = &mut self.v6 {
            leg.handle(Event::Timer, now, &mut Vec::new());
        }
        self.configure(v4);
    }

    fn take_packet(&mut self, woken: Woken) {
        let now = self.now();
        let mut v4 = Vec::new();
        match woken {
            Woken::V4(received) => {
                if let Some(leg) = &mut self.v4 {
                    leg.received(received, now, &mut v4);
                }
            }
            Woken::V6(received) => {
                if let Some(leg) = &mut self.v6 {
                    leg.received(received, now, &mut Vec::new());
                }
            }
            Woken::Time => {}
        }
        self.configure(v4);
    }

    /// Starts the hook for what became of the lease.
    fn configure(&mut self, changes: Vec<Reason>) {
        let (Some(hook), Some(reason)) = (&self.hook, changes.last()) else {
            return;
        };
        let lease = self.v4.as_ref().and_then(|leg| leg.lease.as_ref());
        self.running = hook.start(*reason, lease);
    }

    /// What the servers say now.
    fn says(&self) -> News {
        let mut learned = Learned::default();
        let legs = [&self.v4, &self.v6];
        let leases = legs
            .into_iter()
            .flatten()
            .filter_map(|leg| leg.lease.as_ref());
        let mut answered = false;
        for lease in leases {
            answered = true;
            learned.address = learned.address.or(lease.address);
            learned.options.extend(lease.options.iter().cloned());
        }
        learned.options.truncate(MOST_OPTIONS);
        match answered {
            true => News::Learned(learned),
            false => News::Nothing,
        }
    }

    /// What has not been told yet.
    fn news(&mut self) -> Option<News> {
        let now = Instant::now();
        if self.told.is_none() {
            let silent = |leg: &Option<Leg>| leg.as_ref().is_some_and(|leg| leg.lease.is_none());
            match (silent(&self.v4), silent(&self.v6)) {
                (false, false) => self.first_by = now,
                (false, true) | (true, false) if self.v4.is_some() && self.v6.is_some() => {
                    self.first_by = self.first_by.min(now + GRACE);
                }
                (false, true) | (true, false) | (true, true) => {}
            }
            if now < self.first_by {
                return None;
            }
        }
        let says = self.says();
        if self.told.as_ref() == Some(&says) {
            return None;
        }
        self.told = Some(says.clone());
        Some(says)
    }

    async fn wait(&mut self) -> Woken {
        let deadlines = [&self.v4, &self.v6].into_iter().flatten();
        let next = deadlines.map(|leg| self.at(leg.machine.deadline())).min();
        let first = self.told.is_none().then_some(self.first_by);
        let look = self.watch.as_ref().map(|(_, at)| *at);
        let next = next.into_iter().chain(first).chain(look).min();
        let time = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            received = receive(&mut self.v4) => Woken::V4(received),
            received = receive(&mut self.v6) => Woken::V6(received),
            () = time => Woken::Time,
        }
    }
}

impl Default for DhcpSource {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl OptionSource for DhcpSource {
    async fn next(&mut self) -> Option<News> {
        loop {
            if let Some(running) = &mut self.running {
                running.end().await;
                self.running = None;
            }
            if let Some(news) = self.news() {
                return Some(news);
            }
            if self.v4.is_none() && self.v6.is_none() {
                return None;
            }
            let woken = self.wait().await;
            self.take_packet(woken);
            self.take_timers();
        }
    }
}

impl Leg {
    fn new(machine: impl Machine, wire: impl Wire) -> Self {
        Self {
            machine: Box::new(machine),
            wire: Box::new(wire),
            lease: None,
            buffer: vec![0; LARGEST],
            deaf: None,
        }
    }

    fn received(&mut self, received: io::Result<usize>, now: MonoTime, changes: &mut Vec<Reason>) {
        match received {
            Ok(length) => {
                let buffer = std::mem::take(&mut self.buffer);
                let packet = buffer.get(..length).unwrap_or_default();
                self.handle(Event::Packet(packet), now, changes);
                self.buffer = buffer;
            }
            Err(error) => {
                tracing::debug!("nothing can be received for DHCP: {error}");
                self.deaf = Some(Instant::now() + AFTER_FAILURE);
            }
        }
    }

    fn handle(&mut self, event: Event<'_>, now: MonoTime, changes: &mut Vec<Reason>) {
        let mut steps = Vec::new();
        self.machine.handle(event, now, &mut steps);
        for step in steps {
            match step {
                Step::Send(to, packet) => {
                    if let Err(error) = self.wire.send(to, &packet) {
                        // The next try comes with the next timer.
                        tracing::debug!("a packet of DHCP cannot be sent: {error}");
                    }
                }
                Step::Bound(lease) => {
                    let renewed = self.lease.as_ref().map(|old| old.address) == Some(lease.address);
                    changes.push(if renewed {
                        Reason::Renew
                    } else {
                        Reason::Bound
                    });
                    self.lease = Some(lease);
                }
                Step::Lost => {
                    self.lease = None;
                    changes.push(Reason::Deconfig);
                }
            }
        }
    }
}

/// Waits for a packet of a leg; for ever if there is none.
async fn receive(leg: &mut Option<Leg>) -> io::Result<usize> {
    let Some(leg) = leg else {
        return std::future::pending().await;
    };
    if let Some(until) = leg.deaf {
        sleep_until(until).await;
        leg.deaf = None;
    }
    leg.wire.receive(&mut leg.buffer).await
}
