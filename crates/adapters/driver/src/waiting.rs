//! Those who asked something of a phone and wait for its answer.

use std::collections::VecDeque;

use onhook_device::Outcome;
use onhook_params::ValueId;
use onhook_phone::report::ResyncReport;
use onhook_phone::{Answer, CaSource, Committed, Delay, Origin, Reply, RuleSlot};

use crate::reactor::Seat;

/// Why there is nothing to fetch.
pub(crate) const EMPTY_CA_RULE: &str = "Custom_CA_Rule is empty: give a URL";

/// Askers of pages that may share one resync.
const SHARED: usize = 32;

/// Who waits for what.
#[derive(Default)]
pub(crate) struct Waiting {
    /// The resync that the phone has been asked for; it is asked for one at a time.
    pub(crate) asked: Option<Explicit>,
    /// Askers of the configured rules who came too late to join it.
    pub(crate) configured: Vec<(Origin, Box<dyn Reply>)>,
    /// Rules that come after it.
    pub(crate) given: VecDeque<(Origin, ValueId, Box<dyn Reply>)>,
    pub(crate) edit: Option<Box<dyn Reply>>,
    /// Who waits for a custom CA.
    pub(crate) ca: Option<(CaSource, Box<dyn Reply>)>,
    /// Why it could not be had.
    ca_failure: Option<String>,
    /// Why the edit could not be stored.
    edit_failure: Option<String>,
    pub(crate) reset: Vec<Box<dyn Reply>>,
    /// Who waits for a report of the configuration.
    pub(crate) report: Readers,
    /// Who waits for a report of a problem.
    pub(crate) problem: Readers,
}

/// Who waits for a report.
#[derive(Default)]
pub(crate) struct Readers {
    /// Who has asked for one that has not begun.
    asked: Vec<Box<dyn Reply>>,
    /// Who has asked for the one under way.
    under_way: Vec<Box<dyn Reply>>,
    /// Why it did not arrive.
    failure: Option<String>,
}

impl Readers {
    pub(crate) fn add(&mut self, reply: Box<dyn Reply>) {
        self.asked.push(reply);
    }

    /// A report begins: those who come later wait for the next one.
    pub(crate) fn begins(&mut self) {
        self.under_way.append(&mut self.asked);
    }

    pub(crate) fn failed(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    /// Answers those who asked for the report that ended.
    pub(crate) fn ended(&mut self, outcome: Outcome) {
        let failure = self.failure.take();
        let answer = match (outcome, failure) {
            (Outcome::Applied, _) => Answer::Done,
            (_, Some(why)) => Answer::Refused(why),
            (_, None) => Answer::Refused(outcome.to_string()),
        };
        for reply in self.under_way.drain(..) {
            reply.answer(answer.clone());
        }
    }

    /// Answers those whose report never begins.
    pub(crate) fn refused(&mut self, why: &str) {
        refuse(self.asked.drain(..), why);
    }
}

impl Seat {
    /// Who waits for the report that is being sent.
    pub(crate) fn readers(&mut self) -> &mut Readers {
        match self.phone.is_reporting_problem() {
            true => &mut self.waiting.problem,
            false => &mut self.waiting.report,
        }
    }
}

/// One resync that somebody asked for.
pub(crate) struct Explicit {
    pub(crate) what: What,
    pub(crate) progress: Progress,
    pub(crate) replies: Vec<Box<dyn Reply>>,
}

/// Which rules a resync runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Configured,
    Given,
    /// The configured ones, when a rule that was typed at the phone is stored.
    Typed,
}

impl What {
    fn runs(self, slot: RuleSlot) -> bool {
        let given = slot == RuleSlot::Given;
        match self {
            Self::Given => given,
            Self::Configured | Self::Typed => !given,
        }
    }
}

/// Who waits for the report of a resync.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Nobody,
    Askers,
}

/// Whether a resync that was asked for runs already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Pending,
    Started,
}

/// Whether pages may leave another request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    Taken,
}

impl Waiting {
    //= R-SIP-5
    /// Whether pages have left enough already: one rule waits at most, and a few for the configured ones.
    pub(crate) fn has_room_for(&self, rule: Option<ValueId>) -> Room {
        let taken = match rule {
            // They share one resync, and wait for nothing but its report.
            None => {
                let asked = self.asked.as_ref();
                let shared = asked.map_or(0, |asked| asked.replies.len());
                shared + self.configured.len() >= SHARED
            }
            Some(_) => self
                .given
                .iter()
                .any(|(origin, ..)| *origin == Origin::Page),
        };
        if taken { Room::Taken } else { Room::Free }
    }

    /// Puts a rule in the place of the one that a page has left; returns that one.
    pub(crate) fn replace_given(&mut self, rule: ValueId) -> Option<ValueId> {
        let mut given = self.given.iter_mut();
        let left = given.find(|(origin, ..)| *origin == Origin::Page);
        left.map(|(_, old, _)| std::mem::replace(old, rule))
    }

    /// Notes that an explicit resync started with a rule; the program itself may want one too.
    pub(crate) fn started(&mut self, slot: RuleSlot) -> Audience {
        match &mut self.asked {
            Some(asked) if asked.what.runs(slot) => {
                asked.progress = Progress::Started;
                Audience::Askers
            }
            Some(_) | None => Audience::Nobody,
        }
    }

    /// Answers those who asked for the resync that ended.
    pub(crate) fn resynced(&mut self, report: &ResyncReport) {
        for reply in self.asked.take().into_iter().flat_map(|a| a.replies) {
            reply.answer(Answer::Resync(Box::new(report.clone())));
        }
    }

    /// Answers those whose resync has not started and never will.
    pub(crate) fn refuse_pending(&mut self, why: &str) {
        let pending = |asked: &mut Explicit| asked.progress == Progress::Pending;
        if let Some(asked) = self.asked.take_if(pending) {
            refuse(asked.replies, why);
        }
    }

    /// Answers whoever typed a rule that could not be stored.
    fn refuse_typed(&mut self, why: &str) {
        if self
            .asked
            .as_ref()
            .is_some_and(|asked| asked.what == What::Typed)
        {
            self.refuse_pending(why);
        }
    }

    /// Answers those whose resync has not started, because lines are busy; it stays asked for.
    pub(crate) fn delay_pending(&mut self) {
        let pending = |asked: &&mut Explicit| asked.progress == Progress::Pending;
        let asked = self.asked.as_mut().filter(pending);
        delay(asked.into_iter().flat_map(|asked| asked.replies.drain(..)));
        let configured = self.configured.iter_mut().map(|(_, reply)| reply);
        let given = self.given.iter_mut().map(|(_, _, reply)| reply);
        delay(
            configured
                .chain(given)
                .map(|reply| std::mem::replace(reply, Box::new(Nobody))),
        );
    }

    /// Answers all who wait for a resync, because the running one waits for idle lines.
    pub(crate) fn delay_all(&mut self) {
        let asked = self.asked.as_mut();
        delay(asked.into_iter().flat_map(|asked| asked.replies.drain(..)));
        self.delay_pending();
    }

    pub(crate) fn ca_failed(&mut self, why: String) {
        self.ca_failure = Some(why);
    }

    /// Answers whoever waits for a custom CA of this source.
    pub(crate) fn ca_done(&mut self, source: CaSource, outcome: Outcome) {
        let failure = self.ca_failure.take();
        let Some((_, reply)) = self.ca.take_if(|(wanted, _)| *wanted == source) else {
            return;
        };
        reply.answer(match (outcome, failure) {
            (Outcome::Applied, _) => Answer::Done,
            (Outcome::Skipped, _) => {
                Answer::Refused("no alternative of the rule fits: nothing was fetched".to_owned())
            }
            (_, Some(why)) => Answer::Refused(why),
            (_, None) => Answer::Refused(outcome.to_string()),
        });
    }

    /// Answers whoever waits for the custom CA of a rule that is empty now.
    pub(crate) fn ca_forgotten(&mut self) {
        let of_rule = |(wanted, _): &mut (CaSource, _)| *wanted == CaSource::Rule;
        if let Some((_, reply)) = self.ca.take_if(of_rule) {
            reply.answer(Answer::Refused(EMPTY_CA_RULE.to_owned()));
        }
    }

    pub(crate) fn edit_failed(&mut self, why: String) {
        self.edit_failure = Some(why);
    }

    pub(crate) fn edited(&mut self, committed: Committed) {
        let failure = self.edit_failure.take();
        if committed == Committed::Durable {
            if let Some(reply) = self.edit.take() {
                reply.answer(Answer::Done);
            }
            return;
        }
        let why = match failure {
            None => "the change could not be stored".to_owned(),
            Some(why) => format!("the change could not be stored: {why}"),
        };
        refuse(self.edit.take(), &why);
        self.refuse_typed(&why);
    }

    pub(crate) fn edit_busy(&mut self) {
        const WHY: &str = "a profile is being stored: try again";
        refuse(self.edit.take(), WHY);
        self.refuse_typed(WHY);
    }

    /// Answers everybody, because the phone restarts.
    pub(crate) fn dismiss(&mut self) {
        let waiting = std::mem::take(self);
        let asked = waiting.asked.into_iter().flat_map(|asked| asked.replies);
        let configured = waiting.configured.into_iter().map(|(_, reply)| reply);
        let given = waiting.given.into_iter().map(|(_, _, reply)| reply);
        let ca = waiting.ca.map(|(_, reply)| reply);
        let reports = [waiting.report, waiting.problem];
        let reports = reports
            .into_iter()
            .flat_map(|readers| readers.asked.into_iter().chain(readers.under_way));
        let others = waiting.edit.into_iter().chain(ca).chain(waiting.reset);
        let others = others.chain(reports);
        refuse(
            asked.chain(configured).chain(given).chain(others),
            "the phone restarts: ask again when it is up",
        );
    }
}

/// Stands where somebody has been answered already.
pub(crate) struct Nobody;

impl Reply for Nobody {
    fn answer(self: Box<Self>, _: Answer) {}
}

fn delay(replies: impl IntoIterator<Item = Box<dyn Reply>>) {
    for reply in replies {
        reply.answer(Answer::Delayed(Delay::BusyLines));
    }
}

fn refuse(replies: impl IntoIterator<Item = Box<dyn Reply>>, why: &str) {
    for reply in replies {
        reply.answer(Answer::Refused(why.to_owned()));
    }
}
