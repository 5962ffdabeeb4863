//! Local edits: of one parameter, or of all that a page submits.

use onhook_discovery::Happened;
use onhook_params::{Entry, Mark, ParamId, ValueId, known};
use onhook_resync::{Event, Request};

use crate::phone::Cx;
use crate::watch::trigger_number;
use crate::{
    Committed, DecodedId, Effect, Notice, OpId, Origin, Pending, Phone, RebootReason, Shared,
    StateChange,
};

/// A local edit that is being stored.
pub(crate) struct Edit {
    /// Its commit.
    pub(crate) op: OpId,
    /// What the set holds then, in order of parameter.
    pub(crate) entries: Box<[Entry]>,
    /// What was asked for; the uses of its texts last until the edit is done.
    asked: Box<[Entry]>,
    origin: Origin,
    then: Then,
}

/// What follows an edit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    /// A restart, because a page was submitted.
    Restart,
}

impl Edit {
    /// Ends the use of what was asked for.
    pub(crate) fn release(&self, shared: &mut Shared) {
        shared.release(&self.asked);
    }
}

impl Phone {
    /// Stores one parameter; the use of the value passes to the phone.
    pub(crate) fn edit(&mut self, origin: Origin, id: ParamId, value: ValueId, cx: &mut Cx<'_>) {
        let asked = Entry {
            id,
            access: None,
            mark: Mark::None,
            value: Some(value),
        };
        if self.store(origin, Box::new([asked]), Then::Nothing, cx) == Stored::Already {
            self.ask_after_typing(origin, id, cx);
        }
    }

    //= R-WEB-14
    /// Stores all that a page submits in one commit; the phone restarts when something really changed.
    pub(crate) fn submit(&mut self, origin: Origin, page: DecodedId, cx: &mut Cx<'_>) {
        if let Some(entries) = cx.shared.take_decoded(page) {
            self.store(origin, entries.into_boxed_slice(), Then::Restart, cx);
        }
    }

    fn store(
        &mut self,
        origin: Origin,
        asked: Box<[Entry]>,
        then: Then,
        cx: &mut Cx<'_>,
    ) -> Stored {
        let committing = self.cold.as_ref().is_some_and(|cold| cold.is_committing());
        if self.edit.is_some() || committing || self.is_assigning_for_upgrade() {
            cx.shared.release(&asked);
            cx.out.push(Effect::Notice(Notice::EditBusy));
            return Stored::Refused;
        }
        let mut changes = Vec::new();
        if let Some(view) = self.view(cx.shared) {
            self.params.changes(&asked, view, &mut changes);
        }
        if then == Then::Restart {
            // Who set a value before is no change of a page.
            changes.retain(|change| {
                let held = self.params.own_entry(change.id);
                let held = held.map_or((None, None), |held| (held.value, held.access));
                (change.value, change.access) != held
            });
        }
        if changes.is_empty() {
            cx.shared.release(&asked);
            cx.out
                .push(Effect::Notice(Notice::EditDone(Committed::Durable)));
            return Stored::Already;
        }
        for change in &mut changes {
            change.mark = Mark::User;
        }
        let op = self.next_op();
        self.edit = Some(Box::new(Edit {
            op,
            entries: changes.into_boxed_slice(),
            asked,
            origin,
            then,
        }));
        cx.out.push(Effect::Commit(op));
        Stored::Begun
    }

    /// Takes a stored edit in, or drops it.
    pub(crate) fn edit_done(&mut self, edit: Edit, committed: Committed, cx: &mut Cx<'_>) {
        let durable = committed == Committed::Durable;
        let asked = durable && self.apply(&edit.entries, cx);
        edit.release(cx.shared);
        cx.out.push(Effect::Notice(Notice::EditDone(committed)));
        if durable {
            self.edited_locally(cx.now.mono);
            //= R-OOB-3
            if matches!(edit.origin, Origin::Page | Origin::Screen) {
                self.customize(Happened::Provisioned, cx);
            }
            //= R-WEB-14
            if edit.then == Then::Restart {
                self.want_restart_now(RebootReason::Provisioning);
            }
            self.ask_after_edit(edit.origin, &edit.entries, asked, cx);
        }
        self.release_held(cx);
        self.restart_if_idle(cx);
    }

    //= R-RBT-5
    /// A page is followed by a restart and, if a rule has changed, by a resync after that; elsewhere an action URL in a
    /// trigger starts its resync at once.
    fn ask_after_edit(&mut self, origin: Origin, entries: &[Entry], asked: bool, cx: &mut Cx<'_>) {
        let ids = || entries.iter().map(|entry| entry.id);
        // A record holds one request: a run of the configured rules says more than a rule that counts once.
        let pending = if ids().any(|id| known::PROFILE_RULES.contains(&id)) {
            Some(Pending::Configured)
        } else if asked {
            ids().find_map(trigger_number).map(Pending::TriggerUrl)
        } else {
            None
        };
        match (origin, pending) {
            (Origin::Page, Some(pending)) => {
                self.pending_saved = Some(pending);
                let op = self.next_op();
                self.saving_pending = op;
                let change = StateChange::Pending(Some(pending));
                cx.out.push(Effect::SaveState(op, change));
            }
            (Origin::Control | Origin::Screen | Origin::Sip, Some(Pending::TriggerUrl(_))) => {
                self.step(Event::Explicit(Request::Given), cx);
            }
            (Origin::Page | Origin::Control | Origin::Screen | Origin::Sip, _) => {}
        }
        for id in ids() {
            self.ask_after_typing(origin, id, cx);
        }
    }

    //= R-WEB-10
    /// A rule that was typed at the phone is fetched, even if it is the one from before.
    fn ask_after_typing(&mut self, origin: Origin, id: ParamId, cx: &mut Cx<'_>) {
        if origin == Origin::Screen && id == known::PROFILE_RULE {
            self.step(Event::Explicit(Request::Configured), cx);
        }
    }
}

/// What became of an edit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    /// It waits for something else.
    Refused,
    /// The set holds it already.
    Already,
    /// It is being stored.
    Begun,
}
