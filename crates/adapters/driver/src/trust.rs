//! The custom CA: fetched, read, stored, and only then believed.

mod asked;

use std::sync::Arc;

use onhook_device::{Now, Outcome};
use onhook_fetch::port::CustomTrust;
use onhook_fetch::{Certificates, Endpoint};
use onhook_params::Secrecy;
use onhook_phone::{CaSource, CustomCa, HeldCa, Input, OpId, Request, Told, TrustRecord, render};

use crate::arrivals::{Arrived, HIDDEN};
use crate::execute::wire;
use crate::fetch::{Failed, Reads, Received};
use crate::ports::TrustPorts;
use crate::reactor::{Brings, Reactor};

//= R-HTTP-16
/// Largest file of certificates as received.
const CA_LIMIT: u64 = 1024 * 1024;
/// What a phone answers that has no place for a custom CA.
const NO_TRUST: &str = "this program keeps no custom CA: it was built without TLS";

/// The custom CA of one phone.
pub(crate) struct Trust {
    ports: TrustPorts,
    record: TrustRecord,
    /// What is being stored.
    pending: Vec<(OpId, Pending)>,
}

/// How a fetch ended that is not durable yet.
struct Pending {
    record: TrustRecord,
    failed: Option<Failed>,
}

impl Trust {
    pub(crate) const fn new(ports: TrustPorts, record: TrustRecord) -> Self {
        Self {
            ports,
            record,
            pending: Vec::new(),
        }
    }

    pub(crate) const fn ports(&self) -> &TrustPorts {
        &self.ports
    }

    pub(crate) const fn record(&self) -> &TrustRecord {
        &self.record
    }

    /// Believes nobody besides the built-in roots.
    pub(crate) fn forget(&mut self) {
        self.record = TrustRecord::default();
        if let Err(error) = self.ports.trust.believe(&[]) {
            tracing::error!("the custom CA is still believed: {error}");
        }
    }
}

/// A file of certificates that came, or did not.
pub(crate) struct CaFetched {
    phone: u32,
    op: OpId,
    source: CaSource,
    /// Its URL without secrets.
    origin: String,
    result: Result<Certificates, Failed>,
}

/// Reads a file of certificates.
struct CaReader {
    phone: u32,
    op: OpId,
    source: CaSource,
    origin: String,
    trust: Arc<dyn CustomTrust>,
}

impl Reads for CaReader {
    fn told(&self, received: Result<Received, Failed>, _elapsed_ms: &dyn Fn() -> u64) -> Arrived {
        Arrived::CaFetched(Box::new(CaFetched {
            phone: self.phone,
            op: self.op,
            source: self.source,
            origin: self.origin.clone(),
            result: received.and_then(|received| self.read(&received.body)),
        }))
    }
}

impl CaReader {
    fn read(&self, file: &[u8]) -> Result<Certificates, Failed> {
        let outcome = match file {
            [] => Outcome::EmptyFile,
            _ => Outcome::ParseFailed,
        };
        //= R-TLS-8
        self.trust
            .read(file)
            .map_err(|error| Failed::new(outcome, format!("{}: {error}", self.origin)))
    }
}

impl Reactor {
    pub(crate) fn fetch_trust(
        &mut self,
        phone: u32,
        op: OpId,
        source: CaSource,
        request: &Request,
        now: Now,
    ) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let Some(trust) = &seat.trust else {
            tracing::warn!(phone, "{NO_TRUST}");
            seat.waiting.ca_failed(NO_TRUST.to_owned());
            let result = Err(Outcome::Internal.into());
            self.queue(phone, Input::FetchStarted(op, Endpoint { ip: None }));
            self.queue(phone, Input::TrustDone(op, result));
            return;
        };
        let shared = &self.phones.shared;
        let reader = CaReader {
            phone,
            op,
            source,
            origin: render::url(request, &shared.values),
            trust: Arc::clone(&trust.ports.trust),
        };
        let request = (
            request,
            wire(&seat.phone, shared, (op, request), CA_LIMIT, now),
        );
        self.transfer(phone, op, request, Box::new(reader), Brings::CustomCa);
    }

    /// Stores what came, or how its fetch failed.
    pub(crate) fn ca_fetched(&mut self, fetched: CaFetched) {
        let CaFetched {
            phone,
            op,
            source,
            origin,
            result,
        } = fetched;
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        // Ended by `cancel` just before: its completion is on the way.
        let (Some(running), Some(trust)) = (seat.transfers.remove(&op), &mut seat.trust) else {
            return;
        };
        let (record, failed) = match result {
            Ok(Certificates {
                der,
                name,
                fingerprint,
            }) => {
                let held = HeldCa {
                    source,
                    origin,
                    name,
                    fingerprint,
                    certificates: der,
                };
                let record = TrustRecord {
                    held: Some(held),
                    failure: None,
                };
                (record, None)
            }
            Err(mut failed) => {
                //= R-MACRO-20
                if running.url == Secrecy::Secret {
                    HIDDEN.clone_into(&mut failed.message);
                    failed.said = None;
                }
                let err = match &failed.said {
                    Some(said) => format!("{}: {said}", failed.outcome),
                    None => failed.outcome.to_string(),
                };
                //= R-TLS-8
                let record = TrustRecord {
                    failure: Some(err),
                    ..trust.record.clone()
                };
                (record, Some(failed))
            }
        };
        let bytes = record.encode();
        trust.pending.push((op, Pending { record, failed }));
        let store = Arc::clone(&trust.ports.store);
        let work = async move { store.save_trust(&bytes).await };
        self.write(phone, Box::pin(work), move |result| Arrived::CaStored {
            phone,
            op,
            result,
        });
    }

    /// Believes what is durable now, and tells the phone.
    pub(crate) fn ca_stored(&mut self, phone: u32, op: OpId, result: Result<bool, String>) {
        let now = self.clock.now();
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        seat.writes = seat.writes.saturating_sub(1);
        let Some(trust) = &mut seat.trust else {
            return;
        };
        let Some(at) = trust
            .pending
            .iter()
            .position(|(under_way, _)| *under_way == op)
        else {
            return;
        };
        let (_, Pending { record, failed }) = trust.pending.remove(at);
        let failed = match (failed, result, &record.held) {
            (None, Ok(_), Some(held)) => match trust.ports.trust.believe(&held.certificates) {
                Ok(()) => None,
                Err(error) => Some(Failed::new(Outcome::Internal, error.to_string())),
            },
            (None, Ok(_), None) => None,
            (None, Err(message), _) => Some(Failed::new(Outcome::Internal, message)),
            (Some(failed), Ok(_), _) => {
                trust.record = record.clone();
                Some(failed)
            }
            (Some(failed), Err(message), _) => {
                tracing::error!(phone, "{message}");
                Some(failed)
            }
        };
        let values = &mut self.phones.shared.values;
        let result = match (failed, record.held) {
            (None, None) => return,
            (None, Some(held)) => {
                //= R-TLS-10
                tracing::info!(
                    phone,
                    fingerprint = %held.fingerprint,
                    certificates = held.certificates.len(),
                    "the custom CA {:?} from {} is believed from now on",
                    held.name,
                    held.origin
                );
                self.observer.trusted(phone, now, &held);
                let ca = CustomCa {
                    name: values.intern(&held.name, Secrecy::Plain),
                    fingerprint: held.fingerprint,
                    certificates: u16::try_from(held.certificates.len()).unwrap_or(u16::MAX),
                };
                trust.record = TrustRecord {
                    held: Some(held),
                    failure: None,
                };
                Ok(ca)
            }
            (Some(failed), _) => {
                tracing::warn!(phone, outcome = failed.outcome.code(), "{}", failed.message);
                seat.reporter.ca_failed(&failed.message);
                seat.waiting.ca_failed(failed.message);
                Err(Told {
                    outcome: failed.outcome,
                    said: failed
                        .said
                        .and_then(|said| values.intern(&said, Secrecy::Plain)),
                })
            }
        };
        self.queue(phone, Input::TrustDone(op, result));
    }

    /// Believes no custom CA any more.
    pub(crate) fn forget_trust(&mut self, phone: u32) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let Some(trust) = &mut seat.trust else {
            return;
        };
        trust.forget();
        let store = Arc::clone(&trust.ports.store);
        let work = async move { store.reset_trust().await.map(|()| true) };
        self.write(phone, Box::pin(work), move |result| Arrived::CaForgotten {
            phone,
            result,
        });
    }

    pub(crate) fn ca_forgotten(&mut self, phone: u32, result: Result<bool, String>) {
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            seat.writes = seat.writes.saturating_sub(1);
        }
        // What could not be removed is removed when the program starts again.
        if let Err(message) = result {
            tracing::error!(phone, "the custom CA is still stored: {message}");
        }
    }
}
