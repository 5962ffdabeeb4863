//! One case: what a phone does with a server, and what has to come of it.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use onhook_tests::{After, Agent, Content, Harm, Relay, Sink};
use serde_json::{Map, Value};

use crate::files::Sets;
use crate::gate::Gate;
use crate::group::{Group, kill};
use crate::stage::{Serving, Stage};

/// Longest resync: a phone that hears nothing over TFTP asks again for half a minute.
const LONGEST: Duration = Duration::from_secs(400);
/// So much of the file arrives before the server dies.
const BEFORE_DEATH: usize = 100_000;
/// The parameter that the phone holds before.
const KEPT: (&str, &str) = ("GPP_P", "kept");

/// A row of the matrix.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// What it is called, without the name of the server.
    pub(crate) name: &'static str,
    /// What is done.
    pub(crate) does: Does,
    /// When it is left out.
    pub(crate) pace: Pace,
}

/// How long a case takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// Less than about a second.
    Quick,
    /// Longer; `--quick` leaves it out.
    Slow,
}

/// What a case does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// One resync; `{base}` in the rule is the first address of the server, `{NAME}` the one of that name.
    Resync {
        rule: &'static str,
        certificate: Certificate,
        expect: Expect,
    },
    /// One resync with this URL, while the server is killed.
    Killed {
        url: &'static str,
        outcome: &'static str,
        errs: &'static [&'static str],
    },
    /// Something else.
    Check(fn(&Stage, &Serving) -> anyhow::Result<()>),
}

/// What the phone shows over TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Certificate {
    /// Nothing.
    None,
    /// Its own certificate.
    Phone,
}

/// What has to come of a resync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expect {
    /// The parameters of the file are set, and no other.
    Applied(Sets),
    /// Nothing changes, and `$ERR` is one of these.
    Refused {
        outcome: &'static str,
        errs: &'static [&'static str],
    },
}

/// A resync that has to succeed.
pub(crate) const fn applied(name: &'static str, rule: &'static str, sets: Sets) -> Case {
    resync(name, rule, Expect::Applied(sets))
}

/// A resync that has to fail.
pub(crate) const fn refused(
    name: &'static str,
    rule: &'static str,
    outcome: &'static str,
    errs: &'static [&'static str],
) -> Case {
    resync(name, rule, Expect::Refused { outcome, errs })
}

/// A resync during which the server dies.
pub(crate) const fn killed(
    name: &'static str,
    url: &'static str,
    outcome: &'static str,
    errs: &'static [&'static str],
) -> Case {
    case(name, Does::Killed { url, outcome, errs })
}

/// Something else than a resync.
pub(crate) const fn check(
    name: &'static str,
    act: fn(&Stage, &Serving) -> anyhow::Result<()>,
) -> Case {
    case(name, Does::Check(act))
}

const fn resync(name: &'static str, rule: &'static str, expect: Expect) -> Case {
    let certificate = Certificate::None;
    case(
        name,
        Does::Resync {
            rule,
            certificate,
            expect,
        },
    )
}

const fn case(name: &'static str, does: Does) -> Case {
    Case {
        name,
        does,
        pace: Pace::Quick,
    }
}

impl Case {
    /// The same with the certificate of the phone.
    pub(crate) const fn with_certificate(mut self) -> Self {
        if let Does::Resync { rule, expect, .. } = self.does {
            self.does = Does::Resync {
                rule,
                certificate: Certificate::Phone,
                expect,
            };
        }
        self
    }

    /// The same, left out by `--quick`.
    pub(crate) const fn slow(mut self) -> Self {
        self.pace = Pace::Slow;
        self
    }

    /// What has to come of it, in a few words.
    pub(crate) fn expected(&self) -> String {
        let refused =
            |outcome: &str, errs: &[&str]| format!("`{}` ({outcome})", errs.join("` or `"));
        match self.does {
            Does::Resync {
                expect: Expect::Applied(_),
                ..
            } => "applied".to_owned(),
            Does::Resync {
                expect: Expect::Refused { outcome, errs },
                ..
            }
            | Does::Killed { outcome, errs, .. } => refused(outcome, errs),
            Does::Check(_) => "as named".to_owned(),
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Something else came of it than has to.
    pub(crate) fn run(&self, stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
        match self.does {
            Does::Resync {
                rule,
                certificate,
                expect,
            } => phone(stage, certificate)?.resync(&serving.fill_in(rule), expect),
            Does::Killed { url, outcome, errs } => {
                dies(stage, serving, url, Expect::Refused { outcome, errs })
            }
            Does::Check(act) => act(stage, serving),
        }
    }
}

/// A provisioned phone with somebody who listens to its log.
struct Phone {
    agent: Agent,
    sink: Sink,
    before: Content,
}

fn phone(stage: &Stage, certificate: Certificate) -> anyhow::Result<Phone> {
    let (agent, sink) = (Agent::new()?, Sink::start()?);
    agent.configure(&configuration(stage, &sink.address()?, certificate))?;
    let (name, value) = KEPT;
    let ended = agent.run(&["params", "set", name, value])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    let before = agent.changed()?;
    Ok(Phone {
        agent,
        sink,
        before,
    })
}

/// The configuration of a phone.
pub(crate) fn configuration(stage: &Stage, log: &str, certificate: Certificate) -> String {
    let path = |name| stage.authority.path(name);
    let mut text = format!(
        "[syslog]\nserver = {log:?}\n[tls]\ntrust = {:?}\n",
        path("ca.pem")
    );
    if certificate == Certificate::Phone {
        let (certificate, key) = (path("phone.pem"), path("phone.key"));
        text += &format!("client_certificate = {certificate:?}\nclient_key = {key:?}\n");
    }
    text
}

/// One resync of the real program; its exit status and its document.
pub(crate) fn ask(agent: &Agent, rule: &str) -> anyhow::Result<(Option<i32>, Value)> {
    let mut command = agent.command(&["resync", rule, "--json"]);
    let ended = Group::start(&mut command)?.end_within(LONGEST)?;
    let document =
        serde_json::from_str(&ended.out).with_context(|| format!("no document: {ended:?}"))?;
    Ok((ended.code, document))
}

/// A text of a document; empty if there is none.
pub(crate) fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

impl Phone {
    /// One resync, and everything that it must do or leave alone.
    fn resync(&self, rule: &str, expect: Expect) -> anyhow::Result<()> {
        let stored = || fs::read(self.agent.state().join("params.bin"));
        let before = stored()?;
        let (code, document) = ask(&self.agent, rule)?;
        let shown = format!("{document:#}");
        let err = text(&document, "/err");
        let mut content = self.before.clone();
        match expect {
            Expect::Applied(sets) => {
                content.extend(sets.content());
                ensure!(code == Some(0), "not applied: {shown}");
                ensure!(
                    text(&document, "/outcome") == "applied",
                    "not applied: {shown}"
                );
                self.logged("Successful resync")?;
            }
            Expect::Refused { outcome, errs } => {
                ensure!(code == Some(1), "status {code:?}: {shown}");
                let found = text(&document, "/rules/0/outcome");
                ensure!(found == outcome, "not {outcome}: {shown}");
                ensure!(errs.contains(&err), "not {errs:?}: {shown}");
                let changes = document.get("changes").and_then(Value::as_object);
                ensure!(changes.is_some_and(Map::is_empty), "changes: {shown}");
                ensure!(stored()? == before, "the stored file changed");
                self.logged(&format!("Resync failed: {err}"))?;
            }
        }
        let changed = self.agent.changed()?;
        ensure!(changed == content, "the phone holds {changed:?}");
        Ok(())
    }

    /// The log got the request and the result, and no more.
    fn logged(&self, result: &str) -> anyhow::Result<()> {
        let texts: Vec<String> = self
            .sink
            .rest()?
            .into_iter()
            .map(|line| line.text)
            .collect();
        let [request, told] = texts.as_slice() else {
            bail!("not two lines in the log: {texts:?}");
        };
        ensure!(request.contains("Requesting resync"), "the log: {texts:?}");
        ensure!(told.contains(result), "the log: {texts:?}");
        Ok(())
    }
}

/// A resync during which a server of its own dies.
fn dies(stage: &Stage, serving: &Serving, url: &str, expect: Expect) -> anyhow::Result<()> {
    let id = serving.group.id();
    let die = Box::new(move || kill(id));
    let url = serving.fill_in(url);
    let (scheme, rest) = url.split_once("://").context("no URL")?;
    let (address, file) = rest.split_once('/').context("no path")?;
    let server: SocketAddr = if address.contains(':') {
        address.parse()?
    } else {
        format!("{address}:69").parse()?
    };
    let phone = phone(stage, Certificate::None)?;
    let rule = |address: SocketAddr| format!("{scheme}://{address}/{file}");
    if scheme == "tftp" {
        let gate = Gate::start(server, BEFORE_DEATH, die)?;
        phone.resync(&rule(gate.address()), expect)?;
        return gate.end();
    }
    let relay = Relay::start(server, After::Bytes(BEFORE_DEATH), Harm::Meanwhile(die))?;
    phone.resync(&rule(relay.address()), expect)?;
    relay.end()
}
