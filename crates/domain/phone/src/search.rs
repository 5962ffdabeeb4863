//! What a phone out of the box does when its options lead to no profile (transports.md section 6).

use onhook_device::{Mac, Outcome};
use onhook_discovery::{Customization, Happened};
use onhook_params::{Secrecy, ValueId, Values};
use onhook_resync::{Action, Event, RuleSlot, State};

use crate::phone::Cx;
use crate::{Discovered, Effect, OpId, Phone, StateChange};

/// The second file that a server found by SRV records is asked for (R-DNS-6).
const SECOND_FILE: &str = "/Cisco/$MA.cfg";

/// What the phone may ask beyond its options.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Means {
    /// The domain whose SRV records name a server; counts one use, which passes to the phone.
    pub domain: Option<ValueId>,
    /// Whether there is a directory that redirects phones.
    pub directory: bool,
}

/// Where a server is searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the SRV records of this domain: those for HTTPS, then those for HTTP (R-DNS-3).
    Services(ValueId),
    /// In the directory of the vendor, or of whoever stands in for it (R-OOB-1).
    Directory,
}

/// What a search leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Searched {
    /// To a server, or to a rule.
    Found(Discovered),
    /// There is none for this phone.
    Nothing,
    /// Nobody answered.
    Failed,
}

/// How far the running resync has searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Options,
    Services,
    /// The second file of the server that SRV records named.
    SecondFile,
    Directory,
    Over,
}

/// What a phone knows of its server beyond its parameters, and how far it has searched.
#[derive(Debug)]
pub(crate) struct Search {
    /// What options say.
    pub(crate) options: Option<Discovered>,
    /// The server that they named when a resync last succeeded; counts one use.
    pub(crate) network: Option<ValueId>,
    means: Means,
    stage: Stage,
    /// The search under way, or [`OpId::NONE`].
    waits: OpId,
    /// What stands before the options.
    found: Option<Discovered>,
    /// The failure that the search is to mend.
    failure: Outcome,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            options: None,
            network: None,
            means: Means::default(),
            stage: Stage::Over,
            waits: OpId::NONE,
            found: None,
            failure: Outcome::NoServer,
        }
    }
}

/// What follows a failure.
enum Next {
    /// The resync ends with it.
    End,
    /// A search is under way.
    Wait,
    /// The rule runs again.
    Again,
}

impl Phone {
    /// Takes what the phone may ask beyond its options.
    pub(crate) fn learn_means(&mut self, means: Means, values: &mut Values) {
        let search = self.search.get_or_insert_default();
        let old = std::mem::replace(&mut search.means, means);
        if let Some(domain) = old.domain {
            values.release(domain);
        }
    }

    /// Ends what a restart ends; the means stay.
    pub(crate) fn forget_search(&mut self, values: &mut Values) {
        if let Some(search) = &mut self.search {
            search.stage = Stage::Over;
            search.waits = OpId::NONE;
            if let Some(found) = search.found.take() {
                found.release(values);
            }
        }
    }

    /// What serves rules without a server now.
    pub(crate) fn server(&self) -> Option<&Discovered> {
        let search = self.search.as_ref()?;
        search.found.as_ref().or(search.options.as_ref())
    }

    /// A resync starts: it begins with the options, or with the profile that the directory has named. A rule given with a
    /// request is all there is to it.
    pub(crate) fn begin_search(&mut self, slot: RuleSlot, values: &mut Values) {
        let named = self.customization == Customization::CustomPending;
        let searches = self.is_out_of_the_box();
        let Some(search) = &mut self.search else {
            return;
        };
        let named = named && search.found.is_some();
        search.stage = match slot {
            //= R-SM-24
            RuleSlot::Given => Stage::Over,
            //= R-SM-25
            RuleSlot::A | RuleSlot::B | RuleSlot::C | RuleSlot::D => match named {
                true => Stage::Directory,
                false => Stage::Options,
            },
        };
        // Once the phone is brought up, what was found serves it until it restarts.
        if search.stage == Stage::Options
            && searches
            && let Some(found) = search.found.take()
        {
            found.release(values);
        }
    }

    /// A rule has ended: the machine goes on, unless a phone out of the box searches on.
    pub(crate) fn rule_done(&mut self, outcome: Outcome, cx: &mut Cx<'_>) -> Action {
        match self.search_on(outcome, cx) {
            Next::End => self.machine(Event::RuleDone(outcome), cx),
            Next::Wait => Action::None,
            Next::Again => Action::RunRule {
                slot: RuleSlot::A,
                starts: None,
            },
        }
    }

    fn search_on(&mut self, outcome: Outcome, cx: &mut Cx<'_>) -> Next {
        let first = self.resync.state() == State::Running(RuleSlot::A);
        //= R-OOB-2
        //= R-OOB-3
        if outcome.is_success() || !first || !self.is_out_of_the_box() {
            return Next::End;
        }
        let Some(search) = &mut self.search else {
            return Next::End;
        };
        search.failure = outcome;
        loop {
            match search.stage {
                Stage::Options => {
                    search.stage = Stage::Services;
                    //= R-DNS-3
                    if let Some(domain) = search.means.domain {
                        return self.ask_place(Place::Services(domain), cx);
                    }
                }
                Stage::Services => {
                    search.stage = Stage::SecondFile;
                    //= R-DNS-6
                    if let Some(found) = search.found.as_mut().filter(|_| outcome == Outcome::Fnf) {
                        found.rule = cx.shared.values.intern(SECOND_FILE, Secrecy::Secret);
                        return Next::Again;
                    }
                }
                Stage::SecondFile => {
                    search.stage = Stage::Directory;
                    if let Some(found) = search.found.take() {
                        found.release(&mut cx.shared.values);
                    }
                    //= R-OOB-1
                    if search.means.directory {
                        self.customize(Happened::Asked, cx);
                        return self.ask_place(Place::Directory, cx);
                    }
                }
                Stage::Directory => search.stage = Stage::Over,
                Stage::Over => return Next::End,
            }
        }
    }

    /// Whether the phone was never brought up; what the directory has named is not kept over a restart, and searched anew.
    fn is_out_of_the_box(&self) -> bool {
        self.customization.searches() || self.customization == Customization::CustomPending
    }

    fn ask_place(&mut self, place: Place, cx: &mut Cx<'_>) -> Next {
        let op = self.next_op();
        if let Some(search) = &mut self.search {
            search.waits = op;
        }
        cx.out.push(Effect::Search(op, place));
        Next::Wait
    }

    /// Takes the end of a search.
    pub(crate) fn searched(&mut self, op: OpId, searched: Searched, cx: &mut Cx<'_>) {
        let waiting = self.search.as_mut().filter(|search| search.waits == op);
        let Some(search) = waiting else {
            self.count_stale();
            if let Searched::Found(found) = searched {
                found.release(&mut cx.shared.values);
            }
            return;
        };
        search.waits = OpId::NONE;
        let (stage, failure) = (search.stage, search.failure);
        let action = match (stage, searched) {
            (_, Searched::Found(found)) => {
                if let Some(old) = search.found.replace(found) {
                    old.release(&mut cx.shared.values);
                }
                if stage == Stage::Directory {
                    self.customize(Happened::Redirected, cx);
                }
                Action::RunRule {
                    slot: RuleSlot::A,
                    starts: None,
                }
            }
            //= R-OOB-6
            (Stage::Directory, Searched::Nothing) => {
                self.customize(Happened::Unknown, cx);
                self.machine(Event::RuleDone(Outcome::Skipped), cx)
            }
            //= R-OOB-7
            (_, Searched::Nothing | Searched::Failed) => self.rule_done(failure, cx),
        };
        self.carry_out(action, cx);
    }

    /// The resync takes too long and searches no more, also when a commit that is waited for ends; whether a search was
    /// under way.
    pub(crate) fn give_search_up(&mut self) -> bool {
        self.search.as_mut().is_some_and(|search| {
            search.stage = Stage::Over;
            std::mem::replace(&mut search.waits, OpId::NONE) != OpId::NONE
        })
    }

    /// Whether the profile that is being applied was named by the directory.
    pub(crate) fn is_redirected(&self) -> bool {
        self.search
            .as_ref()
            .is_some_and(|search| search.stage == Stage::Directory && search.found.is_some())
    }

    /// A resync has applied something, or found that there is nothing to apply.
    pub(crate) fn brought_up(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        if !matches!(outcome, Outcome::Applied | Outcome::FnfOk) {
            return;
        }
        self.customize(
            match self.is_redirected() {
                true => Happened::Applied,
                false => Happened::Provisioned,
            },
            cx,
        );
    }

    /// Notes what happened in the state out of the box. Only a phone that may search keeps it: for others whether they
    /// are provisioned says it all.
    pub(crate) fn customize(&mut self, happened: Happened, cx: &mut Cx<'_>) {
        let after = self.customization.after(happened);
        if self.may_search() && after != self.customization {
            self.customization = after;
            let op = self.next_op();
            let change = StateChange::Customization(after);
            cx.out.push(Effect::SaveState(op, change));
        }
    }

    /// Its MAC address, which a directory is told.
    #[must_use]
    pub const fn mac(&self) -> Mac {
        self.mac
    }

    /// Whether it may search for its server beyond its options.
    #[must_use]
    pub fn may_search(&self) -> bool {
        let search = self.search.as_ref();
        search.is_some_and(|search| search.means != Means::default())
    }

    /// The state out of the box.
    #[must_use]
    pub const fn customization(&self) -> Customization {
        self.customization
    }
}

/// A rule that is none: it asks for the screen of activation codes (R-OOB-4).
pub(crate) fn asks_for_code(rule: &str) -> bool {
    let start = rule.trim_start();
    start
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("gds://"))
}
