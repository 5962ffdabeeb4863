//! Firmware: loads into slots, the boot loader told, and a load that came up confirmed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use onhook_device::{Now, Outcome, Secret};
use onhook_params::{Secrecy, known};
use onhook_phone::report::{FirmwareStatus, LoadTransfer};
use onhook_phone::{
    Answer, Command, Committed, Delay, Fact, Input, OpId, Origin, Reply, Request, Slots, State,
    Told, render,
};
use onhook_upgrade::port::Turn;
use onhook_upgrade::{BootRecord, Held, MANIFEST_LIMIT};
use tokio::time::sleep;

use crate::arrivals::{Arrived, HIDDEN};
use crate::execute::wire;
use crate::fetch::{Failed, describe};
use crate::load::{Transfer, Wants};
use crate::ports::FirmwarePorts;
use crate::reactor::{Brings, Reactor, Running};
use crate::route::ProxyFile;

/// How long a phone waits for a network before it looks again.
const NETWORK: Duration = Duration::from_secs(10);

/// The slots of one phone.
pub(crate) struct Firmware {
    pub(crate) ports: FirmwarePorts,
    /// What they hold, as far as this phone knows.
    record: BootRecord,
    /// Whether the boot loader has been told of another load.
    switched: bool,
    progress: Option<Arc<Progress>>,
    /// Whether peers may be asked.
    #[cfg(feature = "sharing")]
    pub(crate) may_share: tokio::sync::watch::Sender<bool>,
}

/// How far a load has come; told by its task.
#[derive(Default)]
pub(crate) struct Progress {
    load: Mutex<String>,
    done: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// The manifest has come.
    pub(crate) fn begin(&self, load: &str, bytes: u64) {
        load.clone_into(&mut self.load.lock().unwrap_or_else(PoisonError::into_inner));
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// So many more bytes are in the slot.
    pub(crate) fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    fn shown(&self) -> LoadTransfer {
        let load = self.load.lock().unwrap_or_else(PoisonError::into_inner);
        LoadTransfer {
            load: load.clone(),
            done: self.done.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

impl Firmware {
    pub(crate) fn new(ports: FirmwarePorts, record: BootRecord) -> Self {
        Self {
            ports,
            record,
            switched: false,
            progress: None,
            #[cfg(feature = "sharing")]
            may_share: tokio::sync::watch::Sender::new(false),
        }
    }
}

#[cfg(feature = "sharing")]
impl Firmware {
    /// Whether the boot loader has been told of another load.
    pub(crate) const fn is_switched(&self) -> bool {
        self.switched
    }
}

impl Reactor {
    /// Tells a phone what is in its slots, before it boots.
    pub(crate) fn tell_slots(&mut self, phone: u32) {
        let seat = self.phones.seats.get(phone as usize);
        let firmware = seat.and_then(|seat| seat.firmware.as_ref());
        if firmware.is_some_and(|firmware| firmware.record.is_on_trial()) {
            self.on_trial.push(phone);
        }
        self.show_slots(phone);
    }

    /// Tells a phone what its slots hold now.
    fn show_slots(&mut self, phone: u32) {
        let seat = self.phones.seats.get(phone as usize);
        let Some(firmware) = seat.and_then(|seat| seat.firmware.as_ref()) else {
            return;
        };
        let record = &firmware.record;
        let held = match record.held(record.inactive()) {
            Held::Whole(load) => Some(load),
            Held::Unknown | Held::Part(_) => None,
        };
        let values = &mut self.phones.shared.values;
        let slots = Slots {
            //= R-FW-10
            // What no load from a server may be, none from a slot is either.
            inactive: held
                .filter(|load| load.counter >= record.floor)
                .and_then(|load| values.intern(&load.name, Secrecy::Plain)),
            fell_back: held.is_some_and(|load| load.failed),
        };
        self.queue(phone, Input::Fact(Fact::Slots(Some(slots))));
    }

    /// Fetches a load into the slot that does not run.
    pub(crate) fn upgrade(&mut self, phone: u32, op: OpId, request: &Request, now: Now) {
        // What makes the other slot free comes first.
        self.confirm_loads();
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let shared = &self.phones.shared;
        let Some((firmware, view)) = seat.firmware.as_mut().zip(seat.phone.view(shared)) else {
            // A phone without slots is never told of any, and upgrades nothing.
            self.queue(phone, Input::Upgraded(op, Err(Outcome::Flash.into())));
            return;
        };
        let running = seat.phone.model(shared);
        let wants = Wants {
            running: running.map_or_else(String::new, |model| model.software_version.clone()),
            limit: seat
                .phone
                .params()
                .text(known::DOWNGRADE_REV_LIMIT, view)
                .to_owned(),
        };
        let progress = Arc::new(Progress::default());
        firmware.progress = Some(Arc::clone(&progress));
        #[cfg(feature = "sharing")]
        let may_share = {
            firmware
                .may_share
                .send_replace(seat.phone.may_share(shared));
            firmware.may_share.subscribe()
        };
        let wired = wire(&seat.phone, shared, (op, request), MANIFEST_LIMIT, now);
        let fetchers = &seat.ports.fetch;
        let transfer = Transfer {
            phone,
            op,
            transport: fetchers.get(request.scheme),
            proxy_file: ProxyFile::of(&seat.phone, shared, &wired, fetchers, &self.proxy_script),
            request: wired,
            ports: firmware.ports.clone(),
            wants,
            progress,
            #[cfg(feature = "sharing")]
            may_share,
            inbox: self.inbox.clone(),
        };
        let url = match request.path.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        };
        let task = self.tasks.spawn(transfer.run());
        let brings = Brings::Load;
        seat.transfers.insert(op, Running { task, url, brings });
    }

    /// Tells a phone how its load came.
    pub(crate) fn upgraded(
        &mut self,
        phone: u32,
        op: OpId,
        record: Option<BootRecord>,
        mut result: Result<(), Failed>,
    ) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        // Ended by `cancel` just before: its completion is on the way.
        let Some(running) = seat.transfers.remove(&op) else {
            return;
        };
        if let Some(firmware) = &mut seat.firmware {
            firmware.progress = None;
            if let Some(record) = record {
                firmware.record = record;
            }
        }
        // Whatever became of the load: what was in the slot before is there no more.
        self.show_slots(phone);
        //= R-MACRO-20
        if let (Err(failed), Secrecy::Secret) = (&mut result, running.url) {
            HIDDEN.clone_into(&mut failed.message);
            failed.said = None;
        }
        let values = &mut self.phones.shared.values;
        let result = result.map_err(|failed| {
            tracing::warn!(phone, outcome = failed.outcome.code(), "{}", failed.message);
            Told {
                outcome: failed.outcome,
                said: failed
                    .said
                    .and_then(|said| values.intern(&said, Secrecy::Plain)),
            }
        });
        self.queue(phone, Input::Upgraded(op, result));
    }

    /// Tells the boot loader of the load in the other slot.
    pub(crate) fn activate(&mut self, phone: u32, op: OpId) {
        let seat = self.phones.seats.get(phone as usize);
        let Some(firmware) = seat.and_then(|seat| seat.firmware.as_ref()) else {
            self.queue(phone, Input::Activated(op, Committed::Failed));
            return;
        };
        let slots = Arc::clone(&firmware.ports.slots);
        let completion = self.completion(|result| Arrived::Activated { phone, op, result });
        self.tasks.spawn(async move {
            let result = slots.turn(Turn::Activate).await;
            let result = result.map_err(|error| describe(&error));
            completion.send(Arrived::Activated { phone, op, result });
        });
    }

    pub(crate) fn activated(&mut self, phone: u32, op: OpId, result: Result<(), String>) {
        let committed = match result {
            Ok(()) => {
                let seat = self.phones.seats.get_mut(phone as usize);
                if let Some(firmware) = seat.and_then(|seat| seat.firmware.as_mut()) {
                    firmware.switched = true;
                }
                Committed::Durable
            }
            Err(message) => {
                tracing::error!(phone, "{message}");
                Committed::Failed
            }
        };
        self.queue(phone, Input::Activated(op, committed));
    }

    /// Whether a phone that restarts comes up with another load.
    pub(crate) fn has_switched(&self, phone: u32) -> bool {
        let seat = self.phones.seats.get(phone as usize);
        let firmware = seat.and_then(|seat| seat.firmware.as_ref());
        firmware.is_some_and(|firmware| firmware.switched)
    }

    /// Confirms loads on trial whose phones are up, with their first resync behind them or none due.
    pub(crate) fn confirm_loads(&mut self) {
        let waiting = std::mem::take(&mut self.on_trial);
        for phone in waiting {
            let seat = self.phones.seats.get(phone as usize);
            let Some((seat, firmware)) =
                seat.and_then(|seat| Some((seat, seat.firmware.as_ref()?)))
            else {
                continue;
            };
            //= R-FW-9
            match seat.phone.state() {
                State::Off | State::BootDelay | State::Due(_) | State::Running(_) => {
                    self.on_trial.push(phone);
                    continue;
                }
                State::Dormant | State::Waiting | State::ErrorWait => {}
            }
            let slots = Arc::clone(&firmware.ports.slots);
            let network = Arc::clone(&firmware.ports.network);
            let completion = self.completion(|result| Arrived::Confirmed { phone, result });
            self.tasks.spawn(async move {
                //= R-FW-9
                // A resync that failed for want of a network says nothing for the load.
                while !network() {
                    tracing::warn!(
                        phone,
                        "the new load is not confirmed: no interface is up and has an address"
                    );
                    sleep(NETWORK).await;
                }
                let result = match slots.turn(Turn::Confirm).await {
                    Ok(()) => slots.record().await,
                    Err(error) => Err(error),
                };
                let result = result.map_err(|error| describe(&error));
                completion.send(Arrived::Confirmed { phone, result });
            });
        }
    }

    pub(crate) fn confirmed(&mut self, phone: u32, result: Result<BootRecord, String>) {
        match result {
            Ok(record) => {
                tracing::info!(phone, slot = %record.running, "the new load is confirmed");
                let seat = self.phones.seats.get_mut(phone as usize);
                if let Some(firmware) = seat.and_then(|seat| seat.firmware.as_mut()) {
                    firmware.record = record;
                    #[cfg(feature = "sharing")]
                    firmware.offer_anew();
                }
                //= R-FW-10
                // What is in the other slot may be too old by now.
                self.show_slots(phone);
            }
            // The next boot tries again.
            Err(message) => tracing::error!(phone, "the new load is not confirmed: {message}"),
        }
    }

    /// Asks for an upgrade; what comes of it is told by events.
    pub(crate) fn ask_upgrade(
        &mut self,
        phone: u32,
        origin: Origin,
        rule: Option<&Secret>,
        reply: Box<dyn Reply>,
    ) {
        let Some(seat) = self.phones.seats.get(phone as usize) else {
            return;
        };
        let shared = &self.phones.shared;
        let view = seat.phone.view(shared);
        //= R-UPG-10
        let enabled =
            view.is_some_and(|view| seat.phone.params().is_yes(known::UPGRADE_ENABLE, view));
        let refused = match (enabled, seat.phone.has_slots()) {
            (false, _) => Some("Upgrade_Enable is No: set it to Yes first"),
            (true, false) => Some(
                "this phone has no slots for firmware: write firmware.slot_a and firmware.slot_b",
            ),
            (true, true) => None,
        };
        if let Some(why) = refused {
            reply.answer(Answer::Refused(why.to_owned()));
            return;
        }
        let waits_for = if seat.phone.busy_lines() != 0 {
            Some(Delay::BusyLines)
        } else if matches!(seat.phone.state(), State::Running(_)) {
            Some(Delay::RunningResync)
        } else {
            None
        };
        match rule.map(|rule| self.intern_rule(rule)).transpose() {
            Ok(rule) => {
                self.queue(phone, Input::Command(origin, Command::Upgrade(rule)));
                //= R-FW-14
                reply.answer(waits_for.map_or(Answer::Done, Answer::Delayed));
            }
            Err(why) => reply.answer(Answer::Refused(why)),
        }
    }

    /// What a phone upgrades with at this moment.
    pub(crate) fn firmware_status(&self, phone: u32) -> Option<Box<FirmwareStatus>> {
        let seat = self.phones.seats.get(phone as usize)?;
        let firmware = seat.firmware.as_ref()?;
        Some(Box::new(FirmwareStatus {
            record: firmware.record.clone(),
            transfer: firmware.progress.as_ref().map(|progress| progress.shown()),
            error: render::upgrade_error(&seat.phone, &self.phones.shared),
        }))
    }
}
