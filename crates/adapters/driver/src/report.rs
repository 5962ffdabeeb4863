//! Reports: what those of the configuration hold, sealed, and how all are sent.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_crypto::{Digest, RECORDS_SALT, encrypt, keying_material, seal, sha256};
use onhook_device::{Family, Now, Outcome, Secret};
use onhook_fetch::port::Upload;
use onhook_fetch::{Endpoint, Method, Submission, UploadWatch};
use onhook_params::{ParamId, Secrecy};
use onhook_phone::{Content, Input, OpId, Phone, Request, Shared, Snapshot, Told, render};
use onhook_profile::export;
use tokio::sync::mpsc;

use crate::arrivals::{Arrived, Completion, HIDDEN, PANICKED};
use crate::execute::{account, wire};
use crate::exported::exported;
use crate::fetch::{Failed, started};
use crate::reactor::{Brings, Reactor, Running};
use crate::route::ProxyFile;

/// Octets of a record of RFC 8188 in a report (R-GCM-6).
const RECORD: u32 = 4096;

impl Reactor {
    /// Sends a report.
    pub(crate) fn report(
        &mut self,
        phone: u32,
        op: OpId,
        content: Content,
        request: &Request,
        now: Now,
    ) {
        let status = match content {
            Content::Status | Content::Problem => self.status(phone),
            Content::Full | Content::Delta => None,
        };
        let Some(seat) = self.phones.seats.get(phone as usize) else {
            return;
        };
        let shared = &self.phones.shared;
        let salt = |text: &str| salt(&seat.phone, (phone, op), now, text);
        let snapshot = status
            .as_ref()
            .and_then(|status| Snapshot::of(&seat.phone, shared, status, now));
        let text = match content {
            Content::Full => configuration(&seat.phone, shared, every(&seat.phone, shared)),
            Content::Delta => {
                let changed = seat.phone.reported_changes(op, shared);
                configuration(&seat.phone, shared, changed.into_iter())
            }
            Content::Status => snapshot.as_ref().map(Snapshot::to_xml).unwrap_or_default(),
            Content::Problem => String::new(),
        };
        let body = match content {
            Content::Full | Content::Delta | Content::Status => {
                let secret = |id: Option<onhook_params::ValueId>| shared.secret(id?.as_secret()?);
                let sealing = Sealing {
                    key: secret(request.key),
                    ikm: secret(seat.phone.ikm(shared)),
                    digest: digest(&seat.phone, shared),
                };
                let salt = salt(&text);
                let (bytes, aes128gcm) = sealing.close(text, salt);
                Ok(Body {
                    method: render::report_method(&seat.phone, shared),
                    header: None,
                    content_type: "application/xml".to_owned(),
                    aes128gcm,
                    bytes,
                })
            }
            Content::Problem => crate::problem::Papers {
                phone: &seat.phone,
                shared,
                snapshot,
                recent: &seat.recent,
                now,
            }
            .body(request.scheme, salt("")),
        };
        let mut wired = wire(&seat.phone, shared, (op, request), 0, now);
        wired.account = account(seat, shared);
        let ports = &seat.ports;
        let (fetchers, uploaders) = (&ports.fetch, &ports.upload);
        #[cfg(feature = "fleet")]
        let own = self.fleet.transports(seat.source);
        #[cfg(feature = "fleet")]
        let (fetchers, uploaders) = own
            .as_ref()
            .map_or((fetchers, uploaders), |(fetch, upload)| (fetch, upload));
        let script = &self.proxy_script;
        let sending = Sending {
            phone,
            op,
            transport: uploaders.get(request.scheme),
            proxy_file: ProxyFile::of(&seat.phone, shared, &wired, fetchers, script),
            wired,
            body,
            inbox: self.inbox.clone(),
        };
        let url = match request.path.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        };
        let task = self.tasks.spawn(sending.run());
        let brings = Brings::Nothing;
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            seat.transfers.insert(op, Running { task, url, brings });
        }
    }

    /// Takes the end of an upload.
    pub(crate) fn reported(&mut self, phone: u32, op: OpId, result: Result<(), Failed>) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        // Ended by `cancel` just before: its completion is on the way.
        let Some(running) = seat.transfers.remove(&op) else {
            return;
        };
        let result = result.map_err(|mut failed| {
            //= R-MACRO-20
            if running.url == Secrecy::Secret {
                HIDDEN.clone_into(&mut failed.message);
                failed.said = None;
            }
            tracing::warn!(phone, outcome = failed.outcome.code(), "{}", failed.message);
            seat.readers().failed(failed.message);
            let values = &mut self.phones.shared.values;
            Told {
                outcome: failed.outcome,
                said: failed
                    .said
                    .and_then(|said| values.intern(&said, Secrecy::Plain)),
            }
        });
        self.queue(phone, Input::Reported(op, result));
    }
}

/// No two bodies have one salt, whatever the clock and the seed are.
fn salt(phone: &Phone, (index, op): (u32, OpId), now: Now, text: &str) -> [u8; 32] {
    sha256(
        &[
            &phone.seed().to_be_bytes()[..],
            &u64::from(index).to_be_bytes(),
            &op.number().to_be_bytes(),
            &now.mono.as_millis().to_be_bytes(),
            text.as_bytes(),
        ]
        .concat(),
    )
}

/// All parameters that a phone has.
pub(crate) fn every(phone: &Phone, shared: &Shared) -> impl Iterator<Item = ParamId> {
    let scope = phone.model(shared).map(|model| &model.scope);
    scope.into_iter().flat_map(ParamId::all)
}

/// What a report holds of these parameters.
pub(crate) fn configuration(
    phone: &Phone,
    shared: &Shared,
    ids: impl Iterator<Item = ParamId>,
) -> String {
    let Some(view) = phone.view(shared) else {
        return String::new();
    };
    //= R-RPT-7
    //= R-REPORT-7
    let ids = ids.filter(|id| id.pattern().in_report);
    export(ids.map(|id| exported(id, phone.params(), view)), view.scope)
}

/// What derives keys from `--key`: what the tools of its time take by themselves (R-CBC-4).
fn digest(phone: &Phone, shared: &Shared) -> Digest {
    match phone.model(shared).map(|model| model.scope.family) {
        Some(Family::Spa) => Digest::Md5,
        Some(Family::Mpp) | None => Digest::Sha256,
    }
}

/// What a report is sealed with.
struct Sealing {
    key: Option<Secret>,
    ikm: Option<Secret>,
    digest: Digest,
}

impl Sealing {
    /// The body as it is sent, and whether it is one of RFC 8188.
    fn close(&self, text: String, salt: [u8; 32]) -> (Secret, bool) {
        let plain = Secret::from(text);
        let [eight, sixteen] = [8, 16].map(|n| salt.get(..n).unwrap_or_default());
        //= R-RPT-6
        //= R-REPORT-3
        if let Some(key) = self.key.as_ref().filter(|key| !key.expose().is_empty()) {
            //= R-CBC-9
            let salt = eight.try_into().unwrap_or_default();
            let file = encrypt(plain.expose(), key.expose(), self.digest, salt);
            return (Secret::new(file), false);
        }
        if let Some(ikm) = self.ikm.as_ref().filter(|ikm| !ikm.expose().is_empty()) {
            //= R-GCM-6
            let salt: [u8; RECORDS_SALT] = sixteen.try_into().unwrap_or_default();
            let keying = keying_material(ikm.expose());
            // A record of this size is never too small; if it were, nothing would leave the phone open.
            let body = seal(plain.expose(), &keying, &salt, RECORD).unwrap_or_default();
            return (Secret::new(body), true);
        }
        (plain, false)
    }
}

/// What a server is handed, and how.
pub(crate) struct Body {
    pub(crate) method: Method,
    /// One more header.
    pub(crate) header: Option<(String, Secret)>,
    pub(crate) content_type: String,
    pub(crate) aes128gcm: bool,
    pub(crate) bytes: Secret,
}

/// One report as a task.
struct Sending {
    phone: u32,
    op: OpId,
    transport: Option<Arc<dyn Upload>>,
    /// Where it goes, as a file is asked for there.
    wired: onhook_fetch::Request,
    /// The file that names the proxy.
    proxy_file: Option<ProxyFile>,
    /// What is sent, or why nothing is.
    body: Result<Body, Failed>,
    inbox: mpsc::UnboundedSender<Arrived>,
}

impl Sending {
    async fn run(mut self) {
        let (phone, op) = (self.phone, self.op);
        let told = |result| Arrived::Reported { phone, op, result };
        let panicked = Failed::new(Outcome::Internal, PANICKED.to_owned());
        let completion = Completion::new(self.inbox.clone(), told(Err(panicked)));
        //= R-HTTP-19
        if let Some(file) = &self.proxy_file {
            match file.proxy_for(&self.wired).await {
                Ok(proxy) => self.wired.proxy = proxy,
                Err(failed) => return completion.send(told(Err(failed))),
            }
        }
        completion.send(told(self.send().await));
    }

    async fn send(self) -> Result<(), Failed> {
        let mut watch = Watch {
            phone: self.phone,
            op: self.op,
            inbox: self.inbox,
        };
        let wired = self.wired;
        let Some(transport) = self.transport else {
            watch.started(Endpoint { ip: None }).await;
            return Err(Failed::new(
                Outcome::BadUrl,
                format!("this program cannot send reports by {}", wired.scheme),
            ));
        };
        let body = match self.body {
            Ok(body) => body,
            Err(failed) => {
                watch.started(Endpoint { ip: None }).await;
                return Err(failed);
            }
        };
        let submission = Submission {
            scheme: wired.scheme,
            host: wired.host,
            port: wired.port,
            path: wired.path,
            proxy: wired.proxy,
            allowed_domains: wired.allowed_domains,
            user_agent: wired.user_agent,
            user: wired.user,
            password: wired.password,
            account: wired.account,
            method: body.method,
            header: body.header,
            content_type: body.content_type,
            aes128gcm: body.aes128gcm,
            body: body.bytes,
            timeout: wired.timeout,
        };
        match transport.put(&submission, &mut watch).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failed::of(&error)),
        }
    }
}

struct Watch {
    phone: u32,
    op: OpId,
    inbox: mpsc::UnboundedSender<Arrived>,
}

#[async_trait]
impl UploadWatch for Watch {
    async fn started(&mut self, endpoint: Endpoint) {
        started(&self.inbox, self.phone, self.op, endpoint).await;
    }
}
