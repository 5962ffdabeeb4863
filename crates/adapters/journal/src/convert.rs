//! Inputs of a phone into those of a journal, and back.

use onhook_discovery::MOST_SERVERS;
use onhook_fetch::{Endpoint, Fingerprint, Scheme};
use onhook_params::{ParamId, Scope, Secrecy, ValueId, Values, secrecy};
use onhook_phone as live;
use onhook_phone::{OpId, Shared, StateRecord};

use crate::hide::Hide;
use crate::input::{Command, Input, Server, Slots};
use crate::outcome;
use crate::param::params;

impl Input {
    /// What a journal keeps of an input; call it before the phone takes the input.
    pub(crate) fn of(input: &live::Input, shared: &Shared, scope: &Scope, hide: &mut Hide) -> Self {
        let values = &shared.values;
        match *input {
            live::Input::Boot(how, record) => Self::Boot {
                how,
                record: hex(&record.encode(values)),
            },
            live::Input::Timer => Self::Timer,
            live::Input::Line(line, is) => Self::Line { line, is },
            live::Input::Registration(line, is) => Self::Registration { line, is },
            live::Input::ClockSet => Self::ClockSet,
            live::Input::OptionsLearned(server) => {
                Self::Server(server.map(|server| Server::of(&server, values, scope, hide)))
            }
            live::Input::Fact(fact) => Self::fact(fact, values, hide),
            live::Input::Command(origin, command) => Self::Command {
                origin,
                what: Command::of(command, shared, scope, hide),
            },
            live::Input::FetchStarted(op, endpoint) => Self::FetchStarted {
                op: op.number(),
                ip: endpoint.ip,
            },
            live::Input::FetchDone(op, Ok(decoded)) => Self::Fetched {
                op: op.number(),
                params: params(shared.decoded(decoded), values, scope, hide),
            },
            live::Input::FetchDone(op, Err(told)) => Self::FetchFailed {
                op: op.number(),
                outcome: outcome::word(told.outcome),
                said: told.said.map(|said| values.text(said).to_owned()),
            },
            live::Input::TrustDone(op, Ok(ca)) => Self::TrustInstalled {
                op: op.number(),
                name: ca.name.map(|name| values.text(name).to_owned()),
                fingerprint: hex(&ca.fingerprint.0),
                certificates: ca.certificates,
            },
            live::Input::TrustDone(op, Err(told)) => Self::TrustFailed {
                op: op.number(),
                outcome: outcome::word(told.outcome),
                said: told.said.map(|said| values.text(said).to_owned()),
            },
            live::Input::Searched(op, searched) => {
                let found = match &searched {
                    live::Searched::Found(found) => Some(found),
                    live::Searched::Nothing | live::Searched::Failed => None,
                };
                Self::Searched {
                    op: op.number(),
                    answered: searched != live::Searched::Failed,
                    found: found.map(|found| Server::of(found, values, scope, hide)),
                }
            }
            live::Input::CommitDone(op, committed) => Self::Committed {
                op: op.number(),
                durable: committed == live::Committed::Durable,
            },
            live::Input::StateSaved(op, committed) => Self::StateSaved {
                op: op.number(),
                durable: committed == live::Committed::Durable,
            },
            live::Input::Upgraded(op, result) => {
                let (op, (outcome, said)) = (op.number(), ended(result, values));
                Self::Upgraded { op, outcome, said }
            }
            live::Input::Reported(op, result) => {
                let (op, (outcome, said)) = (op.number(), ended(result, values));
                Self::Reported { op, outcome, said }
            }
            live::Input::Activated(op, committed) => Self::Activated {
                op: op.number(),
                durable: committed == live::Committed::Durable,
            },
            live::Input::Erased(op, committed) => Self::Erased {
                op: op.number(),
                durable: committed == live::Committed::Durable,
            },
        }
    }

    fn fact(fact: live::Fact, values: &Values, hide: &Hide) -> Self {
        let text = |id: Option<ValueId>| id.map(|id| values.text(id).to_owned());
        match fact {
            live::Fact::Address(address) => Self::Address(address),
            live::Fact::ExternalAddress(address) => Self::ExternalAddress(address),
            live::Fact::ClientCertificate(installed) => Self::ClientCertificate(installed),
            live::Fact::Account(is_set_up) => Self::Account(is_set_up),
            live::Fact::Means(means) => Self::Means {
                domain: text(means.domain),
                directory: means.directory,
            },
            live::Fact::Slots(slots) => Self::Slots(slots.map(|slots| Slots {
                inactive: text(slots.inactive),
                fell_back: slots.fell_back,
            })),
            live::Fact::Mobility(mobility) => Self::Mobility {
                status: text(mobility.status),
                user: text(mobility.user),
                //= R-MACRO-20
                password: mobility.password.map(|id| hide.secret(values.expose(id))),
            },
        }
    }

    /// The input for a phone of this reactor; the uses of its texts pass to it. `None` if this program does not know
    /// what it names.
    pub(crate) fn live(&self, shared: &mut Shared, scope: &Scope) -> Option<live::Input> {
        let values = &mut shared.values;
        Some(match self {
            Self::Boot { how, record } => {
                live::Input::Boot(*how, StateRecord::decode(&unhex(record)?, values).ok()?)
            }
            Self::Timer => live::Input::Timer,
            Self::Line { line, is } => live::Input::Line(*line, *is),
            Self::Registration { line, is } => live::Input::Registration(*line, *is),
            Self::ClockSet => live::Input::ClockSet,
            Self::Server(None) => live::Input::OptionsLearned(None),
            Self::Server(Some(server)) => live::Input::OptionsLearned(Some(server.live(values)?)),
            Self::Address(address) => live::Input::Fact(live::Fact::Address(*address)),
            Self::ExternalAddress(address) => {
                live::Input::Fact(live::Fact::ExternalAddress(*address))
            }
            Self::Account(is_set_up) => live::Input::Fact(live::Fact::Account(*is_set_up)),
            Self::ClientCertificate(installed) => {
                live::Input::Fact(live::Fact::ClientCertificate(*installed))
            }
            Self::Mobility {
                status,
                user,
                password,
            } => live::Input::Fact(live::Fact::Mobility(live::Mobility {
                status: intern(status.as_deref(), Secrecy::Plain, values),
                user: intern(user.as_deref(), Secrecy::Plain, values),
                password: intern(password.as_deref(), Secrecy::Secret, values),
            })),
            Self::Means { domain, directory } => {
                live::Input::Fact(live::Fact::Means(live::Means {
                    domain: intern(domain.as_deref(), Secrecy::Plain, values),
                    directory: *directory,
                }))
            }
            Self::Searched {
                op,
                answered,
                found,
            } => {
                let searched = searched(*answered, found.as_ref(), values)?;
                live::Input::Searched(OpId::from_number(*op), searched)
            }
            Self::Command { origin, what } => {
                live::Input::Command(*origin, what.live(shared, scope)?)
            }
            Self::FetchStarted { op, ip } => {
                live::Input::FetchStarted(OpId::from_number(*op), Endpoint { ip: *ip })
            }
            Self::Fetched { op, params } => {
                let entries: Option<Vec<_>> =
                    params.iter().map(|p| p.entry(values, scope)).collect();
                let decoded = shared.put_entries(entries?);
                live::Input::FetchDone(OpId::from_number(*op), Ok(decoded))
            }
            Self::FetchFailed { op, outcome, said } => {
                let told = told(outcome, said.as_deref(), values)?;
                live::Input::FetchDone(OpId::from_number(*op), Err(told))
            }
            Self::TrustInstalled {
                op,
                name,
                fingerprint,
                certificates,
            } => {
                let ca = custom_ca(name.as_deref(), fingerprint, *certificates, values)?;
                live::Input::TrustDone(OpId::from_number(*op), Ok(ca))
            }
            Self::TrustFailed { op, outcome, said } => {
                let told = told(outcome, said.as_deref(), values)?;
                live::Input::TrustDone(OpId::from_number(*op), Err(told))
            }
            Self::Committed { .. }
            | Self::StateSaved { .. }
            | Self::Slots(_)
            | Self::Upgraded { .. }
            | Self::Reported { .. }
            | Self::Activated { .. }
            | Self::Erased { .. } => return self.stored(values),
        })
    }

    /// The input that tells of a store, or of slots.
    fn stored(&self, values: &mut Values) -> Option<live::Input> {
        Some(match self {
            Self::Committed { op, durable } => {
                live::Input::CommitDone(OpId::from_number(*op), committed(*durable))
            }
            Self::StateSaved { op, durable } => {
                live::Input::StateSaved(OpId::from_number(*op), committed(*durable))
            }
            Self::Slots(slots) => {
                live::Input::Fact(live::Fact::Slots(slots.as_ref().map(|slots| {
                    let inactive = slots.inactive.as_ref();
                    live::Slots {
                        inactive: inactive.and_then(|load| values.intern(load, Secrecy::Plain)),
                        fell_back: slots.fell_back,
                    }
                })))
            }
            Self::Upgraded { op, outcome, said } => {
                let result = result(outcome.as_deref(), said.as_deref(), values)?;
                live::Input::Upgraded(OpId::from_number(*op), result)
            }
            Self::Reported { op, outcome, said } => {
                let result = result(outcome.as_deref(), said.as_deref(), values)?;
                live::Input::Reported(OpId::from_number(*op), result)
            }
            Self::Activated { op, durable } => {
                live::Input::Activated(OpId::from_number(*op), committed(*durable))
            }
            Self::Erased { op, durable } => {
                live::Input::Erased(OpId::from_number(*op), committed(*durable))
            }
            Self::Boot { .. }
            | Self::Timer
            | Self::Line { .. }
            | Self::Registration { .. }
            | Self::ClockSet
            | Self::Server(_)
            | Self::Address(_)
            | Self::ExternalAddress(_)
            | Self::ClientCertificate(_)
            | Self::Account(_)
            | Self::Mobility { .. }
            | Self::Means { .. }
            | Self::Searched { .. }
            | Self::Command { .. }
            | Self::FetchStarted { .. }
            | Self::Fetched { .. }
            | Self::FetchFailed { .. }
            | Self::TrustInstalled { .. }
            | Self::TrustFailed { .. } => return None,
        })
    }
}

impl Command {
    fn of(command: live::Command, shared: &Shared, scope: &Scope, hide: &mut Hide) -> Self {
        let values = &shared.values;
        match command {
            live::Command::Resync => Self::Resync,
            live::Command::ResyncWith(rule) => Self::ResyncWith(given(rule, values, scope, hide)),
            live::Command::Upgrade(rule) => {
                Self::Upgrade(rule.map(|rule| given(rule, values, scope, hide)))
            }
            live::Command::UpdateCa(rule) => {
                Self::UpdateCa(rule.map(|rule| given(rule, values, scope, hide)))
            }
            live::Command::Set(id, value) => {
                let value = values.expose(value);
                hide.note(value);
                Self::Set {
                    name: id.name().to_string(),
                    value: hide.value(id, value, scope),
                }
            }
            live::Command::Report => Self::Report,
            live::Command::ReportProblem => Self::ReportProblem,
            live::Command::Submit(page) => {
                Self::Submit(params(shared.decoded(page), values, scope, hide))
            }
            live::Command::Restart => Self::Restart,
            live::Command::RestartWarm => Self::RestartWarm,
            live::Command::FactoryReset => Self::FactoryReset,
        }
    }

    fn live(&self, shared: &mut Shared, scope: &Scope) -> Option<live::Command> {
        let values = &mut shared.values;
        Some(match self {
            Self::Resync => live::Command::Resync,
            Self::ResyncWith(rule) => {
                live::Command::ResyncWith(values.intern(rule, Secrecy::Secret)?)
            }
            Self::UpdateCa(None) => live::Command::UpdateCa(None),
            Self::UpdateCa(Some(rule)) => {
                live::Command::UpdateCa(Some(values.intern(rule, Secrecy::Secret)?))
            }
            Self::Set { name, value } => {
                let id = ParamId::lookup(name, scope)?;
                live::Command::Set(id, values.intern(value, secrecy(id))?)
            }
            Self::Report => live::Command::Report,
            Self::ReportProblem => live::Command::ReportProblem,
            Self::Submit(params) => {
                let entries: Option<Vec<_>> =
                    params.iter().map(|p| p.entry(values, scope)).collect();
                live::Command::Submit(shared.put_entries(entries?))
            }
            Self::Restart => live::Command::Restart,
            Self::RestartWarm => live::Command::RestartWarm,
            Self::FactoryReset => live::Command::FactoryReset,
            Self::Upgrade(None) => live::Command::Upgrade(None),
            Self::Upgrade(Some(rule)) => {
                live::Command::Upgrade(Some(values.intern(rule, Secrecy::Secret)?))
            }
        })
    }
}

/// How a transfer without content ended: a word for why not, and what the server said.
fn ended(result: Result<(), live::Told>, values: &Values) -> (Option<String>, Option<String>) {
    let failure = result.err();
    let said = failure.and_then(|told| told.said);
    (
        failure.map(|told| outcome::word(told.outcome)),
        said.map(|said| values.text(said).to_owned()),
    )
}

/// What [`ended`] told; `None` if the word is not known.
fn result(
    outcome: Option<&str>,
    said: Option<&str>,
    values: &mut Values,
) -> Option<Result<(), live::Told>> {
    Some(match outcome {
        None => Ok(()),
        Some(word) => Err(told(word, said, values)?),
    })
}

/// A rule that came with a request.
fn given(rule: ValueId, values: &Values, scope: &Scope, hide: &mut Hide) -> String {
    let rule = values.expose(rule);
    hide.note(rule);
    hide.plain(rule, scope)
}

impl Server {
    fn of(server: &live::Discovered, values: &Values, scope: &Scope, hide: &mut Hide) -> Self {
        let rule = server.rule.map(|rule| values.expose(rule));
        if let Some(rule) = rule {
            hide.note(rule);
        }
        let hosts = server.servers.iter().flatten();
        Self {
            scheme: server.scheme.name().to_owned(),
            hosts: hosts.map(|host| values.text(*host).to_owned()).collect(),
            port: server.port,
            srv: server.srv,
            rule: rule.map(|rule| hide.plain(rule, scope)),
        }
    }

    fn live(&self, values: &mut Values) -> Option<live::Discovered> {
        let schemes = [Scheme::Tftp, Scheme::Http, Scheme::Https];
        let mut servers = [None; MOST_SERVERS];
        for (place, host) in servers.iter_mut().zip(&self.hosts) {
            *place = Some(values.intern(host, Secrecy::Plain)?);
        }
        Some(live::Discovered {
            servers,
            scheme: schemes.into_iter().find(|s| s.name() == self.scheme)?,
            port: self.port,
            srv: self.srv,
            rule: match &self.rule {
                Some(rule) => Some(values.intern(rule, Secrecy::Secret)?),
                None => None,
            },
        })
    }
}

/// A custom CA; `None` if its fingerprint is none.
fn custom_ca(
    name: Option<&str>,
    fingerprint: &str,
    certificates: u16,
    values: &mut Values,
) -> Option<live::CustomCa> {
    Some(live::CustomCa {
        name: intern(name, Secrecy::Plain, values),
        fingerprint: Fingerprint(unhex(fingerprint)?.try_into().ok()?),
        certificates,
    })
}

/// What a search has led to; `None` if it names what this program does not know.
fn searched(answered: bool, found: Option<&Server>, values: &mut Values) -> Option<live::Searched> {
    Some(match (found, answered) {
        (Some(found), _) => live::Searched::Found(found.live(values)?),
        (None, true) => live::Searched::Nothing,
        (None, false) => live::Searched::Failed,
    })
}

/// How something failed; `None` for an outcome that this program does not know.
fn told(word: &str, said: Option<&str>, values: &mut Values) -> Option<live::Told> {
    Some(live::Told {
        outcome: outcome::parse(word)?,
        said: intern(said, Secrecy::Plain, values),
    })
}

fn intern(text: Option<&str>, secrecy: Secrecy, values: &mut Values) -> Option<ValueId> {
    text.and_then(|text| values.intern(text, secrecy))
}

const fn committed(durable: bool) -> live::Committed {
    match durable {
        true => live::Committed::Durable,
        false => live::Committed::Failed,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
