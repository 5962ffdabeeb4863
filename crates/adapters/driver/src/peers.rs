//! A load together with the other phones of the subnet.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use onhook_device::Outcome;
use onhook_fetch::Request;
use onhook_fetch::port::Fetch;
use onhook_phone::{State, render};
use onhook_upgrade::port::{FirmwareSlots, PeerSharing, SlotError};
use onhook_upgrade::sharing::{
    BlockSink, BlockStore, Checked, Held, Line, LoadId, LoadReader, LoadServer, SharedLoad,
    SharingError, Tell, Wanted,
};
use onhook_upgrade::{Load, Receiver, Verified};
use tokio::sync::{Mutex as Turn, watch};

use crate::arrivals::Arrived;
use crate::fetch::Failed;
use crate::firmware::Firmware;
use crate::firmware::Progress;
use crate::load::{Blocks, Transfer, components, flash};
use crate::reactor::{Brings, Reactor};

impl Transfer {
    /// Gets what is missing from peers and the server; `false` if it is not, or no longer, to be shared.
    pub(crate) async fn with_peers(
        &mut self,
        transport: &dyn Fetch,
        load: &Arc<Load>,
        present: &mut Vec<u32>,
    ) -> Result<bool, Failed> {
        let Some(peers) = self
            .ports
            .peers
            .clone()
            .filter(|_| *self.may_share.borrow())
        else {
            return Ok(false);
        };
        let shared = match SharedLoad::of(load.manifest()) {
            Ok(shared) => shared,
            Err(bad) => {
                tracing::warn!(phone = self.phone, "{bad}");
                return Ok(false);
            }
        };
        let mut held = shared.none_held();
        for number in &*present {
            held.insert(*number);
        }
        let failed = Arc::new(Mutex::new(None));
        let store = Arc::new(Store {
            slots: Arc::clone(&self.ports.slots),
            reader: Arc::clone(&peers.reader),
            load: shared.id(),
            progress: Arc::clone(&self.progress),
            failed: Arc::clone(&failed),
            written: Mutex::default(),
        });
        let written = Arc::clone(&store);
        let (phone, inbox) = (self.phone, self.inbox.clone());
        let tell: Tell = Arc::new(move |line| {
            // Without a reactor there is nobody to tell.
            let _ = inbox.send(Arrived::Shared { phone, line });
        });
        let server = Server {
            phone,
            transport,
            request: Turn::new(&mut self.request),
            load: Arc::clone(load),
            failed: Arc::clone(&failed),
        };
        let wanted = Wanted {
            load: shared,
            held,
            store,
            tell,
        };
        let obtained = tokio::select! {
            obtained = peers.sharing.obtain(wanted, &server) => Some(obtained),
            //= R-PFS-4
            _ = self.may_share.wait_for(|may| !*may) => None,
        };
        match obtained {
            None => {
                tracing::info!(phone, "peers are left: the rest comes from the server");
                present.append(&mut written.taken());
                Ok(false)
            }
            Some(Ok(tally)) => {
                tracing::info!(
                    phone,
                    from_peers = tally.from_peers,
                    from_server = tally.from_server,
                    passed = tally.passed,
                    "the load has come"
                );
                Ok(true)
            }
            //= R-PFS-2
            Some(Err(error)) => Err(failure(&failed, error)),
        }
    }
}

/// What was said of a failure, if anything was.
fn failure(failed: &Mutex<Option<Failed>>, error: SharingError) -> Failed {
    let said = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    said.filter(|said| said.outcome == error.outcome())
        .unwrap_or_else(|| Failed::new(error.outcome(), error.to_string()))
}

fn note(failed: &Mutex<Option<Failed>>, said: Failed) -> Outcome {
    let outcome = said.outcome;
    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
    outcome
}

/// The slot that is being written, or that runs.
struct Store {
    slots: Arc<dyn FirmwareSlots>,
    reader: Arc<dyn LoadReader>,
    load: LoadId,
    progress: Arc<Progress>,
    failed: Arc<Mutex<Option<Failed>>>,
    /// The blocks that were written.
    written: Mutex<Vec<u32>>,
}

impl Store {
    fn taken(&self) -> Vec<u32> {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn refused(&self, error: &SlotError) -> Outcome {
        note(&self.failed, flash(error))
    }
}

#[async_trait]
impl BlockStore for Store {
    async fn read(&self, number: u32) -> Result<Vec<u8>, Outcome> {
        let read = self.reader.block(self.load, number).await;
        read.map_err(|error| flash(&error).outcome)
    }

    async fn write(&self, block: Checked<Vec<u8>>) -> Result<(), Outcome> {
        let (number, bytes) = (block.number(), block.into_content());
        let length = bytes.len() as u64;
        let written = self.slots.write(number, bytes).await;
        written.map_err(|error| self.refused(&error))?;
        self.progress.add(length);
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(number);
        Ok(())
    }
}

/// The server of Upgrade_Rule.
struct Server<'t> {
    phone: u32,
    transport: &'t dyn Fetch,
    request: Turn<&'t mut Request>,
    load: Arc<Load>,
    failed: Arc<Mutex<Option<Failed>>>,
}

#[async_trait]
impl LoadServer for Server<'_> {
    async fn fetch(&self, held: Held, sink: &mut dyn BlockSink) -> Result<(), Outcome> {
        let mut request = self.request.lock().await;
        let present = (0..held.total()).filter(|number| held.contains(*number));
        let receiver = Receiver::new(Arc::clone(&self.load), present);
        let mut blocks = Passed(sink);
        let fetched = components(
            self.phone,
            (self.transport, &mut request),
            (&self.load, receiver),
            &mut blocks,
        );
        fetched.await.map_err(|said| note(&self.failed, said))
    }
}

/// Blocks of the server on their way to the peers' machine, which has them written.
struct Passed<'s>(&'s mut dyn BlockSink);

#[async_trait]
impl Blocks for Passed<'_> {
    async fn block(&mut self, block: Verified) -> Result<(), Failed> {
        self.0.block(block.number, block.bytes).await;
        Ok(())
    }
}

/// Whom loads are shared with.
#[derive(Clone)]
pub struct PeerPorts {
    sharing: Arc<dyn PeerSharing>,
    reader: Arc<dyn LoadReader>,
    /// Whether the load that runs is to be offered.
    offer: Arc<watch::Sender<bool>>,
}

impl PeerPorts {
    /// Peers, and where loads are read; a task on the tokio runtime of the caller offers the load that runs while it is to be.
    #[must_use]
    pub fn new(
        sharing: Arc<dyn PeerSharing>,
        slots: Arc<dyn FirmwareSlots>,
        reader: Arc<dyn LoadReader>,
    ) -> Self {
        let (offer, wanted) = watch::channel(false);
        let keeper = Keeper {
            sharing: Arc::clone(&sharing),
            slots,
            reader: Arc::clone(&reader),
        };
        tokio::spawn(keeper.keep(wanted));
        Self {
            sharing,
            reader,
            offer: Arc::new(offer),
        }
    }
}

/// Offers the load that runs.
struct Keeper {
    sharing: Arc<dyn PeerSharing>,
    slots: Arc<dyn FirmwareSlots>,
    reader: Arc<dyn LoadReader>,
}

impl Keeper {
    async fn keep(self, mut wanted: watch::Receiver<bool>) {
        // Until nobody can want anything any more.
        while wanted.changed().await.is_ok() {
            //= R-PFS-4
            self.sharing.rest().await;
            if *wanted.borrow_and_update() {
                self.offer().await;
            }
        }
        self.sharing.rest().await;
    }

    async fn offer(&self) {
        match self.reader.running().await {
            Ok(Some(load)) => {
                let store = Store {
                    slots: Arc::clone(&self.slots),
                    reader: Arc::clone(&self.reader),
                    load: load.id(),
                    progress: Arc::default(),
                    failed: Arc::default(),
                    written: Mutex::default(),
                };
                self.sharing.hold(load, Arc::new(store)).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!("the load that runs is not offered to peers: {error}"),
        }
    }
}

impl Firmware {
    /// The load that runs may be offered from now on: looks again.
    pub(crate) fn offer_anew(&self) {
        if let Some(peers) = &self.ports.peers {
            // Whoever waits is woken, though the value stays.
            peers.offer.send_modify(|_| {});
        }
    }
}

impl Reactor {
    /// Tells the log server of peers what sharing came to.
    pub(crate) fn shared(&self, phone: u32, line: &Line) {
        let Some(seat) = self.phones.seats.get(phone as usize) else {
            return;
        };
        tracing::debug!(phone, "{line}");
        let now = self.clock.now();
        //= R-PFS-3
        let message = render::sharing_message(&seat.phone, &self.phones.shared, now, line);
        if let Some(message) = message {
            seat.ports.log.log(message);
        }
    }

    /// Lets phones ask and offer as far as their parameters allow it at this moment.
    pub(crate) fn settle_sharing(&mut self) {
        for seat in &self.phones.seats {
            let Some(firmware) = &seat.firmware else {
                continue;
            };
            let Some(peers) = &firmware.ports.peers else {
                continue;
            };
            let may = seat.phone.may_share(&self.phones.shared);
            let differs = |value: &mut bool, wanted| std::mem::replace(value, wanted) != wanted;
            firmware
                .may_share
                .send_if_modified(|value| differs(value, may));
            // Whoever gets another load has the ports for that.
            let mut transfers = seat.transfers.values();
            let gets = transfers.any(|running| matches!(running.brings, Brings::Load));
            let offers =
                may && !gets && !firmware.is_switched() && seat.phone.state() != State::Off;
            peers.offer.send_if_modified(|value| differs(value, offers));
        }
    }
}
