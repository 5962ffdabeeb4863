//! Evaluating a rule: what it assigns and what it fetches.

use onhook_fetch::{Scheme, is_allowed};
use onhook_macros::{Expanded, MacroName};
use onhook_params::{Entry, Mark, ParamId, Secrecy, ValueId, Values, known, secrecy};
use onhook_rules::{Alternative, Options, RuleKind, Selection, Target, Url};

use crate::macros::Password;
use crate::phone::Cx;
use crate::rule::{Cold, RuleFault, to_u32};
use crate::{Effect, Notice, Phone, Request, RuleSlot, Shared};

/// What serves a URL that names no server.
#[derive(Clone, Copy, Default)]
pub(crate) struct StandIn {
    /// Its host.
    pub(crate) host: Option<ValueId>,
    /// Its scheme and port, for a URL that writes no scheme.
    pub(crate) transport: Option<(Scheme, u16)>,
    /// The scheme for which SRV records say where the host is.
    pub(crate) service: Option<Scheme>,
}

impl Phone {
    /// Evaluates the rule of a slot: what it assigns, and what it fetches.
    pub(crate) fn plan(
        &mut self,
        slot: RuleSlot,
        expanded: &mut Expanded,
        cold: &mut Cold,
        cx: &mut Cx<'_>,
    ) -> Result<(), RuleFault> {
        //= R-MACRO-5
        //= R-ASSIGN-3
        //= R-SM-18
        // Once and as a whole, before the rule assigns anything.
        let found = self.expand(
            |view| Some(self.rule_text(slot, view)),
            self.request.as_deref(),
            Password::Value,
            expanded,
            cx,
        );
        let Some((model, ())) = self.model(cx.shared).zip(found) else {
            return Ok(());
        };
        let selection = onhook_rules::select(
            RuleKind::Profile,
            expanded.text(),
            expanded.slots(),
            &model.software_version,
            &mut (),
        )
        .map_err(syntax)?;
        let Selection::Act(alternative) = selection else {
            return Ok(());
        };
        self.assign(&alternative, expanded, cold, cx, |fault| {
            Effect::Notice(Notice::RuleFault(slot, fault))
        });
        cold.post = alternative.options.post;
        cold.server = alternative
            .url
            .as_ref()
            .and_then(|url| url.server.is_none().then_some(0));
        //= R-ASSIGN-2
        cold.next = alternative.url.as_ref().map(|url| {
            self.request_for(url, &alternative.options, expanded, self.stand_in(url), cx)
        });
        if let Some(Ok(request)) = &cold.next
            && let Some(fault) = self.doubt(request, cx.shared)
        {
            cx.out.push(Effect::Notice(Notice::RuleFault(slot, fault)));
        }
        Ok(())
    }

    /// Collects the assignments of an alternative; bad ones are told and left out.
    pub(crate) fn assign(
        &self,
        alternative: &Alternative<'_>,
        expanded: &Expanded,
        cold: &mut Cold,
        cx: &mut Cx<'_>,
        told: impl Fn(RuleFault) -> Effect,
    ) {
        let Shared { values, models, .. } = &mut *cx.shared;
        let Some(model) = models.get(self.model) else {
            return;
        };
        for assignment in alternative.assignments {
            let id = match assignment.target {
                Target::Gpp(n) => known::GPP.get(usize::from(n)).copied(),
                Target::Name(name) => ParamId::lookup(name, &model.scope),
            };
            let end = assignment.value_offset + assignment.value.len();
            let shown = id.is_some_and(|id| secrecy(id) == Secrecy::Plain);
            //= R-MACRO-20
            if shown && expanded.comes_from(MacroName::MPwd, &(assignment.offset..end)) {
                let offset = to_u32(assignment.offset);
                cx.out.push(told(RuleFault::PasswordShown { offset }));
                continue;
            }
            //= R-ASSIGN-4
            let entry = id.and_then(|id| {
                let text = id.canonical(trimmed(assignment.value), &model.scope).ok()?;
                Some(Entry {
                    id,
                    access: None,
                    mark: Mark::None,
                    value: Some(values.intern(&text, secrecy(id))?),
                })
            });
            match entry {
                Some(entry) => cold.wanted.push(entry),
                None => cx.out.push(told(RuleFault::Assignment {
                    offset: to_u32(assignment.offset),
                })),
            }
        }
        //= R-APP-10
        //= R-ASSIGN-5
        cold.wanted.reverse();
        cold.wanted.sort_by_key(|entry| entry.id);
        cold.wanted.dedup_by(|later, earlier| {
            let same = later.id == earlier.id;
            if let Some(value) = later.value.filter(|_| same) {
                values.release(value);
            }
            same
        });
    }

    /// What the network names for a profile whose URL has no server.
    pub(crate) fn stand_in(&self, url: &Url<'_>) -> StandIn {
        let discovered = self.server().filter(|_| url.server.is_none());
        StandIn {
            host: discovered.and_then(|found| found.server(0)),
            transport: discovered.map(|found| (found.scheme, found.port)),
            service: discovered
                .filter(|found| found.srv)
                .map(|found| found.scheme),
        }
    }

    /// Turns a URL and its options into a request; `stand_in` serves a URL without a server.
    pub(crate) fn request_for(
        &self,
        url: &Url<'_>,
        options: &Options<'_>,
        expanded: &Expanded,
        stand_in: StandIn,
        cx: &mut Cx<'_>,
    ) -> Result<Request, RuleFault> {
        let (scheme, port) = match stand_in.transport {
            Some(transport) if !url.scheme_given => transport,
            Some(_) | None => (url.scheme, url.port),
        };
        //= R-TFTP-21
        if options.srv && scheme == Scheme::Tftp {
            return Err(RuleFault::SrvOverTftp);
        }
        let secrecy = path_secrecy(url, expanded)?;
        //= R-URL-2
        let host = match (url.server, stand_in.host) {
            (Some(server), _) => {
                let last = self.request.as_ref().map(|request| request.host);
                reuse(last, server, Secrecy::Plain, &mut cx.shared.values)
            }
            (None, Some(host)) => {
                cx.shared.values.retain(host);
                Some(host)
            }
            (None, None) => None,
        };
        //= R-OOB-10
        let host = host.ok_or(RuleFault::NoServer)?;
        //= R-RAD-1
        if !self.is_allowed(host, cx.shared) {
            cx.shared.values.release(host);
            return Err(RuleFault::ServerNotAllowed);
        }
        let last = self.request.as_ref().map(|request| request.path);
        let Some(path) = reuse(last, url.path, secrecy, &mut cx.shared.values) else {
            cx.shared.values.release(host);
            return Err(RuleFault::NoServer);
        };
        Ok(Request {
            scheme,
            port,
            host,
            srv: options.srv || stand_in.service == Some(scheme),
            path,
            ip: None,
            key: self.bind(options.key.as_ref(), cx.shared),
            user: self.bind(options.uid.as_ref(), cx.shared),
            password: self.bind(options.pwd.as_ref(), cx.shared),
            aliases: options.alias.and_then(|n| self.alias_map(n, cx.shared)),
            body: None,
        })
    }

    /// Whether Restricted_Access_Domains lets the phone talk to a host.
    pub(crate) fn is_allowed(&self, host: ValueId, shared: &Shared) -> bool {
        let Some(view) = self.view(shared) else {
            return false;
        };
        let domains = self.params.text(known::RESTRICTED_ACCESS_DOMAINS, view);
        is_allowed(view.values.text(host), domains)
    }
}

/// Interns a text that is mostly the one of the last request, which is found without a look into the table.
fn reuse(
    last: Option<ValueId>,
    text: &str,
    secrecy: Secrecy,
    values: &mut Values,
) -> Option<ValueId> {
    let secret = secrecy == Secrecy::Secret;
    if let Some(id) = last.filter(|id| id.is_secret() == secret && values.expose(*id) == text) {
        values.retain(id);
        return Some(id);
    }
    values.intern(text, secrecy)
}

/// Whether the path may be shown. Scheme, server and port always are: lookups and messages name them.
fn path_secrecy(url: &Url<'_>, expanded: &Expanded) -> Result<Secrecy, RuleFault> {
    let whole = 0..expanded.text().len();
    let path = expanded.range_of(url.path).unwrap_or(whole);
    //= R-MACRO-20
    if expanded.comes_from(MacroName::MPwd, &(url.offset..path.start)) {
        let offset = to_u32(url.offset);
        return Err(RuleFault::PasswordShown { offset });
    }
    Ok(if expanded.comes_from(MacroName::MPwd, &path) {
        Secrecy::Secret
    } else {
        Secrecy::Plain
    })
}

/// A value without white space at its ends; other white space than this belongs to it.
fn trimmed(text: &str) -> &str {
    //= R-TYP-1
    text.trim_matches([' ', '\t', '\r', '\n'])
}

pub(crate) fn syntax(error: onhook_rules::RuleError) -> RuleFault {
    RuleFault::Syntax {
        code: error.code(),
        offset: to_u32(error.offset()),
        expected: error.expected(),
    }
}
