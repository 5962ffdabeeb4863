//! `onhook-agent resync`.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use onhook_driver::{Exit, Phones};
use onhook_flash_store::FlashStore;
use onhook_params::Secrecy;
use onhook_phone::Asked;
use onhook_phone::port::CommandSource;
use onhook_phone::{Boot, Command, Input, Origin};
use onhook_system::{ControlRequest, Followers, ask};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::boot::{self, PHONE};
use crate::cli::ResyncArgs;
use crate::config::{self, Config};
use crate::ctl;
use crate::events::{Watcher, missed};
use crate::failure::{FAILED, World, print};
use crate::json::{self, at};
use crate::known::Known;
use crate::lines::Lines;
use crate::network::Network;
use crate::supervisor::Supervisor;
use crate::transports::Transports;
use crate::words;

/// Runs one resync and prints what it did.
pub(crate) async fn resync(args: &ResyncArgs) -> anyhow::Result<ExitCode> {
    let config = config::load(&args.place)?;
    let rule = args.rule.as_deref().map(read_rule).transpose()?;
    match boot::open(&config) {
        Ok(store) => show(
            &foreground(&config, Arc::new(store), rule).await?,
            args.json,
        ),
        Err(error) if boot::is_locked(&error) && !args.offline => {
            let answer = ask_agent(&config, rule).await?;
            match at(&answer, "delayed").as_str() {
                Some(waits_for) => ctl::delayed(Some(waits_for), args.json),
                None => show(at(&answer, "resync"), args.json),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Prints what a resync did.
pub(crate) fn show(document: &Value, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        print(&format!("{document:#}"))?;
    } else {
        print(&words::resync(document))?;
    }
    let success = at(document, "class") == "A";
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// Reads `@FILE` and `-`, and takes anything else as it is.
pub(crate) fn read_rule(text: &str) -> anyhow::Result<String> {
    if text == "-" {
        let mut rule = String::new();
        std::io::stdin()
            .read_to_string(&mut rule)
            .context("the rule cannot be read from standard input")?;
        return Ok(rule);
    }
    match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("the rule cannot be read from {path}")),
        None => Ok(text.to_owned()),
    }
}

async fn ask_agent(config: &Config, rule: Option<String>) -> anyhow::Result<Value> {
    let request = ControlRequest::Resync { rule, menu: false };
    let answer = ask(&boot::control_path(config), &request).await?;
    let answer: Value = serde_json::from_str(&answer).context("the agent's answer is no JSON")?;
    match at(&answer, "error").as_str() {
        Some(error) => Err(anyhow!(World(error.to_owned()))),
        None => Ok(answer),
    }
}

async fn foreground(
    config: &Config,
    store: Arc<FlashStore>,
    rule: Option<String>,
) -> anyhow::Result<Value> {
    let transports = Transports::new(config)?;
    let known = Known::of(config);
    let nobody = Watcher {
        lines: Lines::default().sender(),
        server: transports.log_server.clone(),
        presented: transports.presented.clone(),
        supervisor: Supervisor::none(),
        followers: Followers::new(missed),
        #[cfg(feature = "web")]
        pages: crate::pages::Teller::new(onhook_web::Feed::default()),
    };
    let mut life = boot::build(config, &store, &transports, &known, Box::new(nobody)).await?;
    let mut network = Network::open(config, &life.wishes())?;
    network.first().await;
    life.tell_network(config, network.learned())?;
    let reactor = &mut life.reactor;
    // A phone that refuses makes no report to wait for.
    if !boot::is_provisioning_enabled(&reactor.phones) {
        return Err(anyhow!(World(
            "Provision_Enable is No: set it to Yes first".to_owned()
        )));
    }
    reactor.boot(Boot::Foreground);
    let command = match rule {
        None => Command::Resync,
        Some(rule) => {
            let id = reactor.phones.shared.values.intern(&rule, Secrecy::Secret);
            Command::ResyncWith(id.context("no memory for the rule")?)
        }
    };
    reactor.queue(PHONE, Input::Command(Origin::Control, command));
    let reported = |phones: &Phones| phones.last_report(PHONE).is_some();
    let stopped = stopped();
    tokio::pin!(stopped);
    let mut exit = Exit::Restart;
    // A restart that the profile wants is told, not carried out; the last writes are waited for.
    while exit == Exit::Restart && !reported(&reactor.phones) {
        exit = reactor.run(&mut Nobody, &mut stopped, reported).await;
    }
    life.syslog.flush().await;
    if exit == Exit::Shutdown {
        return Err(anyhow!(World(
            "interrupted: nothing more was changed".to_owned()
        )));
    }
    match life.reactor.phones.last_report(PHONE) {
        Some(report) => Ok(json::resync(report)),
        None => Err(anyhow!(World(
            "the resync ended without a report".to_owned()
        ))),
    }
}

/// Completes at SIGINT or SIGTERM.
async fn stopped() {
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Without a handler the default action ends the program, which is as good.
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
    }
}

/// Nobody asks anything in the foreground.
struct Nobody;

#[async_trait]
impl CommandSource for Nobody {
    async fn next(&mut self) -> Option<Asked> {
        None
    }
}
