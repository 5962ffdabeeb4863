//! Puts together what one resync did, from notices, transfers and writes.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use onhook_device::{MonoTime, Outcome};
use onhook_params::{Entry, ParamId, Scope, View};
use onhook_phone::report::{ResyncReport, RuleReport, Warning};
use onhook_phone::{Cause, Notice, OpId, RuleFault, RuleSlot, StateChange, TimerKind};
use onhook_profile::Decoded;
use onhook_rules::masked;

use crate::fault::{ca_rule, explain};
use crate::fetch::Failed;
use crate::waiting::Audience;

/// How many warnings a report keeps; guessing what an unknown name meant takes about a millisecond each.
const WARNINGS: usize = 50;

/// Collects the report of the running resync and keeps the one before.
#[derive(Default)]
pub(crate) struct Reporter {
    current: Option<Box<Draft>>,
    /// Resyncs that ended while writes were under way, oldest first.
    ended: VecDeque<Box<Draft>>,
    last: Option<Box<ResyncReport>>,
    /// Only outcomes and what went wrong are told, and none is kept.
    #[cfg(feature = "fleet")]
    brief: bool,
}

/// A report that is not complete yet.
struct Draft {
    report: ResyncReport,
    audience: Audience,
    changes: BTreeMap<ParamId, String>,
    writes: Vec<Write>,
    /// Why the last commit failed.
    failure: Option<String>,
}

/// A write under way that belongs to a report.
struct Write {
    op: OpId,
    /// What a commit stores, with secrets masked.
    shown: Vec<(ParamId, String)>,
}

impl Draft {
    const fn new(cause: Cause) -> Self {
        Self {
            audience: Audience::Nobody,
            report: ResyncReport {
                outcome: Outcome::Internal,
                cause,
                rules: Vec::new(),
                changes: Vec::new(),
                warnings: Vec::new(),
                flash_writes: 0,
                state_writes: 0,
                reboot: false,
                next: Vec::new(),
                messages: Vec::new(),
            },
            changes: BTreeMap::new(),
            writes: Vec::new(),
            failure: None,
        }
    }

    fn warn(&mut self, warning: Warning) {
        if self.report.warnings.len() < WARNINGS {
            self.report.warnings.push(warning);
        }
    }

    fn open_rule(&mut self, slot: RuleSlot, url: Option<String>) {
        self.report.rules.push(RuleReport {
            slot,
            url,
            server_ip: None,
            container: None,
            gzip: false,
            bytes: 0,
            outcome: Outcome::Internal,
            said: None,
            changed: 0,
            ms: 0,
            message: None,
        });
    }

    /// The entry of a rule, opened now if it led to no request.
    fn rule(&mut self, slot: RuleSlot) -> Option<&mut RuleReport> {
        let known = self.report.rules.last().map(|rule| rule.slot);
        if known != Some(slot) {
            self.open_rule(slot, None);
        }
        self.report.rules.last_mut()
    }

    fn fault(&mut self, slot: RuleSlot, fault: &RuleFault) {
        let message = explain(slot.name(), fault);
        let fails = !matches!(
            fault,
            RuleFault::Assignment { .. } | RuleFault::CredentialsUnused | RuleFault::ProxyNameless
        );
        if !fails {
            self.warn(Warning {
                code: fault.name().to_owned(),
                subject: slot.name().to_owned(),
                line: None,
                column: None,
                message,
            });
        } else if let Some(rule) = self.rule(slot) {
            rule.message = Some(message);
        }
    }

    /// What is wrong with the custom CA fails no rule.
    fn ca_warning(&mut self, code: &str, message: String) {
        self.warn(Warning {
            code: code.to_owned(),
            subject: "Custom_CA_Rule".to_owned(),
            line: None,
            column: None,
            message,
        });
    }

    fn rule_done(&mut self, slot: RuleSlot, outcome: Outcome, changed: u32) {
        let failure = self.failure.take();
        if let Some(rule) = self.rule(slot) {
            rule.outcome = outcome;
            rule.changed = changed;
            if failure.is_some() {
                rule.message = failure;
            }
        }
    }
}

impl Reporter {
    pub(crate) fn last(&self) -> Option<&ResyncReport> {
        self.last.as_deref()
    }

    /// Tells only outcomes and what went wrong, and keeps none.
    #[cfg(feature = "fleet")]
    pub(crate) fn brief() -> Self {
        Self {
            brief: true,
            ..Self::default()
        }
    }

    pub(crate) fn notice(&mut self, notice: &Notice, url: Option<&str>) {
        if let Notice::ResyncStarted(cause, _) = notice {
            self.current = Some(Box::new(Draft::new(*cause)));
        }
        let Some(draft) = &mut self.current else {
            return;
        };
        match notice {
            Notice::RuleStarted(slot, _) => draft.open_rule(*slot, url.map(str::to_owned)),
            Notice::RuleDone {
                slot,
                outcome,
                changed,
            } => draft.rule_done(*slot, *outcome, *changed),
            Notice::RuleFault(slot, fault) => draft.fault(*slot, fault),
            Notice::ResyncDone(outcome) => {
                draft.report.outcome = *outcome;
                self.ended.extend(self.current.take());
            }
            Notice::TrustFault(source, fault) => {
                let message = explain(ca_rule(*source), fault);
                draft.ca_warning(fault.name(), message);
            }
            Notice::ResyncStarted(..)
            | Notice::TrustStarted(..)
            | Notice::TrustDone(..)
            | Notice::TrustForgotten
            | Notice::TriggerFault(..)
            | Notice::Held
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::AccountWanted
            | Notice::TimerArmed(..)
            | Notice::Refused(_)
            | Notice::EditDone(_)
            | Notice::EditBusy
            | Notice::EraseFailed
            | Notice::ServerChanged(..)
            | Notice::Upgrade(_)
            | Notice::Report(_)
            | Notice::ProblemReport(_) => {}
        }
    }

    /// The rule whose request is under way, or the last one.
    fn open(&mut self) -> Option<&mut RuleReport> {
        self.current.as_mut()?.report.rules.last_mut()
    }

    pub(crate) fn started(&mut self, ip: Option<IpAddr>) {
        if let Some(rule) = self.open() {
            rule.server_ip = ip;
        }
    }

    /// Notes that the request under way was ended because the whole resync takes too long.
    pub(crate) fn cancelled(&mut self) {
        if let Some(rule) = self.open() {
            rule.message = Some(
                "the whole resync took longer than 15 minutes and was ended: check the server and the way to it"
                    .to_owned(),
            );
        }
    }

    pub(crate) fn fetched(
        &mut self,
        bytes: u64,
        ms: u64,
        result: &Result<Arc<Decoded>, Failed>,
        scope: &Scope,
    ) {
        let Some(draft) = &mut self.current else {
            return;
        };
        #[cfg(feature = "fleet")]
        let brief = self.brief;
        #[cfg(not(feature = "fleet"))]
        let brief = false;
        if let Ok(decoded) = result
            && !brief
        {
            for item in decoded.diagnostics.iter().take(WARNINGS) {
                draft.warn(Warning {
                    code: item.code.as_str().to_owned(),
                    subject: item.subject.to_string(),
                    line: Some(item.line),
                    column: Some(item.column),
                    // A rule may stand where it does not belong, and messages quote values.
                    message: masked(&item.message(scope)),
                });
            }
        }
        let Some(rule) = draft.report.rules.last_mut() else {
            return;
        };
        rule.bytes = bytes;
        rule.ms = ms;
        match result {
            Ok(decoded) => {
                rule.container = Some(decoded.container.as_str());
                rule.gzip = decoded.gzip;
            }
            Err(failed) => {
                rule.said.clone_from(&failed.said);
                rule.message = Some(failed.message.clone());
            }
        }
    }

    /// Notes what a commit of a rule is about to store; secrets are masked here.
    pub(crate) fn committing(&mut self, op: OpId, entries: &[Entry], view: View<'_>) {
        let Some(draft) = &mut self.current else {
            return;
        };
        let shown = entries.iter().map(|entry| {
            let value = match entry.value {
                Some(value) => masked(view.values.text(value)),
                None if entry.id.pattern().secret => "***".to_owned(),
                None => entry.id.default(view.scope).to_owned(),
            };
            (entry.id, value)
        });
        draft.writes.push(Write {
            op,
            shown: shown.collect(),
        });
    }

    /// Notes a write of the state record; it belongs to the resync that runs or has just ended.
    pub(crate) fn saving(&mut self, op: OpId, change: StateChange) {
        let Some(draft) = self.current.as_mut().or(self.ended.back_mut()) else {
            return;
        };
        draft.report.reboot |= matches!(change, StateChange::Restarting(..));
        draft.writes.push(Write {
            op,
            shown: Vec::new(),
        });
    }

    /// Notes that the fetch of the custom CA has failed; within a resync it is a warning.
    pub(crate) fn ca_failed(&mut self, message: &str) {
        if let Some(draft) = &mut self.current {
            draft.ca_warning("custom-ca", message.to_owned());
        }
    }

    /// Notes that the phone restarts, because of the resync that has just ended.
    pub(crate) fn restarting(&mut self) {
        if let Some(draft) = self.ended.back_mut() {
            draft.report.reboot = true;
        }
    }

    /// Takes a write out of the report that it belongs to.
    fn ended_write(&mut self, op: OpId) -> Option<(&mut Draft, Write)> {
        self.ended
            .iter_mut()
            .chain(&mut self.current)
            .find_map(|draft| {
                let draft = &mut **draft;
                let at = draft.writes.iter().position(|write| write.op == op)?;
                let write = draft.writes.remove(at);
                Some((draft, write))
            })
    }

    pub(crate) fn committed(&mut self, op: OpId, written: bool) {
        if let Some((draft, write)) = self.ended_write(op) {
            draft.changes.extend(write.shown);
            draft.report.flash_writes += u64::from(written);
        }
    }

    pub(crate) fn state_saved(&mut self, op: OpId, written: bool) {
        if let Some((draft, _)) = self.ended_write(op) {
            draft.report.state_writes += u64::from(written);
        }
    }

    /// Notes why a commit failed, for the rule that it fails.
    pub(crate) fn commit_failed(&mut self, op: OpId, message: String) {
        if let Some((draft, _)) = self.ended_write(op) {
            draft.failure = Some(message);
        }
    }

    /// Notes that the state record could not be saved, which fails no rule.
    pub(crate) fn state_not_saved(&mut self, op: OpId, message: String) {
        if let Some((draft, _)) = self.ended_write(op) {
            draft.warn(Warning {
                code: "state-not-saved".to_owned(),
                subject: "state record".to_owned(),
                line: None,
                column: None,
                message,
            });
        }
    }

    pub(crate) fn message(&mut self, text: &str) {
        if let Some(draft) = &mut self.current {
            draft.report.messages.push(text.to_owned());
        }
    }

    /// Notes who waits for the report of the resync that has just started.
    pub(crate) fn is_for(&mut self, audience: Audience) {
        if let Some(draft) = &mut self.current {
            draft.audience = audience;
        }
    }

    /// Closes the oldest report whose resync and writes are done, and tells who waits for it.
    pub(crate) fn close(
        &mut self,
        timer: Option<(TimerKind, MonoTime)>,
        now: MonoTime,
    ) -> Option<(Audience, &ResyncReport)> {
        #[cfg(feature = "fleet")]
        if self.brief {
            self.last = None;
        }
        let draft = self.ended.pop_front_if(|draft| draft.writes.is_empty())?;
        let mut report = draft.report;
        report.changes = draft
            .changes
            .into_iter()
            .map(|(id, value)| (id.name().to_string(), value))
            .collect();
        report.next = running(timer, now);
        Some((draft.audience, self.last.insert(Box::new(report))))
    }
}

/// The timers that run, with the seconds left, rounded up.
pub(crate) fn running(
    timer: Option<(TimerKind, MonoTime)>,
    now: MonoTime,
) -> Vec<(TimerKind, u64)> {
    let left = |at: MonoTime| {
        at.as_millis()
            .saturating_sub(now.as_millis())
            .div_ceil(1000)
    };
    timer
        .into_iter()
        .map(|(kind, at)| (kind, left(at)))
        .collect()
}
