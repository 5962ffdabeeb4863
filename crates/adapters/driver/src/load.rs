//! One load as a task: its manifest, then its components, block by block into the slot.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::Outcome;
use onhook_fetch::port::Fetch;
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Head, Part, Refused, Request};
use onhook_phone::OpId;
use onhook_upgrade::port::{FirmwareSlots, SlotError};
use onhook_upgrade::{BadBytes, Load, LoadFault, MANIFEST_LIMIT, Receiver, Verified, Wanted};
use tokio::sync::mpsc;

use crate::arrivals::{Arrived, Completion, PANICKED};
use crate::fetch::{Failed, describe, started};
use crate::firmware::Progress;
use crate::ports::FirmwarePorts;
use crate::route::ProxyFile;

/// Longest duration of the transfer of one component.
const COMPONENT_TIMEOUT: Duration = Duration::from_secs(3600);

/// What a phone knows of itself that a load has to fit.
pub(crate) struct Wants {
    /// The name of the load that runs.
    pub(crate) running: String,
    /// Downgrade_Rev_Limit.
    pub(crate) limit: String,
}

/// Everything that the fetch of a load needs, owned by its task.
pub(crate) struct Transfer {
    pub(crate) phone: u32,
    pub(crate) op: OpId,
    pub(crate) transport: Option<Arc<dyn Fetch>>,
    /// The request for the manifest.
    pub(crate) request: Request,
    /// The file that names the proxy.
    pub(crate) proxy_file: Option<ProxyFile>,
    pub(crate) ports: FirmwarePorts,
    pub(crate) wants: Wants,
    pub(crate) progress: Arc<Progress>,
    pub(crate) inbox: mpsc::UnboundedSender<Arrived>,
}

impl Transfer {
    /// Fetches, checks and writes, and sends the completion.
    pub(crate) async fn run(mut self) {
        let (phone, op) = (self.phone, self.op);
        let arrived = |record, result| Arrived::Upgraded {
            phone,
            op,
            record,
            result,
        };
        let panicked = Failed::new(Outcome::Internal, PANICKED.to_owned());
        let panicked = arrived(None, Err(panicked));
        let completion = Completion::new(self.inbox.clone(), panicked);
        let result = self.fetch().await;
        let record = self.ports.slots.record().await.ok();
        completion.send(arrived(record, result));
    }

    async fn fetch(&mut self) -> Result<(), Failed> {
        if let Some(file) = &self.proxy_file {
            self.request.proxy = file.proxy_for(&self.request).await?;
        }
        let Some(transport) = self.transport.clone() else {
            started(&self.inbox, self.phone, self.op, Endpoint { ip: None }).await;
            let scheme = self.request.scheme;
            let why = format!("this program has no transport for {scheme}: use an http URL");
            return Err(Failed::new(Outcome::BadUrl, why));
        };
        let load = self.manifest(&*transport).await?;
        let slots = Arc::clone(&self.ports.slots);
        let present = slots.begin(&load).await.map_err(|error| flash(&error))?;
        let manifest = load.manifest();
        let held = present.iter().filter_map(|number| manifest.block(*number));
        self.progress.begin(&manifest.name, manifest.size());
        self.progress
            .add(held.map(|block| u64::from(block.length)).sum());
        let mut receiver = Receiver::new(Arc::clone(&load), present);
        tracing::info!(
            phone = self.phone,
            load = %manifest.name, key = %load.key(), missing = receiver.left(), blocks = manifest.block_count(),
            "the manifest is signed by somebody trusted"
        );
        let folder = folder(&self.request.path).to_owned();
        self.request.timeout = COMPONENT_TIMEOUT;
        for (number, component) in (0_u16..).zip(manifest.components()) {
            //= R-FW-7
            self.request.path = format!("{folder}{}", component.name);
            self.request.limit = component.size;
            self.component(&*transport, &mut receiver, number).await?;
        }
        slots.finish().await.map_err(|error| flash(&error))
    }

    /// The manifest, if the load is to be taken.
    async fn manifest(&self, transport: &dyn Fetch) -> Result<Arc<Load>, Failed> {
        let mut sink = Manifest {
            transfer: self,
            text: Vec::new(),
        };
        transport
            .get(&self.request, &mut sink)
            .await
            .map_err(|error| Failed::of(&error))?;
        let text = sink.text;
        let record = self.ports.slots.record().await;
        let floor = record.map_err(|error| flash(&error))?.floor;
        let wanted = Wanted {
            path: &self.request.path,
            running: &self.wants.running,
            limit: &self.wants.limit,
            floor,
        };
        Load::read(&text, &*self.ports.signatures, &wanted)
            .map(Arc::new)
            .map_err(|fault| refused(&fault))
    }

    /// What is missing of one component.
    async fn component(
        &mut self,
        transport: &dyn Fetch,
        receiver: &mut Receiver,
        number: u16,
    ) -> Result<(), Failed> {
        let mut same = None;
        while let Some(from) = receiver.first_missing(number) {
            let left = receiver.left();
            self.request.part = (from > 0).then(|| Part {
                from,
                same: same.take(),
            });
            let mut sink = Component {
                receiver: &mut *receiver,
                number,
                asked: from,
                verified: Vec::new(),
                slots: &*self.ports.slots,
                progress: &self.progress,
                same: None,
                failed: None,
            };
            let fetched = transport.get(&self.request, &mut sink).await;
            // What was whole when the connection ended is not lost.
            let _kept_in_failed = sink.drain().await;
            same = sink.same.take();
            if let Some(failed) = sink.failed.take() {
                let path = &self.request.path;
                return Err(Failed::new(
                    failed.outcome,
                    format!("{path}: {}", failed.message),
                ));
            }
            let came = receiver.left() < left;
            match fetched {
                Err(error) if !(came && is_cut_off(&error)) => return Err(Failed::of(&error)),
                Err(error) => tracing::info!(phone = self.phone, "{error}; the transfer goes on"),
                Ok(_) if receiver.first_missing(number).is_some() && !came => {
                    let why = format!("{} ends before its last byte", self.request.path);
                    return Err(Failed::new(Outcome::Truncated, why));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

/// Whether a transfer that failed so can be taken up again.
const fn is_cut_off(error: &FetchError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Truncated | ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::TftpTimeout
    )
}

/// The folder of a path, with its last slash and without query.
fn folder(path: &str) -> &str {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    path.rfind('/')
        .and_then(|slash| path.get(..=slash))
        .unwrap_or("/")
}

/// A load that is not to be taken.
fn refused(fault: &LoadFault) -> Failed {
    Failed::new(fault.outcome(), describe(fault))
}

/// A slot that does not take a load.
fn flash(error: &SlotError) -> Failed {
    Failed::new(Outcome::Flash, describe(error))
}

/// Takes a manifest, and lets its request be logged.
struct Manifest<'t> {
    transfer: &'t Transfer,
    text: Vec<u8>,
}

#[async_trait]
impl BodySink for Manifest<'_> {
    async fn started(&mut self, endpoint: Endpoint) {
        let Transfer {
            inbox, phone, op, ..
        } = self.transfer;
        started(inbox, *phone, *op, endpoint).await;
    }

    fn head(&mut self, head: &Head) {
        let length = head.length.unwrap_or(0).min(MANIFEST_LIMIT);
        self.text.reserve(usize::try_from(length).unwrap_or(0));
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.text.extend_from_slice(bytes);
        Ok(())
    }
}

/// Takes a component, and hands its blocks to the slot.
struct Component<'t> {
    receiver: &'t mut Receiver,
    number: u16,
    /// Where the request was to begin.
    asked: u64,
    /// Blocks on their way to the slot.
    verified: Vec<Verified>,
    slots: &'t dyn FirmwareSlots,
    progress: &'t Progress,
    same: Option<String>,
    failed: Option<Failed>,
}

impl Component<'_> {
    fn bad(&mut self, bad: BadBytes) -> Refused {
        //= R-FW-8
        self.failed = Some(Failed::new(Outcome::Signature, bad.to_string()));
        Refused
    }
}

#[async_trait]
impl BodySink for Component<'_> {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, head: &Head) {
        self.same.clone_from(&head.validator);
        if let Err(bad) = self.receiver.begin(self.number, head.from, self.asked) {
            self.bad(bad);
        }
    }

    fn chunk(&mut self, mut bytes: &[u8]) -> Result<(), Refused> {
        if self.failed.is_some() {
            return Err(Refused);
        }
        loop {
            match self.receiver.take(&mut bytes) {
                Ok(Some(block)) => self.verified.push(block),
                Ok(None) => return Ok(()),
                Err(bad) => return Err(self.bad(bad)),
            }
        }
    }

    fn is_full(&self) -> bool {
        !self.verified.is_empty()
    }

    async fn drain(&mut self) -> Result<(), Refused> {
        for block in std::mem::take(&mut self.verified) {
            let length = block.bytes.len() as u64;
            if let Err(error) = self.slots.write(block.number, block.bytes).await {
                self.failed = Some(flash(&error));
                return Err(Refused);
            }
            self.progress.add(length);
        }
        Ok(())
    }
}
