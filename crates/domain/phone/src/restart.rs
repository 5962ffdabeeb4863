//! The restart that changed parameters or people want.

use onhook_params::Entry;
use onhook_resync::{BootCause, Event};

use crate::phone::Cx;
use crate::second::Second;
use crate::{
    Committed, Effect, Notice, OpId, Phone, RebootEntry, RebootReason, RestartKind, Shared,
    StateChange,
};

/// Where a restart stands that changed parameters or people want.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    No,
    /// A change wants it, and no sequence has succeeded since.
    Pending,
    /// It waits for idle lines and for the end of a resync.
    Due,
    /// Its reason is being saved.
    Saving(OpId),
    /// Its reason is durable, and it waits for idle lines.
    Ready,
    /// The boot loader is being told which load it brings up.
    Switching,
    /// The factory state is to be restored, at the end of an emergency call.
    EraseDue,
    /// What the phone keeps is being erased.
    Erasing(OpId),
    /// It is erased, and an emergency call has begun meanwhile.
    Erased,
    /// The phone goes down: nothing begins any more until the next boot.
    Begun,
}

impl Phone {
    /// Notes that changes of a profile or an assignment want a restart, before they are applied.
    ///
    /// A local edit wants none: who changes a setting by hand restarts by hand.
    pub(crate) fn want_restart(&mut self, profile: &[Entry], changes: &[Entry], shared: &Shared) {
        //= R-SM-20
        //= R-RBT-2
        let restart = changes.iter().any(|change| {
            change.id.pattern().reboot && self.params.own_value(change.id) != change.value
        });
        if !restart {
            return;
        }
        let restarts = self.restarts.get_or_insert_default();
        restarts.want(profile, &shared.values);
        if self.restart == Restart::No {
            self.restart = Restart::Pending;
            //= R-OOB-5
            self.restart_reason = match self.is_redirected() {
                true => RebootReason::RemoteCustomization,
                false => RebootReason::Provisioning,
            };
        }
    }

    /// A resync has succeeded: what its profiles want is due, unless they want it again and again.
    pub(crate) fn restart_after_success(&mut self, cx: &mut Cx<'_>) {
        if self.restart != Restart::Pending {
            return;
        }
        if self.restarts.as_ref().is_some_and(|row| row.is_loop()) {
            self.restart = Restart::No;
            cx.out.push(Effect::Notice(Notice::RestartLoop));
        } else {
            self.restart = Restart::Due;
        }
    }

    /// Notes that somebody asks for a restart; one that is on its way already keeps its reason.
    pub(crate) fn want_restart_now(&mut self, reason: RebootReason) {
        if matches!(self.restart, Restart::No | Restart::Pending) {
            self.restart = Restart::Due;
            //= R-SM-22
            self.restart_reason = reason;
        }
    }

    /// Goes on with a restart as soon as all lines are idle, no resync runs and the custom CA is not waited for.
    pub(crate) fn restart_if_idle(&mut self, cx: &mut Cx<'_>) {
        //= R-SM-14
        //= R-SIP-6
        if self.is_transferring()
            || self.has_trust_work()
            || self.stores_edit()
            || !self.wants_restart()
            || self.lines_hold_restart(cx.now.mono, cx.shared)
            || self.reports_before_restart()
        {
            return;
        }
        match self.restart {
            //= R-SM-21
            Restart::No | Restart::Pending => {
                self.warm_restart = false;
                self.restart_by = Second::NEVER;
                cx.out.push(Effect::Restart(RestartKind::Warm));
            }
            Restart::Saving(_)
            | Restart::Switching
            | Restart::EraseDue
            | Restart::Erasing(_)
            | Restart::Erased
            | Restart::Begun => {}
            Restart::Due | Restart::Ready if self.pending_unsaved => {
                self.pending_unsaved = false;
                let op = self.next_op();
                self.saving_pending = op;
                let change = StateChange::Pending(self.pending_saved);
                cx.out.push(Effect::SaveState(op, change));
            }
            // A resync in the foreground leaves the record alone: whoever started it restarts, or does not.
            Restart::Due if self.resync.boot_cause() == BootCause::Foreground => self.restart(cx),
            Restart::Due => {
                let op = self.next_op();
                self.restart = Restart::Saving(op);
                let at = self.localized(cx.now, cx.shared).wall;
                let entry = RebootEntry::new(self.restart_reason, at);
                let (booted, now) = (self.resync.booted(), cx.now.mono);
                let row = self.restarts.as_ref().and_then(|row| row.next(booted, now));
                let row = row.filter(|_| entry.reason == RebootReason::Provisioning);
                let change = match self.switching(&cx.shared.values) {
                    Some(upgrades) => StateChange::Switching(entry, upgrades),
                    None => StateChange::Restarting(entry, row),
                };
                cx.out.push(Effect::SaveState(op, change));
            }
            Restart::Ready => self.restart(cx),
        }
    }

    /// Whether a restart waits for nothing but lines, resyncs, upgrades and edits.
    pub(crate) const fn wants_restart(&self) -> bool {
        match self.restart {
            Restart::Due | Restart::Ready => true,
            Restart::No | Restart::Pending => self.warm_restart,
            Restart::Saving(_)
            | Restart::Switching
            | Restart::EraseDue
            | Restart::Erasing(_)
            | Restart::Erased
            | Restart::Begun => false,
        }
    }

    /// Whether an edit, or what it asks for, is being stored: a restart waits until it is durable.
    pub(crate) fn stores_edit(&self) -> bool {
        self.edit.is_some() || self.saving_pending != OpId::NONE
    }

    /// Restarts, behind the boot loader if that has to be told of another load.
    fn restart(&mut self, cx: &mut Cx<'_>) {
        if self.activate(cx) {
            self.restart = Restart::Switching;
        } else {
            self.restart_at_once(cx);
        }
    }

    pub(crate) fn restart_at_once(&mut self, cx: &mut Cx<'_>) {
        self.restart = Restart::Begun;
        self.restart_by = Second::NEVER;
        self.machine(Event::Occupied, cx);
        cx.out.push(Effect::Restart(RestartKind::Cold));
    }

    /// Takes the end of a save of the state record.
    pub(crate) fn state_saved(&mut self, op: OpId, committed: Committed, cx: &mut Cx<'_>) {
        if self.saving_pending == op {
            self.saving_pending = OpId::NONE;
            self.pending_unsaved = committed == Committed::Failed;
            // What could not be saved is saved again before the restart, which something else tries again.
            if self.pending_unsaved {
                self.restart_by = Second::NEVER;
            } else {
                self.restart_if_idle(cx);
            }
            return;
        }
        if self.restart != Restart::Saving(op) {
            return;
        }
        match committed {
            Committed::Durable => {
                self.restart = Restart::Ready;
                self.restart_if_idle(cx);
            }
            // Without a durable reason the next boot would resync and restart again: later, then.
            Committed::Failed => {
                self.restart = Restart::Due;
                // The time for which lines were waited is over: it begins anew.
                self.restart_by = Second::NEVER;
            }
        }
    }
}
