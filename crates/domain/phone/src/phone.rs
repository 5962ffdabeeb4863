//! The phone itself: state, inputs, deadline.

use onhook_device::{Mac, MonoTime, Now};
use onhook_discovery::Customization;
use onhook_params::{Entry, ParamSet, ValueId, View};
use onhook_resync::{BootCause, Event, Resync};
use onhook_schedule::phone_seed;

use crate::edit::Edit;
use crate::extras::Extras;
use crate::learned::Learned;
use crate::looping::Restarts;
use crate::restart::Restart;
use crate::rule::Cold;
use crate::search::Search;
use crate::second::Second;
use crate::trust::Trust;
use crate::{
    Boot, Cause, Effect, Input, LogLine, LogOp, Model, ModelId, Notice, OpId, Pending, PhoneSetup,
    RebootReason, Request, Shared, State, StateChange, StateRecord, Subject, TimerKind, Told,
};

/// What one call of [`Phone::handle`] works with.
pub struct Cx<'a> {
    /// The time of the input.
    pub now: Now,
    /// What the phones of the reactor share.
    pub shared: &'a mut Shared,
    /// Receives what has to be done.
    pub out: &'a mut Vec<Effect>,
}

/// One phone.
pub struct Phone {
    pub(crate) params: ParamSet,
    pub(crate) resync: Resync,
    /// The current request, or the last one since boot; its place is used again.
    pub(crate) request: Option<Box<Request>>,
    pub(crate) cold: Option<Box<Cold>>,
    /// A local edit that is being stored.
    pub(crate) edit: Option<Box<Edit>>,
    /// What options say of its server, and what it may ask beyond them.
    pub(crate) search: Option<Box<Search>>,
    /// Upgrades and reports, of a phone that has any.
    pub(crate) extras: Extras,
    /// The server that delivered the last profile; counts one use.
    pub(crate) served_by: Option<ValueId>,
    /// The record names another one.
    pub(crate) server_unsaved: bool,
    /// What is to be done about the custom CA.
    pub(crate) trust: Option<Box<Trust>>,
    pub(crate) customization: Customization,
    pub(crate) restart: Restart,
    /// The restarts that profiles have led to in a row, and what the next one is for.
    pub(crate) restarts: Option<Box<Restarts>>,
    /// Why it restarts, if it does.
    pub(crate) restart_reason: RebootReason,
    pub(crate) ip: Option<ValueId>,
    pub(crate) learned: Option<Box<Learned>>,
    pub(crate) mac: Mac,
    pub(crate) serial: Option<ValueId>,
    /// The rule that came with an explicit request.
    pub(crate) given: Option<ValueId>,
    pub(crate) model: ModelId,
    ops: u32,
    /// Completions that nobody waited for.
    stale: u16,
    /// The result that `$ERR` shows; `None` from the start of a request until its result.
    pub(crate) result: Option<Told>,
    pub(crate) busy_lines: u16,
    /// When idle lines have settled; never if they have, or are busy.
    pub(crate) settled_at: Second,
    /// Those of the busy lines that must not be disturbed.
    pub(crate) emergency_lines: u16,
    /// When to look at the triggers.
    pub(crate) watch: MonoTime,
    /// Until when lines may keep the phone from restarting.
    pub(crate) restart_by: Second,
    /// Triggers, as bits, whose fault has been told; and [`NO_ACCOUNT_WANTED`].
    pub(crate) warned: u8,
    /// What is held has waited for lines as long as it may.
    pub(crate) overdue: bool,
    /// SIP and services are to start anew.
    pub(crate) warm_restart: bool,
    /// The request in the state record, which an attempt of its rules answers.
    pub(crate) pending_saved: Option<Pending>,
    /// The save of that request that is under way, or [`OpId::NONE`].
    pub(crate) saving_pending: OpId,
    /// It could not be saved.
    pub(crate) pending_unsaved: bool,
    pub(crate) client_certificate: bool,
}

/// There is a profile account, or a resync has ended since boot.
pub(crate) const NO_ACCOUNT_WANTED: u8 = 0x80;

impl Phone {
    /// A phone before boot; `params` is what differs from the factory state.
    #[must_use]
    pub fn new(setup: &PhoneSetup, params: ParamSet) -> Self {
        Self {
            params,
            resync: Resync::new(phone_seed(setup.seed, u64::from(setup.index))),
            request: None,
            cold: None,
            edit: None,
            search: None,
            extras: Extras::default(),
            served_by: None,
            server_unsaved: false,
            trust: None,
            customization: Customization::Open,
            restart: Restart::No,
            restarts: None,
            restart_reason: RebootReason::Provisioning,
            ip: setup.ip,
            learned: Learned::first(setup.external_ip),
            mac: setup.mac,
            serial: setup.serial,
            given: None,
            model: setup.model,
            ops: 0,
            stale: 0,
            result: None,
            busy_lines: 0,
            settled_at: Second::NEVER,
            emergency_lines: 0,
            watch: MonoTime::MAX,
            restart_by: Second::NEVER,
            warned: 0,
            overdue: false,
            warm_restart: false,
            pending_saved: None,
            saving_pending: OpId::NONE,
            pending_unsaved: false,
            client_certificate: setup.client_certificate,
        }
    }

    /// Takes one input. Never blocks and never panics, whatever the input.
    pub fn handle(&mut self, input: Input, cx: &mut Cx<'_>) {
        let before = self.resync.timer();
        let timer = input == Input::Timer;
        match input {
            Input::Boot(boot, record) => self.boot(boot, record, cx),
            Input::Timer => self.timer_due(cx),
            Input::Registration(line, registration) => {
                self.registration(line, registration, cx.now.mono);
            }
            Input::ClockSet => self.step(Event::ClockChanged, cx),
            Input::Line(line, line_use) => self.line(line, line_use, cx),
            Input::OptionsLearned(discovered) => self.discovered(discovered, cx),
            Input::Fact(fact) => self.learn(fact, cx),
            Input::Command(origin, command) => self.command(origin, command, cx),
            Input::FetchStarted(op, endpoint) => {
                if !self.trust_started(op, endpoint.ip, cx)
                    && !self.report_started(op, endpoint.ip, cx)
                    && !self.problem_report_started(op, endpoint.ip, cx)
                {
                    self.fetch_started(op, endpoint.ip, cx);
                }
            }
            Input::FetchDone(op, result) => self.fetch_done(op, result, cx),
            Input::TrustDone(op, result) => self.trust_done(op, result, cx),
            Input::Searched(op, searched) => self.searched(op, searched, cx),
            Input::CommitDone(op, committed) => match self.edit.take_if(|edit| edit.op == op) {
                Some(edit) => self.edit_done(*edit, committed, cx),
                None => self.commit_done(op, committed, cx),
            },
            Input::StateSaved(op, committed) => self.state_saved(op, committed, cx),
            Input::Upgraded(op, result) => self.upgraded(op, result, cx),
            Input::Activated(op, committed) => self.activated(op, committed, cx),
            Input::Reported(op, result) if self.reports_problem_by(op) => {
                self.problem_reported(result, cx);
            }
            Input::Reported(op, result) => self.reported(op, result, cx),
            Input::Erased(op, committed) => self.erased(op, committed, cx),
        }
        self.trust_if_free(cx);
        self.upgrade_if_free(cx);
        self.report_if_free(cx);
        self.report_problem_if_free(cx);
        self.watch_triggers(!timer, cx);
        let after = self.resync.timer();
        if let Some((kind, at)) = after.filter(|_| after != before) {
            cx.out.push(Effect::Notice(Notice::TimerArmed(kind, at)));
        }
    }

    /// When [`Input::Timer`] is due; `None` while nothing is.
    #[must_use]
    pub fn deadline(&self) -> Option<MonoTime> {
        let next = self
            .watch
            .min(self.restart_deadline())
            .min(self.settle_deadline())
            .min(self.upgrade_deadline())
            .min(self.report_deadline())
            .min(self.problem_deadline());
        let own = Some(next).filter(|at| *at != MonoTime::MAX);
        match (self.resync.deadline(), own) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The values of this phone.
    #[must_use]
    pub const fn params(&self) -> &ParamSet {
        &self.params
    }

    /// The seed of its random draws.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.resync.seed()
    }

    /// Where the resync machine stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.resync.state()
    }

    /// The cause of the running resync, or of the last one.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.resync.cause()
    }

    /// Whether a resync has succeeded since factory reset.
    #[must_use]
    pub const fn provisioned(&self) -> bool {
        self.resync.provisioned()
    }

    /// The timer that decides the next automatic resync.
    #[must_use]
    pub const fn timer(&self) -> Option<(TimerKind, MonoTime)> {
        self.resync.timer()
    }

    /// Active lines as bits, line 1 lowest.
    #[must_use]
    pub const fn busy_lines(&self) -> u16 {
        self.busy_lines
    }

    /// Whether an emergency call is up.
    #[must_use]
    pub const fn has_emergency_call(&self) -> bool {
        self.emergency_lines != 0
    }

    /// Whether a client certificate is installed.
    #[must_use]
    pub const fn has_client_certificate(&self) -> bool {
        self.client_certificate
    }

    /// How many completions were ignored because nobody waited for them, up to 65,535.
    #[must_use]
    pub const fn stale_completions(&self) -> u32 {
        self.stale as u32
    }

    /// The new entries that the commit `op` has to make durable, in order of parameter.
    #[must_use]
    pub fn commit_entries(&self, op: OpId) -> &[Entry] {
        match &self.edit {
            Some(edit) if edit.op == op => &edit.entries,
            Some(_) | None => match &self.cold {
                Some(cold) => cold.changes_of(op),
                None => self.upgrade_changes(op),
            },
        }
    }

    /// Family, release and readings of this phone.
    #[must_use]
    pub fn model<'s>(&self, shared: &'s Shared) -> Option<&'s Model> {
        shared.models.get(self.model)
    }

    /// What is needed to read [`Phone::params`].
    #[must_use]
    pub fn view<'s>(&self, shared: &'s Shared) -> Option<View<'s>> {
        Some(View {
            values: &shared.values,
            bases: &shared.bases,
            scope: &self.model(shared)?.scope,
        })
    }

    fn timer_due(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx);
        self.upgrade_due(cx.now.mono);
        self.report_due(cx.now.mono);
        self.problem_due(cx.now.mono);
        //= R-SCHED-12
        if !matches!(self.resync.timer(), Some((TimerKind::Retry, _))) {
            self.watch_triggers(false, cx);
        }
        self.step(Event::Timer, cx);
    }

    fn boot(&mut self, boot: Boot, record: StateRecord, cx: &mut Cx<'_>) {
        self.forget(cx);
        let cause = match (boot, record.restarting) {
            (Boot::Foreground, _) => BootCause::Foreground,
            //= R-SM-2
            (
                Boot::Normal,
                None
                | Some(
                    RebootReason::UserTriggered
                    | RebootReason::SipTriggered
                    | RebootReason::RemoteCustomization
                    | RebootReason::IpChanged,
                ),
            ) => BootCause::PowerOn,
            (Boot::Normal, Some(RebootReason::Provisioning)) => BootCause::Provisioning,
            (Boot::Normal, Some(RebootReason::Upgrade)) => BootCause::Upgrade,
        };
        // A power cut between the two must not lose what became of an upgrade.
        self.recall_firmware(boot, &record, cx);
        if boot == Boot::Normal && record.restarting.is_some() {
            let op = self.next_op();
            cx.out.push(Effect::SaveState(op, StateChange::Booted));
        }
        self.restarts = Restarts::at_boot(&record);
        self.customization = record.out_of_the_box();
        let asked = record.pending.filter(|_| boot == Boot::Normal);
        self.pending_saved = asked;
        self.recall_network(&record, cx);
        if boot == Boot::Normal {
            self.want_ca_rule(cx);
        }
        self.step(
            Event::Boot {
                cause,
                provisioned: record.provisioned,
                pending: asked == Some(Pending::Configured),
            },
            cx,
        );
        //= R-FW-1
        self.want_upgrade_check(cx);
        self.start_reporting(boot, cx);
        self.start_problem_reports(boot, cx);
        if let Some(Pending::TriggerUrl(number)) = asked
            && self.take_trigger_url(number, cx.shared)
        {
            self.step(Event::Explicit(onhook_resync::Request::Given), cx);
        }
    }

    /// Ends everything that a restart ends.
    fn forget(&mut self, cx: &mut Cx<'_>) {
        self.forget_firmware(cx);
        self.forget_reporting(cx.shared);
        self.forget_problem_reports(cx.shared);
        let shared = &mut *cx.shared;
        if let Some(cold) = self.cold.take() {
            cold.retire(shared);
        }
        if let Some(request) = self.request.take() {
            request.release(&mut shared.values);
        }
        if let Some(rule) = self.given.take() {
            shared.values.release(rule);
        }
        if let Some(edit) = self.edit.take() {
            edit.release(shared);
        }
        self.restart = Restart::No;
        self.restart_by = Second::NEVER;
        self.warm_restart = false;
        self.saving_pending = OpId::NONE;
        self.pending_unsaved = false;
        self.forget_registrations();
        self.settled_at = Second::NEVER;
        self.overdue = false;
        self.warned = 0;
        self.forget_search(&mut shared.values);
        self.forget_trust(&mut shared.values);
        self.set_result(None, shared);
    }

    /// Whether what was fetched has to wait before it is applied.
    pub(crate) fn must_hold(&self) -> bool {
        self.lines_hold() || self.edit.is_some()
    }

    /// Replaces what `$ERR` shows.
    pub(crate) fn set_result(&mut self, result: Option<Told>, shared: &mut Shared) {
        let before = std::mem::replace(&mut self.result, result);
        if let Some(said) = before.and_then(|told| told.said) {
            shared.values.release(said);
        }
    }

    pub(crate) fn next_op(&mut self) -> OpId {
        self.ops = self.ops.checked_add(1).unwrap_or(1);
        OpId(self.ops)
    }

    pub(crate) fn count_stale(&mut self) {
        self.stale = self.stale.saturating_add(1);
    }

    pub(crate) fn log(&self, subject: Subject, op: LogOp, cx: &mut Cx<'_>) {
        let request = self.request.as_deref().copied();
        self.log_of(subject, op, request, self.result, cx);
    }

    /// Logs what has a request of its own.
    pub(crate) fn log_of(
        &self,
        subject: Subject,
        op: LogOp,
        request: Option<Request>,
        told: Option<Told>,
        cx: &mut Cx<'_>,
    ) {
        cx.out.push(Effect::Log(LogLine {
            subject,
            op,
            request,
            told,
            prvst: self.resync.cause().prvst(),
        }));
    }
}
