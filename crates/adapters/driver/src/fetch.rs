//! One transfer as a task: fetch, then read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::{Outcome, SecretRef};
use onhook_fetch::port::Fetch;
use onhook_fetch::{BodySink, Endpoint, FetchError, Head, Refused, Scheme};
use onhook_params::Scope;
use onhook_phone::OpId;
use onhook_profile::{DecodeSpec, Decoded, Limits, decode};
use onhook_schedule::port::Clock;
use tokio::sync::{mpsc, oneshot};

use crate::arrivals::{Arrived, Completion, PANICKED};
use crate::route::ProxyFile;
use crate::vault::TaskVault;

/// Largest profile as received (architecture limits).
pub(crate) const PROFILE_LIMIT: u64 = 5 * 1024 * 1024;

/// Longest duration of the fetch of one profile, or of a custom CA.
pub(crate) const fn fetch_timeout(scheme: Scheme) -> Duration {
    match scheme {
        //= R-TFTP-15
        Scheme::Tftp => Duration::from_secs(300),
        //= R-HTTP-17
        Scheme::Http | Scheme::Https => Duration::from_secs(180),
    }
}

/// How much is reserved for a body of announced length; the rest grows as it arrives.
const RESERVE_LIMIT: u64 = 256 * 1024;

/// What came of a transfer.
pub(crate) struct Finished {
    pub(crate) phone: u32,
    pub(crate) op: OpId,
    pub(crate) bytes: u64,
    pub(crate) ms: u64,
    pub(crate) result: Result<Arc<Decoded>, Failed>,
}

/// How a transfer failed.
pub(crate) struct Failed {
    pub(crate) outcome: Outcome,
    /// What the server said; `$ERR` repeats it.
    pub(crate) said: Option<String>,
    /// What to tell the operator.
    pub(crate) message: String,
    /// How much had come by then.
    bytes: u64,
}

impl Failed {
    pub(crate) const fn new(outcome: Outcome, message: String) -> Self {
        Self {
            outcome,
            said: None,
            message,
            bytes: 0,
        }
    }

    /// What a transport says.
    pub(crate) fn of(error: &FetchError) -> Self {
        Self {
            said: error.said().map(str::to_owned),
            ..Self::new(error.kind().into(), describe(error))
        }
    }
}

/// What becomes of the body of a transfer.
pub(crate) trait Reads: Send {
    /// What is told of a transfer: of what came, or why nothing did. Also of one that never began.
    fn told(&self, received: Result<Received, Failed>, elapsed_ms: &dyn Fn() -> u64) -> Arrived;

    /// The body with what it takes to read it, if that can be done elsewhere; what came of it is put back.
    #[cfg(feature = "fleet")]
    fn file(&mut self, received: &mut Received) -> Option<crate::fleet::File> {
        let _ = received;
        None
    }
}

/// A body with what was announced of it.
pub(crate) struct Received {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// Bytes that came.
    pub(crate) bytes: u64,
    /// What somebody else has read.
    #[cfg(feature = "fleet")]
    pub(crate) read: Option<crate::fleet::Read>,
}

/// Everything one transfer needs, owned by its task.
pub(crate) struct Transfer {
    pub(crate) phone: u32,
    pub(crate) op: OpId,
    pub(crate) transport: Option<Arc<dyn Fetch>>,
    pub(crate) request: onhook_fetch::Request,
    /// The file that names the proxy.
    pub(crate) proxy_file: Option<ProxyFile>,
    pub(crate) reads: Box<dyn Reads>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inbox: mpsc::UnboundedSender<Arrived>,
    /// Who reads files, if it is not this task.
    #[cfg(feature = "fleet")]
    pub(crate) decoder: Option<Arc<dyn crate::fleet::Decoder>>,
}

impl Transfer {
    /// Fetches and reads, and sends the completion.
    pub(crate) async fn run(mut self) {
        let started = self.clock.now().mono;
        let elapsed_ms = || {
            let span = self.clock.now().mono.since(started);
            u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
        };
        let panicked = Failed::new(Outcome::Internal, PANICKED.to_owned());
        let panicked = self.reads.told(Err(panicked), &|| 0);
        let completion = Completion::new(self.inbox.clone(), panicked);
        let mut sink = Sink {
            phone: self.phone,
            op: self.op,
            head: Head::default(),
            body: Vec::new(),
            inbox: self.inbox.clone(),
        };
        let way = match &self.proxy_file {
            Some(file) => {
                let proxy = file.proxy_for(&self.request).await;
                proxy.map(|proxy| self.request.proxy = proxy)
            }
            None => Ok(()),
        };
        let received = match way {
            Ok(()) => receive(self.transport.as_ref(), &self.request, &mut sink).await,
            Err(failed) => Err(failed),
        };
        let received = match received {
            Ok(()) => Ok(Received {
                head: sink.head,
                bytes: sink.body.len() as u64,
                body: sink.body,
                #[cfg(feature = "fleet")]
                read: None,
            }),
            Err(failed) => Err(Failed {
                bytes: sink.body.len() as u64,
                ..failed
            }),
        };
        #[cfg(feature = "fleet")]
        let received = match (received, &self.decoder) {
            (Ok(mut received), Some(decoder)) => {
                if let Some(file) = self.reads.file(&mut received) {
                    received.read = Some(decoder.decode(file).await);
                }
                Ok(received)
            }
            (received, _) => received,
        };
        completion.send(self.reads.told(received, &elapsed_ms));
    }
}

/// Fetches a body into a sink.
async fn receive(
    transport: Option<&Arc<dyn Fetch>>,
    request: &onhook_fetch::Request,
    sink: &mut Sink,
) -> Result<(), Failed> {
    let Some(transport) = transport else {
        sink.started(Endpoint { ip: None }).await;
        let scheme = request.scheme;
        return Err(Failed::new(
            Outcome::BadUrl,
            format!("this program has no transport for {scheme}: use an http URL"),
        ));
    };
    match transport.get(request, sink).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failed::of(&error)),
    }
}

/// Reads a profile.
pub(crate) struct ProfileReader {
    pub(crate) phone: u32,
    pub(crate) op: OpId,
    pub(crate) key: Option<SecretRef>,
    /// The value of IKM_HTTP_Encrypt_Content.
    pub(crate) ikm: Option<SecretRef>,
    pub(crate) vault: TaskVault,
    /// The alias map; empty for none.
    pub(crate) aliases: String,
    pub(crate) scope: Scope,
}

impl Reads for ProfileReader {
    fn told(&self, received: Result<Received, Failed>, elapsed_ms: &dyn Fn() -> u64) -> Arrived {
        let bytes = match &received {
            Ok(received) => received.bytes,
            Err(failed) => failed.bytes,
        };
        let result = received.and_then(|received| self.decode(received));
        Arrived::Fetched(Box::new(Finished {
            phone: self.phone,
            op: self.op,
            bytes,
            ms: elapsed_ms(),
            result,
        }))
    }

    #[cfg(feature = "fleet")]
    fn file(&mut self, received: &mut Received) -> Option<crate::fleet::File> {
        Some(crate::fleet::File {
            body: std::mem::take(&mut received.body),
            key: self.vault.copy(self.key),
            ikm: self.vault.copy(self.ikm),
            aliases: self.aliases.clone(),
            scope: self.scope,
            aes128gcm: received.head.aes128gcm,
        })
    }
}

impl ProfileReader {
    fn decode(&self, received: Received) -> Result<Arc<Decoded>, Failed> {
        #[cfg(feature = "fleet")]
        if let Some(read) = received.read {
            return read.map_err(|(outcome, message)| Failed::new(outcome, message));
        }
        let spec = DecodeSpec {
            scope: self.scope,
            aliases: &self.aliases,
            key: self.key,
            ikm: self.ikm,
            aes128gcm: received.head.aes128gcm,
            limits: Limits::default(),
        };
        decode(received.body, &spec, &self.vault)
            .map(Arc::new)
            .map_err(|error| Failed::new(error.outcome(), error.to_string()))
    }
}

/// The error with its causes, each once.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Tells that the address of a transfer is known, and waits until its request has been logged.
pub(crate) async fn started(
    inbox: &mpsc::UnboundedSender<Arrived>,
    phone: u32,
    op: OpId,
    endpoint: Endpoint,
) {
    let (logged, wait) = oneshot::channel();
    let arrived = Arrived::Started {
        phone,
        op,
        endpoint,
        logged,
    };
    if inbox.send(arrived).is_ok() {
        // An error means that the reactor is gone, and this task with it.
        let _ = wait.await;
    }
}

/// Collects a body and holds the transfer until its request has been logged.
struct Sink {
    phone: u32,
    op: OpId,
    head: Head,
    body: Vec<u8>,
    inbox: mpsc::UnboundedSender<Arrived>,
}

#[async_trait]
impl BodySink for Sink {
    async fn started(&mut self, endpoint: Endpoint) {
        started(&self.inbox, self.phone, self.op, endpoint).await;
    }

    fn head(&mut self, head: &Head) {
        self.head = head.clone();
        let reserve = head.length.unwrap_or(0).min(RESERVE_LIMIT);
        self.body.reserve(usize::try_from(reserve).unwrap_or(0));
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.body.extend_from_slice(bytes);
        Ok(())
    }
}
