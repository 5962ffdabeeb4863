//! The custom CA: fetched, read, stored, and only then believed.

mod asked;

use std::sync::Arc;

use onhook_device::{Now, Outcome};
use onhook_fetch::port::{CustomTrust, Fetch};
use onhook_fetch::{Certificates, Endpoint};
use onhook_params::Secrecy;
use onhook_phone::{CaSource, CustomCa, HeldCa, Input, OpId, Request, Told, TrustRecord, render};
use tokio::sync::mpsc;

use crate::arrivals::{Arrived, Completion, HIDDEN, PANICKED};
use crate::execute::wire;
use crate::fetch::{Failed, Sink, receive};
use crate::ports::TrustPorts;
use crate::reactor::{Brings, Reactor, Running};

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

/// One transfer, owned by its task.
struct CaTransfer {
    phone: u32,
    op: OpId,
    source: CaSource,
    origin: String,
    transport: Option<Arc<dyn Fetch>>,
    request: onhook_fetch::Request,
    trust: Arc<dyn CustomTrust>,
    inbox: mpsc::UnboundedSender<Arrived>,
}

impl CaTransfer {
    /// Fetches and reads, and sends the completion.
    async fn run(self) {
        let fetched = |result| {
            Arrived::CaFetched(Box::new(CaFetched {
                phone: self.phone,
                op: self.op,
                source: self.source,
                origin: self.origin.clone(),
                result,
            }))
        };
        let panicked = Failed::new(Outcome::Internal, PANICKED.to_owned());
        let completion = Completion::new(self.inbox.clone(), fetched(Err(panicked)));
        let mut sink = Sink::new(self.phone, self.op, self.inbox.clone());
        let result = receive(self.transport.as_ref(), &self.request, &mut sink).await;
        let result = result.and_then(|()| self.read(&sink.body));
        completion.send(fetched(result));
    }

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
        let transfer = CaTransfer {
            phone,
            op,
            source,
            origin: render::url(request, &shared.values),
            transport: seat.ports.fetch.get(request.scheme),
            request: wire(&seat.phone, shared, request, CA_LIMIT, now),
            trust: Arc::clone(&trust.ports.trust),
            inbox: self.inbox.clone(),
        };
        let url = match request.path.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        };
        let task = self.tasks.spawn(transfer.run());
        let brings = Brings::CustomCa;
        seat.transfers.insert(op, Running { task, url, brings });
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
        let turn = seat.storage.turn();
        seat.writes += 1;
        let completion = self.completion(|result| Arrived::CaStored { phone, op, result });
        self.tasks.spawn(async move {
            let result = turn.write(store.save_trust(&bytes)).await;
            completion.send(Arrived::CaStored { phone, op, result });
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
        let turn = seat.storage.turn();
        seat.writes += 1;
        let completion = self.completion(|result| Arrived::CaForgotten { phone, result });
        self.tasks.spawn(async move {
            let forget = async { store.reset_trust().await.map(|()| true) };
            let result = turn.write(forget).await;
            completion.send(Arrived::CaForgotten { phone, result });
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
