//! Carrying out effects.

use std::sync::Arc;

use onhook_device::{Now, Secret};
use onhook_fetch::{Account, Proxy, Scheme};
use onhook_params::port::StoredParam;
use onhook_params::{Mark, Secrecy, ValueId, View};
use onhook_phone::port::{Severity, StateStore};
use onhook_phone::{
    Effect, Input, LogLine, Notice, OpId, Phone, ProxySetting, Request, RestartKind, Shared,
    StateChange, render,
};
use zeroize::Zeroizing;

use crate::arrivals::Arrived;
use crate::fetch::{PROFILE_LIMIT, ProfileReader, Reads, Transfer, fetch_timeout};
use crate::reactor::{Brings, Reactor, Running, Seat};
use crate::route::ProxyFile;
use crate::vault::TaskVault;
use crate::waiting::Audience;

impl Reactor {
    /// What is told, is told in the local time of the phone.
    pub(crate) fn localized(&self, phone: u32, now: Now) -> Now {
        match self.phones.seats.get(phone as usize) {
            Some(seat) => seat.phone.localized(now, &self.phones.shared),
            None => now,
        }
    }

    /// Carries out an effect of a phone at its local time.
    pub(crate) fn execute(&mut self, phone: u32, effect: Effect, now: Now) {
        match effect {
            Effect::Fetch(op, request) => self.fetch(phone, op, &request, now),
            Effect::FetchTrust(op, source, request) => {
                self.fetch_trust(phone, op, source, &request, now);
            }
            Effect::ForgetTrust => self.forget_trust(phone),
            #[cfg(feature = "search")]
            Effect::Search(op, place) => self.search(phone, op, place, now),
            #[cfg(not(feature = "search"))]
            Effect::Search(op, _) => {
                tracing::warn!(phone, "this program searches no server beyond the options");
                let failed = onhook_phone::Searched::Failed;
                self.queue(phone, Input::Searched(op, failed));
            }
            #[cfg(feature = "firmware")]
            Effect::Upgrade(op, request) => self.upgrade(phone, op, &request, now),
            #[cfg(feature = "firmware")]
            Effect::Activate(op) => self.activate(phone, op),
            #[cfg(not(feature = "firmware"))]
            Effect::Upgrade(op, _) => {
                // A phone without slots is never told of any, and upgrades nothing.
                tracing::warn!(phone, "this program has no slots for firmware");
                let failed = onhook_device::Outcome::Flash.into();
                self.queue(phone, Input::Upgraded(op, Err(failed)));
            }
            #[cfg(feature = "reports")]
            Effect::Report(op, content, request) => self.report(phone, op, content, &request, now),
            #[cfg(not(feature = "reports"))]
            Effect::Report(op, ..) => self.no_report(phone, op),
            #[cfg(not(feature = "firmware"))]
            Effect::Activate(op) => {
                let failed = onhook_phone::Committed::Failed;
                self.queue(phone, Input::Activated(op, failed));
            }
            Effect::Erase(op) => self.erase(phone, op),
            Effect::Cancel(op) => self.cancel(phone, op, now),
            Effect::Commit(op) => self.commit(phone, op),
            Effect::SaveState(op, change) => self.save_state(phone, op, change),
            Effect::Log(line) => self.log(phone, &line, now),
            Effect::Restart(kind) => self.restart(phone, kind, now),
            Effect::Notice(notice) => self.notice(phone, &notice, now),
        }
    }

    fn fetch(&mut self, phone: u32, op: OpId, request: &Request, now: Now) {
        let Some(seat) = self.phones.seats.get(phone as usize) else {
            return;
        };
        let Some(model) = seat.phone.model(&self.phones.shared) else {
            return;
        };
        let values = &self.phones.shared.values;
        let mut vault = TaskVault::default();
        let mut kept = |id: Option<ValueId>| {
            let handle = id?.as_secret()?;
            vault.insert(handle, self.phones.shared.secret(handle)?);
            Some(handle)
        };
        let key = kept(request.key);
        //= R-GCM-2
        let ikm = kept(seat.phone.ikm(&self.phones.shared));
        let reader = ProfileReader {
            phone,
            op,
            key,
            ikm,
            vault,
            aliases: request
                .aliases
                .map(|id| values.text(id).to_owned())
                .unwrap_or_default(),
            scope: model.scope,
        };
        let shared = &self.phones.shared;
        let mut wired = wire(&seat.phone, shared, (op, request), PROFILE_LIMIT, now);
        wired.account = account(seat, shared);
        let request = (request, wired);
        self.transfer(phone, op, request, Box::new(reader), Brings::Profile);
    }

    /// Starts a transfer.
    pub(crate) fn transfer(
        &mut self,
        phone: u32,
        op: OpId,
        (request, wired): (&Request, onhook_fetch::Request),
        reads: Box<dyn Reads>,
        brings: Brings,
    ) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        #[cfg(feature = "fleet")]
        let own = self.fleet.transports(seat.source);
        #[cfg(feature = "fleet")]
        let fetchers = own.as_ref().map_or(&seat.ports.fetch, |(fetch, _)| fetch);
        #[cfg(not(feature = "fleet"))]
        let fetchers = &seat.ports.fetch;
        let (shared, script) = (&self.phones.shared, &self.proxy_script);
        let transfer = Transfer {
            phone,
            op,
            transport: fetchers.get(request.scheme),
            proxy_file: ProxyFile::of(&seat.phone, shared, &wired, fetchers, script),
            request: wired,
            reads,
            clock: Arc::clone(&self.clock),
            inbox: self.inbox.clone(),
            #[cfg(feature = "fleet")]
            decoder: self.fleet.decoder.clone(),
        };
        let url = match request.path.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        };
        let task = self.tasks.spawn(transfer.run());
        seat.transfers.insert(op, Running { task, url, brings });
    }

    /// Ends a transfer; its completion is still sent, so that every effect has one.
    fn cancel(&mut self, phone: u32, op: OpId, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        if let Some(running) = seat.transfers.remove(&op) {
            running.task.abort();
            let told = onhook_device::Outcome::Timeout.into();
            match running.brings {
                Brings::Profile => {
                    seat.reporter.cancelled();
                    self.observer.fetched(phone, now, None);
                    self.queue(phone, Input::FetchDone(op, Err(told)));
                }
                Brings::CustomCa => self.queue(phone, Input::TrustDone(op, Err(told))),
                #[cfg(feature = "firmware")]
                Brings::Load => self.queue(phone, Input::Upgraded(op, Err(told))),
                #[cfg(feature = "reports")]
                Brings::Nothing => self.queue(phone, Input::Reported(op, Err(told))),
            }
        }
    }

    fn commit(&mut self, phone: u32, op: OpId) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        #[cfg(feature = "fleet")]
        if seat.keeps_nothing {
            self.queue(
                phone,
                Input::CommitDone(op, onhook_phone::Committed::Durable),
            );
            return;
        }
        let Some(view) = seat.phone.view(&self.phones.shared) else {
            return;
        };
        let entries = seat.phone.commit_entries(op);
        if seat.edit != Some(op) {
            seat.reporter.committing(op, entries, view);
        }
        let changes: Vec<_> = entries.iter().map(|entry| stored(entry, view)).collect();
        let config = Arc::clone(&seat.ports.config);
        let work = async move { config.commit(changes).await };
        self.write(phone, Box::pin(work), move |result| Arrived::Committed {
            phone,
            op,
            result,
        });
    }

    fn save_state(&mut self, phone: u32, op: OpId, change: StateChange) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        seat.reporter.saving(op, change);
        seat.record.apply(change, &mut self.phones.shared.values);
        #[cfg(feature = "fleet")]
        if seat.keeps_nothing {
            seat.reporter.state_saved(op, true);
            self.queue(
                phone,
                Input::StateSaved(op, onhook_phone::Committed::Durable),
            );
            self.ended.push(phone);
            return;
        }
        let record = seat.record.encode(&self.phones.shared.values);
        let state: Arc<dyn StateStore> = Arc::clone(&seat.ports.state);
        let work = async move { state.save_state(&record).await };
        self.write(phone, Box::pin(work), move |result| Arrived::StateSaved {
            phone,
            op,
            result,
        });
    }

    fn log(&mut self, phone: u32, line: &LogLine, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let Some(message) = render::message(&seat.phone, &self.phones.shared, now, line) else {
            return;
        };
        seat.note(now, &message.text);
        match message.severity {
            Severity::Info => tracing::info!(phone, "{}", message.text),
            Severity::Warning | Severity::Error => tracing::warn!(phone, "{}", message.text),
        }
        self.observer.message(phone, now, &message);
        seat.ports.log.log(message);
    }

    fn restart(&mut self, phone: u32, kind: RestartKind, now: Now) {
        self.observer.restart(phone, now, kind);
        if kind == RestartKind::Warm {
            return;
        }
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            seat.reporter.restarting();
        }
        #[cfg(feature = "fleet")]
        if self.power_cycle(phone, now.mono) {
            return;
        }
        self.restarting = Some(phone);
    }

    fn notice(&mut self, phone: u32, notice: &Notice, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let values = &self.phones.shared.values;
        let url = notice.request().map(|request| render::url(request, values));
        if let Notice::ServerChanged(old, new, newcomer) = notice {
            let (old, new) = (values.text(*old), values.text(*new));
            self.observer
                .server_changed(phone, now, [old, new], *newcomer);
        }
        seat.reporter.notice(notice, url.as_deref());
        self.observer.notice(phone, now, notice, url.as_deref());
        self.answer_notice(phone, notice);
    }

    /// Hands out the reports of resyncs whose writes are done.
    pub(crate) fn close_reports(&mut self, phone: u32, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let timer = seat.phone.timer();
        while let Some((audience, report)) = seat.reporter.close(timer, now.mono) {
            self.observer.resync(phone, now, report);
            if audience == Audience::Askers {
                seat.waiting.resynced(report);
            }
        }
        self.ask_next(phone);
    }
}

impl Seat {
    /// Remembers a message for what reports it.
    fn note(&mut self, now: Now, text: &str) {
        #[cfg(feature = "fleet")]
        if self.keeps_nothing {
            return;
        }
        self.reporter.message(text);
        #[cfg(feature = "reports")]
        self.recent.note(now, text);
        #[cfg(not(feature = "reports"))]
        let _ = now;
    }
}

/// The profile account, if the phone answers challenges with it.
pub(crate) fn account(seat: &Seat, shared: &Shared) -> Option<Account> {
    //= R-HTTP-7
    let account = seat.account.as_ref();
    account
        .filter(|_| seat.phone.uses_account(shared))
        .map(|account| Account {
            user: Secret::new(account.user.expose().to_vec()),
            password: Secret::new(account.password.expose().to_vec()),
        })
}

/// A request as a transport takes it.
pub(crate) fn wire(
    phone: &Phone,
    shared: &Shared,
    (op, request): (OpId, &Request),
    limit: u64,
    now: Now,
) -> onhook_fetch::Request {
    let secret = |id: Option<ValueId>| shared.secret(id?.as_secret()?);
    onhook_fetch::Request {
        scheme: request.scheme,
        host: shared.values.text(request.host).to_owned(),
        port: request.port,
        path: shared.values.expose(request.path).to_owned(),
        service: phone.service(op, request, shared),
        proxy: named(phone, request.scheme, shared),
        allowed_domains: render::allowed_domains(phone, shared).to_owned(),
        user_agent: render::user_agent(phone, shared, now),
        user: secret(request.user),
        password: secret(request.password),
        account: None,
        post: secret(request.body),
        part: None,
        limit,
        timeout: fetch_timeout(request.scheme),
    }
}

/// The proxy that a phone is told by name.
fn named(phone: &Phone, scheme: Scheme, shared: &Shared) -> Option<Proxy> {
    match phone.proxy(scheme, shared) {
        ProxySetting::Manual {
            host,
            port,
            user,
            password,
        } => Some(Proxy {
            host: host.to_owned(),
            port,
            user: user.map(Secret::from),
            password: password.and_then(|id| shared.secret(id.as_secret()?)),
        }),
        ProxySetting::Off | ProxySetting::Nameless | ProxySetting::Auto(_) => None,
    }
}

/// The record that a store keeps for an entry.
fn stored(entry: &onhook_params::Entry, view: View<'_>) -> StoredParam {
    StoredParam {
        id: entry.id,
        value: entry
            .value
            .map(|value| Zeroizing::new(view.values.expose(value).to_owned())),
        access: entry.access,
        user_set: entry.mark == Mark::User,
    }
}
