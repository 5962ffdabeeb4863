//! Watching the triggers.

use std::num::NonZeroU64;

use onhook_device::{MonoTime, TriggerMode, TriggerUrlValue};
use onhook_macros::{Expanded, MacroName};
use onhook_params::{ParamId, Secrecy, View, known};
use onhook_resync::{Event, State};
use onhook_triggers::{Trigger, Verdict, admits, evaluate, fires, next_check};

use crate::macros::Password;
use crate::phone::Cx;
use crate::restart::Restart;
use crate::{Effect, Notice, Phone, Shared};

/// Seconds between the start of an attempt and the next one that a trigger starts (R-TRIG-6).
const SPACING_S: u64 = 60;

/// What the triggers say at one moment.
struct Look {
    verdicts: [Verdict; 2],
    /// Seconds until they can say something else, if nothing but time goes on.
    next: Option<NonZeroU64>,
}

impl Phone {
    /// Looks at the triggers if they may start a resync now, and notes when to look again. `fresh` says that more than
    /// the time has changed since the last look.
    pub(crate) fn watch_triggers(&mut self, fresh: bool, cx: &mut Cx<'_>) {
        if !self.is_watching(cx.shared) {
            self.watch = MonoTime::MAX;
            return;
        }
        //= R-TRIG-6
        //= R-SM-16
        let earliest = self.resync.last_attempt().plus_secs(SPACING_S);
        if fresh {
            self.watch = cx.now.mono;
        }
        // An attempt may have come between.
        self.watch = self.watch.max(earliest);
        if self.watch > cx.now.mono {
            return;
        }
        let look = self.look(cx);
        self.watch = match look.next {
            Some(seconds) => cx.now.mono.plus_secs(seconds.get()),
            None => MonoTime::MAX,
        };
        if fires(TriggerMode::Fire, look.verdicts) {
            self.step(Event::TriggerTrue, cx);
            // A resync that had nothing to fetch is over already.
            self.watch = match self.is_watching(cx.shared) {
                true => cx.now.mono.plus_secs(SPACING_S),
                false => MonoTime::MAX,
            };
        }
    }

    /// Whether the triggers let an automatic resync pass now.
    pub(crate) fn is_admitted(&mut self, cx: &mut Cx<'_>) -> bool {
        let mode = self
            .view(cx.shared)
            .map(|view| view.scope.readings.triggers);
        match mode {
            Some(mode @ TriggerMode::Gate) => admits(mode, false, self.look(cx).verdicts),
            Some(TriggerMode::Fire) | None => true,
        }
    }

    /// Whether a trigger that is true would start a resync.
    fn is_watching(&self, shared: &Shared) -> bool {
        if !matches!(self.resync.state(), State::Waiting | State::ErrorWait)
            || self.restart == Restart::Begun
        {
            return false;
        }
        let Some(view) = self.view(shared) else {
            return false;
        };
        view.scope.readings.triggers == TriggerMode::Fire
            && known::RESYNC_TRIGGERS
                .iter()
                .any(|id| matches!(self.trigger(*id, view), Trigger::Condition(_)))
    }

    fn trigger<'v>(&self, id: ParamId, view: View<'v>) -> Trigger<'v> {
        Trigger::read(
            self.params.text(id, view),
            view.scope.readings.trigger_url_value,
        )
    }

    /// Evaluates both triggers; what cannot be evaluated is told once.
    fn look(&mut self, cx: &mut Cx<'_>) -> Look {
        let mut look = Look {
            verdicts: [Verdict::Unset; 2],
            next: None,
        };
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        for ((number, id), verdict) in (1_u8..).zip(known::RESYNC_TRIGGERS).zip(&mut look.verdicts)
        {
            let Some((said, next)) = self.ask_trigger(id, &mut expanded, cx) else {
                continue;
            };
            *verdict = said;
            look.next = match (look.next, next) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            //= R-TRIG-5
            //= R-SM-17
            if let Verdict::Bad(error) = said
                && self.warned & number == 0
            {
                self.warned |= number;
                let fault = Notice::TriggerFault(number, error.code());
                cx.out.push(Effect::Notice(fault));
            }
        }
        cx.shared.expanded = Some(expanded);
        look
    }

    fn ask_trigger(
        &self,
        id: ParamId,
        expanded: &mut Expanded,
        cx: &mut Cx<'_>,
    ) -> Option<(Verdict, Option<NonZeroU64>)> {
        //= R-TRIG-1
        self.expand(
            |view| match self.trigger(id, view) {
                Trigger::Condition(text) => Some(text),
                Trigger::Unset | Trigger::ResyncOnce { .. } => None,
            },
            self.request.as_deref(),
            Password::Mask,
            expanded,
            cx,
        )?;
        let model = self.model(cx.shared)?;
        let verdict = evaluate(expanded.text(), &model.software_version, &mut ());
        let next = next_check(expanded, |name| self.is_moving(name));
        Some((verdict, next))
    }

    /// Whether the value of a macro grows by one each second.
    fn is_moving(&self, name: MacroName) -> bool {
        let lost = |line| self.lost_since(line).is_some();
        matches!(name, MacroName::PrvTmr | MacroName::UpgTmr)
            || matches!(name, MacroName::RegTmr(line) if lost(line))
    }

    /// Makes the rule of an action URL in a trigger the given rule; whether there is one.
    pub(crate) fn take_trigger_url(&mut self, number: u8, shared: &mut Shared) -> bool {
        let Some(id) = known::RESYNC_TRIGGERS
            .get(usize::from(number.saturating_sub(1)))
            .copied()
        else {
            return false;
        };
        let rule = self.view(shared).and_then(|view| {
            let urls = view.scope.readings.trigger_url_value;
            let Trigger::ResyncOnce { rule } = self.trigger(id, view) else {
                return None;
            };
            (urls == TriggerUrlValue::ResyncOnce).then(|| rule.to_owned())
        });
        //= D-16
        let Some(rule) = rule.and_then(|rule| shared.values.intern(&rule, Secrecy::Secret)) else {
            return false;
        };
        if let Some(old) = self.given.replace(rule) {
            shared.values.release(old);
        }
        true
    }
}

/// The number of a trigger, 1 or 2.
pub(crate) fn trigger_number(id: ParamId) -> Option<u8> {
    let [first, second] = known::RESYNC_TRIGGERS;
    match id {
        _ if id == first => Some(1),
        _ if id == second => Some(2),
        _ => None,
    }
}
