//! Explaining a profile or upgrade rule.

use std::collections::BTreeMap;
use std::net::IpAddr;

use onhook_device::UpgradeNoServer;
use onhook_fetch::{Scheme, srv_name};
use onhook_params::{ParamId, known};
use onhook_rules::{Alternative, Argument, NamedServer, Options, Rule, RuleError, RuleKind, Url};
use serde_json::Value;

use super::trigger::Comparisons;
use super::{Explanation, Note, Outcome, Step, Target, Verdict, Work};
use crate::Secrets;
use crate::redaction::MASK;

impl<'r> Work<'r> {
    pub(super) fn rule(mut self, kind: RuleKind) -> Explanation {
        let text = self.expanded.text();
        let rule = match onhook_rules::parse(kind, text, self.expanded.slots()) {
            Ok(rule) => rule,
            Err(error) => return self.fail_rule(&error),
        };
        if let Some(number) = rule.first_unreachable() {
            //= R-RULE-9
            self.note(
                "unreachable",
                format!("alternative {number} and what follows it can never be reached"),
            );
        }
        let selected = match self.search(&rule) {
            Ok(Some(selected)) => selected,
            Ok(None) => return self.document,
            Err(error) => return self.fail_rule(&error),
        };
        self.document.alternative = Some(selected.index);
        self.document.outcome = Outcome::Nothing;
        self.assign(&selected);
        match selected.url {
            None => self.document,
            Some(url) => self.fetch(kind, &selected, &url),
        }
    }

    /// Tries the alternatives and notes each.
    fn search(&mut self, rule: &Rule<'r>) -> Result<Option<Alternative<'r>>, RuleError> {
        let swver = self.software_version();
        let mut found: Option<Result<Alternative<'r>, RuleError>> = None;
        for alternative in rule.alternatives() {
            let mut comparisons = Comparisons::default();
            let (verdict, why) = match &found {
                Some(Ok(earlier)) => (
                    Verdict::NotReached,
                    format!("alternative {} is selected", earlier.index),
                ),
                Some(Err(_)) => (Verdict::NotReached, "the rule has failed before".to_owned()),
                None => match alternative.holds(&swver, &mut comparisons) {
                    Ok(true) if alternative.guard.is_none() => {
                        (Verdict::Selected, "it has no condition".to_owned())
                    }
                    Ok(true) => (Verdict::Selected, "its condition is true".to_owned()),
                    Ok(false) => (Verdict::False, "its condition is false".to_owned()),
                    Err(error) => {
                        found = Some(Err(error));
                        (Verdict::Failed, error.code().problem().to_owned())
                    }
                },
            };
            self.document.steps.push(Step::Alternative {
                number: alternative.index,
                text: self.show(alternative.range.clone()),
                verdict,
                why,
            });
            if let Some(guard) = &alternative.guard
                && let Ok(condition) = guard.condition()
            {
                let steps =
                    comparisons.steps(self, Some(alternative.index), guard.offset, &condition);
                self.document.steps.extend(steps);
            }
            if verdict == Verdict::Selected {
                found = Some(Ok(alternative));
            }
        }
        found.transpose()
    }

    fn assign(&mut self, selected: &Alternative<'_>) {
        for assignment in selected.assignments {
            let parameter = assignment.target.to_string();
            let start = assignment.value_offset;
            let value = self.show(start..start + assignment.value.len());
            let scope = self.request.scope;
            let id = ParamId::lookup(&parameter, scope);
            //= R-ASSIGN-4
            let why = match id {
                None => Some(unknown_parameter(assignment.target, &parameter, scope)),
                Some(id) => id.canonical(assignment.value, scope).err().map(|error| {
                    if id.pattern().secret && self.request.secrets == Secrets::Masked {
                        "the value does not fit the parameter".to_owned()
                    } else {
                        error.to_string()
                    }
                }),
            };
            self.document
                .assignments
                .push((parameter.clone(), value.clone()));
            self.document.steps.push(Step::Assignment {
                parameter,
                value,
                applied: why.is_none(),
                why,
            });
        }
    }

    /// The options that are given and not empty.
    pub(super) fn options(&self, options: &Options<'_>) -> BTreeMap<&'static str, Value> {
        let text = [
            ("key", options.key.and_then(|key| self.bound_secret(&key))),
            ("uid", options.uid.and_then(|uid| self.bound_user(&uid))),
            ("pwd", options.pwd.and_then(|pwd| self.bound_secret(&pwd))),
            ("post", options.post.map(letter)),
            ("alias", options.alias.map(letter)),
        ];
        let flags = [
            ("srv", options.srv),
            ("delta", options.delta),
            ("status", options.status),
        ];
        let text = text
            .into_iter()
            .filter_map(|(name, value)| Some((name, Value::String(value?))));
        let flags = flags.into_iter().filter(|(_, given)| *given);
        text.chain(flags.map(|(name, _)| (name, Value::Bool(true))))
            .collect()
    }

    /// The argument with its secret registers filled in; `None` if it is empty (R-OPT-6).
    fn bound(&self, argument: &Argument<'_>) -> Option<String> {
        let mut text = String::new();
        argument.bind(|register| self.request.phone.secret(register), &mut text);
        (!text.is_empty()).then_some(text)
    }

    fn bound_secret(&self, argument: &Argument<'_>) -> Option<String> {
        let bound = self.bound(argument)?;
        Some(match self.request.secrets {
            Secrets::Masked => MASK.to_owned(),
            Secrets::Shown => bound,
        })
    }

    fn bound_user(&self, argument: &Argument<'_>) -> Option<String> {
        let bound = self.bound(argument)?;
        Some(match self.request.secrets {
            Secrets::Shown => bound,
            Secrets::Masked if argument.is_plain() => self.show(argument.range()),
            //= R-MACRO-20
            Secrets::Masked => MASK.to_owned(),
        })
    }

    fn fetch(mut self, kind: RuleKind, selected: &Alternative<'_>, url: &Url<'_>) -> Explanation {
        let learned = match kind {
            RuleKind::Profile => self.learned(url),
            //= R-UPG-2
            RuleKind::Upgrade => None,
        };
        self.document.target = self.target(url, &selected.options, learned.as_ref());
        if kind == RuleKind::Upgrade && url.server.is_none() {
            //= R-UPG-2
            let reading = match self.request.scope.readings.upgrade_no_server {
                UpgradeNoServer::ProvisioningServer => "provisioning-server",
                UpgradeNoServer::Error => "error",
            };
            self.document.readings.insert("upgrade_no_server", reading);
            if reading == "error" {
                self.document.target = Target::default();
                return self.fail(
                    "no-server",
                    "the URL names no server, and the reading `upgrade_no_server` wants one"
                        .to_owned(),
                    url.offset,
                );
            }
            self.document.target.server_source = Some(reading);
        }
        self.document.outcome = Outcome::Fetch;
        if selected.options.srv {
            let scheme = learned
                .as_ref()
                .filter(|_| !url.scheme_given)
                .map_or(url.scheme, |learned| learned.scheme);
            self.services(scheme);
        }
        if kind == RuleKind::Profile && url.server.is_none() {
            self.search_for_server();
        }
        self.document
    }

    /// The SRV records that `--srv` asks for.
    fn services(&mut self, scheme: Scheme) {
        if scheme == Scheme::Tftp {
            //= R-OPT-8
            self.note(
                "srv-with-tftp",
                "the fetch fails: `--srv` does not work with tftp".to_owned(),
            );
            return;
        }
        //= R-DNS-4
        if let Ok(word) = self.request.scope.readings.word("srv_weight_mode") {
            self.document.readings.insert("srv_weight_mode", word);
        }
        let Some(host) = &self.document.target.server else {
            return;
        };
        // An address is a server, and no domain.
        let address = host.trim_start_matches('[').trim_end_matches(']');
        if address.parse::<IpAddr>().is_err() {
            //= R-DNS-2
            self.document.srv.extend(srv_name(scheme, host));
        }
    }

    /// The SRV records that a phone out of its box asks for when its options lead to no profile.
    fn search_for_server(&mut self) {
        let Some(domain) = self.request.phone.domain() else {
            return;
        };
        //= R-DNS-3
        let schemes = [Scheme::Https, Scheme::Http].into_iter();
        let names = schemes.filter_map(|scheme| srv_name(scheme, domain));
        self.document.srv_search.extend(names);
    }

    /// The server that DHCP names, for a URL that names none.
    pub(super) fn learned(&mut self, url: &Url<'_>) -> Option<NamedServer> {
        if url.server.is_some() {
            return None;
        }
        let scope = self.request.scope;
        let (number, server) = self.request.phone.default_server(scope)?;
        self.document.dhcp_option = Some(number);
        if self.request.phone.parameter("DHCP_Option_To_Use").is_none() {
            let order = known::DHCP_OPTION_TO_USE.default(scope);
            self.document.readings.insert("dhcp_options_default", order);
        }
        Some(server)
    }

    /// The URL and its parts as they may be shown.
    pub(super) fn target(
        &self,
        url: &Url<'_>,
        options: &Options<'_>,
        learned: Option<&NamedServer>,
    ) -> Target {
        let show = |part: &str| {
            let range = self.expanded.range_of(part);
            range.map_or_else(String::new, |range| self.show(range))
        };
        let path = show(url.path);
        let server = match (url.server, learned) {
            (Some(server), _) => Some(show(server)),
            (None, Some(learned)) => Some(learned.host.clone()),
            (None, None) => None,
        };
        //= R-URL-2
        // A URL that DHCP names gives scheme and port to a rule without scheme.
        let lent = learned.filter(|_| !url.scheme_given);
        let (scheme, port) = lent.map_or((url.scheme, url.port), |lent| (lent.scheme, lent.port));
        let origin = |given: bool| {
            Some(match (given, lent) {
                (true, _) => "rule",
                (false, Some(_)) => "dhcp",
                (false, None) => "default",
            })
        };
        let shown = Url {
            scheme,
            port,
            server: server.as_deref(),
            path: &path,
            ..*url
        };
        Target {
            url: Some(shown.to_string()),
            scheme: Some(scheme.name()),
            scheme_source: origin(url.scheme_given),
            server_source: Some(if url.server.is_some() { "rule" } else { "dhcp" }),
            port: Some(port),
            port_source: origin(url.port_given),
            options: self.options(options),
            server,
            path: Some(path),
        }
    }

    fn note(&mut self, code: &'static str, message: String) {
        self.document.warnings.push(Note { code, message });
    }

    pub(super) fn fail_rule(self, error: &RuleError) -> Explanation {
        let message = format!("{}; expected {}", error.code().problem(), error.expected());
        self.fail(error.code().name(), message, error.offset())
    }
}

fn letter(index: u8) -> String {
    char::from(b'a'.saturating_add(index)).to_string()
}

fn unknown_parameter(
    target: onhook_rules::Target<'_>,
    name: &str,
    scope: &onhook_params::Scope,
) -> String {
    match target {
        onhook_rules::Target::Name(_) => match ParamId::nearest(name, scope) {
            Some(nearest) => format!("no such parameter; the nearest name is {}", nearest.name()),
            None => "no such parameter".to_owned(),
        },
        onhook_rules::Target::Gpp(_) => "no such parameter".to_owned(),
    }
}
