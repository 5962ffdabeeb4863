//! What the phone did, and why, in words.

use onhook_device::{Now, Outcome};
use onhook_journal::{Input, Life};
use onhook_params::{ParamId, Values};
use onhook_phone::{
    CaSource, Cause, Committed, CustomCa, Effect, Gate, Newcomer, Notice, OpId, Pending, Phone,
    Place, ReportNotice, Request, RestartKind, RuleSlot, Servers, Shared, Stage, State,
    StateChange, TimerKind, UpgradeGate, UpgradeNotice, Why, render,
};

use crate::rule;

/// A phone just after it took an input.
pub(crate) struct Seen<'a> {
    pub(crate) phone: &'a Phone,
    pub(crate) shared: &'a Shared,
    pub(crate) life: &'a Life,
    pub(crate) now: Now,
}

impl Seen<'_> {
    /// The sentences of what the phone did.
    pub(crate) fn decisions(&self, input: &Input, effects: &[Effect]) -> Vec<String> {
        let mut said = Vec::new();
        for effect in effects {
            self.tell(effect, &mut said);
        }
        if said.is_empty() {
            said.extend(self.silence(input));
        }
        said
    }

    fn tell(&self, effect: &Effect, said: &mut Vec<String>) {
        match effect {
            Effect::Commit(op) => said.push(self.commit(*op)),
            Effect::SaveState(_, change) => said.push(saves(*change, &self.shared.values)),
            Effect::Log(line) => said.extend(
                render::message(self.phone, self.shared, self.now, line)
                    .map(|message| format!("says to the log: {}", message.text)),
            ),
            Effect::Search(_, Place::Services(domain)) => said.push(format!(
                "asks for the SRV records of {}",
                self.shared.values.text(*domain)
            )),
            Effect::Search(_, Place::Directory) => said.push("asks the directory".to_owned()),
            Effect::Cancel(_) => said.push("ends the transfer".to_owned()),
            Effect::Restart(RestartKind::Cold) => said.push("restarts".to_owned()),
            Effect::Restart(RestartKind::Warm) => {
                said.push("restarts SIP and services, without a boot".to_owned());
            }
            Effect::Activate(_) => {
                said.push("tells the boot loader to bring up the other slot".to_owned());
            }
            Effect::Erase(_) => said.push("restores the factory state".to_owned()),
            Effect::Notice(notice) => self.notice(notice, said),
            // The notice of the same rule has told it.
            Effect::Fetch(..)
            | Effect::FetchTrust(..)
            | Effect::ForgetTrust
            | Effect::Upgrade(..)
            | Effect::Report(..) => {}
        }
    }

    fn notice(&self, notice: &Notice, said: &mut Vec<String>) {
        match notice {
            Notice::ResyncStarted(cause, slot) => {
                said.push(format!("a resync starts: {}", self.why(*cause)));
                if *slot != RuleSlot::Given {
                    said.push(format!("{} is evaluated", slot.name()));
                    said.extend(rule::reasons(self, *slot));
                }
            }
            Notice::RuleStarted(slot, request) => self.rule_started(*slot, request, said),
            Notice::RuleDone {
                slot,
                outcome,
                changed,
            } => said.push(format!(
                "{}: {} ({outcome}), {changed} parameters changed",
                slot.name(),
                outcome.code()
            )),
            Notice::RuleFault(slot, fault) => {
                said.push(format!("{} cannot be used: {}", slot.name(), fault.name()));
            }
            Notice::TrustStarted(source, request) => {
                let url = render::url(request, &self.shared.values);
                said.push(format!("{}: asks for {url}", ca_rule(*source)));
            }
            Notice::TrustFault(source, fault) => said.push(format!(
                "{} cannot be used: {}",
                ca_rule(*source),
                fault.name()
            )),
            Notice::TrustDone(source, outcome, ca) => {
                said.push(trust_done(*source, *outcome, *ca));
            }
            Notice::TrustForgotten => {
                said.push("believes no custom CA any more: Custom_CA_Rule is empty".to_owned());
            }
            Notice::TriggerFault(number, fault) => said.push(format!(
                "Resync_Trigger_{number} cannot be evaluated: {}",
                fault.name()
            )),
            Notice::Held => said.push(self.held().to_owned()),
            Notice::ResyncDone(outcome) => {
                let code = outcome.code();
                said.push(format!("the resync is over: {code} ({outcome})"));
            }
            Notice::TimerArmed(kind, at) => {
                let seconds = at.secs_since(self.now.mono);
                said.push(format!(
                    "next: {} in {seconds} s ({})",
                    kind.name(),
                    self.behind(*kind)
                ));
            }
            Notice::RestartLoop => said.push(
                "does not restart: this profile has made it restart three times in ten minutes"
                    .to_owned(),
            ),
            Notice::AccountWanted => said.push("wants a profile account".to_owned()),
            Notice::ActivationCode => said.push("waits for an activation code".to_owned()),
            Notice::Refused(gate) => said.push(format!("refuses: {}", refusal(*gate))),
            Notice::EditDone(Committed::Durable) => said.push("the change is stored".to_owned()),
            Notice::EditDone(Committed::Failed) => {
                said.push("the change could not be stored: the old value stays".to_owned());
            }
            Notice::EditBusy => said.push("refuses: another change is being stored".to_owned()),
            Notice::EraseFailed => {
                said.push("the factory state could not be restored: nothing changed".to_owned());
            }
            Notice::Upgrade(notice) => said.push(self.upgrade(notice)),
            Notice::Report(notice) => said.push(self.report(notice)),
            Notice::ProblemReport(notice) => said.push(self.problem_report(notice)),
            Notice::ServerChanged(old, new, newcomer) => {
                let values = &self.shared.values;
                let (old, new) = (values.text(*old), values.text(*new));
                said.push(server_changed(old, new, *newcomer));
            }
        }
    }

    const fn held(&self) -> &'static str {
        match self.phone.busy_lines() {
            0 => "waits with it until a local change is stored",
            _ => "waits with it until all lines are idle",
        }
    }

    fn report(&self, notice: &ReportNotice) -> String {
        match notice {
            ReportNotice::Started(why) => {
                let why = match why {
                    Why::Restarted => "the phone has restarted",
                    Why::Period => "the period of periodic_upload_to_server is over",
                    Why::LocalChange => "a setting was changed at the phone",
                    Why::Asked => "somebody asks for it",
                };
                format!("a report is due: {why}")
            }
            ReportNotice::Sending(content, request) => format!(
                "sends a report ({}) to {}",
                content.name(),
                render::url(request, &self.shared.values)
            ),
            ReportNotice::Fault(fault) => {
                format!("Report_Rule cannot be used: {}", fault.name())
            }
            ReportNotice::Done(Outcome::Applied) => "the report has arrived".to_owned(),
            ReportNotice::Done(outcome) => {
                format!("the report has not arrived, and is not sent again: {outcome}")
            }
            ReportNotice::Nothing => {
                "there is nothing to report: Report_Rule names none".to_owned()
            }
            ReportNotice::NotBooted => "no report before the phone has booted".to_owned(),
        }
    }

    fn problem_report(&self, notice: &ReportNotice) -> String {
        match notice {
            ReportNotice::Started(Why::Asked) => {
                "a report of a problem is due: somebody asks for it".to_owned()
            }
            ReportNotice::Started(Why::Restarted | Why::Period | Why::LocalChange) => {
                "a report of a problem is due: the time of PRT_Max_Timer is over".to_owned()
            }
            ReportNotice::Sending(_, request) => format!(
                "sends a report of a problem to {}",
                render::url(request, &self.shared.values)
            ),
            ReportNotice::Fault(fault) => {
                format!("PRT_Upload_Rule cannot be used: {}", fault.name())
            }
            ReportNotice::Done(Outcome::Applied) => {
                "the report of a problem has arrived".to_owned()
            }
            ReportNotice::Done(outcome) => {
                format!("the report of a problem has not arrived, and is not sent again: {outcome}")
            }
            ReportNotice::Nothing => {
                "the report of a problem has nowhere to go: PRT_Upload_Rule names no place"
                    .to_owned()
            }
            ReportNotice::NotBooted => {
                "no report of a problem before the phone has booted".to_owned()
            }
        }
    }

    fn upgrade(&self, notice: &UpgradeNotice) -> String {
        match notice {
            UpgradeNotice::Started(stage, request) => {
                let which = match stage {
                    Stage::First => "an upgrade starts",
                    Stage::Retry => "an upgrade is tried again",
                };
                let url = render::url(request, &self.shared.values);
                format!("{which}: asks for {url}")
            }
            UpgradeNotice::Done(Outcome::Upgraded) => {
                "the load is in its slot: a restart follows".to_owned()
            }
            UpgradeNotice::Done(outcome) => format!("the upgrade has failed: {outcome}"),
            UpgradeNotice::Fault(fault) => {
                format!("the upgrade rule cannot be used: {}", fault.name())
            }
            UpgradeNotice::Retry(at) => format!(
                "the upgrade is tried again in {} s ({})",
                at.secs_since(self.now.mono),
                self.set("Upgrade_Error_Retry_Delay")
            ),
            UpgradeNotice::NotNeeded => "there is nothing to upgrade to".to_owned(),
            UpgradeNotice::Refused(UpgradeGate::NotBooted) => {
                "refuses: it has not booted".to_owned()
            }
            UpgradeNotice::Refused(UpgradeGate::Disabled) => {
                format!("refuses the upgrade: {}", self.set("Upgrade_Enable"))
            }
            UpgradeNotice::Refused(UpgradeGate::NoSlots) => {
                "cannot upgrade: it has no slots for firmware".to_owned()
            }
        }
    }

    fn rule_started(&self, slot: RuleSlot, request: &Request, said: &mut Vec<String>) {
        let first = matches!(slot, RuleSlot::A | RuleSlot::Given);
        if !first {
            said.push(format!("{} is evaluated", slot.name()));
            said.extend(rule::reasons(self, slot));
        }
        let url = render::url(request, &self.shared.values);
        let keyed = match request.key.is_some() {
            true => ", with a key",
            false => "",
        };
        said.push(format!("{}: asks for {url}{keyed}", slot.name()));
    }

    fn why(&self, cause: Cause) -> String {
        match cause {
            Cause::Boot => format!("the phone has started ({})", self.set("Resync_On_Reset")),
            Cause::AfterUpgrade => format!(
                "an upgrade attempt has ended ({})",
                self.set("Resync_After_Upgrade_Attempt")
            ),
            Cause::UpgradeFailed => format!(
                "an upgrade attempt has failed ({})",
                self.set("Resync_After_Upgrade_Attempt")
            ),
            Cause::Periodic => format!("it is time ({})", self.set("Resync_Periodic")),
            Cause::Daily => format!("it is time ({})", self.set("Resync_At__HHmm_")),
            Cause::Trigger => format!(
                "a trigger is true ({}; {})",
                self.set("Resync_Trigger_1"),
                self.set("Resync_Trigger_2")
            ),
            Cause::Retry => format!(
                "the last one failed ({})",
                self.set("Resync_Error_Retry_Delay")
            ),
            Cause::Explicit => "somebody has asked for it".to_owned(),
        }
    }

    /// The parameter behind a timer.
    fn behind(&self, kind: TimerKind) -> String {
        self.set(match kind {
            TimerKind::BootDelay => "Resync_Random_Delay",
            TimerKind::Periodic => "Resync_Periodic",
            TimerKind::Daily => "Resync_At__HHmm_",
            TimerKind::Retry => "Resync_Error_Retry_Delay",
        })
    }

    /// A parameter with its value.
    fn set(&self, name: &str) -> String {
        let view = self.phone.view(self.shared);
        let value = view.and_then(|view| {
            let id = ParamId::lookup(name, view.scope)?;
            Some(self.phone.params().text(id, view))
        });
        match value {
            Some("") | None => format!("{name} is empty"),
            Some(value) => format!("{name} is `{value}`"),
        }
    }

    fn commit(&self, op: OpId) -> String {
        let entries = self.phone.commit_entries(op);
        let shown = entries.iter().map(|entry| match entry.value {
            Some(value) => format!("{} = `{}`", entry.id.name(), self.shared.values.text(value)),
            None => format!("{} as before, or its right", entry.id.name()),
        });
        let all: Vec<String> = shown.collect();
        format!("stores {} parameters: {}", all.len(), all.join(", "))
    }

    /// Why nothing came of an input that often leads to something.
    fn silence(&self, input: &Input) -> Option<String> {
        let held = matches!(self.phone.state(), State::Due(_));
        match input {
            Input::Boot { .. } if self.phone.state() == State::Dormant => {
                Some(format!("no resync: {}", self.set("Provision_Enable")))
            }
            Input::Boot { .. } if self.phone.timer().is_none() && !held => {
                Some(format!("no resync: {}", self.set("Resync_On_Reset")))
            }
            Input::Boot { .. } | Input::Timer | Input::Line { .. } if held => {
                Some(match self.phone.busy_lines() {
                    0 => format!(
                        "a resync is due and waits ({})",
                        self.set("Forced_Resync_Delay")
                    ),
                    _ => "a resync is due and waits until all lines are idle".to_owned(),
                })
            }
            Input::Command { .. } => Some(match self.phone.busy_lines() {
                0 => "it waits until what is under way is over".to_owned(),
                _ => "it waits until all lines are idle".to_owned(),
            }),
            Input::Boot { .. }
            | Input::Timer
            | Input::Line { .. }
            | Input::Registration { .. }
            | Input::ClockSet
            | Input::Server(_)
            | Input::Address(_)
            | Input::ExternalAddress(_)
            | Input::ClientCertificate(_)
            | Input::Account(_)
            | Input::Mobility { .. }
            | Input::Means { .. }
            | Input::Searched { .. }
            | Input::FetchStarted { .. }
            | Input::Fetched { .. }
            | Input::FetchFailed { .. }
            | Input::TrustInstalled { .. }
            | Input::TrustFailed { .. }
            | Input::Committed { .. }
            | Input::StateSaved { .. }
            | Input::Slots(_)
            | Input::Upgraded { .. }
            | Input::Reported { .. }
            | Input::Activated { .. }
            | Input::Erased { .. } => None,
        }
    }
}

fn server_changed(old: &str, new: &str, newcomer: Newcomer) -> String {
    match newcomer {
        Newcomer::Taken => format!("the network names {new} where it named {old}"),
        Newcomer::Refused => format!(
            "the network names {new} where it named {old}: it is not asked (security.pin_server)"
        ),
    }
}

const fn ca_rule(source: CaSource) -> &'static str {
    match source {
        CaSource::Rule => "Custom_CA_Rule",
        CaSource::Request => "the rule that was given",
    }
}

fn trust_done(source: CaSource, outcome: Outcome, ca: Option<CustomCa>) -> String {
    let rule = ca_rule(source);
    match ca {
        Some(ca) => format!(
            "{rule}: the custom CA with the fingerprint {} is believed from now on",
            ca.fingerprint
        ),
        None => format!("{rule}: {} ({outcome})", outcome.code()),
    }
}

fn saves(change: StateChange, values: &Values) -> String {
    match change {
        StateChange::Provisioned(_) => "remembers that a resync has succeeded".to_owned(),
        StateChange::Servers(Servers { profile, network }) => {
            let hosts = [profile, network].into_iter().flatten();
            let hosts: Vec<&str> = hosts.map(|host| values.text(host)).collect();
            format!("remembers who has served it: {}", hosts.join(", "))
        }
        StateChange::Upgrades(_) => "remembers how the upgrade ended".to_owned(),
        StateChange::Restarting(entry, _) | StateChange::Switching(entry, _) => {
            format!(
                "wants to restart and remembers why: {}",
                entry.reason.name()
            )
        }
        StateChange::Booted => "forgets why it restarted".to_owned(),
        StateChange::Customization(state) => format!("remembers that it is {}", state.name()),
        StateChange::Pending(None) => "forgets that a resync was asked for".to_owned(),
        StateChange::Pending(Some(Pending::Configured)) => {
            "remembers that a resync follows the restart".to_owned()
        }
        StateChange::Pending(Some(Pending::TriggerUrl(number))) => {
            format!("remembers that the resync of Resync_Trigger_{number} follows the restart")
        }
    }
}

const fn refusal(gate: Gate) -> &'static str {
    match gate {
        Gate::ProvisionDisabled => "Provision_Enable is No",
        Gate::SipDisabled => "Resync_From_SIP is No",
        Gate::ScreenDisabled => "User_Configurable_Resync is No",
        Gate::NotBooted => "it has not booted",
    }
}
