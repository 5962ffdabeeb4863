//! Where the virtual phone finds its server: SRV records, and a directory.

use std::net::IpAddr;

use onhook_device::Outcome;
use onhook_discovery::{Found, read_redirect};
use onhook_fetch::{Scheme, SrvRecord, is_allowed, srv_name, srv_order};
use onhook_params::Secrecy;
use onhook_phone::{Discovered, Fact, Input, Means, OpId, Place, Request, Searched, render};

use super::{VirtualPhone, millis};
use crate::dut::{Dut as _, Seen};

impl VirtualPhone {
    /// Tells the phone what it may ask beyond its options, if it may.
    pub(super) fn tell_means(&mut self) {
        let means = Means {
            domain: match self.given.domain.as_str() {
                "" => None,
                domain => self.shared.values.intern(domain, Secrecy::Plain),
            },
            directory: !self.given.directory.is_empty(),
        };
        if means != Means::default() {
            self.tell(Input::Fact(Fact::Means(means)));
        }
    }

    pub(super) fn search(&mut self, op: OpId, place: Place) {
        let (searched, after) = match place {
            Place::Services(domain) => {
                let text = self.shared.values.text(domain).to_owned();
                //= R-DNS-3
                let mut schemes = [Scheme::Https, Scheme::Http].into_iter();
                let scheme = schemes.find(|scheme| !self.records(*scheme, &text).is_empty());
                let found = scheme.map(|scheme| {
                    self.shared.values.retain(domain);
                    Searched::Found(Discovered::services(domain, scheme))
                });
                (found.unwrap_or(Searched::Nothing), 0)
            }
            Place::Directory => self.ask_directory(),
        };
        self.push(
            self.now_ms.saturating_add(after),
            Input::Searched(op, searched),
        );
    }

    /// The servers that SRV records name for a domain.
    fn records(&self, scheme: Scheme, domain: &str) -> Vec<SrvRecord> {
        let name = srv_name(scheme, domain);
        let records = name.and_then(|name| self.given.services.get(&name));
        let mode = self.scope().readings.srv_weight_mode;
        srv_order(records.cloned().unwrap_or_default(), mode, 0)
    }

    /// Asks what a real phone asks; also how long that takes, in milliseconds.
    fn ask_directory(&mut self) -> (Searched, u64) {
        let identity = &self.given.identity;
        let mut path = "/?mac=".to_owned();
        identity.mac.push_lower(&mut path);
        path.push_str("&model=");
        path.push_str(&identity.product_name);
        let url = format!("https://{}{path}", self.given.directory);
        let answer = self
            .server
            .answer(Scheme::Https, &url, &path, |text| self.place(text));
        if answer.heard {
            self.see(Seen::Request {
                url,
                path,
                method: "GET".to_owned(),
                prvst: None,
                head: None,
            });
        }
        let said = answer.body.map(|body| body.bytes);
        let searched = match said.as_deref().map(read_redirect) {
            Ok(Ok(None)) => Searched::Nothing,
            Ok(Ok(Some(rule))) => {
                let found = Found {
                    servers: Vec::new(),
                    rule: Some(rule.to_owned()),
                };
                let found = Discovered::intern(&found, &mut self.shared.values);
                found.map_or(Searched::Failed, Searched::Found)
            }
            Ok(Err(_)) | Err(_) => Searched::Failed,
        };
        (searched, millis(answer.after))
    }

    /// The servers of a request, hosts with their ports, in the order in which they are tried: those that SRV records name, or
    /// the host itself.
    ///
    /// # Errors
    /// Restricted_Access_Domains allows none of them.
    pub(super) fn servers(
        &self,
        op: OpId,
        request: &Request,
    ) -> Result<Vec<(String, u16)>, Outcome> {
        let host = self.shared.values.text(request.host).to_owned();
        let phone = self.phone.as_ref();
        let service = phone.and_then(|phone| phone.service(op, request, &self.shared));
        let service = service.filter(|_| host.parse::<IpAddr>().is_err());
        let records = service.and_then(|service| {
            let name = srv_name(request.scheme, &host)?;
            let records = self.given.services.get(&name)?.clone();
            Some(srv_order(records, service.mode, service.seed))
        });
        let records = records.unwrap_or_default();
        //= R-DNS-5
        if records.is_empty() {
            return Ok(vec![(host, request.port)]);
        }
        //= R-RAD-2
        let list = phone.map_or("", |phone| render::allowed_domains(phone, &self.shared));
        let allowed = records
            .into_iter()
            .filter(|record| is_allowed(&record.target, list));
        let servers: Vec<_> = allowed.map(|record| (record.target, record.port)).collect();
        match servers.is_empty() {
            true => Err(Outcome::ServerNotAllowed),
            false => Ok(servers),
        }
    }
}
