//! The provisioning server that the network names.

use onhook_device::Outcome;
use onhook_discovery::{Found, MOST_SERVERS};
use onhook_fetch::Scheme;
use onhook_params::{Secrecy, ValueId, Values, View, known};
use onhook_resync::State;

use crate::phone::Cx;
use crate::rule::Cold;
use crate::{Effect, Notice, Phone, Request, Servers, StateChange, StateRecord};

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
    /// Whether SRV records of that scheme say where the host is.
    pub srv: bool,
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
            srv: false,
            rule,
        })
    }

    /// A domain whose SRV records name servers of this scheme (R-DNS-3); the use of its name passes on.
    #[must_use]
    pub fn services(domain: ValueId, scheme: Scheme) -> Self {
        let mut servers = [None; MOST_SERVERS];
        if let Some(first) = servers.first_mut() {
            *first = Some(domain);
        }
        Self {
            servers,
            scheme,
            port: scheme.default_port(),
            srv: true,
            rule: None,
        }
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

/// Whether a server that the network names anew is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Newcomer {
    /// It is.
    Taken,
    /// It is not: the device keeps to the server that provisioned it.
    Refused,
}

impl Phone {
    /// Takes what the network says now; it counts from the next request on.
    pub(crate) fn discovered(&mut self, discovered: Option<Discovered>, cx: &mut Cx<'_>) {
        //= R-DHCP-11
        let search = self.search.get_or_insert_default();
        if let Some(old) = std::mem::replace(&mut search.options, discovered) {
            old.release(&mut cx.shared.values);
        }
        if self.resync.state() != State::Off {
            self.compare_servers(self.newcomer(self.resync.provisioned(), cx), cx);
        }
    }

    /// What becomes of another server than before.
    fn newcomer(&self, provisioned: bool, cx: &Cx<'_>) -> Newcomer {
        let pins = self.model(cx.shared).is_some_and(|model| model.pin_server);
        match pins && provisioned {
            true => Newcomer::Refused,
            false => Newcomer::Taken,
        }
    }

    /// Tells of another server than the one that was there when a resync last succeeded.
    fn compare_servers(&mut self, newcomer: Newcomer, cx: &mut Cx<'_>) {
        let Some(search) = &mut self.search else {
            return;
        };
        let new = search.options.and_then(|options| options.server(0));
        let (Some(old), Some(new)) = (search.network, new) else {
            return;
        };
        if old == new {
            return;
        }
        //= R-DHCP-7
        cx.out
            .push(Effect::Notice(Notice::ServerChanged(old, new, newcomer)));
        let refuses = newcomer == Newcomer::Refused;
        if let Some(refused) = search.options.take_if(|_| refuses) {
            refused.release(&mut cx.shared.values);
        }
    }

    /// Takes what the record says of the server that the network named, before anything asks one.
    pub(crate) fn recall_network(&mut self, record: &StateRecord, cx: &mut Cx<'_>) {
        let network = record.network;
        if network.is_none() && self.search.is_none() {
            return;
        }
        let search = self.search.get_or_insert_default();
        if let Some(host) = network {
            cx.shared.values.retain(host);
        }
        if let Some(old) = std::mem::replace(&mut search.network, network) {
            cx.shared.values.release(old);
        }
        self.compare_servers(self.newcomer(record.provisioned, cx), cx);
    }

    /// A profile was delivered: its server stands in for upgrades without one (R-UPG-2). The end of the resync saves that.
    pub(crate) fn remember_server(&mut self, values: &mut Values) {
        let Some(host) = self.request.as_ref().map(|request| request.host) else {
            return;
        };
        if self.served_by == Some(host) {
            return;
        }
        values.retain(host);
        if let Some(old) = self.served_by.replace(host) {
            values.release(old);
        }
        self.server_unsaved = true;
    }

    /// The servers that the record does not know yet; that of the network counts after a success.
    pub(crate) fn unsaved_servers(&mut self, success: bool, values: &mut Values) -> Servers {
        let unsaved = std::mem::take(&mut self.server_unsaved);
        let mut servers = Servers {
            profile: self.served_by.filter(|_| unsaved),
            network: None,
        };
        if let Some(search) = self.search.as_mut().filter(|_| success)
            && let Some(host) = search.options.and_then(|options| options.server(0))
            && search.network != Some(host)
        {
            values.retain(host);
            if let Some(old) = search.network.replace(host) {
                values.release(old);
            }
            servers.network = Some(host);
        }
        servers
    }

    /// Saves which servers have served the resync that ends, unless the record knows them.
    pub(crate) fn save_servers(&mut self, success: bool, cx: &mut Cx<'_>) {
        let servers = self.unsaved_servers(success, &mut cx.shared.values);
        if servers != Servers::default() {
            let op = self.next_op();
            let change = StateChange::Servers(servers);
            cx.out.push(Effect::SaveState(op, change));
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
