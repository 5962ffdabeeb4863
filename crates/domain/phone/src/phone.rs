//! The phone itself: state, inputs, deadline.

use onhook_device::{Mac, MonoTime, Now, Outcome};
use onhook_params::{Entry, ParamSet, Secrecy, ValueId, View, known};
use onhook_resync::{Action, BootCause, Event, Resync};
use onhook_schedule::phone_seed;

use crate::policy::policy;
use crate::restart::Restart;
use crate::rule::Cold;
use crate::{
    Boot, Cause, Command, DefaultServer, Effect, Fact, Input, LineUse, LogLine, LogOp, Mobility,
    Model, ModelId, Notice, OpId, PhoneSetup, RebootReason, Request, Shared, State, StateChange,
    StateRecord, TimerKind, Told,
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
    /// The current request, or the last one since boot.
    pub(crate) request: Option<Request>,
    pub(crate) cold: Option<Box<Cold>>,
    /// A local edit that is being stored.
    pub(crate) edit: Option<(OpId, Entry)>,
    pub(crate) server: Option<DefaultServer>,
    pub(crate) restart: Restart,
    /// Why it restarts, if it does.
    pub(crate) restart_reason: RebootReason,
    pub(crate) ip: Option<ValueId>,
    pub(crate) external_ip: Option<ValueId>,
    pub(crate) mobility: Mobility,
    pub(crate) mac: Mac,
    pub(crate) serial: Option<ValueId>,
    /// The rule that came with an explicit request.
    pub(crate) given: Option<ValueId>,
    pub(crate) model: ModelId,
    ops: u32,
    /// Completions that nobody waited for.
    stale: u32,
    /// The result that `$ERR` shows; `None` from the start of a request until its result.
    pub(crate) result: Option<Told>,
    busy_lines: u16,
    pub(crate) client_certificate: bool,
}

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
            server: None,
            restart: Restart::No,
            restart_reason: RebootReason::Provisioning,
            ip: setup.ip,
            external_ip: setup.external_ip,
            mobility: Mobility::default(),
            mac: setup.mac,
            serial: setup.serial,
            given: None,
            model: setup.model,
            ops: 0,
            stale: 0,
            result: None,
            busy_lines: 0,
            client_certificate: setup.client_certificate,
        }
    }

    /// Takes one input. Never blocks and never panics, whatever the input.
    pub fn handle(&mut self, input: Input, cx: &mut Cx<'_>) {
        let before = self.resync.timer();
        match input {
            Input::Boot(boot, record) => self.boot(boot, record, cx),
            Input::Timer => self.step(Event::Timer, cx),
            Input::Line(line, line_use) => self.line(line, line_use, cx),
            Input::OptionsLearned(server) => {
                if let Some(old) = std::mem::replace(&mut self.server, server) {
                    cx.shared.values.release(old.host);
                }
            }
            Input::Fact(fact) => self.learn(fact, cx),
            Input::Command(_, command) => self.command(command, cx),
            Input::FetchStarted(op, endpoint) => self.fetch_started(op, endpoint.ip, cx),
            Input::FetchDone(op, result) => self.fetch_done(op, result, cx),
            Input::CommitDone(op, committed) => match self.edit {
                Some((edit, entry)) if edit == op => self.edit_done(entry, committed, cx),
                Some(_) | None => self.commit_done(op, committed, cx),
            },
            Input::StateSaved(op, committed) => self.state_saved(op, committed, cx),
        }
        let after = self.resync.timer();
        if let Some((kind, at)) = after.filter(|_| after != before) {
            cx.out.push(Effect::Notice(Notice::TimerArmed(kind, at)));
        }
    }

    /// When [`Input::Timer`] is due; `None` while nothing is.
    #[must_use]
    pub fn deadline(&self) -> Option<MonoTime> {
        self.resync.deadline()
    }

    /// The values of this phone.
    #[must_use]
    pub const fn params(&self) -> &ParamSet {
        &self.params
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

    /// `$EXTIP`
    #[must_use]
    pub const fn external_ip(&self) -> Option<ValueId> {
        self.external_ip
    }

    /// Whether a client certificate is installed.
    #[must_use]
    pub const fn has_client_certificate(&self) -> bool {
        self.client_certificate
    }

    /// Extension mobility.
    #[must_use]
    pub const fn mobility(&self) -> Mobility {
        self.mobility
    }

    /// How many completions were ignored because nobody waited for them.
    #[must_use]
    pub const fn stale_completions(&self) -> u32 {
        self.stale
    }

    /// The new entries that the commit `op` has to make durable, in order of parameter.
    #[must_use]
    pub fn commit_entries(&self, op: OpId) -> &[Entry] {
        match &self.edit {
            Some((edit, entry)) if *edit == op => std::slice::from_ref(entry),
            Some(_) | None => self.cold.as_ref().map_or(&[], |cold| cold.changes_of(op)),
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

    fn boot(&mut self, boot: Boot, record: StateRecord, cx: &mut Cx<'_>) {
        self.forget(cx.shared);
        let cause = match (boot, record.restarting) {
            (Boot::Foreground, _) => BootCause::Foreground,
            //= R-SM-2
            (Boot::Normal, None | Some(RebootReason::UserTriggered)) => BootCause::PowerOn,
            (Boot::Normal, Some(RebootReason::Provisioning)) => BootCause::Provisioning,
            (Boot::Normal, Some(RebootReason::Upgrade)) => BootCause::Upgrade,
        };
        if boot == Boot::Normal && record.restarting.is_some() {
            let op = self.next_op();
            cx.out.push(Effect::SaveState(op, StateChange::Booted));
        }
        let provisioned = record.provisioned;
        self.step(Event::Boot { cause, provisioned }, cx);
    }

    /// Ends everything that a restart ends.
    fn forget(&mut self, shared: &mut Shared) {
        if let Some(cold) = self.cold.take() {
            cold.retire(shared);
        }
        if let Some(request) = self.request.take() {
            request.release(&mut shared.values);
        }
        if let Some(rule) = self.given.take() {
            shared.values.release(rule);
        }
        if let Some(value) = self.edit.take().and_then(|(_, entry)| entry.value) {
            shared.values.release(value);
        }
        self.restart = Restart::No;
        self.set_result(None, shared);
    }

    fn learn(&mut self, fact: Fact, cx: &mut Cx<'_>) {
        match fact {
            Fact::ExternalAddress(address) => {
                let values = &mut cx.shared.values;
                let new = address.and_then(|ip| values.intern(&ip.to_string(), Secrecy::Plain));
                if let Some(old) = std::mem::replace(&mut self.external_ip, new) {
                    values.release(old);
                }
            }
            Fact::ClientCertificate(installed) => self.client_certificate = installed,
            Fact::Mobility(mobility) => {
                let old = std::mem::replace(&mut self.mobility, mobility);
                old.release(&mut cx.shared.values);
            }
        }
    }

    fn line(&mut self, line: u8, line_use: LineUse, cx: &mut Cx<'_>) {
        let Some(bit) = line
            .checked_sub(1)
            .and_then(|n| 1_u16.checked_shl(u32::from(n)))
        else {
            return;
        };
        let before = self.busy_lines;
        match line_use {
            LineUse::Idle => self.busy_lines &= !bit,
            LineUse::Busy => self.busy_lines |= bit,
        }
        match (before, self.busy_lines) {
            (0, 1..) => self.step(Event::LinesBusy, cx),
            (1.., 0) => {
                self.step(Event::LinesIdle, cx);
                self.release_held(cx);
            }
            (0, 0) | (1.., 1..) => {}
        }
    }

    fn command(&mut self, command: Command, cx: &mut Cx<'_>) {
        match command {
            Command::Resync => self.step(Event::Explicit(onhook_resync::Request::Configured), cx),
            Command::ResyncWith(rule) => {
                if let Some(old) = self.given.replace(rule) {
                    cx.shared.values.release(old);
                }
                self.step(Event::Explicit(onhook_resync::Request::Given), cx);
            }
            Command::Set(id, value) => self.edit(id, value, cx),
            Command::Restart => {
                self.want_restart_now();
                self.restart_if_idle(cx);
            }
        }
    }

    /// Whether what was fetched has to wait before it is applied.
    pub(crate) fn must_hold(&self) -> bool {
        //= R-RBT-4
        self.busy_lines != 0 || self.edit.is_some()
    }

    /// Takes durable entries into the set and lets the machines know what changed.
    pub(crate) fn apply(&mut self, changes: &[Entry], cx: &mut Cx<'_>) {
        self.params.apply(changes, &mut cx.shared.values);
        for change in changes {
            let event = match change.id {
                id if id == known::RESYNC_PERIODIC => Event::PeriodicChanged,
                id if id == known::RESYNC_ERROR_RETRY_DELAY => Event::ErrorRetryChanged,
                id if id == known::PROVISION_ENABLE => Event::EnableChanged,
                _ => continue,
            };
            self.machine(event, cx);
        }
    }

    /// Replaces what `$ERR` shows.
    pub(crate) fn set_result(&mut self, result: Option<Told>, shared: &mut Shared) {
        let before = std::mem::replace(&mut self.result, result);
        if let Some(said) = before.and_then(|told| told.said) {
            shared.values.release(said);
        }
    }

    pub(crate) fn next_op(&mut self) -> OpId {
        self.ops = self.ops.wrapping_add(1);
        OpId(self.ops)
    }

    pub(crate) fn count_stale(&mut self) {
        self.stale = self.stale.saturating_add(1);
    }

    pub(crate) fn log(&self, op: LogOp, cx: &mut Cx<'_>) {
        cx.out.push(Effect::Log(LogLine {
            op,
            request: self.request,
            told: self.result,
            prvst: self.resync.cause().prvst(),
        }));
    }

    /// Hands one event to the resync machine and carries out what it answers.
    pub(crate) fn step(&mut self, event: Event, cx: &mut Cx<'_>) {
        let mut action = self.machine(event, cx);
        loop {
            action = match action {
                Action::None => break,
                Action::RunRule { slot, starts } => {
                    if let Some(cause) = starts {
                        cx.out
                            .push(Effect::Notice(Notice::ResyncStarted(cause, slot)));
                    }
                    match self.run_rule(slot, cx) {
                        Some(outcome) => self.machine(Event::RuleDone(outcome), cx),
                        None => break,
                    }
                }
                Action::Finished(outcome) => {
                    self.finished(outcome, cx);
                    self.resync.next_pending(cx.now.mono)
                }
                Action::TimedOut => match self.time_out(cx) {
                    Some(outcome) => self.machine(Event::RuleDone(outcome), cx),
                    None => break,
                },
                Action::Refused(gate) => {
                    cx.out.push(Effect::Notice(Notice::Refused(gate)));
                    break;
                }
            };
        }
        self.restart_if_idle(cx);
    }

    fn finished(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        cx.out.push(Effect::Notice(Notice::ResyncDone(outcome)));
        //= R-SM-20
        if outcome.is_success() && self.restart == Restart::Pending {
            self.restart = Restart::Due;
        }
    }

    /// Tells that requests which waited are refused, because provisioning was disabled meanwhile.
    fn drop_pending(&mut self, cx: &mut Cx<'_>) {
        if let Some(rule) = self.given.take() {
            cx.shared.values.release(rule);
        }
        let gate = onhook_resync::Gate::ProvisionDisabled;
        cx.out.push(Effect::Notice(Notice::Refused(gate)));
    }

    /// Hands one event to the resync machine with the policy that the parameters spell now.
    pub(crate) fn machine(&mut self, event: Event, cx: &mut Cx<'_>) -> Action {
        let Some(model) = cx.shared.models.get(self.model) else {
            return Action::None;
        };
        let view = View {
            values: &cx.shared.values,
            bases: &cx.shared.bases,
            scope: &model.scope,
        };
        let policy = policy(&self.params, view);
        let before = self.resync.provisioned();
        let pending = self.resync.has_pending();
        let action = self.resync.handle(event, cx.now.mono, &policy);
        if pending && self.resync.state() == State::Dormant {
            self.drop_pending(cx);
        }
        if self.resync.provisioned() && !before && !matches!(event, Event::Boot { .. }) {
            let op = self.next_op();
            cx.out.push(Effect::SaveState(op, StateChange::Provisioned));
        }
        action
    }
}
