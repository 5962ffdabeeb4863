//! The custom CA: when its file is fetched, and what follows (transports.md 3.3).

use std::net::IpAddr;

use onhook_device::Outcome;
use onhook_fetch::Scheme;
use onhook_macros::Expanded;
use onhook_params::{ValueId, Values, known};
use onhook_resync::{Action, Event, RuleSlot, State};
use onhook_rules::{Alternative, RuleKind, Selection};

use crate::custom_ca::{CaOver, CaSource, CustomCa};
use crate::macros::Password;
use crate::phone::Cx;
use crate::plan::syntax;
use crate::restart::Restart;
use crate::{Effect, LogOp, Notice, OpId, Phone, Request, RuleFault, Subject, Told};

/// What is to be done about the custom CA; a phone that has nothing to do has none.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// What the parameter says is to be carried out.
    rule: bool,
    /// A rule that came with a request.
    given: Option<ValueId>,
    fetch: Option<Fetching>,
}

/// A fetch under way.
#[derive(Debug)]
struct Fetching {
    op: OpId,
    source: CaSource,
    request: Request,
    /// The rule of the running resync that follows it; `None` outside one.
    before: Option<RuleSlot>,
}

impl Trust {
    fn release(self, values: &mut Values) {
        if let Some(rule) = self.given {
            values.release(rule);
        }
        if let Some(fetch) = self.fetch {
            fetch.request.release(values);
        }
    }

    /// What is wanted next.
    const fn next(&self) -> Option<CaSource> {
        if self.rule {
            Some(CaSource::Rule)
        } else if self.given.is_some() {
            Some(CaSource::Request)
        } else {
            None
        }
    }
}

impl Phone {
    /// Whether something is to be done about the custom CA, for which a restart waits.
    pub(crate) const fn has_trust_work(&self) -> bool {
        self.trust.is_some()
    }

    /// Whether the file of the custom CA is being fetched.
    pub(crate) fn is_fetching_trust(&self) -> bool {
        self.trust
            .as_ref()
            .is_some_and(|trust| trust.fetch.is_some())
    }

    /// Wants what the parameter names, if it names anything: at boot, and when somebody asks.
    pub(crate) fn want_ca_rule(&mut self, cx: &Cx<'_>) {
        //= R-TLS-8
        if !self.is_ca_rule_blank(cx) {
            self.trust.get_or_insert_default().rule = true;
        }
    }

    /// Wants what the parameter names now, or nothing any more: it has another value than before.
    pub(crate) fn ca_rule_changed(&mut self) {
        //= R-TLS-8
        if self.resync.state() != State::Off {
            self.trust.get_or_insert_default().rule = true;
        }
    }

    /// Somebody asks for the custom CA, with a rule of their own or with that of the parameter.
    pub(crate) fn update_ca(&mut self, rule: Option<ValueId>, cx: &mut Cx<'_>) {
        match rule {
            Some(rule) if self.resync.state() == State::Off => cx.shared.values.release(rule),
            Some(rule) => {
                let trust = self.trust.get_or_insert_default();
                if let Some(old) = trust.given.replace(rule) {
                    cx.shared.values.release(old);
                }
            }
            None => self.want_ca_rule(cx),
        }
    }

    fn is_ca_rule_blank(&self, cx: &Cx<'_>) -> bool {
        self.view(cx.shared).is_none_or(|view| {
            let rule = self.params.text(known::CUSTOM_CA_RULE, view);
            rule.trim().is_empty()
        })
    }

    /// Carries out what the parameter wants before a rule of the running resync begins; whether that rule has to wait.
    pub(crate) fn trust_before_rule(&mut self, slot: RuleSlot, cx: &mut Cx<'_>) -> bool {
        //= R-TLS-9
        let wanted = self.trust.as_ref().is_some_and(|trust| trust.rule);
        let waits = wanted && self.fetch_trust(CaSource::Rule, Some(slot), cx);
        self.forget_idle_trust();
        waits
    }

    /// Carries out what is wanted if no other transfer is under way.
    pub(crate) fn trust_if_free(&mut self, cx: &mut Cx<'_>) {
        //= R-SM-26
        if self.trust.is_none()
            || self.resync.state() == State::Off
            || self.is_transferring()
            || self.restart == Restart::Begun
        {
            return;
        }
        while let Some(source) = self.trust.as_ref().and_then(|trust| trust.next()) {
            if self.fetch_trust(source, None, cx) {
                self.machine(Event::Occupied, cx);
                return;
            }
        }
        self.forget_idle_trust();
        self.restart_if_idle(cx);
    }

    fn forget_idle_trust(&mut self) {
        self.trust
            .take_if(|trust| trust.fetch.is_none() && trust.next().is_none());
    }

    /// Carries out what one source wants; whether a fetch is under way now.
    fn fetch_trust(&mut self, source: CaSource, before: Option<RuleSlot>, cx: &mut Cx<'_>) -> bool {
        let Some(trust) = &mut self.trust else {
            return false;
        };
        let given = match source {
            CaSource::Rule => {
                trust.rule = false;
                None
            }
            CaSource::Request => trust.given.take(),
        };
        //= R-TLS-8
        if source == CaSource::Rule && self.is_ca_rule_blank(cx) {
            cx.out.push(Effect::ForgetTrust);
            cx.out.push(Effect::Notice(Notice::TrustForgotten));
            return false;
        }
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        let plan = self.plan_trust(source, given, &mut expanded, cx);
        cx.shared.expanded = Some(expanded);
        if let Some(rule) = given {
            cx.shared.values.release(rule);
        }
        let outcome = match plan {
            Ok(Some(request)) => {
                let op = self.next_op();
                cx.out
                    .push(Effect::Notice(Notice::TrustStarted(source, request)));
                cx.out.push(Effect::FetchTrust(op, source, request));
                if let Some(trust) = &mut self.trust {
                    trust.fetch = Some(Fetching {
                        op,
                        source,
                        request,
                        before,
                    });
                }
                return true;
            }
            Ok(None) => Outcome::Skipped,
            Err(fault) => {
                cx.out
                    .push(Effect::Notice(Notice::TrustFault(source, fault)));
                //= R-LOG-5
                self.log_trust(LogOp::Failure, None, Some(fault.outcome().into()), cx);
                fault.outcome()
            }
        };
        cx.out
            .push(Effect::Notice(Notice::TrustDone(source, outcome, None)));
        false
    }

    /// Evaluates a rule of the custom CA; `None` if none of its alternatives fits.
    fn plan_trust(
        &mut self,
        source: CaSource,
        given: Option<ValueId>,
        expanded: &mut Expanded,
        cx: &mut Cx<'_>,
    ) -> Result<Option<Request>, RuleFault> {
        let found = self.expand(
            |view| match given {
                Some(rule) => Some(view.values.expose(rule)),
                None => Some(self.params.text(known::CUSTOM_CA_RULE, view)),
            },
            self.request.as_deref(),
            Password::Value,
            expanded,
            cx,
        );
        let Some((model, ())) = self.model(cx.shared).zip(found) else {
            return Ok(None);
        };
        let ca_over = model.ca_over;
        let selection = onhook_rules::select(
            RuleKind::Profile,
            expanded.text(),
            expanded.slots(),
            &model.software_version,
            &mut (),
        )
        .map_err(syntax)?;
        let Selection::Act(alternative) = selection else {
            return Ok(None);
        };
        if let Some(what) = misplaced(&alternative) {
            return Err(RuleFault::Unsupported(what));
        }
        let Some(url) = &alternative.url else {
            return Ok(None);
        };
        let request =
            self.request_for(url, &alternative.options, expanded, self.stand_in(url), cx)?;
        //= R-TLS-10
        if ca_over == CaOver::Https && request.scheme != Scheme::Https {
            request.release(&mut cx.shared.values);
            return Err(RuleFault::CaOverPlain);
        }
        if let Some(fault) = self.doubt(&request, cx.shared) {
            cx.out
                .push(Effect::Notice(Notice::TrustFault(source, fault)));
        }
        Ok(Some(request))
    }

    /// Notes that the address of the fetch is known; whether the fetch is that of a custom CA.
    pub(crate) fn trust_started(&mut self, op: OpId, ip: Option<IpAddr>, cx: &mut Cx<'_>) -> bool {
        let trust = self.trust.as_mut();
        let Some(fetch) = trust.and_then(|trust| trust.fetch.as_mut().filter(|f| f.op == op))
        else {
            return false;
        };
        fetch.request.ip = ip;
        let request = fetch.request;
        //= R-HTTP-20
        self.log_trust(LogOp::Request, Some(request), None, cx);
        true
    }

    /// Takes the end of a fetch of the custom CA.
    pub(crate) fn trust_done(&mut self, op: OpId, result: Result<CustomCa, Told>, cx: &mut Cx<'_>) {
        let trust = self.trust.as_mut();
        let Some(fetch) = trust.and_then(|trust| trust.fetch.take_if(|fetch| fetch.op == op))
        else {
            self.count_stale();
            release(result, &mut cx.shared.values);
            return;
        };
        let before = fetch.before;
        self.end_trust(fetch, result, cx);
        match before {
            //= R-TLS-9
            // However it ended.
            Some(slot) => self.carry_out(Action::RunRule { slot, starts: None }, cx),
            None => self.step(Event::Free, cx),
        }
    }

    /// The resync takes too long and waits no longer; whether the custom CA was waited for.
    pub(crate) fn give_trust_up(&mut self, cx: &mut Cx<'_>) -> bool {
        let trust = self.trust.as_mut();
        let Some(fetch) = trust.and_then(|trust| trust.fetch.take()) else {
            return false;
        };
        cx.out.push(Effect::Cancel(fetch.op));
        self.end_trust(fetch, Err(Outcome::Timeout.into()), cx);
        true
    }

    /// Logs and tells how a fetch ended.
    fn end_trust(&mut self, fetch: Fetching, result: Result<CustomCa, Told>, cx: &mut Cx<'_>) {
        self.forget_idle_trust();
        let (op, told, ca) = match result {
            Ok(ca) => (LogOp::Success, Outcome::Applied.into(), Some(ca)),
            Err(told) => (LogOp::Failure, told, None),
        };
        self.log_trust(op, Some(fetch.request), Some(told), cx);
        let notice = Notice::TrustDone(fetch.source, told.outcome, ca);
        cx.out.push(Effect::Notice(notice));
        fetch.request.release(&mut cx.shared.values);
        release(result, &mut cx.shared.values);
    }

    /// Ends what a restart ends.
    pub(crate) fn forget_trust(&mut self, values: &mut Values) {
        if let Some(trust) = self.trust.take() {
            trust.release(values);
        }
    }

    fn log_trust(&self, op: LogOp, request: Option<Request>, told: Option<Told>, cx: &mut Cx<'_>) {
        //= R-LOG-3
        self.log_of(Subject::CustomCa, op, request, told, cx);
    }
}

/// Ends the uses of the texts that came with a result.
fn release(result: Result<CustomCa, Told>, values: &mut Values) {
    let text = match result {
        Ok(ca) => ca.name,
        Err(told) => told.said,
    };
    if let Some(text) = text {
        values.release(text);
    }
}

/// What of an alternative makes sense for profiles only.
fn misplaced(alternative: &Alternative<'_>) -> Option<&'static str> {
    let options = &alternative.options;
    if options.key.is_some() {
        Some("--key")
    } else if options.post.is_some() {
        Some("--post")
    } else if options.alias.is_some() {
        Some("--alias")
    } else if alternative.assignments.into_iter().next().is_some() {
        Some("an assignment")
    } else {
        None
    }
}
