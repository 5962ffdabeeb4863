//! A phone that stops for good inside a commit, so that a test can kill it there.
//!
//! `onhook-kill-victim DIR RULE-A RULE-B FILE STEP N` resyncs by turns with both rules, beginning with the second.
//! Each step of each commit is told on standard output; the `N`th time that `STEP` of a commit of `FILE` is reached,
//! the last line is `stopped`, and the thread that writes waits for a line of standard input that nobody sends.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use onhook_device::{Identity, Now};
use onhook_driver::{Exit, Fetched, Fetchers, Observer, Phones, Places, Ports, Reactor, restore};
use onhook_flash_store::{CommitHook, CommitStep, FlashStore, StoredFile};
use onhook_http::HttpFetch;
use onhook_params::port::ConfigStore;
use onhook_params::{Scope, Secrecy};
use onhook_phone::port::{CommandSource, Message, StateStore};
use onhook_phone::report::ResyncReport;
use onhook_phone::{
    Asked, Boot, Command, Input, Model, Notice, Origin, Phone, PhoneSetup, RestartKind, Shared,
    StateRecord,
};
use onhook_syslog::Syslog;
use onhook_system::{RealClock, SystemResolver};

/// More resyncs than any test waits for.
const ROUNDS: usize = 40;

fn main() -> ExitCode {
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(resync_by_turns()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a stderr there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn resync_by_turns() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [dir, rule_a, rule_b, file, step, nth] = words.as_slice() else {
        bail!("wanted: DIR RULE-A RULE-B FILE STEP N");
    };
    let nth = nth.parse().context("N is no number")?;
    let store = Arc::new(FlashStore::open(Path::new(dir), Scope::default())?);
    store.on_commit(stop_at(format!("{file} {step}"), nth));
    for rule in [rule_b, rule_a].into_iter().cycle().take(ROUNDS) {
        resync(&store, rule).await?;
    }
    bail!("{file} {step} was not reached so often");
}

/// Tells each step, and stops at the `nth` of those called `wanted`.
fn stop_at(wanted: String, nth: u32) -> CommitHook {
    let reached = AtomicU32::new(0);
    Arc::new(move |file, step| {
        let name = format!("{} {}", file_name(file), step_name(step));
        tell(&name);
        if name == wanted && reached.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            tell("stopped");
            let mut line = String::new();
            // The end of standard input means that the test has gone.
            let _ = std::io::stdin().read_line(&mut line);
        }
    })
}

const fn file_name(file: StoredFile) -> &'static str {
    match file {
        StoredFile::Params => "params",
        StoredFile::State => "state",
        StoredFile::Trust => "trust",
    }
}

const fn step_name(step: CommitStep) -> &'static str {
    match step {
        CommitStep::Begin => "begin",
        CommitStep::Written => "written",
        CommitStep::Synced => "synced",
        CommitStep::Kept => "kept",
        CommitStep::Renamed => "renamed",
        CommitStep::Done => "done",
    }
}

fn tell(line: &str) {
    // Standard output is a pipe: each line must leave at once. A reader that has gone is no matter.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// One life of a phone, wired as the agent wires it: a resync, and the restart that it leads to.
async fn resync(store: &Arc<FlashStore>, rule: &str) -> anyhow::Result<()> {
    let scope = Scope::default();
    let mut phones = Phones::new(Shared::with_seed(1));
    let params = restore(store.load().await?, &mut phones.shared);
    let record = match store.load_state().await? {
        Some(bytes) => StateRecord::decode(&bytes, &mut phones.shared.values)?,
        None => StateRecord::default(),
    };
    let identity = Identity::default();
    let model = phones.shared.add_model(Model::of(&identity, scope));
    let setup = PhoneSetup::new(0, model, identity.mac, 1);
    let ports = Ports {
        fetch: Fetchers {
            http: Some(Arc::new(HttpFetch::new(Arc::new(SystemResolver), 1))),
            ..Fetchers::default()
        },
        upload: onhook_driver::Uploaders::default(),
        places: Places::default(),
        config: Arc::clone(store) as Arc<dyn ConfigStore>,
        state: Arc::clone(store) as Arc<dyn StateStore>,
        log: Arc::new(Syslog::start(Arc::new(SystemResolver))),
    };
    let given = phones.shared.values.intern(rule, Secrecy::Secret);
    let given = given.context("no memory for the rule")?;
    let index = phones.add(Phone::new(&setup, params), ports, record);
    let clock = Arc::new(RealClock::start("UTC")?);
    let mut reactor = Reactor::new(phones, clock, Box::new(Silent));
    reactor.boot(Boot::Normal);
    reactor.queue(
        index,
        Input::Command(Origin::Control, Command::ResyncWith(given)),
    );
    // Both rules change a parameter that makes the phone restart, which the record remembers.
    let exit = reactor
        .run(&mut Silent, std::future::pending(), |_| false)
        .await;
    ensure!(exit == Exit::Restart, "{exit:?}");
    let report = reactor.phones.last_report(index).context("no report")?;
    ensure!(report.outcome.is_success(), "{report:?}");
    Ok(())
}

/// Asks nothing and tells nobody.
struct Silent;

#[async_trait]
impl CommandSource for Silent {
    async fn next(&mut self) -> Option<Asked> {
        None
    }
}

impl Observer for Silent {
    fn notice(&mut self, _phone: u32, _now: Now, _notice: &Notice, _url: Option<&str>) {}

    fn message(&mut self, _phone: u32, _now: Now, _message: &Message) {}

    fn resync(&mut self, _phone: u32, _now: Now, _report: &ResyncReport) {}

    fn restart(&mut self, _phone: u32, _now: Now, _kind: RestartKind) {}

    fn fetched(&mut self, _phone: u32, _now: Now, _fetched: Option<&Fetched>) {}
}
