//! Reports of the configuration: when they are sent, what each holds, and how they end (transports.md section 11, rules.md 7).

use std::net::IpAddr;

use onhook_device::{Family, MonoTime, Outcome};
use onhook_macros::Expanded;
use onhook_params::{Entry, ParamId, ValueId, known};
use onhook_report::{DeltaBase, Reports, Schedule, Why};
use onhook_resync::{Event, State};
use onhook_rules::{Content, parse_report};

use crate::macros::Password;
use crate::phone::Cx;
use crate::plan::syntax;
use crate::restart::Restart;
use crate::rule::RuleFault;
use crate::{
    Boot, Effect, LogOp, Notice, OpId, Phone, ReportNotice, Request, Shared, Subject, Told,
};

/// What a phone keeps for its reports, as long as it has a rule for them.
#[derive(Debug, Default)]
pub(crate) struct Reporting {
    reports: Reports,
    base: DeltaBase,
    run: Option<Run>,
}

/// The reports of a rule under way.
#[derive(Debug)]
struct Run {
    /// The one that is being sent, or [`OpId::NONE`] between two.
    op: OpId,
    /// What it is; its texts count one use.
    sending: Option<(Content, Request)>,
    /// Those that follow, the next one last.
    rest: Vec<Planned>,
    /// How the first that failed did.
    failed: Option<Outcome>,
    /// One that tells the configuration has failed.
    untold: bool,
    /// One that tells the configuration has arrived.
    told: bool,
}

/// A report that is to be sent, or why it is not.
type Planned = (Content, Result<Request, RuleFault>);

impl Reporting {
    fn retire(mut self, shared: &mut Shared) {
        let values = &mut shared.values;
        self.base.reset(values);
        let Some(run) = self.run else {
            return;
        };
        if let Some((_, request)) = run.sending {
            request.release(values);
        }
        for request in run.rest.into_iter().filter_map(|(_, planned)| planned.ok()) {
            request.release(values);
        }
    }
}

impl Phone {
    /// Begins to report what the rule says, if it says anything.
    pub(crate) fn start_reporting(&mut self, boot: Boot, cx: &mut Cx<'_>) {
        if boot == Boot::Normal && !self.is_report_rule_blank(cx.shared) {
            let reports = Reports::at_boot(self.report_schedule(cx.shared), cx.now.mono);
            self.extras.need_reporting().reports = reports;
        }
    }

    /// Ends what a restart ends.
    pub(crate) fn forget_reporting(&mut self, shared: &mut Shared) {
        if let Some(reporting) = self.extras.take_reporting() {
            reporting.retire(shared);
        }
    }

    /// Parameters are about to change; `settings` says that some of them are those of reports.
    pub(crate) fn note_for_report(
        &mut self,
        changes: &[Entry],
        settings: bool,
        shared: &mut Shared,
    ) {
        if settings && self.resync.state() != State::Off {
            self.extras.need_reporting();
        }
        // Taken out, so that what the phone holds can be looked at.
        if let Some(mut reporting) = self.extras.take_reporting() {
            let own = |id| self.own_value(id);
            reporting.base.note(changes, own, &mut shared.values);
            *self.extras.need_reporting() = reporting;
        }
    }

    /// The parameters of reports have changed.
    pub(crate) fn report_settings_changed(&mut self, cx: &mut Cx<'_>) {
        let schedule = self.report_schedule(cx.shared);
        let blank = self.is_report_rule_blank(cx.shared);
        let Some(reporting) = self.extras.reporting_mut() else {
            return;
        };
        reporting.reports.reschedule(schedule, cx.now.mono);
        // What is under way is still sent.
        if blank && reporting.run.is_none() {
            self.forget_reporting(cx.shared);
        }
    }

    /// A setting was changed at the phone or on its pages.
    pub(crate) fn edited_locally(&mut self, now: MonoTime) {
        if let Some(reporting) = self.extras.reporting_mut() {
            reporting.reports.edited(now);
        }
    }

    /// A resync has succeeded, which is the base of later reports in the older dialect.
    pub(crate) fn rebase_report(&mut self, shared: &mut Shared) {
        //= R-REPORT-2
        if self.is_spa(shared)
            && let Some(reporting) = self.extras.reporting_mut()
        {
            reporting.base.reset(&mut shared.values);
        }
    }

    fn is_spa(&self, shared: &Shared) -> bool {
        self.model(shared)
            .is_some_and(|model| model.scope.family == Family::Spa)
    }

    /// Somebody asks for a report.
    pub(crate) fn ask_report(&mut self, cx: &mut Cx<'_>) {
        if self.resync.state() == State::Off {
            tell(ReportNotice::NotBooted, cx);
        } else if self.extras.reporting().is_none() && self.is_report_rule_blank(cx.shared) {
            tell(ReportNotice::Nothing, cx);
        } else {
            // A phone in the foreground reports when it is asked, and only then.
            self.extras.need_reporting().reports.ask();
        }
    }

    /// When a report comes due.
    pub(crate) fn report_deadline(&self) -> MonoTime {
        self.extras
            .reporting()
            .and_then(|reporting| reporting.reports.deadline())
            .unwrap_or(MonoTime::MAX)
    }

    /// The deadline may have passed.
    pub(crate) fn report_due(&mut self, now: MonoTime) {
        if let Some(reporting) = self.extras.reporting_mut() {
            reporting.reports.expire(now);
        }
    }

    /// Whether a report is being sent.
    #[must_use]
    pub fn is_reporting(&self) -> bool {
        self.extras
            .reporting()
            .is_some_and(|reporting| reporting.run.is_some())
    }

    /// Whether a restart waits for the report of a local change, which it would forget.
    pub(crate) fn reports_before_restart(&mut self) -> bool {
        self.is_free_to_report(Why::LocalChange)
            && self
                .extras
                .reporting_mut()
                .is_some_and(|reporting| reporting.reports.hurry())
    }

    /// Begins the report that is wanted, if nothing else is under way.
    pub(crate) fn report_if_free(&mut self, cx: &mut Cx<'_>) {
        let reports = self
            .extras
            .reporting_mut()
            .map(|reporting| &mut reporting.reports);
        let Some(why) = reports.and_then(|reports| reports.wanted()) else {
            return;
        };
        if self.is_free_to_report(why) {
            self.begin_report(cx);
        }
    }

    /// Reports wait for no idle lines, but for other transfers and for what is being stored.
    fn is_free_to_report(&self, why: Why) -> bool {
        let state = match self.resync.state() {
            State::Off | State::Running(_) => false,
            // What the profiles of the boot change is reported with it.
            State::BootDelay => why >= Why::LocalChange,
            State::Dormant | State::Waiting | State::ErrorWait | State::Due(_) => true,
        };
        state
            && matches!(self.restart, Restart::No | Restart::Pending | Restart::Due)
            && !self.stores_edit()
            && !self.is_transferring()
    }

    fn begin_report(&mut self, cx: &mut Cx<'_>) {
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        let planned = self.plan_reports(&mut expanded, cx);
        cx.shared.expanded = Some(expanded);
        let Some(reporting) = self.extras.reporting_mut() else {
            return;
        };
        let Some(why) = reporting.reports.take() else {
            return;
        };
        let rest = match planned {
            Ok(rest) => rest,
            Err(fault) => {
                tell(ReportNotice::Started(why), cx);
                self.report_fault(fault, cx);
                tell(ReportNotice::Done(fault.outcome()), cx);
                return;
            }
        };
        if rest.is_empty() {
            if why == Why::Asked {
                tell(ReportNotice::Nothing, cx);
            }
            return;
        }
        reporting.base.begin(&mut cx.shared.values);
        reporting.run = Some(Run {
            op: OpId::NONE,
            sending: None,
            rest,
            failed: None,
            untold: false,
            told: false,
        });
        tell(ReportNotice::Started(why), cx);
        self.machine(Event::Occupied, cx);
        self.next_report(cx);
    }

    /// The reports that the rule names now, the first one last.
    fn plan_reports(
        &mut self,
        expanded: &mut Expanded,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<Planned>, RuleFault> {
        //= R-REPORT-1
        let found = self.expand(
            |view| Some(self.params.text(known::REPORT_RULE, view)),
            self.request.as_deref(),
            Password::Value,
            expanded,
            cx,
        );
        let Some((model, ())) = self.model(cx.shared).zip(found) else {
            return Ok(Vec::new());
        };
        let rule = parse_report(expanded.text(), expanded.slots()).map_err(syntax)?;
        let mut held = Vec::new();
        for report in rule.reports() {
            if report
                .holds(&model.software_version, &mut ())
                .map_err(syntax)?
            {
                held.push(report);
            }
        }
        //= R-RPT-1
        let planned = held.iter().rev().map(|report| {
            let stand_in = self.stand_in(&report.url);
            let request = self.request_for(&report.url, &report.options, expanded, stand_in, cx);
            (report.content(), request)
        });
        Ok(planned.collect())
    }

    /// Sends the next report, or ends.
    fn next_report(&mut self, cx: &mut Cx<'_>) {
        loop {
            let next = self.run().and_then(|run| run.rest.pop());
            match next {
                None => {
                    self.end_reports(cx);
                    return;
                }
                Some((content, Err(fault))) => {
                    self.report_fault(fault, cx);
                    self.note_end(content, Err(fault.outcome()));
                }
                Some((content, Ok(request))) => {
                    let op = self.next_op();
                    if let Some(run) = self.run() {
                        run.op = op;
                        run.sending = Some((content, request));
                    }
                    tell(ReportNotice::Sending(content, request), cx);
                    cx.out.push(Effect::Report(op, content, request));
                    return;
                }
            }
        }
    }

    /// Takes the address of a transfer; whether it was that of a report.
    pub(crate) fn report_started(&mut self, op: OpId, ip: Option<IpAddr>, cx: &mut Cx<'_>) -> bool {
        let Some(run) = self.run().filter(|run| run.op == op) else {
            return false;
        };
        let Some((_, request)) = &mut run.sending else {
            return false;
        };
        request.ip = ip;
        let request = *request;
        //= R-LOG-3
        self.log_of(Subject::Report, LogOp::Request, Some(request), None, cx);
        true
    }

    /// Takes the end of a report.
    pub(crate) fn reported(&mut self, op: OpId, result: Result<(), Told>, cx: &mut Cx<'_>) {
        let said = result.err().and_then(|told| told.said);
        let sent = self
            .run()
            .filter(|run| run.op == op)
            .and_then(|run| run.sending.take());
        if let Some((content, request)) = sent {
            let (log, told) = match result {
                Ok(()) => (LogOp::Success, Outcome::Applied.into()),
                Err(told) => (LogOp::Failure, told),
            };
            self.log_of(Subject::Report, log, Some(request), Some(told), cx);
            request.release(&mut cx.shared.values);
            self.note_end(content, result.map_err(|told| told.outcome));
            //= R-REPORT-6
            //= R-RPT-5
            // One attempt, whatever came of it.
            self.next_report(cx);
        } else {
            self.count_stale();
        }
        if let Some(said) = said {
            cx.shared.values.release(said);
        }
    }

    fn note_end(&mut self, content: Content, result: Result<(), Outcome>) {
        let Some(run) = self.run() else {
            return;
        };
        // Status data tell nothing of parameters.
        let tells = content != Content::Status;
        match result {
            Ok(()) => run.told |= tells,
            Err(outcome) => {
                run.untold |= tells;
                run.failed.get_or_insert(outcome);
            }
        }
    }

    fn end_reports(&mut self, cx: &mut Cx<'_>) {
        let spa = self.is_spa(cx.shared);
        let Some(reporting) = self.extras.reporting_mut() else {
            return;
        };
        let Some(run) = reporting.run.take() else {
            return;
        };
        //= R-RPT-3
        // Whoever did not get it has to get it with the next one.
        match run.told && !run.untold && !spa {
            true => reporting.base.arrived(&mut cx.shared.values),
            false => reporting.base.lost(&mut cx.shared.values),
        }
        tell(
            ReportNotice::Done(run.failed.unwrap_or(Outcome::Applied)),
            cx,
        );
        self.report_settings_changed(cx);
        self.step(Event::Free, cx);
    }

    /// What of the configuration changed, for the report `op` that tells it.
    #[must_use]
    pub fn reported_changes(&self, op: OpId) -> Vec<ParamId> {
        let reporting = self.extras.reporting().filter(|reporting| {
            let run = reporting.run.as_ref();
            run.is_some_and(|run| run.op == op)
        });
        let own = |id| -> Option<ValueId> { self.own_value(id) };
        reporting.map_or_else(Vec::new, |reporting| reporting.base.changed(own).collect())
    }

    fn run(&mut self) -> Option<&mut Run> {
        self.extras.reporting_mut()?.run.as_mut()
    }

    fn report_fault(&self, fault: RuleFault, cx: &mut Cx<'_>) {
        tell(ReportNotice::Fault(fault), cx);
        //= R-LOG-5
        let told = Some(fault.outcome().into());
        self.log_of(Subject::Report, LogOp::Failure, None, told, cx);
    }

    fn is_report_rule_blank(&self, shared: &Shared) -> bool {
        self.view(shared)
            .is_none_or(|view| self.params.text(known::REPORT_RULE, view).trim().is_empty())
    }

    fn report_schedule(&self, shared: &Shared) -> Schedule {
        let Some(view) = self.view(shared) else {
            return Schedule::OnRequest;
        };
        let text = |id| self.params.text(id, view);
        Schedule::of(
            text(known::REPORT_TO_SERVER),
            text(known::UPLOAD_DELAY_ON_LOCAL_CHANGE),
            text(known::PERIODIC_UPLOAD_TO_SERVER),
        )
    }
}

fn tell(notice: ReportNotice, cx: &mut Cx<'_>) {
    cx.out.push(Effect::Notice(Notice::Report(notice)));
}
