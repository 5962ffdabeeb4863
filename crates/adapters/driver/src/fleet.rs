//! What many phones of one reactor need, and one does not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::{MonoTime, Outcome, Secret, SecretRef};
use onhook_params::{Entry, Scope};
use onhook_phone::{Ask, Asked, Boot, DecodedId, Input, Phone, Shared, StateRecord};
use onhook_profile::{DecodeError, DecodeSpec, Decoded, Limits, Template, decode, decode_like};
use tokio::sync::mpsc;

use crate::arrivals::Arrived;
use crate::ports::{Fetchers, Ports, Uploaders};
use crate::reactor::{Phones, Reactor};
use crate::reporter::Reporter;
use crate::vault::TaskVault;
use crate::wheel::Wheel;

/// So many profiles that several phones get are kept interned.
const INTERNED: usize = 64;

/// A fetched file, with everything that decides what it comes to.
pub struct File {
    /// As received; whoever reads it wipes it.
    pub body: Vec<u8>,
    /// The argument of `--key`.
    pub key: Option<Secret>,
    /// The value of IKM_HTTP_Encrypt_Content.
    pub ikm: Option<Secret>,
    /// The alias map; empty for none.
    pub aliases: String,
    /// Which parameters exist.
    pub scope: Scope,
    /// Whether the answer had `Content-Encoding: aes128gcm`.
    pub aes128gcm: bool,
}

/// What a file comes to: a profile, or how it fails and what to tell the operator.
pub type Read = Result<Arc<Decoded>, (Outcome, String)>;

impl File {
    /// Decrypts, inflates and reads it, here and now.
    ///
    /// # Errors
    /// The file breaks a rule of form at some layer.
    pub fn read(self) -> Read {
        self.read_with(|body, spec, vault| decode(body, spec, vault))
    }

    /// The same for one of many files that one program wrote.
    ///
    /// # Errors
    /// Those of [`File::read`].
    pub fn read_like(self, template: &mut Template) -> Read {
        self.read_with(|body, spec, vault| decode_like(body, spec, vault, template))
    }

    fn read_with(
        self,
        decode: impl FnOnce(Vec<u8>, &DecodeSpec<'_>, &TaskVault) -> Result<Decoded, DecodeError>,
    ) -> Read {
        let mut vault = TaskVault::default();
        let mut handle = |number, secret: Option<Secret>| {
            let handle = SecretRef(number);
            vault.insert(handle, secret?);
            Some(handle)
        };
        let (key, ikm) = (handle(1, self.key), handle(2, self.ikm));
        let spec = DecodeSpec {
            scope: self.scope,
            aliases: &self.aliases,
            key,
            ikm,
            aes128gcm: self.aes128gcm,
            limits: Limits::default(),
        };
        decode(self.body, &spec, &vault)
            .map(Arc::new)
            .map_err(|error| (error.outcome(), error.to_string()))
    }
}

/// Reads files in the place of the tasks that fetched them.
#[async_trait]
pub trait Decoder: Send + Sync {
    /// Reads one. Equal files may come to one profile, which then is interned once.
    async fn decode(&self, file: File) -> Read;
}

/// Makes the transports of a phone that comes from an address.
pub type BySource = dyn Fn(IpAddr) -> (Fetchers, Uploaders) + Send + Sync;

/// What a reactor has for many phones.
#[derive(Default)]
pub(crate) struct Fleet {
    boots: Wheel,
    restart_takes: Option<Duration>,
    pub(crate) decoder: Option<Arc<dyn Decoder>>,
    by_source: Option<Arc<BySource>>,
    /// Phones that were asked for a resync since the last turn, and when that was due.
    asked: Vec<(u32, MonoTime)>,
    interned: Vec<(Arc<Decoded>, Vec<Entry>)>,
}

impl Fleet {
    /// The transports of a phone with a source of its own.
    pub(crate) fn transports(&self, source: Option<IpAddr>) -> Option<(Fetchers, Uploaders)> {
        self.by_source
            .as_ref()
            .zip(source)
            .map(|(make, source)| make(source))
    }

    /// When the next phone gets power.
    pub(crate) fn next(&self) -> Option<MonoTime> {
        self.boots.next()
    }
}

impl Phones {
    /// Adds a phone whose parameters and state live as long as the program, and of whose resyncs only outcomes and faults are told;
    /// returns its number in the reactor. The stores of its ports are never asked. With a source of its own it uses the transports that
    /// [`Reactor::transports_by_source`] makes for that, and else those of its ports.
    pub fn add_brief(
        &mut self,
        phone: Phone,
        ports: Arc<Ports>,
        record: StateRecord,
        source: Option<IpAddr>,
    ) -> u32 {
        let number = self.add_shared(phone, ports, record);
        if let Some(seat) = self.seats.last_mut() {
            seat.keeps_nothing = true;
            seat.source = source;
            seat.reporter = Reporter::brief();
        }
        number
    }

    /// Makes room for so many phones, and for no more.
    pub fn reserve(&mut self, phones: usize) {
        self.seats.reserve_exact(phones);
    }
}

/// Asks phones of a running reactor, from tasks beside it.
#[derive(Clone)]
pub struct Asker(mpsc::UnboundedSender<Arrived>);

impl Asker {
    /// Asks the phone of a number for what was due at a time. A reactor that has gone answers nobody: the reply is dropped.
    pub fn ask(&self, phone: u32, asked: Asked, due: MonoTime) {
        // An error means that it has gone.
        let _ = self.0.send(Arrived::Asked { phone, asked, due });
    }
}

impl Reactor {
    /// A way to ask its phones while it runs; whoever asks bounds how much is under way.
    #[must_use]
    pub fn asker(&self) -> Asker {
        Asker(self.inbox.clone())
    }

    /// Takes a request for one of many phones, which was due at a time.
    pub(crate) fn ask_one(&mut self, phone: u32, asked: Asked, due: MonoTime) {
        if matches!(asked.ask, Ask::Resync(_)) {
            self.fleet.asked.push((phone, due));
        }
        self.answer(phone, asked);
    }

    /// Tells the observer what is due and has not begun. For a reactor that has stopped: it is not told twice.
    pub fn tell_overdue(&mut self) {
        let now = self.clock.now().mono;
        self.arrivals.close();
        while let Ok(arrived) = self.arrivals.try_recv() {
            if let Arrived::Asked { phone, asked, due } = arrived
                && matches!(asked.ask, Ask::Resync(_))
            {
                self.observer.overdue(phone, due);
            }
        }
        let mut due = Vec::new();
        self.fleet.boots.expire(now, &mut due);
        for (phone, millis) in due {
            let at = MonoTime::from_millis(millis.into());
            self.observer.overdue(phone, at);
        }
        for (phone, seat) in (0..).zip(&self.phones.seats) {
            if let Some((_, at)) = seat.phone.timer().filter(|(_, at)| *at <= now) {
                self.observer.overdue(phone, at);
            }
        }
    }

    /// Lets phones that restart boot again after a while, instead of ending [`Reactor::run`].
    pub fn restart_phones(&mut self, takes: Duration) {
        self.fleet.restart_takes = Some(takes);
    }

    /// Lets somebody else read files.
    pub fn decode_with(&mut self, decoder: Arc<dyn Decoder>) {
        self.fleet.decoder = Some(decoder);
    }

    /// Has the transports of phones with sources of their own made for each transfer: idle phones keep none.
    pub fn transports_by_source(&mut self, make: Arc<BySource>) {
        self.fleet.by_source = Some(make);
    }

    /// Boots a phone at a time of the clock, within 49 days from its zero.
    pub fn boot_at(&mut self, at: MonoTime, phone: u32) {
        let millis = u32::try_from(at.as_millis()).unwrap_or(u32::MAX);
        self.fleet.boots.insert(at, phone, millis);
    }

    /// Boots the phones whose time has come, and tells what others were asked for.
    pub(crate) fn power_on(&mut self, now: MonoTime, due: &mut Vec<(u32, u32)>) {
        for (phone, at) in self.fleet.asked.drain(..) {
            self.observer.due(phone, at);
        }
        self.fleet.boots.expire(now, due);
        for (phone, millis) in due.drain(..) {
            if let Some(seat) = self.phones.seats.get(phone as usize) {
                let record = seat.record;
                let at = MonoTime::from_millis(u64::from(millis));
                self.observer.due(phone, at);
                self.queue(phone, Input::Boot(Boot::Normal, record));
            }
        }
    }

    /// Takes the power from a phone for a while, if the reactor restarts phones itself.
    pub(crate) fn power_cycle(&mut self, phone: u32, now: MonoTime) -> bool {
        let Some(takes) = self.fleet.restart_takes else {
            return false;
        };
        self.dismiss(phone);
        let millis = u64::try_from(takes.as_millis()).unwrap_or(u64::MAX);
        let at = MonoTime::from_millis(now.as_millis().saturating_add(millis));
        self.boot_at(at, phone);
        true
    }

    /// Interns a profile for a phone; one that others get too is looked up once.
    pub(crate) fn put_decoded(&mut self, decoded: &Arc<Decoded>) -> DecodedId {
        // This one, and whoever keeps it for the next phone.
        if Arc::strong_count(decoded) == 1 {
            return self.phones.shared.put_decoded(&decoded.delta);
        }
        let shared = &mut self.phones.shared;
        let interned = &mut self.fleet.interned;
        let known = interned
            .iter()
            .position(|(known, _)| Arc::ptr_eq(known, decoded));
        let entries = match known.and_then(|at| interned.get(at)) {
            Some((_, entries)) => entries.clone(),
            None => {
                if interned.len() >= INTERNED {
                    for (_, entries) in interned.drain(..) {
                        release(&entries, shared);
                    }
                }
                let entries = onhook_params::intern(&decoded.delta, &mut shared.values);
                interned.push((Arc::clone(decoded), entries.clone()));
                entries
            }
        };
        for value in entries.iter().filter_map(|entry| entry.value) {
            shared.values.retain(value);
        }
        shared.put_entries(entries)
    }
}

fn release(entries: &[Entry], shared: &mut Shared) {
    for value in entries.iter().filter_map(|entry| entry.value) {
        shared.values.release(value);
    }
}
