//! The provisioning server that the network names.

use onhook_device::Outcome;
use onhook_discovery::{Found, MOST_SERVERS};
use onhook_fetch::Scheme;
use onhook_params::{Secrecy, ValueId, Values, View, known};

use crate::phone::Cx;
use crate::rule::Cold;
use crate::{Phone, Request};

/// What serves rules that name no server (R-URL-2), and perhaps a rule of its own (R-DHCP-6); each text counts one use,
/// which passes to the phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Discovered {
    /// Host names or addresses in the order in which they are tried (R-DHCP-9).
    pub servers: [Option<ValueId>; MOST_SERVERS],
    /// The scheme that serves a rule without one.
    pub scheme: Scheme,
    /// The port for that scheme.
    pub port: u16,
    /// Stands in for Profile_Rule as long as that has its factory value; not expanded.
    pub rule: Option<ValueId>,
}

impl Discovered {
    /// Interns what an option says; `None` if there is no room for its texts.
    #[must_use]
    pub fn intern(found: &Found, values: &mut Values) -> Option<Self> {
        let mut servers = [None; MOST_SERVERS];
        for (place, server) in servers.iter_mut().zip(&found.servers) {
            *place = Some(values.intern(&server.host, Secrecy::Plain)?);
        }
        let first = found.servers.first();
        let rule = match &found.rule {
            // It may hold a key.
            Some(rule) => Some(values.intern(rule, Secrecy::Secret)?),
            None => None,
        };
        Some(Self {
            servers,
            scheme: first.map_or(Scheme::Tftp, |server| server.scheme),
            port: first.map_or(Scheme::Tftp.default_port(), |server| server.port),
            rule,
        })
    }

    pub(crate) fn release(&self, values: &mut Values) {
        for text in self.servers.iter().chain([&self.rule]).flatten() {
            values.release(*text);
        }
    }

    /// The nth server, counted from 0.
    pub(crate) fn server(&self, n: u8) -> Option<ValueId> {
        self.servers.get(usize::from(n)).copied().flatten()
    }
}

impl Phone {
    /// Takes what the network says now; it counts from the next request on.
    pub(crate) fn discovered(&mut self, discovered: Option<Discovered>, values: &mut Values) {
        //= R-DHCP-11
        let search = self.search.get_or_insert_default();
        if let Some(old) = std::mem::replace(&mut search.options, discovered) {
            old.release(values);
        }
    }

    /// The rule that stands in for Profile_Rule.
    pub(crate) fn discovered_rule<'v>(&self, view: View<'v>) -> Option<&'v str> {
        let rule = self.server()?.rule?;
        //= R-DHCP-6
        //= R-DHCP-7
        let factory = known::PROFILE_RULE.default(view.scope);
        let replaced = self.params.text(known::PROFILE_RULE, view) == factory;
        replaced.then(|| view.values.expose(rule))
    }

    /// The same request to the next server that the network names, if this one could not be reached.
    pub(crate) fn next_server(
        &mut self,
        cold: &mut Cold,
        outcome: Outcome,
        cx: &mut Cx<'_>,
    ) -> Option<Request> {
        //= R-DHCP-9
        if !matches!(
            outcome,
            Outcome::Connect | Outcome::Timeout | Outcome::TftpTimeout
        ) {
            return None;
        }
        let next = cold.server?.checked_add(1)?;
        let host = self.server()?.server(next)?;
        if !self.is_allowed(host, cx.shared) {
            return None;
        }
        cold.server = Some(next);
        let last = self.request.as_deref()?;
        let request = Request {
            host,
            ip: None,
            ..*last
        };
        request.retain(&mut cx.shared.values);
        Some(request)
    }
}
