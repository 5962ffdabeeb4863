//! Local edits of a parameter.

use onhook_discovery::Happened;
use onhook_params::{Entry, Mark, ParamId, ValueId, known};
use onhook_resync::{Event, Request};

use crate::phone::Cx;
use crate::watch::trigger_number;
use crate::{Committed, Effect, Notice, OpId, Origin, Pending, Phone, StateChange};

/// A local edit that is being stored.
pub(crate) struct Edit {
    /// Its commit.
    pub(crate) op: OpId,
    /// What the set holds then.
    pub(crate) entry: Entry,
    origin: Origin,
}

impl Phone {
    /// Stores one parameter; the use of the value passes to the phone.
    pub(crate) fn edit(&mut self, origin: Origin, id: ParamId, value: ValueId, cx: &mut Cx<'_>) {
        let committing = self.cold.as_ref().is_some_and(|cold| cold.is_committing());
        if self.edit.is_some() || committing || self.is_assigning_for_upgrade() {
            cx.shared.values.release(value);
            cx.out.push(Effect::Notice(Notice::EditBusy));
            return;
        }
        let wanted = Entry {
            id,
            access: None,
            mark: Mark::None,
            value: Some(value),
        };
        let mut changes = Vec::new();
        if let Some(view) = self.view(cx.shared) {
            self.params.changes(&[wanted], view, &mut changes);
        }
        let Some(change) = changes.pop() else {
            cx.shared.values.release(value);
            cx.out
                .push(Effect::Notice(Notice::EditDone(Committed::Durable)));
            self.ask_after_typing(origin, id, cx);
            return;
        };
        if change.value.is_none() {
            cx.shared.values.release(value);
        }
        let op = self.next_op();
        // The use of the value that came with the command lasts until the edit is done.
        let mark = Mark::User;
        self.edit = Some(Box::new(Edit {
            op,
            entry: Entry { mark, ..change },
            origin,
        }));
        cx.out.push(Effect::Commit(op));
    }

    /// Takes a stored edit in, or drops it.
    pub(crate) fn edit_done(&mut self, edit: Edit, committed: Committed, cx: &mut Cx<'_>) {
        let Edit { entry, origin, .. } = edit;
        let asked = committed == Committed::Durable && self.apply(&[entry], cx);
        if let Some(value) = entry.value {
            cx.shared.values.release(value);
        }
        cx.out.push(Effect::Notice(Notice::EditDone(committed)));
        if committed == Committed::Durable {
            //= R-OOB-3
            if matches!(origin, Origin::Page | Origin::Screen) {
                self.customize(Happened::Provisioned, cx);
            }
            self.ask_after_edit(origin, entry.id, asked, cx);
        }
        self.release_held(cx);
        self.restart_if_idle(cx);
    }

    //= R-RBT-5
    /// A page is followed by a restart and, if a rule has changed, by a resync after that; elsewhere an action URL in a
    /// trigger starts its resync at once.
    fn ask_after_edit(&mut self, origin: Origin, id: ParamId, asked: bool, cx: &mut Cx<'_>) {
        let pending = match (asked, known::PROFILE_RULES.contains(&id)) {
            (true, _) => trigger_number(id).map(Pending::TriggerUrl),
            (false, true) => Some(Pending::Configured),
            (false, false) => None,
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
        self.ask_after_typing(origin, id, cx);
    }

    //= R-WEB-10
    /// A rule that was typed at the phone is fetched, even if it is the one from before.
    fn ask_after_typing(&mut self, origin: Origin, id: ParamId, cx: &mut Cx<'_>) {
        if origin == Origin::Screen && id == known::PROFILE_RULE {
            self.step(Event::Explicit(Request::Configured), cx);
        }
    }
}
