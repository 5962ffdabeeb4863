//! The ports that a phone is run with.

use std::sync::Arc;

use onhook_device::{Now, SipError};
use onhook_discovery::port::Redirector;
use onhook_fetch::Scheme;
use onhook_fetch::port::{CustomTrust, Fetch, Resolver, Upload};
use onhook_params::port::ConfigStore;
use onhook_phone::port::{EventLog, Message, StateStore, TrustStore};
use onhook_phone::report::ResyncReport;
use onhook_phone::{Effect, HeldCa, Input, Newcomer, Notice, Phone, RestartKind, Shared};

/// Who is asked beyond the options; whoever is missing cannot be reached.
#[derive(Clone, Default)]
pub struct Places {
    /// For SRV records.
    pub names: Option<Arc<dyn Resolver>>,
    /// For the directory.
    pub directory: Option<Arc<dyn Redirector>>,
}

/// The transports by scheme; a missing one is a failure that says so.
#[derive(Clone, Default)]
pub struct Fetchers {
    /// For `http`.
    pub http: Option<Arc<dyn Fetch>>,
    /// For `https`.
    pub https: Option<Arc<dyn Fetch>>,
    /// For `tftp`.
    pub tftp: Option<Arc<dyn Fetch>>,
}

impl Fetchers {
    pub(crate) fn get(&self, scheme: Scheme) -> Option<Arc<dyn Fetch>> {
        match scheme {
            Scheme::Http => self.http.clone(),
            Scheme::Https => self.https.clone(),
            Scheme::Tftp => self.tftp.clone(),
        }
    }
}

/// The transports of reports by scheme; a missing one is a failure that says so.
#[derive(Clone, Default)]
pub struct Uploaders {
    /// For `http`.
    pub http: Option<Arc<dyn Upload>>,
    /// For `https`.
    pub https: Option<Arc<dyn Upload>>,
    /// For `tftp`.
    pub tftp: Option<Arc<dyn Upload>>,
}

#[cfg(feature = "reports")]
impl Uploaders {
    pub(crate) fn get(&self, scheme: Scheme) -> Option<Arc<dyn Upload>> {
        match scheme {
            Scheme::Http => self.http.clone(),
            Scheme::Https => self.https.clone(),
            Scheme::Tftp => self.tftp.clone(),
        }
    }
}

/// What one phone is run with.
#[derive(Clone)]
pub struct Ports {
    /// Transports.
    pub fetch: Fetchers,
    /// Transports of reports.
    pub upload: Uploaders,
    /// Who is asked for a server while the phone is out of the box.
    pub places: Places,
    /// Parameters.
    pub config: Arc<dyn ConfigStore>,
    /// State record.
    pub state: Arc<dyn StateStore>,
    /// The phone's messages.
    pub log: Arc<dyn EventLog>,
}

/// What keeps a custom CA, and who believes it.
#[derive(Clone)]
pub struct TrustPorts {
    /// Its record.
    pub store: Arc<dyn TrustStore>,
    /// TLS.
    pub trust: Arc<dyn CustomTrust>,
}

/// What a phone upgrades its firmware with.
#[cfg(feature = "firmware")]
#[derive(Clone)]
pub struct FirmwarePorts {
    /// Where loads go.
    pub slots: Arc<dyn onhook_upgrade::port::FirmwareSlots>,
    /// Whose loads count.
    pub signatures: Arc<dyn onhook_crypto::port::SignatureCheck>,
    /// Whether there is a network at this moment; a load is not confirmed before (R-FW-9).
    pub network: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Whom loads are shared with; `None` for nobody.
    #[cfg(feature = "sharing")]
    pub peers: Option<crate::PeerPorts>,
}

/// Watches what the phones of a reactor do; for event streams and demonstrations.
pub trait Observer: Send {
    /// Something worth telling happened. `url` is the URL of a started request.
    fn notice(&mut self, phone: u32, now: Now, notice: &Notice, url: Option<&str>);

    /// A message went to the log.
    fn message(&mut self, phone: u32, now: Now, message: &Message);

    /// A resync ended.
    fn resync(&mut self, phone: u32, now: Now, report: &ResyncReport);

    /// The phone restarts.
    fn restart(&mut self, phone: u32, now: Now, kind: RestartKind);

    /// A custom CA was stored, and is believed from now on. The default ignores it.
    fn trusted(&mut self, phone: u32, now: Now, held: &HeldCa) {
        let _ = (phone, now, held);
    }

    /// The network names another server than before, the first of the two. The default ignores it.
    fn server_changed(&mut self, phone: u32, now: Now, servers: [&str; 2], newcomer: Newcomer) {
        let _ = (phone, now, servers, newcomer);
    }

    /// A request of SIP failed on a line, from 1. The default ignores it.
    fn sip_error(&mut self, phone: u32, now: Now, line: u8, code: SipError) {
        let _ = (phone, now, line, code);
    }

    /// A phone is about to take a timer, a boot or a command that was due at a time, perhaps before now. The default ignores it.
    #[cfg(feature = "fleet")]
    fn due(&mut self, phone: u32, at: onhook_device::MonoTime) {
        let _ = (phone, at);
    }

    /// A resync of a phone, or its boot, was due at a time, and had not begun when the reactor stopped. The default ignores it.
    #[cfg(feature = "fleet")]
    fn overdue(&mut self, phone: u32, at: onhook_device::MonoTime) {
        let _ = (phone, at);
    }

    /// A file was fetched and decoded, or was not; `None` if the transfer failed.
    fn fetched(&mut self, phone: u32, now: Now, fetched: Option<&Fetched>);
}

/// Keeps what one phone is told and what it answers, so that it can be done again.
pub trait Recorder: Send {
    /// The phone is about to take an input.
    fn input(&mut self, now: Now, input: &Input, shared: &Shared);

    /// It has taken it, and wants this done.
    fn effects(&mut self, effects: &[Effect], phone: &Phone, shared: &Shared);
}

/// What is known of a file that was fetched and decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetched {
    /// Bytes received.
    pub bytes: u64,
    /// `salted-md5`, `salted-sha256`, `rfc8188` or `none`.
    pub container: &'static str,
    /// Whether the file was compressed.
    pub gzip: bool,
}
