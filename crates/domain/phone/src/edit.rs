//! Local edits of a parameter.

use onhook_params::{Entry, Mark, ParamId, ValueId};

use crate::phone::Cx;
use crate::{Committed, Effect, Notice, Phone};

impl Phone {
    /// Stores one parameter; the use of the value passes to the phone.
    pub(crate) fn edit(&mut self, id: ParamId, value: ValueId, cx: &mut Cx<'_>) {
        if self.edit.is_some() || self.cold.as_ref().is_some_and(|cold| cold.is_committing()) {
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
            return;
        };
        if change.value.is_none() {
            cx.shared.values.release(value);
        }
        let op = self.next_op();
        // The use of the value that came with the command lasts until the edit is done.
        let mark = Mark::User;
        self.edit = Some((op, Entry { mark, ..change }));
        cx.out.push(Effect::Commit(op));
    }

    /// Takes a stored edit in, or drops it.
    pub(crate) fn edit_done(&mut self, entry: Entry, committed: Committed, cx: &mut Cx<'_>) {
        self.edit = None;
        if committed == Committed::Durable {
            self.apply(&[entry], cx);
        }
        if let Some(value) = entry.value {
            cx.shared.values.release(value);
        }
        cx.out.push(Effect::Notice(Notice::EditDone(committed)));
        self.release_held(cx);
    }
}
