//! Where a phone out of the box finds its server: SRV records, and a directory.

use std::sync::Arc;

use onhook_device::{Now, SrvWeightMode};
use onhook_discovery::Found;
use onhook_discovery::port::{Caller, Redirector};
use onhook_fetch::port::{ResolveError, Resolver};
use onhook_fetch::{Scheme, srv_name, srv_order};
use onhook_params::Secrecy;
use onhook_phone::{Discovered, Input, OpId, Place, Searched, render};

use crate::Places;
use crate::arrivals::{Arrived, Completion, PANICKED};
use crate::reactor::Reactor;

/// What is asked, and whom.
enum Search {
    Services(Option<Arc<dyn Resolver>>, String),
    Directory(Option<Arc<dyn Redirector>>, Caller),
}

impl Search {
    async fn run(self) -> Outcome {
        match self {
            Self::Services(Some(names), domain) => services(&*names, domain).await,
            Self::Services(None, _) => {
                Outcome::Failed("this program looks up no SRV records".to_owned())
            }
            Self::Directory(Some(directory), caller) => match directory.redirect(&caller).await {
                Ok(Some(rule)) => Outcome::Rule(rule),
                Ok(None) => Outcome::Nothing,
                Err(error) => Outcome::Failed(error.to_string()),
            },
            Self::Directory(None, _) => {
                Outcome::Failed("this program asks no directory".to_owned())
            }
        }
    }
}

/// How a search ended.
pub(crate) enum Outcome {
    /// The SRV records of this domain name servers of this scheme.
    Services(String, Scheme),
    /// The directory named this rule.
    Rule(String),
    /// There is nothing for this phone.
    Nothing,
    /// Nobody answered; says why.
    Failed(String),
}

impl Reactor {
    pub(crate) fn search(&mut self, phone: u32, op: OpId, place: Place, now: Now) {
        let Some(seat) = self.phones.seats.get(phone as usize) else {
            return;
        };
        let shared = &self.phones.shared;
        let Places { names, directory } = seat.ports.places.clone();
        let told = move |outcome| Arrived::Searched { phone, op, outcome };
        let panicked = told(Outcome::Failed(PANICKED.to_owned()));
        let completion = Completion::new(self.inbox.clone(), panicked);
        let search = match place {
            Place::Services(domain) => {
                Search::Services(names, shared.values.text(domain).to_owned())
            }
            Place::Directory => {
                let model = seat.phone.model(shared);
                let caller = Caller {
                    mac: seat.phone.mac(),
                    model: model.map_or(String::new(), |model| model.product_name.clone()),
                    user_agent: render::user_agent(&seat.phone, shared, now),
                    allowed_domains: render::allowed_domains(&seat.phone, shared).to_owned(),
                };
                Search::Directory(directory, caller)
            }
        };
        self.tasks
            .spawn(async move { completion.send(told(search.run().await)) });
    }

    pub(crate) fn searched(&mut self, phone: u32, op: OpId, outcome: Outcome) {
        let values = &mut self.phones.shared.values;
        let found = match outcome {
            Outcome::Services(domain, scheme) => values
                .intern(&domain, Secrecy::Plain)
                .map(|domain| Discovered::services(domain, scheme)),
            Outcome::Rule(rule) => {
                let found = Found {
                    servers: Vec::new(),
                    rule: Some(rule),
                };
                Discovered::intern(&found, values)
            }
            Outcome::Nothing => return self.queue(phone, Input::Searched(op, Searched::Nothing)),
            Outcome::Failed(why) => {
                tracing::warn!(phone, "{why}");
                None
            }
        };
        let searched = found.map_or(Searched::Failed, Searched::Found);
        self.queue(phone, Input::Searched(op, searched));
    }
}

/// Whether a domain has servers, and over what they are asked.
async fn services(names: &dyn Resolver, domain: String) -> Outcome {
    let mut failed = None;
    //= R-DNS-3
    for scheme in [Scheme::Https, Scheme::Http] {
        let Some(name) = srv_name(scheme, &domain) else {
            continue;
        };
        match names.services(&name).await {
            Ok(records) => {
                //= R-DNS-5
                let servers = srv_order(records, SrvWeightMode::Rfc2782, 0);
                if !servers.is_empty() {
                    return Outcome::Services(domain, scheme);
                }
            }
            Err(ResolveError::NoAddress(_)) => {}
            Err(error) => failed = Some(format!("looking up the SRV records {name}: {error}")),
        }
    }
    failed.map_or(Outcome::Nothing, Outcome::Failed)
}
