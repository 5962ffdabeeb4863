//! Carrying out effects: everything works at once, but for what the scenario says.

use std::net::{IpAddr, Ipv4Addr};

use onhook_crypto::port::KeyVault;
use onhook_device::{Now, Outcome};
use onhook_driver::{Fetched, TaskVault};
use onhook_fetch::{Endpoint, Fingerprint};
use onhook_params::ValueId;
use onhook_phone::port::Severity as Told;
use onhook_phone::problem::ProblemForm;
use onhook_phone::{
    Committed, Content, CustomCa, DecodedId, Effect, Input, LogLine, Newcomer, Notice, OpId,
    Request, RestartKind, render,
};
use onhook_profile::{DecodeSpec, Limits, decode};

use super::{Asking, Stored, VirtualPhone, millis};
use crate::dut::scripted::{Answer, Body};
use crate::dut::{Dut as _, Seen, event};
use crate::language::Severity;

/// Largest profile as received, as in the real phone.
const PROFILE_LIMIT: usize = 5 << 20;

impl VirtualPhone {
    pub(super) fn execute(&mut self, effect: Effect, now: Now) {
        match effect {
            Effect::Fetch(op, request) => self.fetch(op, &request),
            Effect::Search(op, place) => self.search(op, place),
            Effect::Cancel(op) => self.cancel(op),
            Effect::Commit(op) => {
                self.commit(op);
                self.tell(Input::CommitDone(op, Committed::Durable));
            }
            Effect::SaveState(op, change) => {
                self.record.apply(change, &mut self.shared.values);
                self.tell(Input::StateSaved(op, Committed::Durable));
            }
            Effect::Log(line) => self.log(&line, now),
            Effect::Restart(RestartKind::Warm) => self.see(Seen::Event {
                name: "reboot".to_owned(),
                fields: [("kind".to_owned(), "warm".to_owned())].into(),
            }),
            Effect::Restart(RestartKind::Cold) => {
                let newest = self.record.history.first().copied().flatten();
                let reason = newest.filter(|_| self.record.restarting.is_some());
                let reason = reason.map(|entry| entry.reason.name().to_owned());
                self.see(Seen::Reboot { reason });
                self.restarting = true;
            }
            Effect::Notice(notice) => self.notice(&notice, now),
            Effect::Upgrade(op, request) => self.fetch_load(op, &request),
            Effect::Report(op, content, request) => {
                self.report(op, (content, &request), now);
            }
            Effect::Activate(op) => self.activate(op),
            Effect::FetchTrust(op, _, request) => self.fetch_authority(op, &request),
            // No server of the virtual phone shows a certificate.
            Effect::ForgetTrust => {}
            Effect::Erase(op) => {
                self.erase();
                self.tell(Input::Erased(op, Committed::Durable));
            }
        }
    }

    fn fetch(&mut self, op: OpId, request: &Request) {
        let prvst = self.phone.as_ref().map(|phone| phone.cause().prvst());
        let (url, answer) = self.ask(op, request, fetched_by(request), prvst);
        let result = answer.body.and_then(|body| self.decoded(body, request));
        let ends = event::fetched(result.as_ref().ok().map(|(_, fetched)| fetched));
        self.asking = Some(Asking { op, url, ends });
        let result = result.map(|(decoded, _)| decoded).map_err(Into::into);
        let at_ms = self.now_ms.saturating_add(millis(answer.after));
        self.push(at_ms, Input::FetchDone(op, result));
    }

    /// Fetches a custom CA, of which nothing counts but that it is one.
    fn fetch_authority(&mut self, op: OpId, request: &Request) {
        let (_, answer) = self.ask(op, request, fetched_by(request), None);
        let result = answer.body.and_then(|body| {
            let certificates = String::from_utf8_lossy(&body.bytes)
                .matches("-----BEGIN CERTIFICATE-----")
                .count();
            match u16::try_from(certificates) {
                Ok(certificates @ 1..) => Ok(CustomCa {
                    name: None,
                    fingerprint: Fingerprint([0; 32]),
                    certificates,
                }),
                _ => Err(Outcome::ParseFailed),
            }
        });
        let at_ms = self.now_ms.saturating_add(millis(answer.after));
        self.push(at_ms, Input::TrustDone(op, result.map_err(Into::into)));
    }

    /// Sends a report, which the server takes where it has a file.
    fn report(&mut self, op: OpId, (content, request): (Content, &Request), now: Now) {
        let put = self.phone.as_ref().map(|phone| match content {
            Content::Problem => ProblemForm::of(phone, &self.shared, now).method,
            Content::Full | Content::Delta | Content::Status => {
                render::report_method(phone, &self.shared)
            }
        });
        let method = match request.scheme {
            onhook_fetch::Scheme::Tftp => "WRQ",
            onhook_fetch::Scheme::Http | onhook_fetch::Scheme::Https => {
                put.unwrap_or_default().name()
            }
        };
        let (_, answer) = self.ask(op, request, method, None);
        let result = answer.body.map(|_| ()).map_err(Into::into);
        let at_ms = self.now_ms.saturating_add(millis(answer.after));
        self.push(at_ms, Input::Reported(op, result));
    }

    /// Asks one server after the other until one accepts, and tells the phone that it did.
    pub(super) fn ask(
        &mut self,
        op: OpId,
        request: &Request,
        method: &str,
        prvst: Option<i8>,
    ) -> (String, Answer) {
        let servers = match self.servers(op, request) {
            Ok(servers) => servers,
            Err(outcome) => {
                self.tell(Input::FetchStarted(op, Endpoint { ip: None }));
                let url = usual(&render::url(request, &self.shared.values));
                return (url, Answer::unheard(outcome));
            }
        };
        let mut first = None;
        let mut asked = None;
        for (host, port) in servers {
            let (url, answer) = self.ask_server((host.clone(), port), request, method, prvst);
            let usual_ip = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
            // An address in the URL needs no name server.
            let ip = answer.found.then(|| host.parse().unwrap_or(usual_ip));
            first = first.or(ip);
            let unreached = matches!(answer.body, Err(Outcome::Connect | Outcome::Dns));
            asked = Some((url, answer));
            if !unreached {
                break;
            }
        }
        self.tell(Input::FetchStarted(op, Endpoint { ip: first }));
        // There is one server at least.
        asked.unwrap_or_else(|| (String::new(), Answer::unheard(Outcome::Dns)))
    }

    /// Asks a server, as far as it hears of it.
    fn ask_server(
        &mut self,
        (host, port): (String, u16),
        request: &Request,
        method: &str,
        prvst: Option<i8>,
    ) -> (String, Answer) {
        let values = &self.shared.values;
        let secret = request.path.is_secret();
        let path = values.expose(request.path).to_owned();
        let own = values.text(request.host);
        let mut url = render::url(request, values);
        if own != host {
            // A server that SRV records name has a name, and no address.
            url = url.replacen(
                &format!("://{own}:{}", request.port),
                &format!("://{host}:{port}"),
                1,
            );
        }
        let url = usual(&url);
        // What is shown of a path with a password is not what is asked for.
        let whole = match secret {
            true => url.replace("/***", &path),
            false => url.clone(),
        };
        let asked = match path.starts_with('/') {
            true => path,
            false => format!("/{path}"),
        };
        let answer = self
            .server
            .answer(request.scheme, &whole, &asked, |text| self.place(text));
        if answer.heard {
            self.see(Seen::Request {
                url: url.clone(),
                path: match secret {
                    true => "/***".to_owned(),
                    false => asked,
                },
                method: method.to_owned(),
                prvst,
                head: None,
            });
        }
        (url, answer)
    }

    /// Reads what was sent, as the real phone does.
    fn decoded(&mut self, body: Body, request: &Request) -> Result<(DecodedId, Fetched), Outcome> {
        let bytes = body.bytes.len();
        if bytes > PROFILE_LIMIT {
            return Err(Outcome::TooLarge);
        }
        let mut vault = TaskVault::default();
        let mut kept = |id: Option<ValueId>| {
            let handle = id?.as_secret()?;
            vault.insert(handle, self.shared.secret(handle)?);
            Some(handle)
        };
        let key = kept(request.key);
        let phone = self.phone.as_ref();
        let ikm = kept(phone.and_then(|phone| phone.ikm(&self.shared)));
        let aliases = request
            .aliases
            .map_or("", |id| self.shared.values.text(id))
            .to_owned();
        let spec = DecodeSpec {
            scope: *self.scope(),
            aliases: &aliases,
            key,
            ikm,
            aes128gcm: body.aes128gcm,
            limits: Limits::default(),
        };
        let vault: &dyn KeyVault = &vault;
        match decode(body.bytes, &spec, vault) {
            Ok(decoded) => Ok((
                self.shared.put_decoded(&decoded.delta),
                Fetched {
                    bytes: bytes as u64,
                    container: decoded.container.as_str(),
                    gzip: decoded.gzip,
                },
            )),
            Err(error) => Err(error.outcome()),
        }
    }

    /// Ends a transfer; its completion comes at once.
    fn cancel(&mut self, op: OpId) {
        let before = self.queue.len();
        self.queue
            .retain(|_, input| !matches!(input, Input::FetchDone(done, _) if *done == op));
        if self.queue.len() < before {
            self.tell(Input::FetchDone(op, Err(Outcome::Timeout.into())));
        }
    }

    fn commit(&mut self, op: OpId) {
        let Some(phone) = &self.phone else {
            return;
        };
        for entry in phone.commit_entries(op) {
            if entry.is_inherited() {
                self.stored.remove(&entry.id);
                continue;
            }
            let text = entry
                .value
                .map(|value| self.shared.values.expose(value).to_owned());
            let stored = Stored {
                access: entry.access,
                mark: entry.mark,
                text,
            };
            self.stored.insert(entry.id, stored);
        }
    }

    fn log(&mut self, line: &LogLine, now: Now) {
        let phone = self.phone.as_ref();
        let message = phone.and_then(|phone| render::message(phone, &self.shared, now, line));
        if let Some(message) = message {
            let fields = [("text", &message.text), ("server", &message.server)];
            self.see(Seen::Event {
                name: "log.sent".to_owned(),
                fields: fields
                    .map(|(key, text)| (key.to_owned(), text.clone()))
                    .into(),
            });
            self.see(Seen::Syslog {
                severity: Some(match message.severity {
                    Told::Info => Severity::Info,
                    Told::Warning => Severity::Warning,
                    Told::Error => Severity::Error,
                }),
                text: match message.identifier.is_empty() {
                    true => message.text,
                    false => format!("{} {}", message.identifier, message.text),
                },
            });
        }
    }

    fn notice(&mut self, notice: &Notice, now: Now) {
        if let Notice::TrustDone(source, _, Some(ca)) = notice {
            let fields = [
                ("source", source.name().to_owned()),
                ("certificates", ca.certificates.to_string()),
            ];
            self.see(Seen::Event {
                name: "ca.installed".to_owned(),
                fields: fields.map(|(key, text)| (key.to_owned(), text)).into(),
            });
            return;
        }
        if let Notice::ServerChanged(old, new, newcomer) = notice {
            let text = |host| self.shared.values.text(host).to_owned();
            let refused = *newcomer == Newcomer::Refused;
            let fields = [
                ("old", text(*old)),
                ("new", text(*new)),
                ("refused", refused.to_string()),
            ];
            self.see(Seen::Event {
                name: "server.changed".to_owned(),
                fields: fields.map(|(key, text)| (key.to_owned(), text)).into(),
            });
            return;
        }
        let values = &self.shared.values;
        let url = notice
            .request()
            .map(|request| usual(&render::url(request, values)));
        let Some((name, fields)) = event::of(now, notice, url.as_deref()) else {
            return;
        };
        let name = name.to_owned();
        self.see(Seen::Event { name, fields });
    }
}

/// A URL without the port that its scheme has anyway.
fn usual(url: &str) -> String {
    for (scheme, port) in [("http://", ":80"), ("https://", ":443"), ("tftp://", ":69")] {
        let Some(rest) = url.strip_prefix(scheme) else {
            continue;
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (server, path) = rest.split_at(end);
        let server = server.strip_suffix(port).unwrap_or(server);
        return format!("{scheme}{server}{path}");
    }
    url.to_owned()
}

/// How a file is asked for.
pub(super) const fn fetched_by(request: &Request) -> &'static str {
    match (request.scheme, request.body) {
        (onhook_fetch::Scheme::Tftp, _) => "RRQ",
        (_, None) => "GET",
        (_, Some(_)) => "POST",
    }
}
