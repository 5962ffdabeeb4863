//! Lines: calls and registrations.

use onhook_device::{ForcedResync, MonoTime};
use onhook_params::known;
use onhook_resync::Event;

use crate::phone::Cx;
use crate::second::Second;
use crate::{LineUse, Phone, Shared};

impl Phone {
    /// Takes an edge of a line.
    pub(crate) fn line(&mut self, line: u8, line_use: LineUse, cx: &mut Cx<'_>) {
        let Some(bit) = line
            .checked_sub(1)
            .and_then(|n| 1_u16.checked_shl(u32::from(n)))
        else {
            return;
        };
        let before = self.busy_lines;
        let mark = |lines: u16, set: bool| if set { lines | bit } else { lines & !bit };
        self.busy_lines = mark(before, line_use != LineUse::Idle);
        self.emergency_lines = mark(self.emergency_lines, line_use == LineUse::Emergency);
        match (before, self.busy_lines) {
            (0, 1..) => {
                self.settled_at = Second::NEVER;
                self.step(Event::LinesBusy, cx);
            }
            (1.., 0) => {
                self.begin_to_settle(cx);
                self.step(Event::LinesIdle, cx);
            }
            (0, 0) | (1.., 1..) => {}
        }
        self.release_held(cx);
        self.erase_if_allowed(cx);
        self.restart_if_idle(cx);
    }

    /// All lines are idle: what was deferred waits for the settle time.
    fn begin_to_settle(&mut self, cx: &Cx<'_>) {
        //= R-IDLE-3
        let settle_s = self.model(cx.shared).map_or(0, |model| model.idle_settle_s);
        if settle_s > 0 {
            self.settled_at = Second::not_before(cx.now.mono.plus_secs(u64::from(settle_s)));
        }
    }

    /// When lines will have settled; [`MonoTime::MAX`] for never.
    pub(crate) const fn settle_deadline(&self) -> MonoTime {
        self.settled_at.mono()
    }

    /// Goes on with what was deferred, if lines have been idle long enough.
    pub(crate) fn settle(&mut self, cx: &mut Cx<'_>) {
        if self.settle_deadline() <= cx.now.mono {
            self.settled_at = Second::NEVER;
            self.step(Event::LinesSettled, cx);
            self.release_held(cx);
            self.restart_if_idle(cx);
        }
    }

    /// Whether lines are busy, or have not been idle long enough.
    pub(crate) fn are_lines_deferring(&self) -> bool {
        self.busy_lines != 0 || self.settled_at != Second::NEVER
    }

    /// Whether lines keep what was fetched from being applied.
    pub(crate) fn lines_hold(&self) -> bool {
        //= R-RBT-4
        //= R-IDLE-5
        self.are_lines_deferring() && !(self.overdue && self.emergency_lines == 0)
    }

    /// When lines no longer keep the phone from a restart that nothing else keeps it from.
    pub(crate) fn restart_deadline(&self) -> MonoTime {
        let running = self.is_transferring() || self.has_trust_work();
        // No time ends the waiting for an emergency call.
        if self.wants_restart() && !running && !self.stores_edit() && self.emergency_lines == 0 {
            self.restart_by.mono()
        } else {
            MonoTime::MAX
        }
    }

    /// Whether lines keep the phone from restarting; the first time says until when they may.
    pub(crate) fn lines_hold_restart(&mut self, now: MonoTime, shared: &Shared) -> bool {
        if !self.are_lines_deferring() {
            self.restart_by = Second::NEVER;
            return false;
        }
        //= R-SM-14
        if self.restart_by == Second::NEVER
            && let Some(view) = self.view(shared)
            && view.scope.readings.forced_resync == ForcedResync::MaxWait
        {
            let delay = self.params.text(known::FORCED_RESYNC_DELAY, view);
            let delay = onhook_params::types::Unsigned::parse(delay).map_or(0, |n| n.get());
            self.restart_by = Second::not_before(now.plus_secs(u64::from(delay)));
        }
        //= R-IDLE-5
        self.restart_by.mono() > now || self.emergency_lines != 0
    }
}
