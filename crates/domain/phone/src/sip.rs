//! What the parameters say of those who ask by SIP.

use onhook_device::{Family, Secret};
use onhook_params::{ParamId, Scope, Value, View, known};

use crate::{Gate, Origin, Phone, Shared, State};

/// Extensions that a phone may have.
const EXTENSIONS: u8 = 16;
/// The realm of an extension whose parameters name no domain.
const NO_DOMAIN: &str = "phone";

/// Who may ask a phone for what by SIP (transports.md, 7). It holds passwords; nobody keeps it longer than one request takes.
#[derive(PartialEq, Eq, Debug)]
pub struct SipAccess {
    /// Why no resync can be asked for.
    pub gate: Option<Gate>,
    /// Whether a load is being fetched, so that no call can be taken.
    pub upgrading: bool,
    /// Whether nobody but the proxies of an extension may ask (Block_Nonproxy_SIP).
    pub proxies_only: bool,
    /// The extensions that are enabled, by number.
    pub extensions: Vec<Extension>,
}

/// What counts for requests to one extension.
#[derive(PartialEq, Eq, Debug)]
pub struct Extension {
    /// Its number, 1..=16.
    pub number: u8,
    /// The user part of its address (User_ID); may be empty.
    pub user: String,
    /// The user name that a login has to have.
    pub login: String,
    /// The password that a login has to prove; none can if it is empty.
    pub password: Secret,
    /// The realm of its challenges.
    pub realm: String,
    /// Whether a login is needed (Auth_Resync-Reboot).
    pub challenges: bool,
    /// Whether nobody but its proxies may ask (Restrict_Source_IP).
    pub proxies_only: bool,
    /// Names or addresses of its proxies, without ports.
    pub proxies: Vec<String>,
}

impl Phone {
    /// Who may ask for what by SIP at this moment.
    #[must_use]
    pub fn sip_access(&self, shared: &Shared) -> SipAccess {
        let read = self.model(shared).zip(self.view(shared));
        let Some((model, view)) = read else {
            return SipAccess {
                gate: Some(Gate::NotBooted),
                upgrading: false,
                proxies_only: true,
                extensions: Vec::new(),
            };
        };
        let phone = Reader {
            phone: self,
            shared,
            scope: &model.scope,
            view,
        };
        let gate = if self.state() == State::Off {
            Some(Gate::NotBooted)
        } else if !self.params.is_yes(known::PROVISION_ENABLE, view) {
            //= R-SIP-3
            Some(Gate::ProvisionDisabled)
        } else {
            self.gate(Origin::Sip, shared)
        };
        SipAccess {
            gate,
            upgrading: self.is_upgrading(),
            proxies_only: self.params.is_yes(known::BLOCK_NONPROXY_SIP, view),
            extensions: (1..=EXTENSIONS)
                .filter_map(|n| phone.extension(n))
                .collect(),
        }
    }
}

/// Reads parameters of extensions.
struct Reader<'r> {
    phone: &'r Phone,
    shared: &'r Shared,
    scope: &'r Scope,
    view: View<'r>,
}

impl Reader<'_> {
    fn id(&self, element: &str, number: u8) -> Option<ParamId> {
        ParamId::lookup(&format!("{element}_{number}_"), self.scope)
    }

    fn text(&self, element: &str, number: u8) -> &str {
        let id = self.id(element, number);
        id.map_or("", |id| match self.phone.params.value(id, self.view) {
            Value::Plain(text) => text,
            Value::Secret(value) => self.shared.values.expose(value),
        })
    }

    fn is_yes(&self, element: &str, number: u8) -> bool {
        let id = self.id(element, number);
        id.is_some_and(|id| self.phone.params.is_yes(id, self.view))
    }

    /// An extension; `None` if it is disabled or the phone has no such one.
    fn extension(&self, number: u8) -> Option<Extension> {
        if !self.is_yes("Line_Enable", number) {
            return None;
        }
        let user = self.text("User_ID", number);
        let (name, domain) = user.split_once('@').unwrap_or((user, ""));
        let other = self.text("Auth_ID", number);
        let uses_other = match self.scope.family {
            Family::Spa => self.is_yes("Use_Auth_ID", number),
            Family::Mpp => !other.is_empty(),
        };
        let proxies: Vec<String> = ["Proxy", "Outbound_Proxy"]
            .into_iter()
            .flat_map(|element| hosts(self.text(element, number)))
            .map(str::to_owned)
            .collect();
        //= R-SIP-13
        let realm = [host(self.text("Proxy", number)), domain]
            .into_iter()
            .find(|domain| !domain.is_empty());
        Some(Extension {
            number,
            user: name.to_owned(),
            login: (if uses_other { other } else { user }).to_owned(),
            password: Secret::from(self.text("Password", number)),
            realm: realm.unwrap_or(NO_DOMAIN).to_owned(),
            challenges: self.is_yes("Auth_Resync-Reboot", number),
            //= R-SIP-11
            proxies_only: self.is_yes("Restrict_Source_IP", number),
            proxies,
        })
    }
}

/// The host of `host[:port]`; of a record in line, `name:SRV=host:port:p=0|…`, its name.
fn host(proxy: &str) -> &str {
    let proxy = proxy.trim();
    if let Some(rest) = proxy.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(address, _)| address);
    }
    match proxy.split_once(':') {
        // An address of IPv6 without brackets.
        Some((_, rest)) if rest.contains(':') && !rest.contains('=') => proxy,
        Some((host, _)) => host,
        None => proxy,
    }
}

/// Every host that a proxy names: of a record in line its name and those of the record.
fn hosts(proxy: &str) -> impl Iterator<Item = &str> {
    let records = proxy.split_once('=').map_or("", |(_, records)| records);
    let named = records.split('|').map(host);
    std::iter::once(host(proxy))
        .chain(named)
        .filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_proxies_are_found_in_every_form() {
        for (proxy, first, all) in [
            ("", "", &[][..]),
            ("example.com", "example.com", &["example.com"]),
            (" example.com:5061 ", "example.com", &["example.com"]),
            ("192.0.2.1:5060", "192.0.2.1", &["192.0.2.1"]),
            ("[2001:db8::1]:5060", "2001:db8::1", &["2001:db8::1"]),
            ("2001:db8::1", "2001:db8::1", &["2001:db8::1"]),
            (
                "example.com:SRV=a.test:5060:p=0|192.0.2.2:5061:p=1",
                "example.com",
                &["example.com", "a.test", "192.0.2.2"],
            ),
        ] {
            assert_eq!(host(proxy), first, "{proxy}");
            assert_eq!(hosts(proxy).collect::<Vec<_>>(), all, "{proxy}");
        }
    }
}
