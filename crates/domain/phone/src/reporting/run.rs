//! The reports of a rule under way: planned, sent one after the other, and ended.

use std::net::IpAddr;

use onhook_device::Outcome;
use onhook_macros::Expanded;
use onhook_params::{ParamId, Values, known};
use onhook_report::Why;
use onhook_resync::Event;
use onhook_rules::{Content, parse_report};

use super::tell;
use crate::Shared;
use crate::macros::Password;
use crate::phone::Cx;
use crate::plan::syntax;
use crate::rule::RuleFault;
use crate::{Effect, LogOp, OpId, Phone, ReportNotice, Request, Subject, Told};

/// The reports of a rule under way.
#[derive(Debug)]
pub(super) struct Run {
    /// The one that is being sent; `None` between two.
    sending: Option<Sending>,
    /// Those that follow, the next one last.
    rest: Vec<Planned>,
    /// How the first that failed did.
    failed: Option<Outcome>,
    /// One that tells the configuration has failed.
    untold: bool,
    /// One that tells the configuration has arrived.
    told: bool,
}

/// A report that is being sent; the texts of its request count one use.
#[derive(Debug)]
struct Sending {
    op: OpId,
    content: Content,
    request: Request,
}

/// A report that is to be sent, or why it is not.
type Planned = (Content, Result<Request, RuleFault>);

impl Run {
    /// Ends the uses that it counts.
    pub(super) fn release(self, values: &mut Values) {
        if let Some(sending) = self.sending {
            sending.request.release(values);
        }
        for request in self
            .rest
            .into_iter()
            .filter_map(|(_, planned)| planned.ok())
        {
            request.release(values);
        }
    }
}

impl Phone {
    pub(super) fn begin_report(&mut self, cx: &mut Cx<'_>) {
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
                        run.sending = Some(Sending {
                            op,
                            content,
                            request,
                        });
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
        let sending = self.run().and_then(|run| run.sending.as_mut());
        let Some(sending) = sending.filter(|sending| sending.op == op) else {
            return false;
        };
        sending.request.ip = ip;
        let request = sending.request;
        //= R-LOG-3
        self.log_of(Subject::Report, LogOp::Request, Some(request), None, cx);
        true
    }

    /// Takes the end of a report.
    pub(crate) fn reported(&mut self, op: OpId, result: Result<(), Told>, cx: &mut Cx<'_>) {
        let said = result.err().and_then(|told| told.said);
        let sent = self
            .run()
            .and_then(|run| run.sending.take_if(|sending| sending.op == op));
        if let Some(Sending {
            content, request, ..
        }) = sent
        {
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
    pub fn reported_changes(&self, op: OpId, shared: &Shared) -> Vec<ParamId> {
        let reporting = self.extras.reporting().filter(|reporting| {
            let sending = reporting.run.as_ref().and_then(|run| run.sending.as_ref());
            sending.is_some_and(|sending| sending.op == op)
        });
        let own = |id| self.params.own_value(id);
        reporting.map_or_else(Vec::new, |reporting| {
            reporting.base.changed(own, &shared.values).collect()
        })
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
}
