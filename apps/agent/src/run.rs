//! `onhook-agent run`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use onhook_driver::Exit;
use onhook_phone::Boot;
use onhook_system::ControlSocket;
use tokio::signal::unix::{SignalKind, signal};

use crate::boot;
use crate::cli::RunArgs;
use crate::config;
use crate::events::Events;
use crate::failure::World;
use crate::json;

/// Runs the phone until SIGTERM or SIGINT; a restart of the phone starts a new life in this process.
pub(crate) async fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = config::load(&args.place)?;
    let store = Arc::new(boot::open(&config)?);
    let mut control =
        ControlSocket::bind(&boot::control_path(&config), json::answer).map_err(|error| {
            let world = World(error.to_string());
            anyhow::Error::new(error).context(world)
        })?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
    loop {
        let events = match &args.events {
            Some(path) => Events::open(path, &config.syslog_server)?,
            None => Events::off(),
        };
        let mut life = boot::build(&config, &store, Box::new(events)).await?;
        life.reactor.boot(Boot::Normal);
        let shutdown = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let exit = life.reactor.run(&mut control, shutdown, |_| false).await;
        life.syslog.flush().await;
        match exit {
            Exit::Restart => tracing::info!("the phone restarts"),
            Exit::Shutdown | Exit::Finished => return Ok(ExitCode::SUCCESS),
        }
    }
}
