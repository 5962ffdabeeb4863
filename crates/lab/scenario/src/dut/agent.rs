//! The real program on this host, against a real server on loopback.

mod firmware;
mod heard;
mod notified;
mod portable;
mod process;
mod visited;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use onhook_phone::{LineUse, Registration};
use onhook_prov_server::Access;
use onhook_system::{ControlRequest, WireLineUse, WireRegistration};
use serde_json::Value;
use tempfile::TempDir;

use firmware::{Firmware, Made};

use super::ear::{Came, Ear, Hears, LOOK};
use super::site::{Listen, Site};
use super::{Dut, Halt, Observation, Power, Seen, Slack, Timer};
use crate::language::{By, Content, Do, Given, Scenario, is_secret};

/// How long the program may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// What is needed to run the program.
#[derive(Clone, Debug)]
pub struct AgentProgram {
    /// `onhook-agent`
    pub path: PathBuf,
    /// Becomes true when the run is to end.
    pub stopped: Arc<AtomicBool>,
}

/// One phone: a process with a state directory of its own.
pub struct AgentPhone {
    given: Given,
    program: AgentProgram,
    home: TempDir,
    site: Site,
    firmware: Option<Firmware>,
    tell: Sender<Came>,
    ear: Ear,
    child: Option<Child>,
    /// How often it was started.
    lives: u32,
    /// The newest entry of its reboot history, as far as it was seen.
    restarted: Value,
    /// How often it was notified, or visited with a login.
    notified: u64,
    /// What the phone said that it asks for, with `$PRVST`.
    asked: VecDeque<(String, Option<i8>)>,
    prvst: Option<i8>,
    /// Requests that the server heard and the phone has not told yet, with the time at which they came.
    held: VecDeque<(Access, Instant)>,
}

impl AgentPhone {
    /// A phone without power.
    ///
    /// # Errors
    /// The scenario cannot be run with the program, or something breaks down.
    pub fn new(scenario: &Scenario, program: &AgentProgram) -> Result<Self, Halt> {
        portable::check(scenario)?;
        let broken = |error: std::io::Error| Halt::Broken(format!("no folder: {error}"));
        let home = tempfile::tempdir().map_err(broken)?;
        let root = home.path().join("www");
        std::fs::create_dir(&root).map_err(broken)?;
        let (tell, came) = channel();
        let site = Site::start(&root, Listen::LOCAL, tell.clone())?;
        let firmware = Firmware::new(&scenario.given, home.path())?;
        let mut phone = Self {
            given: scenario.given.clone(),
            program: program.clone(),
            home,
            site,
            firmware,
            tell,
            ear: Ear::new(came),
            child: None,
            lives: 0,
            restarted: Value::Null,
            notified: 0,
            asked: VecDeque::new(),
            prvst: None,
            held: VecDeque::new(),
        };
        for (path, content) in &scenario.given.files {
            phone.put(path, content)?;
        }
        phone.configure()?;
        for (name, value) in &phone.given.params {
            phone.set_stored(name, &phone.site.fill(value))?;
        }
        phone.ear.begin_anew();
        Ok(phone)
    }

    fn state_dir(&self) -> PathBuf {
        self.home.path().join("state")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn boot(&mut self) -> Result<(), Halt> {
        self.ear.see(Seen::Power(Power::On));
        self.asked.clear();
        self.come_up()?;
        let end = Instant::now() + ANSWER;
        // The socket is there a moment after the process is.
        while self.ask(ControlRequest::Status {}).is_err() {
            if self.is_stopped() {
                return Err(Halt::Interrupted);
            }
            if Instant::now() > end {
                let why = self.last_words();
                return Err(Halt::Broken(format!("the phone does not answer{why}")));
            }
            self.hear(Instant::now() + Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// The boot loader starts the program.
    fn come_up(&mut self) -> Result<(), Halt> {
        let version = self.firmware.as_ref().map(Firmware::boot).transpose()?;
        self.lives += 1;
        self.child = Some(self.start_phone(version.as_deref())?);
        Ok(())
    }

    /// Puts a file into the folder of the server; for a phone with slots a load is signed.
    fn put(&mut self, path: &str, content: &Content) -> Result<(), Halt> {
        let made = match &mut self.firmware {
            Some(firmware) => firmware.made(path, content)?,
            None => None,
        };
        let Some(Made {
            manifest,
            component,
        }) = made
        else {
            return self.site.put(path, content);
        };
        self.site.put_bytes(&component, content.text.as_bytes())?;
        self.site.put_bytes(path, manifest.as_bytes())
    }

    fn power_off(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A process that has ended cannot be killed, and that is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.ear.see(Seen::Power(Power::Off));
    }

    /// Asks the running phone and waits for its answer.
    fn ask(&self, request: ControlRequest) -> Result<Value, Halt> {
        let socket = self.state_dir().join("control.sock");
        let answer = self.site.ask(&socket, request).recv_timeout(ANSWER);
        let answer = match answer {
            Ok(Ok(line)) => line,
            Ok(Err(why)) => return Err(Halt::Broken(why)),
            Err(_) => {
                let why = format!("the phone has not answered for {} s", ANSWER.as_secs());
                return Err(Halt::Broken(why));
            }
        };
        let answer: Value = serde_json::from_str(&answer).map_err(|error| {
            Halt::Broken(format!("the answer of the phone is no JSON: {error}"))
        })?;
        match answer.get("error").and_then(Value::as_str) {
            Some(why) => Err(Halt::Broken(format!("the phone refuses: {why}"))),
            None => Ok(answer),
        }
    }

    /// Asks for something whose answer is seen in what the phone does.
    fn wish(&self, request: ControlRequest) {
        let socket = self.state_dir().join("control.sock");
        drop(self.site.ask(&socket, request));
    }

    fn status(&self) -> Result<Value, Halt> {
        let mut answer = self.ask(ControlRequest::Status {})?;
        Ok(answer
            .get_mut("status")
            .map(Value::take)
            .unwrap_or_default())
    }

    fn carry_out(&mut self, action: &Do) -> Result<(), Halt> {
        let cannot = |what: &str| Err(Halt::Cannot(format!("the program cannot be told {what}")));
        match action {
            Do::Boot => self.boot()?,
            Do::PowerOff => self.power_off(),
            Do::PowerCycle => {
                self.power_off();
                self.boot()?;
            }
            Do::Wait(_) => {}
            Do::Resync(_, By::Sip | By::Page) => return cannot("by SIP or on a page"),
            Do::Resync(rule, by) => {
                self.wish(ControlRequest::Resync {
                    rule: rule.as_ref().map(|rule| self.site.fill(rule)),
                    menu: *by == By::Menu,
                });
                // What is done next must not overtake it.
                self.status()?;
            }
            Do::Set(_, By::Sip | By::Menu) | Do::Reboot(By::Sip | By::Menu) => {
                return cannot("of that by SIP or at its menu");
            }
            Do::Set(params, By::Control) => {
                for (name, value) in params {
                    let (name, value) = (name.clone(), self.site.fill(value));
                    self.ask(ControlRequest::Set { name, value })?;
                }
            }
            Do::Upgrade(rule) => {
                let url = rule.as_ref().map(|rule| self.site.fill(rule));
                self.wish(ControlRequest::Upgrade { url });
                // What is done next must not overtake it.
                self.status()?;
            }
            Do::Set(_, By::Page) | Do::Reboot(By::Page) => return cannot("of edits on a page"),
            Do::Report(By::Control) => {
                self.wish(ControlRequest::Report {});
                // What is done next must not overtake it.
                self.status()?;
            }
            Do::ProblemReport(By::Control) => {
                self.wish(ControlRequest::ReportProblem {});
                self.status()?;
            }
            Do::ProblemReport(_) => {
                return cannot("of a report of a problem by SIP, on a page or at its menu");
            }
            Do::Report(_) => return cannot("of a report by SIP, on a page or at its menu"),
            Do::Notify(sent) => self.notify(sent)?,
            Do::Visit(sent) => self.visit(sent)?,
            Do::Submit(page) => self.submit(page)?,
            Do::Reboot(By::Control) => self.wish(ControlRequest::Reboot {}),
            Do::FactoryReset => self.wish(ControlRequest::FactoryReset {}),
            Do::Line(line, is) => {
                let (line, line_use) = (*line, wire_line(*is));
                self.ask(ControlRequest::Line { line, line_use })?;
            }
            Do::Registration(line, is) => {
                let (line, registration) = (*line, wire_registration(*is));
                self.ask(ControlRequest::Registration { line, registration })?;
            }
            Do::ExternalAddress(address) => {
                let address = *address;
                self.ask(ControlRequest::ExternalAddress { address })?;
            }
            Do::Clock(_) => return cannot("another time"),
            Do::Address(_) => return cannot("of another address"),
            Do::Certificate(_) => return cannot("of a certificate that is not there"),
            Do::Options(_) => return cannot("of other options"),
            Do::File(path, content) => self.put(path, content)?,
            Do::RemoveFile(path) => self.site.remove(path)?,
            Do::Fault(path, fault) => self.site.fail(path, fault)?,
            Do::ClearFault(path) => self.site.mend(path),
        }
        Ok(())
    }
}

const fn wire_line(is: LineUse) -> WireLineUse {
    match is {
        LineUse::Idle => WireLineUse::Idle,
        LineUse::Busy => WireLineUse::Busy,
        LineUse::Emergency => WireLineUse::Emergency,
    }
}

const fn wire_registration(is: Registration) -> WireRegistration {
    match is {
        Registration::Disabled => WireRegistration::Disabled,
        Registration::Registered => WireRegistration::Registered,
        Registration::Unregistered => WireRegistration::Unregistered,
    }
}

impl Drop for AgentPhone {
    fn drop(&mut self) {
        self.power_off();
    }
}

impl Hears for AgentPhone {
    fn ear(&mut self) -> &mut Ear {
        &mut self.ear
    }

    fn is_stopped(&self) -> bool {
        self.program.stopped.load(Ordering::Relaxed)
    }

    fn hear(&mut self, end: Instant) -> Result<bool, Halt> {
        let came = self.ear.wait(end)?;
        let something = came.is_some();
        if let Some(came) = came {
            self.take(came)?;
        }
        self.release();
        Ok(something)
    }
}

impl Dut for AgentPhone {
    fn slack(&self) -> Slack {
        Slack {
            early: Duration::from_millis(300),
            late: Duration::from_secs(2),
            soon: Duration::from_secs(5),
        }
    }

    fn perform(&mut self, _at: Duration, action: &Do) -> Result<Duration, Halt> {
        self.settle()?;
        self.carry_out(action)?;
        Ok(self.ear.elapsed())
    }

    fn next(&mut self, until: Duration) -> Result<Option<Observation>, Halt> {
        self.observe(until)
    }

    fn place(&self, text: &str) -> String {
        self.site.fill(text)
    }

    fn param(&mut self, name: &str) -> Result<String, Halt> {
        match is_secret(name) {
            true => Err(Halt::Cannot(format!("the program does not show {name}"))),
            false => self.stored(name),
        }
    }

    fn state(&mut self) -> Result<String, Halt> {
        if self.child.is_none() {
            return Ok("off".to_owned());
        }
        let status = self.status()?;
        let state = status.get("state").and_then(Value::as_str);
        Ok(state.unwrap_or_default().to_owned())
    }

    fn timer(&mut self) -> Result<Option<Timer>, Halt> {
        if self.child.is_none() {
            return Ok(None);
        }
        let status = self.status()?;
        let next = status.pointer("/next/0");
        Ok(next.and_then(|next| {
            Some(Timer {
                name: next.get("timer")?.as_str()?.to_owned(),
                left: Duration::from_secs(next.get("in_s")?.as_u64()?),
            })
        }))
    }

    fn journal(&mut self) -> Option<String> {
        let lives = (1..=self.lives).map(|life| self.file(&format!("journal.{life}")));
        let texts: Vec<String> = lives
            .filter_map(|file: PathBuf| std::fs::read_to_string(file).ok())
            // A life that was cut off may have half a line at its end.
            .map(|text| match text.rfind('\n') {
                Some(end) => text.get(..=end).unwrap_or("").to_owned(),
                None => String::new(),
            })
            .collect();
        Some(texts.concat()).filter(|text| !text.is_empty())
    }
}

impl AgentPhone {
    /// Lets the server tell of what the phone has told already, so that it does not seem to come after what is done next.
    fn settle(&mut self) -> Result<(), Halt> {
        let end = Instant::now() + LOOK;
        while !self.asked.is_empty() && Instant::now() < end {
            self.hear(end)?;
        }
        Ok(())
    }

    fn config_file(&self) -> PathBuf {
        self.file("agent.toml")
    }

    fn program(&self) -> &Path {
        &self.program.path
    }
}
