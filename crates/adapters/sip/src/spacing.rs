//! Keeps what is asked for apart (R-SIP-17).

use onhook_device::MonoTime;

use crate::event::Act;

/// How far apart accepted acts are.
const APART_S: u64 = 5;

//= R-SIP-17
/// Acts that wait, in one slot for each kind, and the last that was let through.
#[derive(Default)]
pub(crate) struct Spacing {
    last: Option<(MonoTime, Act)>,
    all_rules: Option<Act>,
    one_rule: Option<Act>,
    report: Option<Act>,
    problem: Option<Act>,
}

impl Spacing {
    /// Takes an accepted act; [`Self::due`] gives it back at its time, or never if it goes into one before it.
    pub(crate) fn take(&mut self, act: Act, now: MonoTime) {
        let repeats = match &self.last {
            Some((at, last)) => *last == act && now < at.plus_secs(APART_S),
            None => false,
        };
        let slot = match &act {
            Act::Resync => &mut self.all_rules,
            Act::ResyncWith(_) => &mut self.one_rule,
            Act::Report => &mut self.report,
            // Restarts never wait here.
            Act::ReportProblem | Act::Restart | Act::RestartWarm => &mut self.problem,
        };
        *slot = (!repeats).then_some(act);
    }

    /// When the next one is due.
    pub(crate) fn deadline(&self) -> Option<MonoTime> {
        let slots = [&self.all_rules, &self.one_rule, &self.report, &self.problem];
        let waits = slots.iter().any(|slot| slot.is_some());
        let last = self.last.as_ref();
        let next = last.map_or(MonoTime::ZERO, |(at, _)| at.plus_secs(APART_S));
        waits.then_some(next)
    }

    /// The next one, if it is due.
    pub(crate) fn due(&mut self, now: MonoTime) -> Option<Act> {
        if self.deadline()? > now {
            return None;
        }
        let act = (self.all_rules.take())
            .or_else(|| self.one_rule.take())
            .or_else(|| self.report.take())
            .or_else(|| self.problem.take())?;
        self.last = Some((now, act.copy()));
        Some(act)
    }
}

#[cfg(test)]
mod tests {
    use onhook_device::Secret;

    use super::*;

    fn rule(text: &str) -> Act {
        Act::ResyncWith(Secret::from(text))
    }

    /// What is let through, with its second, if these are taken at their seconds.
    fn told(taken: &[(u64, Act)]) -> Vec<(u64, String)> {
        let mut spacing = Spacing::default();
        let mut out = Vec::new();
        for second in 0..60 {
            let now = MonoTime::from_secs(second);
            for (at, act) in taken {
                if *at == second {
                    spacing.take(act.copy(), now);
                }
                out.extend(spacing.due(now).map(|act| (second, word(&act))));
            }
        }
        out
    }

    fn word(act: &Act) -> String {
        match act {
            Act::ResyncWith(rule) => String::from_utf8(rule.expose().to_vec()).unwrap(),
            Act::Resync | Act::Restart | Act::RestartWarm | Act::Report | Act::ReportProblem => {
                format!("{act:?}")
            }
        }
    }

    //= R-SIP-17 type=test
    // V-147 and V-199b
    #[test]
    fn acts_are_five_seconds_apart_and_the_same_again_goes_into_the_one_before() {
        for (taken, let_through) in [
            (
                vec![(0, Act::Resync), (1, Act::Resync)],
                vec![(0, "Resync")],
            ),
            (
                vec![(0, Act::Resync), (4, Act::Resync), (5, Act::Resync)],
                vec![(0, "Resync"), (5, "Resync")],
            ),
            (
                vec![
                    (0, rule("a")),
                    (1, rule("b")),
                    (2, Act::Resync),
                    (3, rule("c")),
                ],
                vec![(0, "a"), (5, "Resync"), (10, "c")],
            ),
            (
                vec![(0, rule("a")), (1, rule("b")), (2, rule("a"))],
                vec![(0, "a")],
            ),
            (
                vec![(3, Act::Report), (4, Act::Resync), (5, Act::Report)],
                vec![(3, "Report"), (8, "Resync")],
            ),
        ] {
            let told = told(&taken);
            let told: Vec<_> = told.iter().map(|(at, word)| (*at, word.as_str())).collect();
            assert_eq!(told, let_through, "{taken:?}");
        }
    }
}
