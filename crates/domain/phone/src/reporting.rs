//! Reports of the configuration: when they are sent, what each holds, and how they end (transports.md section 11, rules.md 7).

mod run;

use onhook_device::{Family, MonoTime};
use onhook_params::{Entry, known};
use onhook_report::{DeltaBase, Reports, Schedule, Why};
use onhook_resync::State;

use crate::phone::Cx;
use crate::restart::Restart;
use crate::{Boot, Effect, Notice, Phone, ReportNotice, Shared};
use run::Run;

/// What a phone keeps for its reports, as long as it has a rule for them.
#[derive(Debug, Default)]
pub(crate) struct Reporting {
    reports: Reports,
    base: DeltaBase,
    run: Option<Run>,
}

impl Reporting {
    fn retire(mut self, shared: &mut Shared) {
        let values = &mut shared.values;
        self.base.reset(values);
        if let Some(run) = self.run {
            run.release(values);
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
        let params = &self.params;
        if let Some(reporting) = self.extras.reporting_mut() {
            let own = |id| params.own_value(id);
            reporting.base.note(changes, own, &mut shared.values);
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
            // There may have been nothing to send that a restart has waited for.
            self.restart_if_idle(cx);
        }
    }

    /// Reports wait for no idle lines, but for other transfers and for what is being stored.
    pub(crate) fn is_free_to_report(&self, why: Why) -> bool {
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
