//! Carrying out effects.

use std::sync::Arc;

use onhook_device::Now;
use onhook_params::port::StoredParam;
use onhook_params::{Mark, Secrecy, View};
use onhook_phone::port::{Severity, StateStore};
use onhook_phone::{
    Committed, Effect, Input, LogLine, Notice, OpId, Request, RestartKind, Searched, StateChange,
    UpgradeNotice, render,
};
use zeroize::Zeroizing;

use crate::arrivals::Arrived;
use crate::fetch::{PROFILE_LIMIT, Transfer, profile_timeout};
use crate::reactor::{Reactor, Running};
use crate::vault::TaskVault;
use crate::waiting::Audience;

impl Reactor {
    pub(crate) fn execute(&mut self, phone: u32, effect: Effect, now: Now) {
        // What is told, is told in local time.
        let now = match self.phones.seats.get(phone as usize) {
            Some(seat) => seat.phone.localized(now, &self.phones.shared),
            None => now,
        };
        match effect {
            Effect::Fetch(op, request) => self.fetch(phone, op, &request, now),
            Effect::Search(op, _) => {
                // A phone that nobody tells of other places asks for none.
                tracing::warn!(phone, "this program searches no server beyond the options");
                self.queue(phone, Input::Searched(op, Searched::Failed));
            }
            Effect::Upgrade(op, _) => {
                // A phone without slots is never told of any, and upgrades nothing.
                tracing::warn!(phone, "this program has no slots for firmware");
                let failed = onhook_device::Outcome::Flash.into();
                self.queue(phone, Input::Upgraded(op, Err(failed)));
            }
            Effect::Activate(op) => self.queue(phone, Input::Activated(op, Committed::Failed)),
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
        let secret = |id: Option<onhook_params::ValueId>| {
            let handle = id?.as_secret()?;
            Some((handle, self.phones.shared.secret(handle)?))
        };
        let mut vault = TaskVault::default();
        let mut kept = |id| {
            let (handle, bytes) = secret(id)?;
            vault.insert(handle, bytes);
            Some(handle)
        };
        let key = kept(request.key);
        //= R-GCM-2
        let ikm = kept(seat.phone.ikm(&self.phones.shared));
        let transfer = Transfer {
            phone,
            op,
            transport: seat.ports.fetch.get(request.scheme),
            request: onhook_fetch::Request {
                scheme: request.scheme,
                host: values.text(request.host).to_owned(),
                port: request.port,
                path: values.expose(request.path).to_owned(),
                allowed_domains: render::allowed_domains(&seat.phone, &self.phones.shared)
                    .to_owned(),
                user_agent: render::user_agent(&seat.phone, &self.phones.shared, now),
                user: secret(request.user).map(|(_, bytes)| bytes),
                password: secret(request.password).map(|(_, bytes)| bytes),
                post: secret(request.body).map(|(_, bytes)| bytes),
                limit: PROFILE_LIMIT,
                timeout: profile_timeout(request.scheme),
            },
            key,
            ikm,
            vault,
            aliases: request
                .aliases
                .map(|id| values.text(id).to_owned())
                .unwrap_or_default(),
            scope: model.scope,
            clock: Arc::clone(&self.clock),
            inbox: self.inbox.clone(),
        };
        let url = match request.path.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        };
        let task = self.tasks.spawn(transfer.run());
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            seat.transfers.insert(op, Running { task, url });
        }
    }

    /// Ends a transfer; its completion is still sent, so that every effect has one.
    fn cancel(&mut self, phone: u32, op: OpId, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        if let Some(running) = seat.transfers.remove(&op) {
            running.task.abort();
            seat.reporter.cancelled();
            self.observer.fetched(phone, now, None);
            let result = Err(onhook_device::Outcome::Timeout.into());
            self.queue(phone, Input::FetchDone(op, result));
        }
    }

    fn commit(&mut self, phone: u32, op: OpId) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let Some(view) = seat.phone.view(&self.phones.shared) else {
            return;
        };
        let entries = seat.phone.commit_entries(op);
        if seat.edit != Some(op) {
            seat.reporter.committing(op, entries, view);
        }
        let changes: Vec<_> = entries.iter().map(|entry| stored(entry, view)).collect();
        let config = Arc::clone(&seat.ports.config);
        let turn = seat.storage.turn();
        seat.writes += 1;
        let completion = self.completion(|result| Arrived::Committed { phone, op, result });
        self.tasks.spawn(async move {
            let result = turn.write(config.commit(changes)).await;
            completion.send(Arrived::Committed { phone, op, result });
        });
    }

    fn save_state(&mut self, phone: u32, op: OpId, change: StateChange) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        seat.reporter.saving(op, change);
        seat.record.apply(change, &mut self.phones.shared.values);
        let record = seat.record.encode(&self.phones.shared.values);
        let state: Arc<dyn StateStore> = Arc::clone(&seat.ports.state);
        let turn = seat.storage.turn();
        seat.writes += 1;
        let completion = self.completion(|result| Arrived::StateSaved { phone, op, result });
        self.tasks.spawn(async move {
            let result = turn.write(state.save_state(&record)).await;
            completion.send(Arrived::StateSaved { phone, op, result });
        });
    }

    fn log(&mut self, phone: u32, line: &LogLine, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let Some(message) = render::message(&seat.phone, &self.phones.shared, now, line) else {
            return;
        };
        seat.reporter.message(&message.text);
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
        self.restarting = Some(phone);
    }

    fn notice(&mut self, phone: u32, notice: &Notice, now: Now) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let url = match notice {
            Notice::RuleStarted(_, request)
            | Notice::Upgrade(UpgradeNotice::Started(_, request)) => {
                Some(render::url(request, &self.phones.shared.values))
            }
            Notice::ResyncStarted(..)
            | Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TriggerFault(..)
            | Notice::Held
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::ResyncDone(_)
            | Notice::TimerArmed(..)
            | Notice::Refused(_)
            | Notice::EditDone(_)
            | Notice::EditBusy
            | Notice::EraseFailed
            | Notice::Upgrade(
                UpgradeNotice::Done(_)
                | UpgradeNotice::Fault(_)
                | UpgradeNotice::Retry(_)
                | UpgradeNotice::NotNeeded
                | UpgradeNotice::Refused(_),
            ) => None,
        };
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
