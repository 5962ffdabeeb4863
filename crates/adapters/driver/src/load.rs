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
use tokio::time::Instant;

use crate::arrivals::{Arrived, Completion, PANICKED};
use crate::fetch::{Failed, describe, started};
use crate::firmware::Progress;
use crate::ports::FirmwarePorts;
use crate::route::ProxyFile;

/// Longest duration of the transfer of one component, however often it is taken up again.
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
    /// Whether peers may be asked, at this moment; ends when the phone does.
    #[cfg(feature = "sharing")]
    pub(crate) may_share: tokio::sync::watch::Receiver<bool>,
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
        #[cfg_attr(
            not(feature = "sharing"),
            expect(unused_mut, reason = "peers add to it")
        )]
        let mut present = slots.begin(&load).await.map_err(|error| flash(&error))?;
        let manifest = load.manifest();
        let held = present.iter().filter_map(|number| manifest.block(*number));
        self.progress.begin(&manifest.name, manifest.size());
        self.progress
            .add(held.map(|block| u64::from(block.length)).sum());
        tracing::info!(
            phone = self.phone,
            load = %manifest.name, key = %load.key(), held = present.len(), blocks = manifest.block_count(),
            "the manifest is signed by somebody trusted"
        );
        #[cfg(feature = "sharing")]
        let has_come = self.with_peers(&*transport, &load, &mut present).await?;
        #[cfg(not(feature = "sharing"))]
        let has_come = false;
        if !has_come {
            let receiver = Receiver::new(Arc::clone(&load), present);
            let mut blocks = Written {
                slots: &*slots,
                progress: &self.progress,
            };
            let asked = (&*transport, &mut self.request);
            components(self.phone, asked, (&load, receiver), &mut blocks).await?;
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
}

/// Fetches what is missing of a load, component by component.
pub(crate) async fn components(
    phone: u32,
    (transport, request): (&dyn Fetch, &mut Request),
    (load, mut receiver): (&Load, Receiver),
    blocks: &mut dyn Blocks,
) -> Result<(), Failed> {
    let folder = folder(&request.path).to_owned();
    for (number, component) in (0_u16..).zip(load.manifest().components()) {
        //= R-FW-7
        request.path = format!("{folder}{}", component.name);
        request.limit = component.size;
        let asked = (transport, &mut *request);
        fetch_component(phone, asked, (&mut receiver, number), blocks).await?;
    }
    Ok(())
}

/// Fetches what is missing of one component.
async fn fetch_component(
    phone: u32,
    (transport, request): (&dyn Fetch, &mut Request),
    (receiver, number): (&mut Receiver, u16),
    blocks: &mut dyn Blocks,
) -> Result<(), Failed> {
    let mut same = None;
    let until = Instant::now() + COMPONENT_TIMEOUT;
    while let Some(from) = receiver.first_missing(number) {
        let left = receiver.left();
        // However often it is taken up again.
        request.timeout = until.duration_since(Instant::now());
        if request.timeout.is_zero() {
            let (path, hours) = (&request.path, COMPONENT_TIMEOUT.as_secs() / 3600);
            let why = format!("{path} did not come within {hours} h");
            return Err(Failed::new(Outcome::Timeout, why));
        }
        request.part = (from > 0).then(|| Part {
            from,
            same: same.take(),
        });
        let mut sink = Component {
            receiver: &mut *receiver,
            number,
            asked: from,
            verified: Vec::new(),
            blocks: &mut *blocks,
            same: None,
            failed: None,
        };
        let fetched = transport.get(request, &mut sink).await;
        // What was whole when the connection ended is not lost.
        let _kept_in_failed = sink.drain().await;
        same = sink.same.take();
        if let Some(failed) = sink.failed.take() {
            let path = &request.path;
            return Err(Failed::new(
                failed.outcome,
                format!("{path}: {}", failed.message),
            ));
        }
        let came = receiver.left() < left;
        match fetched {
            Err(error) if !(came && is_cut_off(&error)) => return Err(Failed::of(&error)),
            // Without the URL, which may hold a password.
            Err(error) => {
                tracing::info!(phone, kind = ?error.kind(), "a transfer was cut off; it goes on")
            }
            Ok(_) if receiver.first_missing(number).is_some() && !came => {
                let why = format!("{} ends before its last byte", request.path);
                return Err(Failed::new(Outcome::Truncated, why));
            }
            Ok(_) => {}
        }
    }
    Ok(())
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
pub(crate) fn flash(error: &SlotError) -> Failed {
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

/// Where blocks go.
#[async_trait]
pub(crate) trait Blocks: Send {
    /// Takes a block.
    async fn block(&mut self, block: Verified) -> Result<(), Failed>;
}

/// Into the slot.
struct Written<'t> {
    slots: &'t dyn FirmwareSlots,
    progress: &'t Progress,
}

#[async_trait]
impl Blocks for Written<'_> {
    async fn block(&mut self, block: Verified) -> Result<(), Failed> {
        let length = block.bytes.len() as u64;
        let written = self.slots.write(block.number, block.bytes).await;
        written.map_err(|error| flash(&error))?;
        self.progress.add(length);
        Ok(())
    }
}

/// Takes a component, and hands its blocks on.
struct Component<'t> {
    receiver: &'t mut Receiver,
    number: u16,
    /// Where the request was to begin.
    asked: u64,
    /// Blocks on their way to the slot.
    verified: Vec<Verified>,
    blocks: &'t mut dyn Blocks,
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
            if let Err(failed) = self.blocks.block(block).await {
                self.failed = Some(failed);
                return Err(Refused);
            }
        }
        Ok(())
    }
}
