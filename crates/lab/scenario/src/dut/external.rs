//! Any phone on the network: what it does is what the server hears of it.

mod page;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use onhook_prov_server::ServerEvent;
use tempfile::TempDir;

use super::ear::{Came, Ear, Hears, LOOK, path};
use super::site::{Listen, Site};
use super::{Dut, Halt, Observation, Power, Seen, Slack, Timer};
use crate::language::{
    By, Clock, Coding, Content, Do, Expect, Expected, Fact, Given, Pattern, Scenario, What,
    is_secret, profile,
};

/// How long a command of the operator may take.
const COMMAND: Duration = Duration::from_secs(300);

/// How long a phone may take to fetch what it is given.
const FETCH: Duration = Duration::from_secs(120);

/// What phones are given before a row, and by hand in it; requests for it do not count.
const GIVEN: &str = "/onhook-scenario-given.xml";

/// How a phone is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Where the server listens, and what stands for `{http}` and the others.
    pub listen: Listen,
    /// A command that takes power from the phone and gives it back.
    pub power_cycle: Option<String>,
    /// A command that asks the phone for a resync: with the rule in the variable ONHOOK_RULE, or without it for the configured ones.
    pub resync: Option<String>,
    /// The page of the phone with its parameters as XML.
    pub cfg_url: Option<String>,
    /// Becomes true when the run is to end.
    pub stopped: Arc<AtomicBool>,
}

/// The phone during one row.
pub struct ExternalPhone {
    given: Given,
    reach: Reach,
    site: Site,
    ear: Ear,
    /// How often it has fetched what it is given.
    fetched: u32,
    _home: TempDir,
}

impl ExternalPhone {
    /// The phone as it is; it is given the parameters of the scenario at the first boot.
    ///
    /// # Errors
    /// The scenario expects what cannot be seen from outside, or the server cannot listen.
    pub fn new(scenario: &Scenario, reach: &Reach) -> Result<Self, Halt> {
        check(scenario)?;
        let broken = |error: std::io::Error| Halt::Broken(format!("no folder: {error}"));
        let home = tempfile::tempdir().map_err(broken)?;
        let (tell, came) = channel();
        let site = Site::start(home.path(), reach.listen, tell)?;
        for (path, content) in &scenario.given.files {
            site.put(path, content)?;
        }
        Ok(Self {
            given: scenario.given.clone(),
            reach: reach.clone(),
            site,
            ear: Ear::new(came),
            fetched: 0,
            _home: home,
        })
    }

    /// Runs a command of the operator to its end.
    fn command(
        &self,
        option: &str,
        command: Option<&String>,
        rule: Option<&str>,
    ) -> Result<(), Halt> {
        let missing = || Halt::Cannot(format!("the phone cannot be made to do it: give {option}"));
        let command = command.ok_or_else(missing)?;
        // It may hold a password.
        let broken = |why: String| Halt::Broken(format!("the command of {option}: {why}"));
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        match rule {
            Some(rule) => shell.env("ONHOOK_RULE", rule),
            None => shell.env_remove("ONHOOK_RULE"),
        };
        let mut child = shell.spawn().map_err(|error| broken(error.to_string()))?;
        let (tell, ended) = channel();
        thread::spawn(move || tell.send(child.wait()));
        let end = Instant::now() + COMMAND;
        loop {
            match ended.recv_timeout(LOOK) {
                Ok(Ok(status)) if status.success() => return Ok(()),
                Ok(Ok(status)) => return Err(broken(format!("it failed ({status})"))),
                Ok(Err(error)) => return Err(broken(error.to_string())),
                Err(_) if self.is_stopped() => return Err(Halt::Interrupted),
                Err(_) if Instant::now() > end => {
                    return Err(broken(format!("no end after {} s", COMMAND.as_secs())));
                }
                Err(_) => {}
            }
        }
    }

    /// Gives parameters to the phone, as a profile that it fetches.
    fn give(&mut self, params: &[(String, String)]) -> Result<(), Halt> {
        if params.is_empty() {
            return Ok(());
        }
        let pairs = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let content = Content {
            text: profile(pairs),
            load: None,
            gzip: false,
            coding: Coding::Plain,
        };
        self.site.put(GIVEN, &content)?;
        let before = self.fetched;
        let rule = self.site.fill(&format!("{{http}}{GIVEN}"));
        self.command("--resync", self.reach.resync.as_ref(), Some(&rule))?;
        let end = Instant::now() + FETCH;
        while self.fetched == before {
            if self.is_stopped() {
                return Err(Halt::Interrupted);
            }
            if Instant::now() > end {
                let why = format!(
                    "the phone did not fetch {rule} within {} s of --resync",
                    FETCH.as_secs()
                );
                return Err(Halt::Broken(why));
            }
            self.hear(Instant::now() + LOOK)?;
        }
        Ok(())
    }

    fn boot(&mut self) -> Result<(), Halt> {
        let params = std::mem::take(&mut self.given.params);
        let mut params: Vec<(String, String)> = params.into_iter().collect();
        if !params.is_empty() {
            // Its messages are to be heard.
            params.push(("Syslog_Server".to_owned(), self.site.syslog().to_string()));
        }
        self.give(&params)?;
        // What it did to get there is no part of the row.
        self.ear.forget();
        self.command("--power-cycle", self.reach.power_cycle.as_ref(), None)?;
        self.ear.see(Seen::Power(Power::On));
        Ok(())
    }

    fn server(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Request(access) if path(access).as_deref() == Some(GIVEN) => {
                self.fetched += 1;
            }
            ServerEvent::Request(access) => self.ear.request(&self.site, access, None),
            ServerEvent::Syslog(said) => self.ear.syslog(said),
            ServerEvent::Handshake(_) | ServerEvent::Fault(_) | ServerEvent::Missed(_) => {}
        }
    }
}

/// Refuses what cannot be seen from outside.
fn check(scenario: &Scenario) -> Result<(), Halt> {
    let places = [&scenario.given.domain, &scenario.given.directory];
    if !scenario.given.services.is_empty() || places.iter().any(|place| !place.is_empty()) {
        return Err(Halt::Cannot(
            "the phone asks the name servers of its network".to_owned(),
        ));
    }
    if scenario.given.clock != Clock::Any {
        return Err(Halt::Cannot(
            "the clock of a phone cannot be set".to_owned(),
        ));
    }
    for step in &scenario.steps {
        let What::Expect(Expect { what, .. }) = &step.what else {
            continue;
        };
        let hidden = match what {
            Expected::Happens(pattern) | Expected::Absent(pattern, _) => match pattern {
                Pattern::Request { .. } | Pattern::Syslog { .. } => continue,
                Pattern::Event { .. } => "an event",
                Pattern::Reboot { .. } => "a restart",
            },
            Expected::Holds(Fact::Param(..)) => continue,
            Expected::Holds(Fact::State(_)) => "its state",
            Expected::Holds(Fact::Timer(..) | Fact::NoTimer) => "its timers",
        };
        return Err(Halt::Cannot(format!(
            "line {}: a phone does not tell of {hidden}",
            step.line
        )));
    }
    Ok(())
}

impl Hears for ExternalPhone {
    fn ear(&mut self) -> &mut Ear {
        &mut self.ear
    }

    fn is_stopped(&self) -> bool {
        self.reach.stopped.load(Ordering::Relaxed)
    }

    fn hear(&mut self, end: Instant) -> Result<bool, Halt> {
        match self.ear.wait(end)? {
            None => return Ok(false),
            Some(Came::Server(event)) => self.server(&event),
            // There is no program whose output is heard.
            Some(Came::Line(_) | Came::Ended(_)) => {}
        }
        Ok(true)
    }
}

impl Dut for ExternalPhone {
    fn slack(&self) -> Slack {
        Slack {
            early: Duration::from_secs(2),
            late: Duration::from_secs(15),
            soon: Duration::from_secs(180),
        }
    }

    fn perform(&mut self, _at: Duration, action: &Do) -> Result<Duration, Halt> {
        let cannot = |what: &str| Err(Halt::Cannot(format!("{what} takes somebody at the phone")));
        match action {
            Do::Boot | Do::PowerCycle => self.boot()?,
            Do::Wait(_) => {}
            Do::Resync(_, By::Page | By::Sip | By::Menu) => return cannot("another way to ask"),
            Do::Resync(rule, By::Control) => {
                let rule = rule.as_ref().map(|rule| self.site.fill(rule));
                self.command("--resync", self.reach.resync.as_ref(), rule.as_deref())?;
            }
            Do::Set(params, _) => self.give(params)?,
            Do::File(path, content) => self.site.put(path, content)?,
            Do::RemoveFile(path) => self.site.remove(path)?,
            Do::Fault(path, fault) => self.site.fail(path, fault)?,
            Do::ClearFault(path) => self.site.mend(path),
            Do::PowerOff => return cannot("power that stays off"),
            Do::Upgrade(_) => return cannot("an upgrade"),
            Do::Report(_) => return cannot("a report"),
            Do::ProblemReport(_) => return cannot("a report of a problem"),
            Do::Reboot(_) => return cannot("a restart"),
            Do::Notify(_) => return cannot("a NOTIFY"),
            Do::Visit(_) => return cannot("a look at its pages"),
            Do::Submit(_) => return cannot("a page that is submitted"),
            Do::FactoryReset => return cannot("the factory state"),
            Do::Line(..) => return cannot("a call"),
            Do::Registration(..) => return cannot("a registration"),
            Do::Clock(_) => return cannot("another time"),
            Do::Address(_) | Do::ExternalAddress(_) => return cannot("another address"),
            Do::Certificate(_) => return cannot("a certificate"),
            Do::Options(_) => return cannot("another DHCP server"),
        }
        Ok(self.ear.elapsed())
    }

    fn next(&mut self, until: Duration) -> Result<Option<Observation>, Halt> {
        self.observe(until)
    }

    fn place(&self, text: &str) -> String {
        self.site.fill(text)
    }

    fn param(&mut self, name: &str) -> Result<String, Halt> {
        if is_secret(name) {
            return Err(Halt::Cannot(format!("a phone does not show {name}")));
        }
        let missing = || {
            let why = "its parameters cannot be read: give --cfg-url";
            Halt::Cannot(why.to_owned())
        };
        let url = self.reach.cfg_url.as_ref().ok_or_else(missing)?;
        let values: BTreeMap<String, String> = page::read(url, &self.given.scope)?;
        Ok(values.get(name).cloned().unwrap_or_default())
    }

    fn state(&mut self) -> Result<String, Halt> {
        Err(Halt::Cannot("a phone does not tell its state".to_owned()))
    }

    fn timer(&mut self) -> Result<Option<Timer>, Halt> {
        Err(Halt::Cannot("a phone does not tell its timers".to_owned()))
    }

    fn journal(&mut self) -> Option<String> {
        None
    }
}
