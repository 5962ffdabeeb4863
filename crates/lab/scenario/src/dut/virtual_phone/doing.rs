//! What is done to the phone and to what is around it.

use onhook_discovery::{DhcpOption, Space, Value, choose};
use onhook_params::{DeltaBuilder, Secrecy, Setting, ValueId, known, secrecy};
use onhook_phone::{Command, Discovered, Fact, Input, Origin};

use super::VirtualPhone;
use crate::dut::{Dut as _, Halt};
use crate::language::{By, Do, Submission};

impl VirtualPhone {
    pub(super) fn carry_out(&mut self, action: &Do) -> Result<(), Halt> {
        match action {
            Do::Boot => self.boot(),
            Do::PowerOff => self.power_off(),
            Do::PowerCycle => {
                self.power_off();
                self.boot();
            }
            Do::Wait(_) => {}
            Do::Resync(rule, by) => self.resync(rule.as_deref(), *by)?,
            Do::Set(params, by) => self.set(params, *by)?,
            Do::Upgrade(rule) => self.upgrade(rule.as_deref())?,
            Do::Report(by) => self.command(*by, Command::Report),
            Do::ProblemReport(by) => self.command(*by, Command::ReportProblem),
            Do::Notify(sent) => self.notify(sent)?,
            Do::Visit(_) => {
                let why = "the engine has no pages: the program serves them";
                return Err(Halt::Cannot(why.to_owned()));
            }
            Do::Submit(page) => self.submit(page)?,
            Do::Reboot(by) => self.command(*by, Command::Restart),
            Do::FactoryReset => self.command(By::Control, Command::FactoryReset),
            Do::Line(line, is) => self.tell(Input::Line(*line, *is)),
            Do::Registration(line, is) => self.tell(Input::Registration(*line, *is)),
            Do::Clock(at) => {
                let seconds = i64::try_from(self.now_ms / 1000).unwrap_or(i64::MAX);
                self.wall = at.map(|at| at.saturating_sub(seconds));
                self.tell(Input::ClockSet);
            }
            Do::File(path, content) => {
                let path = self.place(path);
                self.server.files.insert(path, content.clone());
            }
            Do::RemoveFile(path) => {
                let path = self.place(path);
                self.server.files.remove(&path);
            }
            Do::Fault(path, fault) => self.server.faults.push((path.clone(), fault.clone())),
            Do::ClearFault(path) => self.server.faults.retain(|(glob, _)| glob != path),
            Do::Address(ip) => {
                self.known.address = *ip;
                self.tell(Input::Fact(Fact::Address(*ip)));
            }
            Do::ExternalAddress(ip) => {
                self.known.external = *ip;
                self.tell(Input::Fact(Fact::ExternalAddress(*ip)));
            }
            Do::Certificate(installed) => {
                self.known.certificate = *installed;
                self.tell(Input::Fact(Fact::ClientCertificate(*installed)));
            }
            Do::Options(options) => {
                self.known.options.clone_from(options);
                let discovered = self.discovered();
                self.tell(Input::OptionsLearned(discovered));
            }
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, input: Input) {
        self.push(self.now_ms, input);
    }

    pub(super) fn command(&mut self, by: By, command: Command) {
        let origin = match by {
            By::Control => Origin::Control,
            By::Page => Origin::Page,
            By::Sip => Origin::Sip,
            By::Menu => Origin::Screen,
        };
        self.tell(Input::Command(origin, command));
    }

    /// What the options say, in the order of DHCP_Option_To_Use.
    pub(super) fn discovered(&mut self) -> Option<Discovered> {
        let order = self.value("DHCP_Option_To_Use");
        let options: Vec<(u8, String)> = self
            .known
            .options
            .iter()
            .map(|(number, value)| (*number, self.place(value)))
            .collect();
        let options: Vec<DhcpOption<'_>> = options
            .iter()
            .map(|(number, value)| DhcpOption {
                space: Space::V4,
                code: u16::from(*number),
                value: Value::Text(value),
            })
            .collect();
        let choice = choose(&order, "", &options, |_| {})?;
        Discovered::intern(&choice.found, &mut self.shared.values)
    }

    fn set(&mut self, params: &[(String, String)], by: By) -> Result<(), Halt> {
        for (name, value) in params {
            let (id, text) = self.canonical(name, value)?;
            let value = self.shared.values.intern(&text, secrecy(id));
            let value = value.ok_or_else(|| Halt::Broken(format!("no room for {name}")))?;
            self.command(by, Command::Set(id, value));
            // The next edit is refused while one is being stored.
            while self.step(self.now_ms) {}
        }
        Ok(())
    }

    /// Stores what a page submits, all of it at once.
    fn submit(&mut self, page: &Submission) -> Result<(), Halt> {
        if page.login.is_some() || !page.stored {
            let why = "accounts and limits are those of pages, which the program serves";
            return Err(Halt::Cannot(why.to_owned()));
        }
        let mut delta = DeltaBuilder::with_capacity(page.params.len(), 256);
        for (name, value) in &page.params {
            let (id, text) = self.canonical(name, value)?;
            delta.push(Setting {
                id,
                value: Some(&text),
                access: None,
                preserve: false,
            });
        }
        let page = self.shared.put_decoded(&delta.finish());
        self.command(By::Page, Command::Submit(page));
        Ok(())
    }

    fn resync(&mut self, rule: Option<&str>, by: By) -> Result<(), Halt> {
        // What is typed becomes a parameter, which is no secret.
        let secrecy = match by {
            By::Menu => secrecy(known::PROFILE_RULE),
            By::Control | By::Page | By::Sip => Secrecy::Secret,
        };
        let rule = rule.map(|rule| self.rule(rule, secrecy)).transpose()?;
        let command = rule.map_or(Command::Resync, Command::ResyncWith);
        self.command(by, command);
        Ok(())
    }

    fn upgrade(&mut self, rule: Option<&str>) -> Result<(), Halt> {
        let rule = rule
            .map(|rule| self.rule(rule, Secrecy::Secret))
            .transpose()?;
        self.command(By::Control, Command::Upgrade(rule));
        Ok(())
    }

    /// A rule that comes with a request.
    pub(super) fn rule(&mut self, rule: &str, secrecy: Secrecy) -> Result<ValueId, Halt> {
        let rule = self.place(rule);
        let rule = self.shared.values.intern(&rule, secrecy);
        rule.ok_or_else(|| Halt::Broken("no room for the rule".to_owned()))
    }
}
