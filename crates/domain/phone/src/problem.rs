//! Reports of problems: when they are sent, where to, and how they end (transports.md section 11).

use std::net::IpAddr;

use onhook_device::{MonoTime, Outcome};
use onhook_macros::Expanded;
use onhook_params::known;
use onhook_report::{Reports, Schedule, Why};
use onhook_resync::{Event, State};
use onhook_rules::{Content, Options, RuleErrorCode, parse_report};

use crate::macros::Password;
use crate::phone::Cx;
use crate::plan::syntax;
use crate::rule::{RuleFault, to_u32};
use crate::{
    Boot, Effect, LogOp, Notice, OpId, Phone, ReportNotice, Request, Shared, Subject, Told,
};

mod form;

pub use form::{Header, ProblemForm};

/// What a phone keeps for reports of problems, as long as it has a timer for them or somebody has asked.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    reports: Reports,
    /// The one that is being sent; the texts of the request count one use.
    run: Option<(OpId, Request)>,
}

impl Phone {
    /// Begins to wait for the timer, if there is one.
    pub(crate) fn start_problem_reports(&mut self, boot: Boot, cx: &mut Cx<'_>) {
        if boot == Boot::Normal {
            self.problem_timer_changed(cx);
        }
    }

    /// Ends what a restart ends.
    pub(crate) fn forget_problem_reports(&mut self, shared: &mut Shared) {
        let problems = self.extras.take_problems();
        if let Some((_, request)) = problems.and_then(|problems| problems.run) {
            request.release(&mut shared.values);
        }
    }

    /// PRT_Max_Timer is another one, or it counts from now.
    pub(crate) fn problem_timer_changed(&mut self, cx: &mut Cx<'_>) {
        let schedule = self.view(cx.shared).map_or(Schedule::OnRequest, |view| {
            Schedule::of_problems(self.params.text(known::PRT_MAX_TIMER, view))
        });
        if self.resync.state() != State::Off
            && (schedule != Schedule::OnRequest || self.extras.problems().is_some())
        {
            let problems = self.extras.need_problems();
            problems.reports.reschedule(schedule, cx.now.mono);
        }
    }

    /// Somebody asks for a report.
    pub(crate) fn ask_problem_report(&mut self, cx: &mut Cx<'_>) {
        if self.resync.state() == State::Off {
            tell(ReportNotice::NotBooted, cx);
        } else {
            self.extras.need_problems().reports.ask();
        }
    }

    /// When the timer comes due.
    pub(crate) fn problem_deadline(&self) -> MonoTime {
        self.extras
            .problems()
            .and_then(|problems| problems.reports.deadline())
            .unwrap_or(MonoTime::MAX)
    }

    /// The deadline may have passed.
    pub(crate) fn problem_due(&mut self, now: MonoTime) {
        if let Some(problems) = self.extras.problems_mut() {
            problems.reports.expire(now);
        }
    }

    /// Whether a report of a problem is being sent.
    #[must_use]
    pub fn is_reporting_problem(&self) -> bool {
        self.extras
            .problems()
            .is_some_and(|problems| problems.run.is_some())
    }

    /// Whether `op` is the report that is being sent.
    pub(crate) fn reports_problem_by(&self, op: OpId) -> bool {
        let run = self.extras.problems().and_then(|problems| problems.run);
        run.is_some_and(|(running, _)| running == op)
    }

    /// Begins the report that is wanted, if nothing else is under way.
    pub(crate) fn report_problem_if_free(&mut self, cx: &mut Cx<'_>) {
        let wanted = self.extras.problems();
        if wanted.is_some_and(|problems| problems.reports.wanted().is_some())
            // A problem may be the boot itself: it waits for no more than somebody who asks.
            && self.is_free_to_report(Why::Asked)
            && let Some(why) = self
                .extras
                .problems_mut()
                .and_then(|problems| problems.reports.take())
        {
            self.begin_problem_report(why, cx);
        }
    }

    fn begin_problem_report(&mut self, why: Why, cx: &mut Cx<'_>) {
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        let planned = self.plan_problem_report(&mut expanded, cx);
        cx.shared.expanded = Some(expanded);
        match planned {
            Ok(Some(request)) => {
                let op = self.next_op();
                self.extras.need_problems().run = Some((op, request));
                tell(ReportNotice::Started(why), cx);
                self.machine(Event::Occupied, cx);
                tell(ReportNotice::Sending(Content::Problem, request), cx);
                cx.out.push(Effect::Report(op, Content::Problem, request));
            }
            //= R-PRT-3
            Ok(None) => {
                tell(ReportNotice::Nothing, cx);
                self.problem_failed(Outcome::BadUrl, cx);
            }
            Err(fault) => {
                tell(ReportNotice::Started(why), cx);
                tell(ReportNotice::Fault(fault), cx);
                self.problem_failed(fault.outcome(), cx);
                tell(ReportNotice::Done(fault.outcome()), cx);
            }
        }
    }

    /// The message of a report that is not sent.
    fn problem_failed(&self, outcome: Outcome, cx: &mut Cx<'_>) {
        let (subject, told) = (Subject::ProblemReport, Some(outcome.into()));
        self.log_of(subject, LogOp::Failure, None, told, cx);
    }

    /// Where PRT_Upload_Rule sends a report now; `None` if it names no place.
    fn plan_problem_report(
        &mut self,
        expanded: &mut Expanded,
        cx: &mut Cx<'_>,
    ) -> Result<Option<Request>, RuleFault> {
        //= R-PRT-1
        let found = self.expand(
            |view| Some(self.params.text(known::PRT_UPLOAD_RULE, view)),
            self.request.as_deref(),
            Password::Value,
            expanded,
            cx,
        );
        let Some((model, ())) = self.model(cx.shared).zip(found) else {
            return Ok(None);
        };
        let rule = parse_report(expanded.text(), expanded.slots()).map_err(syntax)?;
        let mut held = None;
        for report in rule.reports() {
            if !report
                .holds(&model.software_version, &mut ())
                .map_err(syntax)?
            {
                continue;
            }
            if held.is_some() {
                return Err(RuleFault::Syntax {
                    code: RuleErrorCode::TooManyReports,
                    offset: to_u32(report.range.start),
                    expected: "the end of the rule: a report of a problem goes to one place",
                });
            }
            held = Some(report);
        }
        let Some(report) = held else {
            return Ok(None);
        };
        if let Some(option) = unfit(&report.options) {
            return Err(RuleFault::Unsupported(option));
        }
        let stand_in = self.stand_in(&report.url);
        let request = self.request_for(&report.url, &report.options, expanded, stand_in, cx);
        request.map(Some)
    }

    /// Takes the address of a transfer; whether it was that of a report of a problem.
    pub(crate) fn problem_report_started(
        &mut self,
        op: OpId,
        ip: Option<IpAddr>,
        cx: &mut Cx<'_>,
    ) -> bool {
        let run = self.extras.problems_mut();
        let Some((_, request)) = run
            .and_then(|problems| problems.run.as_mut())
            .filter(|(running, _)| *running == op)
        else {
            return false;
        };
        request.ip = ip;
        let request = *request;
        //= R-LOG-3
        self.log_of(
            Subject::ProblemReport,
            LogOp::Request,
            Some(request),
            None,
            cx,
        );
        true
    }

    /// Takes the end of the report that is being sent: one attempt, whatever came of it.
    pub(crate) fn problem_reported(&mut self, result: Result<(), Told>, cx: &mut Cx<'_>) {
        let problems = self.extras.problems_mut();
        let Some((_, request)) = problems.and_then(|problems| problems.run.take()) else {
            return;
        };
        //= R-PRT-3
        let (log, told) = match result {
            Ok(()) => (LogOp::Success, Outcome::Applied.into()),
            Err(told) => (LogOp::Failure, told),
        };
        self.log_of(Subject::ProblemReport, log, Some(request), Some(told), cx);
        request.release(&mut cx.shared.values);
        if let Some(said) = told.said {
            cx.shared.values.release(said);
        }
        tell(ReportNotice::Done(told.outcome), cx);
        self.step(Event::Free, cx);
    }
}

/// An option that a report of a problem cannot have: what it holds is no choice, and its form has no container.
const fn unfit(options: &Options<'_>) -> Option<&'static str> {
    if options.delta {
        Some("--delta")
    } else if options.status {
        Some("--status")
    } else if options.key.is_some() {
        Some("--key")
    } else {
        None
    }
}

fn tell(notice: ReportNotice, cx: &mut Cx<'_>) {
    cx.out.push(Effect::Notice(Notice::ProblemReport(notice)));
}
