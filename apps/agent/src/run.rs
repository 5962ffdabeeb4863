//! `onhook-agent run`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use onhook_discovery::Learned;
use onhook_driver::Exit;
use onhook_flash_store::FlashStore;
use onhook_phone::Boot;
use onhook_phone::port::CommandSource;
use onhook_system::{ControlSocket, Followers};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::boot::{self, Life};
use crate::cli::RunArgs;
use crate::config::{self, Config};
use crate::events::{Watcher, missed};
use crate::failure::World;
#[cfg(feature = "journal")]
use crate::journal::Journal;
use crate::json;
use crate::known::{Attentive, Known};
use crate::lines::Lines;
use crate::network::Network;
use crate::reload::reload;
use crate::sip::Sip;
use crate::sources::Sources;
use crate::supervisor::Supervisor;
use crate::transports::Transports;

/// Another load is to be started.
#[cfg(feature = "firmware")]
const NEW_LOAD: u8 = 4;
/// How long the last messages may take; the end stays within 2 s.
const LAST_MESSAGES: Duration = Duration::from_millis(500);

/// Runs the phone until SIGTERM or SIGINT; a restart of the phone starts a new life in this process.
pub(crate) async fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = config::load(&args.place)?;
    if args.print_config {
        return config.print(args.json);
    }
    #[cfg(feature = "journal")]
    if args.events.is_some() && args.events == args.journal {
        anyhow::bail!("--events and --journal write different lines: give them different files");
    }
    let transports = Transports::new(&config)?;
    let known = Known::of(&config);
    let store = Arc::new(boot::open(&config)?);
    let sip = Sip::open(&config, Arc::clone(&transports.names) as _).await?;
    let followers = Followers::new(missed);
    let control = ControlSocket::bind(
        &boot::control_path(&config),
        json::answer,
        followers.clone(),
    )
    .map_err(|error| {
        let world = World(error.to_string());
        anyhow::Error::new(error).context(world)
    })?;
    #[cfg_attr(
        not(feature = "web"),
        expect(unused_mut, reason = "there are no others")
    )]
    let mut listen = sip.addresses();
    #[cfg_attr(
        not(feature = "web"),
        expect(unused_mut, reason = "there are no others")
    )]
    let mut sources: Vec<Box<dyn CommandSource>> = vec![Box::new(control), Box::new(sip)];
    #[cfg(feature = "web")]
    let feed = onhook_web::Feed::default();
    #[cfg(feature = "web")]
    if let Some(web) = crate::pages::open(&config, &feed)? {
        listen.push(("web", web.address()));
        sources.push(Box::new(web));
    }
    let control = Attentive {
        source: Sources(sources),
        known: known.clone(),
        presented: transports.presented.clone(),
        listen,
    };
    #[cfg(feature = "firmware")]
    let firmware = crate::firmware::Firmware::open(&config)?;
    let mut agent = Agent {
        events: Lines::open(args.events.as_deref(), "events")?,
        followers,
        #[cfg(feature = "journal")]
        journal: Journal::open(args.journal.as_deref())?,
        supervisor: Supervisor::from_environment(),
        signals: Signals::catch()?,
        config,
        store,
        transports,
        known,
        network: None,
        #[cfg(feature = "firmware")]
        firmware,
        #[cfg(feature = "web")]
        feed,
    };
    agent.live(control, args).await
}

/// Everything that outlives restarts of the phone.
struct Agent {
    config: Config,
    store: Arc<FlashStore>,
    transports: Transports,
    known: Known,
    /// Opened when the first life knows what is to be asked for.
    network: Option<Network>,
    #[cfg(feature = "firmware")]
    firmware: crate::firmware::Firmware,
    events: Lines,
    followers: Followers,
    #[cfg(feature = "journal")]
    journal: Journal,
    supervisor: Supervisor,
    signals: Signals,
    #[cfg(feature = "web")]
    feed: onhook_web::Feed,
}

impl Agent {
    async fn live(
        &mut self,
        mut control: impl CommandSource,
        args: &RunArgs,
    ) -> anyhow::Result<ExitCode> {
        self.supervisor.watch();
        loop {
            let observer = Box::new(Watcher {
                lines: self.events.sender(),
                server: self.transports.log_server.clone(),
                presented: self.transports.presented.clone(),
                supervisor: self.supervisor.clone(),
                followers: self.followers.clone(),
                #[cfg(feature = "web")]
                pages: crate::pages::Teller::new(self.feed.clone()),
            });
            let mut life = boot::build(
                &self.config,
                &self.store,
                &self.transports,
                &self.known,
                observer,
            )
            .await?;
            #[cfg(feature = "firmware")]
            self.firmware.give(&self.config, &mut life).await;
            let Some(network) = self.network(&life).await? else {
                return self.end(life).await;
            };
            #[cfg(feature = "journal")]
            self.journal.begin(&mut life);
            life.tell_network(&self.config, &network)?;
            life.reactor.boot(Boot::Normal);
            self.supervisor.ready();
            let exit = self.live_once(&mut life, &mut control, args).await;
            #[cfg(feature = "firmware")]
            if exit == Exit::NewLoad {
                tracing::info!("the boot loader is to start another load");
                self.end(life).await?;
                return Ok(ExitCode::from(NEW_LOAD));
            }
            if exit == Exit::Restart {
                tracing::info!("the phone restarts");
                // A log server that does not resolve must not hold up anything.
                let _ = timeout(LAST_MESSAGES, life.syslog.flush()).await;
                continue;
            }
            return self.end(life).await;
        }
    }

    /// What the network says at the start of a life; the first is waited for. `None` if the agent is to end meanwhile.
    async fn network(&mut self, life: &Life) -> anyhow::Result<Option<Learned>> {
        let network = match &mut self.network {
            Some(network) => network,
            none => none.insert(Network::open(&self.config, &life.wishes())?),
        };
        loop {
            tokio::select! {
                biased;
                () = network.first() => return Ok(Some(network.learned().clone())),
                heard = self.signals.next() => match heard {
                    Heard::End => return Ok(None),
                    // A phone that has not booted has nothing that could be told.
                    Heard::Reload | Heard::Network => {
                        tracing::warn!("the phone waits for its network: the configuration is not read again now");
                    }
                },
            }
        }
    }

    async fn end(&mut self, life: Life) -> anyhow::Result<ExitCode> {
        self.supervisor.stopping();
        tracing::info!("the agent ends");
        let _ = timeout(LAST_MESSAGES, life.syslog.flush()).await;
        drop(life);
        self.events.close();
        #[cfg(feature = "journal")]
        self.journal.close();
        Ok(ExitCode::SUCCESS)
    }

    /// Runs one life of the phone to its end; the configuration may change meanwhile.
    async fn live_once(
        &mut self,
        life: &mut Life,
        control: &mut impl CommandSource,
        args: &RunArgs,
    ) -> Exit {
        loop {
            let mut heard = Heard::End;
            let (signals, network) = (&mut self.signals, &mut self.network);
            let interrupted = async {
                heard = tokio::select! {
                    heard = signals.next() => heard,
                    () = news(network) => Heard::Network,
                };
            };
            let exit = life.reactor.run(control, interrupted, |_| false).await;
            match heard {
                _ if exit != Exit::Shutdown => return exit,
                Heard::End => return exit,
                Heard::Reload => self.reload(life, args),
                Heard::Network => self.tell_network(life),
            }
        }
    }

    fn reload(&mut self, life: &mut Life, args: &RunArgs) {
        let Some(network) = &mut self.network else {
            return;
        };
        self.supervisor.reloading();
        match reload(
            &args.place,
            &mut self.config,
            &self.transports,
            &self.known,
            network,
            life,
        ) {
            Ok(()) => tracing::info!("the configuration was read again"),
            Err(error) => {
                tracing::error!("the configuration stays as it was: {error:#}");
            }
        }
        self.supervisor.ready();
    }

    /// Tells the phone what the network says now; it counts from the next resync on.
    fn tell_network(&self, life: &mut Life) {
        let Some(network) = &self.network else {
            return;
        };
        tracing::info!("the network says something else than before");
        if let Err(error) = life.tell_network(&self.config, network.learned()) {
            tracing::error!("what the network says is not used: {error:#}");
        }
    }
}

/// What a signal means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// SIGTERM or SIGINT: end.
    End,
    /// SIGHUP: read the configuration again.
    Reload,
    /// No signal: the network says something else.
    Network,
}

/// Waits for news of the network.
async fn news(network: &mut Option<Network>) {
    match network {
        Some(network) => network.next().await,
        None => std::future::pending().await,
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn catch() -> anyhow::Result<Self> {
        let catch = |kind, name| signal(kind).with_context(|| format!("{name} cannot be handled"));
        Ok(Self {
            terminate: catch(SignalKind::terminate(), "SIGTERM")?,
            interrupt: catch(SignalKind::interrupt(), "SIGINT")?,
            hangup: catch(SignalKind::hangup(), "SIGHUP")?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.terminate.recv() => Heard::End,
            _ = self.interrupt.recv() => Heard::End,
            _ = self.hangup.recv() => Heard::Reload,
        }
    }
}
