//! What Upgrade_Rule, or a rule that came with a request, leads to.

use onhook_params::{Secrecy, ValueId, known};
use onhook_rules::{RuleKind, Selection};
use onhook_upgrade::{Target, digest, load_name};

use super::Asked;
use crate::macros::Password;
use crate::phone::Cx;
use crate::plan::{StandIn, syntax};
use crate::rule::{Cold, RuleFault};
use crate::{Effect, Notice, Phone, Request, UpgradeNotice, render};

/// What a rule leads to.
pub(super) enum Planned {
    /// To nothing: it is blank, or no alternative matches.
    Nothing,
    /// To assignments alone.
    Assignments,
    /// To a load, by its name, which counts one use.
    Load(Request, ValueId, Target),
    /// To an attempt that fails before any request.
    Fault(RuleFault, Target),
}

impl Phone {
    /// Evaluates the rule; what it assigns is left in `cold`.
    pub(super) fn plan_upgrade(
        &mut self,
        asked: Option<Asked>,
        cold: &mut Cold,
        cx: &mut Cx<'_>,
    ) -> Planned {
        let given = match asked {
            Some(Asked::Given(rule)) => Some(rule),
            Some(Asked::Rule) | None => None,
        };
        let mut rule = 0;
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        let found = self.expand(
            |view| {
                let text = match given {
                    Some(rule) => view.values.expose(rule),
                    None => self.params.text(known::UPGRADE_RULE, view),
                };
                rule = digest(text);
                Some(text)
            },
            self.request.as_deref(),
            Password::Value,
            &mut expanded,
            cx,
        );
        let unreached = Target {
            rule,
            ..Target::default()
        };
        let planned = match found {
            None => Planned::Nothing,
            Some(()) => self
                .plan_expanded(unreached, &expanded, cold, cx)
                .unwrap_or_else(|fault| Planned::Fault(fault, unreached)),
        };
        cx.shared.expanded = Some(expanded);
        planned
    }

    fn plan_expanded(
        &self,
        target: Target,
        expanded: &onhook_macros::Expanded,
        cold: &mut Cold,
        cx: &mut Cx<'_>,
    ) -> Result<Planned, RuleFault> {
        let Some(model) = self.model(cx.shared) else {
            return Ok(Planned::Nothing);
        };
        //= R-UPG-1
        //= R-FW-13
        let selection = onhook_rules::select(
            RuleKind::Upgrade,
            expanded.text(),
            expanded.slots(),
            &model.software_version,
            &mut (),
        )
        .map_err(syntax)?;
        let Selection::Act(alternative) = selection else {
            return Ok(Planned::Nothing);
        };
        self.assign(&alternative, expanded, cold, cx, |fault| {
            Effect::Notice(Notice::Upgrade(UpgradeNotice::Fault(fault)))
        });
        let Some(url) = &alternative.url else {
            return Ok(Planned::Assignments);
        };
        let stand_in = match url.server {
            Some(_) => StandIn::default(),
            None => self.upgrade_server(cx),
        };
        let request = self.request_for(url, &alternative.options, expanded, stand_in, cx)?;
        let values = &mut cx.shared.values;
        let shown = render::url(&request, values);
        let secrecy = match request.path.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        };
        let name = load_name(values.expose(request.path)).to_owned();
        let Some(load) = values.intern(&name, secrecy) else {
            request.release(values);
            return Err(RuleFault::NoServer);
        };
        // What a query adds may be another at every look, as `$PRVTMR` is.
        let reached = shown.split_once('?').map_or(&*shown, |(path, _)| path);
        let target = Target {
            url: digest(reached),
            load: digest(values.text(load)),
            ..target
        };
        Ok(Planned::Load(request, load, target))
    }

    /// What stands in for a server that the rule does not write; scheme and port keep their own defaults.
    fn upgrade_server(&self, cx: &Cx<'_>) -> StandIn {
        use onhook_device::UpgradeNoServer;
        let reading = self
            .model(cx.shared)
            .map(|model| model.scope.readings.upgrade_no_server);
        //= R-UPG-2
        //= R-FW-6
        //= R-DHCP-10
        let host = match reading {
            Some(UpgradeNoServer::ProvisioningServer) => self
                .served_by
                .or_else(|| self.server().and_then(|found| found.server(0))),
            Some(UpgradeNoServer::Error) | None => None,
        };
        StandIn {
            host,
            ..StandIn::default()
        }
    }
}
