//! Requests from outside, and their answers.

use std::sync::Arc;

use onhook_device::Secret;
use onhook_fetch::is_allowed;
use onhook_params::{ParamId, Secrecy, ValueId, entered, secrecy};
use onhook_phone::render::allowed_domains;
use onhook_phone::report::{CaStatus, Status};
use onhook_phone::{
    Answer, Ask, Asked, Cause, Command, Committed, Delay, Fact, Gate, Input, Mobility, Notice,
    OpId, Origin, Reply, ReportNotice, State,
};
use onhook_rules::masked;

use crate::arrivals::Arrived;
use crate::fault::{ca_rule, explain};
use crate::reactor::Reactor;
use crate::reporter::running;
use crate::waiting::{Explicit, Progress, Readers, Room, What};

pub(crate) const NO_PHONE: &str = "there is no such phone";
pub(crate) const NO_MEMORY: &str = "no memory for another text: restart the program";

impl Reactor {
    /// Takes one request for a phone.
    pub(crate) fn answer(&mut self, phone: u32, asked: Asked) {
        let Asked { origin, ask, reply } = asked;
        if self.phones.seats.get(phone as usize).is_none() {
            reply.answer(Answer::Refused(NO_PHONE.to_owned()));
            return;
        }
        match ask {
            Ask::Resync(rule) => self.ask_resync(phone, origin, rule, reply),
            Ask::Set { name, value } => match self.check_set(phone, &name, &value) {
                Ok((id, value)) => {
                    if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
                        seat.waiting.edit = Some(reply);
                    }
                    self.queue(phone, Input::Command(origin, Command::Set(id, value)));
                }
                Err(why) => reply.answer(Answer::Refused(why)),
            },
            #[cfg(feature = "pages")]
            Ask::Submit(page) => self.ask_submit(phone, origin, &page, reply),
            #[cfg(feature = "firmware")]
            Ask::Upgrade(rule) => self.ask_upgrade(phone, origin, rule.as_ref(), reply),
            #[cfg(feature = "pages")]
            Ask::Look => self.show(phone, reply),
            #[cfg(not(feature = "firmware"))]
            Ask::Upgrade(_) => {
                let why =
                    "this program has no slots for firmware: build it with the feature firmware";
                reply.answer(Answer::Refused(why.to_owned()));
            }
            #[cfg(not(feature = "pages"))]
            Ask::Submit(_) | Ask::Look => {
                reply.answer(Answer::Refused("this program has no pages".to_owned()));
            }
            Ask::UpdateCa(rule) => self.ask_update_ca(phone, origin, rule.as_ref(), reply),
            Ask::FactoryReset => self.ask_reset(phone, origin, reply),
            Ask::Report => {
                if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
                    seat.waiting.report.add(reply);
                }
                self.queue(phone, Input::Command(origin, Command::Report));
            }
            Ask::ReportProblem => {
                if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
                    seat.waiting.problem.add(reply);
                }
                self.queue(phone, Input::Command(origin, Command::ReportProblem));
            }
            Ask::Restart => self.ask_restart(phone, origin, Command::Restart, reply),
            Ask::RestartWarm => self.ask_restart(phone, origin, Command::RestartWarm, reply),
            Ask::Line(line, line_use) => {
                self.ask_line(phone, line, Input::Line(line, line_use), reply);
            }
            Ask::Registration(line, registration) => {
                self.ask_line(phone, line, Input::Registration(line, registration), reply);
            }
            Ask::SipError(line, code) => self.ask_sip_error(phone, line, code, reply),
            Ask::ExternalAddress(address) => {
                self.learn(phone, Fact::ExternalAddress(address), reply);
            }
            Ask::LogIn { user, password } => self.ask_log_in(phone, &user, &password, reply),
            Ask::LogOut => self.learn(phone, Fact::Mobility(Mobility::default()), reply),
            // The certificate itself is the business of transports, who have it already.
            Ask::InstallCertificate(_) => self.learn(phone, Fact::ClientCertificate(true), reply),
            Ask::RemoveCertificate => self.learn(phone, Fact::ClientCertificate(false), reply),
            Ask::MayUse(server) => reply.answer(self.may_use(phone, &server)),
            Ask::SipAccess => reply.answer(self.sip_access(phone)),
            Ask::Status => reply.answer(match self.status(phone) {
                Some(status) => Answer::Status(Box::new(status)),
                None => Answer::Refused(NO_PHONE.to_owned()),
            }),
        }
    }

    //= R-DOM-1
    /// Whether the software of the device may register with a server, or use it otherwise.
    fn may_use(&self, phone: u32, server: &str) -> Answer {
        let allowed = self.phones.phone(phone);
        let allowed = allowed.map(|phone| allowed_domains(phone, &self.phones.shared));
        match allowed.is_some_and(|domains| is_allowed(server, domains)) {
            true => Answer::Done,
            false => Answer::Refused(
                "the server is not listed in Restricted_Access_Domains: nothing may be sent there"
                    .to_owned(),
            ),
        }
    }

    fn ask_resync(
        &mut self,
        phone: u32,
        origin: Origin,
        rule: Option<Secret>,
        reply: Box<dyn Reply>,
    ) {
        // Else it would get what others have asked for.
        if let Some(gate) = self.gate(phone, origin) {
            reply.answer(Answer::Refused(refusal(gate).to_owned()));
            return;
        }
        let typed = origin == Origin::Screen;
        let intern = |rule: Secret| match typed {
            //= R-WEB-10
            true => self
                .check_set(phone, "Profile_Rule", &rule)
                .map(|(_, value)| value),
            false => self.intern_rule(&rule),
        };
        let rule = match rule.map(intern).transpose() {
            Ok(rule) => rule,
            Err(why) => {
                reply.answer(Answer::Refused(why));
                return;
            }
        };
        if origin == Origin::Sip {
            self.notified(phone, rule, reply);
            return;
        }
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let waiting = &mut seat.waiting;
        if origin == Origin::Page && waiting.has_room_for(rule) == Room::Taken {
            let shared = &mut self.phones.shared;
            if let Some(old) = rule.and_then(|rule| waiting.replace_given(rule)) {
                shared.values.release(old);
            }
            reply.answer(Answer::Delayed(Delay::RunningResync));
            return;
        }
        match (rule, &mut waiting.asked) {
            //= R-SM-12
            (
                None,
                Some(Explicit {
                    what: What::Configured | What::Typed,
                    progress: Progress::Pending,
                    replies,
                }),
            ) => replies.push(reply),
            (None, _) => waiting.configured.push((origin, reply)),
            (Some(rule), _) => waiting.given.push_back((origin, rule, reply)),
        }
        self.asked.push(phone);
        self.ask_next(phone);
    }

    pub(crate) fn intern_rule(&mut self, rule: &Secret) -> Result<ValueId, String> {
        let text = text(rule, "the rule")?;
        let values = &mut self.phones.shared.values;
        values
            .intern(text, Secrecy::Secret)
            .ok_or_else(|| NO_MEMORY.to_owned())
    }

    /// Asks the phone for the next resync that somebody waits for, unless one is under way.
    pub(crate) fn ask_next(&mut self, phone: u32) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let waiting = &mut seat.waiting;
        if waiting.asked.is_some() {
            return;
        }
        let configured = std::mem::take(&mut waiting.configured);
        let (what, origin, command, replies) = if let Some((origin, _)) = configured.first() {
            let origin = *origin;
            let replies = configured.into_iter().map(|(_, reply)| reply).collect();
            (What::Configured, origin, Command::Resync, replies)
        } else if let Some((origin, rule, reply)) = waiting.given.pop_front() {
            let what = match origin {
                //= R-WEB-10
                Origin::Screen => What::Typed,
                Origin::Control | Origin::Page | Origin::Sip => What::Given,
            };
            (what, origin, Command::ResyncWith(rule), vec![reply])
        } else {
            return;
        };
        waiting.asked = Some(Explicit {
            what,
            progress: Progress::Pending,
            replies,
        });
        self.queue(phone, Input::Command(origin, command));
    }

    /// What keeps a phone from taking a request of this way, and of no other.
    fn gate(&self, phone: u32, origin: Origin) -> Option<Gate> {
        let seat = self.phones.seats.get(phone as usize)?;
        seat.phone.gate(origin, &self.phones.shared)
    }

    /// Checks a change of a parameter: that no other is under way, its name and its value.
    fn check_set(
        &mut self,
        phone: u32,
        name: &str,
        value: &Secret,
    ) -> Result<(ParamId, ValueId), String> {
        let seat = self.phones.seats.get(phone as usize).ok_or(NO_PHONE)?;
        if seat.waiting.edit.is_some() {
            return Err("another change is being stored: try again".to_owned());
        }
        let shared = &mut self.phones.shared;
        let scope = seat.phone.model(shared).ok_or(NO_PHONE)?.scope;
        let Some(id) = ParamId::lookup(name, &scope) else {
            let hint = match ParamId::nearest(name, &scope) {
                Some(near) => format!("did you mean `{}`?", near.name()),
                None => "`onhook-agent params list` shows all".to_owned(),
            };
            return Err(format!("parameter `{name}` is unknown: {hint}"));
        };
        let value = entered(text(value, "the value")?);
        let value = id
            .canonical(&value, &scope)
            .map_err(|bad| masked(&format!("{name}: {bad}")))?;
        let value = shared.values.intern(&value, secrecy(id)).ok_or(NO_MEMORY)?;
        Ok((id, value))
    }

    /// Asks for a restart; whoever asked is told at once what it waits for.
    fn ask_restart(&mut self, phone: u32, origin: Origin, command: Command, reply: Box<dyn Reply>) {
        let Some(seat) = self.phones.seats.get(phone as usize) else {
            return;
        };
        let running = matches!(seat.phone.state(), State::Running(_));
        //= R-SM-14
        reply.answer(if seat.phone.busy_lines() != 0 {
            Answer::Delayed(Delay::BusyLines)
        } else if running {
            Answer::Delayed(Delay::RunningResync)
        } else {
            Answer::Done
        });
        self.queue(phone, Input::Command(origin, command));
    }

    fn ask_reset(&mut self, phone: u32, origin: Origin, reply: Box<dyn Reply>) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        //= R-IDLE-5
        if seat.phone.has_emergency_call() {
            reply.answer(Answer::Delayed(Delay::BusyLines));
        } else {
            seat.waiting.reset.push(reply);
        }
        self.queue(phone, Input::Command(origin, Command::FactoryReset));
    }

    /// Empties the stores of a phone.
    pub(crate) fn erase(&mut self, phone: u32, op: OpId) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let config = Arc::clone(&seat.ports.config);
        let state = Arc::clone(&seat.ports.state);
        let trust = seat.trust.as_ref().map(|trust| trust.ports().store.clone());
        let turn = seat.storage.turn();
        let completion = self.completion(|result| Arrived::Erased { phone, op, result });
        self.tasks.spawn(async move {
            // A phone whose power fails in between keeps its parameters, and the reset can be repeated.
            let result = turn.empty(async move {
                state.reset_state().await?;
                //= R-FLS-2
                if let Some(trust) = trust {
                    trust.reset_trust().await?;
                }
                config.reset().await
            });
            let result = result.await;
            completion.send(Arrived::Erased { phone, op, result });
        });
    }

    /// Answers those who wait for a factory reset that ended.
    pub(crate) fn erased(&mut self, phone: u32, result: Result<(), String>) -> Committed {
        let (answer, committed) = match result {
            Ok(()) => {
                let seat = self.phones.seats.get_mut(phone as usize);
                if let Some(trust) = seat.and_then(|seat| seat.trust.as_mut()) {
                    trust.forget();
                }
                (Answer::Done, Committed::Durable)
            }
            Err(message) => {
                tracing::error!(phone, "{message}");
                (Answer::Refused(message), Committed::Failed)
            }
        };
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            for reply in std::mem::take(&mut seat.waiting.reset) {
                reply.answer(answer.clone());
            }
        }
        committed
    }

    /// Answers those who waited for what a notice tells.
    pub(crate) fn answer_notice(&mut self, phone: u32, notice: &Notice) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let waiting = &mut seat.waiting;
        match notice {
            Notice::ResyncStarted(Cause::Explicit, slot) => {
                seat.reporter.is_for(waiting.started(*slot));
            }
            Notice::Refused(gate) => {
                waiting.refuse_pending(refusal(*gate));
                self.ended.push(phone);
            }
            Notice::TrustFault(source, fault) => {
                let why = explain(ca_rule(*source), fault);
                tracing::warn!(phone, "{why}");
                waiting.ca_failed(why);
            }
            Notice::TrustForgotten => waiting.ca_forgotten(),
            Notice::TrustDone(source, outcome, _) => waiting.ca_done(*source, *outcome),
            Notice::Report(told) => {
                answer_report(&mut waiting.report, phone, told, ("Report_Rule", NO_REPORT));
            }
            Notice::ProblemReport(told) => {
                let rule = ("PRT_Upload_Rule", NO_PROBLEM_REPORT);
                answer_report(&mut waiting.problem, phone, told, rule);
            }
            Notice::EditDone(committed) => waiting.edited(*committed),
            Notice::EditBusy => waiting.edit_busy(),
            Notice::ResyncDone(_) => self.ended.push(phone),
            Notice::ResyncStarted(
                Cause::Boot
                | Cause::AfterUpgrade
                | Cause::UpgradeFailed
                | Cause::Periodic
                | Cause::Daily
                | Cause::Trigger
                | Cause::Retry,
                _,
            )
            | Notice::RuleStarted(..)
            | Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TriggerFault(..)
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::AccountWanted
            | Notice::EraseFailed
            | Notice::ServerChanged(..)
            | Notice::Upgrade(_)
            | Notice::TrustStarted(..)
            | Notice::TimerArmed(..) => {}
            Notice::Held => {
                if seat.phone.busy_lines() != 0 {
                    waiting.delay_all();
                }
            }
        }
    }

    /// Answers those whose resync waits for idle lines; it stays asked for.
    pub(crate) fn tell_delays(&mut self, phone: u32) {
        if let Some(seat) = self.phones.seats.get_mut(phone as usize)
            && seat.phone.busy_lines() != 0
        {
            seat.waiting.delay_pending();
        }
    }

    /// Answers everybody who waits for a phone, because it restarts.
    pub(crate) fn dismiss(&mut self, phone: u32) {
        if let Some(seat) = self.phones.seats.get_mut(phone as usize) {
            seat.waiting.dismiss();
        }
    }

    /// A phone at this moment.
    pub(crate) fn status(&self, phone: u32) -> Option<Status> {
        let seat = self.phones.seats.get(phone as usize)?;
        let now = self.clock.now().mono;
        let busy = seat.phone.busy_lines();
        let mobility = seat.phone.mobility();
        let values = &self.phones.shared.values;
        let shown = |id: Option<ValueId>| id.map_or("", |id| values.text(id)).to_owned();
        Some(Status {
            state: state_name(seat.phone.state()),
            prvst: seat.phone.cause().prvst(),
            provisioned: seat.phone.provisioned(),
            customization: Some(seat.phone.customization()).filter(|_| seat.phone.may_search()),
            last: seat.reporter.last().cloned(),
            next: running(seat.phone.timer(), now),
            busy_lines: (1..=16_u8).filter(|n| busy >> (n - 1) & 1 == 1).collect(),
            sip_errors: seat.sip_errors.clone(),
            uptime_s: now.as_secs(),
            external_ip: shown(seat.phone.external_ip()),
            client_certificate: seat.phone.has_client_certificate(),
            custom_ca: seat
                .trust
                .as_ref()
                .map(|trust| CaStatus::of(trust.record()))
                .unwrap_or_default(),
            mobility_status: shown(mobility.status),
            mobility_user: shown(mobility.user),
            history: seat
                .record
                .history
                .iter()
                .flatten()
                .map(|entry| (entry.reason.name(), entry.at().map(|at| at.unix_s)))
                .collect(),
            stale_completions: seat.phone.stale_completions(),
            dropped_messages: seat.ports.log.dropped(),
            firmware: self.firmware_status(phone),
            // Whoever listens knows where.
            listen: Vec::new(),
        })
    }
}

/// What a phone answers that has nothing to report.
const NO_PROBLEM_REPORT: &str = "PRT_Upload_Rule is empty, or names no place now: set it first";

/// Answers those who waited for what is told of a report; the rule is that of its place, with what is said if it names none.
fn answer_report(
    readers: &mut Readers,
    phone: u32,
    told: &ReportNotice,
    (rule, nothing): (&str, &str),
) {
    match told {
        ReportNotice::Started(_) => readers.begins(),
        ReportNotice::Fault(fault) => {
            let why = explain(rule, fault);
            tracing::warn!(phone, "{why}");
            readers.failed(why);
        }
        ReportNotice::Done(outcome) => readers.ended(*outcome),
        ReportNotice::Nothing => readers.refused(nothing),
        ReportNotice::NotBooted => readers.refused(refusal(Gate::NotBooted)),
        ReportNotice::Sending(..) => {}
    }
}

const NO_REPORT: &str = "Report_Rule is empty, or names no report now: set it first";

#[cfg(not(feature = "firmware"))]
impl Reactor {
    fn firmware_status(&self, _phone: u32) -> Option<Box<onhook_phone::report::FirmwareStatus>> {
        None
    }
}

const fn state_name(state: State) -> &'static str {
    match state {
        State::Off => "off",
        State::Dormant => "dormant",
        State::BootDelay => "boot-delay",
        State::Waiting => "waiting",
        State::ErrorWait => "error-wait",
        State::Due(_) => "due",
        State::Running(_) => "running",
    }
}

const fn refusal(gate: Gate) -> &'static str {
    match gate {
        Gate::ProvisionDisabled => "Provision_Enable is No: set it to Yes first",
        Gate::NotBooted => "the phone has not booted yet: try again",
        Gate::SipDisabled => "Resync_From_SIP is No: set it to Yes first",
        Gate::ScreenDisabled => "User_Configurable_Resync is No: set it to Yes first",
    }
}

/// The text of a secret; what is no text is named by `what` and not shown.
pub(crate) fn text<'s>(secret: &'s Secret, what: &str) -> Result<&'s str, String> {
    std::str::from_utf8(secret.expose()).map_err(|_| format!("{what} is no UTF-8 text"))
}
