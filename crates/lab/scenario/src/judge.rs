//! Doing the steps of a scenario and comparing what is seen with what is expected.

mod matching;

pub(crate) use matching::name;

use std::time::Duration;

use crate::dut::{Dut, Halt, Observation, Seen, Slack};
use crate::language::{Anchor, Do, Expect, Expected, Fact, Pattern, Scenario, Timing, What, words};
use crate::run::halted;
use crate::verdict::{StepDone, Verdict};

/// More things seen than this are a phone that never comes to rest.
const SEEN: usize = 500_000;

/// The shortest span that is told apart.
const TICK: Duration = Duration::from_millis(1);

/// How many things are named that were seen instead.
const NAMED: usize = 6;

/// What came of the steps.
#[derive(Clone, Debug)]
pub struct Judged {
    /// How it ended.
    pub verdict: Verdict,
    /// Why, if it did not pass.
    pub why: String,
    /// The steps that were reached.
    pub steps: Vec<StepDone>,
    /// What was seen.
    pub seen: Vec<Observation>,
    /// When the last step was done.
    pub took: Duration,
}

/// Why a step is not done.
enum Miss {
    /// It is not as expected.
    Failed(String),
    /// It could not be tried to its end.
    Halted(Halt),
}

impl From<Halt> for Miss {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

/// Runs the steps on a phone that has no power; `stopped` is asked whenever something was seen.
pub fn judge(scenario: &Scenario, dut: &mut dyn Dut, stopped: &dyn Fn() -> bool) -> Judged {
    let mut judge = Judge {
        slack: dut.slack(),
        ignore: &scenario.given.ignore,
        dut,
        stopped,
        seen: Vec::new(),
        taken: Vec::new(),
        next_request: 0,
        mark: 0,
        ends: Vec::new(),
        boot: Duration::ZERO,
        now: Duration::ZERO,
    };
    let mut steps = Vec::new();
    let mut ending = (Verdict::Pass, String::new());
    for (number, step) in scenario.steps.iter().enumerate() {
        let done = match &step.what {
            What::Do(action) => judge.act(action),
            What::Expect(expect) => judge.expect(expect),
        };
        judge.ends.push(judge.now);
        steps.push(StepDone {
            line: step.line,
            text: step.to_string(),
            at: done.is_ok().then_some(judge.now),
        });
        let place = format!("step {}, line {}: {step}", number + 1, step.line);
        match done {
            Ok(()) => {}
            Err(Miss::Failed(why)) => ending = (Verdict::Fail, format!("{place}: {why}")),
            Err(Miss::Halted(halt)) => {
                let (verdict, why) = halted(halt);
                ending = (verdict, format!("{place}: {why}"));
            }
        }
        if ending.0 != Verdict::Pass {
            break;
        }
    }
    let (verdict, why) = ending;
    Judged {
        verdict,
        why,
        steps,
        took: judge.now,
        seen: judge.seen,
    }
}

struct Judge<'a> {
    dut: &'a mut dyn Dut,
    slack: Slack,
    ignore: &'a [String],
    stopped: &'a dyn Fn() -> bool,
    seen: Vec<Observation>,
    /// Which of them an expectation has taken.
    taken: Vec<bool>,
    /// Requests before this one are done with.
    next_request: usize,
    /// How much had been seen when the last thing was done.
    mark: usize,
    /// When each step was done.
    ends: Vec<Duration>,
    boot: Duration,
    /// When the last step was done.
    now: Duration,
}

impl Judge<'_> {
    /// Lets time pass until something is seen; `false`: it is `until`.
    fn pull(&mut self, until: Duration) -> Result<bool, Halt> {
        if (self.stopped)() {
            return Err(Halt::Interrupted);
        }
        let Some(observation) = self.dut.next(until)? else {
            return Ok(false);
        };
        if matches!(observation.seen, Seen::Power(_) | Seen::Reboot { .. }) {
            self.boot = observation.at;
        }
        self.seen.push(observation);
        self.taken.push(false);
        match self.seen.len() > SEEN {
            true => Err(Halt::Broken(format!(
                "the phone never comes to rest: {SEEN} things were seen"
            ))),
            false => Ok(true),
        }
    }

    /// Lets time pass up to a moment, which is included.
    fn drain(&mut self, until: Duration) -> Result<(), Halt> {
        while self.pull(until)? {}
        Ok(())
    }

    fn act(&mut self, action: &Do) -> Result<(), Miss> {
        if let Do::Wait(span) = action {
            self.now += *span;
            self.drain(self.now)?;
            self.forget();
            return Ok(());
        }
        self.forget();
        let at = self.dut.perform(self.now, action)?;
        self.now = self.now.max(at);
        Ok(self.drain(self.now)?)
    }

    /// What has been seen so far counts no longer.
    fn forget(&mut self) {
        self.mark = self.seen.len();
        self.next_request = self.mark;
    }

    fn expect(&mut self, expect: &Expect) -> Result<(), Miss> {
        match &expect.what {
            Expected::Happens(pattern) => self.happens(pattern, expect.timing),
            Expected::Absent(pattern, span) => self.absent(pattern, *span),
            Expected::Holds(fact) => self.holds(fact, expect.timing),
        }
    }

    /// The first and the last moment that count, slack included.
    fn window(&self, timing: Timing) -> (Duration, Duration) {
        let Timing { window, after } = timing;
        let Some(window) = window else {
            let first = self.now.saturating_sub(self.slack.early);
            return (first, self.now + self.slack.soon);
        };
        let anchor = match after {
            Anchor::Previous => self.now,
            Anchor::Boot => self.boot,
            Anchor::Step(step) => self.ends.get(step).copied().unwrap_or(self.now),
        };
        (
            (anchor + window.from).saturating_sub(self.slack.early),
            anchor + window.to + self.slack.late,
        )
    }

    fn happens(&mut self, pattern: &Pattern, timing: Timing) -> Result<(), Miss> {
        let (first, last) = self.window(timing);
        let mut looked = match timing.after {
            Anchor::Previous => self.mark,
            Anchor::Boot | Anchor::Step(_) => 0,
        };
        loop {
            let found = match pattern {
                Pattern::Request { .. } => self.request(pattern, first, last)?,
                Pattern::Syslog { .. } | Pattern::Event { .. } | Pattern::Reboot { .. } => {
                    let found = self.untaken(pattern, looked, first, last);
                    // Each is looked at once.
                    looked = self.seen.len();
                    found
                }
            };
            if let Some(at) = found {
                self.now = self.now.max(at);
                return Ok(());
            }
            if !self.pull(last)? {
                let instead = self.instead(pattern, first);
                let until = words(last);
                return Err(Miss::Failed(format!(
                    "nothing came until {until}; {instead}"
                )));
            }
        }
    }

    /// Something that no expectation has taken, in any order.
    fn untaken(
        &mut self,
        pattern: &Pattern,
        from: usize,
        first: Duration,
        last: Duration,
    ) -> Option<Duration> {
        let fits = |(observation, taken): (&Observation, &bool)| {
            !taken
                && (first..=last).contains(&observation.at)
                && matching::fits(pattern, &observation.seen, &|text| self.dut.place(text))
        };
        let mut all = self.seen.iter().zip(&self.taken).skip(from);
        let place = from + all.position(fits)?;
        if let Some(taken) = self.taken.get_mut(place) {
            *taken = true;
        }
        self.seen.get(place).map(|observation| observation.at)
    }

    /// The next request, which has to be the one that is expected.
    fn request(
        &mut self,
        pattern: &Pattern,
        first: Duration,
        last: Duration,
    ) -> Result<Option<Duration>, Miss> {
        while let Some(observation) = self.seen.get(self.next_request) {
            let Observation { at, seen } = observation;
            if !self.counts(seen) {
                self.next_request += 1;
                continue;
            }
            let came = format!(
                "{} came at {}",
                matching::name_for(pattern, seen),
                words(*at)
            );
            if *at < first {
                let why = format!("{came}, before the window opens at {}", words(first));
                return Err(Miss::Failed(why));
            }
            if *at > last {
                let why = format!("{came}, after the window closed at {}", words(last));
                return Err(Miss::Failed(why));
            }
            if !matching::fits(pattern, seen, &|text| self.dut.place(text)) {
                return Err(Miss::Failed(format!("{came} instead")));
            }
            let at = *at;
            self.next_request += 1;
            return Ok(Some(at));
        }
        Ok(None)
    }

    /// Whether it is a request that is not to be ignored.
    fn counts(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Request { .. }) && !matching::is_ignored(seen, self.ignore)
    }

    fn absent(&mut self, pattern: &Pattern, span: Duration) -> Result<(), Miss> {
        let (first, end) = (self.now, self.now + span);
        let last = end.saturating_sub(TICK);
        let mut looked = match pattern {
            Pattern::Request { .. } => self.next_request,
            Pattern::Syslog { .. } | Pattern::Event { .. } | Pattern::Reboot { .. } => self.mark,
        };
        loop {
            while let Some(Observation { at, seen }) = self.seen.get(looked) {
                let taken = self.taken.get(looked) == Some(&true);
                looked += 1;
                if taken || *at < first || matching::is_ignored(seen, self.ignore) {
                    continue;
                }
                if matching::fits(pattern, seen, &|text| self.dut.place(text)) {
                    let came = name(seen);
                    return Err(Miss::Failed(format!("{came} came at {}", words(*at))));
                }
            }
            if !self.pull(last)? {
                break;
            }
        }
        self.now = end;
        if matches!(pattern, Pattern::Request { .. }) {
            self.next_request = self.seen.len();
        }
        Ok(())
    }

    fn holds(&mut self, fact: &Fact, timing: Timing) -> Result<(), Miss> {
        let (first, last) = self.window(timing);
        // What is due at the first moment belongs to it.
        self.drain(first.max(self.now))?;
        let mut moment = first.max(self.now);
        loop {
            let Some(is) = matching::unlike(fact, self.dut, self.slack)? else {
                self.now = moment;
                return Ok(());
            };
            if !self.pull(last)? {
                // Nothing was seen any more, and yet it may be so now.
                return match matching::unlike(fact, self.dut, self.slack)? {
                    None => {
                        self.now = last.max(self.now);
                        Ok(())
                    }
                    Some(_) => Err(Miss::Failed(is)),
                };
            }
            moment = self.seen.last().map_or(moment, |seen| moment.max(seen.at));
        }
    }

    /// What was seen in place of something, newest last.
    fn instead(&self, pattern: &Pattern, first: Duration) -> String {
        let alike = |observation: &&Observation| {
            observation.at >= first && matching::is_alike(pattern, &observation.seen)
        };
        let names: Vec<String> = self
            .seen
            .iter()
            .filter(alike)
            .map(|Observation { at, seen }| format!("{} at {}", name(seen), words(*at)))
            .collect();
        let from = names.len().saturating_sub(NAMED);
        match names.get(from..) {
            None | Some([]) => "nothing of this kind was seen".to_owned(),
            Some(names) => format!("seen: {}", names.join("; ")),
        }
    }
}
