//! Back to the factory state.

use crate::phone::Cx;
use crate::restart::Restart;
use crate::{Committed, Effect, Notice, OpId, Phone};

impl Phone {
    /// Somebody asks for the factory state: it comes before any other restart, and whatever runs ends with it (T32).
    pub(crate) fn factory_reset(&mut self, cx: &mut Cx<'_>) {
        match self.restart {
            Restart::EraseDue | Restart::Erasing(_) | Restart::Erased => {}
            Restart::No
            | Restart::Pending
            | Restart::Due
            | Restart::Saving(_)
            | Restart::Ready
            | Restart::Switching
            | Restart::Begun => self.restart = Restart::EraseDue,
        }
        self.erase_if_allowed(cx);
    }

    /// Goes on with a factory reset, unless an emergency call is up.
    pub(crate) fn erase_if_allowed(&mut self, cx: &mut Cx<'_>) {
        //= R-IDLE-5
        if self.emergency_lines != 0 {
            return;
        }
        match self.restart {
            Restart::EraseDue => {
                let op = self.next_op();
                self.restart = Restart::Erasing(op);
                //= R-FLS-2
                //= R-OOB-9
                cx.out.push(Effect::Erase(op));
            }
            Restart::Erased => self.restart_at_once(cx),
            Restart::No
            | Restart::Pending
            | Restart::Due
            | Restart::Saving(_)
            | Restart::Ready
            | Restart::Switching
            | Restart::Erasing(_)
            | Restart::Begun => {}
        }
    }

    /// The factory state is restored, or nothing changed.
    pub(crate) fn erased(&mut self, op: OpId, committed: Committed, cx: &mut Cx<'_>) {
        if self.restart != Restart::Erasing(op) {
            self.count_stale();
            return;
        }
        match committed {
            Committed::Durable => {
                self.restart = Restart::Erased;
                self.erase_if_allowed(cx);
            }
            Committed::Failed => {
                // A restart that something else wanted before comes with the next success.
                self.restart = self.restart_of_upgrade().unwrap_or(Restart::Pending);
                cx.out.push(Effect::Notice(Notice::EraseFailed));
                self.restart_if_idle(cx);
            }
        }
    }
}
